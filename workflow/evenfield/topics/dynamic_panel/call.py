"""Dynamic panels as calls of the library."""

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
from evenfield.topics.dynamic_panel.estimate import (
    DynamicPanelSpec,
    Section,
    windows,
)

# Methods of the library by estimator.
METHODS = {
    "bc_fe": "bias_corrected",
    "bc_fe_bootstrap_t": "bias_corrected",
    "bc_fe_sandwich": "bias_corrected",
    "half_panel_jackknife": "half_panel_jackknife",
    "anderson_hsiao": "anderson_hsiao",
}
OWN_INTERVAL = ("bc_fe", "bc_fe_bootstrap_t")
EFFECTS = {"pooled": " | year", "fe": " | unit + year"}
TESTS = {"hansen": "Hansen", "sargan": "Sargan", "serial_1": "m1", "serial_2": "m2"}
FROM_ONE = "the row tests rho = 1, the library rho = 0"
TRANSFORMED = "the interval of the root, transformed; the library's is by delta method"
SCORE = "the interval and the test of the score; the library has errors by unit"
FACTOR = "another factor for few units: the row has N / (N - 1)"


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a root, its speed, or a test of instruments."""
    spec = specification(section_of(study, Section, "dynamic_panel"), row)
    data = _levels(study, spec, row["period"])
    estimator = row["estimator"]
    if estimator in METHODS:
        return _root(row, data)
    if estimator in EFFECTS:
        formula = f"log_income ~ lag(log_income, 1){EFFECTS[estimator]}"
        return Call(
            function="ols",
            data=data,
            arguments={
                "formula": formula,
                "unit": "unit",
                "time": "year",
                "inference": "CR1",
            },
            places=(Place(term="lag(log_income, 1)", columns=same("estimate", "df")),),
            differs=dict.fromkeys(
                ("std_error", "statistic", "p_value", "conf_low", "conf_high"), FACTOR
            ),
        )
    return _gmm(row, spec, data)


def _root(row: Row, data: pd.DataFrame) -> Call:
    own = row["estimator"] in OWN_INTERVAL
    tests = ("statistic", "p_value")
    ends = ("conf_low", "conf_high")
    if row["effect_type"] == "half_life":
        place = Place(note="half-life")
        apart = dict.fromkeys(("df", *ends), TRANSFORMED)
    elif row["effect_type"] == "lambda":
        place = Place(term="speed", times=100.0)
        apart = dict.fromkeys(tests, FROM_ONE) | dict.fromkeys(ends, TRANSFORMED)
    else:
        place = Place(term="rho")
        apart = dict.fromkeys(tests, FROM_ONE)
        apart |= dict.fromkeys(ends, SCORE) if own else {}
    return Call(
        function="dynamic_fe",
        data=data,
        arguments={
            "y": "log_income",
            "unit": "unit",
            "time": "year",
            "method": METHODS[row["estimator"]],
        },
        places=(place,),
        differs=apart,
    )


def _gmm(row: Row, spec: DynamicPanelSpec, data: pd.DataFrame) -> Call:
    mean = data.groupby("year")["log_income"].transform("mean")
    places: dict[str, Place] = {
        term: Place(
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
    places["instruments"] = Place(note="instruments")
    places["log_income_lag"] = Place(
        term="lag(deviation, 1)", columns=same("estimate", "std_error")
    )
    numbers = ("statistic", "df", "p_value", "conf_low", "conf_high")
    by_t = dict.fromkeys(numbers, "the row has t(N - 1) of rho = 1, the library z")
    return Call(
        function="dynamic_gmm",
        # Year means are removed before, so that year dummies use up no instruments.
        data=data.assign(deviation=data["log_income"] - mean),
        arguments={
            "formula": "deviation ~ 1",
            "unit": "unit",
            "time": "year",
            "lags": 1,
            "instruments": (2, spec.gmm_last_lag),
            "collapse": True,
            "time_effects": False,
        },
        places=(places[row["term"]],),
        differs=by_t if row["term"] == "log_income_lag" else {},
    )


def _levels(study: Study, spec: DynamicPanelSpec, period: str) -> pd.DataFrame:
    """Return log income on the main dates of a period, a row a unit and date."""
    named = {str(one.period["period"]): one for one in windows(study, spec)}
    _, data, info = named[period]
    first, last = data.years[[0, -1]].tolist()
    dates = range(last, first - 1, -(spec.span or info.step))
    long = data.long("log_income")
    return long[long["year"].isin(dates)].reset_index(drop=True)
