"""Additive effects of units and periods: how they are taken out and what that costs.

With Q the projection that demeans, residuals are Q times the errors: the likelihood has
fewer observations, and moments of the errors come from residuals by the entries of Q.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError

EFFECTS = ("pooled", "unit", "time", "two_way")
APPROACHES = ("lee_yu", "direct")


class Counts(NamedTuple):
    """What enters the likelihood once the effects are gone."""

    # How often the log-determinant counts: T, or T - 1 when unit effects are
    # transformed away.
    copies: int
    # 1 if the eigenvalue of the constant vector, ln(1 - rho), is taken out of it.
    drop: int
    observations: int


def has_unit_effects(effects: str) -> bool:
    """Whether every unit has an effect of its own."""
    return effects in ("unit", "two_way")


def has_time_effects(effects: str) -> bool:
    """Whether every period has an effect of its own."""
    return effects in ("time", "two_way")


def demeaned(values: Array, effects: str) -> Array:
    """Subtract the means that belong to the effects; values (N, T, P) -> (N, T, P)."""
    if effects == "pooled":
        return np.asarray(values - values.mean(axis=(0, 1)))
    out = np.array(values)
    if has_unit_effects(effects):
        out -= out.mean(axis=1, keepdims=True)
    if has_time_effects(effects):
        out -= out.mean(axis=0, keepdims=True)
    return out


def likelihood_counts(n: int, t: int, effects: str, approach: str) -> Counts:
    """Count copies of the log-determinant and observations.

    Notes
    -----
    Lee and Yu (2010, Journal of Econometrics 154). For row-standardised W the
    transformed weights F'WF have the eigenvalues of W without the one of the constant
    vector.
    """
    if effects not in EFFECTS or approach not in APPROACHES:
        raise NumericsError(
            f"effects must be one of {EFFECTS} and approach one of {APPROACHES}"
        )
    unit = has_unit_effects(effects)
    time = has_time_effects(effects)
    if (unit and t < 2) or n < 3:
        raise NumericsError(f"{n} units in {t} periods cannot carry {effects} effects")
    if approach == "direct":
        return Counts(t, 0, n * t)
    return Counts(t - unit, int(time), (n - time) * (t - unit))


def projection_power_sum(n: int, t: int, effects: str, power: int) -> float:
    """Return the sum over all entries of Q of q_ij^power."""
    if effects == "pooled":
        return _centring_power_sum(n * t, power)
    # Q is a Kronecker product of two centring matrices, or identities in their place.
    over_time = _centring_power_sum(t, power) if has_unit_effects(effects) else t
    over_units = _centring_power_sum(n, power) if has_time_effects(effects) else n
    return over_time * over_units


def _centring_power_sum(size: int, power: int) -> float:
    # I - 11'/n holds 1 - 1/n on its diagonal and -1/n beside it.
    off_diagonal = (size - 1) * (-1.0 / size) ** power
    return size * ((1.0 - 1.0 / size) ** power + off_diagonal)


def kept_share(n: int, t: int, effects: str) -> float:
    """Return the diagonal entry of Q, the share of the variance that residuals keep."""
    if effects == "pooled":
        return 1.0 - 1.0 / (n * t)
    over_time = 1.0 - 1.0 / t if has_unit_effects(effects) else 1.0
    over_units = 1.0 - 1.0 / n if has_time_effects(effects) else 1.0
    return over_time * over_units
