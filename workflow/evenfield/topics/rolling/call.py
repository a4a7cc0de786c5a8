"""Speeds of rolling windows, and the spatial form of beta convergence, as calls of the
library.
"""

from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    asked_of,
    drawn,
    section_of,
    specification,
    weights_table,
)
from evenfield.shared.cross_section import cross_section
from evenfield.shared.places import Coefficient, Note, Place, TableRow, same
from evenfield.shared.settings import scheme_info
from evenfield.shared.streams import draw_id_of
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.rolling.estimate import RollingSpec, Section
from evenfield.topics.rolling.estimate_breaks import MOST_VARIANCE_DRAWS
from evenfield.topics.rolling.estimate_windows import WORD

KEYS = {"unit": "unit", "time": "year"}
BAND_LEVEL = 0.95  # of the critical value that the library notes
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
    return CALLS[row["estimator"]](study, spec, row)


def _window(study: Study, spec: RollingSpec, row: Row) -> Call:
    """Return the call that gives the speed in one window."""
    units = scheme_info(study.description(spec.unit_scheme)).samples[spec.sample]
    asked = asked_of(row)
    panel = study.table("panel", spec.unit_scheme)
    ends = [asked["first"], asked["last"]]
    own = panel["unit"].isin(units) & panel["year"].isin(ends)
    return Call(
        function="beta_convergence",
        data=panel.loc[own, ["unit", "year", "log_income"]].reset_index(drop=True),
        arguments={"formula": "log_income ~ 1", "unit": "unit", "time": "year"},
        places=(TableRow(table="speed", line="speed", times=100.0),),
    )


def _drawn(study: Study, spec: RollingSpec, *parts: object) -> dict[str, Any]:
    """Return the draws of a number of a specification."""
    inference = study.config.inference
    draw_id = draw_id_of(WORD, spec, *parts)
    return drawn(inference.permutations, inference.seed, draw_id)


def _changes(study: Study, spec: RollingSpec, row: Row) -> Call:
    """Return the call that compares the speeds of the main periods."""
    described = study.description(spec.unit_scheme)
    years = {
        str(period["period"]): (int(period["start"]), int(period["end"]))
        for period in described["periods"]
    }
    asked = asked_of(row)
    spans = [years[name] for name in asked["periods"]]
    units = scheme_info(described).samples[spec.sample]
    panel = study.table("panel", spec.unit_scheme)
    years_compared = sorted({year for span in spans for year in span})
    own = panel["unit"].isin(units) & panel["year"].isin(years_compared)
    if row["estimator"] == "period_contrast":
        first, last = years[asked["compared"]]
        from_year, to_year = spans[0]
        term = f"{first} to {last} less {from_year} to {to_year}"
        place: Place = Coefficient(term=term, times=100.0)
    else:
        place = TableRow(table="joint", line="all speeds equal", columns=OF_TEST)
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
    if row["term"] == "likelihood_ratio":
        then = ("specification_tests", {})
        place: Place = TableRow(line="LR SDM -> OLS", columns=OF_TEST)
    elif row["term"] == "moran":
        then = (
            "residual_tests",
            {**_drawn(study, spec, period, "moran"), "regressed": True},
        )
        columns = {"estimate": "statistic", **same("p_value")}
        place = TableRow(line="Moran's I", columns=columns)
    elif row["estimator"] == "sdm_ml_draws":
        then = (
            "impacts",
            {"inference": "observed", **_drawn(study, spec, period, "effects")},
        )
        percentiles = same("estimate", "std_error", "p_value", "conf_low", "conf_high")
        place = Coefficient(term=f"{row['effect_type']} {INITIAL}", columns=percentiles)
    elif row["term"] == "speed":
        then = ("impacts", {"years": float(years)})
        columns = same("estimate", "df", "conf_low", "conf_high")
        line = f"total {INITIAL}"
        place = TableRow(table="speed", line=line, columns=columns, times=100.0)
    elif row["effect_type"] == "coef":
        place = Coefficient(term=TERMS[row["term"]])
    else:
        then = ("impacts", {})
        place = Coefficient(term=f"{row['effect_type']} {INITIAL}")
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
    )


def _levels(study: Study, spec: RollingSpec, row: Row) -> pd.DataFrame:
    """Return the log incomes of a row, one a unit and date of its span."""
    units = scheme_info(study.description(spec.unit_scheme)).samples[spec.sample]
    asked = asked_of(row)
    panel = study.table("panel", spec.unit_scheme)
    in_span = panel["year"].between(asked["first"], asked["last"])
    own = panel["unit"].isin(units) & in_span
    levels = panel.loc[own, ["unit", "year", "log_income"]].dropna()
    return levels.reset_index(drop=True)


def _windows(study: Study, spec: RollingSpec, row: Row) -> Call:
    """Return the call that gives the band over all windows of one length."""
    if study.config.inference.level != BAND_LEVEL:
        raise NoCallError("the note of ef.beta_windows is of the band of 95 %")
    years = asked_of(row)["years"]
    return Call(
        function="beta_windows",
        data=_levels(study, spec, row),
        arguments={
            "y": "log_income",
            "years": years,
            **KEYS,
            **_drawn(study, spec, years, "sup_t"),
        },
        places=(Note(note="critical value"),),
    )


def _break(study: Study, spec: RollingSpec, row: Row) -> Call:
    """Return the call that searches one break in the speed."""
    place = Coefficient(term="change", columns=OF_TEST)
    if row["term"] != "sup_wald":
        date = asked_of(row)["after"]
        sides = {"speed_before": f"to {date}", "speed_after": f"after {date}"}
        place = Coefficient(
            term=sides[row["term"]], columns=same("estimate"), times=100.0
        )
    return Call(
        function="beta_break",
        data=_levels(study, spec, row),
        arguments={
            "y": "log_income",
            "trim": spec.trim,
            **KEYS,
            **_drawn(study, spec, row["period"], "slope_break"),
        },
        places=(place,),
    )


def _dispersion(study: Study, spec: RollingSpec, row: Row) -> Call:
    """Return the call of the trend and the breaks of the dispersion of incomes."""
    data = _levels(study, spec, row)
    drawn = _drawn(study, spec, row["period"], "weak_sigma")
    drawn["draws"] = min(drawn["draws"], MOST_VARIANCE_DRAWS)
    places: tuple[Place, ...] = (Note(note="breaks"),)
    if row["estimator"] == "weak_sigma":
        places = (
            Coefficient(term="trend", columns=same("estimate", "std_error", "p_value")),
        )
    elif row["term"] != "breaks":
        number = asked_of(row)["number"]
        places = (
            TableRow(table="segments", line=number, columns={"estimate": "last"}),
        )
    return Call(
        function="sigma_path",
        data=data.assign(income=np.exp(data["log_income"])).drop(columns="log_income"),
        arguments={
            "y": "income",
            "most_breaks": spec.most_breaks,
            "trim": spec.trim,
            **KEYS,
            **drawn,
        },
        places=places,
    )


CALLS = {
    "rolling_ols": _window,
    "period_contrast": _changes,
    "period_contrast_wald": _changes,
    "sdm_ml": _spatial,
    "sdm_ml_draws": _spatial,
    "sigma_breaks": _dispersion,
    "weak_sigma": _dispersion,
    "rolling_sup_t": _windows,
    "slope_break": _break,
}
