"""Markov chains: transitions, ergodic distribution, mobility, homogeneity, and the
chain conditional on neighbours.

Counts have units in front, so that bootstraps draw whole trajectories: the years of a
unit are dependent, and a chain of first order does not describe that dependence.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.permutations import permuted_orders
from evenfield.numerics.spatial import Weights, multiplier

ROOT = 1e-9


def quantile_cutoffs(values: Array, k: int) -> Array:
    """Return the upper bounds of k classes of equal size; shape (k - 1,)."""
    if k < 2:
        raise NumericsError(f"{k} classes: a chain needs at least two")
    cutoffs = np.quantile(np.asarray(values, dtype=float), np.arange(1, k) / k)
    rising = (np.diff(cutoffs) > 0).all()
    if not rising or cutoffs[-1] >= np.max(values):
        raise NumericsError(f"the values are too alike for {k} classes")
    return np.asarray(cutoffs)


def classes_of(values: Array, cutoffs: Array) -> np.ndarray:
    """Sort values into classes; cutoffs (k - 1,)."""
    return np.searchsorted(cutoffs, values, side="left")


def yearly_classes(values: Array, k: int) -> Array:
    """Sort values into quantile classes of their own period; values (N, T) -> (N, T)."""
    return np.column_stack(
        [classes_of(column, quantile_cutoffs(column, k)) for column in values.T]
    )


def transition_counts(classes: np.ndarray, k: int, step: int = 1) -> np.ndarray:
    """Count the transitions of each unit; classes (N, T) -> (N, k, k)."""
    T = classes.shape[1]
    if not 1 <= step < T:
        raise NumericsError(f"{T} periods hold no transition over {step} periods")
    return _cell_counts([classes[:, :-step], classes[:, step:]], k)


def _cell_counts(classes: list[np.ndarray], k: int) -> np.ndarray:
    """Count how often each unit is in each combination of classes; (N, T) each -> (N,
    k, ..., k).
    """
    n = len(classes[0])
    codes = np.arange(n)[:, None]
    for column in classes:
        codes = codes * k + column
    counts = np.bincount(codes.ravel(), minlength=n * k ** len(classes))
    return counts.reshape(n, *[k] * len(classes))


def transition_matrix(counts: np.ndarray) -> Array:
    """Turn counts into probabilities; counts (..., k, k) -> (..., k, k)."""
    return quotient(counts, counts.sum(axis=-1, keepdims=True))


def ergodic_distribution(P: np.ndarray) -> Array:
    """Return the distribution that a chain settles into; P (..., k, k) -> (..., k).

    Notes
    -----
    (I - P + J)' pi = 1 with J all ones has a unique solution exactly when the root one
    is simple.
    """
    k = P.shape[-1]
    defined = np.isfinite(P).all(axis=(-2, -1))
    safe = np.where(defined[..., None, None], P, 1 / k)
    system = (np.eye(k) - safe + 1.0).mT
    unique = defined & (np.abs(np.linalg.det(system)) > ROOT)
    system = np.where(unique[..., None, None], system, np.eye(k))
    ones = np.ones((*P.shape[:-1], 1))
    solution = np.linalg.solve(system, ones)[..., 0]
    # A share that only the rounding of the solution makes other than zero is zero.
    shares = np.where(solution < ROOT, 0.0, solution)
    return np.where(unique[..., None], shares, np.nan)


def second_root(P: np.ndarray) -> Array:
    """Return the modulus of the second largest root; P (..., k, k) -> (...)."""
    defined = np.isfinite(P).all(axis=(-2, -1))
    safe = np.where(defined[..., None, None], P, 0.0)
    moduli = np.sort(np.abs(np.linalg.eigvals(safe)), axis=-1)
    return np.where(defined, moduli[..., -2], np.nan)


def mobility_half_life(P: Array, years: float) -> Array:
    """Return how long a deviation from the ergodic distribution takes to halve; P (...,
    k, k) -> (...).
    """
    root = second_root(P)
    # The deviation shrinks by the second root in a transition: root^(t / years) = 1/2.
    with np.errstate(divide="ignore"):
        decay = np.log(np.where(root > 0, root, np.nan))
        life = -years * np.log(2) / decay
    life = np.where(root >= 1 - ROOT, np.inf, life)
    # Rounding leaves a root of 1e-17 where all rows are alike.
    return np.where(root < ROOT, 0.0, life)


def shorrocks_index(P: Array) -> Array:
    """Return Shorrocks' (1978) mobility index (k - trace P) / (k - 1); P (..., k, k) ->
    (...).
    """
    k = P.shape[-1]
    trace = np.trace(P, axis1=-2, axis2=-1)
    return np.asarray((k - trace) / (k - 1))


def bootstrap_counts(counts: np.ndarray, rng: np.random.Generator, draws: int) -> Array:
    """Resample whole trajectories of units; counts (N, ...) -> (draws, ...)."""
    n = len(counts)
    times = rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    drawn = times @ counts.reshape(n, -1)
    return np.asarray(drawn.reshape(draws, *counts.shape[1:]))


class HomogeneityTest(NamedTuple):
    """Test that several chains are one."""

    q: float  # Pearson's statistic
    lr: float  # likelihood-ratio statistic
    df: int  # degrees of freedom over the rows and columns that are not empty
    # chi-squared p-values, right only for first-order chains of independent units
    q_p: float
    lr_p: float


def homogeneity_statistics(counts: np.ndarray) -> tuple[Array, Array]:
    """Return how far several chains are from being one; counts (..., m, k, k) -> (...).

    Notes
    -----
    Anderson and Goodman (1957); Bickenbach and Bode (2003).
    """
    pooled = counts.sum(axis=-3, keepdims=True)
    rows = counts.sum(axis=-1, keepdims=True)
    totals = pooled.sum(axis=-1, keepdims=True)
    expected = quotient(rows * pooled, totals, otherwise=0.0)
    gaps = quotient((counts - expected) ** 2, expected, otherwise=0.0)
    logs = np.log(quotient(counts, expected, otherwise=1.0, defined=counts > 0))
    cells = (-3, -2, -1)
    return gaps.sum(axis=cells), 2 * (counts * logs).sum(axis=cells)


def homogeneity_df(counts: np.ndarray) -> int:
    """Return the degrees of freedom of the test of homogeneity; counts (m, k, k)."""
    # For each origin: chains that visit it less one, times destinations less one.
    visited = (counts.sum(axis=2) > 0).sum(axis=0)
    reached = (counts.sum(axis=0) > 0).sum(axis=1)
    free = np.maximum(visited - 1, 0) * np.maximum(reached - 1, 0)
    return int(free.sum())


def homogeneity_test(counts: np.ndarray) -> HomogeneityTest:
    """Test that several chains are one; counts (m, k, k)."""
    statistics = homogeneity_statistics(np.asarray(counts, dtype=float))
    q, lr = (float(value) for value in statistics)
    df = homogeneity_df(counts)
    if not df:
        return HomogeneityTest(q, lr, df, np.nan, np.nan)
    return HomogeneityTest(q, lr, df, float(chdtrc(df, q)), float(chdtrc(df, lr)))


def second_order_counts(classes: np.ndarray, k: int, step: int = 1) -> np.ndarray:
    """Count transitions by the class before; classes (N, T) -> (N, k, k, k)."""
    T = classes.shape[1]
    if 2 * step + 1 > T:
        raise NumericsError(f"{T} periods hold no two transitions over {step} periods")
    early = classes[:, : -2 * step]
    middle = classes[:, step:-step]
    late = classes[:, 2 * step :]
    return _cell_counts([early, middle, late], k)


BLOCK_CELLS = 120_000
TIE = 1e-9


class SpatialMarkov(NamedTuple):
    """Transitions conditional on the class of the neighbours."""

    counts: np.ndarray  # (m, k, k) neighbours' class, from, to
    q: float  # statistics of the hypothesis that the m chains are one
    lr: float
    df: int  # degrees of freedom over rows that are not empty, for information
    # share of maps with shuffled trajectories whose statistic is at least as large; NaN
    # without draws
    q_p: float
    lr_p: float
    draws: int  # permutations


def spatial_markov_test(
    values: Array,
    classes: np.ndarray,
    W: Weights,
    *,
    k: int,
    m: int,
    rng: np.random.Generator,
    draws: int,
    step: int = 1,
) -> SpatialMarkov:
    """Test whether transitions depend on the neighbours' class; values (N, T), classes
    (N, T), W (N, N).

    Notes
    -----
    Rey (2001). Classes are not first-order Markov, so the chi-squared p is wrong (more
    than half of all true nulls are rejected); instead whole trajectories change places
    on the map, the neighbours' averages and their quantiles are computed anew, and own
    classes travel with their trajectory. Exact when trajectories are exchangeable.
    """
    _check(values, classes, W, step)
    own = np.ascontiguousarray(classes[:, :-step] * k + classes[:, step:])
    lag = multiplier(W)
    identity = np.arange(len(values))[None]
    counts = _block_counts(values, own, lag, identity, (m, k, step))[0]
    observed = np.array(homogeneity_statistics(counts.astype(float)))
    above = np.zeros(2, dtype=int)
    block = max(1, BLOCK_CELLS // values.size)
    for orders in permuted_orders(len(values), rng, draws, block):
        drawn_counts = _block_counts(values, own, lag, orders, (m, k, step))
        drawn = np.array(homogeneity_statistics(drawn_counts.astype(float)))
        above += (drawn >= observed[:, None] * (1 - TIE)).sum(axis=1)
    p = (1 + above) / (1 + draws) if draws else np.full(2, np.nan)
    return SpatialMarkov(
        counts=counts,
        q=float(observed[0]),
        lr=float(observed[1]),
        df=homogeneity_df(counts),
        q_p=float(p[0]),
        lr_p=float(p[1]),
        draws=draws,
    )


def neighbour_classes(values: Array, W: Weights, m: int) -> Array:
    """Return the class of the neighbours' average; values (N, T), W (N, N) -> (N, T)."""
    return np.asarray(_lag_classes((W @ values)[None], m)[0])


