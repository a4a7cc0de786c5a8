"""T21: the urban-rural gap in cluster and in zone regions."""

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
FULL = (
    ("gap_growth", "cluster", DIFFERENCE, "gap, clusters minus zones"),
    ("gap_growth", "cluster", "", "gap, clusters"),
    ("gap_growth", "sez", "", "gap, zones"),
    ("urban_growth", "cluster", DIFFERENCE, "urban income, clusters minus zones"),
    ("rural_growth", "cluster", DIFFERENCE, "rural income, clusters minus zones"),
    ("gap_level", "cluster", DIFFERENCE, "level of the log gap, clusters minus zones (log points)"),
)


def tabulate_balance(
    estimates: pd.DataFrame, description: Mapping[str, Any], *, spec: str, inference: Mapping[str, Any], power: float,
    study: Mapping[str, Any],
) -> Table:  # fmt: skip
    """Arrange the urban-rural estimates: one specification in full, then the difference of all others."""
    main = estimates[estimates["estimator"].eq("long_difference")]
    if not main["spec_id"].eq(spec).any():
        raise ArtifactError(f"no estimates of specification {spec}", "urban and rural incomes in the panel",
                            "add them or remove T21 from `tables`")  # fmt: skip
    taxonomy = pick(main, spec_id=spec, outcome="gap_growth", role="primary").get("treatment_def", "")
    windows = sorted(set(main["period"]))
    rows = [row for window in windows for row in _full(main, estimates, spec, window, taxonomy)]
    rows += [row for window in windows for row in _others(main, estimates, spec, window, taxonomy)]
    note = (
        sample_note(description, study),
        "Yearly change of the log of urban over rural income per head between the ends of a window, on cluster and "
        "zone indicators by OLS, one row per unit; 1 pp a year moves the ratio by about 1 %. Taxonomy "
        f"{taxonomy} unless another one is named. No change is taken from one window to the next: the definition of "
        "income differs. Of interest: a change of the ratio over a whole window, spread over its years.",
        "Urban minus rural row = gap row: the parts show through which income the gap moves. Incomes are at current "
        "prices.",
        inference_note(inference, power),
        NOT_CAUSAL,
        origin_note(description, inference["seed"]),
    )  # fmt: skip
    return Table(id="T21", title="Urban and rural incomes: cluster and zone regions", note=note,
                 columns=contrast_columns(inference), frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _full(main: pd.DataFrame, estimates: pd.DataFrame, spec: str, window: str, taxonomy: str) -> Iterable[Row]:
    for outcome, term, contrast, label in FULL:
        row = pick(main, spec_id=spec, outcome=outcome, term=term, contrast=contrast, period=window,
                   treatment_def=taxonomy)  # fmt: skip
        if row:
            yield contrast_line(row, window.replace("-", "\u2013"), label, estimates)


def _others(main: pd.DataFrame, estimates: pd.DataFrame, spec: str, window: str, taxonomy: str) -> Iterable[Row]:
    found = only(main, outcome="gap_growth", contrast=DIFFERENCE, period=window)
    shown = found[found["spec_id"].ne(spec) | found["treatment_def"].ne(taxonomy)]
    group = f"Gap, clusters minus zones, {window}: other lists, controls, samples".replace("-", "\u2013")
    for row in records(shown.sort_values(["spec_id", "treatment_def"], kind="stable")):
        label = row["treatment_def"] if row["spec_id"] == spec else _variant(row)
        yield contrast_line(row, group, label, estimates)


def _variant(row: Row) -> str:
    given = "" if row["controls_id"] == "none" else f"given {row['controls_id'].replace('_', ' ')}"
    sample = "" if row["sample_id"] == "all" else row["sample_id"].replace("_", " ")
    return ", ".join(part for part in (given, sample) if part) or row["spec_id"].replace("_", " ")
