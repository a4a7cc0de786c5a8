"""Two one-sided tests: evidence that an effect is smaller than anything of interest,
which a large p-value is not.
"""

from typing import NamedTuple

from scipy.special import stdtr

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import checked_level
from evenfield.numerics.ols import t_quantile


class Equivalence(NamedTuple):
    """Result of two one-sided tests."""

    estimate: float  # as given
    std_error: float
    df: float
    low: float  # bounds of the effects that do not matter
    high: float
    p_above_low: float  # of effect <= low, of effect >= high, and the larger of the two
    p_below_high: float
    p_value: float
    # interval of level 2 ``level`` - 1 (90 % for 0.95): inside the bounds exactly when
    # p < 1 - level
    conf_low: float
    conf_high: float
    level: float  # one minus the size of the test
    equivalent: bool  # whether the effect is shown to lie between the bounds
    # whether the two-sided interval of ``level`` lies beyond a bound as a whole
    outside: bool


def equivalence_test(
    estimate: float,
    std_error: float,
    df: float,
    low: float,
    high: float,
    level: float = 0.95,
) -> Equivalence:
    """Test whether an effect lies between two bounds.

    Notes
    -----
    Schuirmann (1987).
    """
    if not (low < high and std_error > 0 and df > 0):
        given = f"bounds {low:g} to {high:g}, standard error {std_error:g}, {df:g} df"
        raise NumericsError(f"no equivalence test with {given}")
    above = float(stdtr(df, (low - estimate) / std_error))
    below = float(stdtr(df, (estimate - high) / std_error))
    half = t_quantile(checked_level(level), df) * std_error
    two_sided = t_quantile(0.5 + level / 2, df) * std_error
    p_value = max(above, below)
    return Equivalence(
        estimate=estimate,
        std_error=std_error,
        df=df,
        low=low,
        high=high,
        p_above_low=above,
        p_below_high=below,
        p_value=p_value,
        conf_low=estimate - half,
        conf_high=estimate + half,
        level=level,
        equivalent=p_value < 1 - level,
        outside=estimate - two_sided > high or estimate + two_sided < low,
    )
