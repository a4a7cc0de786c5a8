"""Smallest detectable effects of designs as calls of the library."""

from functools import cache

import numpy as np
import pandas as pd

from evenfield.shared.calls import Call, NoCallError, asked_of, section_of
from evenfield.shared.contrasts.calls import as_coefficient
from evenfield.shared.places import TableRow
from evenfield.shared.tables.rows import Row, only
from evenfield.study.study import Study
from evenfield.topics.design.estimate import (
    EXPOSURE_CASES,
    IN_PP,
    OWN_CASES,
    Case,
    Section,
    members_of,
)
from evenfield.topics.design.estimate_diagnostics import Design

GROWTH = "growth_pct_per_year"
# Inferences of the library by estimator.
TESTS = {"mde_t": "classical", "mde_scpc_03": "SCPC", "mde_scpc_06": "SCPC_06"}
NOTE = "in standard deviations of the error: growth itself plays no part"


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the smallest effect that a test of a coefficient
    finds, in standard deviations of the error, or times those of growth.
    """
    design = _design(study)
    case = _case(row)
    taxonomy = row["treatment_def"]
    period = row["period"]
    # Periods with the same cells have one design, that of the first.
    first = next(
        names[0]
        for label, names in design.designs(taxonomy).items()
        if period in (label, *names)
    )
    table = design.regressors(row["w_id"] or design.weights, taxonomy, first)
    chosen = table.loc[members_of(table, case), list(case.columns)]
    columns = {name: chosen[name].to_numpy(float) for name in case.columns}
    weights = {case.term: 1.0} | ({case.minus: -1.0} if case.minus else {})
    columns, term, note = as_coefficient(columns, weights)
    in_pp = row["unit_of_measure"] == IN_PP
    grown = only(design.periods, period=period if in_pp else first)
    growth = grown.set_index("unit")[GROWTH].reindex(chosen.index)
    if growth.isna().any():
        raise NoCallError(
            f"{growth.index[growth.isna()][0]} has no growth in {first}, without which"
            " ef.ols leaves a unit out"
        )
    times = float(design.growth_sd[period]) if in_pp else 1.0
    if asked_of(row)["per_sd"]:
        times *= float(chosen[case.term].std(ddof=0))
    places = design.coordinates.reindex(columns=["lat", "lon"]).loc[chosen.index]
    data = pd.DataFrame({"unit": chosen.index, GROWTH: growth.to_numpy(), **columns})
    test = TESTS[row["estimator"]]
    words = [note] if note else []
    words.append(NOTE)
    if times != 1.0:
        words.append(f"the row is {times:.6g} times that")
    return Call(
        function="ols",
        data=data.assign(lat=np.array(places["lat"]), lon=np.array(places["lon"])),
        arguments={
            "y": GROWTH,
            "x": [*columns],
            "unit": "unit",
            "inference": [test],
        },
        then=(
            "detectable",
            {"term": term, "power": design.power, "level": design.level},
        ),
        places=(TableRow(line=test, columns={"estimate": "effect"}, times=times),),
        note="; ".join(words),
    )


def _case(row: Row) -> Case:
    """Return the contrast of a row."""
    wanted = (row["spec_id"], asked_of(row)["term"], row["contrast"])
    return next(
        case
        for case in (*OWN_CASES, *EXPOSURE_CASES)
        if (case.design, case.term, case.contrast) == wanted
    )


@cache
def _design(study: Study) -> Design:
    """Return what the designs of a study consist of, read once for all rows."""
    section: Section = section_of(study, Section, "design")
    return Design(study, section.weights)
