"""Decimals with which numbers of a form neither read as zero nor as each other."""

import pytest

from evenfield.shared.sections import Shown, visible
from evenfield.shared.tables import in_words, listed
from evenfield.shared.tables.numbers import (
    decimals_to_show_nonzero,
    decimals_to_tell_apart,
    form_with_decimals,
    interval,
)


@pytest.mark.parametrize(
    ("value", "decimals", "seen"),
    [
        (0.3, 1, 1),
        (0.04, 1, 2),
        (-0.0004, 1, 4),
        (0.0, 1, 1),
        (1e-9, 1, 1),
        (0.4, 0, 1),
    ],
)
def test_a_value_reads_as_zero_only_where_it_is_or_nearly(value, decimals, seen):
    assert decimals_to_show_nonzero(value, decimals) == seen


@pytest.mark.parametrize(
    ("high", "seen"), [(3.2, 1), (3.04, 2), (3.0, 1), (3.0000001, 1)]
)
def test_ends_read_as_one_only_where_they_are_or_nearly(high, seen):
    assert decimals_to_tell_apart(3.0, high, 1) == seen


@pytest.mark.parametrize(
    ("form", "decimals", "written"),
    [("0", 2, "0.00"), ("+0.0", 2, "+0.00"), ("0.0", 0, "0")],
)
def test_a_form_keeps_its_sign(form, decimals, written):
    assert form_with_decimals(form, decimals) == written


@pytest.mark.parametrize(
    ("mde", "times", "percent", "form"),
    [
        (0.2, 1, False, "0.0"),
        (0.02, 1, False, "0.00"),
        (0.0002, 100, False, "0.00"),
        (0.0002, 1, True, "0.00"),
    ],
)
def test_what_a_study_could_see_is_never_nothing(mde, times, percent, form):
    number = Shown({"estimate": 3.0, "mde": mde}, "0.0", times=times, percent=percent)
    assert visible(None, number).show == form


def test_names_that_have_commas_are_parted_by_semicolons():
    assert (
        in_words(["Leipzig, Stadt", "Gera", "Suhl"]) == "Leipzig, Stadt; Gera; and Suhl"
    )
    assert in_words(["Leipzig", "Gera", "Suhl"]) == "Leipzig, Gera and Suhl"
    assert listed(["Leipzig, Stadt", "Gera"]) == "Leipzig, Stadt; Gera"
    assert listed(["Leipzig", "Gera"]) == "Leipzig, Gera"


def test_an_interval_of_a_picture_shows_on_which_side_of_zero_it_ends():
    assert interval(-0.04, 3.0, 1) == "[0.0, 3.0]"
    assert interval(-0.04, 3.0, 1, sides=True) == "[\u22120.04, 3.0]"
    assert interval(None, 3.0, 1, sides=True) == "[unbounded, 3.0]"
