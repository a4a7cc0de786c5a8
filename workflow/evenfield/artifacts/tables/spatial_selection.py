"""T14: which spatial model and weights the data ask for, and how little they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.artifacts.numbers import fixed, interval, is_missing, p_value
from evenfield.artifacts.rows import Row, pick
from evenfield.artifacts.table import Column, Table
from evenfield.artifacts.tables.spatial_notes import (
    checked_rows,
    main_specification,
    panel_note,
    weights_name,
)

SHOWN = ("slx", "sar", "sem", "sdm", "sdem")
LAGRANGE = ("LM lag", "robust LM lag", "LM error", "robust LM error")
NESTED = ("LR SDM -> SAR", "LR SDM -> SEM", "Wald SDM -> SAR", "Wald SDM -> SEM", "Wald SDM -> SAR, by unit",
          "Wald SDM -> SEM, by unit")  # fmt: skip
AT_BOUND = "the spatial parameter is at the edge of its range"
ELSEWHERE = "estimated with the main weights only"
ALIKE = "the covariances of fixed and random effects are too alike"


def tabulate_spatial_selection(
    estimates: pd.DataFrame,
    fit: Mapping[str, Any],
    description: Mapping[str, Any],
    *,
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange tests, posterior probabilities, criteria, residuals and the spatial parameter, one column per weights."""
    spec = main_specification(fit)
    mine, weights = checked_rows(estimates, spec, "T14"), list(fit["effective_neighbours"])
    rows = [row for rows in (_tests(mine, weights), _fits(mine, weights, study), _dependence(mine, weights, spec))
            for row in rows]  # fmt: skip
    shared = panel_note(mine, fit, description, study)
    note = (
        *shared[:2],
        "Tests: statistic, p in brackets. LM, LR and plain Wald tests, AIC, BIC, the Hausman test and the posterior "
        "take errors of different years as independent; residuals are not (AR(1) below), so that these are "
        f"far too sure of themselves. Wald tests by unit (F with N \u2212 1) allow errors of a {study['unit_name']} to "
        "hang together.",
        "Posterior: over all models and weights of the table together, equal priors, rho and lambda uniform on "
        "(\u22121, 1), Zellner's g; all cells sum to one. Residual Moran's I: p from 999 reshuffles of units with "
        f"their whole paths. Spatial parameter: {inference['conf_level']:.0%} interval by the sandwich by unit. "
        "Common factors (Bai; Shi and Lee): no bias correction. Hausman: period dummies in both models.",
        *shared[2:],
    )
    columns = (Column(names=("label",), header="Statistic"), *(_column(name) for name in weights))
    return Table(id="T14", title="Choosing a spatial model and weights", note=note, columns=columns,
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _row(group: str, label: str, kind: str, cells: Mapping[str, Row], reason: str = "") -> Row:
    """Return one printed row; a cell without its estimate says why, in its own words where it has them."""
    row: Row = {"group": group, "label": label, "kind": kind}
    for name, cell in cells.items():
        row |= {f"{name} {key}": cell.get(key) for key in ("estimate", "p_value", "conf_low", "conf_high")}
        told = ALIKE if "covariances" in (cell.get("warning") or "") else reason
        row[f"{name} reason"] = told if is_missing(cell.get("estimate")) else ""
    return row


def _cells(mine: pd.DataFrame, weights: Sequence[str], **wanted: Any) -> dict[str, Row]:
    return {name: pick(mine, w_id=name, **wanted) for name in weights}


def _tests(mine: pd.DataFrame, weights: Sequence[str]) -> Iterable[Row]:
    for group, names in (("From the model without spatial terms up", LAGRANGE), ("From the SDM down", NESTED)):
        for name in names:
            yield _row(group, name.replace("->", "to"), "test", _cells(mine, weights, term=name), AT_BOUND)
    hausman = _cells(mine, weights, term="spatial Hausman")
    yield _row("Unit effects against random ones", "Hausman", "test", hausman, ELSEWHERE)


def _fits(mine: pd.DataFrame, weights: Sequence[str], study: Mapping[str, Any]) -> Iterable[Row]:
    kinds = (
        ("Posterior probability of model and weights", "share", {"effect_type": "probability"}),
        ("AIC", "criterion", {"term": "AIC"}),
        ("BIC", "criterion", {"term": "BIC"}),
        (f"AR(1) of residuals within {study['units_name']}", "share", {"term": "residual autocorrelation"}),
        ("Moran's I of residuals over all years", "moran", {"term": "residual Moran"}),
    )
    for group, kind, wanted in kinds:
        for model in [name for name in SHOWN if mine["estimator"].eq(name).any()]:
            yield _row(group, model.upper(), kind, _cells(mine, weights, estimator=model, **wanted))


def _dependence(mine: pd.DataFrame, weights: Sequence[str], spec: Mapping[str, Any]) -> Iterable[Row]:
    main = spec["model"].lower()
    named = (("sar", "rho"), ("sdm", "rho"), ("sem", "lambda"), ("sdem", "lambda"))
    for model, term in named:
        cells = _cells(mine, weights, estimator=model, term=term)
        yield _row("Dependence between neighbours", f"{term}, {model.upper()}", "parameter", cells)
    for factors in ("1", "2"):
        term = next((term for model, term in named if model == main), "rho")
        cells = _cells(mine, weights, estimator=f"{main}_factors_{factors}", term=term)
        plural = "" if factors == "1" else "s"
        label = f"{term}, {main.upper()}, {factors} common factor{plural} out"
        yield _row("Dependence between neighbours", label, "parameter", cells, ELSEWHERE)


def _column(name: str) -> Column:
    names = tuple(f"{name} {key}" for key in ("estimate", "p_value", "conf_low", "conf_high"))
    return Column(names=(*names, "kind"), header=weights_name(name).capitalize(), align="right", show=_show,
                  reason=f"{name} reason")  # fmt: skip


def _show(value: Any, p: Any, low: Any, high: Any, kind: Any) -> str:
    if is_missing(value):
        return ""
    if kind == "parameter":
        return f"{fixed(value, 2)} {interval(low, high, 2)}".strip()
    shown = fixed(value, {"test": 1, "criterion": 0}.get(str(kind), 2))
    return shown if is_missing(p) else f"{shown} ({p_value(p)})"
