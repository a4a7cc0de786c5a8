"""What an association declares, and the numbers by unit that statements need from
panel, cells, zones and lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from evenfield.numerics.spatial import polygon_area_km2
from evenfield.numerics.standardised_index import standardised_index
from evenfield.shared.samples import UnsupportedError
from evenfield.shared.settings import check_names
from evenfield.shared.spec import Changes, Id, Inference, Spec
from evenfield.shared.tables.rows import only
from evenfield.study.expressions import by_year, check_columns, columns_of
from evenfield.study.files import Record
from evenfield.study.study import Study
from evenfield.study.study_config import PeriodName, TaxonomyName

# ASSUME: a year counts when at least nine in ten units have a value; units without any
# are left out and named.
UNITS_NEEDED = 0.9
# A slope over fewer years would be that of single ones.
FEWEST_YEARS = {"mean": 1, "trend": 5}


LABELS = "cluster sez both cluster_only sez_only either neither".split()


class AssociationSpec(Spec):
    """A regression that stands behind one claim."""

    id: Id
    claim: str
    """Claim of claims.yaml, or a name of your own."""
    kind: Literal["contrast", "panel"]
    """One row a unit, or one a unit and year."""
    label: str
    """Outcome and comparison in words, for the table."""
    outcome: str | list[str]
    """Expression of what is explained; several make an index."""
    reduce: Literal["mean", "trend"] = "mean"
    """How the years of a unit become one number."""
    periods: list[PeriodName] = Field(min_length=1)
    """Periods, each a row."""
    regressors: list[str] = Field(min_length=1)
    """Labels (cluster, sez, both, cluster_only, sez_only, either), zones_TYPE or
    columns."""
    term: str
    """Regressor whose coefficient is reported."""
    minus: str = ""
    """Regressor whose coefficient is subtracted."""
    lags: list[int] = [0]
    """Years by which the regressor of a panel comes first, each a row."""
    taxonomy: TaxonomyName = ""
    """Taxonomy of the labels, the primary one by default."""
    sesoi: float | None = Field(None, gt=0)
    """Smallest effect of interest in the unit of the estimate."""
    unit: str = ""
    """Unit of the estimate."""
    inference: Inference = ()
    changes: Changes = []

    @property
    def outcomes(self) -> list[str]:
        """The expressions of the outcome, several where it is an index."""
        return [self.outcome] if isinstance(self.outcome, str) else self.outcome

    @model_validator(mode="after")
    def _one_outcome(self) -> AssociationSpec:
        if self.kind == "panel" and isinstance(self.outcome, list):
            raise ValueError(
                f"statement {self.id} is a panel with several outcomes; an index needs"
                " kind contrast"
            )
        named = {name for pair in self.changes for name in pair}
        lacking = sorted(named - {*self.periods})
        if lacking:
            raise ValueError(f"changes name {lacking[0]}, which periods do not")
        if self.changes and self.kind == "panel":
            raise ValueError("changes need kind contrast, one row a unit and period")
        return self


def check_association(spec: AssociationSpec, data: Data) -> None:
    """Refuse an association whose outcome, regressors or periods no table has."""
    where = f"estimates.statements.{spec.id}"
    for text in spec.outcomes:
        check_columns(text, data.panel.columns, f"{where}.outcome")
    zones = [f"zones_{name}" for name in data.doses["zone_type"].unique()]
    known = [*LABELS, *data.panel.columns, *zones]
    check_names(spec.regressors, known, f"{where}.regressors")
    used = [spec.term, *([spec.minus] if spec.minus else [])]
    check_names(used, spec.regressors, f"{where}: term or minus")


def name_of(variable: str) -> str:
    """Return an expression without the factor that only changes its unit."""
    return re.sub(r"^[\d.]+ \* ", "", variable)


class Data:
    """The tables of a unit scheme; its panel also holds what does not change over time."""

    def __init__(self, study: Study, scheme: str = "") -> None:
        self.cells = study.table("cells", scheme)
        self.doses = study.table("doses", scheme)
        self.units = study.table("units", scheme)
        self.described = study.description(scheme)
        self.merged = self.described["merged"]
        self.clusters = study.ingested("clusters")
        self.programmes = study.ingested("programmes")
        constants = self.units.set_index("unit").select_dtypes("number")
        area = _areas(study.outlines())
        # A merged unit has the area of its parts; without one part it has none.
        for whole, parts in self.merged.items():
            area[whole] = sum(area.pop(part, np.nan) for part in parts)
        if area:
            constants = constants.assign(area_km2=pd.Series(area, dtype=float))
        # A count of clusters does not sum over units that are merged.
        if len(self.clusters) and not self.merged:
            lists = self.lists().reindex(constants.index)
            # A regressor needs every unit, so measures that name only some drop out.
            constants = constants.join(lists.dropna(axis=1))
        panel = study.table("panel", scheme)
        # A column that the panel has by year comes before a constant of that name.
        new = constants[[name for name in constants if name not in panel]]
        self.panel = panel.merge(
            new, left_on="unit", right_index=True, how="left", validate="m:1"
        )
        self._tables: dict[str, pd.DataFrame] = {}  # variables by unit and year

    def lists(self) -> pd.DataFrame:
        """Return the measures of the lists of clusters by unit."""
        return self.clusters.pivot(
            index="unit",
            columns="measure",
            values="value",
        )

    def period(self, name: str) -> dict[str, Any]:
        """Return a period of the study."""
        return next(row for row in self.described["periods"] if row["period"] == name)

    def years(self, period: str) -> tuple[int, int]:
        """Return the first and last year of a period."""
        return int(self.period(period)["start"]), int(self.period(period)["end"])

    def wide(self, variable: str, years: tuple[int, int]) -> pd.DataFrame:
        """Return a variable by unit (rows) and year (columns), years that few units
        have left out.
        """
        missing = [name for name in columns_of(variable) if name not in self.panel]
        if missing:
            raise UnsupportedError(f"the panel has no column {missing[0]}")
        if variable not in self._tables:
            self._tables[variable] = by_year(variable, self.panel).sort_index()
        wide = self._tables[variable].loc[:, years[0] : years[1]]
        covered = wide.loc[:, wide.notna().mean() >= UNITS_NEEDED]
        if covered.shape[1] == 0:
            raise UnsupportedError(
                f"no figures of {name_of(variable)} in {years[0]} to {years[1]}"
            )
        return covered

    def reduced(
        self, spec: AssociationSpec, period: str, neither: pd.Series
    ) -> tuple[pd.Series, str]:
        """Return the outcome, one number a unit, and the years that it rests on where
        these are fewer than asked.
        """
        years = self.years(period)
        result = [self._reduced(text, spec, years) for text in spec.outcomes]
        if not isinstance(spec.outcome, list):
            return result[0]
        # Each outcome against the units that are neither (Anderson 2008).
        table = pd.concat([values for values, _ in result], axis=1).dropna()
        reference = neither.reindex(table.index).to_numpy(bool)
        index = standardised_index(table.to_numpy(), reference)
        return pd.Series(index, table.index), result[0][1]

    def _reduced(
        self, variable: str, spec: AssociationSpec, years: tuple[int, int]
    ) -> tuple[pd.Series, str]:
        wide = self.wide(variable, years)
        count = wide.shape[1]
        needed = FEWEST_YEARS[spec.reduce]
        if count < needed:
            raise UnsupportedError(
                f"{count} years of {name_of(variable)} in {years[0]} to {years[1]}, a"
                f" {spec.reduce} needs {needed}"
            )
        first = int(wide.columns[0])
        last = int(wide.columns[-1])
        # ASSUME: growth has no value in the first year of a span; that alone is not
        # worth a note.
        fewer = first > years[0] + 1 or last < years[1]
        note = f"figures of {first} to {last}" if fewer else ""
        return REDUCE[spec.reduce](wide).dropna(), note

    def regressors(self, spec: AssociationSpec, period: str) -> pd.DataFrame:
        """Return labels and regressors of an association by unit."""
        table = self.labels(spec.taxonomy, period)
        for name in spec.regressors:
            if name not in table:
                yearly = self.yearly(name, self.years(period))
                table[name] = yearly.mean(axis=1).reindex(table.index)
        return table

    def yearly(self, name: str, years: tuple[int, int]) -> pd.DataFrame:
        """Return a regressor by unit and year: a column, or a number of zones."""
        if not name.startswith("zones_"):
            return self.wide(name, years)
        kind = name.removeprefix("zones_")
        zones = only(self.doses, zone_type=kind)
        zones = zones[zones["year"].between(*years)]
        if zones.empty:
            raise UnsupportedError(f"no zones of type {kind}")
        return zones.pivot(
            index="unit",
            columns="year",
            values="zones",
        ).astype(float)

    def labels(self, taxonomy: str, period: str) -> pd.DataFrame:
        """Return the labels of the units under a taxonomy."""
        cells = only(self.cells, taxonomy=taxonomy, period=period).set_index("unit")
        if cells.empty:
            raise UnsupportedError(f"no cells of taxonomy {taxonomy} in {period}")
        C = cells["cluster"].astype(float)
        S = cells["sez"].astype(float)
        return pd.DataFrame(
            {
                "cluster": C,
                "sez": S,
                "both": C * S,
                "cluster_only": C * (1 - S),
                "sez_only": S * (1 - C),
                "either": np.maximum(C, S),
                "neither": (1 - C) * (1 - S),
            }
        )


def _slope(years: np.ndarray, y: np.ndarray) -> float:
    """Return the least squares slope over the years that a unit has; y (T,)."""
    from statsmodels.regression.linear_model import OLS
    from statsmodels.tools import add_constant

    if np.isfinite(y).sum() < FEWEST_YEARS["trend"]:
        return float("nan")
    # Less their mean, years are no longer nearly collinear with the constant.
    X = add_constant(years - years.mean())
    return float(OLS(y, X, missing="drop").fit().params[1])


REDUCE: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = {
    "mean": lambda wide: wide.mean(axis=1),
    "trend": lambda wide: wide.apply(
        lambda row: _slope(wide.columns.to_numpy(float), row.to_numpy()), axis=1
    ),
}


def _areas(outlines: Record) -> dict[str, float]:
    areas = {}
    for feature in outlines.get("features", []):
        shape = feature["geometry"]
        polygons = shape["coordinates"]
        if shape["type"] == "Polygon":
            polygons = [polygons]
        area = 0.0
        for polygon in polygons:
            # The first ring is the border, the others are holes; heights are dropped.
            rings = [np.asarray(ring, float)[:, :2] for ring in polygon]
            area += polygon_area_km2(rings)
        areas[str(feature["properties"]["unit"])] = area
    return areas
