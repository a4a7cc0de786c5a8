"""Removing unit and time effects, and what the removal leaves: copies of the cross-section and observations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

EFFECTS = ("pooled", "unit", "time", "two_way")
APPROACHES = ("lee_yu", "direct")


@dataclass(frozen=True, slots=True)
class Counts:
    """What enters the likelihood once the effects are gone."""

    copies: int  # how often the log-determinant counts: T, or T - 1 when unit effects are transformed away
    drop: int  # 1 if the eigenvalue of the constant vector, ln(1 - rho), is taken out of it, else 0
    observations: int  # number of observations of the likelihood


def demeaned(values: np.ndarray, effects: str) -> np.ndarray:
    """Subtract the means that belong to the effects; values (N, T, P) -> (N, T, P)."""
    if effects == "pooled":
        return np.asarray(values - values.mean(axis=(0, 1)))
    out = np.array(values)
    if effects in ("unit", "two_way"):
        out -= out.mean(axis=1, keepdims=True)
    if effects in ("time", "two_way"):
        out -= out.mean(axis=0, keepdims=True)
    return out


def likelihood_counts(n: int, t: int, effects: str, approach: str) -> Counts:
    """Count copies of the log-determinant and observations.

    Notes
    -----
    Lee and Yu (2010, Journal of Econometrics 154). For row-standardised W the transformed weights F'WF have the
    eigenvalues of W without the one of the constant vector.
    """
    if effects not in EFFECTS or approach not in APPROACHES:
        raise NumericsError(f"effects must be one of {EFFECTS} and approach one of {APPROACHES}")
    unit, time = effects in ("unit", "two_way"), effects in ("time", "two_way")
    if (unit and t < 2) or n < 3:
        raise NumericsError(f"{n} units in {t} periods cannot carry {effects} effects")
    if approach == "direct":
        return Counts(t, 0, n * t)
    return Counts(t - unit, int(time), (n - time) * (t - unit))


def projection_power_sum(n: int, t: int, effects: str, power: int) -> float:
    """Return the sum over all entries of Q of q_ij^power."""
    if effects == "pooled":
        return _centring_power_sum(n * t, power)
    over_time = _centring_power_sum(t, power) if effects in ("unit", "two_way") else float(t)
    over_units = _centring_power_sum(n, power) if effects in ("time", "two_way") else float(n)
    return over_time * over_units


def _centring_power_sum(size: int, power: int) -> float:
    off = (size - 1) * (-1.0 / size) ** power
    return size * ((1.0 - 1.0 / size) ** power + off)


def kept_share(n: int, t: int, effects: str) -> float:
    """Return the diagonal entry of Q."""
    if effects == "pooled":
        return 1.0 - 1.0 / (n * t)
    return (1.0 - 1.0 / t if effects != "time" else 1.0) * (1.0 - 1.0 / n if effects != "unit" else 1.0)
