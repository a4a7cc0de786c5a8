"""What every standard error hands back: the estimate, its test and interval, and the small-sample factor by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_quantile


@dataclass(frozen=True, slots=True)
class RobustInference:
    """A linear combination of coefficients with its test and interval."""

    estimate: float  # the usual numbers; the interval is estimate -/+ critical value times standard error
    std_error: float
    statistic: float
    critical_value: float  # of the two-sided test at level ``1 - level``
    df: float  # degrees of freedom of Student's t; infinity where another law was used
    p_value: float  # the usual numbers; the interval is estimate -/+ critical value times standard error
    conf_low: float
    conf_high: float
    level: float  # confidence level
    factor: float  # multiple of the variance that the small-sample correction adds
    factor_name: str  # its formula, for example ``"G/(G-1)"``; ``"none"`` when ``factor`` is one
    law: str  # reference law of the statistic


def robust_inference(
    estimate: float, variance: float, df: float, factor: float, factor_name: str, level: float
) -> RobustInference:
    """Test an estimate against zero with Student's t and a named small-sample factor."""
    if not df > 0:
        raise NumericsError(f"a t test needs positive degrees of freedom, not {df:g}")
    std_error = standard_error(factor * variance)
    cv = t_quantile(0.5 + checked_level(level) / 2, df)
    statistic = estimate / std_error
    p_value = float(2 * stdtr(df, -abs(statistic)))
    low, high = estimate - cv * std_error, estimate + cv * std_error
    law = f"t({df:g})"
    return RobustInference(estimate, std_error, statistic, cv, df, p_value, low, high, level, factor, factor_name, law)


def standard_error(variance: float) -> float:
    """Return the square root of a variance."""
    if not (np.isfinite(variance) and variance > 0):
        raise NumericsError(f"the estimated variance is {variance:g}, not positive: choose another kernel or cut-off")
    return float(np.sqrt(variance))


def checked_level(level: float) -> float:
    """Return a confidence level that lies between 0 and 1."""
    if not 0 < level < 1:
        raise NumericsError(f"a confidence level lies between 0 and 1, not {level:g}")
    return level
