"""T24: growth before and after regional programmes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.contrasts import contrast_columns, contrast_line, inference_note
from evenfield.shared.tables.notes import basis_mark, basis_note, origin_note, sample_note
from evenfield.shared.tables.rows import Row, records
from evenfield.shared.tables.table import Table
from evenfield.study.errors import ArtifactError

PARTS = (
    ("primary", "Change of growth"),
    ("mechanism", "Growth after alone"),
    ("border", "Neighbours on two sides of the line"),
    ("placebo", "Placebo dates"),
    ("robustness", "Other comparison groups, controls, samples"),
    ("exploratory", "Exploratory"),
)


def tabulate_west(
    estimates: pd.DataFrame, description: Mapping[str, Any], *, inference: Mapping[str, Any], power: float,
    study: Mapping[str, Any],
) -> Table:  # fmt: skip
    """Arrange the programme estimates: deciding rows, what supports or doubts them, the rest."""
    main = estimates[estimates["role"].ne("ladder") & estimates["effect_type"].eq("coef")]
    rows = [contrast_line(row, title, _label(row), estimates) for part, title in PARTS for row in _part(main, part)]
    if not rows:
        raise ArtifactError("no estimates of regional programmes", "programmes.csv and growth in the panel",
                            "add them or remove T24 from `tables`")  # fmt: skip
    note = (
        sample_note(description, study),
        "Mean growth after minus mean growth before, percentage points a year, on an indicator of the programme's "
        "units by OLS, one row per unit; programmes named beside it have their own coefficient, so that their units "
        "are not in the comparison group. Growth across the joint of proxy and official output is left out. With "
        "growth before the programme on PROXY output the difference is descriptive: the common path before cannot be "
        "checked.",
        "Border: mean difference over pairs of neighbours, one on each side; clusters by the units of both sides, t "
        "with the smaller number of units less one. Placebo: the same at dates at which no such programme began; a "
        "difference there speaks against reading the one above.",
        inference_note(inference, power),
        basis_note(description),
        "Programmes went where growth was low: associations, not effects.",
        origin_note(description, inference["seed"]),
    )
    return Table(id="T24", title="Growth before and after regional programmes", note=note,
                 columns=contrast_columns(inference), frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _part(main: pd.DataFrame, part: str) -> Iterable[Row]:
    border = main["estimator"].eq("border_pairs")
    chosen = main[border] if part == "border" else main[main["role"].eq(part) & ~border]
    return records(chosen.sort_values(["term", "spec_id", "period"], kind="stable"))


def _label(row: Row) -> str:
    name = row["term"].replace("_", " ")
    mark = basis_mark(row["output_basis"]) if row["output_basis"] in {"proxy", "spliced"} else ""
    spec = row["spec_id"].replace("_", " ")
    period = row["period"].replace("-", "\u2013")
    return " ".join(part for part in (f"{name} ({spec}), {period}", mark) if part)
