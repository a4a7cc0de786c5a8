"""All connected sets of places of a given size, listed exactly: the fair comparison for a group of neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from evenfield.numerics.errors import NumericsError

MOST_SETS = 2_000_000


def connected_sets(adjacency: np.ndarray, size: int, most: int = MOST_SETS) -> np.ndarray:
    """List every set of places that hangs together through shared borders; adjacency (N, N) -> (S, size).

    Notes
    -----
    Wernicke (2006), algorithm ESU: a set is grown from its first place, and only by later places that are new
    neighbours, so that each set is met once. China's 31 provinces have 2,281 connected sets of five of 169,911.
    """
    adjacency = np.asarray(adjacency)
    n = len(adjacency)
    if adjacency.shape != (n, n) or not 1 <= size <= n:
        raise NumericsError(f"no sets of {size} places in an adjacency of shape {adjacency.shape}")
    touching = (adjacency != 0) | (adjacency.T != 0)
    np.fill_diagonal(touching, val=False)
    found = _listed(touching.tobytes(), n, size, most)
    if found is None:
        raise NumericsError(f"more than {most} connected sets of {size}: sample them or choose a smaller size")
    return found


@lru_cache(maxsize=8)
def _listed(touching: bytes, n: int, size: int, most: int) -> np.ndarray | None:
    rows = np.frombuffer(touching, dtype=bool).reshape(n, n)
    neighbours = [sum(1 << int(j) for j in np.flatnonzero(row)) for row in rows]
    found = []
    for first in range(n):
        later = -1 << (first + 1)
        start = neighbours[first] & later
        for members in _grown(1 << first, start, neighbours[first] | 1 << first, size - 1, later, neighbours):
            found.append(members)
            if len(found) > most:
                return None
    sets = np.array(sorted(_places(members) for members in found), dtype=np.intp).reshape(-1, size)
    sets.setflags(write=False)
    return sets


def _grown(members: int, extension: int, seen: int, missing: int, later: int, neighbours: list[int]) -> Iterator[int]:
    if missing == 0:
        yield members
        return
    while extension:
        bit = extension & -extension
        extension ^= bit
        around = neighbours[bit.bit_length() - 1]
        fresh = around & later & ~seen
        yield from _grown(members | bit, extension | fresh, seen | around, missing - 1, later, neighbours)


def _places(members: int) -> list[int]:
    return [i for i in range(members.bit_length()) if members >> i & 1]
