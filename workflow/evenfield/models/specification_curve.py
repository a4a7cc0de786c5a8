"""Joint inference for a specification curve: the whole curve again under permuted
treatments.

Estimates of one curve share data, so that no test counts them as independent. All draws of
a specification are regressed at once: only the treatment changes.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.special import stdtrit

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols

TIE = 1e-5
SUMMARIES = ("median_effect", "sign_share", "significant_share", "mean_statistic")


class JointTest(NamedTuple):
    """A summary of the curve against its distribution under permuted treatments."""

    value: float  # of the data
    p_value: float  # (1 + draws at least as extreme) / (1 + B)
    low: float  # 2.5 and 97.5 percent quantiles of the draws
    high: float
    draws: int  # B


def curve_summaries(
    estimates: Array, statistics: Array, df: Array, sign: float
) -> Array:
    """Summarise curves: median effect, share of the predicted sign, share significant
    so, mean statistic.

    Notes
    -----
    Simonsohn, Simmons and Nelson (2020), "Specification curve analysis". Significant
    means a two-sided t test at five percent with the predicted sign.
    """
    defined = np.isfinite(statistics)
    statistics = np.where(defined, statistics, 0.0)
    right = (sign * estimates > 0) & defined
    count = np.where(defined.any(axis=0), defined.sum(axis=0), np.nan)
    significant = right & (np.abs(statistics) > stdtrit(df, 0.975)[:, None])
    summaries = [
        _medians(estimates, defined),
        right.sum(axis=0) / count,
        significant.sum(axis=0) / count,
        statistics.sum(axis=0) / count,
    ]
    return np.stack(summaries)


def _medians(estimates: Array, defined: np.ndarray) -> Array:
    ranked = np.sort(np.where(defined, estimates, np.nan), axis=0)
    count = defined.sum(axis=0)
    lower = np.maximum(count - 1, 0) // 2
    upper = np.minimum(count // 2, len(ranked) - 1)
    middle = np.stack([lower, upper])
    return np.asarray(np.take_along_axis(ranked, middle, axis=0).mean(axis=0))


def joint_test(value: float, draws: Array, sign: float) -> JointTest:
    """Compare a summary of the data with its draws, in the predicted direction; draws
    (B,).
    """
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        raise NumericsError("a joint test needs draws")
    bar = sign * value - TIE * max(1.0, abs(value))
    extreme = int((sign * draws >= bar).sum())
    low, high = np.quantile(draws, [0.025, 0.975])
    return JointTest(
        value=float(value),
        p_value=(1 + extreme) / (1 + len(draws)),
        low=float(low),
        high=float(high),
        draws=len(draws),
    )


def joint_tests(values: Array, draws: Array, sign: float) -> dict[str, JointTest]:
    """Compare each summary of a curve with its draws, by name; values (S,), draws (S, B)."""
    # Shares count the predicted sign already: for them more is always further.
    signs = {name: 1.0 if "share" in name else sign for name in SUMMARIES}
    lines = zip(SUMMARIES, values, draws, strict=True)
    return {name: joint_test(value, drawn, signs[name]) for name, value, drawn in lines}


def permutations_from_keys(keys: Array, strata: np.ndarray) -> np.ndarray:
    """Turn one random key a unit into a permutation inside strata, the same for every
    table of these units; keys (B, N), strata (N,) -> (B, N).
    """
    source = np.tile(np.arange(len(strata)), (len(keys), 1))
    for name in np.unique(strata):
        members = np.flatnonzero(strata == name)
        source[:, members] = members[np.argsort(keys[:, members], kind="stable")]
    return source


def slopes_by_draw(
    y: Array,
    treatments: Array,
    controls: Array,
    units: np.ndarray,
    absorbed: int = 0,
    squares: Array | None = None,
) -> tuple[Array, Array, int]:
    """Return the slope of each treatment given the controls, its error by unit, and G -
    1; treatments (N, B), ``absorbed`` effects that were taken out and count, sums of
    ``squares`` of the treatments before that (B,).
    """
    # Refuses what is collinear.
    fit_ols(y, np.column_stack([controls, treatments[:, 0]]))
    # Frisch and Waugh: the controls are taken out of all treatments at once.
    Q = np.linalg.qr(controls)[0]
    G = int(units.max()) + 1
    d = treatments - Q @ (Q.T @ treatments)
    e = y - Q @ (Q.T @ y)
    square = (d**2).sum(axis=0)
    # A draw that leaves a treatment without variation in these rows has no slope: what
    # is left of it is rounding.
    whole = (treatments**2).sum(axis=0) if squares is None else squares
    square[square <= RANK_TOLERANCE**2 * whole] = np.nan
    beta = d.T @ e / square
    if G < 2:
        raise NumericsError("inference by cluster needs at least two clusters")
    k = controls.shape[1] + 1 + absorbed
    if len(y) <= k:
        raise NumericsError(f"{len(y)} observations cannot carry {k} coefficients")
    factor = G / (G - 1) * (len(y) - 1) / (len(y) - k)
    rows = np.arange(len(units))
    by_unit = csr_array((np.ones(len(units)), (units, rows)))
    scores = np.asarray(by_unit @ (d * (e[:, None] - d * beta)))
    return beta, np.sqrt(factor * (scores**2).sum(axis=0)) / square, G - 1
