"""Cross-sections of spillovers: growth, starting income, own and neighbours' regimes of
every unit in one period.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.sparse import csr_array

from evenfield.numerics.spatial import multiplier
from evenfield.shared.spec import Changes, Id, Inference, Role, Spec
from evenfield.shared.tables.rows import only, records
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.files import Record
from evenfield.study.spatial_weights import SpatialWeights, row_standardised
from evenfield.study.study import Study
from evenfield.study.study_config import (
    HypothesisName,
    PeriodName,
    TaxonomyName,
    WeightsName,
)

DECIDING = "primary"
OUTCOME = "growth_pct_per_year"
START = "log_income_start"
# The pair that the hypotheses name, in the order of the contrast; only it decides.
TESTED = ["cluster", "sez"]
ZONE_COLUMNS = {"sez": "zones_sez", "park": "zones_hidz", "zone": "zones_state"}
PRESENT = 0.5


class ExposureSpec(Spec):
    """One specification; the primary one is repeated under every taxonomy and all
    weights.
    """

    id: Id
    taxonomy: TaxonomyName
    """Taxonomy of clusters and zones."""
    weights: WeightsName
    """Spatial weights."""
    role: Role = "robustness"
    """Role in the tables."""
    inference: Inference = ()
    regimes: list[Literal["cluster", "sez", "park", "zone"]] = Field(
        ["cluster", "sez"], min_length=2
    )
    """Regimes on the right-hand side (park: science parks; zone: any national zone);
    the contrast is the first minus the second."""
    zones: Literal["list", "number", "documented"] = "list"
    """How zones are measured: a list (parks and any zone: at least half a zone in force
    on average), the mean number in force, or that without years of grade C."""
    neighbours: Literal["equal", "population"] = "equal"
    """Whether the weights are multiplied by the neighbours' population at the period's
    start."""
    hypothesis: HypothesisName = ""
    """Hypothesis or claim that the difference of the neighbours' regimes speaks to."""
    zones_hypothesis: HypothesisName = ""
    """The same for the coefficients of zones, own and of neighbours."""

    placebo_lists: list[PeriodName] = []
    """Periods in which every method of inference is printed for the difference of the
    neighbours' regimes, and tried on placebo lists."""
    changes: Changes = []

    @property
    def own(self) -> tuple[str, ...]:
        """Columns of the own regimes."""
        return tuple(f"own_{regime}" for regime in self.regimes)

    @property
    def exposures(self) -> tuple[str, ...]:
        """Names of the neighbours' regimes."""
        return tuple(f"exposure_{regime}" for regime in self.regimes)

    @property
    def counted(self) -> bool:
        """Whether zones are counted, so that coefficients are comparable per standard
        deviation only.
        """
        return self.zones != "list"


@dataclass(frozen=True)
class CrossSection:
    """One specification in one period: growth, starting income, own and neighbours'
    regimes, by unit.
    """

    study: Study
    spec: ExposureSpec
    period: Record
    table: pd.DataFrame
    weights: SpatialWeights

    @property
    def decides(self) -> bool:
        """Whether its difference and its own coefficient decide hypotheses."""
        # Periods of other roles (spans, variants) are shown and decide nothing.
        main = self.spec.role == DECIDING and self.period["role"] == "main"
        return main and self.spec.regimes[:2] == TESTED

    @property
    def name(self) -> str:
        """Name of the period."""
        return str(self.period["period"])

    def standard_deviation(self, name: str) -> float:
        """Return the standard deviation of an exposure (ddof 0)."""
        return float(self.table[name].std(ddof=0))


