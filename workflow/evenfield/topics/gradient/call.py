"""Where clusters lie as calls of the library."""

from functools import cache
from typing import Any

import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    drawn,
    section_of,
    specification,
    weights_table,
)
from evenfield.shared.places import Coefficient, Place, TableRow, same
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.gradient.estimate import (
    Geography,
    Section,
    counts_of,
    draw_id_of,
    geography_of,
    marks_of,
)

MARKS = "cluster"  # outcome of a list of units; others are counts
SOUTH = "degrees_south"
# What the error of a permutation is in a row; the library prints none.
SPREAD = "it is the spread over placements, where ef.ols by permutation has no error"


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: how far south marks are, whether neighbours have
    as many, or the links between marks.
    """
    spec = specification(section_of(study, Section, "gradient"), row)
    geography = _geography(study, spec.id)
    units = geography.units
    name = row["outcome"]
    marked = name == MARKS
    values = (
        marks_of(study, spec, row["treatment_def"], units)
        if marked
        else counts_of(study, name, units)
    )
    data = pd.DataFrame({"unit": units, name: values})
    # The library numbers units by their ids, and draws in that order.
    differs = {} if list(units) == sorted(units) else {"p_value": DRAWS}
    if row["estimator"] == "latitude_permutation":
        inside = geography.inside
        return Call(
            function="ols",
            data=data.assign(**{SOUTH: -geography.lat})[inside].reset_index(drop=True),
            arguments={
                "y": SOUTH,
                "x": [name],
                "unit": "unit",
                "inference": ["randomisation"],
                **_drawn(study, row, "south"),
            },
            places=(Coefficient(term=name),),
            differs=differs | {"std_error": SPREAD},
        )
    arguments: dict[str, Any] = {"y": name, "unit": "unit"}
    if row["estimator"] == "join_count":
        function = "join_count"
        place: Place = Coefficient(term="both", columns=same("estimate", "p_value"))
        what = "links"
    else:
        function = "moran"
        columns = {"estimate": "I", "std_error": "sd(I)", "p_value": "p"}
        place = TableRow(table="over time", line=0, columns=columns)
        arguments["islands"] = True
        what = "moran"
    return Call(
        function=function,
        data=data,
        arguments=arguments | _drawn(study, row, what),
        places=(place,),
        weights=weights_table(geography.W, list(units)),
        differs=differs,
    )


@cache
def _geography(study: Study, spec_id: str) -> Geography:
    """Return where the units of a specification are, read once for all its rows."""
    specs = {spec.id: spec for spec in section_of(study, Section, "gradient")}
    return geography_of(study, specs[spec_id])


def _drawn(study: Study, row: Row, what: str) -> dict[str, Any]:
    """Return the draws of a row."""
    inference = study.config.inference
    return drawn(inference.permutations, inference.seed, draw_id_of(row, what))
