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
    EXACT,
    LabelDesign,
    control_basis,
    label_products,
    label_scale,
    label_statistics,
)
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import Weights, multiplier

TIE = 1e-5  # of the size of a summary, within which a draw counts as equal to it
# Why a specification has no effect: it is listed, and counted in no summary.
COLLINEAR = "labels do not vary or are collinear in this sample"
SUMMARIES = ("median_effect", "sign_share", "significant_share", "mean_statistic")


class JointTest(NamedTuple):
    """A summary of the curve against its distribution under permuted treatments."""

    value: float  # of the data, in units of the outcome, a share or a t
    p_value: float  # (1 + draws at least as extreme) / (1 + B)
    low: float  # 2.5 and 97.5 percent quantiles of the draws
    high: float
    draws: int  # B, those in which the summary is defined


def curve_summaries(
    estimates: Array, statistics: Array, df: Array, sign: float
) -> Array:
    """Summarise curves in the order of ``SUMMARIES``: median effect, share of the
    predicted sign, share significant so, mean statistic; estimates and statistics (S, D)
    of S specifications in D draws, df (S,) -> (4, D).

    Notes
    -----
    Simonsohn, Simmons and Nelson (2020), "Specification curve analysis". Significant
    means a two-sided t test at five percent with the predicted sign. A specification
    counts in the draws in which its statistic is finite; a draw without one is NaN.
    """
    defined = np.isfinite(statistics)
    count = np.where(defined.any(axis=0), defined.sum(axis=0), np.nan)
    predicted = (sign * estimates > 0) & defined
    # |t| above the 97.5 percent quantile of t(df).
    critical = stdtrit(df, 0.975)[:, None]
    t = np.where(defined, statistics, 0.0)
    significant = predicted & (np.abs(t) > critical)
    summaries = [
        _medians(estimates, defined),
        predicted.sum(axis=0) / count,
        significant.sum(axis=0) / count,
        t.sum(axis=0) / count,
    ]
    return np.stack(summaries)


