"""Moran's I and Geary's C by year as calls of the library."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    asked_of,
    section_of,
    specification,
    weights_table,
)
from evenfield.shared.places import Coefficient, Place, TableRow, same
from evenfield.shared.tables.rows import Row
from evenfield.shared.trajectories import whole_span
from evenfield.study.study import Study
from evenfield.topics.moran.estimate import (
    GROWTH,
    MoranSpec,
    Section,
    growth_of,
    income_at_start,
    marks_and_growth,
    regions_of,
)

# Lines of the table over time by estimator.
OVER_TIME = {"geary": "Geary's C", "local_moran": "units that differ"}
BY_DRAWS = ("std_error", "statistic", "p_value")


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: I or C of one variable in one year, or of what
    regressors leave of it, and how many units differ; I of growth with the marks of
    neighbours.
    """
    spec = specification(section_of(study, Section, "moran"), row)
    where = f"estimates.moran.{spec.id}"
    income, _ = whole_span(study, spec, where)
    weights = study.weights(spec.weights, scheme=spec.unit_scheme)
    W = weights_table(weights.among(income.units)[0], income.units)
    if row["estimator"] in ("join_count", "bivariate_moran"):
        return _of_marks(study, spec, row, income.units, W)
    data = income
    if row["outcome"] == "growth":
        growth = growth_of(study, spec, income, where)
        if growth is None:
            raise NoCallError("the panel has no growth")
        data = growth
    frame = data.long(row["outcome"])
    controls = row["controls_id"]
    arguments: dict[str, Any] = {"y": row["outcome"], "unit": "unit", "time": "year"}
    if controls == "log_income_start":
        frame[controls] = income_at_start(income, data).ravel()
    elif controls != "none":
        codes, names = regions_of(study, spec, income.units, where)
        frame[controls] = np.repeat(np.array(names)[codes], len(data.years))
    if controls != "none":
        arguments["controls"] = [controls]
    year = asked_of(row)["year"]
    column = OVER_TIME.get(row["estimator"])
    own: Place = Coefficient(term=f"I {year}")
    if column:
        own = TableRow(table="over time", line=year, columns={"estimate": column})
    drawn = ("estimate",) if row["estimator"] == "local_moran" else BY_DRAWS
    if row["estimator"] == "local_moran":
        arguments["discovery_rate"] = spec.discovery_rate
    return Call(
        function="moran",
        data=frame,
        arguments=arguments,
        places=(own,),
        weights=W,
        differs=dict.fromkeys(drawn, DRAWS),
    )


def _of_marks(
    study: Study, spec: MoranSpec, row: Row, units: Sequence[str], W: pd.DataFrame
) -> Call:
    """Return the call that counts links between clusters or zones, or sets growth against
    those of neighbours.
    """
    marks, grown = marks_and_growth(
        study, spec, units, row["treatment_def"], row["period"]
    )
    group = row["contrast"]
    data = pd.DataFrame({"unit": grown["unit"], "growth": grown[GROWTH]})
    data[group] = marks[group].to_numpy(float)
    if row["estimator"] == "join_count":
        return Call(
            function="join_count",
            data=data[["unit", group]],
            arguments={"y": group, "unit": "unit"},
            places=(Coefficient(term="both", columns=same("estimate", "p_value")),),
            weights=W,
            differs={"p_value": DRAWS},
        )
    return Call(
        function="bivariate_moran",
        data=data,
        arguments={"y": "growth", "neighbours": group, "unit": "unit"},
        places=(Coefficient(term="I"),),
        weights=W,
        differs=dict.fromkeys(BY_DRAWS, DRAWS),
    )
