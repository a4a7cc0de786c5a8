"""T1b: which grouping of units describes growth best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import NOT_CAUSAL, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.numbers import fixed, p_value, places, whole
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import main_periods
from evenfield.shared.tables.warnings import reason
from evenfield.study.errors import ArtifactError

MODELS = ("no groups", "dichotomy", "four cells", "plane")


def tabulate_taxonomies(
    estimates: pd.DataFrame, description: Mapping[str, Any], *, spec: str, periods: Mapping[str, Any],
    inference: Mapping[str, Any], study: Mapping[str, Any],
) -> Table:  # fmt: skip
    """Arrange the scores of the models by period, then the gain of four cells under other lists."""
    mine = only(estimates, spec_id=spec)
    if mine.empty:
        raise ArtifactError(f"no estimates of specification {spec}", "growth by period and a taxonomy",
                            "add them or remove T1b from `tables`")  # fmt: skip
    shown = [period for period in main_periods(periods) if period in set(mine["period"])]
    rows = [row for period in shown for row in _full(mine, period, periods)]
    rows += [row for period in shown for row in _others(estimates, spec, period, periods)]
    note = (
        sample_note(description, study),
        "Growth of the period on indicators of groups. Dichotomy: cluster and zone. Four cells: their product too, one "
        "mean a cell, the same regression as cluster only, zone only, both. Plane: a cluster measure, the mean number "
        "of zones and their product. MSE: each unit predicted from all others, squared pp a year. BIC: N ln(RSS / N) + "
        "K ln N, smaller is better. Gains are those over the dichotomy; above zero the larger model wins.",
        f"p: share of {inference['permutations']} permutations of whole label rows with a gain at least as large. "
        "Effective n: how many units the last coefficient rests on. With cells of two or three units little can be "
        "told: a loss is no evidence that mixed forms do not matter.",
        basis_note(description),
        NOT_CAUSAL,
        origin_note(description, inference["seed"]),
    )
    columns = (
        Column(names=("label",), header="Model"),
        Column(names=("K",), header="K", align="right", show=whole),
        Column(names=("mse",), header="MSE", align="right", show=places(fixed, 2)),
        Column(names=("loo_gain",), header="MSE saved", align="right", show=places(fixed, 3), reason="reason"),
        Column(names=("loo_p",), header="p", align="right", show=p_value),
        Column(names=("bic",), header="BIC", align="right", show=places(fixed, 1)),
        Column(names=("bic_gain",), header="BIC gain", align="right", show=places(fixed, 2)),
        Column(names=("bic_p",), header="p", align="right", show=p_value),
        Column(names=("n_smallest",), header="Smallest cell", align="right", show=whole),
        Column(names=("g_star",), header="Effective n", align="right", show=places(fixed, 1)),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )
    return Table(id="T1b", title="Which grouping describes growth best", note=note, columns=columns,
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _full(mine: pd.DataFrame, period: str, periods: Mapping[str, Any]) -> Iterable[Row]:
    for model in MODELS:
        found = only(mine, period=period, term=model)
        main = found[found["role"].isin(["primary", "exploratory"])]
        if not main.empty:
            group = period_with_basis(period, main["output_basis"].iloc[0], periods)
            yield _line(main, group, model)


def _others(
    estimates: pd.DataFrame, spec: str, period: str, periods: Mapping[str, Any]
) -> Iterable[Row]:  # fmt: skip
    found = estimates[estimates["role"].eq("robustness") & estimates["period"].eq(period)]
    for pair in records(found[["spec_id", "treatment_def"]].drop_duplicates()):
        rows = only(found, **pair)
        group = (
            f"Four cells, other lists and samples, {period_with_basis(period, rows['output_basis'].iloc[0], periods)}"
        )
        sample = "" if pair["spec_id"] == spec else f", {pair['spec_id'].replace('_', ' ')}"
        yield _line(rows, group, f"{pair['treatment_def']}{sample}")


def _line(rows: pd.DataFrame, group: str, label: str) -> Row:
    gain, bic = pick(rows, estimator="loo_gain"), pick(rows, estimator="bic_gain")
    mse, level = pick(rows, estimator="loo_mse"), pick(rows, estimator="bic")
    known = gain or mse
    compared = bool(gain) and label not in MODELS[:2] and gain["treatment_def"].count(" x ") == 0
    return {
        "group": group, "label": label, "period": known.get("period"), "treatment_def": known.get("treatment_def"),
        "K": mse.get("df"), "mse": mse.get("estimate"), "bic": level.get("estimate"),
        "loo_gain": gain.get("estimate"), "loo_p": gain.get("p_value"), "bic_gain": bic.get("estimate"),
        "bic_p": bic.get("p_value"), "n_smallest": known.get("n_treated") if compared else None,
        "g_star": gain.get("g_star"), "n_units": known.get("n_units"), "reason": _reason(gain),
    }  # fmt: skip


def _reason(gain: Row) -> str:
    """Return why a gain is missing, without the sizes of the cells."""
    parts = reason(gain.get("warning")).split("; ")
    return "; ".join(part for part in parts if part and not part.startswith("cells:"))
