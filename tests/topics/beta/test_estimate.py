"""Beta convergence: planted speeds, invariance, what is not defined, and what is
refused.
"""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EvenfieldError
from evenfield.study.spatial_weights import row_standardised
from evenfield.topics.beta.estimate import estimate
from made_study import (
    of_units,
    one_line,
    order_and_names_do_not_matter,
    row,
    topic_study,
    unit_names,
    weights_named,
)
from tolerances import CLOSED_FORM, close
from yaml_text import from_yaml

COAST = {"id": "c", "controls": ["coast"]}


def make_study(
    *specs,
    n=12,
    lam=0.02,
    noise=0.003,
    start=1980,
    end=2000,
    basis="official",
    step=1,
    change=None,
):
    rng = default_rng(17)
    units = unit_names(n)
    years = end - start
    y0 = rng.normal(9, 0.5, n)
    coast = (np.arange(n) % 3 == 0) * 1.0
    growth = (
        0.2
        + np.expm1(-lam * years) / years * y0
        + 0.002 * coast
        + rng.normal(0, noise, n)
    )
    years_of = {"start_year": start, "end_year": end}
    frame = of_units(units, period="P", basis=basis, **years_of)
    frame["log_income_start"], frame["log_income_end"] = y0, y0 + years * growth
    frame["growth_pct_per_year"] = 100 * growth
    frame["log_income_start_mean3"] = y0 + step * growth
    frame["log_income_end_mean3"] = frame["log_income_end"] - step * growth
    means = frame["log_income_end_mean3"] - frame["log_income_start_mean3"]
    frame["growth_mean3_pct_per_year"] = 100 * means / (years - 2 * step)
    frame["control_coast"], frame["control_schooling"] = coast, np.nan
    matrix = row_standardised(np.eye(n, k=1) + np.eye(n, k=-1))
    tables = {"periods": change(frame) if change else frame}
    samples = {f"first_{k}": units[:k] for k in range(3)}
    return topic_study(
        "beta",
        list(specs) or [{"id": "b"}],
        tables,
        units,
        weights_named("line", units, matrix),
        samples={"small": units[: n - 2], **samples},
        step=step,
        basis_years={"official": [1999, 2020]},
    )


def run(*specs, **estimates):
    return estimate(make_study(*specs, **estimates))


@pytest.mark.parametrize("lam", [-0.01, 0.02, 0.05])
def test_recovers_a_planted_speed_without_noise(lam):
    results = run(COAST, lam=lam, noise=0)
    close(
        row(results, term="speed", estimator="ols").estimate,
        100 * lam,
        atol=CLOSED_FORM,
    )
    close(
        row(results, term="speed", estimator="nls").estimate,
        100 * lam,
        atol=CLOSED_FORM,
    )
    close(row(results, term="r2").estimate, 1)
    assert "the fit is perfect" in row(results, term="moran").warning
    half = row(results, term="half_life")
    if lam > 0:
        close(half.estimate, np.log(2) / lam)
    else:
        assert np.isnan(half.estimate)
        assert "half-life undefined for a speed of zero or less" in half.warning


def test_rows_say_how_they_were_made_and_which_controls_entered():
    results = run()
    slope = row(results, term="log_income_start")
    moran = row(results, term="moran")
    assert (slope.se_type, slope.df, slope.n_obs, slope.n_units) == ("HC3", 10, 12, 12)
    assert (moran.seed, moran.w_id) == ("5:beta:b:s:all:P:moran", "line")
    assert len(results.estimates) == 9
    results = run({"id": "b", "sample": "small"})
    assert (
        "line cut to 10 units and row-standardised again"
        in row(results, term="moran").warning
    )
    results = run({"id": "b", "controls": ["coast", "schooling"]}, COAST)
    assert {e.controls_id for e in results.estimates} == {"coast"}
    slopes = {
        e.spec_id: e.estimate for e in results.estimates if e.term == "log_income_start"
    }
    assert slopes["b"] == slopes["c"]
    assert results.fit["regressions"][0]["controls_absent"] == ["schooling"]


def test_shuffled_rows_permuted_weights_and_renamed_units_change_nothing():
    study = make_study({"id": "b"}, COAST, {"id": "small", "sample": "small"})
    order_and_names_do_not_matter(estimate, study)


