"""The cross-section of a specification in a period: income at both ends, growth, and
the controls that exist.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evenfield.shared.estimates import NAN
from evenfield.shared.samples import (
    basis_warning,
    control_columns,
    one_text,
    sample_rows,
)
from evenfield.shared.settings import scheme_info
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.study import Study

# Columns of periods.csv by kind of end point, and the name of the outcome.
ENDS = {
    "end": ("log_income_start", "log_income_end", "growth_pct_per_year", "growth"),
    # Means over three years make an end that one odd year moves less.
    "mean3": (
        "log_income_start_mean3",
        "log_income_end_mean3",
        "growth_mean3_pct_per_year",
        "growth_mean3",
    ),
}
TOLERANCE = 1e-8


def cross_section(
    study: Study,
    spec: Any,
    period: str,
    where: str,
    wanted: Sequence[str] = (),
    ends: str = "end",
) -> tuple[pd.DataFrame, float, str, str, bool]:
    """Return unit, start, end, controls, growth; years; basis; note; whether the end
    points exist in the period.

    The order of the rows depends neither on their order in the file nor, ties aside, on
    the names of the units.
    """
    info = scheme_info(study.description(spec.unit_scheme))
    units = info.samples[spec.sample]
    frame = study.table("periods", spec.unit_scheme)
    frame = frame[frame["period"].eq(period) & frame["unit"].isin(units)]
    start, end, growth, _ = ENDS[ends]
    # ASSUME: a control or end point that is blank for all units does not exist in the
    # period; a single gap is an error.
    available = ends == "end" or not frame[[start, end]].isna().all(axis=None)
    controls = {}
    for name in wanted:
        for column in control_columns(frame.columns, name):
            if not frame[column].isna().all():
                controls[column] = column.removeprefix("control_")
    needed = [start, end, growth] if available else []
    rows = sample_rows(frame, units, [*needed, *controls], where)
    # A sample without a group has no column for it.
    controls = {
        column: name
        for column, name in controls.items()
        if "=" not in name or rows[column].nunique() > 1
    }
    years = NAN
    if len(rows):
        years = float(rows["end_year"].iloc[0] - rows["start_year"].iloc[0])
    # Means over three dates are centred one step inside the period, at both ends.
    years -= 2 * info.step if ends == "mean3" else 0
    data = rows.rename(
        columns={
            start: "start",
            end: "end",
            **controls,
        }
    )
    data = data[["unit", "start", "end", *controls.values()]]
    data = data.assign(growth=(data["end"] - data["start"]) / years)
    # The table states percent a year; here growth is in log points a year.
    stated_growth = rows[growth] / 100
    gap = (data["growth"] - stated_growth).abs()
    off = gap > TOLERANCE * stated_growth.abs().clip(lower=1)
    if available and off.any():
        raise EstimateError(
            f"{where}: growth of {counted(off.sum(), 'unit')} is not the difference of the end"
            f" points a year ({first_examples(sorted(data.loc[off, 'unit']))})",
            "growth over the years between the end points",
            "remake the panel",
        )
    basis = one_text(rows["basis"])
    data = data.sort_values(["start", "end", "unit"], ignore_index=True)
    return data, years, basis, basis_warning(basis, info.first_official), available
