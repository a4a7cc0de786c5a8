"""Dates: every way to write them has the same order, step and holes, and every function
reads them alike.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import evenfield as ef
from evenfield.api.dates import date_level, keys_of_index, read_dates
from made_panel import DATA, KEYS, RING, YEARS, N, made_panel, refused
from tolerances import close

HOLE = DATA[DATA["year"] != 1998]
# Ways to write years.
WRITTEN = {
    "int64": lambda y: y,
    "int16": lambda y: y.astype("int16"),
    "uint16": lambda y: y.astype("uint16"),
    "Int32": lambda y: y.astype("Int32"),
    "floats": lambda y: y.astype(float),
    "objects": lambda y: y.astype(object),
    "text": lambda y: y.astype(str),
    "text of days": lambda y: y.astype(str) + "-01-01",
    "years in words": lambda y: "FY" + y.astype(str),
    "seasons": lambda y: y.map(lambda v: f"{v}-{(v + 1) % 100:02d}"),
    "periods": lambda y: pd.Series(pd.PeriodIndex(y.astype(str), freq="Y"), y.index),
    "quarters": lambda y: y.map(
        lambda v: pd.Period(year=v // 4, quarter=v % 4 + 1, freq="Q")
    ),
    # Whole numbers that a blank elsewhere in the column made floats.
    "months in floats": lambda y: y.map(
        lambda v: float(f"{1500 + v // 12}{v % 12 + 1:02d}")
    ),
    "text of quarters": lambda y: y.map(lambda v: f"{1500 + v // 4}Q{v % 4 + 1}"),
    "datetimes": lambda y: pd.to_datetime(y.astype(str) + "-01-01"),
    "year ends": lambda y: pd.to_datetime(y.astype(str) + "-12-31"),
    "first Mondays": lambda y: (
        pd.PeriodIndex(y.astype(str) + "-01-07", freq="W-SUN").start_time
    ),
    "zone": lambda y: pd.to_datetime(y.astype(str) + "-01-01").dt.tz_localize("UTC"),
    "days": lambda y: pd.to_datetime(y.astype(str) + "-03-05").dt.date,
    "categories": lambda y: y.astype(str).astype("category"),
}
# Functions whose result depends on which dates follow each other.
BY_STEP = {
    "dynamic_fe": lambda d: ef.dynamic_fe("rich", d, **KEYS).params[["rho"]],
    "dynamic_gmm": lambda d: (
        ef.dynamic_gmm(
            "rich ~ x", d, collapse=True, instruments=(2, 3), time_effects=False, **KEYS
        ).params
    ),
    "log_t": lambda d: ef.log_t("rich", d, smoothing=None, **KEYS).params,
    "clubs": lambda d: ef.clubs("rich", d, smoothing=None, **KEYS).params,
    "markov": lambda d: ef.markov("rich", d, k=2, **KEYS).params,
    "spatial_dynamic": lambda d: ef.spatial_dynamic("y ~ x", d, RING, **KEYS).params,
    "driscoll_kraay": lambda d: (
        ef.ols("y ~ x", d, inference="driscoll_kraay", lags=2, **KEYS).std_errors
    ),
    "conley": lambda d: (
        ef.ols("y ~ x", d, inference="conley", cutoff_km=300, lags=2, **KEYS).std_errors
    ),
    "lag": lambda d: ef.ols("y ~ lag(x, 2)", d, **KEYS).params,
}
LAGGED = {"dynamic_gmm", "lag"}  # whose rows across a hole drop out


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("function", BY_STEP)
def test_the_way_dates_are_written_changes_no_number_and_bridges_no_hole(
    function, name
):
    fit = BY_STEP[function]
    for data in (DATA, HOLE):
        written = data.assign(year=WRITTEN[name](data["year"]))
        if data is HOLE and function not in LAGGED:
            refused("1 date is missing for all units", fit, written)
        else:
            close(fit(written), fit(data).to_numpy(), rtol=1e-12)


def test_a_lag_across_a_hole_is_missing():
    fit = ef.ols("y ~ lag(x)", HOLE, **KEYS)
    assert fit.nobs == N * (len(YEARS) - 3)


@pytest.mark.parametrize("function", BY_STEP)
def test_dates_five_years_apart_follow_each_other(function):
    data = made_panel(step=5)
    want = BY_STEP[function](DATA).to_numpy()
    close(BY_STEP[function](data), want, rtol=1e-12)


@pytest.mark.parametrize("name", ["int64", "periods", "datetimes", "text"])
def test_speeds_are_per_year_for_dates_five_years_apart(name):
    years = np.arange(1900, 1980, 5)
    data = made_panel(years).assign(year=lambda d: WRITTEN[name](d["year"]))
    fit = ef.dynamic_fe("rich", data, **KEYS)
    close(fit.params["speed"], -np.log(fit.params["rho"]) / 5)
    close(fit.std_errors["speed"], fit.std_errors["rho"] / fit.params["rho"] / 5)
    close(fit.notes["half-life"], np.log(2) / fit.params["speed"])


def test_speeds_of_quarters_are_per_year():
    data = DATA.assign(year=WRITTEN["quarters"](DATA["year"]))
    fit = ef.dynamic_fe("rich", data, **KEYS)
    close(fit.params["speed"], -4 * np.log(fit.params["rho"]))


def test_the_half_life_of_a_chain_is_in_years():
    short = ef.markov("rich", DATA, k=2, **KEYS).notes["half-life"]
    long = ef.markov("rich", made_panel(step=5), k=2, **KEYS).notes["half-life"]
    close(long, 5 * short)


@pytest.mark.parametrize("name", WRITTEN)
def test_growth_is_per_year_whatever_the_dates(name):
    years = 4 if "quarters" in name else 12 if "months" in name else 1
    # No growth as fast as that of levels: the speed does not depend on the unit.
    data = DATA.assign(year=WRITTEN[name](DATA["year"]), rich=DATA["rich"] / years)
    fit = ef.beta_convergence("rich ~ 1", data, **KEYS)
    want = ef.beta_convergence("rich ~ 1", DATA, **KEYS)
    close(fit.params["initial"], years * want.params["initial"])


def test_start_and_end_name_dates_of_any_kind():
    want = ef.beta_convergence("rich ~ 1", DATA, start=1992, end=2000, **KEYS)
    for name in ("periods", "datetimes", "text"):
        data = DATA.assign(year=WRITTEN[name](DATA["year"]))
        for ends in ((1992, 2000), ("1992", "2000")):
            fit = ef.beta_convergence(
                "rich ~ 1", data, start=ends[0], end=ends[1], **KEYS
            )
            close(fit.params, want.params)


@pytest.mark.parametrize("name", ["periods", "datetimes", "seasons"])
def test_lines_over_time_are_drawn_for_dates_of_any_kind(name):
    data = DATA.assign(year=WRITTEN[name](DATA["year"]))
    axes = ef.log_t("rich", data, **KEYS).plot()
    assert len(axes.lines[-1].get_xdata()) == len(YEARS)
    plt.close()


def test_uneven_dates_are_refused_with_the_first_hole():
    data = made_panel(np.array([1900, 1910, 1925, 1935]))
    refused("first 1905, between 1900 and 1910", ef.dynamic_fe, "rich", data, **KEYS)


def test_lags_that_no_row_has_are_refused():
    data = made_panel(np.array([1900, 1910, 1925, 1935]))
    refused("no unit with a date 1 step earlier", ef.ols, "y ~ lag(x)", data, **KEYS)


def test_dates_without_a_distance_are_refused_where_it_is_needed():
    seasons = {1990: "spring", 1991: "summer", 1992: "autumn"}
    data = DATA[DATA["year"] < 1993].assign(year=lambda d: d["year"].map(seasons))
    refused("distance is not known", ef.markov, "rich", data, k=2, **KEYS)
    assert ef.ols("y ~ x | unit + year", data, **KEYS).nobs == 3 * N


def test_categories_in_order_follow_each_other():
    order = ["spring", "summer", "autumn"]
    column = pd.Series(pd.Categorical(order, order, ordered=True))
    assert read_dates(column).positions.tolist() == [0, 1, 2]


def test_numbers_in_text_are_in_order_of_the_numbers():
    dates = read_dates(pd.Series(["wave 10", "wave 9", "wave 11"]))
    assert dates.labels.tolist() == ["wave 9", "wave 10", "wave 11"]
    assert dates.codes.tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("dates", "years"),
    [
        ([199011, 199012, 199101], 1 / 12),
        (["1990-11", "1990-12", "1991-01"], 1 / 12),
        (["1990M9", "1990M10", "1990M11"], 1 / 12),
        (["1990-06-30", "1990-09-30", "1990-12-31"], 1 / 4),
        ([1990.5, 1990.75, 1991.0], 1 / 4),
        ([1990.08, 1990.17, 1990.25], 1 / 12),
        (["Q3 1990", "Q4 1990", "Q1 1991"], 1 / 4),
        (["1990H1", "1990H2", "1991H1"], 1 / 2),
        (pd.period_range("1990", periods=3, freq="2Y"), 2),
        (["2000-01", "2001-02", "2002-03"], 1),
        (np.array([-100, 0, 100], dtype="int8"), 100),
    ],
)
def test_steps_have_a_length_in_years(dates, years):
    result = read_dates(pd.Series(dates))
    close(result.years, years)
    assert result.positions.tolist() == [0, 1, 2]


INDICES = {
    "years first": ([1990, 1991], ["a", "b"], 0),
    "years second": (["a", "b"], [1990, 1991], 1),
    "years and numbers": ([1990, 1991], [1, 2], 0),
    "periods": (pd.period_range("1990Q1", periods=2, freq="Q"), [1, 2], 0),
    "text of years": (["1990", "1991"], ["u01", "u02"], 0),
    "numbers and text": ([1, 2], ["Texas", "Ohio"], 0),
    "waves": ([1, 2], ["wave 1", "wave 2"], 1),
    "one wave": (["a", "b"], ["wave 1"], 1),
}


@pytest.mark.parametrize(("first", "second", "date"), INDICES.values(), ids=INDICES)
def test_an_unnamed_index_is_recognised_by_what_it_holds(first, second, date):
    assert date_level(pd.MultiIndex.from_product([first, second])) == date


def test_names_of_levels_decide_before_what_they_hold():
    both = [[1, 2], [3, 4]]
    assert date_level(pd.MultiIndex.from_product(both, names=["t", "id"])) == 0
    assert date_level(pd.MultiIndex.from_product(both, names=["id", "year"])) == 1


def test_an_index_that_may_be_read_both_ways_is_refused():
    index = pd.MultiIndex.from_product([[1, 2, 3], [1, 2]])
    refused("two index levels that may both be", keys_of_index, index, None, None)


def test_one_named_level_of_an_index_names_the_other():
    index = pd.MultiIndex.from_product([[1, 2], [3, 4]], names=["id", "run"])
    assert keys_of_index(index, "run", None) == ("run", "id")
    assert keys_of_index(index, None, "run") == ("id", "run")


def test_the_order_of_index_levels_changes_no_number():
    want = ef.ols("y ~ x", DATA, **KEYS)
    for levels in (["unit", "year"], ["year", "unit"]):
        for names in (levels, [None, None]):
            data = DATA.set_index(levels).rename_axis(names)
            fit = ef.ols("y ~ x", data)
            close(fit.std_errors, want.std_errors)


def test_the_first_date_at_or_after_another_is_searched_in_its_month_too():
    mondays = ["1990-01-01", "1991-01-07", "1992-01-06", "1993-01-04"]
    dates = read_dates(pd.Series(pd.to_datetime(mondays)))
    others = {
        "1989-01-02": -1,
        "1989-12-31": 0,
        "1990-01-02": 1,
        "1991-01-06": 1,
        "1991-01-07": 1,
        "1991-01-08": 2,
        "1993-01-05": 4,
    }
    found = dates.at_or_after(pd.Series(pd.to_datetime(list(others))))
    assert found.tolist() == list(others.values())


def test_an_infinite_number_is_no_date():
    year = DATA["year"].astype(float).where(DATA["year"] > 1990, np.inf)
    words = "without unit or date"
    refused(words, ef.ols, "y ~ x | unit + year", DATA.assign(year=year), **KEYS)


@pytest.mark.parametrize(
    "years",
    [
        [95, 96, 97, 98, 99, 0, 1, 2],
        ["98", "99", "00"],
        [85.0, 90.0, 95.0, 0.0, 5.0],
        ["FY97", "FY98", "FY99", "FY00"],
    ],
)
def test_years_of_two_digits_around_2000_are_refused(years):
    words = "years of two digits around 2000; expected years of four digits; add 1900"
    data = DATA[DATA["year"] < 1990 + len(years)]
    data = data.assign(year=data["year"].map(dict(zip(YEARS, years, strict=False))))
    refused(words, ef.ols, "y ~ lag(x, 1)", data, **KEYS)


@pytest.mark.parametrize("years", [[90, 91, 99], [0, 1, 2, 3], [1, 2, 60, 99]])
def test_numbers_below_a_hundred_are_dates(years):
    assert read_dates(pd.Series(years)).labels.tolist() == years


@pytest.mark.parametrize("kind", [str, pd.Timestamp])
def test_times_with_different_offsets_are_refused(kind):
    times = [f"{year}-01-01T00:00:00+0{1 + year % 2}:00" for year in YEARS]
    data = DATA.assign(year=DATA["year"].map(dict(zip(YEARS, times, strict=True))))
    data["year"] = data["year"].map(kind).astype(object)
    refused("different UTC offsets", ef.ols, "y ~ x | unit", data, **KEYS)