def _medians(estimates: Array, defined: np.ndarray) -> Array:
    """Return the median of the defined estimates of each draw, NaN where there is none;
    both (S, D) -> (D,).
    """
    # NaN is sorted behind all numbers.
    ranked = np.sort(np.where(defined, estimates, np.nan), axis=0)
    count = defined.sum(axis=0)
    # Counted from zero, the middle of n is (n - 1) / 2 rounded down and up.
    lower = np.maximum(count - 1, 0) // 2
    upper = np.minimum(count // 2, len(ranked) - 1)
    middle = np.take_along_axis(ranked, np.stack([lower, upper]), axis=0)
    return np.asarray(middle.mean(axis=0))


def joint_test(value: float, draws: Array, sign: float) -> JointTest:
    """Compare a summary of the data with its draws, in the predicted direction; draws
    (B,), of which those that are not defined do not count.
    """
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        raise NumericsError("a joint test needs draws")
    # p = (1 + #{b: sign s_b >= sign s}) / (1 + B), ties by rounding among them. What is
    # a tie grows with the summary: no unit of measure of the outcome changes p.
    size = max(abs(value), float(np.median(np.abs(draws))))
    least_extreme = sign * value - TIE * size
    extreme = int((sign * draws >= least_extreme).sum())
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
    return {
        name: joint_test(value, of_draws, signs[name])
        for name, value, of_draws in zip(SUMMARIES, values, draws, strict=True)
    }


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
    """Turn one random key a unit into a permutation inside strata; keys (B, N), strata
    (N,) codes or names -> (B, N), place i of draw b having what unit ``[b, i]`` had.
    """
    source = np.tile(np.arange(len(strata)), (len(keys), 1))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        # The first member gets from that with the smallest key, and so on.
        by_key = np.argsort(keys[:, members], axis=1, kind="stable")
        source[:, members] = members[by_key]
    return source


def permutations_among(whole: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the same permutations among some of the units; whole (B, M) of all units,
    at (N,) positions of these, each once -> (B, N) positions among these.

    Notes
    -----
    The place that got the label of a unit that is not among them gets the label that
    this one got: the draw stays uniform.
    """
    source = whole[:, at]
    # From a position among all units to that among these; -1 for others.
    position = np.full(whole.shape[1], -1)
    position[at] = np.arange(len(at))
    # Follow the cycle of a draw until it comes to one of the units.
    while (position[source] < 0).any():
        next_source = np.take_along_axis(whole, source, axis=1)
        source = np.where(position[source] < 0, next_source, source)
    return np.asarray(position[source])


class LabelTerm(NamedTuple):
    """One regressor that labels make: a label or an average of it over the neighbours,
    alone or times a column that stays with its unit.
    """

    position: int  # 0 to L - 1 of the labels, L to 2 L - 1 of their averages
    times: Array | None = None  # (N,) column


@dataclass(frozen=True, kw_only=True)
class LabelTerms:
    """The R regressors that labels make anew in each draw."""

    terms: tuple[LabelTerm, ...]
    neighbours: Weights | None = None  # W, shape (N, N)

    def drawn(self, labels: Array, source: np.ndarray) -> Array:
        """Return the regressors under each draw; labels (N, L), source (B, N) ->
        (R, B, N).
        """
        W = None if self.neighbours is None else multiplier(self.neighbours)
        # (L, B, N), or (2 L, B, N) with averages.
        labels_and_averages = LabelDesign(W).drawn(labels, source)
        regressors = []
        for term in self.terms:
            column = labels_and_averages[term.position]
            regressors.append(column if term.times is None else term.times * column)
        return np.stack(regressors)


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
        Regressors that labels make, of all N units, those of the data first.
    products : (R, R, 1 + B)
        Cross-products D'D, as `HeldRows.products` gives them.
    c : (R,)
        Weights of the effect.

    Raises
    ------
    NumericsError
        If there are no degrees of freedom, or the controls are collinear.

    Notes
    -----
    With D the regressors of a draw and e the outcome, both freed from the controls,
    b = (D'D)^-1 D'e and t = c'b / sqrt(s^2 c'(D'D)^-1 c), s^2 = |e - Db|^2 / df.
    """
    y = held.y
    n, K = held.controls.shape
    df = n - K - len(c)
    if df < 1:
        raise NumericsError(f"{n} observations cannot carry {K + len(c)} coefficients")
    # By Frisch, Waugh and Lovell all draws need of y is e = y - QQ'y; D'e is the same
    # with the regressors as they are.
    e = y - held.basis @ (held.basis.T @ y)
    # (N,), zero for units that are not used: their rows then add nothing to D'e.
    e_of_units = np.zeros(drawn.shape[2])
    e_of_units[held.units_used] = e
    with_outcome = drawn @ e_of_units  # D'e, (R, 1 + B)
    scale = label_scale(drawn[:, 0, held.units_used].T)
    estimates, statistics = label_statistics(products, with_outcome, y, e, c, df, scale)
    return DealtEffects(estimates, statistics, df)


class Slopes(NamedTuple):
    """The slope of each treatment, of the data first and then of each draw."""

    estimates: Array  # (1 + B,) NaN where a treatment does not vary
    # (1 + B,) CR1 by unit; NaN where a treatment explains all that is left
    errors: Array
    df: int  # G - 1, of G units


def slopes_by_draw(
    y: Array,
    treatments: Array,
    controls: Array,
    units: np.ndarray,
    absorbed: int = 0,
    squares_before: Array | None = None,
    outcome_before: float | None = None,
) -> Slopes:
    """Regress an outcome on controls and one treatment, for each of many treatments.

    Parameters
    ----------
    y : (N,)
        Outcome.
    treatments : (N, 1 + B)
        The treatment of the data, then those of the draws.
    controls : (N, K)
        The constant and controls.
    units : (N,)
        Codes of clusters, 0 to G - 1.
    absorbed : int
        Number of effects that were taken out of all of these and count in CR1.
    squares_before : (1 + B,)
        Sums of squares of treatments before effects were taken out; those of
        ``treatments`` by default.
    outcome_before : float
        The same of the outcome.

    Raises
    ------
    NumericsError
        If the treatment of the data is collinear with the controls, there is one unit,
        or there are no more rows than coefficients.
    """
    # Refuses what is collinear.
    fit_ols(y, np.column_stack([controls, treatments[:, 0]]))
    G = int(units.max()) + 1
    if G < 2:
        raise NumericsError("inference by cluster needs at least two clusters")
    N = len(y)
    K = controls.shape[1] + 1 + absorbed
    if N <= K:
        raise NumericsError(f"{N} observations cannot carry {K} coefficients")
    # Frisch, Waugh and Lovell: with QQ' the projection on the controls,
    # d = D - QQ'D and e = y - QQ'y, of all treatments D at once.
    Q = np.linalg.qr(controls)[0]
    d = treatments - Q @ (Q.T @ treatments)
    e = y - Q @ (Q.T @ y)
    dd = (d**2).sum(axis=0)
    # A draw that leaves a treatment without variation in these rows has no slope: what
    # is left of it is rounding.
    if squares_before is None:
        squares_before = (treatments**2).sum(axis=0)
    dd[dd <= RANK_TOLERANCE**2 * squares_before] = np.nan
    # b = d'e / d'd
    beta = d.T @ e / dd
    # CR1: se = sqrt(G / (G - 1) (N - 1) / (N - K) sum_g (sum_{i in g} d_i u_i)^2) / d'd
    u = e[:, None] - d * beta
    sum_by_unit = csr_array((np.ones(N), (units, np.arange(N))))
    scores = np.asarray(sum_by_unit @ (d * u))
    factor = G / (G - 1) * (N - 1) / (N - K)
    errors = np.sqrt(factor * (scores**2).sum(axis=0)) / dd
    # Of an outcome that is explained rounding is left over, which is no error.
    if outcome_before is None:
        outcome_before = float(y @ y)
    of_outcome = max(float(e @ e), EXACT * outcome_before)
    errors[np.einsum("nd,nd->d", u, u) <= EXACT * of_outcome] = np.nan
    return Slopes(beta, errors, G - 1)
