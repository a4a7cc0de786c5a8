"""T23: wages, unit labour cost and foreign investment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.contrasts import contrast_columns, contrast_line, inference_note
from evenfield.shared.tables.notes import NOT_CAUSAL, origin_note, sample_note
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Table
from evenfield.study.errors import ArtifactError

DIFFERENCE = "cluster - sez"
METHODS = {
    "panel_fe": "clusters minus zones (CR3, decides)",
    "panel_fe_wcr33": "clusters minus zones (wild bootstrap 33)",
    "panel_fe_driscoll_kraay": "clusters minus zones (Driscoll-Kraay, fixed-b)",
    "panel_fe_slopes": "clusters minus zones (one slope a unit, SCPC)",
}
OWN = {"log_wage": "wage, neither", "log_wage_x_cluster": "wage x cluster", "log_wage_x_sez": "wage x zone"}
COSTS = {
    "unit_labour_cost_growth": "unit labour cost", "wage_growth": "wage", "productivity_growth": "output per worker",
}  # fmt: skip


def tabulate_wages(
    estimates: pd.DataFrame, description: Mapping[str, Any], *, spec: str,
    inference: Mapping[str, Any], power: float, study: Mapping[str, Any],
) -> Table:  # fmt: skip
    """Arrange elasticities of foreign investment, then unit labour cost by window."""
    shown = estimates[estimates["effect_type"].eq("coef")]
    main = pick(shown, spec_id=spec, role="primary")
    taxonomy = main.get("treatment_def") or pick(shown, role="mechanism").get("treatment_def", "")
    rows = [*_elasticities(shown, spec, taxonomy), *_costs(shown, taxonomy)]
    if not rows:
        raise ArtifactError("no estimates of wages", "wages with employment or foreign investment in the panel",
                            "add them or remove T23 from `tables`")  # fmt: skip
    note = (
        sample_note(description, study),
        "Elasticity: log of foreign investment a year later on the log wage and its products with cluster and zone, "
        "unit and year effects; CR3 by unit with t(G* \u2212 1). Wages rise everywhere, so a group's own trend of "
        "investment enters its elasticity; year effects of each group's own (group years) leave it out. Detectable for "
        "CR3: (t + t) times the standard error.",
        "Unit labour cost: wage x employment / output at current prices, growth between the ends of a window, pp a "
        f"year; wage minus output per worker. Taxonomy {taxonomy} unless another one is named. Wages of urban units "
        "cover formal employment only.",
        inference_note(inference, power),
        NOT_CAUSAL,
        origin_note(description, inference["seed"]),
    )
    return Table(id="T23", title="Wages, unit labour cost and foreign investment", note=note,
                 columns=contrast_columns(inference, "Estimate", "Deciding"), frame=pd.DataFrame(rows),
                 group="group")  # fmt: skip


def _elasticities(shown: pd.DataFrame, spec: str, taxonomy: str) -> Iterable[Row]:
    mine = only(shown, spec_id=spec, treatment_def=taxonomy)
    for estimator, label in METHODS.items():
        row = pick(mine, estimator=estimator, contrast=DIFFERENCE)
        if row:
            yield contrast_line(row, f"Elasticity of investment, {_years(row)}", label, shown)
    for term, label in OWN.items():
        row = pick(mine, estimator="panel_fe", term=term, contrast="")
        if row:
            yield contrast_line(row, f"Elasticity of investment, {_years(row)}", label, shown)
    others = only(shown, estimator="panel_fe", contrast=DIFFERENCE, role="robustness")
    for row in records(others.sort_values(["spec_id", "treatment_def"], kind="stable")):
        label = row["treatment_def"] if row["spec_id"] == spec else row["spec_id"].replace("_", " ")
        yield contrast_line(row, "Elasticity, clusters minus zones: other lists, wages, samples", label, shown)


def _costs(shown: pd.DataFrame, taxonomy: str) -> Iterable[Row]:
    costs = only(shown, estimator="long_difference", contrast=DIFFERENCE)
    for window in sorted(set(costs["period"])):
        mine = only(costs, period=window)
        for outcome, label in COSTS.items():
            row = pick(mine, outcome=outcome, treatment_def=taxonomy, role="mechanism")
            if row:
                group = f"Unit labour cost, {_years(row)}, pp/yr"
                yield contrast_line(row, group, f"{label}, clusters minus zones", shown)
        others = only(mine, outcome="unit_labour_cost_growth", role="robustness")
        for row in records(others.sort_values("treatment_def", kind="stable")):
            yield contrast_line(row, f"Unit labour cost, {_years(row)}, pp/yr", row["treatment_def"], shown)


def _years(row: Row) -> str:
    return str(row["period"]).replace("-", "\u2013")
