"""What a deciding row would be worth if the smallest effect of interest were the true one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evenfield.numerics.inference.error_types import error_types
from evenfield.numerics.ols import t_quantile
from evenfield.shared.estimates import NAN

NORMAL = 1e6


@dataclass(frozen=True, slots=True)
class Worth:
    """Power, wrong-sign and exaggeration of a test at the smallest effect of interest; NaN where not defined."""

    std_error: float = NAN
    power: float = NAN
    wrong_sign: float = NAN
    exaggeration: float = NAN


def worth_at_interest(mde: float, sesoi: float, level: float, power: float) -> Worth:
    """Return power, type S and type M of a test at the smallest effect of interest.

    Notes
    -----
    s = mde / (z_{(1 + level)/2} + z_power) is the standard error of a normal test with the same detectable effect;
    type S and M follow Gelman and Carlin (2014).
    """
    if math.isnan(mde) or math.isnan(sesoi) or mde <= 0 or sesoi <= 0 or math.isnan(level):
        return Worth()
    # ASSUME: the test behaves like a normal one with the same detectable effect.
    error = mde / (t_quantile(0.5 + level / 2, NORMAL) + t_quantile(power, NORMAL))
    found = error_types(sesoi, error, NORMAL, level)
    return Worth(error, found.power, found.wrong_sign, found.exaggeration)
