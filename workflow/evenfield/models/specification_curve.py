"""Joint inference for a specification curve: the whole curve again under permuted
treatments, or labels that are dealt out together.

Estimates of one curve share data, so that no test counts them as independent. All draws of
a specification are regressed at once: only the treatment, or what labels make, changes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.special import stdtrit

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.label_permutation import (
    LabelDesign,
    control_basis,
    label_products,
    label_scale,
    label_statistics,
)
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import Weights, multiplier

TIE = 1e-5
# Why a specification has no effect: it is listed, and counted in no summary.
COLLINEAR = "labels do not vary or are collinear in this sample"
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
    # In the unit of measure of the draws: a tie of one outcome is one of its thousandth.
    size = max(abs(value), float(np.median(np.abs(draws))))
    bar = sign * value - TIE * size
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


def curve_tests(
    estimates: Array, statistics: Array, df: Array, sign: float
) -> dict[str, JointTest]:
    """Summarise a curve and test each summary, by name; estimates and statistics
    (S, 1 + B), of the data first, df (S,).
    """
    summaries = curve_summaries(estimates, statistics, df, sign)
    return joint_tests(summaries[:, 0], summaries[:, 1:], sign)


def drawn_keys(seed: int, draws: range, N: int) -> Array:
    """Return one random key a unit and draw, from a stream that the number of the draw
    names, so that any part of the draws can be made alone; (B, N).
    """
    return np.array([generator_for(seed, f"curve:{draw}").random(N) for draw in draws])


def permutations_from_keys(keys: Array, strata: np.ndarray) -> np.ndarray:
    """Turn one random key a unit into a permutation inside strata, the same for every
    table of these units; keys (B, N), strata (N,) -> (B, N).
    """
    source = np.tile(np.arange(len(strata)), (len(keys), 1))
    for name in np.unique(strata):
        members = np.flatnonzero(strata == name)
        source[:, members] = members[np.argsort(keys[:, members], kind="stable")]
    return source


def permutations_among(whole: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the same permutations among some of the units; whole (B, M), their
    positions (N,) -> (B, N).

    Notes
    -----
    The place that got the label of a unit that is not among them gets the label that
    this one got: the draw stays uniform.
    """
    source = whole[:, at]
    back = np.full(whole.shape[1], -1)
    back[at] = np.arange(len(at))
    # Follow the cycle of a draw until it comes to one of the units.
    while (back[source] < 0).any():
        next_source = np.take_along_axis(whole, source, axis=1)
        source = np.where(back[source] < 0, next_source, source)
    return np.asarray(back[source])


@dataclass(frozen=True, kw_only=True)
class LabelTerms:
    """Regressors that labels make anew in each draw: some of the labels and their
    averages over the neighbours, alone or times a column that stays with its unit.
    """

    # by place among the L labels and, behind them, their averages: the column (N,)
    factors: tuple[tuple[int, Array | None], ...]
    neighbours: Weights | None = None  # W, shape (N, N)

    def drawn(self, labels: Array, source: np.ndarray) -> Array:
        """Return the regressors under each draw; labels (N, L), source (B, N) ->
        (R, B, N).
        """
        W = None if self.neighbours is None else multiplier(self.neighbours)
        whole = LabelDesign(W).drawn(labels, source)
        parts = [
            whole[place] if factor is None else factor * whole[place]
            for place, factor in self.factors
        ]
        return np.stack(parts)


@dataclass(frozen=True, kw_only=True)
class HeldRows:
    """What stays with its unit when labels are dealt out: the rows of a specification
    with their outcome and controls.
    """

    units_used: np.ndarray  # (n,) positions among the N units of the draws
    y: Array  # (n,) outcome
    controls: Array  # (n, K) constant and controls

    @cached_property
    def basis(self) -> Array:
        """Orthonormal basis Q of the controls, (n, K)."""
        return control_basis(self.controls)

    def products(self, drawn: Array) -> Array:
        """Return cross-products of what labels make, freed from the controls, which
        outcomes of the same rows and controls share; drawn (R, B, N) -> (R, R, B).
        """
        return label_products(drawn[..., self.units_used], self.basis)


class DealtEffects(NamedTuple):
    """The effect c'b of one specification, of the data first and then under each draw."""

    estimates: Array  # (1 + B,)
    statistics: Array  # (1 + B,) t of least squares; NaN where it is not defined
    df: int  # n - K - R


def dealt_effects(
    held: HeldRows, drawn: Array, products: Array, c: Array
) -> DealtEffects:
    """Regress an outcome on controls and on what labels make in all draws at once.

    Parameters
    ----------
    held
        The rows.
    drawn : (R, 1 + B, N)
        What labels make, the labels of the data first.
    products : (R, R, 1 + B)
        Its cross-products, as `HeldRows.products` gives them.
    c : (R,)
        Weights of the effect.
    """
    y = held.y
    n, K = held.controls.shape
    df = n - K - len(c)
    if df < 1:
        raise NumericsError(f"{n} observations cannot carry {K + len(c)} coefficients")
    # By Frisch, Waugh and Lovell all draws need of y is e = y - QQ'y.
    e = y - held.basis @ (held.basis.T @ y)
    whole = np.zeros(drawn.shape[2])
    whole[held.units_used] = e
    estimates, statistics = label_statistics(
        products,
        drawn @ whole,
        y,
        e,
        c,
        df,
        label_scale(drawn[:, 0, held.units_used].T),
    )
    return DealtEffects(estimates, statistics, df)


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
