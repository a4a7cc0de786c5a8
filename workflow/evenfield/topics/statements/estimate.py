"""Exploratory statements: claims that a panel of regions can describe but not decide, each declared in the config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.shared.contrasts.contrast_equivalence import equivalence_rows
from evenfield.shared.contrasts.contrasts import ContrastSettings, GroupContrast, contrast_rows
from evenfield.shared.estimates import Estimate
from evenfield.topics.statements.estimate_data import ExploratoryData, NotCarriedError
from evenfield.topics.statements.estimate_rows import panel_rows, ring_contrasts, share_rows, unit_contrast
from evenfield.topics.statements.estimate_spec import ExploratorySpec

NOT_CARRIED_COLUMNS = ["claim", "spec_id", "period", "reason_code", "reason"]
SUMMARY = {
    "reading": "descriptions and associations only: a statement is consistent, mixed or not consistent",
    "contrast": "one row a unit: mean, trend, volatility or persistence of a variable on labels; SCPC, or exact or "
                "drawn permutations with fewer than four units in a group",
    "panel": "unit and year effects, regressor lagged; CR3 by unit with t(G* - 1)",
    "accounting": "share of a group in one quantity less its share in another; exact, no test",
    "rings": "growth on members of a group counted in rings of distance; differences of neighbouring rings",
    "equivalence": "for a predicted zero: two one-sided tests against the smallest effect of interest",
}  # fmt: skip


@dataclass(frozen=True)
class ExploratoryResults:
    """What the family hands on."""

    estimates: list[Estimate]  # one row a statement and period, and evidence rows
    not_carried: pd.DataFrame  # ``NOT_CARRIED_COLUMNS``: what the panel cannot carry and why
    summary: dict[str, Any]  # conventions in words, counts


def estimate_exploratory(
    data: ExploratoryData, specs: tuple[ExploratorySpec, ...], settings: ContrastSettings
) -> ExploratoryResults:
    """Estimate every statement in every period that it names."""
    rows: list[Estimate] = []
    contrasts: list[GroupContrast] = []
    refused: list[dict[str, str]] = []
    for spec in specs:
        for period in spec.periods or ("",):
            try:
                found, tested = _statement(data, spec, period, settings)
            except NotCarriedError as error:
                refused.append(_refusal(spec, period, error.code, error.note))
                continue
            except NumericsError as error:
                refused.append(_refusal(spec, period, "R6", str(error)))
                continue
            rows += found
            contrasts += tested
    rows += contrast_rows(contrasts, data.units, data.links, settings)
    zero = {spec.id for spec in specs if spec.predicted == "0"}
    rows += equivalence_rows([c for c in contrasts if c.row.spec_id in zero], data.units, data.links, settings)
    table = pd.DataFrame(refused, columns=NOT_CARRIED_COLUMNS).sort_values(["claim", "spec_id", "period"],
                                                                           ignore_index=True)  # fmt: skip
    return ExploratoryResults(rows, table, _summary(rows, table, settings))


def _statement(
    data: ExploratoryData, spec: ExploratorySpec, period: str, settings: ContrastSettings
) -> tuple[list[Estimate], list[GroupContrast]]:
    match spec.kind:
        case "not_carried":
            raise NotCarriedError(spec.reason, spec.note)
        case "accounting":
            return share_rows(data, spec, period), []
        case "panel":
            return panel_rows(data, spec, period, settings), []
        case "rings":
            return [], ring_contrasts(data, spec, period)
        case _:
            return [], [unit_contrast(data, spec, period)]


def _refusal(spec: ExploratorySpec, period: str, code: str, note: str) -> dict[str, str]:
    return dict(zip(NOT_CARRIED_COLUMNS, (spec.claim, spec.id, period, code, note), strict=True))


def _summary(rows: list[Estimate], refused: pd.DataFrame, settings: ContrastSettings) -> dict[str, Any]:
    shown = [row for row in rows if row.role == "exploratory"]
    return {
        **SUMMARY, "conf_level": settings.level, "power": settings.power,
        "claims": sorted({row.hypothesis for row in shown}), "rows": len(shown),
        "not_carried": refused.to_dict("records"),
    }  # fmt: skip
