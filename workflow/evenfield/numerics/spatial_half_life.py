"""The distance at which the correlation of a map falls to one half, as a confidence interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_unit_root import SpatialPersistence, low_frequency_averages

TESTED = np.concatenate([np.geomspace(0.01, 3.0, 47), [100.0]])
ALTERNATIVES = np.linspace(0.001, 1.0, 25)


@dataclass(frozen=True)
class HalfLifeTests:
    """Tests of every half-life of a grid, ready for any map at the same places."""

    half_lives: np.ndarray  # (G,) shares of the largest distance; the last stands for a unit root
    nulls: np.ndarray  # (G, q, q) inverse covariances under the tested half-lives and under the alternatives
    others: np.ndarray
    drawn: np.ndarray  # (G, draws) log likelihood ratios under each tested half-life
    space: SpatialPersistence  # where the units are


@dataclass(frozen=True, slots=True)
class HalfLifeSet:
    """Half-lives that the data do not reject."""

    low: float  # smallest and largest, in the unit of the distances
    high: float
    unbounded: bool  # whether a spatial unit root is not rejected


def half_life_tests(space: SpatialPersistence, rng: np.random.Generator, draws: int) -> HalfLifeTests:
    """Prepare the tests of all half-lives for a set of locations.

    Notes
    -----
    Mueller and Watson (2024): correlation exp(-c d), half-life ln 2 / c; likelihood of the direction of the
    low-frequency averages, averaged over alternatives spread evenly up to the largest distance, against that of the
    tested half-life.
    """
    if draws < 19:
        raise NumericsError(f"{draws} draws are too few for an interval")
    covariances = np.array([space.exponential(np.log(2) / share) for share in TESTED])
    others = np.linalg.inv(np.array([space.exponential(np.log(2) / share) for share in ALTERNATIVES]))
    nulls, noise = np.linalg.inv(covariances), rng.standard_normal((space.q, draws))
    drawn = [_log_ratio(np.linalg.cholesky(cov) @ noise, null, others)
             for cov, null in zip(covariances, nulls, strict=True)]  # fmt: skip
    return HalfLifeTests(TESTED, nulls, others, np.array(drawn), space)


def half_life_set(y: np.ndarray, tests: HalfLifeTests, level: float = 0.95) -> HalfLifeSet:
    """Return the half-lives of a map that are not rejected; y (N,)."""
    z = low_frequency_averages(y, tests.space)[:, None]
    observed = np.array([_log_ratio(z, null, tests.others)[0] for null in tests.nulls])
    kept = (tests.drawn >= observed[:, None]).mean(axis=1) > 1 - level
    if not kept.any():
        return HalfLifeSet(np.nan, np.nan, False)
    inside = tests.half_lives[kept] * tests.space.largest
    low, high = 0.0 if kept[0] else float(inside[0]), np.nan if kept[-1] else float(inside[-1])
    return HalfLifeSet(low, high, bool(kept[-1]))


def _log_ratio(z: np.ndarray, null: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the log of the averaged over the tested density of the directions of z, shape (draws,)."""
    densities = _log_densities(z, others)
    top = densities.max(axis=0)
    averaged = top + np.log(np.exp(densities - top).mean(axis=0))
    return np.asarray(averaged - _log_densities(z, null[None])[0])


def _log_densities(z: np.ndarray, inverses: np.ndarray) -> np.ndarray:
    """Return log densities of the directions of z (q, draws) under A inverse covariances, shape (A, draws)."""
    roots = np.swapaxes(np.linalg.cholesky(inverses), 1, 2)
    forms = ((roots @ z) ** 2).sum(axis=1)
    heights = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(heights[:, None] - 0.5 * len(z) * np.log(forms))
