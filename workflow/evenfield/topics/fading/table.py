"""T22: do premiums of zone regions fade, and where does their location quotient end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.contrast_rows import LADDER_NOTE, comparison_name, contrast_columns, contrast_line
from evenfield.shared.tables.notes import (
    NOT_CAUSAL,
    basis_mark,
    basis_note,
    origin_note,
    period_with_basis,
    sample_note,
)
from evenfield.shared.tables.rows import Row, only, records
from evenfield.shared.tables.table import Table
from evenfield.study.errors import ArtifactError
from evenfield.topics.factor_intensity.table import left_out_notes

METHOD = (
    "Premium: difference between the group and the others in a period mean. Change per period: least squares slope of "
    "the premium on the period index, estimated as a cross-section of one slope per unit, so that unit and period "
    "effects drop out. Windows start where the figures of every unit start. Of interest: the change that would halve "
    "the first premium over the sample; for the quotient, a fall by a quarter."
)
QUOTIENT = (
    "Location quotient: share in foreign-funded investment (registered total investment, a stock) over share in "
    "output. Trend: slope of its log, group against the others, log points per decade. End level: the quotient, "
    "mean of the last five years, tested against one. Group series: trend of the group's own log quotient, HAC with "
    "fixed-b law."
)
POWER = (
    "Detectable: smallest difference found with {power:.0%} power; above of interest the comparison is UNDERPOWERED."
)
KINDS = {"stat_end_level": "end level", "group_series": "group series, trend"}


def tabulate_fading(
    estimates: pd.DataFrame, description: Mapping[str, Any], *, fit: Mapping[str, Any], periods: Mapping[str, Any],
    inference: Mapping[str, Any], power: float, study: Mapping[str, Any], taxonomy: str,
) -> Table:  # fmt: skip
    """Arrange changes of premiums with the premiums they come from, then the location quotient."""
    main = only(estimates, treatment_def=taxonomy)
    lines = [line for spec in fit["order"] for line in _lines(estimates, only(main, spec_id=spec), fit, periods)]
    if not lines:
        raise ArtifactError("no fading under the main taxonomy", "rows of the fading family",
                            "correct estimates.fading or remove T22 from `tables`")  # fmt: skip
    note = (sample_note(description, study), METHOD, QUOTIENT, *left_out_notes(fit), POWER.format(power=power),
            LADDER_NOTE, basis_note(description), NOT_CAUSAL, origin_note(description, inference["seed"]))  # fmt: skip
    columns = contrast_columns(inference, "Period", 2, {"p_free": "p, permuted"})
    return Table(id="T22", title="Do the premiums of zone regions fade?", note=note, columns=columns,
                 frame=pd.DataFrame(lines), group="group")  # fmt: skip


def _lines(
    estimates: pd.DataFrame, mine: pd.DataFrame, fit: Mapping[str, Any], periods: Mapping[str, Any]
) -> Iterable[Row]:
    coefficients = only(mine, estimator="ols", effect_type="coef")
    for row in records(coefficients[coefficients["period"].isin(list(periods))]):
        name = f"{period_with_basis(row['period'], row['output_basis'], periods)}: premium"
        yield contrast_line(estimates, row, name, _group(row, fit))
    for row in records(coefficients[~coefficients["period"].isin(list(periods))]):
        given = f", {row['contrast'].partition(' ')[2]}" if row["contrast"] else ""
        mark = f" {basis_mark(row['output_basis'])}" if row["output_basis"] in {"proxy", "spliced"} else ""
        kind = "trend per decade" if "decade" in row["unit_of_measure"] else "change per period"
        yield contrast_line(estimates, row, f"{_years(row)}{mark}: {kind}{given}", _group(row, fit))
    for row in records(mine[mine["estimator"].isin(["ratio", "group_series"])]):
        kind = KINDS.get(row["effect_type"], KINDS.get(row["estimator"], ""))
        yield contrast_line(estimates, row, f"{_years(row)}: {kind}", _group(row, fit))


def _years(row: Row) -> str:
    return str(row["period"]).replace("-", "\u2013")


def _group(row: Row, fit: Mapping[str, Any]) -> str:
    label = fit["outcomes"].get(row["spec_id"], row["spec_id"])
    return f"{label[0].upper()}{label[1:]}: {comparison_name({'term': row['term'], 'contrast': ''})}"
