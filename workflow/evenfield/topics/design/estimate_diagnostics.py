"""What a design consists of, and its diagnostics: cells, correlations, variance
inflation, weights, cohort support.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.influence import dependent_columns
from evenfield.numerics.power import event_study_mde
from evenfield.numerics.spatial import haversine_km
from evenfield.shared.tables.rows import only
from evenfield.study.study import Study

OWN = ("own_cluster", "own_sez")
EXPOSURES = ("exposure_cluster", "exposure_sez")
CELLS = ("both", "cluster only", "SEZ only", "neither")
SERIES = """
    block taxonomy weights design period year term value unit_of_measure units note
""".split()
WEIGHT_FACTS = {
    "links": "links",
    "mean_neighbours": "neighbours",
    "effective_neighbours": "neighbours",
    "rho_low": "rho",
    "rho_high": "rho",
    "components": "components",
}
# The zone type that stands for any national-level zone.
ANY_ZONE = "state"
YEARLY_SD = 3.0
HORIZONS = (1, 3, 5, 7)
Line = dict[str, Any]


class Design:
    """The regimes, exposures and weights of the main unit scheme; never an outcome but
    for its spread.
    """

    def __init__(self, study: Study, examined: Sequence[str]) -> None:
        self.taxonomy: str = study.config.taxonomy.primary
        self.weights: str = study.config.weights.primary
        self.examined = list(examined) or [self.weights]
        self.power = study.power
        self.level = study.config.inference.level
        self.description = study.description()
        self.matrices = study.all_weights
        self.coordinates = study.table("units").set_index("unit").sort_index()
        self.units = [str(unit) for unit in self.coordinates.index]
        self.exposures = study.table("exposures")
        self.first_years = study.table("first_years")
        self.cells = study.table("cells").sort_values("unit")
        self.taxonomies = sorted(self.cells["taxonomy"].unique())
        self.periods = study.table("periods")
        self.bases = self.periods.groupby("period")["basis"].first().astype(str)
        self.regressors = cache(self._regressors)

    @property
    def period_names(self) -> list[str]:
        """Periods by their first year, then name."""
        starts = self.periods.groupby("period")["start_year"].first()
        return sorted(starts.index, key=lambda name: (starts[name], name))

    @property
    def growth_sd(self) -> pd.Series:
        """The standard deviation across units of annual growth, s, by period."""
        # N - 1 here, since s stands for the error's scale; exposures are scaled with N.
        return self.periods.groupby("period")["growth_pct_per_year"].std(ddof=1)

    def distance_km(self) -> np.ndarray | None:
        """Return distances between units, or nothing where a coordinate is missing."""
        lat_lon = self.coordinates.reindex(columns=["lat", "lon"]).to_numpy(float)
        return haversine_km(*lat_lon.T) if np.isfinite(lat_lon).all() else None

    def _regressors(self, weights: str, taxonomy: str, period: str) -> pd.DataFrame:
        """Return own and exposure columns of every unit, sorted by unit."""
        rows = only(
            self.exposures, weights=weights, taxonomy=taxonomy, period=period
        ).set_index("unit")
        return rows.loc[self.units, [*OWN, *EXPOSURES]].astype(float)

    def is_empty(self, taxonomy: str) -> bool:
        """Tell whether a taxonomy has no cluster and no SEZ at all."""
        cells = only(self.cells, taxonomy=taxonomy)
        return not cells[["cluster", "sez"]].to_numpy().any()

    def designs(self, taxonomy: str) -> dict[str, list[str]]:
        """Group the periods in which a taxonomy draws the same cells, by the first one;
        one group has no name.
        """
        groups: dict[bytes, list[str]] = {}
        for period in self.period_names:
            cells = only(self.cells, taxonomy=taxonomy, period=period)
            # Cells are sorted by unit, so equal bytes are equal groups.
            drawn = cells[["cluster", "sez"]].to_numpy(float).tobytes()
            groups.setdefault(drawn, []).append(period)
        # The same cells in all periods: one row in s serves them, its period blank.
        if len(groups) == 1:
            return {"": self.period_names}
        return {names[0]: names for names in groups.values()}


def line(block: str, **cells: object) -> Line:
    """Make one row of the long table of diagnostics."""
    blank = dict.fromkeys(SERIES, "") | {"year": np.nan, "value": np.nan}
    return blank | {"block": block, **cells}


def diagnostics(design: Design) -> Iterator[Line]:
    """Return the rows of all diagnostics but the detectable effects."""
    for taxonomy in design.taxonomies:
        for period, periods in design.designs(taxonomy).items():
            labels = {"taxonomy": taxonomy, "period": period}
            rows = [*_cells(design, taxonomy, periods)]
            # Own regimes are the same through all weights.
            own = design.regressors(design.examined[0], taxonomy, periods[0])
            rows.append(_correlation(own, OWN))
            for name in design.examined:
                table = design.regressors(name, taxonomy, periods[0])
                for row in (_correlation(table, EXPOSURES), *_inflation(table)):
                    rows.append(row | {"weights": name})
            yield from (row | labels for row in rows)
    yield from _weights(design)
    yield from _support(design)
    yield from _event_studies(design)
    for period in design.period_names:
        yield line(
            "spread",
            period=period,
            term="s",
            value=float(design.growth_sd[period]),
            unit_of_measure="pp/yr",
            note=design.bases[period],
        )


def _cells(design: Design, taxonomy: str, periods: list[str]) -> Iterator[Line]:
    """Count the units in each cell of the 2x2 table and list them."""
    table = only(design.cells, taxonomy=taxonomy, period=periods[0])
    for cell in CELLS:
        units = sorted(only(table, cell=cell)["unit"])
        yield line(
            "cells",
            term=cell,
            value=float(len(units)),
            unit_of_measure="units",
            units=" ".join(units),
            note=f"periods: {', '.join(periods)}",
        )


def _correlation(table: pd.DataFrame, pair: tuple[str, str]) -> Line:
    value = np.nan
    note = ""
    first, second = (table[name].to_numpy(float) for name in pair)
    # Averages through weights that sum to one differ by rounding where they are equal.
    constant = [name for name in pair if np.ptp(table[name]) < 1e-12]
    if constant:
        note = f"not defined: {' and '.join(constant)} equal for all units"
    else:
        value = float(np.corrcoef(first, second)[0, 1])
    return line(
        "correlation",
        term=" x ".join(pair),
        value=value,
        unit_of_measure="correlation",
        note=note,
    )


def _inflation(table: pd.DataFrame) -> Iterator[Line]:
    """Measure how much of each regressor the others already hold."""
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    X = np.column_stack([np.ones(len(table)), table.to_numpy()])
    note = undefined_note(["constant", *table.columns], X)
    for j, name in enumerate(table.columns, start=1):
        # 1 / (1 - R_j^2) of regressor j on the others; column 0 of X is their constant.
        value = np.nan if note else float(variance_inflation_factor(X, j))
        yield line(
            "vif",
            term=name,
            value=value,
            unit_of_measure="ratio",
            note=note,
        )


def undefined_note(names: list[str], X: np.ndarray) -> str:
    """Say why the coefficients of a design are not defined; X (N, K)."""
    # The t quantiles of a detectable effect need N - K > 0 degrees of freedom.
    if X.shape[0] <= X.shape[1]:
        return f"not defined: {X.shape[0]} units for {X.shape[1]} coefficients"
    alike = [names[j] for j in dependent_columns(X)]
    return f"not defined: {', '.join(alike)} are collinear" if alike else ""


def _weights(design: Design) -> Iterator[Line]:
    for name, weights in sorted(design.matrices.items()):
        for fact, unit in WEIGHT_FACTS.items():
            value = weights.spec.get(fact)
            yield line(
                "weights",
                weights=name,
                term=fact,
                value=np.nan if value is None else float(value),
                unit_of_measure=unit,
                note=str(weights.spec.get("kind", "")),
            )


def _first_zones(design: Design, column: str = "first_year") -> pd.Series:
    """Return the year of each unit's first national-level zone of any kind."""
    zones = only(design.first_years, zone_type=ANY_ZONE).set_index("unit")
    # Units that never had a zone are missing and so never count as treated.
    return zones[column].astype(float).reindex(design.units)


