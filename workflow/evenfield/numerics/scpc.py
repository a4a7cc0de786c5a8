"""Spatial correlation robust inference: the conditional SCPC t test of Mueller and
Watson (2023).
"""

import hashlib
import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.sparse.linalg import LinearOperator, eigsh
from scipy.special import gammaln

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.numerics.power import contrast_weights
from evenfield.numerics.quadratic import (
    ratio_probability,
    shifted_probability,
    square_root_factors,
)
from evenfield.numerics.spatial import LARGEST_FOR_EIGENVALUES

# ASSUME: the average pairwise correlation of shocks is at most 0.03 (primary SCPC) or
# 0.06 (printed beside it).
AVERAGE_CORRELATION = 0.03
LARGER_CORRELATION = 0.06
GRID_STEP = 1.2
SMALLEST_CORRELATION = 1e-5
MOST_COMPONENTS = 20
MOST_COMPONENTS_STRONG = 10
LARGER_BOUND = 1.5
STRONG_CORRELATION = 0.05
ROOT_TOLERANCE = 1e-12
DUST = 1e-9
FIRST_GUESS = 4.0
LARGEST_LOG_VALUE = math.log(1e6)  # of a critical value
SMALLEST_PROBABILITY = 1e-300  # whose logarithm is a number
SHORTEST_STEP = 0.05
BLOCK_CELLS = 1 << 17
# Up to so many units the covariances are kept, some 15 megabytes.
KEPT_UNITS = 300
NEGLIGIBLE = 40.0  # exp of minus this is lost beside one


class SpatialComponents(NamedTuple):
    """What the SCPC test needs to know about where the units are; it depends on no
    outcome and no regressor.
    """

    distance: np.ndarray  # (N, N) distances d, their mean one
    # (G,) c of the covariances exp(-c d), from the strongest correlation to almost none
    decays: np.ndarray
    # (N, q) leading eigenvectors of the demeaned strongest covariance
    vectors: np.ndarray
    unconditional: np.ndarray  # (G, q + 1, q + 1) factors of the test of a mean
    # of the unconditional test (Mueller and Watson 2022), a lower bound for the
    # conditional one
    critical_value: float
    # assumed upper bound of the average pairwise correlation
    average_correlation: float
    level: float  # confidence level
    # factors and critical value of the designs seen so far
    tests: dict[bytes, tuple[np.ndarray, float]]
    covariances: np.ndarray | None  # (G, N, N) exp(-c d) where units are few

    @property
    def q(self) -> int:
        """Number of spatial principal components."""
        return int(self.vectors.shape[1])

    def factors(self, b: np.ndarray, V: np.ndarray) -> np.ndarray:
        """Factor the covariance of a numerator b (N,) and q denominators V (N, q) under
        each c.
        """
        S = np.column_stack([b, V])
        if self.covariances is None:
            return square_root_factors(_products(S, self.distance, self.decays))
        return square_root_factors(S.T @ (self.covariances @ S))

    def factors_of_each(self, sides: np.ndarray, chosen: slice) -> np.ndarray:
        """Factor the covariances of the columns of many sides (B, N, q + 1) under some
        of the c, in the order of the sides and then of c: (B G, q + 1, q + 1).
        """
        decays = self.decays[chosen]
        if self.covariances is None:
            products = np.array([_products(S, self.distance, decays) for S in sides])
        else:
            covariances = self.covariances[chosen]
            # (G, N, B, q + 1): all covariances times all columns at once
            times = np.tensordot(covariances, sides, axes=(2, 1))
            products = np.einsum("bnr,gnbs->bgrs", sides, times, optimize=True)
        return square_root_factors(products.reshape(-1, *products.shape[2:]))


class ScpcInference(NamedTuple):
    """A linear combination of coefficients with its SCPC test and interval."""

    # the usual numbers; the interval is estimate -/+ critical value times standard
    # error
    estimate: float
    std_error: float
    statistic: float
    critical_value: float
    p_value: float
    conf_low: float
    conf_high: float
    q: int  # number of spatial principal components


