"""Specifications of the spatial panels, and the balanced panel that each of them is estimated on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.panel import BalancedPanel, panel_from_rows
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.files import content_hash

UNITS = {"log_income": "log points", "growth_pct": "pp/yr", "relative_log_income": "log points"}
ZONE_KINDS = ("zones", "zones_dated")
MODELS = ("SLX", "SAR", "SEM", "SDM", "SDEM")


@dataclass(frozen=True, slots=True)
class Variable:
    """A regressor made of columns of the panel."""

    name: str  # key in the config and how it is printed
    label: str
    kind: str
    columns: tuple[str, ...]  # column; or numerator and denominator; or the type of zone


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """One specification, estimated for every model and every weights matrix."""

    id: str  # name, outcome column, sample and role of the main estimates
    outcome: str
    sample: str
    role: str
    regressors: tuple[Variable, ...]  # regressors
    years: tuple[int, int]  # first and last year
    model: str  # the main model and weights; all others are robustness
    weights: str
    models: tuple[str, ...]  # models
    effects: str  # as in ``numerics.spatial_panel.models.PanelModel``
    approach: str


@dataclass(frozen=True)
class StudyPanel:
    """What one specification is estimated on."""

    panel: BalancedPanel  # outcome and regressors
    basis: str  # ``official``, ``proxy`` or ``spliced``
    data_hash: str  # hash of the numbers used
    note: str  # how many unit-years count zones whose year is of grade C; empty for none


def parse_panel_specs(config: Mapping[str, Any], weights: str) -> list[PanelSpec]:
    """Read the specifications from the config."""
    variables = {name: _variable(name, item) for name, item in config["variables"].items()}
    return [_spec(item, variables, weights) for item in config["specifications"]]


def _variable(name: str, item: Mapping[str, Any]) -> Variable:
    keys = {"column": ("column",), "log": ("column",), "log_ratio": ("numerator", "denominator"),
            "zones": ("zone_type",), "zones_dated": ("zone_type",)}[item["kind"]]  # fmt: skip
    absent = [key for key in keys if key not in item]
    if absent:
        raise EstimateError(f"variable {name} of kind {item['kind']} has no {absent[0]}", f"the keys {', '.join(keys)}",
                            "complete estimates.spatial_panel.variables")  # fmt: skip
    return Variable(name, item.get("label", name), item["kind"], tuple(item[key] for key in keys))


def _spec(item: Mapping[str, Any], variables: Mapping[str, Variable], weights: str) -> PanelSpec:
    unknown = [name for name in item["regressors"] if name not in variables]
    if unknown:
        raise EstimateError(f"regressor {unknown[0]} of {item['id']} is not a variable",
                            f"one of {', '.join(variables)}",
                            "add it to estimates.spatial_panel.variables")  # fmt: skip
    first, last = item["years"]
    model = item.get("model", "SDM")
    models = tuple(item.get("models", MODELS))
    return PanelSpec(
        id=item["id"], outcome=item.get("outcome", "log_income"), sample=item.get("sample", "all"),
        role=item.get("role", "exploratory"), regressors=tuple(variables[name] for name in item["regressors"]),
        years=(int(first), int(last)), model=model, weights=item.get("weights", weights),
        models=models if model in models else (*models, model), effects=item.get("effects", "two_way"),
        approach=item.get("approach", "lee_yu"),
    )  # fmt: skip


def study_panel(frame: pd.DataFrame, doses: pd.DataFrame, units: list[str], spec: PanelSpec) -> StudyPanel:
    """Build the balanced panel of a specification."""
    first, last = spec.years
    rows = frame[frame["year"].between(first, last) & frame["unit"].isin(units)].sort_values(["year", "unit"])
    if rows.empty:
        raise EstimateError(f"{spec.id} has no rows between {first} and {last}", "years of the panel",
                            "change its years")  # fmt: skip
    values = {spec.outcome: _column(rows, spec.outcome, spec)}
    values |= {variable.name: _values(rows, doses, variable, spec) for variable in spec.regressors}
    table = pd.DataFrame({"unit": rows["unit"].to_numpy(), "year": rows["year"].to_numpy(), **values})
    _refuse_blanks(table, spec)
    names = [variable.name for variable in spec.regressors]
    try:
        panel = panel_from_rows(table["unit"].tolist(), table["year"].tolist(), table[spec.outcome].to_numpy(),
                                table[names].to_numpy(), names)  # fmt: skip
    except NumericsError as error:
        raise EstimateError(f"{spec.id}: {error}", "one row per unit and year", "change its years or sample") from error
    bases = sorted(set(rows["basis"]))
    basis = bases[0] if len(bases) == 1 else "spliced"
    return StudyPanel(panel, basis, content_hash(table), _doubtful_zones(rows, doses, spec))


def _column(rows: pd.DataFrame, name: str, spec: PanelSpec) -> np.ndarray:
    if name not in rows:
        raise EstimateError(f"{spec.id} asks for column {name}", "a column of the panel", "correct its name")
    return rows[name].to_numpy(float)


def _values(rows: pd.DataFrame, doses: pd.DataFrame, variable: Variable, spec: PanelSpec) -> np.ndarray:
    if variable.kind in ZONE_KINDS:
        return _zones(rows, doses, variable, variable.kind)
    columns = [_column(rows, name, spec) for name in variable.columns]
    if variable.kind == "column":
        return columns[0]
    low = [name for name, column in zip(variable.columns, columns, strict=True) if np.nanmin(column) <= 0]
    if low:
        raise EstimateError(f"{low[0]} is zero or negative in {spec.id}", "positive numbers for a logarithm",
                            f"use kind column for {variable.name}")  # fmt: skip
    return np.asarray(np.log(columns[0]) - (np.log(columns[1]) if variable.kind == "log_ratio" else 0.0))


def _zones(rows: pd.DataFrame, doses: pd.DataFrame, variable: Variable, column: str) -> np.ndarray:
    wanted = doses.loc[doses["zone_type"] == variable.columns[0], ["unit", "year", column]]
    if wanted.empty:
        raise EstimateError(f"there are no zones of type {variable.columns[0]}",
                            f"one of {', '.join(sorted(set(doses['zone_type'])))}",
                            f"correct variable {variable.name}")  # fmt: skip
    twice = int(wanted.duplicated(["unit", "year"]).sum())
    if twice:
        raise EstimateError(f"zones of type {variable.columns[0]} stand {twice} times twice for a unit and year",
                            "one row per unit, year and type", "rebuild the panel")  # fmt: skip
    joined = rows[["unit", "year"]].merge(wanted, on=["unit", "year"], how="left")
    return joined[column].to_numpy(float)


def _doubtful_zones(rows: pd.DataFrame, doses: pd.DataFrame, spec: PanelSpec) -> str:
    """Say how often a regressor counts zones whose year is of grade C (in the China study those after 2008)."""
    counted = [variable for variable in spec.regressors if variable.kind == "zones"]
    gaps = [_zones(rows, doses, item, "zones") != _zones(rows, doses, item, "zones_dated") for item in counted]
    cells = int(np.any(gaps, axis=0).sum()) if gaps else 0
    return f"GRADE C: {cells} of {len(rows)} unit-years count zones of unsure date" if cells else ""


def _refuse_blanks(table: pd.DataFrame, spec: PanelSpec) -> None:
    for name in table.columns.drop(["unit", "year"]):
        blank = table[~np.isfinite(table[name].to_numpy(float))]
        if len(blank):
            where = first_examples([f"{unit} {year}" for unit, year in zip(blank["unit"], blank["year"], strict=True)])
            raise EstimateError(f"{name} is blank {len(blank)} times in {spec.id} ({where})",
                                "a number for every unit and year",
                                "shorten its years or drop the variable")  # fmt: skip
