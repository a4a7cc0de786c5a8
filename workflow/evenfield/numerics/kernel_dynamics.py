"""How a whole distribution moves: stochastic kernels and the density they settle into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

FEWEST = 10
CLOSE = 1e-4


@dataclass(frozen=True, slots=True)
class StochasticKernel:
    """A conditional density on a grid."""

    grid: np.ndarray  # (G,) equally spaced values, of origin and destination alike
    density: np.ndarray  # (G, G) row i is the density of the destination given origin ``grid[i]``
    bandwidth_x: float  # pilot bandwidths of origin and destination
    bandwidth_y: float


def plug_in_bandwidth(values: np.ndarray) -> float:
    """Return Silverman's (1986) robust rule, 0.9 min(sd, iqr / 1.34) n^(-1/5); values (n,)."""
    spread = [float(np.std(values, ddof=1)), float(np.subtract(*np.percentile(values, [75, 25]))) / 1.34]
    used = min(value for value in spread if value > 0) if max(spread) > 0 else 0.0
    if not used > 1e-12 * max(1.0, float(np.abs(values).max())):
        raise NumericsError("the values are constant")
    return float(0.9 * used * len(values) ** -0.2)


def kernel_density(values: np.ndarray, grid: np.ndarray, bandwidth: np.ndarray | float) -> np.ndarray:
    """Return a Gaussian kernel density; values (n,), grid (G,), bandwidth (n,) -> (G,)."""
    return np.asarray(_gauss(grid[:, None] - values, np.broadcast_to(bandwidth, values.shape)).mean(axis=1))


def adaptive_bandwidths(values: np.ndarray, pilot: float) -> np.ndarray:
    """Return bandwidths that widen where data are thin; values (n,) -> (n,)."""
    density = kernel_density(values, values, pilot)
    return np.asarray(pilot * np.sqrt(np.exp(np.mean(np.log(density))) / density))


def stochastic_kernel(x: np.ndarray, y: np.ndarray, grid: np.ndarray) -> StochasticKernel:
    """Estimate the density of y given x; x, y (n,), grid (G,).

    Notes
    -----
    Hyndman, Bashtannyk and Grunwald (1996): mean by local linear regression, density of its residuals by a
    kernel with the same local weights, so that the mean of the kernel is not biased towards the middle.
    Bandwidths in x adapt to the density of the data (Abramson 1982). What the kernel puts beyond an end of the grid is
    reflected there (Schuster 1985), and rows are normalised: the grid is the support. On a wide grid neither matters.
    """
    if len(x) < FEWEST:
        raise NumericsError(f"{len(x)} pairs are too few for a stochastic kernel, at least {FEWEST} are needed")
    h_x = plug_in_bandwidth(x)
    wide = adaptive_bandwidths(x, h_x)
    mean_at_data = _local_linear(x, y, x, wide)
    residuals = y - mean_at_data
    h_y = plug_in_bandwidth(residuals) if np.ptp(residuals) > CLOSE * np.ptp(y) else float(np.diff(grid[:2])[0])
    weights = _weights(x, grid, wide)
    centres = _local_linear(x, y, grid, wide)[:, None] + residuals
    # One origin at a time, so that memory does not grow with the square of the grid.
    density = np.array([
        _reflected(grid, centre, h_y) @ weight
        for centre, weight in zip(centres, weights, strict=True)
    ])  # fmt: skip
    step = float(grid[1] - grid[0])
    mass = density.sum(axis=1, keepdims=True) * step
    if not (mass > 0).all():
        raise NumericsError("the grid does not cover the data")
    return StochasticKernel(grid, density / mass, h_x, h_y)


def ergodic_density(kernel: StochasticKernel) -> np.ndarray:
    """Return the density that a kernel reproduces; shape (G,)."""
    step = float(kernel.grid[1] - kernel.grid[0])
    size = len(kernel.grid)
    system = (np.eye(size) - kernel.density * step + 1.0 / size).T
    solution = np.linalg.solve(system, np.full(size, 1.0 / size))
    rest = np.abs(solution @ kernel.density * step - solution).max()
    if not rest <= 1e-8 or solution.min() < -1e-8:
        raise NumericsError("the kernel settles into no single density")
    clean = np.maximum(solution, 0.0)
    return np.asarray(clean / clean.sum() / step)


def _gauss(gaps: np.ndarray, bandwidth: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-0.5 * (gaps / bandwidth) ** 2) / (bandwidth * np.sqrt(2 * np.pi)))


def _reflected(grid: np.ndarray, centre: np.ndarray, h: float) -> np.ndarray:
    low, high = float(grid[0]), float(grid[-1])
    return np.asarray(sum(_gauss(grid[:, None] - place, np.full(len(centre), h))
                          for place in (centre, 2 * low - centre, 2 * high - centre)))  # fmt: skip


def _weights(x: np.ndarray, at: np.ndarray, bandwidth: np.ndarray) -> np.ndarray:
    logs = -0.5 * ((at[:, None] - x) / bandwidth) ** 2 - np.log(bandwidth)
    raw = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def _local_linear(x: np.ndarray, y: np.ndarray, at: np.ndarray, bandwidth: np.ndarray) -> np.ndarray:
    w = _weights(x, at, bandwidth)
    mean_x, mean_y = w @ x, w @ y
    centred = x - mean_x[:, None]
    spread = np.einsum("gn,gn->g", w, centred**2)
    cross = np.einsum("gn,gn,gn->g", w, centred, y - mean_y[:, None])
    slope = np.divide(cross, spread, out=np.zeros(len(at)), where=spread > 1e-12 * np.var(x))
    return np.asarray(mean_y + slope * (at - mean_x))