def spatial_components(
    distance: np.ndarray,
    average_correlation: float = AVERAGE_CORRELATION,
    level: float = 0.95,
    most: int | None = None,
) -> SpatialComponents:
    """Choose the spatial principal components for a set of locations; distance (N, N).

    Notes
    -----
    The number of components minimises the expected length of the unconditional interval
    under independence, cv_q sqrt(2/q) Gamma((q+1)/2) / Gamma(q/2), Mueller and Watson
    (2022). ``most`` bounds q, up to N - 1; without it the bound grows by half as long
    as the best number reaches it, as in the authors' program.
    """
    distance = _checked_distance(distance)
    if not 0 < average_correlation < 1:
        raise NumericsError(
            "the average correlation must lie between 0 and 1, not"
            f" {average_correlation:g}"
        )
    n = len(distance)
    decays = _decay_grid(distance, average_correlation)
    strong = average_correlation >= STRONG_CORRELATION
    bound = most or (MOST_COMPONENTS_STRONG if strong else MOST_COMPONENTS)
    while True:
        bound = min(bound, n - 1)
        vectors = _leading_vectors(np.exp(-decays[0] * distance), bound)
        sides = np.column_stack([np.full(n, n**-0.5), vectors])
        products = _products(sides, distance, decays)
        q, cv = _best_number(products, 1 - level)
        if most or q < bound or bound == n - 1:
            break
        bound = round(bound * LARGER_BOUND)
    unconditional = square_root_factors(products[:, : q + 1, : q + 1])
    few = np.exp(-decays[:, None, None] * distance) if n <= KEPT_UNITS else None
    return SpatialComponents(
        distance=distance,
        decays=decays,
        vectors=vectors[:, :q],
        unconditional=unconditional,
        critical_value=cv,
        average_correlation=average_correlation,
        level=level,
        tests={},
        covariances=few,
    )


def _best_number(products: np.ndarray, size: float) -> tuple[int, float]:
    """Return the number of components with the shortest expected interval, and its
    critical value; products (G, q + 1, q + 1).
    """
    options = []
    cv = FIRST_GUESS
    for q in range(1, products.shape[1]):
        factors = square_root_factors(products[:, : q + 1, : q + 1])
        cv = _critical_value(factors, size, guess=cv)
        chi_mean = np.sqrt(2 / q) * np.exp(gammaln((q + 1) / 2) - gammaln(q / 2))
        options.append((cv * chi_mean, q, cv))
    _, q, cv = min(options)
    return q, cv


def _products(
    sides: np.ndarray, distance: np.ndarray, decays: np.ndarray
) -> np.ndarray:
    """Return S' exp(-c d) S for each decay c, a block of rows at a time; sides S (N, k)
    -> (G, k, k).

    Units are taken in the order of their distance from a peripheral one, so that the
    far end of a block's row, where a strong decay leaves nothing, is not computed.
    """
    out = np.zeros((len(decays), sides.shape[1], sides.shape[1]))
    order = np.argsort(distance[distance[0].argmax()], kind="stable")
    sides = sides[order]
    for rows in _row_blocks(distance):
        own = sides[rows]
        near = distance[np.ix_(order[rows], order[rows.start :])]
        nearest = near.min(axis=0)
        for g, decay in enumerate(decays):
            covariance = np.exp(
                -decay * near[:, : np.flatnonzero(decay * nearest < NEGLIGIBLE)[-1] + 1]
            )
            beyond = covariance[:, len(own) :]
            across = own.T @ (
                beyond @ sides[rows.start + len(own) :][: beyond.shape[1]]
            )
            out[g] += own.T @ (covariance[:, : len(own)] @ own) + across + across.T
    return out


