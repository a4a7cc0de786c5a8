"""Spatial unit roots and the half-life of spatial correlation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from evenfield.numerics.errors import NumericsError

WEIGHTS = 15
SMALLEST_CORRELATION = 1e-4
LARGEST_CORRELATION = 0.03
I0_CORRELATION = 1e-3
I0_GRID = 30
POWER = 0.5
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(400)


@dataclass(frozen=True)
class SpatialPersistence:
    """What the tests need to know about where the units are; it depends on no variable."""

    distance: np.ndarray  # (N, N) distances divided by the largest
    # (N, q) low-frequency weights: leading eigenvectors of demeaned Levy-Brownian
    # motion
    vectors: np.ndarray
    largest: float  # largest distance, in the unit of the caller

    @property
    def q(self) -> int:
        """Number of low-frequency averages."""
        return int(self.vectors.shape[1])

    @cached_property
    def brownian(self) -> np.ndarray:
        """Covariance of the averages of Levy-Brownian motion, shape (q, q)."""
        return self._averaged(_brownian(self.distance))

    @cached_property
    def near_brownian(self) -> np.ndarray:
        """Covariance under the exponential decay against which the unit root test has
        power one half.
        """
        low = np.log(self.decay(0.95))
        high = np.log(self.decay(0.01))
        return self.exponential(
            float(
                np.exp(_bisect(lambda c: self._unit_root_power(np.exp(c)), low, high))
            )
        )

    @cached_property
    def weakly_dependent(self) -> np.ndarray:
        """Covariances of weak dependence, shape (30, q, q)."""
        grid = np.linspace(SMALLEST_CORRELATION, LARGEST_CORRELATION, I0_GRID)
        return np.array([self.exponential(self.decay(float(value))) for value in grid])

    @cached_property
    def weak_pair(self) -> tuple[np.ndarray, np.ndarray]:
        """Covariances of the null and of the alternative that define the test of weak
        dependence.
        """
        null = self.exponential(self.decay(I0_CORRELATION))

        def power(log_share: float) -> float:
            mixed = null + np.exp(log_share) * self.brownian
            value = _critical_value(null, mixed, null)
            return ratio_tail(null, mixed, mixed, value)

        share = float(np.exp(_bisect(power, np.log(1e-3), np.log(1e5))))
        return null, null + share * self.brownian

    def decay(self, correlation: float) -> float:
        """Return c with mean exp(-c d) equal to ``correlation`` over all pairs."""
        between = self.distance[np.triu_indices(len(self.distance), 1)]
        goal = lambda c: float(np.exp(-np.exp(c) * between).mean()) - correlation  # noqa: E731
        return float(np.exp(brentq(goal, -20.0, 20.0, xtol=1e-12)))

    def exponential(self, decay: float) -> np.ndarray:
        """Return the covariance of the averages under exp(-c d); shape (q, q)."""
        return self._averaged(np.exp(-decay * self.distance))

    def _averaged(self, covariance: np.ndarray) -> np.ndarray:
        return np.asarray(self.vectors.T @ covariance @ self.vectors)

    def _unit_root_power(self, decay: float) -> float:
        other = self.exponential(decay)
        value = _critical_value(self.brownian, other, self.brownian)
        return ratio_tail(self.brownian, other, other, value)


def spatial_persistence(
    distance: np.ndarray, weights: int = WEIGHTS
) -> SpatialPersistence:
    """Choose the low-frequency averages for a set of locations; distance (N, N).

    Notes
    -----
    Mueller and Watson (2024, "Spatial unit roots and spurious regression", Econometrica
    92). Levy-Brownian motion has covariance (d_i1 + d_j1 - d_ij) / 2; demeaned, it does
    not depend on the origin.
    """
    distance = np.asarray(distance, dtype=float)
    between = distance[np.triu_indices(len(distance), 1)]
    if len(distance) < 6 or not (np.isfinite(between).all() and (between > 0).all()):
        raise NumericsError(
            "spatial unit root tests need at least six different places"
        )
    scaled = distance / between.max()
    covariance = _demeaned(_brownian(scaled))
    vectors = np.linalg.eigh((covariance + covariance.T) / 2)[1][:, ::-1]
    return SpatialPersistence(
        scaled, vectors[:, : min(weights, len(distance) - 2)], float(between.max())
    )


def _brownian(distance: np.ndarray) -> np.ndarray:
    return np.asarray((distance[:, :1] + distance[:1] - distance) / 2)


def _demeaned(matrix: np.ndarray) -> np.ndarray:
    return np.asarray(
        matrix - matrix.mean(axis=0) - matrix.mean(axis=1)[:, None] + matrix.mean()
    )


def ratio_tail(
    first: np.ndarray, second: np.ndarray, truth: np.ndarray, value: float
) -> float:
    """Return P(z'A^-1 z > value z'B^-1 z) for normal z; first, second (q, q), truth (q,
    q).

    Notes
    -----
    Imhof (1961): with eigenvalues l of L'(A^-1 - value B^-1)L, truth = LL',
    P = 1/2 + (1/pi) int_0^inf sin(1/2 sum arctan(l u)) / (u prod (1 + l^2 u^2)^(1/4))
    du; u = exp(s).
    """
    root = np.linalg.cholesky(truth)
    form = root.T @ (np.linalg.inv(first) - value * np.linalg.inv(second)) @ root
    values = np.linalg.eigvalsh((form + form.T) / 2)
    values = values / np.abs(values).max()
    s = 20.0 * NODES
    u = np.exp(s)[:, None] * values
    decay = np.exp(-0.25 * np.log1p(u**2).sum(axis=1))
    inside = np.sin(0.5 * np.arctan(u).sum(axis=1)) * decay
    return float(np.clip(0.5 + 20.0 * (NODE_WEIGHTS @ inside) / np.pi, 0.0, 1.0))


def _critical_value(
    first: np.ndarray, second: np.ndarray, truth: np.ndarray, size: float = 0.05
) -> float:
    high = 1.0
    while ratio_tail(first, second, truth, high) > size:
        high *= 2
    return float(
        brentq(
            lambda v: ratio_tail(first, second, truth, v) - size, 0.0, high, xtol=1e-10
        )
    )


def _bisect(power: Callable[[float], float], low: float, high: float) -> float:
    """Return where a power that rises from ``low`` to ``high`` passes one half,
    widening the range when needed.
    """
    while power(low) > POWER:
        low -= 1.0
    while power(high) < POWER:
        high += 1.0
    return float(brentq(lambda value: power(value) - POWER, low, high, xtol=1e-8))


class SpatialRootTest(NamedTuple):
    """A test of spatial persistence."""

    # likelihood ratio of the scale-free averages and its p-value by quadrature
    statistic: float
    p_value: float


def spatial_unit_root_test(y: np.ndarray, space: SpatialPersistence) -> SpatialRootTest:
    """Test the hypothesis that a map has a spatial unit root (LFUR); y (N,)."""
    z = low_frequency_averages(y, space)
    statistic = _ratio(z, space.brownian, space.near_brownian)
    return SpatialRootTest(
        statistic,
        ratio_tail(space.brownian, space.near_brownian, space.brownian, statistic),
    )


def weak_dependence_test(y: np.ndarray, space: SpatialPersistence) -> SpatialRootTest:
    """Test the hypothesis that a map is only weakly dependent in space (LFST); y (N,)."""
    z = low_frequency_averages(y, space)
    null, other = space.weak_pair
    statistic = _ratio(z, null, other)
    return SpatialRootTest(
        statistic,
        max(
            ratio_tail(null, other, truth, statistic)
            for truth in space.weakly_dependent
        ),
    )


def low_frequency_averages(y: np.ndarray, space: SpatialPersistence) -> np.ndarray:
    """Return the low-frequency averages of a map; y (N,) -> (q,)."""
    y = np.asarray(y, dtype=float)
    if len(y) != len(space.distance):
        raise NumericsError(f"{len(y)} values do not fit {len(space.distance)} places")
    if np.ptp(y) <= 1e-12 * np.abs(y).max():
        raise NumericsError("the map is constant")
    return np.asarray(space.vectors.T @ (y - y.mean()))


def _ratio(z: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    return float(z @ np.linalg.solve(first, z) / (z @ np.linalg.solve(second, z)))


TESTED = np.concatenate([np.geomspace(0.01, 3.0, 47), [100.0]])
ALTERNATIVES = np.linspace(0.001, 1.0, 25)


class HalfLifeTests(NamedTuple):
    """Tests of every half-life of a grid, ready for any map at the same places."""

    half_lives: (
        np.ndarray
    )  # (G,) shares of the largest distance; the last stands for a unit root
    # (G, q, q) inverse covariances under the tested half-lives and under the
    # alternatives
    nulls: np.ndarray
    others: np.ndarray
    drawn: np.ndarray  # (G, draws) log likelihood ratios under each tested half-life
    space: SpatialPersistence  # where the units are


class HalfLifeSet(NamedTuple):
    """Half-lives that the data do not reject."""

    low: float  # smallest and largest, in the unit of the distances
    high: float
    unbounded: bool  # whether a spatial unit root is not rejected


def half_life_tests(
    space: SpatialPersistence, rng: np.random.Generator, draws: int
) -> HalfLifeTests:
    """Prepare the tests of all half-lives for a set of locations.

    Notes
    -----
    Mueller and Watson (2024): correlation exp(-c d), half-life ln 2 / c; likelihood of
    the direction of the low-frequency averages, averaged over alternatives spread
    evenly up to the largest distance, against that of the tested half-life.
    """
    if draws < 19:
        raise NumericsError(f"{draws} draws are too few for an interval")
    covariances = np.array([space.exponential(np.log(2) / share) for share in TESTED])
    others = np.linalg.inv(
        np.array([space.exponential(np.log(2) / share) for share in ALTERNATIVES])
    )
    nulls = np.linalg.inv(covariances)
    noise = rng.standard_normal((space.q, draws))
    drawn = [
        _log_ratio(np.linalg.cholesky(cov) @ noise, null, others)
        for cov, null in zip(covariances, nulls, strict=True)
    ]
    return HalfLifeTests(TESTED, nulls, others, np.array(drawn), space)


def half_life_set(
    y: np.ndarray, tests: HalfLifeTests, level: float = 0.95
) -> HalfLifeSet:
    """Return the half-lives of a map that are not rejected; y (N,)."""
    z = low_frequency_averages(y, tests.space)[:, None]
    observed = np.array([_log_ratio(z, null, tests.others)[0] for null in tests.nulls])
    kept = (tests.drawn >= observed[:, None]).mean(axis=1) > 1 - level
    if not kept.any():
        return HalfLifeSet(np.nan, np.nan, False)
    inside = tests.half_lives[kept] * tests.space.largest
    low = 0.0 if kept[0] else float(inside[0])
    high = np.nan if kept[-1] else float(inside[-1])
    return HalfLifeSet(low, high, bool(kept[-1]))


def _log_ratio(z: np.ndarray, null: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the log of the averaged over the tested density of the directions of z,
    shape (draws,).
    """
    densities = _log_densities(z, others)
    top = densities.max(axis=0)
    averaged = top + np.log(np.exp(densities - top).mean(axis=0))
    return np.asarray(averaged - _log_densities(z, null[None])[0])


def _log_densities(z: np.ndarray, inverses: np.ndarray) -> np.ndarray:
    """Return log densities of the directions of z (q, draws) under A inverse
    covariances, shape (A, draws).
    """
    roots = np.swapaxes(np.linalg.cholesky(inverses), 1, 2)
    forms = ((roots @ z) ** 2).sum(axis=1)
    heights = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(heights[:, None] - 0.5 * len(z) * np.log(forms))
