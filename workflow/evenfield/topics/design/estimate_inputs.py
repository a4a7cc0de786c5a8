"""What the design diagnostics look at: cells, exposures, zones and weights, never an outcome but for its spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.spatial import haversine_km
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.spatial_weights import SpatialWeights

OWN = ("own_cluster", "own_sez")
EXPOSURES = ("exposure_cluster", "exposure_sez")
SERIES_COLUMNS = (
    "block", "taxonomy", "weights", "design", "period", "year", "term", "value", "unit_of_measure", "units", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DesignSpec:
    """The choices of the design diagnostics."""

    taxonomy: str  # primary taxonomy and primary weights
    weights: str
    weights_examined: tuple[str, ...]  # weights whose exposures are examined
    power: float  # power of the minimum detectable effects and level of the test behind them
    level: float


def parse_design_spec(
    design: Mapping[str, Any], taxonomy: Mapping[str, Any], weights: Mapping[str, Any], inference: Mapping[str, Any]
) -> DesignSpec:
    """Read the specification from the config."""
    examined = tuple(design.get("weights") or [weights["primary"]])
    return DesignSpec(taxonomy["primary"], weights["primary"], examined, design["power"], inference["conf_level"])


@dataclass(frozen=True)
class DesignInputs:
    """Tables of one unit scheme, aligned to sorted units."""

    units: pd.DataFrame  # sorted by ``unit``, with ``lat`` and ``lon`` where known
    periods: pd.DataFrame  # ``unit``, ``period``, ``basis``, ``growth_pct_per_year``
    cells: pd.DataFrame  # ``taxonomy``, ``unit``, ``period``, ``cluster``, ``sez``, ``cell``
    exposures: pd.DataFrame  # ``weights``, ``taxonomy``, ``period``, ``unit``, ``own_*``, ``exposure_*``
    first_years: pd.DataFrame  # ``unit``, ``zone_type``, ``first_year``, ``first_year_dated``
    weights: Mapping[str, SpatialWeights]  # every weights matrix of the scheme
    description: Mapping[str, Any]  # ``unit_scheme``, ``data_hash``, ``years``

    @property
    def names(self) -> list[str]:
        """Sorted unit ids."""
        return sorted(self.units["unit"])

    @property
    def period_names(self) -> list[str]:
        """Periods by their first year, then name."""
        starts = self.periods.groupby("period")["start_year"].first()
        return sorted(starts.index, key=lambda name: (starts[name], name))

    def distance_km(self) -> np.ndarray | None:
        """Return distances between sorted units, or nothing where a coordinate is missing."""
        if not {"lat", "lon"} <= set(self.units.columns):
            return None
        place = self.units.set_index("unit").loc[self.names, ["lat", "lon"]].to_numpy(float)
        return haversine_km(place[:, 0], place[:, 1]) if np.isfinite(place).all() else None

    def regressors(self, weights: str, taxonomy: str, period: str) -> pd.DataFrame:
        """Return own and exposure columns of every unit, sorted by unit."""
        table = self.exposures
        rows = table[(table["weights"] == weights) & (table["taxonomy"] == taxonomy) & (table["period"] == period)]
        missing = sorted(set(self.names) - set(rows["unit"]))
        if missing:
            raise EstimateError(f"{len(missing)} units have no exposure to {taxonomy} through {weights} in {period} "
                                f"({first_examples(missing)})", "one row a unit", "rebuild the exposures")  # fmt: skip
        return rows.set_index("unit").loc[self.names, [*OWN, *EXPOSURES]].astype(float)

    def taxonomies(self) -> list[str]:
        """Return the taxonomies in sorted order."""
        return sorted(self.cells["taxonomy"].unique())

    def is_empty(self, taxonomy: str) -> bool:
        """Tell whether a taxonomy has no cluster and no SEZ at all."""
        mine = self.cells[self.cells["taxonomy"] == taxonomy]
        return not bool(mine[["cluster", "sez"]].to_numpy().any())

    def designs(self, taxonomy: str) -> dict[str, list[str]]:
        """Group the periods in which a taxonomy draws the same cells."""
        mine = self.cells[self.cells["taxonomy"] == taxonomy].sort_values("unit")
        groups: dict[tuple[tuple[int, ...], ...], list[str]] = {}
        for period in self.period_names:
            rows = mine[mine["period"] == period]
            groups.setdefault((tuple(rows["cluster"]), tuple(rows["sez"])), []).append(period)
        members = list(groups.values())
        return {"" if len(members) == 1 else names[0]: names for names in members}


def series_row(block: str, **cells: object) -> dict[str, object]:
    """Make one row of the long table of diagnostics."""
    empty: dict[str, object] = dict.fromkeys(SERIES_COLUMNS, "")
    return {**empty, "year": np.nan, "value": np.nan, "block": block, **cells}
