"""What a statement declares, and the numbers by unit that it needs from panel, cells and zones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from evenfield.numerics.spatial import haversine_km, polygon_area_km2
from evenfield.numerics.standardised_index import standardised_index
from evenfield.shared.expressions import columns_of, evaluate
from evenfield.shared.spec import Id, Spec
from evenfield.study.errors import EstimateError
from evenfield.study.study import Study

NEEDED = {
    "contrast": ("outcome", "periods", "regressors", "term"),
    "panel": ("outcome", "periods", "regressors", "term"),
    "accounting": ("outcome", "periods", "reference", "group"),
    "rings": ("outcome", "periods", "group", "rings_km"),
    "not_carried": ("reason", "note"),
}
# ASSUME: a year counts when at least nine in ten units have a value; units without any are left out and named.
UNITS_NEEDED = 0.9
FEWEST_YEARS = {"mean": 1, "trend": 5, "shift": 4, "volatility": 6, "persistence": 6}
NO_DATA, NO_VARIATION = "R7", "R6"
START = "log_income_start"


class Measure(Spec):
    """A regressor by unit: the mean of a variable over fixed years."""

    variable: str = Field(description="Expression of columns.")
    years: tuple[int, int] = Field(description="First and last year.")
    above_median: bool = Field(False, description="Whether it becomes one above the median and zero elsewhere.")


class StatementSpec(Spec):
    """One statement."""

    id: Id
    claim: str = Field(description="Claim of claims.yaml, or a name of your own.")
    kind: Literal["contrast", "panel", "accounting", "rings", "not_carried"] = Field(
        description="How the statement is estimated."
    )
    label: str = Field("", description="Outcome and comparison in words, for the table.")
    predicted: Literal["", "+", "-", "0"] = Field(
        "", description="Sign that the claim predicts; 0 asks for equivalence to zero."
    )
    outcome: str | list[str] = Field("", description="Expression of what is explained; several make an index.")
    reduce: Literal["mean", "trend", "shift", "volatility", "persistence", "increase"] = Field(
        "mean", description="How the years of a unit become one number."
    )
    since: int = Field(0, description="First year after a shift.")
    periods: list[str] = Field([], description="Periods, each a row.")
    regressors: list[str] = Field(
        [],
        description="Labels (cluster, sez, both, cluster_only, sez_only, either), zones_TYPE, unit_ID, measures or "
        "columns.",
    )
    term: str = Field("", description="Regressor whose coefficient is reported.")
    minus: str = Field("", description="Regressor whose coefficient is subtracted.")
    given: list[str] = Field([], description="Columns that are controlled for.")
    measures: dict[str, Measure] = Field({}, description="Regressors that the statement defines itself.")
    joint: dict[str, tuple[str, str]] = Field({}, description="Products of two regressors by name.")
    among: str = Field("", description="Keep the units where this label is one.")
    without: list[str] = Field([], description="Units left out.")
    lags: list[int] = Field([0], description="Years by which the regressor of a panel comes first, each a row.")
    group: str = Field("", description="Group whose shares are compared, or that is counted in rings.")
    reference: str = Field("", description="Expression whose share is subtracted.")
    rings_km: list[int] = Field([], description="Outer bounds of the rings, in km.")
    taxonomy: str = Field("", description="Taxonomy of the labels, the primary one by default.")
    sesoi: float | None = Field(None, gt=0, description="Smallest effect of interest in the unit of the estimate.")
    unit: str = Field("", description="Unit of the estimate.")
    reason: Literal["", "R1", "R2", "R3", "R4", "R5", "R6", "R7"] = Field("", description="Why nothing is estimated.")
    note: str = Field("", description="The same in words.")

    @model_validator(mode="after")
    def _complete(self) -> StatementSpec:
        needed = list(NEEDED[self.kind])
        needed += ["since"] if self.reduce == "shift" else []
        needed += ["sesoi"] if self.predicted == "0" else []
        if missing := [name for name in needed if not getattr(self, name)]:
            raise ValueError(f"statement {self.id} has no {missing[0]}; it needs {', '.join(needed)}")
        if self.reduce == "increase" and self.kind != "accounting":
            raise ValueError(f"statement {self.id} reduces to an increase; only shares (kind accounting) do")
        return self

    @property
    def outcomes(self) -> list[str]:
        """The expressions of the outcome, several where it is an index."""
        return [self.outcome] if isinstance(self.outcome, str) else self.outcome


class NotCarriedError(Exception):
    """What the panel cannot carry, with the code of the reason."""

    def __init__(self, code: str, note: str) -> None:
        super().__init__(note)
        self.code, self.note = code, note


def name_of(variable: str) -> str:
    """Return an expression without the factor that only changes its unit."""
    return re.sub(r"^[\d.]+ \* ", "", variable)


class Data:
    """The tables of the main unit scheme; its panel also holds what does not change over time."""

    def __init__(self, study: Study) -> None:
        tables = ("periods", "cells", "doses", "units", "adjacency")
        self.periods, self.cells, self.doses, self.units, self.links = (study.table(name) for name in tables)
        self.described = study.description()
        constants = self.units.set_index("unit").select_dtypes("number")
        clusters, area, merged = study.ingested("clusters"), _areas(study.outlines()), self.described["merged"]
        for whole, parts in merged.items():
            area[whole] = sum(area.pop(part, np.nan) for part in parts)
        if area:
            constants = constants.assign(area_km2=pd.Series(area, dtype=float))
        if len(clusters) and not merged:
            wide = clusters.pivot(index="unit", columns="measure", values="value").reindex(constants.index)
            constants = constants.join(wide.dropna(axis=1))
        panel = study.table("panel")
        new = constants[[name for name in constants if name not in panel]]
        self.panel = panel.merge(new, left_on="unit", right_index=True, how="left", validate="m:1")

    def period(self, name: str) -> dict[str, Any]:
        """Return a period of the study."""
        known = {str(item["period"]): item for item in self.described["periods"]}
        if name not in known:
            expected = f"one of {', '.join(known)}"
            raise EstimateError(f"estimates.statements names period {name!r}", expected, "correct it in config.yaml")
        return dict(known[name])

    def years(self, period: str) -> tuple[int, int]:
        """Return the first and last year of a period."""
        return int(self.period(period)["start"]), int(self.period(period)["end"])

    def wide(self, variable: str, years: tuple[int, int]) -> pd.DataFrame:
        """Return a variable by unit (rows) and year (columns), years that few units have left out."""
        if missing := [name for name in columns_of(variable) if name not in self.panel]:
            raise NotCarriedError(NO_DATA, f"the panel has no column {missing[0]}")
        rows = self.panel[["unit", "year"]].assign(value=evaluate(variable, self.panel))
        rows = rows[rows["year"].between(*years)]
        wide = rows.pivot(index="unit", columns="year", values="value").sort_index()
        kept = wide.loc[:, wide.notna().mean() >= UNITS_NEEDED]
        if kept.shape[1] == 0:
            raise NotCarriedError(NO_DATA, f"no figures of {name_of(variable)} in {years[0]} to {years[1]}")
        return kept

    def reduced(self, spec: StatementSpec, period: str, neither: pd.Series) -> tuple[pd.Series, str]:
        """Return the outcome, one number a unit, and the years that it rests on where these are fewer than asked."""
        found = [self._reduced(variable, spec, self.years(period)) for variable in spec.outcomes]
        if not isinstance(spec.outcome, list):
            return found[0]
        table = pd.concat([values for values, _ in found], axis=1).dropna()
        index = standardised_index(table.to_numpy(), neither.reindex(table.index).to_numpy(bool))
        return pd.Series(index, table.index), found[0][1]

    def _reduced(self, variable: str, spec: StatementSpec, years: tuple[int, int]) -> tuple[pd.Series, str]:
        wide, needed = self.wide(variable, years), FEWEST_YEARS[spec.reduce]
        if wide.shape[1] < needed:
            found = f"{wide.shape[1]} years of {name_of(variable)} in {years[0]} to {years[1]}"
            raise NotCarriedError(NO_DATA, f"{found}, a {spec.reduce} needs {needed}")
        first, last = int(wide.columns[0]), int(wide.columns[-1])
        # ASSUME: growth has no value in the first year of a span; that alone is not worth a note.
        note = f"figures of {first} to {last}" if (first > years[0] + 1 or last < years[1]) else ""
        return REDUCE[spec.reduce](wide, spec.since).dropna(), note

    def regressors(self, spec: StatementSpec, period: str) -> pd.DataFrame:
        """Return labels, regressors and controls of a statement by unit."""
        table = self._labels(spec.taxonomy, period)
        for name, measure in spec.measures.items():
            values = self.wide(measure.variable, measure.years).mean(axis=1)
            table[name] = (values > values.median()).astype(float) if measure.above_median else values
        parts = [part for pair in spec.joint.values() for part in pair]
        for name in (*parts, *spec.regressors, *spec.given, spec.among, spec.group):
            if name and name not in table and name not in spec.joint:
                table[name] = self._column(name, period).reindex(table.index)
        for name, (first, second) in spec.joint.items():
            table[name] = table[first] * table[second]
        return table.drop(index=spec.without, errors="ignore")

    def yearly(self, name: str, years: tuple[int, int]) -> pd.DataFrame:
        """Return a regressor by unit and year: an expression, or a number of zones."""
        if not name.startswith("zones_"):
            return self.wide(name, years)
        zones = self.doses["zone_type"].eq(name.removeprefix("zones_")) & self.doses["year"].between(*years)
        if not zones.any():
            raise NotCarriedError(NO_DATA, f"no zones of type {name.removeprefix('zones_')}")
        return self.doses[zones].pivot(index="unit", columns="year", values="zones").astype(float)

    def distances(self, units: pd.Index) -> np.ndarray:
        """Return the distances between units in km, shape (N, N)."""
        place = self.units.set_index("unit").loc[units]
        return haversine_km(place["lat"].to_numpy(float), place["lon"].to_numpy(float))

    def _labels(self, taxonomy: str, period: str) -> pd.DataFrame:
        mine = self.cells[self.cells["taxonomy"].eq(taxonomy) & self.cells["period"].eq(period)].set_index("unit")
        if mine.empty:
            raise NotCarriedError(NO_VARIATION, f"no cells of taxonomy {taxonomy} in {period}")
        C, S = mine["cluster"].astype(float), mine["sez"].astype(float)
        labels = {"cluster": C, "sez": S, "both": C * S, "cluster_only": C * (1 - S), "sez_only": S * (1 - C)}
        return pd.DataFrame({**labels, "either": np.maximum(C, S), "neither": (1 - C) * (1 - S)})

    def _column(self, name: str, period: str) -> pd.Series:
        if name.startswith("unit_"):
            return self.units.set_index("unit").index.to_series().eq(name.removeprefix("unit_")).astype(float)
        if name == START:
            return self.periods[self.periods["period"].eq(period)].set_index("unit")[START]
        if name.startswith("zones_") or name in self.panel:
            return self.yearly(name, self.years(period)).mean(axis=1)
        raise NotCarriedError(NO_DATA, f"no column {name} in the panel, the units or the zones")


def _shift(wide: pd.DataFrame, since: int) -> pd.Series:
    later = wide.columns.to_numpy(int) >= since
    return wide.loc[:, later].mean(axis=1) - wide.loc[:, ~later].mean(axis=1)


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    there = np.isfinite(x) & np.isfinite(y)
    if there.sum() < FEWEST_YEARS["trend"]:
        return float("nan")
    dx = x[there] - x[there].mean()
    return float(dx @ y[there] / (dx @ dx)) if dx @ dx > 0 else float("nan")


REDUCE: Mapping[str, Callable[[pd.DataFrame, int], pd.Series]] = {
    "mean": lambda wide, _: wide.mean(axis=1),
    "trend": lambda wide, _: wide.apply(lambda row: _slope(wide.columns.to_numpy(float), row.to_numpy()), axis=1),
    "shift": _shift,
    "volatility": lambda wide, _: wide.std(axis=1, ddof=1),
    "persistence": lambda wide, _: wide.apply(lambda row: _slope(row.to_numpy()[:-1], row.to_numpy()[1:]), axis=1),
}


def _areas(outlines: Mapping[str, Any]) -> dict[str, float]:
    areas = {}
    for feature in outlines.get("features", []):
        shape = feature["geometry"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        rings = [[np.asarray(ring, float)[:, :2] for ring in polygon] for polygon in polygons]
        areas[str(feature["properties"]["unit"])] = sum(polygon_area_km2(polygon) for polygon in rings)
    return areas