class Tables:
    """Growth and own regimes of a study by unit: each arranged once, for many
    cross-sections.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.units = [str(unit) for unit in study.table("units")["unit"]]
        self._exposures = study.table("exposures")
        self._growth = study.table("periods")
        # Matched by unit id: no table is trusted to be in order.
        self._place = pd.Index(self.units).get_indexer(
            pd.Index(self._exposures["unit"])
        )
        names = ["weights", "taxonomy", "period"]
        self._chosen = self._exposures.groupby(names, sort=False).indices
        self.growth = cache(self._growth_of)

    def _growth_of(self, period: str) -> pd.DataFrame:
        """Return growth and starting income of a period by unit."""
        rows = only(self._growth, period=period).set_index("unit")
        return rows[[OUTCOME, START]].reindex(self.units).astype(float)

    def own(self, spec: ExposureSpec, period: str) -> dict[str, np.ndarray]:
        """Return the own regimes of a period by name of their column, each (N,)."""
        key = (spec.weights, spec.taxonomy, period)
        rows = np.asarray(self._chosen.get(key, ()), dtype=int)
        rows = rows[self._place[rows] >= 0]
        own = {}
        for regime in spec.regimes:
            column, presence = _source(regime, spec.zones)
            values = np.full(len(self.units), np.nan)
            values[self._place[rows]] = self._exposures[column].to_numpy(float)[rows]
            # ASSUME: a unit has science parks, or any zone, in a period when they
            # average at least half a zone in force.
            own[f"own_{regime}"] = _present(values) if presence else values
        return own


def cross_section(tables: Tables, spec: ExposureSpec, period: Record) -> CrossSection:
    """Arrange growth, starting income, own and neighbours' regimes of one period, every
    unit by id.
    """
    study = tables.study
    name = str(period["period"])
    weights = _weights(study, spec, int(period["start"]))
    own = tables.own(spec, name)
    table = tables.growth(name).assign(**own)
    lacks = table.isna().any(axis=1)
    blank = [str(unit) for unit in table.index[lacks]]
    if blank:
        which = (
            f"taxonomy {spec.taxonomy}, weights {spec.weights}: {first_examples(blank)}"
        )
        raise EstimateError(
            f"{counted(len(blank), 'unit has', 'units have')} no growth or no exposure in"
            f" {name} ({which})",
            "growth and exposure of every unit",
            "rebuild panel and exposures for the same units",
        )
    # (W R_k)_i: the neighbours' average of each regime.
    regimes = np.column_stack(list(own.values()))
    seen = multiplier(weights.aligned(tables.units)) @ regimes
    neighbours = dict(zip(spec.exposures, seen.T, strict=True))
    return CrossSection(study, spec, period, table.assign(**neighbours), weights)


def _source(regime: str, zones: str) -> tuple[str, bool]:
    """Return the column of a regime, and whether its number of zones in force is turned
    into presence.
    """
    if regime == "cluster" or (regime == "sez" and zones == "list"):
        return f"own_{regime}", False
    # Zones whose first year is of grade C are not counted there.
    dated = "_documented" if zones == "documented" else ""
    return f"own_{ZONE_COLUMNS[regime]}{dated}", zones == "list"


def _present(number: np.ndarray) -> np.ndarray:
    """Return one where a mean number of zones makes a presence, else zero; what is
    missing stays so.
    """
    return np.where(np.isnan(number), np.nan, number >= PRESENT)


def _weights(study: Study, spec: ExposureSpec, start: int) -> SpatialWeights:
    weights = study.weights(spec.weights)
    if spec.neighbours == "equal":
        return weights
    rows = only(study.table("panel"), year=start).set_index("unit")
    people = rows["population"].reindex(weights.units)
    if people.isna().any():
        blank = [str(unit) for unit in people.index[people.isna()]]
        raise EstimateError(
            f"{counted(len(blank), 'unit has', 'units have')} no population in {start}"
            f" ({first_examples(blank)})",
            "population of every unit",
            "drop `neighbours: population` or fill it",
        )
    # Column j by the population of j, then rows that sum to one again.
    by_population = csr_array(weights.matrix * people.to_numpy(float))
    return replace(weights, matrix=row_standardised(by_population))


def variants(study: Study, spec: ExposureSpec) -> list[ExposureSpec]:
    """Return the primary specification under all other pairs of a taxonomy and weights."""
    pairs = study.table("exposures")[["taxonomy", "weights"]].drop_duplicates()
    own = {"taxonomy": spec.taxonomy, "weights": spec.weights}
    return [
        spec.model_copy(update={**pair, "role": "robustness"})
        for pair in records(pairs.sort_values(["taxonomy", "weights"]))
        if pair != own
    ]
