"""The convergence clock on frames: windows, spatial form, contrasts, breaks, invariance and refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import spreg
from libpysal.weights import full2W

from evenfield.shared.estimates import estimates_frame
from evenfield.shared.settings import InferenceSpec, SchemeInfo, scheme_infos
from evenfield.study.errors import EstimateError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.rolling.estimate import ClockStudy, clock_studies, estimate_clock
from evenfield.topics.rolling.estimate_spec import ClockSpec, parse_clock_specs
from evenfield.topics.rolling.estimate_windows import CLOCK_SERIES
from tolerances import CLOSED_FORM, ITERATIVE

INFERENCE = InferenceSpec(permutations=99)
SPEC = ClockSpec("c", "all", "s", windows=(6,))
NUMBERS = ["estimate", "std_error", "statistic", "p_value", "p_adjusted", "conf_low", "conf_high"]


def ring(units):
    n = len(units)
    links = np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1) + np.roll(np.eye(n), 2, axis=1)
    return SpatialWeights(tuple(units), links / links.sum(axis=1, keepdims=True), {"weights": "ring"})


def make_study(n=16, years=tuple(range(2000, 2025)), spans=(("A", 0, 8), ("B", 9, 16), ("C", 17, 24)), seed=3):
    rng, units = np.random.default_rng(seed), [f"U{i:02d}" for i in range(n)]
    y = np.empty((n, len(years)))
    y[:, 0] = rng.normal(9, 0.5, n)
    for t in range(1, len(years)):
        y[:, t] = y[:, t - 1] + 0.05 - 0.03 * (y[:, t - 1] - y[:, t - 1].mean()) + rng.normal(0, 0.02, n)
    panel = pd.concat([pd.DataFrame({"unit": units, "year": year, "basis": "official", "log_income": y[:, t]})
                       for t, year in enumerate(years)], ignore_index=True)  # fmt: skip
    periods = pd.concat([pd.DataFrame({
        "unit": units, "period": name, "start_year": years[a], "end_year": years[b], "basis": "official",
        "log_income_start": y[:, a], "log_income_end": y[:, b],
        "growth_pct_per_year": 100 * (y[:, b] - y[:, a]) / (years[b] - years[a]),
    }) for name, a, b in spans], ignore_index=True)  # fmt: skip
    scheme = SchemeInfo("s", {"all": tuple(units), "small": tuple(units[3:]), "two": tuple(units[:2])},
                        years[1] - years[0], years[0])  # fmt: skip
    return ClockStudy(panel, periods, ring(units), scheme, [name for name, _, _ in spans])


def run(study, *specs):
    return estimate_clock({"s": study}, specs or (SPEC,), INFERENCE)


def rows(results, estimator, **wanted):
    return [e for e in results.estimates if e.estimator == estimator
            and all(getattr(e, name) == value for name, value in wanted.items())]  # fmt: skip


def test_every_part_is_there_with_its_role():
    results = run(make_study())
    found = {e.estimator: e.role for e in results.estimates}
    assert set(found) == {"rolling_ols", "rolling_sup_t", "sdm_ml", "sdm_ml_draws", "period_contrast",
                          "period_contrast_wald", "slope_break", "weak_sigma", "sigma_breaks"}  # fmt: skip
    assert {e.role for e in results.estimates} == {"exploratory", "description", "robustness", "ladder"}
    assert list(results.series.columns) == list(CLOCK_SERIES)
    assert set(results.series["kind"]) == {"window", "slope_break", "sigma_segment"}
    estimates_frame(results.estimates)


def test_window_speed_is_the_transformed_slope_and_the_band_is_wider():
    study = make_study()
    results = run(study)
    wide = study.panel.pivot(index="unit", columns="year", values="log_income")
    slope = np.polyfit(wide[2004], (wide[2010] - wide[2004]) / 6, 1)[0]
    row = rows(results, "rolling_ols", period="2004-2010")[0]
    assert row.estimate == pytest.approx(-100 * np.log1p(6 * slope) / 6, rel=CLOSED_FORM)
    assert row.conf_low < row.estimate < row.conf_high
    assert row.p_adjusted >= row.p_value
    windows = results.series[results.series["kind"] == "window"]
    assert len(windows) == 19
    assert (windows["band_low"] < windows["pointwise_low"]).all()
    assert not (windows["band_high"] < windows["pointwise_high"]).any()
    critical = rows(results, "rolling_sup_t")[0].estimate
    assert critical > 2.1


def test_spatial_form_equals_spreg():
    study = make_study()
    results = run(study)
    frame = study.periods[study.periods["period"] == "A"].set_index("unit").loc[list(study.weights.units)]
    w = full2W(np.array(study.weights.matrix))
    w.transform = "r"
    other = spreg.ML_Lag(frame["growth_pct_per_year"].to_numpy()[:, None] / 100,
                         frame["log_income_start"].to_numpy()[:, None], w, slx_lags=1, method="full")  # fmt: skip
    _, b, theta, rho = other.betas.ravel()
    found = {e.term: e for e in rows(results, "sdm_ml", period="A", effect_type="coef")}
    assert found["neighbours_growth"].estimate == pytest.approx(rho, abs=ITERATIVE)
    assert found["log_income_start"].estimate == pytest.approx(b, abs=ITERATIVE)
    assert found["neighbours_log_income_start"].estimate == pytest.approx(theta, abs=ITERATIVE)
    assert "not a spillover" in found["neighbours_growth"].warning


def test_effects_are_those_of_the_whole_matrix():
    study = make_study()
    results = run(study)
    coef = {e.term: e.estimate for e in rows(results, "sdm_ml", period="A", effect_type="coef")}
    W, n = np.array(study.weights.matrix), 16
    M = np.linalg.solve(np.eye(n) - coef["neighbours_growth"] * W,
                        coef["log_income_start"] * np.eye(n) + coef["neighbours_log_income_start"] * W)  # fmt: skip
    effect = {e.effect_type: e.estimate for e in rows(results, "sdm_ml", period="A", term="log_income_start")}
    assert effect["direct"] == pytest.approx(np.trace(M) / n, rel=1e-7)
    assert effect["total"] == pytest.approx(M.sum() / n, rel=1e-7)
    assert effect["indirect"] == pytest.approx(effect["total"] - effect["direct"], rel=1e-7)
    speed = rows(results, "sdm_ml", period="A", effect_type="lambda")[0]
    assert speed.estimate == pytest.approx(-100 * np.log1p(8 * effect["total"]) / 8, rel=1e-7)


def test_shuffled_rows_and_permuted_weights_change_nothing():
    study, specs = make_study(), (SPEC, replace(SPEC, id="d", sample="small"))
    order = np.random.default_rng(1).permutation(16)
    units = tuple(np.array(study.weights.units)[order])
    moved = SpatialWeights(units, study.weights.matrix[np.ix_(order, order)], study.weights.spec)
    other = replace(study, panel=study.panel.sample(frac=1, random_state=2),
                    periods=study.periods.sample(frac=1, random_state=3), weights=moved)  # fmt: skip
    one, two = run(study, *specs), run(other, *specs)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates), estimates_frame(two.estimates))
    pd.testing.assert_frame_equal(one.series, two.series)
    assert one.fit == two.fit


def test_renamed_units_change_no_number():
    study = make_study()
    names = {unit: f"Z{99 - i}" for i, unit in enumerate(study.weights.units)}
    scheme = SchemeInfo("s", {"all": tuple(sorted(names.values()))}, 1, 2000)
    other = ClockStudy(study.panel.assign(unit=study.panel["unit"].map(names)),
                       study.periods.assign(unit=study.periods["unit"].map(names)),
                       SpatialWeights(tuple(names.values()), study.weights.matrix, study.weights.spec), scheme,
                       study.main)  # fmt: skip
    one, two = (estimates_frame(run(s).estimates)[NUMBERS] for s in (study, other))
    pd.testing.assert_frame_equal(one, two, rtol=1e-7)


def test_incomes_in_another_unit_change_no_speed():
    study = make_study()
    shift = np.log(100)
    moved = study.periods.assign(log_income_start=study.periods["log_income_start"] + shift,
                                 log_income_end=study.periods["log_income_end"] + shift)  # fmt: skip
    other = replace(study, panel=study.panel.assign(log_income=study.panel["log_income"] + shift), periods=moved)
    one, two = (estimates_frame(run(s).estimates)[NUMBERS] for s in (study, other))
    pd.testing.assert_frame_equal(one, two, rtol=1e-6, atol=1e-9)


def test_decennial_panel():
    study = make_study(years=tuple(range(1940, 2001, 10)), spans=(("A", 0, 3), ("B", 3, 6)))
    results = run(study, replace(SPEC, windows=(10, 20, 15)))
    assert len(rows(results, "rolling_ols")) == 6 + 5
    none = rows(results, "rolling_sup_t", contrast="15 years")[0]
    assert np.isnan(none.estimate)
    assert "no two dates are 15 years apart" in none.warning
    assert np.isfinite(rows(results, "period_contrast")[0].estimate)
    assert np.isfinite(rows(results, "sdm_ml", effect_type="total")[0].estimate)


def test_two_units_and_short_panels_are_not_defined():
    two = run(make_study(), replace(SPEC, sample="two"))
    named = [e for e in two.estimates if e.estimator not in ("sigma_breaks",)]
    assert named
    assert all(np.isnan(e.estimate) and "not defined" in e.warning for e in named)
    short = run(make_study(years=(2000, 2001, 2002), spans=(("A", 0, 2),)))
    assert all(np.isnan(e.estimate) for e in short.estimates if not e.estimator.startswith("sdm_ml"))
    assert len(short.series) == 0


def test_constant_and_missing_values():
    study = make_study()
    flat = replace(study, panel=study.panel.assign(log_income=9.0))
    assert np.isnan(rows(run(flat), "rolling_sup_t")[0].estimate)
    hole = study.panel.copy()
    hole.loc[hole.index[40], "log_income"] = np.nan
    with pytest.raises(EstimateError, match=r"missing or infinite for 1 unit-years \(U\d\d 20\d\d\)"):
        run(replace(study, panel=hole))
    with pytest.raises(EstimateError, match="appear twice"):
        run(replace(study, panel=pd.concat([study.panel, study.panel.iloc[:1]])))


def test_joined_output_is_said_and_split():
    study = make_study()
    early = study.panel.assign(basis=np.where(study.panel["year"] < 2010, "proxy", "official"))
    results = run(replace(study, panel=early, scheme=replace(study.scheme, first_official=2010)))
    assert {e.period for e in rows(results, "weak_sigma")} == {"2000-2024", "2000-2009", "2010-2024"}
    joint = rows(results, "rolling_ols", period="2008-2014")[0]
    assert joint.output_basis == "spliced"
    assert "PROXY output before 2010, joined" in joint.warning


def test_no_trend_ratio_of_sigma_is_published():
    assert np.isnan(rows(run(make_study()), "weak_sigma")[0].statistic)


def test_studies_are_joined_by_unit_scheme():
    study = make_study()
    described = {"unit_scheme": "s", "samples": {"all": ["U1", "U0"]}, "periods": [
        {"period": "B", "start": 2009, "end": 2016, "role": "main"},
        {"period": "A", "start": 2000, "end": 2008, "role": "main"},
        {"period": "S", "start": 2000, "end": 2024, "role": "span"},
    ]}  # fmt: skip
    schemes = scheme_infos([described])
    found = clock_studies([described], {"s": study.panel}, {"s": study.periods}, {"s": study.weights}, schemes)
    assert found["s"].main == ["A", "B"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"id": "c", "span": 3}, "unknown key"),
        ({"id": "c", "windows": []}, "windows"),
        ({"id": "c", "windows": [10, 10]}, "different lengths"),
        ({"id": "c", "trim": 0.6}, "trim"),
        ({"id": "c", "most_breaks": -1}, "most_breaks"),
        ({"id": "c", "sample": "nobody"}, "sample"),
        ({"id": "c", "unit_scheme": "nowhere"}, "unit_scheme"),
        ({"id": "c", "role": "hero"}, "role"),
    ],
)
def test_bad_config(item, words):
    with pytest.raises(EstimateError, match=words):
        parse_clock_specs([item], {"s": make_study().scheme}, "s")


def test_config_defaults():
    assert parse_clock_specs([{"id": "c"}], {"s": make_study().scheme}, "s") == (ClockSpec("c", "all", "s"),)
