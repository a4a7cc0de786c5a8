"""Speeds of rolling windows as calls of the library."""

from evenfield.shared.calls import Call, Place, section_of, specification
from evenfield.shared.settings import scheme_info
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.rolling.estimate import Section


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the speed in one window."""
    spec = specification(section_of(study, Section, "rolling"), row)
    units = scheme_info(study.description(spec.unit_scheme)).samples[spec.sample]
    first, last = map(int, row["period"].split("-"))
    panel = study.table("panel", spec.unit_scheme)
    own = panel["unit"].isin(units) & panel["year"].isin([first, last])
    return Call(
        function="beta_convergence",
        data=panel.loc[own, ["unit", "year", "log_income"]].reset_index(drop=True),
        arguments={"formula": "log_income ~ 1", "unit": "unit", "time": "year"},
        places=(Place(table="speed", line="speed", times=100.0),),
    )
