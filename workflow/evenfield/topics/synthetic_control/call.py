"""Synthetic controls as calls of the library."""

from functools import cache
from typing import Any

from evenfield.shared.calls import Call, Place, section_of, specification
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
    arguments: dict[str, Any] = {
        "y": "y",
        "unit": "unit",
        "time": "year",
        "treated": spec.unit,
        "date": spec.effect[0],
        "fit_end": int(last_fitted),
        "demeaned": spec.demeaned,
    }
    if spec.placebo is not None:
        arguments["placebo"] = spec.placebo
    return Call(
        function="synthetic_control",
        data=data.long("y"),
        arguments=arguments,
        places=(_place(row, spec, int(data.years[-1])),),
    )


@cache
def _data(study: Study, spec_id: str) -> Trajectories:
    """Return the paths of a specification, read once for all its rows."""
    specs = {spec.id: spec for spec in section_of(study, Section, "synthetic_control")}
    return case_data(study, specs[spec_id])[1]


def _place(row: Row, spec: ControlSpec, end: int) -> Place:
    if row["effect_type"] == "stat_end":
        return Place(table="path", line=end, columns=GAP)
    if row["effect_type"] == "stat_pre_rmspe":
        return Place(note="error before")
    if row["estimator"] == "leave_one_out":
        without = row["max_leverage_unit"]
        return Place(table="leave one out", line=without, columns=GAP)
    if row["estimator"] == f"{BASE}_in_time":
        return Place(term=f"gap, placebo {spec.placebo}", inference="ranks")
    return Place(term="gap", inference=INFERENCES[row["estimator"]])
