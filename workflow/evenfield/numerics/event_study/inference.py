"""Tests of averages of effects: by cluster, for one and for several at once."""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.joint import JointTest, hotelling_test
from evenfield.numerics.ols import RANK_TOLERANCE

# Codes of clusters by what they are, units first; each (N,).
Clusterings = dict[str, np.ndarray]


class Clustered(NamedTuple):
    """Several estimates with what each cluster adds to their errors."""

    estimate: Array  # (K,)
    scores: Array  # (K, G)
    df: Array  # (K,)

    @property
    def std_error(self) -> Array:
        """Standard errors, NaN with the policy in fewer than two clusters; (K,)."""
        errors = np.sqrt((self.scores**2).sum(axis=1))
        return np.asarray(np.where((self.df > 0) & (errors > 0), errors, np.nan))

    def half(self, level: float) -> Array:
        """Return half the interval of each estimate, (K,)."""
        quantile = stdtrit(np.maximum(self.df, 1.0), 0.5 + level / 2)
        return np.asarray(quantile * self.std_error)

    @property
    def p_value(self) -> Array:
        """Two-sided p-values against zero, (K,)."""
        t = np.abs(self.estimate / self.std_error)
        return np.asarray(2 * stdtr(np.maximum(self.df, 1.0), -t))


def clustered(
    estimate: Array, by_unit: Array, clusters: np.ndarray, present: np.ndarray
) -> Clustered:
    """Add up over clusters what units add to the errors; by_unit (K, N), clusters (N,)
    codes, units with the policy in each estimate (K, N).

    Notes
    -----
    ASSUME: degrees of freedom are the clusters with the policy less one: how far effects
    vary is learnt from them alone.
    """
    count = int(clusters.max()) + 1
    scores = [np.bincount(clusters, row, minlength=count) for row in by_unit]
    df = [len(np.unique(clusters[here])) - 1 for here in present]
    return Clustered(estimate, np.array(scores), np.array(df, dtype=float))


def joint_test(fit: Clustered) -> JointTest:
    """Test that all effects are zero, by Hotelling's law with the smallest df."""
    K = len(fit.estimate)
    df = float(fit.df.min())
    errors = fit.std_error
    if df < K or np.isnan(errors).any():
        raise NumericsError(
            f"{K} effects cannot be tested at once with {df + 1:.0f} clusters that have"
            " the policy"
        )
    scores = fit.scores / errors[:, None]
    correlation = scores @ scores.T
    if np.linalg.eigvalsh(correlation)[0] < RANK_TOLERANCE:
        raise NumericsError("effects that depend on one another have no joint test")
    t = fit.estimate / errors
    return hotelling_test(float(t @ np.linalg.solve(correlation, t)), K, df)


def joint_half(
    fit: Clustered, rng: np.random.Generator, draws: int, level: float
) -> Array:
    """Return half of intervals that hold for all estimates at once, (K,).

    Notes
    -----
    The quantile of the largest |t| where scores of clusters get normal weights, which
    have the covariance of the estimates (Callaway and Sant'Anna 2021, algorithm 1). It
    is stretched as Student's t stretches the interval of a single estimate.
    """
    errors = fit.std_error
    defined = np.isfinite(errors)
    if not defined.any():
        return errors
    scores = fit.scores[defined] / errors[defined, None]
    drawn = rng.standard_normal((draws, scores.shape[1])) @ scores.T
    critical = np.quantile(np.abs(drawn).max(axis=1), level)
    normal = stdtrit(np.inf, 0.5 + level / 2)
    # An interval for all is never shorter than one for each: few draws could say so.
    return np.asarray(max(critical / normal, 1.0) * fit.half(level))
