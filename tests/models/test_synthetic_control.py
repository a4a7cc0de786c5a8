"""A unit and its synthetic control: ratios, poor fits and moved residuals by hand."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.models.synthetic_control import (
    Followed,
    synthetic_control,
    weights_and_gaps,
)
from tolerances import close

T = 8
BEFORE = np.arange(T) < 5
AFTER = np.arange(T) >= 6


def followed(before, after, unit="a"):
    """A unit with one gap at all dates of the fit and another at those of the effect."""
    gaps = np.where(BEFORE, before, np.where(AFTER, after, 99.0))
    return Followed(
        unit=unit,
        donors=("b",),
        weights=np.ones(1),
        actual=gaps,
        gaps=gaps,
        before=BEFORE,
        after=AFTER,
    )


@pytest.mark.parametrize(
    ("before", "after", "ratio"),
    [
        (2.0, 3.0, 1.5),
        (2.0, 0.0, 0.0),
        (0.0, 3.0, np.inf),
        (0.0, 0.5, np.inf),
        (0.0, 0.0, 0.0),
    ],
)
def test_errors_after_are_divided_by_errors_before(before, after, ratio):
    assert followed(before, after).ratio == ratio
    assert followed(-before, -after).ratio == ratio


def control_with(errors, own):
    """A control whose donors are followed with these errors, and the unit with its own."""
    control = synthetic_control(
        default_rng(1).normal(size=(5, T)),
        list("abcde"),
        "a",
        fit_dates=5,
        since=6,
        demeaned=True,
    )
    placebos = [followed(error, 1.0) for error in errors]
    vars(control).update(main=followed(own, 1.0), placebos=placebos)
    return control


@pytest.mark.parametrize(
    ("errors", "worse", "poor"),
    [
        ([1.0] * 10, 0, True),
        ([1.0] * 9 + [2.0], 1, False),  # a tenth is not fewer than a tenth
        ([1.0] * 9 + [3.0], 1, False),
        ([1.0] * 10 + [2.0], 1, True),
        ([1.0] * 8 + [2.0, 3.0], 2, False),
    ],
)
def test_a_fit_is_poor_where_fewer_than_a_tenth_are_followed_no_better(
    errors, worse, poor
):
    control = control_with(errors, own=2.0)
    assert (control.worse, control.poor) == (worse, poor)


@pytest.mark.parametrize("seed", range(12))
def test_residuals_after_the_date_are_moved_and_those_between_are_not(seed):
    y = default_rng(seed).normal(size=(5, T))
    control = synthetic_control(
        y, list("abcde"), "c", fit_dates=5, since=6, demeaned=False
    )
    every = np.ones(T, dtype=bool)
    D = np.delete(y, 2, axis=0).T
    _, residuals = weights_and_gaps(y[2], D, every, demeaned=False)
    own = np.abs(residuals[6:]).mean()
    moved = [np.abs(np.roll(residuals, shift)[6:]).mean() for shift in range(T)]
    conformal = control.rows(0.95)[2]
    close(conformal.test.p_value, np.mean(np.array(moved) >= own - 1e-12))


def test_what_is_between_fit_and_effect_shapes_the_moved_residuals_alone():
    y = default_rng(3).normal(size=(5, T))
    control = synthetic_control(
        y, list("abcde"), "c", fit_dates=5, since=6, demeaned=True
    )
    between = control.y.copy()
    between[:, 5] += 3 * default_rng(4).normal(size=5)
    other = replace(control, y=between)
    close(other.main.mean, control.main.mean)
    close(other.main.ratio, control.main.ratio)
