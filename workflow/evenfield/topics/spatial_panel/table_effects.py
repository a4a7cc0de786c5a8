"""T15: direct, indirect and total effects of spatial panels, by model and weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.numbers import fixed, interval, is_missing, places, whole
from evenfield.shared.tables.rows import Row, only, pick
from evenfield.shared.tables.table import Column, Table
from evenfield.topics.spatial_panel.table_notes import (
    MODELS,
    checked_rows,
    main_specification,
    panel_note,
    specification_name,
    weights_name,
)

EFFECTS = ("direct", "indirect", "total")
AT_BOUND = "the spatial parameter is at the edge of its range"


def tabulate_spatial_effects(
    estimates: pd.DataFrame,
    fit: Mapping[str, Any],
    description: Mapping[str, Any],
    *,
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange effects: the main specification first, then the others with main model and weights."""
    main = main_specification(fit)
    mine = checked_rows(estimates, main, "T15")
    rows = [*_by_weights(mine, main, fit), *_others(estimates, fit)]
    facts, level = pick(mine, effect_type="direct"), f"{inference['conf_level']:.0%}"
    note = (
        *panel_note(mine, fit, description, study)[:2],
        f"Effects of one unit more of the regressor: in the {study['unit_name']} itself (direct), in all others "
        f"(indirect), everywhere (total), averaged. Unit: {facts['unit_of_measure'] or 'that of the outcome'}; growth "
        "in percentage points a year.",
        f"{level} intervals: sandwich by {study['unit_name']}, t(G* \u2212 1); errors of a {study['unit_name']} may "
        "hang together over all years and differ in variance. G*: effective number behind the indirect effect. AR(1): "
        "correlation of residuals with those of the year before; intervals that ignore it are too narrow.",
        *panel_note(mine, fit, description, study)[2:],
    )
    return Table(id="T15", title="Direct and indirect effects in spatial panels", note=note,
                 columns=_columns(level), frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _by_weights(mine: pd.DataFrame, spec: Mapping[str, Any], fit: Mapping[str, Any]) -> Iterable[Row]:
    for term in spec["regressors"]:
        for model in MODELS:
            group = f"{fit['regressors'][term]}: {MODELS[model]}"
            for weights, neighbours in fit["effective_neighbours"].items():
                facts = {"spec_id": spec["id"], "group": group, "label": weights_name(weights)}
                yield {**facts, "neighbours": neighbours, **_effects(mine, model, weights, term)}


def _others(estimates: pd.DataFrame, fit: Mapping[str, Any]) -> Iterable[Row]:
    for spec in fit["specifications"][1:]:
        mine, weights = only(estimates, spec_id=spec["id"]), spec["weights"]
        for term in spec["regressors"]:
            group = f"Other specifications: {spec['model']}, {weights_name(weights)} weights"
            facts = {"spec_id": spec["id"], "group": group,
                     "label": f"{specification_name(spec)}: {fit['regressors'][term]}"}  # fmt: skip
            neighbours = fit["effective_neighbours"][weights] if spec["sample"] == "all" else None
            yield {**facts, "neighbours": neighbours, **_effects(mine, spec["model"].lower(), weights, term)}


def _effects(mine: pd.DataFrame, model: str, weights: str, term: str) -> Row:
    found = only(mine, estimator=model, w_id=weights)
    serial = pick(found, term="residual autocorrelation")
    row: Row = {"estimator": model, "w_id": weights, "term": term, "serial": serial.get("estimate"),
                "n_units": serial.get("n_units"), "n_periods": serial.get("n_periods")}  # fmt: skip
    for effect in EFFECTS:
        cell = pick(found, term=term, effect_type=effect)
        row |= {effect: cell.get("estimate"), **{f"{effect} {name}": cell.get(name) for name in
                ("std_error", "conf_low", "conf_high", "p_value", "df", "g_star", "mde")}}  # fmt: skip
    return {**row, "reason": AT_BOUND if is_missing(row["direct"]) else ""}


def _columns(level: str) -> tuple[Column, ...]:
    shown = [
        column for effect in EFFECTS for column in (
            Column(names=(effect,), header=effect.capitalize(), align="right", show=places(fixed, 4), reason="reason"),
            Column(names=(f"{effect} conf_low", f"{effect} conf_high"), header=f"{level} interval", align="right",
                   show=places(interval, 3), reason="reason"),
        )
    ]  # fmt: skip
    return (
        Column(names=("label",), header="Weights or specification"),
        *shown,
        Column(names=("indirect g_star",), header="G*", align="right", show=places(fixed, 1)),
        Column(names=("serial",), header="AR(1)", align="right", show=places(fixed, 2)),
        Column(names=("neighbours",), header="Effective neighbours", align="right", show=places(fixed, 1)),
        Column(names=("n_units",), header="N", align="right", show=whole),
        Column(names=("n_periods",), header="T", align="right", show=whole),
    )
