"""Dynamic panels as calls of the library."""

from typing import Any

import pandas as pd

from evenfield.shared.calls import DRAWS, Call, drawn, section_of, specification
from evenfield.shared.places import NUMBERS, Note, Place, TableRow, same
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.dynamic_panel.estimate import (
    DynamicPanelSpec,
    Section,
    Window,
    windows,
)

# Method and interval of the library by estimator.
CORRECTED = "bias_corrected"
METHODS = {
    "bc_fe": (CORRECTED, "score"),
    "bc_fe_bootstrap_t": (CORRECTED, "bootstrap"),
    "bc_fe_sandwich": (CORRECTED, "clustered"),
    "bc_fe_constant": ("bias_corrected_constant", "clustered"),
    "half_panel_jackknife": ("half_panel_jackknife", "clustered"),
    "anderson_hsiao": ("anderson_hsiao", "clustered"),
    "fe": ("fixed_effects", "clustered"),
    "pooled": ("pooled", "clustered"),
}
TESTS = {"hansen": "Hansen", "sargan": "Sargan", "serial_1": "m1", "serial_2": "m2"}
# Numbers of the library's table of a root, by term: those of the root, of its speed in
# percent a year, of the half-life.
ROOT = {
    "log_income_lag": TableRow(table="speed", line="rho", columns=same(*NUMBERS)),
    "speed": TableRow(table="speed", line="speed", columns=same(*NUMBERS), times=100.0),
    "half_life": TableRow(table="speed", line="half-life", columns=same(*NUMBERS)),
}
# What residuals show of the shocks, deviations in percent.
SHOCKS = {
    "residual_ar1": ("AR(1)", 1.0),
    "residual_ar1_net": ("AR(1), net of unit means", 1.0),
    "residual_sd_first_half": ("deviation, first half", 100.0),
    "residual_sd_second_half": ("deviation, second half", 100.0),
}
NO_ROOT = "no_root_share"
# The highest root is the lowest speed.
OTHER_DATES = {
    "speed_other_offsets_low": "highest",
    "speed_other_offsets_high": "lowest",
}


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a root, its speed, or a test of instruments."""
    spec = specification(section_of(study, Section, "dynamic_panel"), row)
    if row["term"] in OTHER_DATES:
        return _other_dates(study, row, spec)
    data = _levels(study, spec, row["period"])
    if row["estimator"] in METHODS:
        return _root(study, row, spec, data)
    return _gmm(row, spec, data)


def _root(study: Study, row: Row, spec: DynamicPanelSpec, data: pd.DataFrame) -> Call:
    method, interval = METHODS[row["estimator"]]
    term = row["term"]
    if term in SHOCKS:
        line, times = SHOCKS[term]
        columns = {"estimate": "value"}
        place: Place = TableRow(
            table="residuals", line=line, columns=columns, times=times
        )
    elif term == "bracket":
        place = TableRow(
            table="bracket", line="bias corrected", columns={"estimate": "holds"}
        )
    elif term == NO_ROOT:
        interval = "bootstrap"
        place = Note(note="share of draws without a root")
    else:
        place = ROOT[term]
    arguments: dict[str, Any] = {
        "y": "log_income",
        "unit": "unit",
        "time": "year",
        "method": method,
        "interval": interval,
    }
    differs = {}
    if interval == "bootstrap":
        inference = study.config.inference
        of_units = f"{spec.unit_scheme}:{spec.sample}:{row['period']}:units"
        draw_id = f"dynamic:{spec.id}:{of_units}"
        arguments |= drawn(spec.draws, inference.seed, draw_id)
        # The library numbers units by their ids, and draws in that order.
        units = data["unit"].unique().tolist()
        if units != sorted(units):
            names = ("estimate",) if term == NO_ROOT else NUMBERS[1:]
            differs = dict.fromkeys(names, DRAWS)
    return Call(
        function="dynamic_fe",
        data=data,
        arguments=arguments,
        places=(place,),
        differs=differs,
    )


def _gmm(row: Row, spec: DynamicPanelSpec, data: pd.DataFrame) -> Call:
    mean = data.groupby("year")["log_income"].transform("mean")
    places: dict[str, Place] = {
        term: TableRow(
            table="tests",
            line=line,
            columns={
                "estimate": "statistic",
                "statistic": "statistic",
                "df": "df",
                "p_value": "p_value",
            },
        )
        for term, line in TESTS.items()
    }
    places["instruments"] = Note(note="instruments")
    arguments: dict[str, Any] = {
        "formula": "deviation ~ 1",
        "unit": "unit",
        "time": "year",
        "lags": 1,
        "instruments": (2, spec.gmm_last_lag),
        "collapse": True,
        "time_effects": False,
    }
    if row["estimator"] == "gmm_system":
        arguments |= {"equations": "system", "constant": False}
    return Call(
        function="dynamic_gmm",
        # Year means are removed before, so that year dummies use up no instruments.
        data=data.assign(deviation=data["log_income"] - mean),
        arguments=arguments,
        places=((places | ROOT)[row["term"]],),
    )


def _other_dates(study: Study, row: Row, spec: DynamicPanelSpec) -> Call:
    """Return the call that gives the lowest or highest speed where the dates, so many
    years apart, end some years earlier.
    """
    window = _window(study, spec, row["period"])
    span = spec.span or window.info.step
    place = TableRow(
        table="other dates",
        line=OTHER_DATES[row["term"]],
        columns={"estimate": "speed"},
        times=100.0,
    )
    return Call(
        function="dynamic_fe",
        data=window.data.long("log_income"),
        arguments={
            "y": "log_income",
            "unit": "unit",
            "time": "year",
            "every": span // window.info.step,
        },
        places=(place,),
    )


def _window(study: Study, spec: DynamicPanelSpec, period: str) -> Window:
    """Return one period of a specification."""
    named = {str(one.period["period"]): one for one in windows(study, spec)}
    return named[period]


def _levels(study: Study, spec: DynamicPanelSpec, period: str) -> pd.DataFrame:
    """Return log income on the main dates of a period, a row a unit and date."""
    _, data, info = _window(study, spec, period)
    first, last = data.years[[0, -1]].tolist()
    dates = range(last, first - 1, -(spec.span or info.step))
    long = data.long("log_income")
    return long[long["year"].isin(dates)].reset_index(drop=True)
