"""What the exposure regressions look at: growth, starting income, own regimes and weights, by period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.exposure.estimate_spec import DOCUMENTED, LIST, PRESENT, ZONE_COLUMNS, ExposureSpec

START = "log_income_start"
OUTCOME = "growth_pct_per_year"


@dataclass(frozen=True)
class ExposureData:
    """Tables of one unit scheme."""

    periods: pd.DataFrame  # ``unit``, ``period``, ``growth_pct_per_year``, ``log_income_start``
    regimes: pd.DataFrame
    weights: Mapping[str, SpatialWeights]  # by name
    units: pd.DataFrame  # ``unit``, ``lat``, ``lon`` and, for stratified permutation, ``coastal``
    links: pd.DataFrame  # ``unit_i``, ``unit_j`` of units that touch
    panel: pd.DataFrame  # ``unit``, ``year``, ``population``

    @property
    def names(self) -> list[str]:
        """All units, sorted."""
        return sorted(self.units["unit"])

    def section(self, spec: ExposureSpec, period: str) -> pd.DataFrame:
        """Return growth, starting income, own and neighbours' regimes of one period."""
        rows = self.regimes
        mine = rows[rows["weights"].eq(spec.weights) & rows["taxonomy"].eq(spec.taxonomy) & rows["period"].eq(period)]
        left = self.periods[self.periods["period"].eq(period)].set_index("unit")[[OUTCOME, START]]
        right = mine.set_index("unit")
        own = pd.DataFrame({f"own_{name}": _measured(right, name, spec.zones) for name in spec.regimes})
        table = left.join(own, how="outer").reindex(self.names).astype(float)
        blank = [str(unit) for unit in table.index[table.isna().any(axis=1)]]
        if blank:
            raise EstimateError(f"{len(blank)} units have no growth or no exposure in {period} (taxonomy "
                                f"{spec.taxonomy}, weights {spec.weights}: {first_examples(blank)})",
                                "growth and exposure of every unit",
                                "rebuild panel and exposures for the same units")  # fmt: skip
        return table

    def neighbours(self, spec: ExposureSpec, start: int) -> SpatialWeights:
        """Return the weights of a specification."""
        weights = self.weights[spec.weights]
        if spec.neighbours == "equal":
            return weights
        people = self.panel[self.panel["year"].eq(start)].set_index("unit")["population"].reindex(weights.units)
        if people.isna().any():
            lacking = [str(unit) for unit in people.index[people.isna()]]
            raise EstimateError(f"{len(lacking)} units have no population in {start} ({first_examples(lacking)})",
                                "population of every unit", "drop `neighbours: population` or fill it")  # fmt: skip
        pulled = weights.matrix * people.to_numpy(float)
        return replace(weights, matrix=pulled / pulled.sum(axis=1, keepdims=True))


def joined_links(adjacency: pd.DataFrame, join: list[list[str]]) -> pd.DataFrame:
    """Add the pairs that the weights join although they do not touch."""
    pairs = [*adjacency[["unit_i", "unit_j"]].itertuples(index=False, name=None), *map(tuple, join)]
    return pd.DataFrame(sorted(set(pairs)), columns=["unit_i", "unit_j"])


def _measured(rows: pd.DataFrame, regime: str, zones: str) -> pd.Series:
    """Return a regime as a list membership, a presence or a mean number of zones in force."""
    if regime == "cluster" or (regime == "sez" and zones == LIST):
        return rows[f"own_{regime}"]
    number = rows[f"own_{ZONE_COLUMNS[regime]}{'_documented' if zones == DOCUMENTED else ''}"]
    # ASSUME: a unit has science parks, or any zone, in a period when they average at least half a zone in force.
    return number.ge(PRESENT).astype(float) if zones == LIST else number


def exposed(table: pd.DataFrame, spec: ExposureSpec, weights: SpatialWeights) -> pd.DataFrame:
    """Add the neighbours' averages of the own regimes."""
    seen = weights.aligned([str(unit) for unit in table.index]) @ table[list(spec.own)].to_numpy(float)
    return table.assign(**dict(zip(spec.exposures, np.asarray(seen).T, strict=True)))
