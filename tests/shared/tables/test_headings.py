"""Headings of rows: samples and weights that are not the main ones."""

from typing import ClassVar

import pytest

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.headings import sample_heading


class Words:
    """What headings ask of the results of a study."""

    main = "main"
    words: ClassVar = {"units_name": "towns", "names": {"no_port": "inland towns"}}
    word = StudyResults.word


@pytest.mark.parametrize(
    ("weights", "primary", "heading"),
    [
        ("nearest_six", "", "All towns"),
        ("nearest_six", "nearest_six", "All towns"),
        ("nearest_six", "borders", "All towns, nearest six weights"),
    ],
)
def test_weights_are_named_where_they_are_not_the_primary_ones(
    weights, primary, heading
):
    row = {"sample_id": "all", "w_id": weights, "unit_scheme": "main"}
    assert sample_heading(row, Words(), primary) == heading


@pytest.mark.parametrize(
    ("sample", "heading"),
    [("no_port", "Inland towns"), ("large_ones", "Large ones")],
    ids=["by its name in the study", "by its id"],
)
def test_a_sample_is_called_as_the_study_calls_it(sample, heading):
    row = {"sample_id": sample, "w_id": "", "unit_scheme": "main"}
    assert sample_heading(row, Words()) == heading
