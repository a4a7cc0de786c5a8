"""Where units are, and which label permutations and spatial components belong to a set
of units: made once each.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference_methods import AVERAGE_CORRELATIONS, Geography
from evenfield.numerics.label_permutation import (
    LabelDraws,
    connected_label_draws,
    free_label_draws,
    stratified_label_draws,
)
from evenfield.numerics.random import generator_for
from evenfield.numerics.scpc import SpatialComponents, spatial_components
from evenfield.numerics.spatial import haversine_km, symmetric
from evenfield.study.errors import EstimateError, first_examples

STRATA = "coastal"
SCHEMES = ("free", "stratified", "connected")


class Geographies:
    """Coordinates, spatial components and permutations by set of units."""

    def __init__(
        self,
        units: pd.DataFrame,
        links: pd.DataFrame,
        permutations: int,
        seed: int,
        level: float,
    ) -> None:
        self._units = units.set_index("unit")
        self._position = {str(unit): i for i, unit in enumerate(units["unit"])}
        self._links = links
        self._permutations, self._seed, self._level = permutations, seed, level
        self._located: dict[
            tuple[str, ...], tuple[np.ndarray, np.ndarray, dict[str, SpatialComponents]]
        ] = {}
        self._draws: dict[tuple[object, ...], LabelDraws | str] = {}
        self.prepared: dict[bytes, Any] = {}  # contrasts by their arrays

    def at(
        self,
        members: np.ndarray,
        group: np.ndarray,
        draw_id: str,
        schemes: tuple[str, ...] = SCHEMES,
    ) -> Geography:
        """Return what inference needs to know about a set of units and its first group;
        members (N,), group (N,).
        """
        where = self._where(tuple(members))
        drawn = {
            scheme: self._drawn(scheme, members, group, draw_id) for scheme in schemes
        }
        draws = {
            scheme: labels
            for scheme, labels in drawn.items()
            if isinstance(labels, LabelDraws)
        }
        reasons = {
            scheme: labels
            for scheme, labels in drawn.items()
            if isinstance(labels, str)
        }
        return Geography(*where, draws, reasons)

    def order(self, units: np.ndarray) -> np.ndarray:
        """Return the positions of units in the order in which draws take them; units
        (N,).
        """
        return np.argsort(
            [self._position.get(unit, len(self._position)) for unit in units.tolist()],
            kind="stable",
        )

    def free_draws(self, count: int, draw_id: str) -> LabelDraws:
        """Return permutations of labels among all units."""
        return free_label_draws(
            count,
            self._permutations,
            generator_for(self._seed, f"labels:free:{draw_id}"),
        )

    def _where(
        self, members: tuple[str, ...]
    ) -> tuple[np.ndarray, np.ndarray, dict[str, SpatialComponents]]:
        if members not in self._located:
            if missing := sorted(set(members) - set(self._units.index)):
                fault = (
                    f"{len(missing)} units have no row in units.csv"
                    f" ({first_examples(missing)})"
                )
                raise EstimateError(fault, "every unit of the panel", "add them")
            lat, lon = self._units.loc[list(members), ["lat", "lon"]].to_numpy(float).T
            space = {}
            if np.isfinite(lat + lon).all():
                distance = haversine_km(lat, lon)
                bounds = AVERAGE_CORRELATIONS.items()
                space = {
                    name: spatial_components(distance, bound, self._level)
                    for name, bound in bounds
                }
            self._located[members] = lat, lon, space
        return self._located[members]

    def _drawn(
        self, scheme: str, members: np.ndarray, group: np.ndarray, draw_id: str
    ) -> LabelDraws | str:
        key = (
            scheme,
            tuple(members),
            tuple(group.tolist()) if scheme == "connected" else (),
            draw_id,
        )
        if key not in self._draws:
            self._draws[key] = self._new_draws(scheme, members, group, draw_id)
        return self._draws[key]

    def _new_draws(
        self, scheme: str, members: np.ndarray, group: np.ndarray, draw_id: str
    ) -> LabelDraws | str:
        B = self._permutations
        if scheme == "free":
            return self.free_draws(len(members), draw_id)
        if scheme == "stratified":
            if (
                STRATA not in self._units
                or self._units.loc[members, STRATA].nunique() < 2
            ):
                return f"no column {STRATA} that divides these units"
            strata = self._units.loc[members, STRATA].to_numpy(str)
            return stratified_label_draws(
                strata, B, generator_for(self._seed, f"labels:{STRATA}:{draw_id}")
            )
        try:
            stream = generator_for(self._seed, f"labels:connected:{draw_id}")
            return connected_label_draws(
                _indicator(group), self.touching(members), B, stream
            )
        except NumericsError as error:
            return str(error)

    def touching(self, members: np.ndarray) -> csr_array:
        """Return one for units that touch, of some units; members (N,) -> (N, N)."""
        position = {unit: i for i, unit in enumerate(members.tolist())}
        ends = (
            self._links[["unit_i", "unit_j"]]
            .apply(lambda side: side.map(position))
            .dropna()
            .to_numpy(int)
        )
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
