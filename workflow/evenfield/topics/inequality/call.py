"""Indices of inequality and their parts as calls of the library."""

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    Call,
    Place,
    same,
    section_of,
    specification,
)
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.inequality.estimate import Section, decomposition
from evenfield.topics.inequality.estimate_rows import CHANGE, ENDS, Decomposition

# Measures of the library by term.
MEASURES = {
    "theil_t": "theil_t",
    "theil_l": "theil_l",
    "gini": "gini",
    "atkinson_1": "atkinson",
}
PERCENTILES = "percentiles of redrawn units; the library has their deviation"
LABELS = "labels are dealt out to other units, which the library does not do"


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: an index at an end of a period, its change, or
    the share between groups.
    """
    between = row["estimator"] == "theil_decomposition"
    measure = MEASURES[row["term"].removeprefix("between_")]
    spec = specification(section_of(study, Section, "inequality"), row)
    part = decomposition(study, spec, row["period"])
    arguments: dict[str, object] = {
        "y": "income",
        "unit": "unit",
        "time": "year",
        "measure": measure,
        "weights": "people",
    }
    if between:
        return _between(row, part, arguments)
    first, last = (int(part.data.years[end]) for end in ENDS.values())
    if row["contrast"] == CHANGE:
        place = Place(term=f"total {last}", less=f"total {first}")
    else:
        year = {"start": first, "end": last}[row["contrast"]]
        place = Place(term=f"total {year}", columns=same("estimate"))
    return Call(
        function="inequality",
        data=_incomes(part),
        arguments=arguments,
        places=(place,),
        differs=dict.fromkeys(("conf_low", "conf_high"), PERCENTILES),
    )


def _between(row: Row, part: Decomposition, arguments: dict[str, object]) -> Call:
    codes, names = part.groups[row["treatment_def"]]
    end = row["contrast"]
    data = _incomes(part, end)
    return Call(
        function="inequality",
        data=data.assign(group=np.array(names, dtype=object)[codes]),
        arguments={**arguments, "groups": "group"},
        places=(
            Place(term="between", per="total"),
            Place(term="between", columns={"statistic": "estimate"}),
        ),
        differs={"p_value": LABELS},
    )


def _incomes(part: Decomposition, *ends: str) -> pd.DataFrame:
    """Return income and people of every unit at some ends of a period, both by default."""
    parts = []
    for end in ends or ENDS:
        at = ENDS[end]
        columns = {
            "unit": part.data.units,
            "year": int(part.data.years[at]),
            "income": part.income[:, at],
            "people": part.weights[:, at],
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)