def _row_blocks(matrix: np.ndarray) -> list[slice]:
    step = max(1, BLOCK_CELLS // len(matrix))
    return [slice(first, first + step) for first in range(0, len(matrix), step)]


def scpc_inference(
    fit: OlsFit, c: np.ndarray, space: SpatialComponents, *, interval: bool = True
) -> ScpcInference:
    """Test c'beta against zero, allowing for spatially correlated errors; c (K,).
    Without the interval there is no critical value, which takes longest.

    Notes
    -----
    Mueller and Watson (2023), "Spatial correlation robust inference in linear
    regression and panel models": the conditional critical value treats x as given, with
    errors sign(x) u and M_X (sign(x) o R) in place of R.
    """
    x = _unit_weights(fit, c, space)
    if interval:
        conditional, cv = _conditional_test(fit, x, space)
    else:
        conditional, cv = _conditional_factors(fit, x, space), np.nan
    estimate = float(c @ fit.beta)
    # The error of c'beta is mean(x u), x the weights of the units; its variance is taken
    # from q components alone, sum_j (R_j'(x u))^2 / (q N), R the eigenvectors.
    scores = space.vectors.T @ (x * fit.u_hat)
    std_error = float(np.sqrt(scores @ scores / space.q / len(x)))
    statistic = estimate / std_error if std_error > 0 else np.nan
    both = np.concatenate([space.unconditional, conditional])
    p_value = (
        float(ratio_probability(both, abs(statistic)).max())
        if np.isfinite(statistic)
        else np.nan
    )
    half = cv * std_error
    return ScpcInference(
        estimate=estimate,
        std_error=std_error,
        statistic=statistic,
        critical_value=cv,
        p_value=p_value,
        conf_low=estimate - half,
        conf_high=estimate + half,
        q=space.q,
    )


def scpc_rejection(
    X: np.ndarray, c: np.ndarray, space: SpatialComponents, threshold: float
) -> float:
    """Return the largest probability, over the correlations allowed, that |t| exceeds a
    threshold under the null.
    """
    return float(ratio_probability(_both_factors(X, c, space), threshold).max())


def scpc_rejects_conditionally(
    Q: np.ndarray,
    x: np.ndarray,
    thresholds: np.ndarray,
    space: SpatialComponents,
    size: float,
) -> np.ndarray:
    """Say for many designs whether |t| exceeds its threshold with probability ``size``
    at most in the conditional test, over the correlations allowed; orthonormal
    regressors Q (B, N, K), unit weights x (B, N), thresholds (B,) -> (B,) of bool.

    Notes
    -----
    The strongest correlation is asked first: most designs are settled by it.
    """
    rejected = np.ones(len(x), dtype=bool)
    for chosen in (slice(0, 1), slice(1, None)):
        asked = np.flatnonzero(rejected)
        decays = space.decays[chosen]
        if not len(asked) or not len(decays):
            break
        S = _signs(x[asked])[..., None] * space.vectors
        inner = S - Q[asked] @ (Q[asked].mT @ S)
        own = np.abs(x[asked]) / np.sqrt(x.shape[1])
        sides = np.concatenate([own[..., None], x[asked, :, None] * inner], axis=2)
        factors = space.factors_of_each(sides, chosen)
        limits = np.repeat(thresholds[asked], len(decays))
        probability = ratio_probability(factors, limits)
        largest = probability.reshape(len(asked), -1).max(axis=1)
        rejected[asked] = largest <= size
    return rejected


def scpc_quantile(
    X: np.ndarray, c: np.ndarray, space: SpatialComponents, size: float
) -> float:
    """Return the threshold that |t| exceeds with probability ``size`` at most, over the
    correlations allowed.
    """
    return _critical_value(_both_factors(X, c, space), size)


def _both_factors(X: np.ndarray, c: np.ndarray, space: SpatialComponents) -> np.ndarray:
    fit = _design(X)
    return np.concatenate(
        [
            space.unconditional,
            _conditional_test(fit, _unit_weights(fit, c, space), space)[0],
        ]
    )


def scpc_statistics(
    X: np.ndarray, c: np.ndarray, space: SpatialComponents, outcomes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return c'beta and its SCPC standard error for many outcomes on one design."""
    fit = _design(X)
    x = _unit_weights(fit, c, space)
    scores = outcomes @ _residuals(fit, x[:, None] * space.vectors)
    return outcomes @ x / len(x), np.sqrt((scores**2).sum(axis=1) / space.q / len(x))


def scpc_critical_value(
    X: np.ndarray, c: np.ndarray, space: SpatialComponents
) -> float:
    """Return the critical value of the conditional test for a design; X (N, K), c (K,)."""
    fit = _design(X)
    return _conditional_test(fit, _unit_weights(fit, c, space), space)[1]


def scpc_power_point(
    X: np.ndarray,
    c: np.ndarray,
    space: SpatialComponents,
    power: float = 0.8,
    critical_value: float | None = None,
) -> float:
    """Return the smallest c'beta that the SCPC test detects, in units of the error's
    standard deviation.
    """
    fit = _design(X)
    x = _unit_weights(fit, c, space)
    cv = (
        _conditional_test(fit, x, space)[1]
        if critical_value is None
        else critical_value
    )
    V = _score_weights(fit, x, space)
    eta = np.maximum(np.linalg.eigvalsh(V.T @ V), 0.0) * cv**2 / space.q / (x @ x)
    if not eta.max() > 0:
        raise NumericsError(
            "the residuals say nothing about this combination of coefficients"
        )
    high = 1.0
    while shifted_probability(high, eta) < power:
        high *= 2
    shift = brentq(
        lambda mu: shifted_probability(mu, eta) - power, 0.0, high, xtol=ROOT_TOLERANCE
    )
    return float(shift * np.sqrt(x @ x) / len(x))


def _checked_distance(distance: np.ndarray) -> np.ndarray:
    distance = np.asarray(distance, dtype=float)
    n = len(distance)
    if distance.shape != (n, n) or n < 4:
        raise NumericsError(
            "spatial inference needs a square distance matrix of at least four places"
        )
    if not np.isfinite(distance).all() or np.count_nonzero(distance > 0) < n * (n - 1):
        raise NumericsError("two units lie at the same place or a distance is missing")
    return np.asarray(distance * (n * (n - 1) / distance.sum()))


def _decay_grid(distance: np.ndarray, average_correlation: float) -> np.ndarray:
    """Return decays c from the one at which exp(-c d) has the average correlation given to
    one at which almost nothing is left; the test holds under each.
    """
    n = len(distance)

    def average(decay: float) -> float:
        blocks = [distance[rows] for rows in _row_blocks(distance)]
        total = sum(np.exp(-decay * block).sum() for block in blocks)
        return float(total - n) / (n * (n - 1))

    high = 1.0
    while average(high) > average_correlation:
        high *= 2
    strongest = brentq(
        lambda decay: average(decay) - average_correlation,
        0.0,
        high,
        xtol=ROOT_TOLERANCE,
    )
    grid = [float(strongest)]
    while average(grid[-1]) > SMALLEST_CORRELATION:
        grid.append(grid[-1] * GRID_STEP)
    return np.array(grid)


def _leading_vectors(covariance: np.ndarray, most: int) -> np.ndarray:
    n = len(covariance)
    means = covariance.mean(axis=0)
    if n <= LARGEST_FOR_EIGENVALUES:
        demeaned = (
            covariance - means - covariance.mean(axis=1)[:, None] + covariance.mean()
        )
        vectors = np.linalg.eigh((demeaned + demeaned.T) / 2)[1]
        return np.asarray(vectors[:, : -most - 1 : -1])

    def demeaned_times(v: np.ndarray) -> np.ndarray:
        image = covariance @ (v - v.mean())
        return np.asarray(image - image.mean())

    operator = LinearOperator((n, n), matvec=demeaned_times, dtype=np.dtype(float))
    start = np.asarray(np.random.default_rng(0).standard_normal(n))
    return np.asarray(
        eigsh(
            operator,
            k=most,
            which="LA",
            v0=start,
        )[1][:, ::-1]
    )


def _design(X: np.ndarray) -> OlsFit:
    return fit_ols(np.zeros(len(X)), X)


def _unit_weights(fit: OlsFit, c: np.ndarray, space: SpatialComponents) -> np.ndarray:
    n = len(fit.X)
    if n != len(space.vectors):
        raise NumericsError(
            f"{n} observations do not fit the components of {len(space.vectors)} units"
        )
    return n * contrast_weights(fit.X, c, fit.bread)


def _conditional_test(
    fit: OlsFit, x: np.ndarray, space: SpatialComponents
) -> tuple[np.ndarray, float]:
    """Return factors and critical value of the conditional test, the same for every
    outcome on a design.
    """
    key = hashlib.sha256(fit.X.tobytes() + x.tobytes()).digest()
    if key not in space.tests:
        factors = _conditional_factors(fit, x, space)
        space.tests[key] = (
            factors,
            _critical_value(factors, 1 - space.level, space.critical_value),
        )
    return space.tests[key]


def _conditional_factors(
    fit: OlsFit, x: np.ndarray, space: SpatialComponents
) -> np.ndarray:
    # Under errors sign(x) u the numerator is |x|'u, and residuals make M_X (sign(x) o R) of
    # the components, weighted by x (Mueller and Watson 2023, section 3).
    inner = _residuals(fit, _signs(x)[:, None] * space.vectors)
    return space.factors(np.abs(x) / np.sqrt(len(x)), x[:, None] * inner)


def _signs(x: np.ndarray) -> np.ndarray:
    """Return the signs of x, (..., N), with true zeros: a unit that least squares
    ignores must not get the sign of rounding.
    """
    largest = np.abs(x).max(axis=-1, keepdims=True)
    return np.where(np.abs(x) > DUST * largest, np.sign(x), 0.0)


def _score_weights(fit: OlsFit, x: np.ndarray, space: SpatialComponents) -> np.ndarray:
    return np.asarray(_residuals(fit, x[:, None] * space.vectors) * np.sqrt(len(x)))


def _residuals(fit: OlsFit, columns: np.ndarray) -> np.ndarray:
    Q = fit.X @ fit.basis
    return np.asarray(columns - Q @ (Q.T @ columns))


def _critical_value(
    factors: np.ndarray, size: float, floor: float = 0.0, guess: float = FIRST_GUESS
) -> float:
    """Return the value, at least ``floor``, that is exceeded with probability ``size``
    at most under every c.
    """
    critical = floor
    solved = -1
    while True:
        rejections = ratio_probability(factors, critical or guess)
        worst = int(np.argmax(rejections))
        if critical and (worst == solved or rejections[worst] <= size + ROOT_TOLERANCE):
            return critical
        solved = worst
        start = critical or guess
        critical = _solved(factors[worst : worst + 1], size, start)


def _solved(factor: np.ndarray, size: float, start: float) -> float:
    """Return the value that is exceeded with probability ``size`` under one c.

    Notes
    -----
    The probability falls nearly as a power of the value: its logarithm is searched in
    the logarithm of the value, where a line is a good guess.
    """

    @cache
    def excess(log_value: float) -> float:
        probability = float(ratio_probability(factor, math.exp(log_value))[0])
        return math.log(max(probability, SMALLEST_PROBABILITY) / size)

    here = math.log(start)
    low, high = sorted([here, _beyond_root(excess, here)])
    return math.exp(brentq(excess, low, high, xtol=ROOT_TOLERANCE))


def _beyond_root(excess: Callable[[float], float], here: float) -> float:
    """Return a place on the other side of the root of a falling function."""
    away = 1.0 if excess(here) > 0 else -1.0
    step = max(abs(excess(here)) / 2, SHORTEST_STEP)
    end = here + away * step
    while away * excess(end) > 0:
        if end > LARGEST_LOG_VALUE:
            raise NumericsError(
                "so few units identify this combination that no critical value holds"
                " the size"
            )
        step *= 2
        end += away * step
    return end
