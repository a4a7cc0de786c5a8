"""Where units are, and which label permutations belong to a set of units: drawn once each,
when a method asks for them.
"""

from functools import cache

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.models.placebo_lists import placebo_lists
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Locations
from evenfield.numerics.label_permutation import (
    LabelDraws,
    connected_label_draws,
    exact_label_draws,
    free_label_draws,
    group_of,
    stratified_label_draws,
)
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import symmetric
from evenfield.study.study import Study
from evenfield.study.study_config import InferenceSettings

STRATA = "coastal"


class Geographies:
    """Coordinates and permutations by set of units, and the settings of inference."""

    def __init__(
        self, units: pd.DataFrame, links: pd.DataFrame, inference: InferenceSettings
    ) -> None:
        self.inference = inference
        self._units = units.set_index("unit")
        self._position = {str(unit): i for i, unit in enumerate(units["unit"])}
        self._links = links
        self._locations: dict[tuple[str, ...], Locations] = {}
        self._draws: dict[tuple[object, ...], LabelDraws] = {}

    def ordered(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table by unit in the order in which draws take its units."""
        last = len(self._position)
        positions = [self._position.get(str(unit), last) for unit in table.index]
        return table.iloc[np.argsort(positions, kind="stable")]

    def locations(self, units: np.ndarray) -> Locations:
        """Return where some units are, with their spatial components; units (N,)."""
        key = tuple(units)
        if key not in self._locations:
            lat, lon = self._units.loc[list(key), ["lat", "lon"]].to_numpy(float).T
            self._locations[key] = Locations(np.array(key), lat, lon)
        return self._locations[key]

    def draws(
        self, scheme: str, units: np.ndarray, labels: np.ndarray, draw_id: str
    ) -> LabelDraws:
        """Return permutations of labels by one scheme, the same for all contrasts of some
        units; units (N,), labels (N, L), of which connected draws move the first.
        """
        if scheme == "exact":
            return exact_label_draws(labels, self.strata(units))
        # Only connected draws depend on the labels; the others serve every contrast.
        moved = tuple(labels[:, 0].tolist()) if scheme == "connected" else ()
        key = (scheme, tuple(units), moved, draw_id)
        if key not in self._draws:
            self._draws[key] = self._drawn(scheme, units, labels, draw_id)
        return self._draws[key]

    def _drawn(
        self, scheme: str, units: np.ndarray, labels: np.ndarray, draw_id: str
    ) -> LabelDraws:
        count = self.inference.permutations
        name = STRATA if scheme == "stratified" else scheme
        stream = generator_for(self.inference.seed, f"labels:{name}:{draw_id}")
        if scheme == "free":
            return free_label_draws(len(units), count, stream)
        if scheme == "connected":
            inside = group_of(labels)
            return connected_label_draws(inside, self.touching(units), count, stream)
        return stratified_label_draws(self.strata(units), count, stream)

    def lists(self, units: np.ndarray, labels: np.ndarray, draw_id: str) -> LabelDraws:
        """Return every placebo list of some labels, or as many as are drawn where there
        are too many; units (N,), labels (N, L).
        """
        stream = generator_for(self.inference.seed, f"labels:placebo:{draw_id}")
        count = self.inference.placebo_lists
        return placebo_lists(labels, self.touching(units), count, stream)

    def strata(self, units: np.ndarray) -> np.ndarray:
        """Return the stratum of each unit, (N,) -> (N,), where there are several."""
        if STRATA not in self._units or self._units.loc[units, STRATA].nunique() < 2:
            raise NumericsError(f"no column {STRATA} that divides these units")
        return np.asarray(self._units.loc[units, STRATA].to_numpy(str))

    def touching(self, units: np.ndarray) -> csr_array:
        """Return one for units that touch, of some units; units (N,) -> (N, N)."""
        position = {unit: i for i, unit in enumerate(units.tolist())}
        sides = self._links[["unit_i", "unit_j"]]
        ends = sides.apply(lambda side: side.map(position)).dropna().to_numpy(int)
        return symmetric(len(units), ends[:, 0], ends[:, 1], np.ones(len(ends)))


@cache
def study_geographies(study: Study, scheme: str = "") -> Geographies:
    """Return where the units of a study are, and who could have had whose labels: units
    touch where they share a border, or where the config joins them.
    """
    joined = pd.DataFrame(list(study.config.weights.join), columns=["unit_i", "unit_j"])
    borders = study.table("adjacency", scheme)[["unit_i", "unit_j"]]
    links = pd.concat([borders, joined], ignore_index=True)
    units = study.table("units", scheme)
    return Geographies(units, links, study.config.inference)
