"""Synthetic controls as calls of the library."""

from functools import cache
from typing import Any

from evenfield.shared.calls import Call, section_of, specification
from evenfield.shared.places import Coefficient, Note, Place, TableRow
from evenfield.shared.tables.rows import Row
from evenfield.shared.trajectories import Trajectories
from evenfield.study.study import Study
from evenfield.topics.synthetic_control.estimate import (
    BASE,
    ControlSpec,
    Section,
    case_data,
)

# Inference of the library by estimator.
INFERENCES = {BASE: "ranks", f"{BASE}_ratio": "ratio", f"{BASE}_conformal": "conformal"}
GAP = {"estimate": "gap"}


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the gap of one unit to its synthetic control."""
    spec = specification(section_of(study, Section, "synthetic_control"), row)
    data = _data(study, spec.id)
    last_fitted = data.years[data.years <= spec.fit[1]][-1]
    placebo = _placebo(spec, data)
    arguments: dict[str, Any] = {
        "y": "y",
        "unit": "unit",
        "time": "year",
        "treated": spec.unit,
        "date": _first_from(data, spec.effect[0]),
        "fit_end": int(last_fitted),
        "demeaned": spec.demeaned,
    }
    if placebo is not None:
        arguments["placebo"] = placebo
    return Call(
        function="synthetic_control",
        data=data.long("y"),
        arguments=arguments,
        places=(_place(row, placebo, int(data.years[-1])),),
    )


@cache
def _data(study: Study, spec_id: str) -> Trajectories:
    """Return the paths of a specification, read once for all its rows."""
    specs = {spec.id: spec for spec in section_of(study, Section, "synthetic_control")}
    return case_data(study, specs[spec_id])[1]


def _placebo(spec: ControlSpec, data: Trajectories) -> int | None:
    return None if spec.placebo is None else _first_from(data, spec.placebo)


def _first_from(data: Trajectories, year: int) -> int:
    """Return the first year of the data from a year on: it need not have each."""
    return int(data.years[data.years >= year][0])


def _place(row: Row, placebo: int | None, end: int) -> Place:
    if row["effect_type"] == "stat_end":
        return TableRow(table="path", line=end, columns=GAP)
    if row["effect_type"] == "stat_pre_rmspe":
        return Note(note="error before")
    if row["estimator"] == "leave_one_out":
        without = row["max_leverage_unit"]
        return TableRow(table="leave one out", line=without, columns=GAP)
    if row["estimator"] == f"{BASE}_in_time":
        return Coefficient(term=f"gap, placebo {placebo}", inference="ranks")
    return Coefficient(term="gap", inference=INFERENCES[row["estimator"]])