def test_means_of_groups_stand_in_for_units():
    study = make_study({"id": "b", "means": "region"}, n=24)
    frame = study.table("periods")
    regions = np.resize(["a", "b", "c", "d", "e", "f", "g"], len(frame))
    study.tables["units"] = of_units(frame["unit"], region=regions)
    results = estimate(study)
    means = (
        frame.assign(region=regions)
        .groupby("region")[["log_income_start", "growth_pct_per_year"]]
        .mean()
    )
    design = sm.add_constant(means["log_income_start"].to_numpy())
    fit = sm.OLS(means["growth_pct_per_year"].to_numpy() / 100, design)
    fit = fit.fit(cov_type="HC3")
    slope = row(results, term="log_income_start")
    close(slope.estimate, fit.params[1])
    close(slope.std_error, fit.bse[1])
    assert slope.n_units == 7
    assert "no spatial weights" in row(results, term="moran").warning


def test_three_year_means_use_their_own_span_and_need_it():
    study = make_study({"id": "b", "end_points": "mean3"})
    frame = study.table("periods")
    results = estimate(study)
    growth = (frame["log_income_end_mean3"] - frame["log_income_start_mean3"]) / 18
    b = np.polyfit(frame["log_income_start_mean3"], growth, 1)[0]
    slope = row(results, term="log_income_start")
    speed = row(results, term="speed", estimator="ols")
    close(slope.estimate, b)
    close(speed.estimate, -100 * np.log(1 + b * 18) / 18)
    assert slope.outcome == "growth_mean3"
    assert (
        run({"id": "b", "end_points": "mean3"}, start=1940, step=10).fit["regressions"][
            0
        ]["years"]
        == 40
    )
    missing = [
        "log_income_start_mean3",
        "log_income_end_mean3",
        "growth_mean3_pct_per_year",
    ]
    results = run(
        {"id": "b", "end_points": "mean3"},
        change=lambda f: f.assign(**dict.fromkeys(missing, np.nan)),
    )
    assert all(
        np.isnan(e.estimate) and "not defined" in e.warning for e in results.estimates
    )
    assert results.series["series"].empty


@pytest.mark.parametrize(
    ("basis", "text"),
    from_yaml("""
    - [official, '']
    - [proxy, PROXY output]
    - [spliced, joined]
    """),
)
def test_every_row_says_what_output_it_rests_on(basis, text):
    results = run(basis=basis)
    assert all(e.output_basis == basis and text in e.warning for e in results.estimates)
    assert any("PROXY" in e.warning for e in results.estimates) == bool(text)


def test_permutations_move_only_the_permutation_p_and_another_specification_nothing():
    study = make_study()
    one = estimate(study).estimates
    study.written["inference"] = {**study.written["inference"], "permutations": 499}
    for a, b in zip(one, estimate(study).estimates, strict=True):
        assert a.estimate == b.estimate or np.isnan(a.estimate)
        assert a.p_value == b.p_value or a.term == "moran" or np.isnan(a.p_value)
    together = [e for e in run({"id": "b"}, COAST).estimates if e.spec_id == "b"]
    assert estimates_frame(one).equals(estimates_frame(together))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_units_are_not_defined(n):
    results = run({"id": "b", "sample": f"first_{n}"})
    for term in ("log_income_start", "half_life", "r2", "moran"):
        assert np.isnan(row(results, term=term).estimate)
        assert f"not defined: {n} units" in row(results, term=term).warning


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda f: f.assign(
                log_income_start=f["log_income_start"].where(f["unit"] != "U03")
            ),
            "U03 log_income_start",
        ),
        (
            lambda f: f.assign(
                control_coast=f["control_coast"].where(f["unit"] != "U04")
            ),
            "U04 control_coast",
        ),
        (lambda f: f[f["unit"] != "U05"], "U05 log_income_start"),
        (
            lambda f: f.assign(growth_pct_per_year=f["growth_pct_per_year"] * 1.1),
            "growth of 12 units is not",
        ),
    ],
)
def test_refuses_frames_that_cannot_be_right(change, text):
    with one_line(EvenfieldError, text):
        run(COAST, change=change)


def by_statsmodels(study, controls=()):
    """Return the regression of the study's growth by statsmodels, and its rows."""
    frame = study.tables["periods"].sort_values(["log_income_start"])
    X = sm.add_constant(frame[["log_income_start", *controls]].to_numpy())
    growth = frame["growth_pct_per_year"].to_numpy() / 100
    return sm.OLS(growth, X).fit(cov_type="HC3", use_t=True), frame


