"""Who could have had whose treatment path: all distinct answers when they are few, a sample of them otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import factorial, prod

import numpy as np

from evenfield.numerics.connected_sets import connected_sets
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.path_panel import PathPanel


@dataclass(frozen=True)
class Assignments:
    """Counterfactual assignments of the observed paths."""

    units: np.ndarray  # (N,) names in sorted order
    source: np.ndarray  # (B, N) position of the unit whose path each unit receives
    distinct: int  # number of assignments that differ, drawn or not, the observed one included
    enumerated: bool  # whether the rows are all of them, each once
    scheme: str  # ``"free"``, ``"stratified"`` or ``"connected"``

    @property
    def count(self) -> int:
        """Number of rows B."""
        return len(self.source)


def free_assignments(panel: PathPanel, draws: int, rng: np.random.Generator) -> Assignments:
    """Permute whole paths among all units."""
    return _within_strata(panel, np.zeros(len(panel.units), dtype=int), draws, rng, "free")


def stratified_assignments(
    panel: PathPanel, strata: Mapping[str, object], draws: int, rng: np.random.Generator
) -> Assignments:
    """Permute whole paths among the units of a stratum, the coast for example."""
    missing = [unit for unit in panel.units.tolist() if unit not in strata]
    if missing:
        raise NumericsError(f"{len(missing)} units have no stratum, for example {missing[0]}")
    labels = np.unique([str(strata[unit]) for unit in panel.units.tolist()], return_inverse=True)[1]
    return _within_strata(panel, labels, draws, rng, "stratified")


def connected_assignments(
    panel: PathPanel, links: Sequence[tuple[str, str]], draws: int, rng: np.random.Generator
) -> Assignments:
    """Move the treated block about the map: every connected set of as many units could have been treated."""
    treated = np.flatnonzero(panel.treated)
    if not 0 < len(treated) < len(panel.units):
        raise NumericsError(f"{len(treated)} of {len(panel.units)} units are treated: a block cannot be moved")
    sets = connected_sets(_adjacency(panel.units, links), len(treated))
    if not (sets == treated).all(axis=1).any():
        raise NumericsError(f"the {len(treated)} treated units are not connected: no draw of this kind exists")
    classes = panel.path_class[treated]
    orders = _multinomial(np.bincount(classes))
    distinct = _at_least_two(len(sets) * orders)
    if orders == 1 or distinct <= draws:
        patterns = treated[np.array(list(_arrangements(classes)))]
        chosen, given = np.repeat(sets, len(patterns), axis=0), np.tile(patterns, (len(sets), 1))
        return Assignments(panel.units, _moved(panel, chosen, given), distinct, enumerated=True, scheme="connected")
    chosen = sets[rng.integers(0, len(sets), _positive(draws))]
    given = rng.permuted(np.tile(treated, (draws, 1)), axis=1)
    return Assignments(panel.units, _moved(panel, chosen, given), distinct, enumerated=False, scheme="connected")


def _within_strata(
    panel: PathPanel, strata: np.ndarray, draws: int, rng: np.random.Generator, scheme: str
) -> Assignments:
    members = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    classes = panel.path_class
    distinct = _at_least_two(prod(_multinomial(np.bincount(classes[m])) for m in members))
    if distinct <= _positive(draws):
        source = np.empty((distinct, len(strata)), dtype=np.intp)
        for row, parts in enumerate(product(*[list(_arrangements(classes[m])) for m in members])):
            for m, part in zip(members, parts, strict=True):
                source[row, m] = m[list(part)]
        return Assignments(panel.units, source, distinct, enumerated=True, scheme=scheme)
    source = np.empty((draws, len(strata)), dtype=np.intp)
    for m in members:
        source[:, m] = rng.permuted(np.tile(m, (draws, 1)), axis=1)
    return Assignments(panel.units, source, distinct, enumerated=False, scheme=scheme)


def _arrangements(classes: np.ndarray) -> Iterator[tuple[int, ...]]:
    """Yield every distinct order of the labels, as positions of members that carry them."""
    groups = sorted((np.flatnonzero(classes == k).tolist() for k in np.unique(classes)), key=len)
    places = [-1] * len(classes)

    def fill(level: int, free: list[int]) -> Iterator[tuple[int, ...]]:
        if level == len(groups) - 1:
            for place, member in zip(free, groups[level], strict=True):
                places[place] = member
            yield tuple(places)
            return
        for taken in combinations(free, len(groups[level])):
            for place, member in zip(taken, groups[level], strict=True):
                places[place] = member
            yield from fill(level + 1, [place for place in free if place not in taken])

    return fill(0, list(range(len(classes))))


def _moved(panel: PathPanel, chosen: np.ndarray, given: np.ndarray) -> np.ndarray:
    untreated = int(np.flatnonzero(~panel.treated)[0])
    source = np.full((len(chosen), len(panel.units)), untreated, dtype=np.intp)
    np.put_along_axis(source, chosen, given, axis=1)
    return source


def _adjacency(units: np.ndarray, links: Sequence[tuple[str, str]]) -> np.ndarray:
    place = {unit: i for i, unit in enumerate(units.tolist())}
    A = np.zeros((len(units), len(units)))
    for a, b in links:
        if a in place and b in place:
            A[place[a], place[b]] = A[place[b], place[a]] = 1.0
    return A


def _multinomial(counts: np.ndarray) -> int:
    sizes = [int(count) for count in counts if count]
    return factorial(sum(sizes)) // prod(factorial(size) for size in sizes)


def _at_least_two(distinct: int) -> int:
    if distinct < 2:
        raise NumericsError("only one assignment is possible: there is nothing to compare the data with")
    return distinct


def _positive(draws: int) -> int:
    if draws < 1:
        raise NumericsError(f"at least one draw is needed, not {draws}")
    return draws
