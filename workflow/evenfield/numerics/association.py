"""Whether two groupings of the same units are independent, exactly and by permutation."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.permutations import permuted_orders

TIE = 1e-7
MOST_TABLES = 200_000
CHUNK = 2000


class AssociationTest(NamedTuple):
    """Tests of independence of two groupings with both margins given."""

    table: np.ndarray  # (R, C) counts
    exact_p: float  # Fisher, Freeman and Halton
    permutation_p: float  # the same statistic over random permutations of the labels
    cramers_v: float  # size of the association, 0 to 1, for information
    draws: int  # permutations

    @property
    def no_exact(self) -> str:
        """Why there is no exact p; empty where there is one."""
        too_many = np.isnan(self.exact_p)
        return f"more than {MOST_TABLES} tables, no exact p" if too_many else ""


def count_table(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Count units by two labels; a, b (N,) -> (R, C)."""
    rows = int(a.max()) + 1
    columns = int(b.max()) + 1
    counts = np.bincount(a * columns + b, minlength=rows * columns)
    return counts.reshape(rows, columns)


def association_test(
    a: np.ndarray, b: np.ndarray, rng: np.random.Generator, draws: int
) -> AssociationTest:
    """Test whether two groupings of the same units are independent; a, b (N,).

    Notes
    -----
    Given the margins a table has probability proportional to 1 / prod n_ij! (Freeman
    and Halton 1951). The permutation p is (1 + draws no more probable) / (1 + draws).
    """
    table = count_table(a, b)
    if min(table.shape) < 2:
        raise NumericsError("one of the groupings has one group only")
    # The log probability of a table, up to what its margins add.
    seen = -float(gammaln(table + 1.0).sum())
    low = 0
    for order in permuted_orders(len(b), rng, draws, CHUNK):
        tables = np.arange(len(order))[:, None] * table.size
        codes = tables + a * table.shape[1] + b[order]
        drawn = np.bincount(codes.ravel(), minlength=len(order) * table.size)
        by_table = gammaln(drawn.reshape(len(order), -1) + 1.0).sum(axis=1)
        low += int((-by_table <= seen + TIE).sum())
    return AssociationTest(
        table=table,
        exact_p=exact_table_p(table),
        permutation_p=(1 + low) / (1 + draws),
        cramers_v=_cramers_v(table),
        draws=draws,
    )


def exact_table_p(table: np.ndarray) -> float:
    """Return the exact p-value of Freeman and Halton; table (R, C)."""
    wide = table if table.shape[0] <= table.shape[1] else table.T
    rows = wide.sum(axis=1)
    columns = np.sort(wide.sum(axis=0))
    seen = -float(gammaln(wide + 1.0).sum())
    margins = gammaln(rows + 1.0).sum() + gammaln(columns + 1.0).sum()
    scale = float(margins - gammaln(wide.sum() + 1.0))
    total = 0.0
    tables = _tables(tuple(rows.tolist()), tuple(columns.tolist()))
    for number, logp in enumerate(tables):
        if number >= MOST_TABLES:
            return float("nan")
        if logp <= seen + TIE:
            total += float(np.exp(scale + logp))
    return min(1.0, total)


def _tables(rows: tuple[int, ...], columns: tuple[int, ...]) -> Iterator[float]:
    """Yield the log probability of every table with these margins, column by column."""
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
    fewest = max(0, total - sum(rows[1:]))
    for count in range(fewest, min(rows[0], total) + 1):
        for rest in _fillings(rows[1:], total - count):
            yield (count, *rest)


@cache
def _log_factorial(count: int) -> float:
    return float(gammaln(count + 1.0))


def _cramers_v(table: np.ndarray) -> float:
    margins = np.outer(table.sum(axis=1), table.sum(axis=0))
    expected = margins / table.sum()
    chi2 = float(((table - expected) ** 2 / expected).sum())
    return float(np.sqrt(chi2 / table.sum() / (min(table.shape) - 1)))
