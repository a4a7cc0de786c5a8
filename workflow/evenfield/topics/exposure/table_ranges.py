"""T16b: how far the difference of the two exposures moves over taxonomies and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import NOT_CAUSAL, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.numbers import fixed, interval, places, whole
from evenfield.shared.tables.rows import only, records
from evenfield.shared.tables.table import Column, Table
from evenfield.study.errors import ArtifactError

OVER = ("taxonomies", "weights", "taxonomies and weights")


def tabulate_exposure_ranges(
    ranges: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    spec: str,
    periods: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange the ranges of the difference of the two exposures."""
    mine = only(ranges, spec_id=spec)
    if mine.empty:
        raise ArtifactError(f"no ranges of specification {spec}", "a specification with role primary in main periods",
                            "mark one in estimates.exposure or remove T16b from `tables`")  # fmt: skip
    rows = [
        {"group": period_with_basis(row["period"], row["output_basis"], periods),
         "label": f"other {row['over']}", **row}
        for period in periods for over in OVER for row in records(only(mine, period=period, over=over))
    ]  # fmt: skip
    note = (
        sample_note(description, study),
        "Growth next to clusters minus growth next to SEZs, pp a year per exposure 0 to 1, estimated as in T16; the "
        "main estimate is counted in. Not defined: a list that holds nearly every unit leaves nothing to compare.",
        "Intervals: number of SCPC intervals that leave out zero, without any correction for looking so often. "
        "Detectable: the smallest of the effects seen with the stated power.",
        basis_note(description),
        NOT_CAUSAL,
        origin_note(description),
    )
    title = "Neighbours' clusters minus neighbours' SEZs over lists and weights"
    return Table(id="T16b", title=title, note=note, columns=_columns(), frame=pd.DataFrame(rows), group="group")


def _columns() -> tuple[Column, ...]:
    return (
        Column(names=("label",), header="Over"),
        Column(names=("estimates",), header="Estimates", align="right", show=whole),
        Column(names=("undefined",), header="Not defined", align="right", show=whole),
        Column(names=("median",), header="Median", align="right", show=places(fixed, 2)),
        Column(names=("lowest", "highest"), header="Lowest and highest", align="right", show=places(interval, 2)),
        Column(names=("same_sign",), header="Sign of the main one", align="right", show=whole),
        Column(names=("off_zero",), header="Intervals", align="right", show=whole),
        Column(names=("smallest_mde",), header="Detectable", align="right", show=places(fixed, 1)),
    )
