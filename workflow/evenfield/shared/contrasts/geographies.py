"""Where units are, and which label permutations belong to a set of units: drawn once each,
when a method asks for them.
"""

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import Locations
from evenfield.numerics.label_permutation import (
    LabelDraws,
    connected_label_draws,
    every_connected_list,
    free_label_draws,
    stratified_label_draws,
)
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import symmetric
from evenfield.shared.contrasts.sections import Geography
from evenfield.study.study import Study

STRATA = "coastal"
# All placebo lists are tried where they are no more: that takes a second or two, and
# leaves no error of simulation in sizes and corrected p-values.
MOST_LISTS = 5_000


class Geographies:
    """Coordinates, spatial components and permutations by set of units."""

    def __init__(
        self, units: pd.DataFrame, links: pd.DataFrame, permutations: int, seed: int
    ) -> None:
        self._units = units.set_index("unit")
        self._position = {str(unit): i for i, unit in enumerate(units["unit"])}
        self._links = links
        self._permutations = permutations
        self._seed = seed
        self._locations: dict[tuple[str, ...], Locations] = {}
        self._draws: dict[tuple[object, ...], LabelDraws] = {}
        self.prepared: dict[bytes, Any] = {}  # contrasts by their arrays

    def at(self, members: np.ndarray, group: np.ndarray, draw_id: str) -> Geography:
        """Return what inference needs to know about a set of units and its first group;
        members (N,), group (N,).
        """
        return Geography(
            locations=self._located(tuple(members)),
            draws=partial(self._drawn, members, group, draw_id),
            strata=partial(self._strata, members),
            lists=partial(self._lists, members, draw_id),
        )

    def order(self, units: np.ndarray) -> np.ndarray:
        """Return the positions of units in the order in which draws take them; units
        (N,).
        """
        last = len(self._position)
        positions = [self._position.get(unit, last) for unit in units.tolist()]
        return np.argsort(positions, kind="stable")

    def free_draws(self, count: int, draw_id: str) -> LabelDraws:
        """Return permutations of labels among all units."""
        stream = generator_for(self._seed, f"labels:free:{draw_id}")
        return free_label_draws(count, self._permutations, stream)

    def _located(self, members: tuple[str, ...]) -> Locations:
        if members not in self._locations:
            lat, lon = self._units.loc[list(members), ["lat", "lon"]].to_numpy(float).T
            self._locations[members] = Locations(np.array(members), lat, lon)
        return self._locations[members]

    def _drawn(
        self, members: np.ndarray, group: np.ndarray, draw_id: str, scheme: str
    ) -> LabelDraws:
        """Return permutations of one scheme, the same for all contrasts of its units."""
        # Only connected draws depend on the group; the others serve every contrast.
        moved = tuple(group.tolist()) if scheme == "connected" else ()
        key = (scheme, tuple(members), moved, draw_id)
        if key not in self._draws:
            self._draws[key] = self._new_draws(scheme, members, group, draw_id)
        return self._draws[key]

    def _new_draws(
        self, scheme: str, members: np.ndarray, group: np.ndarray, draw_id: str
    ) -> LabelDraws:
        if scheme == "free":
            return self.free_draws(len(members), draw_id)
        count = self._permutations
        if scheme == "connected":
            inside = _indicator(group)
            stream = generator_for(self._seed, f"labels:connected:{draw_id}")
            return connected_label_draws(inside, self.touching(members), count, stream)
        stream = generator_for(self._seed, f"labels:{STRATA}:{draw_id}")
        return stratified_label_draws(self._strata(members), count, stream)

    def _lists(
        self, members: np.ndarray, draw_id: str, labels: np.ndarray, count: int
    ) -> LabelDraws:
        """Return every placebo list of some labels, or as many as are drawn where there
        are too many; members (N,), labels (N, L).
        """
        inside = _indicator(labels[:, 0])
        touching = self.touching(members)
        every = every_connected_list(labels, inside, touching, MOST_LISTS)
        if every is not None:
            return every
        stream = generator_for(self._seed, f"labels:placebo:{draw_id}")
        return connected_label_draws(inside, touching, count, stream, spaced=True)

    def _strata(self, members: np.ndarray) -> np.ndarray:
        if STRATA not in self._units or self._units.loc[members, STRATA].nunique() < 2:
            raise NumericsError(f"no column {STRATA} that divides these units")
        return np.asarray(self._units.loc[members, STRATA].to_numpy(str))

    def touching(self, members: np.ndarray) -> csr_array:
        """Return one for units that touch, of some units; members (N,) -> (N, N)."""
        position = {unit: i for i, unit in enumerate(members.tolist())}
        sides = self._links[["unit_i", "unit_j"]]
        ends = sides.apply(lambda side: side.map(position)).dropna().to_numpy(int)
        return symmetric(len(members), ends[:, 0], ends[:, 1], np.ones(len(ends)))


def joined_links(
    adjacency: pd.DataFrame, join: Sequence[Sequence[str]]
) -> pd.DataFrame:
    """Return which units touch: shared borders and the joins of the config."""
    joined = pd.DataFrame(list(join), columns=["unit_i", "unit_j"])
    return pd.concat([adjacency[["unit_i", "unit_j"]], joined], ignore_index=True)


def _indicator(group: np.ndarray) -> np.ndarray:
    if not np.isin(group, (0.0, 1.0)).all():
        raise NumericsError(
            "the first label is no indicator: nothing that hangs together"
        )
    return np.asarray(group == 1.0)


@cache
def study_geographies(study: Study, scheme: str = "") -> Geographies:
    """Return where the units of a study are, and who could have had whose labels."""
    links = joined_links(study.table("adjacency", scheme), study.config.weights.join)
    inference = study.config.inference
    units = study.table("units", scheme)
    return Geographies(units, links, inference.permutations, inference.seed)
