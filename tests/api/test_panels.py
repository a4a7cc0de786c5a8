"""Dynamic panels and clubs on a DataFrame."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from scipy.stats import t as student

import evenfield as ef
from evenfield.models.dynamic_panel import lies_between
from evenfield.models.trends import hp_trend
from evenfield.numerics import logt
from evenfield.numerics.dynamic_panel.bias_corrected import (
    Variance,
    bias_corrected_root,
)
from evenfield.numerics.dynamic_panel.gmm import dynamic_gmm
from evenfield.numerics.dynamic_panel.instruments import Equations, GmmSpec
from made_panel import DATA as FEW_UNITS
from made_panel import KEYS, RING, N, long, made_panel, refused
from tolerances import close

DATA = made_panel(units=60)
LEVELS = DATA.pivot(index="unit", columns="year", values="rich").to_numpy()

HOLE = DATA[DATA["year"] != 1998]
GAPS = DATA.drop(index=[0, 1, 2, 35, 70])
FEW = {"collapse": True, "instruments": (2, 3), **KEYS}
LAYOUTS = [{"instruments": (2, 3)}, {"instruments": (2, 4), "collapse": True}]


def test_a_date_that_no_unit_has_takes_no_dummy_and_the_panel_is_fitted():
    fit = ef.dynamic_gmm("rich ~ x", HOLE, **FEW)
    with_rows = [name for name in fit.params.index if name.isdigit()]
    # 1999 lacks its own lag, 2000 the lag of its difference.
    years = [*range(1992, 1998), *range(2001, 2006)]
    assert with_rows == [str(year) for year in years]


def test_year_effects_around_a_hole_are_dummies_of_the_dates_with_equations():
    names = [f"d{year}" for year in [*range(1992, 1998), *range(2001, 2006)]]
    data = HOLE.assign(
        **{name: (HOLE["year"] == int(name[1:])).astype(float) for name in names}
    )
    by_hand = ef.dynamic_gmm(
        f"rich ~ x + {' + '.join(names)}", data, time_effects=False, **FEW
    )
    fit = ef.dynamic_gmm("rich ~ x", HOLE, **FEW)
    close(fit.params, by_hand.params)
    close(fit.std_errors, by_hand.std_errors)


def test_a_system_around_a_hole_has_a_dummy_for_each_level_but_the_first():
    fit = ef.dynamic_gmm("rich ~ x", HOLE, equations="system", **FEW)
    years = [*range(1992, 1998), *range(2000, 2006)]
    assert [name for name in fit.params.index if name.isdigit()] == list(
        map(str, years)
    )


def test_year_effects_start_where_long_lags_of_regressors_do():
    fit = ef.dynamic_gmm("rich ~ lag(x, 3)", DATA, **FEW)
    assert next(name for name in fit.params.index if name.isdigit()) == "1994"


@pytest.mark.parametrize(
    ("formula", "options", "first"),
    [
        ("rich ~ x", {}, "1 value is infinite, first rich of u00 in 1993"),
        ("rich ~ lag(rich, 1) + x", {}, "infinite, first rich of u00"),
        ("x ~ np.exp(rich)", {"lags": 1}, "infinite, first rich of u00"),
        ("x ~ y", {"endogenous": ["rich"]}, "infinite values of rich"),
    ],
)
@pytest.mark.parametrize("value", [-np.inf, np.inf])
def test_an_infinite_value_is_refused_and_a_blank_one_leaves_its_row_out(
    formula, options, first, value
):
    at = DATA.index == 3
    data = DATA.assign(rich=DATA["rich"].mask(at, value))
    refused(first, ef.dynamic_gmm, formula, data, **options, **FEW)
    fit = ef.dynamic_gmm("rich ~ x", DATA.assign(rich=DATA["rich"].mask(at)), **FEW)
    close(fit.params, ef.dynamic_gmm("rich ~ x", DATA[~at], **FEW).params)


@pytest.mark.parametrize("far", [1e3, 1e4, 1e5])
@pytest.mark.parametrize("equations", ["difference", "system"])
@pytest.mark.parametrize("layout", LAYOUTS, ids=["full", "collapsed"])
def test_a_constant_added_to_the_outcome_changes_no_slope(layout, equations, far):
    how = {"equations": equations, "steps": 1, **layout, **KEYS}
    want = ef.dynamic_gmm("rich ~ x", DATA, **how)
    fit = ef.dynamic_gmm("rich ~ x", DATA.assign(rich=DATA["rich"] + far), **how)
    assert fit.notes["instruments"] == want.notes["instruments"]
    for column in ("params", "std_errors"):
        a = getattr(fit, column).drop("Intercept", errors="ignore")
        b = getattr(want, column).drop("Intercept", errors="ignore")
        close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("equations", ["difference", "system"])
def test_centred_instruments_make_it_so_in_an_unbalanced_panel(equations):
    how = {
        "equations": equations,
        "centre": True,
        "steps": 1,
        **FEW,
    }
    want = ef.dynamic_gmm("rich ~ x", GAPS, **how).params
    fit = ef.dynamic_gmm("rich ~ x", GAPS.assign(rich=GAPS["rich"] + 1e4), **how)
    close(fit.params[["lag(rich, 1)", "x"]], want[["lag(rich, 1)", "x"]], rtol=1e-4)


def test_levels_far_from_zero_are_pointed_out_where_estimates_depend_on_them():
    far = GAPS.assign(rich=GAPS["rich"] + 1e4)
    assert "centre=True" in ef.dynamic_gmm("rich ~ x", far, **FEW).notes["level of y"]
    few = FEW_UNITS.assign(rich=FEW_UNITS["rich"] + 1e4)
    how = {"time_effects": False, **KEYS}
    assert "centre=True" in ef.dynamic_gmm("rich ~ x", few, **how).notes["level of y"]
    balanced = DATA.assign(rich=DATA["rich"] + 1e4)
    assert "level of y" not in ef.dynamic_gmm("rich ~ x", balanced, **FEW).notes


def test_more_instruments_than_units_are_pointed_out():
    many = ef.dynamic_gmm("rich ~ x", FEW_UNITS, time_effects=False, **KEYS).notes
    few = ef.dynamic_gmm("rich ~ x", FEW_UNITS, time_effects=False, **FEW).notes
    assert many["instruments"] > N
    assert "more instruments than units" in many["caution"]
    assert "caution" not in few


def test_instruments_that_the_others_span_are_counted():
    data = DATA.assign(twice=2 * DATA["x"])
    how = {"time_effects": False, "last_lag": 3, **FEW}
    plain = ef.dynamic_gmm("rich ~ x", data, predetermined="x", **how)
    both = ef.dynamic_gmm("rich ~ x", data, predetermined=["x", "twice"], **how)
    assert both.notes["instruments"] == plain.notes["instruments"]
    assert both.notes["left out"].startswith("3 instruments")
    close(both.params, plain.params)


@pytest.mark.parametrize("term", ["lag(rich)", "lag(rich, 1)", "lag(rich,1)"])
def test_the_lag_of_the_outcome_may_stand_in_the_formula(term):
    want = ef.dynamic_gmm("rich ~ x", DATA, **FEW).to_frame()
    result = ef.dynamic_gmm(f"rich ~ {term} + x", DATA, **FEW).to_frame()
    assert_frame_equal(result, want)


def test_several_lags_of_the_outcome_may_stand_in_the_formula():
    want = ef.dynamic_gmm("rich ~ x", DATA, lags=2, **FEW).to_frame()
    formula = "rich ~ x + lag(rich, 2) + lag(rich, 1)"
    result = ef.dynamic_gmm(formula, DATA, **FEW).to_frame()
    assert_frame_equal(result, want)


def test_an_expression_and_its_lag_are_the_outcome_and_its_lag():
    data = DATA.assign(income=np.exp(DATA["rich"]))
    want = ef.dynamic_gmm("np.log(income) ~ x", data, **FEW).params
    formula = "np.log(income) ~ lag(np.log(income), 1) + x"
    assert ef.dynamic_gmm(formula, data, **FEW).params.equals(want)


def test_a_gap_between_lags_of_the_outcome_is_refused():
    refused("lags 2 of rich", ef.dynamic_gmm, "rich ~ lag(rich, 2) + x", DATA, **FEW)
    refused(
        "beside lags=2", ef.dynamic_gmm, "rich ~ lag(rich, 1) + x", DATA, lags=2, **FEW
    )


def test_the_lag_of_the_outcome_is_refused_where_the_model_has_it():
    refused(
        "tau is its coefficient",
        ef.spatial_dynamic,
        "y ~ lag(y, 1) + x",
        FEW_UNITS,
        RING,
        **KEYS,
    )


def test_one_name_is_a_name_and_not_its_letters():
    want = ef.dynamic_gmm("rich ~ x", DATA, endogenous=["x"], **FEW).params
    assert ef.dynamic_gmm("rich ~ x", DATA, endogenous="x", **FEW).params.equals(want)
    data = FEW_UNITS.rename(columns={"x": "log_x"})
    for function, how in (
        (ef.spatial_panel, {"model": "SDM"}),
        (ef.spatial_dynamic, {}),
    ):
        want = function("y ~ log_x", data, RING, lagged=["log_x"], **how, **KEYS)
        fit = function("y ~ log_x", data, RING, lagged="log_x", **how, **KEYS)
        assert fit.params.equals(want.params)


INCOMES = FEW_UNITS.assign(income=np.exp(FEW_UNITS["rich"]))


@pytest.mark.parametrize("function", [ef.log_t, ef.clubs])
def test_the_currency_changes_no_number_of_levels(function):
    want = function("income", INCOMES, **KEYS).to_frame()
    cents = INCOMES.assign(income=100 * INCOMES["income"])
    result = function("income", cents, **KEYS).to_frame()
    columns = ["estimate", "std_error", "p_value"]
    close(result[columns], want[columns])


def test_levels_are_exponentials_of_the_trend_of_logarithms():
    trend = hp_trend(np.log(INCOMES["income"].to_numpy().reshape(N, -1)), 400.0)
    smooth = INCOMES.assign(income=np.exp(trend).ravel())
    want = ef.log_t("income", smooth, smoothing=None, **KEYS)
    fit = ef.log_t("income", INCOMES, **KEYS)
    close(fit.params["log t"], want.params["log t"])
    assert fit.notes["compared"] == "levels"


def test_logarithms_are_compared_on_request():
    log = logt.transition_variance(
        hp_trend(INCOMES["rich"].to_numpy().reshape(N, -1), 400.0)
    )
    fit = ef.log_t("income", INCOMES, logs=True, **KEYS)
    result = fit.tables["over time"]["dispersion of relative transition"]
    close(result, log)
    assert fit.notes["compared"] == "logarithms"


def test_the_penalty_follows_the_distance_of_the_dates():
    data = INCOMES.assign(year=5 * INCOMES["year"])
    fit = ef.log_t("income", data, **KEYS)
    want = ef.log_t("income", INCOMES, smoothing=400 / 5**4, **KEYS)
    close(fit.params["log t"], want.params["log t"])


@pytest.mark.parametrize("method", ["bias_corrected", "pooled", "fixed_effects"])
def test_a_root_is_tested_against_one_and_its_interval_is_that_of_the_speed(method):
    fit = ef.dynamic_fe("rich", DATA, method=method, **KEYS)
    table = fit.tables["speed"]
    rho, error = fit.params["rho"], fit.std_errors["rho"]
    half = student.ppf(0.975, 59) * error
    row = table.loc["rho"]
    close(row[["estimate", "statistic"]].tolist(), [rho, (rho - 1) / error])
    close(row["p_value"], 2 * student.sf(abs(rho - 1) / error, 59))
    close(row[["conf_low", "conf_high"]].tolist(), [rho - half, rho + half])
    speeds = table.loc["speed", ["conf_low", "estimate", "conf_high"]].tolist()
    close(speeds, (-np.log([rho + half, rho, rho - half])).tolist())
    close(table.loc["half-life", "estimate"], np.log(2) / speeds[1])


def test_pooled_and_fixed_effects_are_regressions_on_the_lag():
    for method, effects in {"pooled": "year", "fixed_effects": "unit + year"}.items():
        fit = ef.dynamic_fe("rich", DATA, method=method, **KEYS)
        by_ols = ef.ols(
            f"rich ~ lag(rich, 1) | {effects}", DATA, inference="CR1", **KEYS
        )
        close(fit.params["rho"], by_ols.params["lag(rich, 1)"], rtol=1e-9)
    corrected = ef.dynamic_fe("rich", DATA, **KEYS)
    close(corrected.notes["uncorrected rho"], fit.params["rho"], rtol=1e-9)


@pytest.mark.parametrize("every", [1, 3])
def test_a_bracket_has_the_roots_of_three_methods(every):
    fit = ef.dynamic_fe("rich", DATA, every=every, **KEYS)
    found = fit.tables["bracket"]
    methods = {"fixed effects": "fixed_effects", "pooled": "pooled"}
    for line, method in methods.items():
        other = ef.dynamic_fe("rich", DATA, method=method, every=every, **KEYS)
        close(found.loc[line, "rho"], other.params["rho"], rtol=1e-9)
    close(found.loc["bias corrected", "rho"], fit.params["rho"])
    low, middle, high = found["rho"]
    assert (found["holds"] == float(low <= middle <= high)).all()
    constant = ef.dynamic_fe("rich", DATA, method="bias_corrected_constant", **KEYS)
    assert "bracket" not in constant.tables


@pytest.mark.parametrize(
    ("roots", "holds"),
    [((0.5, 0.6, 0.7), 1.0), ((0.5, 0.5, 0.5), 1.0), ((0.5, 0.8, 0.7), 0.0)],
)
def test_a_root_lies_between_two_others(roots, holds):
    assert lies_between(*roots) == holds


def test_intervals_of_a_bias_corrected_root_hold_it():
    found = {}
    for interval in ("clustered", "score", "bootstrap"):
        fit = ef.dynamic_fe("rich", DATA, interval=interval, draws=199, **KEYS)
        row = fit.tables["speed"].loc["rho"]
        assert row["conf_low"] < fit.params["rho"] < row["conf_high"]
        found[interval] = row["conf_low"]
    assert len(set(found.values())) == 3
    assert fit.notes["share of draws without a root"] < 0.05
    one = ef.dynamic_fe("rich", DATA, method="bias_corrected_constant", **KEYS)
    close(one.params["rho"], bias_corrected_root(LEVELS, Variance.CONSTANT).rho)
    words = "no interval of pooled 'score'"
    refused(
        words, ef.dynamic_fe, "rich", DATA, method="pooled", interval="score", **KEYS
    )


def test_residuals_show_what_shocks_do_over_time():
    fit = ef.dynamic_fe("rich", DATA, **KEYS)
    left = LEVELS[:, 1:] - fit.params["rho"] * LEVELS[:, :-1]
    left = left - left.mean(axis=1, keepdims=True) - left.mean(axis=0) + left.mean()
    early = left[:, :-1].ravel()
    slope = early @ left[:, 1:].ravel() / (early @ early)
    table = fit.tables["residuals"]["value"]
    close(table["AR(1)"], slope)
    close(table["AR(1), net of unit means"], slope + 1 / (left.shape[1] - 1))


def test_transitions_over_several_dates_end_at_the_last_one_or_earlier():
    fit = ef.dynamic_fe("rich", DATA, every=3, **KEYS)
    years = sorted(set(DATA["year"]))
    thinned = {
        end: ef.dynamic_fe(
            "rich", DATA[DATA["year"].isin(years[: len(years) - end][::-3])], **KEYS
        )
        for end in range(3)
    }
    close(fit.params["rho"], thinned[0].params["rho"])
    close(fit.params["speed"], -np.log(fit.params["rho"]) / 3)
    table = fit.tables["other dates"]
    others = [thinned[end].params["rho"] for end in (1, 2)]
    close(table["rho"].tolist(), sorted(others))
    close(table["speed"].tolist(), (-np.log(np.sort(others)) / 3).tolist())


def test_a_root_that_depends_on_units_is_that_of_each_group_where_they_are_two():
    """With a dummy as the modifier both groups are fitted apart, but for the variance of
    shocks by date that they share: least squares says it exactly.
    """
    late = DATA["unit"] > "u29"
    data = DATA.assign(late=late.astype(int))
    fit = ef.dynamic_fe("rich", data, interact="late", draws=99, **KEYS)
    apart = [
        ef.dynamic_fe("rich", DATA[own], method="fixed_effects", **KEYS).params["rho"]
        for own in (~late, late)
    ]
    table = fit.tables["speed"]
    close(table.loc["late", "fixed_effects"], apart[0] - apart[1], rtol=1e-8)
    close(table.loc["late", "estimate"], -fit.params["rho_x_late"])
    corrected = [
        ef.dynamic_fe("rich", DATA[own], **KEYS).params["rho"] for own in (~late, late)
    ]
    close(fit.params.sum(), corrected[1], atol=0.02)
    close(fit.params["rho"], corrected[0], atol=0.02)
    row = fit.to_frame().set_index("term").loc["rho_x_late"]
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    two = data.assign(odd=(data["unit"].str[-1].astype(int) % 2))
    both = ef.dynamic_fe("rich", two, interact=["late", "odd"], draws=99, **KEYS)
    names = ["late", "odd", "late - odd"]
    assert list(both.tables["speed"].index) == names
    speeds = both.tables["speed"]["estimate"]
    close(speeds["late - odd"], speeds["late"] - speeds["odd"])
    words = "no interval with interact 'score'"
    call = {"interact": "late", **KEYS}
    refused(words, ef.dynamic_fe, "rich", data, interval="score", **call)
    text = data.assign(late=late.map({True: "yes", False: "no"}))
    refused("late with what is no number", ef.dynamic_fe, "rich", text, **call)
    words = "no method with interact 'pooled'"
    refused(
        words, ef.dynamic_fe, "rich", data, method="pooled", interact="late", **KEYS
    )


def test_levels_of_a_system_need_no_constant_where_their_dates_have_no_mean():
    mean = DATA.groupby("year")["rich"].transform("mean")
    data = DATA.assign(gap=DATA["rich"] - mean)
    call = {"equations": "system", "collapse": True, "time_effects": False, **KEYS}
    call["instruments"] = (2, 3)
    fit = ef.dynamic_gmm("gap ~ 1", data, constant=False, **call)
    assert list(fit.params.index) == ["lag(gap, 1)"]
    gaps = LEVELS - LEVELS.mean(axis=0)
    spec = GmmSpec(lags=1, first_lag=2, last_lag=3, equations=Equations.SYSTEM)
    close(fit.params["lag(gap, 1)"], dynamic_gmm(gaps, spec).beta[0], rtol=1e-9)
    assert "Intercept" in ef.dynamic_gmm("gap ~ 1", data, **call).params
    table = fit.tables["speed"]
    close(table.loc["speed", "estimate"], -np.log(fit.params["lag(gap, 1)"]))
    rho, error = fit.params.iloc[0], fit.std_errors.iloc[0]
    close(table.loc["rho", "statistic"], (rho - 1) / error)
    assert table.loc["rho", "df"] == 59


def test_a_system_without_constant_has_a_dummy_for_each_date():
    call = {"equations": "system", **FEW}
    fit = ef.dynamic_gmm("rich ~ 1", DATA, **call)
    without = ef.dynamic_gmm("rich ~ 1", DATA, constant=False, **call)
    close(without.params.iloc[0], fit.params.iloc[0], rtol=1e-6)
    close(without.std_errors.iloc[0], fit.std_errors.iloc[0], rtol=1e-6)
    # The dummy of the first date is the constant, and the others are sums with it.
    close(without.params["1991"], fit.params["Intercept"], rtol=1e-6)
    moved = fit.params["Intercept"] + fit.params["2005"]
    close(without.params["2005"], moved, rtol=1e-6)


def test_levels_that_need_a_constant_and_have_none_are_said():
    call = {"equations": "system", "time_effects": False, "constant": False, **FEW}
    said = ef.dynamic_gmm("rich ~ 1", DATA, **call).notes["no constant"]
    means = DATA.groupby("year")["rich"].mean()
    assert f"a mean of up to {means.max():.3g} at a date" in said
    gap = DATA["rich"] - DATA.groupby("year")["rich"].transform("mean")
    assert (
        "no constant"
        not in ef.dynamic_gmm("gap ~ 1", DATA.assign(gap=gap), **call).notes
    )
    words = "constant=False with equations='difference'"
    refused(words, ef.dynamic_gmm, "rich ~ 1", DATA, constant=False, **FEW)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (r"instruments=\(2,\)", {"instruments": (2,)}),
        ("instruments=2;", {"instruments": 2}),
        ("lag of an instrument=2.5", {"instruments": (2.5, 3)}),
        (
            "x among endogenous and predetermined",
            {"endogenous": "x", "predetermined": "x"},
        ),
        ("start at 2 and end at 1", {"endogenous": "x", "last_lag": 1}),
        ("last_lag=3 without endogenous", {"last_lag": 3}),
        ("time_effects='no'", {"time_effects": "no"}),
    ],
)
def test_lags_that_instrument_nothing_are_refused(words, options):
    call = {**FEW, "time_effects": False, **options}
    refused(words, ef.dynamic_gmm, "rich ~ x", DATA, **call)


def test_instruments_are_columns_of_numbers():
    named = DATA.assign(kind="text")
    for option in ("endogenous", "predetermined"):
        call = {option: "kind", **KEYS}
        refused("kind with what is no number", ef.dynamic_gmm, "y ~ x", named, **call)


def test_an_interval_by_score_holds_a_second_stretch_of_roots_around_one():
    rng = np.random.default_rng(3)
    a = rng.normal(size=30)
    y = np.zeros((30, 12))
    y[:, 0] = a + rng.normal(size=30)
    for t in range(1, 12):
        y[:, t] = 0.6 * y[:, t - 1] + 0.4 * a + 0.5 * rng.normal(size=30)
    data = long([f"u{i:02d}" for i in range(30)], np.arange(12), y=y)
    fit = ef.dynamic_fe("y", data, interval="score", **KEYS)
    rho = fit.tables["speed"].loc["rho"]
    # The interval holds both stretches: it leaves out one only where the test does.
    assert rho["p_value"] > 0.05
    assert rho["estimate"] < 0.9 and rho["conf_low"] < 0.9 and rho["conf_high"] >= 1