def _check(values: Array, classes: np.ndarray, W: Weights, step: int) -> None:
    n, T = values.shape
    if classes.shape != values.shape or W.shape != (n, n):
        raise NumericsError(
            f"{n} units and {T} periods do not fit classes {classes.shape} and weights"
            f" {W.shape}"
        )
    if not 1 <= step < T:
        raise NumericsError(f"{T} periods hold no transition over {step} periods")
    alone = int((W.sum(axis=1) == 0).sum())
    if alone:
        raise NumericsError(f"{counted(alone, 'unit has', 'units have')} no neighbour")


def _block_counts(
    values: Array,
    own: Array,
    lag: Weights,
    orders: np.ndarray,
    sizes: tuple[int, int, int],
) -> np.ndarray:
    m, k, step = sizes
    draws, n = orders.shape
    T = values.shape[1]
    moved = values[orders.T].reshape(n, draws * T)
    lagged = (lag @ moved).reshape(n, draws, T)
    by_draw = np.ascontiguousarray(lagged.transpose(1, 0, 2))
    chain = _lag_classes(by_draw, m)[:, :, :-step]
    # One code for each draw, neighbours' class, origin and destination.
    cells = m * k * k
    codes = own[orders] + np.multiply(chain, k * k, dtype=np.int64)
    codes += (np.arange(draws) * cells)[:, None, None]
    counts = np.bincount(codes.ravel(), minlength=draws * cells)
    return counts.reshape(draws, m, k, k)


def _lag_classes(lagged: Array, m: int) -> np.ndarray:
    cutoffs = _row_quantiles(lagged.reshape(len(lagged), -1), m)
    out = np.zeros(lagged.shape, dtype=np.uint8)
    for j in range(m - 1):
        out += (lagged > cutoffs[:, j, None, None]).view(np.uint8)
    return out


def _row_quantiles(flat: Array, m: int) -> Array:
    position = (flat.shape[1] - 1) * np.arange(1, m) / m
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, flat.shape[1] - 1)
    ranked = np.sort(flat, axis=1)  # faster than a partition at many places
    below = ranked[:, low]
    return np.asarray(below + (position - low) * (ranked[:, high] - below))
