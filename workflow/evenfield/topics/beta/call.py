"""Beta convergence as calls of the library."""

from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    drawn,
    method_of,
    section_of,
    specification,
    weights_table,
)
from evenfield.shared.cross_section import cross_section
from evenfield.shared.few_units import with_places
from evenfield.shared.places import Coefficient, Note, Place, TableRow, same
from evenfield.shared.settings import scheme_info
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.beta.estimate import BetaSpec, Section, group_means

SLOPE = "initial"  # as the library names the slope on initial income
# Lines of the library's table of speeds by term.
SPEEDS = {
    "speed": "speed",
    "half_life": "half-life",
    "speed_nls": "speed by nonlinear least squares",
}
KEYS = ("unit", "year", "log_income", "income")


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row."""
    spec = specification(section_of(study, Section, "beta"), row)
    data, first, last = _two_dates(study, spec, row["period"])
    if row["term"] == "moran":
        return _of_residuals(study, spec, data, first, last)
    if row["estimator"] == "description":
        return _described(row, data, first, last)
    controls = [name for name in data if name not in KEYS]
    methods = spec.inference or ("HC3",)
    inference = study.config.inference
    arguments: dict[str, Any] = {
        "y": "log_income",
        "x": controls,
        "unit": "unit",
        "time": "year",
        "inference": [*methods],
    }
    if spec.inference:
        stream = f"beta:{spec.id}:{row['period']}"
        arguments |= {
            "few_units": True,
            **drawn(inference.permutations, inference.seed, stream),
        }
        data = with_places(study, spec.unit_scheme, data)
    return Call(
        function="beta_convergence",
        data=data,
        arguments=arguments,
        places=_places(row),
    )


def _places(row: Row) -> tuple[Place, ...]:
    if row["effect_type"] == "coef":
        return (Coefficient(term=SLOPE, inference=method_of(row)),)
    if row["term"] == "r2":
        return (Note(note="R2"),)
    name = "speed_nls" if row["estimator"] == "nls" else row["term"]
    times = 1.0 if name == "half_life" else 100.0
    return (TableRow(table="speed", line=SPEEDS[name], times=times),)


def _described(row: Row, data: pd.DataFrame, first: int, last: int) -> Call:
    """Return the call that describes both ends, or growth between them."""
    if row["term"] == "mean_growth":
        ends = data.pivot(index="unit", columns="year", values="log_income")
        growth = (ends[last] - ends[first]) / (last - first)
        return Call(
            function="ols",
            data=pd.DataFrame({"growth": growth}).reset_index(),
            arguments={"formula": "growth ~ 1", "unit": "unit"},
            places=(Coefficient(term="Intercept", times=100.0),),
        )
    year = first if row["term"] == "sigma_start" else last
    return Call(
        function="sigma",
        data=data.assign(income=np.exp(data["log_income"])),
        arguments={"y": "income", "unit": "unit", "time": "year"},
        places=(Coefficient(term=f"sigma {year}"),),
    )


def _of_residuals(
    study: Study, spec: BetaSpec, data: pd.DataFrame, first: int, last: int
) -> Call:
    """Return the call that tests what the regression leaves of growth on the map."""
    ends = data.pivot(index="unit", columns="year", values="log_income")
    cross = data[data["year"].eq(first)].set_index("unit")
    cross = cross.assign(
        initial=ends[first], growth=(ends[last] - ends[first]) / (last - first)
    ).reset_index()
    units = list(cross["unit"])
    W, _ = study.weights(scheme=spec.unit_scheme).among(units)
    islands = {} if W.sum(axis=1).all() else {"islands": True}
    held = [SLOPE, *(name for name in data if name not in KEYS)]
    normal = {"estimate": "I", "std_error": "sd(I)", "statistic": "z"}
    return Call(
        function="moran",
        data=cross[["unit", "growth", *held]],
        arguments={
            "y": "growth",
            "controls": held,
            "unit": "unit",
            "draws": study.config.inference.permutations,
            **islands,
        },
        places=(
            Coefficient(term="I", columns=same("p_value")),
            TableRow(table="over time", line=0, columns=normal),
        ),
        weights=weights_table(W, units),
        differs={"p_value": DRAWS},
    )


def _two_dates(
    study: Study, spec: BetaSpec, period: str
) -> tuple[pd.DataFrame, int, int]:
    """Return log income at both ends by unit, with the controls, and the years."""
    where = f"estimates.beta.{spec.id} {period}"
    section = cross_section(study, spec, period, where, spec.controls, spec.end_points)
    data, years, *_ = section
    if spec.means:
        data = group_means(study, spec, data, where)
    periods = study.table("periods", spec.unit_scheme)
    first = int(periods.loc[periods["period"].eq(period), "start_year"].iloc[0])
    # Means over three dates are centred one step inside the period.
    step = scheme_info(study.description(spec.unit_scheme)).step
    first += step if spec.end_points == "mean3" else 0
    last = first + round(years)
    ends = [
        data.drop(columns=["start", "end", "growth"]).assign(
            year=year, log_income=data[column]
        )
        for year, column in ((first, "start"), (last, "end"))
    ]
    return pd.concat(ends, ignore_index=True), first, last
