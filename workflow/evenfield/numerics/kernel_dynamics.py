"""Stochastic kernels, their long-run density and its modes.

A kernel is the density of later income given earlier income: a Markov chain without
classes. The density that it reproduces is where incomes would settle.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.at_work import blocks
from evenfield.numerics.errors import NumericsError

FEWEST = 10
MOST_PAIRS = 4000
CLOSE = 1e-4


class StochasticKernel(NamedTuple):
    """A conditional density on a grid."""

    grid: Array  # (G,) equally spaced values, of origin and destination alike
    # (G, G) row i is the density of the destination given origin ``grid[i]``
    density: Array


def plug_in_bandwidth(values: Array) -> float:
    """Return Silverman's (1986) robust rule, 0.9 min(sd, iqr / 1.34) n^(-1/5); values
    (n,).
    """
    high, low = np.percentile(values, [75, 25])
    scales = [float(np.std(values, ddof=1)), float(high - low) / 1.34]
    used = min((scale for scale in scales if scale > 0), default=0.0)
    if not used > 1e-12 * max(1.0, float(np.abs(values).max())):
        raise NumericsError("the values are constant")
    return float(0.9 * used * len(values) ** -0.2)


def kernel_density(values: Array, grid: Array, bandwidth: Array | float) -> Array:
    """Return a Gaussian kernel density; values (n,), grid (G,), bandwidth (n,) -> (G,)."""
    kernels = _gauss(grid[:, None] - values, np.broadcast_to(bandwidth, values.shape))
    return np.asarray(kernels.mean(axis=1))


def adaptive_bandwidths(values: Array, pilot: float) -> Array:
    """Return bandwidths that widen where data are thin; values (n,) -> (n,)."""
    # Abramson (1982): h_i = h (g / f_i)^(1/2), g the geometric mean of the density.
    density = kernel_density(values, values, pilot)
    typical = np.exp(np.mean(np.log(density)))
    return np.asarray(pilot * np.sqrt(typical / density))


def stochastic_kernel(x: Array, y: Array, grid: Array) -> StochasticKernel:
    """Estimate the density of y given x; x, y (n,), grid (G,).

    Notes
    -----
    Hyndman, Bashtannyk and Grunwald (1996): mean by local linear regression, density of
    its residuals by a kernel with the same local weights, so that the mean of the
    kernel is not biased towards the middle. Bandwidths in x adapt to the density of the
    data (Abramson 1982). What the kernel puts beyond an end of the grid is reflected
    there (Schuster 1985), and rows are normalised: the grid is the support. On a wide
    grid neither matters. Of more than ``MOST_PAIRS`` pairs as many are used.
    """
    if len(x) < FEWEST:
        raise NumericsError(
            f"{len(x)} pairs are too few for a stochastic kernel, at least {FEWEST} are"
            " needed"
        )
    if len(x) > MOST_PAIRS:
        # ASSUME: of many pairs those at evenly spaced ranks stand for all, since the
        # work grows with their square.
        ranks = np.linspace(0, len(x) - 1, MOST_PAIRS).astype(int)
        pairs_used = np.lexsort((y, x))[ranks]
        x = x[pairs_used]
        y = y[pairs_used]
    wide = adaptive_bandwidths(x, plug_in_bandwidth(x))
    mean_at_data = _local_linear(x, y, x, wide)
    residuals = y - mean_at_data
    # A step of the grid is wide enough where y follows from x without an error.
    exact = np.ptp(residuals) <= CLOSE * np.ptp(y)
    h_y = float(grid[1] - grid[0]) if exact else plug_in_bandwidth(residuals)
    weights = _weights(x, grid, wide)
    centres = _local_linear(x, y, grid, wide)[:, None] + residuals
    # One origin at a time, so that memory does not grow with the square of the grid.
    density = np.array(
        [
            _reflected(grid, centre, h_y) @ weight
            for centre, weight in zip(centres, weights, strict=True)
        ]
    )
    step = float(grid[1] - grid[0])
    mass = density.sum(axis=1, keepdims=True) * step
    if not (mass > 0).all():
        raise NumericsError("the grid does not cover the data")
    return StochasticKernel(grid, density / mass)


def ergodic_density(kernel: StochasticKernel) -> Array:
    """Return the density that a kernel reproduces; shape (G,)."""
    step = float(kernel.grid[1] - kernel.grid[0])
    size = len(kernel.grid)
    # f = K'f with the density adding up to one, as one regular system
    system = (np.eye(size) - kernel.density * step + 1.0 / size).T
    solution = np.linalg.solve(system, np.full(size, 1.0 / size))
    rest = np.abs(solution @ kernel.density * step - solution).max()
    if not rest <= 1e-8 or solution.min() < -1e-8:
        raise NumericsError("the kernel settles into no single density")
    clean = np.maximum(solution, 0.0)
    return np.asarray(clean / clean.sum() / step)


def _gauss(gaps: Array, bandwidth: Array) -> Array:
    heights = np.exp(-0.5 * (gaps / bandwidth) ** 2)
    return np.asarray(heights / (bandwidth * np.sqrt(2 * np.pi)))


def _reflected(grid: Array, centre: Array, h: float) -> Array:
    """Return kernels whose tails beyond an end of the grid are folded back onto it."""
    low = float(grid[0])
    high = float(grid[-1])
    images = (centre, 2 * low - centre, 2 * high - centre)
    bandwidth = np.full(len(centre), h)
    kernels = [_gauss(grid[:, None] - image, bandwidth) for image in images]
    return kernels[0] + kernels[1] + kernels[2]


def _weights(x: Array, at: Array, bandwidth: Array) -> Array:
    # Logs first, so that weights far from all data do not all become zero.
    logs = -0.5 * ((at[:, None] - x) / bandwidth) ** 2 - np.log(bandwidth)
    raw = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def _local_linear(x: Array, y: Array, at: Array, bandwidth: Array) -> Array:
    w = _weights(x, at, bandwidth)
    mean_x = w @ x
    mean_y = w @ y
    centred = x - mean_x[:, None]
    variance = np.einsum("gn,gn->g", w, centred**2)
    cross = np.einsum("gn,gn,gn->g", w, centred, y - mean_y[:, None])
    slope = quotient(cross, variance, 0.0, variance > 1e-12 * np.var(x))
    return np.asarray(mean_y + slope * (at - mean_x))


MODE_FLOOR = 1e-9
CHUNK = 200
MODE_GRID = 256


def count_modes(density: Array) -> Array:
    """Count the modes of densities on a grid; density (..., G) -> (...)."""
    slopes = np.sign(
        np.diff(
            density,
            axis=-1,
            prepend=0.0,
            append=0.0,
        )
    )
    high = density > MODE_FLOOR * density.max(axis=-1, keepdims=True)
    rising = slopes[..., :-1] > 0
    falling = slopes[..., 1:] <= 0
    return np.asarray((rising & falling & high).sum(axis=-1))


def count_prominent_modes(density: Array, share: float) -> int:
    """Count the modes that stand out: each rises above the lower ground around it by a
    share of the highest.
    """
    from scipy.signal import find_peaks

    padded = np.concatenate([[0.0], density, [0.0]])
    return len(find_peaks(padded, prominence=share * float(density.max()))[0])


class ModeTest(NamedTuple):
    """Silverman's test of at most k modes."""

    modes: int  # k
    bandwidth: float  # smallest bandwidth at which the density has k modes
    p_value: float  # share of smoothed samples that show more modes at that bandwidth
    draws: int  # samples


