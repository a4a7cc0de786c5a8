"""Speeds of rolling windows, and the spatial form of beta convergence, as calls of the
library.
"""

from typing import Any

import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    Place,
    drawn,
    same,
    section_of,
    specification,
    weights_table,
)
from evenfield.shared.cross_section import cross_section
from evenfield.shared.settings import scheme_info
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.rolling.estimate import RollingSpec, Section
from evenfield.topics.rolling.estimate_windows import WORD

INITIAL = "initial"
# Terms of the spatial form as the library names them.
TERMS = {
    "neighbours_growth": "rho",
    "log_income_start": INITIAL,
    "neighbours_log_income_start": f"W {INITIAL}",
}
# The ratio of likelihoods stands for the estimate and the statistic.
OF_TEST = {"estimate": "statistic", **same("statistic", "df", "p_value")}


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the speed in one window, speeds of periods
    compared, or growth on the own and the neighbours' initial income and on their growth.
    """
    spec = specification(section_of(study, Section, "rolling"), row)
    if row["estimator"].startswith("period_contrast"):
        return _changes(study, spec, row)
    if row["estimator"].startswith("sdm_ml"):
        return _spatial(study, spec, row)
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


def _drawn(study: Study, spec: RollingSpec, *parts: object) -> dict[str, Any]:
    """Return the draws of a number of a specification (``shared/streams.py``)."""
    inference = study.config.inference
    opening = (WORD, spec.id, spec.unit_scheme, spec.sample)
    draw_id = ":".join(map(str, (*opening, *parts)))
    return drawn(inference.permutations, inference.seed, draw_id)


def _changes(study: Study, spec: RollingSpec, row: Row) -> Call:
    """Return the call that compares the speeds of the main periods."""
    described = study.description(spec.unit_scheme)
    years = {
        str(period["period"]): (int(period["start"]), int(period["end"]))
        for period in described["periods"]
    }
    names = row["period"].split("+")
    spans = [years[name] for name in names]
    units = scheme_info(described).samples[spec.sample]
    panel = study.table("panel", spec.unit_scheme)
    ends = sorted({year for span in spans for year in span})
    own = panel["unit"].isin(units) & panel["year"].isin(ends)
    if row["estimator"] == "period_contrast":
        first, last = years[row["contrast"].split(" - ")[0]]
        from_year, to_year = spans[0]
        term = f"{first} to {last} less {from_year} to {to_year}"
        place = Place(term=term, times=100.0)
    else:
        place = Place(table="joint", line="all speeds equal", columns=OF_TEST)
    return Call(
        function="beta_changes",
        data=panel.loc[own, ["unit", "year", "log_income"]].reset_index(drop=True),
        arguments={
            "y": "log_income",
            "spans": spans,
            "unit": "unit",
            "time": "year",
            "draws": study.config.inference.permutations,
        },
        places=(place,),
        differs={"p_value": DRAWS},
    )


def _spatial(study: Study, spec: RollingSpec, row: Row) -> Call:
    """Return the call that gives a row of the spatial form."""
    period = row["period"]
    where = f"estimates.rolling.{spec.id} {period}"
    data, years, *_ = cross_section(study, spec, period, where)
    data = pd.DataFrame(data[["unit", "growth"]]).assign(initial=data["start"])
    units = list(data["unit"])
    weights = study.weights(scheme=spec.unit_scheme)
    then: tuple[str, dict[str, Any]] | None = None
    differs: dict[str, str] = {}
    if row["term"] == "likelihood_ratio":
        then = ("specification_tests", {})
        place = Place(line="LR SDM -> OLS", columns=OF_TEST)
    elif row["term"] == "moran":
        then = (
            "residual_tests",
            {**_drawn(study, spec, period, "moran"), "regressed": True},
        )
        columns = {"estimate": "statistic", **same("p_value")}
        place = Place(line="Moran's I", columns=columns)
        differs = {"p_value": DRAWS}
    elif row["estimator"] == "sdm_ml_draws":
        then = (
            "impacts",
            {"inference": "observed", **_drawn(study, spec, period, "effects")},
        )
        percentiles = same("estimate", "std_error", "p_value", "conf_low", "conf_high")
        place = Place(term=f"{row['effect_type']} {INITIAL}", columns=percentiles)
    elif row["term"] == "speed":
        then = ("impacts", {"years": float(years)})
        columns = same("estimate", "df", "conf_low", "conf_high")
        line = f"total {INITIAL}"
        place = Place(table="speed", line=line, columns=columns, times=100.0)
    elif row["effect_type"] == "coef":
        place = Place(term=TERMS[row["term"]])
    else:
        then = ("impacts", {})
        place = Place(term=f"{row['effect_type']} {INITIAL}")
    return Call(
        function="spatial_cross_section",
        data=data,
        arguments={
            "formula": f"growth ~ {INITIAL}",
            "unit": "unit",
            "model": "SDM",
            "inference": "observed_t",
        },
        places=(place,),
        weights=weights_table(weights.among(units)[0], units),
        then=then,
        differs=differs,
    )
