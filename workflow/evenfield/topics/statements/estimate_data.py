"""From panel, cells and zones to the one row a unit that an exploratory statement needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.sphere_area import polygon_area_km2
from evenfield.numerics.standardised_index import standardised_index
from evenfield.study.errors import first_examples
from evenfield.topics.statements.estimate_spec import ExploratorySpec, Expression, Measure

# ASSUME: a year counts when at least nine in ten units have a value; units without any are left out and named.
UNITS_NEEDED = 0.9
FEWEST_YEARS = {"mean": 1, "trend": 5, "shift": 4, "volatility": 6, "persistence": 6, "increase": 2}
NO_DATA, NO_VARIATION = "R7", "R6"
START = "log_income_start"


class NotCarriedError(Exception):
    """What the panel cannot carry, with the code of the reason."""

    def __init__(self, code: str, note: str) -> None:
        super().__init__(note)
        self.code, self.note = code, note


@dataclass(frozen=True)
class ExploratoryData:
    """Tables of the main unit scheme."""

    panel: pd.DataFrame  # ``unit``, ``year``, every column of the panel and the constants of ``with_constants``
    periods: pd.DataFrame  # as on the panel floor
    cells: pd.DataFrame
    doses: pd.DataFrame
    units: pd.DataFrame  # ``unit``, ``lat``, ``lon``, further columns; ``unit_i``, ``unit_j``
    links: pd.DataFrame
    description: Mapping[str, Any]  # ``unit_scheme``, ``periods``, ``data_hash``

    def years(self, period: str) -> tuple[int, int]:
        """Return the first and last year of a period."""
        found = next(item for item in self.description["periods"] if item["period"] == period)
        return int(found["start"]), int(found["end"])

    def basis(self, period: str) -> str:
        """Return the basis of output in a period."""
        return str(next(item["basis"] for item in self.description["periods"] if item["period"] == period))

    def wide(self, expression: Expression, years: tuple[int, int]) -> pd.DataFrame:
        """Return a variable by unit (rows) and year (columns), years that few units have left out."""
        missing = [name for name in expression.columns if name not in self.panel]
        if missing:
            raise NotCarriedError(NO_DATA, f"the panel has no column {missing[0]}")
        rows = self.panel[self.panel["year"].between(*years)]
        value = rows[expression.numerator].astype(float)
        if expression.denominator:
            value = value / rows[expression.denominator].astype(float)
        value = _log(value) if expression.log else value
        wide = (rows.assign(value=(expression.scale * value).replace([np.inf, -np.inf], np.nan))
                .pivot(index="unit", columns="year", values="value").sort_index())  # fmt: skip
        kept = wide.loc[:, wide.notna().mean() >= UNITS_NEEDED]
        if kept.shape[1] == 0:
            raise NotCarriedError(NO_DATA, f"no figures of {expression.name} in {years[0]} to {years[1]}")
        return kept

    def reduced(self, spec: ExploratorySpec, years: tuple[int, int], neither: pd.Series) -> tuple[pd.Series, str]:
        """Return one number a unit, and the years that it rests on where these are fewer than asked for."""
        expression, reduce = spec.outcome, spec.reduce
        if expression.index:
            found = [self.reduced(replace(spec, outcome=part), years, neither) for part in expression.index]
            table = pd.concat([values for values, _ in found], axis=1).dropna()
            index = standardised_index(table.to_numpy(), neither.reindex(table.index).to_numpy(bool))
            return pd.Series(expression.scale * index, table.index), found[0][1]
        wide = self.wide(expression, years)
        if wide.shape[1] < FEWEST_YEARS[reduce]:
            needed = f"{wide.shape[1]} years of {expression.name} in {years[0]} to {years[1]}"
            raise NotCarriedError(NO_DATA, f"{needed}, a {reduce} needs {FEWEST_YEARS[reduce]}")
        first, last = int(wide.columns[0]), int(wide.columns[-1])
        # ASSUME: growth has no value in the first year of a span; that alone is not worth a note.
        note = f"figures of {first} to {last}" if (first > years[0] + 1 or last < years[1]) else ""
        return REDUCE[reduce](wide, spec.since).dropna(), note

    def measure(self, measure: Measure) -> pd.Series:
        """Return a regressor by unit that a statement defines itself."""
        values = self.wide(measure.expression, measure.years).mean(axis=1)
        return (values > values.median()).astype(float) if measure.above_median else values

    def labels(self, taxonomy: str, period: str) -> pd.DataFrame:
        """Return the cells of a period as columns of zeros and ones, indexed by unit."""
        mine = self.cells[self.cells["taxonomy"].eq(taxonomy) & self.cells["period"].eq(period)].set_index("unit")
        if mine.empty:
            raise NotCarriedError(NO_VARIATION, f"no cells of taxonomy {taxonomy} in {period}")
        C, S = mine["cluster"].astype(float), mine["sez"].astype(float)
        return pd.DataFrame({
            "cluster": C, "sez": S, "both": C * S, "cluster_only": C * (1 - S), "sez_only": S * (1 - C),
            "either": np.maximum(C, S), "neither": (1 - C) * (1 - S),
        })  # fmt: skip

    def table(self, spec: ExploratorySpec, period: str) -> pd.DataFrame:
        """Return the regressors and controls of a statement by unit."""
        table = self.labels(spec.taxonomy, period)
        for name, measure in spec.measures.items():
            table[name] = self.measure(measure)
        parts = [part for pair in spec.joint.values() for part in pair]
        wanted = [*parts, *spec.regressors, *spec.given, *([spec.among] if spec.among else [])]
        for name in wanted:
            if name not in table and name not in spec.joint:
                table[name] = self._column(name, period).reindex(table.index)
        for name, (first, second) in spec.joint.items():
            table[name] = table[first] * table[second]
        return table.drop(index=[unit for unit in spec.without if unit in table.index])

    def _column(self, name: str, period: str) -> pd.Series:
        if name.startswith("unit_"):
            units = self.units["unit"]
            return pd.Series(units.eq(name.removeprefix("unit_")).to_numpy(float), index=units.to_numpy())
        if name.startswith("zones_"):
            return self._zones(name.removeprefix("zones_"), period)
        if name == START:
            return self.periods[self.periods["period"].eq(period)].set_index("unit")[START]
        if name in self.panel:
            return self.wide(Expression(name), self.years(period)).mean(axis=1)
        raise NotCarriedError(NO_DATA, f"no column {name} in the panel, the units or the zones")

    def _zones(self, zone_type: str, period: str) -> pd.Series:
        first, last = self.years(period)
        mine = self.doses[self.doses["zone_type"].eq(zone_type) & self.doses["year"].between(first, last)]
        if mine.empty:
            raise NotCarriedError(NO_DATA, f"no zones of type {zone_type}")
        return mine.groupby("unit")["zones"].mean()


def _log(values: pd.Series) -> pd.Series:
    return pd.Series(np.log(values.where(values > 0)), values.index)


def _mean(wide: pd.DataFrame, _since: int) -> pd.Series:
    return wide.mean(axis=1)


def _trend(wide: pd.DataFrame, _since: int) -> pd.Series:
    years = wide.columns.to_numpy(float)
    return pd.Series([_slope(years, row) for row in wide.to_numpy(float)], wide.index)


def _shift(wide: pd.DataFrame, since: int) -> pd.Series:
    later = wide.columns.to_numpy(int) >= since
    after, before = wide.loc[:, later].mean(axis=1), wide.loc[:, ~later].mean(axis=1)
    return after - before


def _volatility(wide: pd.DataFrame, _since: int) -> pd.Series:
    return wide.std(axis=1, ddof=1)


def _persistence(wide: pd.DataFrame, _since: int) -> pd.Series:
    return pd.Series([_slope(row[:-1], row[1:]) for row in wide.to_numpy(float)], wide.index)


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    there = np.isfinite(x) & np.isfinite(y)
    if there.sum() < FEWEST_YEARS["trend"]:
        return float("nan")
    dx = x[there] - x[there].mean()
    return float(dx @ y[there] / (dx @ dx)) if dx @ dx > 0 else float("nan")


REDUCE: Mapping[str, Callable[[pd.DataFrame, int], pd.Series]] = {
    "mean": _mean, "trend": _trend, "shift": _shift, "volatility": _volatility, "persistence": _persistence,
}  # fmt: skip


def with_constants(
    panel: pd.DataFrame, units: pd.DataFrame, clusters: pd.DataFrame, outlines: Mapping[str, Any],
    merged: Mapping[str, Any],
) -> pd.DataFrame:  # fmt: skip
    """Add to the panel what does not change over time: numbers of units.csv, area, measures of clusters."""
    constants = units.set_index("unit").select_dtypes("number")
    area = _areas(outlines)
    for whole, parts in merged.items():
        area[whole] = sum(area.pop(part, np.nan) for part in parts)
    if area:
        constants = constants.assign(area_km2=pd.Series(area, dtype=float))
    if len(clusters):
        wide = clusters.pivot(index="unit", columns="measure", values="value").reindex(constants.index)
        constants = constants.join(wide.dropna(axis=1) if not merged else wide.iloc[:, :0])
    new = [name for name in constants if name not in panel]
    return panel.merge(constants[new], left_on="unit", right_index=True, how="left", validate="m:1")


def _areas(outlines: Mapping[str, Any]) -> dict[str, float]:
    return {
        str(feature["properties"]["unit"]): sum(
            polygon_area_km2([np.asarray(ring, dtype=float)[:, :2] for ring in polygon])
            for polygon in _polygons(feature)
        )
        for feature in outlines.get("features", [])
    }


def _polygons(feature: Mapping[str, Any]) -> list[Any]:
    geometry = feature["geometry"]
    return [geometry["coordinates"]] if geometry["type"] == "Polygon" else list(geometry["coordinates"])


def dropped_note(outcome: pd.Series, table: pd.DataFrame) -> str:
    """Return which units have no outcome or no regressor."""
    whole = table.dropna().index.intersection(outcome.index)
    lost = sorted(str(unit) for unit in set(table.index) - set(whole))
    return f"without {first_examples(lost)}" if lost else ""