def silverman_test(
    values: Array, modes: int, rng: np.random.Generator, draws: int
) -> ModeTest:
    """Test whether a density has more than k modes; values (n,).

    Notes
    -----
    Silverman (1981): samples from the density at the critical bandwidth, shrunk to the
    variance of the data. Known to be conservative (Hall and York 2001): a large p-value
    says little with 31 units.
    """
    if len(values) < FEWEST:
        raise NumericsError(
            f"{len(values)} values are too few for a test of modes, at least {FEWEST}"
            " are needed"
        )
    critical = critical_bandwidth(values, modes)
    mean = float(values.mean())
    variance = float(values.var())
    more = 0
    for samples in blocks(draws, CHUNK):
        size = samples, len(values)
        # Draws of the smoothed density, shrunk to the variance of the data.
        noisy = rng.choice(values, size) + critical * rng.standard_normal(size)
        drawn = mean + (noisy - mean) / np.sqrt(1 + critical**2 / variance)
        more += int((_modes_at(drawn, critical) > modes).sum())
    return ModeTest(modes, critical, (1 + more) / (1 + draws), draws)


def critical_bandwidth(values: Array, modes: int) -> float:
    """Return the smallest bandwidth at which the density has at most k modes; values
    (n,).
    """
    plug_in_bandwidth(values)
    low = 0.0
    high = float(np.ptp(values))
    # The number of modes of a Gaussian kernel density falls with its bandwidth.
    while high - low > CLOSE * float(np.ptp(values)):
        middle = (low + high) / 2
        few = _modes_at(values[None], middle)[0] <= modes
        low, high = (low, middle) if few else (middle, high)
    return high


def _modes_at(samples: Array, bandwidth: float) -> Array:
    low = samples.min() - 3 * bandwidth
    high = samples.max() + 3 * bandwidth
    grid = np.linspace(low, high, MODE_GRID)
    density = np.zeros((len(samples), MODE_GRID))
    for column in samples.T:
        density += np.exp(-0.5 * ((grid - column[:, None]) / bandwidth) ** 2)
    return count_modes(density)