def test_rows_and_summary_are_those_of_the_regression_in_percent_a_year():
    study = make_study(COAST, noise=0.006)
    study.written["inference"]["conf_level"] = 0.9
    results = estimate(study)
    fit, frame = by_statsmodels(study, ["control_coast"])
    slope = row(results, term="log_income_start")
    low, high = fit.conf_int(0.1)[1]
    expected = (fit.params[1], fit.bse[1], fit.pvalues[1], low, high)
    numbers = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
    close([getattr(slope, name) for name in numbers], expected)
    growth = row(results, term="mean_growth")
    close(growth.estimate, frame["growth_pct_per_year"].mean())
    for name in ("ols", "nls"):
        speed = row(results, term="speed", estimator=name)
        ends = (speed.conf_low, speed.estimate, speed.conf_high)
        assert sorted(ends) == list(ends)
        close(speed.estimate, -100 * np.log(1 + 20 * slope.estimate) / 20)
    summary = results.fit["regressions"][0]
    terms = ["constant", "log_income_start", "coast"]
    for key, values in (("coefficients", fit.params), ("std_errors", fit.bse)):
        assert list(summary[key]) == terms
        close(list(summary[key].values()), values, rtol=1e-5)
    others = sm.OLS(fit.model.exog[:, 1], fit.model.exog[:, [0, 2]]).fit()
    most = frame["unit"].to_numpy()[np.argmax(others.resid**2)]
    assert slope.max_leverage_unit == most


def test_points_and_line_of_the_picture_are_those_of_the_regression():
    study = make_study()
    series = estimate(study).series["series"]
    fit, frame = by_statsmodels(study)
    points = series[series["kind"] == "unit"].set_index("unit").loc[frame["unit"]]
    close(points["fitted"], 100 * fit.fittedvalues)
    close(points["residual"], 100 * fit.resid, atol=1e-9)
    close(points["growth_pct_per_year"], frame["growth_pct_per_year"])
    line = series[series["kind"] == "line"].sort_values("point")
    start = frame["log_income_start"]
    grid = np.linspace(start.min(), start.max(), 50)
    close(line["log_income_start"], grid)
    close(line["fitted"], 100 * fit.predict(sm.add_constant(grid)))
    assert (line["conf_low"] < line["fitted"]).all()
    assert "line" not in set(run(COAST).series["series"]["kind"])


def test_the_residuals_moran_is_that_of_the_kernel():
    study = make_study(COAST)
    result = row(estimate(study), term="moran")
    fit, frame = by_statsmodels(study, ["control_coast"])
    W, _ = study.weights().among(list(frame["unit"]))
    test = morans_i_test(
        fit.resid, W, generator_for(5, "beta:c:s:all:P:moran"), 199, fit.model.exog
    )
    expected = (test.statistic, test.std_error, test.z, test.p_value)
    numbers = ("estimate", "std_error", "statistic", "p_value")
    close([getattr(result, name) for name in numbers], expected)
    assert "199 draws" in result.p_type


def test_three_units_are_enough_for_a_regression():
    assert np.isfinite(row(run(n=4), term="log_income_start").estimate)
    three = row(run(n=3), term="log_income_start")
    assert "3 units, a regression" not in three.warning


def test_a_specification_prints_the_methods_it_asks_for_the_first_one_decides():
    study = make_study({"id": "b", "inference": ["CR3", "HC3", "SCPC"]})
    units = study.tables["periods"]["unit"]
    position = np.arange(len(units))
    places = {"lat": 20 + position % 5, "lon": 100 + position // 5}
    study.tables["units"] = of_units(units, **places)
    results = estimate(study)
    slope = {"term": "log_income_start"}
    by_default = row(run({"id": "b"}), **slope)
    assert row(results, estimator="ols", **slope).se_type == "CR3"
    beside = row(results, estimator="ols_hc3", **slope)
    close(beside.p_value, by_default.p_value)
    assert (beside.role, by_default.role) == ("ladder", "robustness")
    speed = row(results, term="speed", estimator="ols")
    assert speed.p_type == "t(G* - 1) of the slope, two-sided"
    assert row(results, estimator="ols_scpc", **slope).conf_low < beside.estimate