def _support(design: Design) -> Iterator[Line]:
    """Count treated units, units not yet treated and far controls in every year."""
    first = _first_zones(design)
    if first.isna().all():
        return
    # Years of grade C left out: readers see what doubtful dates decide.
    dated = _first_zones(design, "first_year_dated")
    matrices = [matrix for _, matrix in sorted(design.matrices.items())]
    borders = [W for W in matrices if W.spec.get("kind") == "contiguity"]
    years = design.description["years"]
    for year in range(int(min(years)), int(max(years)) + 1):
        treated = (first <= year).to_numpy()
        groups = {
            "treated": treated,
            "treated_dated": (dated <= year).to_numpy(),
            "not_yet_treated": ~treated,
        }
        if borders:
            # Untreated and without a treated neighbour.
            near = borders[0].aligned(design.units) @ treated.astype(float)
            groups["far_controls"] = ~treated & (near == 0)
        for term, member in groups.items():
            yield line(
                "support",
                year=year,
                term=term,
                value=float(member.sum()),
                unit_of_measure="units",
                units=" ".join(first.index[member]),
            )


def _event_studies(design: Design) -> Iterator[Line]:
    """Ask what a comparison of each cohort with the units not yet treated could show."""
    first = _first_zones(design)
    last = int(max(design.description["years"]))
    for cohort in sorted(first.dropna().astype(int).unique()):
        treated = int((first == cohort).sum())
        for years in [years for years in HORIZONS if cohort + years <= last]:
            # Controls are units that have no zone yet at the horizon.
            controls = int((~(first <= cohort + years)).sum())
            if controls < 1 or treated + controls < 3:
                continue
            # ASSUME: a unit's log income drifts as a random walk with shocks of 3 per
            # cent a year in event-study MDEs.
            mde = event_study_mde(
                treated, controls, years, YEARLY_SD, design.power, design.level
            )
            yield line(
                "event_study",
                year=cohort,
                term=f"{years} years",
                value=mde,
                unit_of_measure="per cent",
                note=f"{treated} treated, {controls} not yet treated",
            )
