"""Do two groupings of the same units go together? Exact and permutation tests of a table of counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import gammaln

from evenfield.numerics.errors import NumericsError

TIE = 1e-7
MOST_TABLES = 200_000
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class AssociationTest:
    """Tests of independence of two groupings with both margins given."""

    table: np.ndarray  # (R, C) counts
    exact_p: float  # fisher-Freeman-Halton
    permutation_p: float  # the same statistic over random permutations of the labels
    cramers_v: float  # size of the association, 0 to 1, for information
    draws: int  # permutations


def count_table(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Count units by two labels; a, b (N,) -> (R, C)."""
    shape = int(a.max()) + 1, int(b.max()) + 1
    return np.bincount(a * shape[1] + b, minlength=shape[0] * shape[1]).reshape(shape)


def association_test(a: np.ndarray, b: np.ndarray, rng: np.random.Generator, draws: int) -> AssociationTest:
    """Test whether two groupings of the same units are independent; a, b (N,).

    Notes
    -----
    Given the margins a table has probability proportional to 1 / prod n_ij! (Freeman and Halton 1951). The
    permutation p is (1 + draws no more probable) / (1 + draws).
    """
    table = count_table(a, b)
    if min(table.shape) < 2:
        raise NumericsError("one of the groupings has one group only")
    seen = -float(gammaln(table + 1.0).sum())
    low = 0
    for first in range(0, draws, CHUNK):
        order = np.argsort(rng.random((min(CHUNK, draws - first), len(b))), axis=1, kind="stable")
        codes = a * table.shape[1] + b[order] + np.arange(len(order))[:, None] * table.size
        drawn = np.bincount(codes.ravel(), minlength=len(order) * table.size).reshape(len(order), -1)
        low += int((-gammaln(drawn + 1.0).sum(axis=1) <= seen + TIE).sum())
    return AssociationTest(table, exact_table_p(table), (1 + low) / (1 + draws), _cramers_v(table), draws)


def exact_table_p(table: np.ndarray) -> float:
    """Return the exact p-value of Freeman and Halton; table (R, C)."""
    wide = table if table.shape[0] <= table.shape[1] else table.T
    rows, columns = wide.sum(axis=1), np.sort(wide.sum(axis=0))
    seen = -float(gammaln(wide + 1.0).sum())
    scale = float(gammaln(rows + 1.0).sum() + gammaln(columns + 1.0).sum() - gammaln(wide.sum() + 1.0))
    total = 0.0
    for place, logp in enumerate(_tables(tuple(rows.tolist()), tuple(columns.tolist()))):
        if place >= MOST_TABLES:
            return float("nan")
        if logp <= seen + TIE:
            total += float(np.exp(scale + logp))
    return min(1.0, total)


def _tables(rows: tuple[int, ...], columns: tuple[int, ...]) -> Iterator[float]:
    if len(columns) == 1:
        yield -sum(_log_factorial(row) for row in rows)
        return
    for column in _fillings(rows, columns[0]):
        own = -sum(_log_factorial(count) for count in column)
        left = tuple(row - count for row, count in zip(rows, column, strict=True))
        for rest in _tables(left, columns[1:]):
            yield own + rest


def _fillings(rows: tuple[int, ...], total: int) -> Iterator[tuple[int, ...]]:
    if len(rows) == 1:
        if total <= rows[0]:
            yield (total,)
        return
    for count in range(max(0, total - sum(rows[1:])), min(rows[0], total) + 1):
        for rest in _fillings(rows[1:], total - count):
            yield (count, *rest)


@cache
def _log_factorial(count: int) -> float:
    return float(gammaln(count + 1.0))


def _cramers_v(table: np.ndarray) -> float:
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    chi2 = float(((table - expected) ** 2 / expected).sum())
    return float(np.sqrt(chi2 / table.sum() / (min(table.shape) - 1)))
