"""All connected sets of units of one size: the fair comparison for a group of neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from evenfield.numerics.errors import NumericsError

MOST_SETS = 50_000
TOO_MANY = np.zeros((0, 0), dtype=int)


def connected_sets(neighbours: np.ndarray, size: int) -> np.ndarray:
    """List all connected sets of units.

    Parameters
    ----------
    neighbours : ndarray of bool, shape (N, N)
        Symmetric.
    size : int
        Units in a set.

    Returns
    -------
    ndarray of int, shape (S, size)
        Each set once.

    Raises
    ------
    NumericsError
        If there are none or more than ``MOST_SETS``.

    Notes
    -----
    Wernicke's (2006) enumeration: a set grows from its smallest unit by neighbours that no earlier step could
    have added.
    """
    links = np.asarray(neighbours, dtype=bool)
    found = _enumerated(links.tobytes(), len(links), size)
    if found is TOO_MANY:
        raise NumericsError(f"there are more than {MOST_SETS} connected sets of {size} units")
    if not len(found):
        raise NumericsError(f"no connected set of {size} units")
    return found


@lru_cache(maxsize=8)
def _enumerated(links: bytes, n: int, size: int) -> np.ndarray:
    table = np.frombuffer(links, dtype=bool).reshape(n, n)
    linked = [frozenset(np.flatnonzero(row).tolist()) for row in table]
    found: list[tuple[int, ...]] = []
    for root in range(n):
        start = frozenset(unit for unit in linked[root] if unit > root)
        for members in _grown((root,), start, linked[root] | {root}, linked, size):
            found.append(members)
            if len(found) > MOST_SETS:
                return TOO_MANY
    return np.array(found, dtype=int)


def _grown(
    members: tuple[int, ...], border: frozenset[int], seen: frozenset[int], linked: list[frozenset[int]], size: int
) -> Iterator[tuple[int, ...]]:
    if len(members) == size:
        yield members
        return
    left = sorted(border)
    while left:
        unit = left.pop()
        new = frozenset(other for other in linked[unit] if other > members[0] and other not in seen)
        yield from _grown((*members, unit), frozenset(left) | new, seen | linked[unit], linked, size)
