"""Speeds of convergence and half-lives as rows of a result, with words for ends that do
not exist.
"""

from typing import Any, NamedTuple

from evenfield.models.rows import Row
from evenfield.numerics.convergence import (
    UNBOUNDED,
    UNDEFINED,
    Bounds,
    half_life,
    half_life_bounds,
    speed_bounds,
    speed_from_slope,
)
from evenfield.numerics.inference.design import Tested

NO_SPEED = "speed not defined: 1 + bT is not positive"
NO_LIFE = "half-life undefined for a speed of zero or less"
SPEED_ENDS = {
    UNBOUNDED: "speed unbounded above",
    UNDEFINED: "interval of the speed undefined",
}
LIFE_ENDS = {
    UNBOUNDED: "half-life unbounded",
    UNDEFINED: "interval of the half-life undefined",
}


class ImpliedSpeed(NamedTuple):
    """The speed that a slope implies, as a share a year; NaN where none does."""

    value: float
    bounds: Bounds  # the interval of the slope, transformed


def implied_speed(slope: Any, years: float) -> ImpliedSpeed:
    """Return the speed that a slope with ``estimate`` and interval implies.

    Notes
    -----
    lambda = -ln(1 + bT)/T falls in b: the ends of the slope's interval change places.
    """
    bounds = speed_bounds(slope.conf_low, slope.conf_high, years)
    return ImpliedSpeed(speed_from_slope(slope.estimate, years), bounds)


def half_life_row(
    speed: float, bounds: Bounds, df: float, se_type: str, *notes: str
) -> Row:
    """Return ln 2 over a speed, with the interval that the bounds of the speed give."""
    life = half_life_bounds(bounds)
    test = Tested(
        estimate=half_life(speed),
        df=df,
        conf_low=life.low,
        conf_high=life.high,
        se_type=se_type,
    )
    return Row("half_life", test, notes=(*notes, LIFE_ENDS.get(life.note, "")))
