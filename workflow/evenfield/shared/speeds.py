"""What rows say about speeds of convergence and half-lives: words for ends that do not
exist, and the row of a half-life.
"""

from typing import Any

from evenfield.numerics.convergence import (
    UNBOUNDED,
    UNDEFINED,
    Bounds,
    half_life,
    half_life_bounds,
)
from evenfield.shared.rows import Rows

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


def add_half_life(
    rows: Rows, speed: float, bounds: Bounds, *warnings: str, **labels: Any
) -> None:
    """Add ln 2 over a speed, with the interval that the bounds of the speed give."""
    life = half_life_bounds(bounds)
    rows.add(
        "half_life",
        *warnings,
        LIFE_ENDS.get(life.note, ""),
        **labels,
        estimate=half_life(speed),
        conf_low=life.low,
        conf_high=life.high,
    )
