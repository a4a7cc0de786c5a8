"""How many peaks a distribution has: modes of a density and Silverman's test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.kernel_dynamics import CLOSE, FEWEST, plug_in_bandwidth

MODE_FLOOR = 1e-9
CHUNK = 200
MODE_GRID = 256


def count_modes(density: np.ndarray) -> np.ndarray:
    """Count the modes of densities on a grid; density (..., G) -> (...)."""
    slopes = np.sign(np.diff(density, axis=-1, prepend=0.0, append=0.0))
    high = density > MODE_FLOOR * density.max(axis=-1, keepdims=True)
    return np.asarray(((slopes[..., :-1] > 0) & (slopes[..., 1:] <= 0) & high).sum(axis=-1))


def count_prominent_modes(density: np.ndarray, share: float) -> int:
    """Count the modes that stand out: each rises above the lower ground around it by a share of the highest."""
    padded = np.concatenate([[0.0], density, [0.0]])
    return len(find_peaks(padded, prominence=share * float(density.max()))[0])


@dataclass(frozen=True, slots=True)
class ModeTest:
    """Silverman's test of at most k modes."""

    modes: int  # k
    bandwidth: float  # smallest bandwidth at which the density has k modes
    p_value: float  # share of smoothed samples that show more modes at that bandwidth
    draws: int  # samples


def silverman_test(values: np.ndarray, modes: int, rng: np.random.Generator, draws: int) -> ModeTest:
    """Test whether a density has more than k modes; values (n,).

    Notes
    -----
    Silverman (1981): samples from the density at the critical bandwidth, shrunk to the variance of the data.
    Known to be conservative (Hall and York 2001): a large p-value says little with 31 units.
    """
    if len(values) < FEWEST:
        raise NumericsError(f"{len(values)} values are too few for a test of modes, at least {FEWEST} are needed")
    critical = critical_bandwidth(values, modes)
    mean, variance = float(values.mean()), float(values.var())
    more = 0
    for first in range(0, draws, CHUNK):
        size = min(CHUNK, draws - first), len(values)
        noisy = rng.choice(values, size) + critical * rng.standard_normal(size)
        drawn = mean + (noisy - mean) / np.sqrt(1 + critical**2 / variance)
        more += int((_modes_at(drawn, critical) > modes).sum())
    return ModeTest(modes, critical, (1 + more) / (1 + draws), draws)


def critical_bandwidth(values: np.ndarray, modes: int) -> float:
    """Return the smallest bandwidth at which the density has at most k modes; values (n,)."""
    plug_in_bandwidth(values)
    low, high = 0.0, float(np.ptp(values))
    while high - low > CLOSE * float(np.ptp(values)):
        middle = (low + high) / 2
        few = _modes_at(values[None], middle)[0] <= modes
        low, high = (low, middle) if few else (middle, high)
    return high


def _modes_at(samples: np.ndarray, bandwidth: float) -> np.ndarray:
    low, high = samples.min() - 3 * bandwidth, samples.max() + 3 * bandwidth
    grid = np.linspace(low, high, MODE_GRID)
    density = np.zeros((len(samples), MODE_GRID))
    for column in samples.T:
        density += np.exp(-0.5 * ((grid - column[:, None]) / bandwidth) ** 2)
    return count_modes(density)
