"""Moran's I and Geary's C by year as calls of the library."""

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    Place,
    section_of,
    specification,
    square,
)
from evenfield.shared.tables.rows import Row
from evenfield.shared.trajectories import whole_span
from evenfield.study.study import Study
from evenfield.topics.moran.estimate import Section, growth_of

GEARY = {"estimate": "Geary's C"}
BY_DRAWS = ("std_error", "statistic", "p_value")


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: I or C of one variable in one year."""
    spec = specification(section_of(study, Section, "moran"), row)
    where = f"estimates.moran.{spec.id}"
    values, _ = whole_span(study, spec, where)
    if row["outcome"] == "growth":
        grown = growth_of(study, spec, values, where)
        if grown is None:
            raise NoCallError("the panel has no growth")
        values = grown
    weights = study.weights(spec.weights, scheme=spec.unit_scheme)
    matrix, _ = weights.among(values.units)
    year = row["period"]
    geary = Place(table="over time", line=int(year), columns=GEARY)
    own = geary if row["estimator"] == "geary" else Place(term=f"I {year}")
    return Call(
        function="moran",
        data=values.long(row["outcome"]),
        arguments={"y": row["outcome"], "unit": "unit", "time": "year"},
        places=(own,),
        weights=square(matrix, values.units),
        differs=dict.fromkeys(BY_DRAWS, DRAWS),
    )
