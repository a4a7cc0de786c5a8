"""Rows of direct, indirect and total effects from fitted spatial panels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evenfield.numerics.spatial_panel.impacts import KINDS, Impacts, clustered_impacts
from evenfield.numerics.spatial_panel.likelihood import normal_quantile, student_quantile
from evenfield.numerics.spatial_panel.models import SpatialPanelFit
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.spatial_panel.estimate_rows import (
    BY_UNIT,
    NAMES,
    RowContext,
    estimator_name,
    joined,
    serial_note,
    undefined_rows,
)
from evenfield.topics.spatial_panel.estimate_spec import UNITS

FORCED = "the model forces one ratio of indirect to direct effects on all regressors"


def clustered_rows(context: RowContext, fit: SpatialPanelFit, role: str) -> list[Estimate]:
    """Return effects with the sandwich by unit and t(G* - 1), the printed interval of the family."""
    found = clustered_impacts(fit, context.level)
    rows = effect_rows(context, fit, found.impacts)
    cells = [(i, k) for i in range(len(KINDS)) for k in range(len(found.impacts.regressors))]
    df, g, error = found.df, found.effective_units, found.impacts.std_error
    reach = student_quantile(df, 0.5 + context.level / 2) + student_quantile(df, context.power)
    return [
        replace(row, role=role) if not error[at] > 0 else
        replace(row, role=role, df=float(df[at]), g_star=float(g[at]), p_type="t(G* - 1), two-sided",
                mde=float(reach[at] * error[at]))
        for row, at in zip(rows, cells, strict=True)
    ]  # fmt: skip


def undefined_effects(context: RowContext, fit: SpatialPanelFit, role: str) -> list[Estimate]:
    """Return the effects of a fit at the edge of its range, without numbers."""
    estimator, unit = estimator_name(fit, BY_UNIT), UNITS.get(context.spec.outcome, "")
    rows = [context.row(estimator, name, effect, NAN) for effect in KINDS for name in fit.regressors]
    return undefined_rows([replace(row, role=role, unit_of_measure=unit) for row in rows], fit)


def effect_rows(context: RowContext, fit: SpatialPanelFit, found: Impacts, kind: str = BY_UNIT) -> list[Estimate]:
    """Return direct, indirect and total effects of every regressor."""
    model, persistence = fit.model.model, serial_note(fit, kind)
    estimator = estimator_name(fit, kind) + ("_draws" if found.method == "draws" else "")
    rows = []
    for i, effect in enumerate(KINDS):
        for k, name in enumerate(found.regressors):
            base = context.row(estimator, name, effect, float(found.estimate[i, k]))
            forced = FORCED if (model, effect) == ("SAR", "indirect") else ""
            rows.append(replace(base, **_effect_numbers(context, found, i, k, kind), role="ladder",
                                warning=joined(base.warning, persistence, forced),
                                unit_of_measure=UNITS.get(context.spec.outcome, "")))  # fmt: skip
    return rows


def _effect_numbers(context: RowContext, found: Impacts, i: int, k: int, kind: str) -> dict[str, Any]:
    error = float(found.std_error[i, k])
    if not error > 0:
        return {"se_type": "zero by construction"}
    reach = normal_quantile(0.5 + context.level / 2) + normal_quantile(context.power)
    numbers: dict[str, Any] = {
        "std_error": error, "conf_low": float(found.conf_low[i, k]), "conf_high": float(found.conf_high[i, k]),
        "conf_level": context.level, "p_value": float(found.p_value[i, k]), "mde": reach * error,
    }  # fmt: skip
    if found.method == "delta":
        numbers |= {"statistic": float(found.estimate[i, k]) / error, "p_type": "normal, two-sided"}
        return {**numbers, "se_type": f"delta method, {NAMES[kind]}"}
    return {**numbers, "se_type": f"{found.draws} draws, {NAMES[kind]}", "p_type": "share of draws beyond zero"}
