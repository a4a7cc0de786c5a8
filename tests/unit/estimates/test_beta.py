"""Beta convergence on frames: planted speeds, invariance, what is not defined, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import estimates_frame
from evenfield.shared.settings import InferenceSpec, SchemeInfo, parse_inference_spec
from evenfield.study.errors import EstimateError
from evenfield.study.files import write_json, write_results
from evenfield.study.spatial_weights import SpatialWeights, row_standardised
from evenfield.topics.beta.estimate import estimate_beta
from evenfield.topics.beta.estimate_moran import cut_weights
from evenfield.topics.beta.estimate_series import BETA_SERIES
from evenfield.topics.beta.estimate_spec import BetaSpec, controls_of, parse_beta_specs
from tolerances import CLOSED_FORM, MACHINE

INFERENCE = InferenceSpec(permutations=199, seed=5)
NUMBERS = ["estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high", "n_obs"]


def make_study(n=12, lam=0.02, noise=0.003, start=1980, end=2000, basis="official", step=1):
    rng = np.random.default_rng(17)
    units = [f"U{i:02d}" for i in range(n)]
    years = end - start
    y0, coast = rng.normal(9, 0.5, n), (np.arange(n) % 3 == 0) * 1.0
    growth = 0.2 + np.expm1(-lam * years) / years * y0 + 0.002 * coast + rng.normal(0, noise, n)
    frame = pd.DataFrame(
        {
            "unit": units,
            "period": "P",
            "start_year": start,
            "end_year": end,
            "basis": basis,
            "log_income_start": y0,
            "log_income_end": y0 + years * growth,
            "growth_pct_per_year": 100 * growth,
        }
    )
    span = years - 2 * step
    frame["log_income_start_mean3"] = y0 + step * growth
    frame["log_income_end_mean3"] = frame["log_income_end"] - step * growth
    frame["growth_mean3_pct_per_year"] = 100 * (
        (frame["log_income_end_mean3"] - frame["log_income_start_mean3"]) / span
    )
    frame["control_coast"], frame["control_schooling"] = coast, np.nan
    matrix = row_standardised(np.eye(n, k=1) + np.eye(n, k=-1))
    samples = {"all": tuple(units), "small": tuple(units[: n - 2])}
    return frame, SpatialWeights(tuple(units), matrix, {"weights": "line"}), SchemeInfo("s", samples, step, 1999)


def spec(**changes):
    given = {"id": "b", "controls": (), "sample": "all", "end_points": "end", "unit_scheme": "s", **changes}
    return BetaSpec(**given)


def run(frame, weights, scheme, *specs):
    return estimate_beta({"s": frame}, {"s": weights}, {"s": scheme}, specs or (spec(),), INFERENCE)


def row(results, term, estimator=None):
    found = [e for e in results.estimates if e.term == term and estimator in (None, e.estimator)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("lam", [-0.01, 0.02, 0.05])
def test_recovers_a_planted_speed_without_noise(lam):
    results = run(*make_study(lam=lam, noise=0), spec(controls=("coast",)))
    assert row(results, "speed", "ols").estimate == pytest.approx(100 * lam, abs=CLOSED_FORM)
    assert row(results, "speed", "nls").estimate == pytest.approx(100 * lam, abs=CLOSED_FORM)
    assert row(results, "r2").estimate == pytest.approx(1)
    assert "the fit is perfect" in row(results, "moran").warning
    half = row(results, "half_life")
    if lam > 0:
        assert half.estimate == pytest.approx(np.log(2) / lam, rel=CLOSED_FORM)
    else:
        assert np.isnan(half.estimate)
        assert "half-life undefined for a speed of zero or less" in half.warning


def test_every_row_of_a_regression_is_there():
    results = run(*make_study())
    kinds = {(e.estimator, e.term, e.effect_type, e.unit_of_measure) for e in results.estimates}
    assert kinds == {
        ("ols", "log_income_start", "coef", "per year"),
        ("ols", "speed", "lambda", "% per year"),
        ("nls", "speed", "lambda", "% per year"),
        ("ols", "half_life", "half_life", "years"),
        ("ols", "r2", "stat", "share"),
        ("ols", "moran", "stat", "index"),
        ("description", "sigma_start", "stat", "log points"),
        ("description", "sigma_end", "stat", "log points"),
        ("description", "mean_growth", "stat", "% per year"),
    }
    slope = row(results, "log_income_start")
    assert slope.se_type == "HC3"
    assert slope.df == 10
    assert slope.n_obs == slope.n_units == 12
    assert row(results, "speed", "ols").estimate == pytest.approx(row(results, "speed", "nls").estimate, rel=MACHINE)
    assert row(results, "moran").seed == "5:beta:b:s:all:P:moran"
    assert row(results, "moran").w_id == "line"


def moved(frame, weights, scheme, seed):
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(weights.units))
    units = tuple(weights.units[i] for i in order)
    shuffled = SpatialWeights(units, weights.matrix[np.ix_(order, order)], weights.spec)
    return frame.sample(frac=1, random_state=seed), shuffled, scheme


def test_shuffled_rows_and_permuted_weights_change_nothing():
    study = make_study()
    specs = (spec(), spec(id="c", controls=("coast",)), spec(id="small", sample="small"))
    one, two = run(*study, *specs), run(*moved(*study, 3), *specs)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates), estimates_frame(two.estimates))
    pd.testing.assert_frame_equal(one.series, two.series)
    assert one.fit == two.fit


def test_renamed_units_change_no_number():
    frame, weights, scheme = make_study()
    names = {unit: f"Z{99 - i}" for i, unit in enumerate(weights.units)}
    other = frame.assign(unit=frame["unit"].map(names)).sort_values("unit")
    renamed = SpatialWeights(tuple(names[u] for u in weights.units), weights.matrix, weights.spec)
    samples = {key: tuple(sorted(names[u] for u in units)) for key, units in scheme.samples.items()}
    one = estimates_frame(run(frame, weights, scheme).estimates)
    two = estimates_frame(run(other, renamed, SchemeInfo("s", samples, 1, 1999)).estimates)
    pd.testing.assert_frame_equal(one[NUMBERS], two[NUMBERS])
    assert list(one["max_leverage_unit"].map({"": "", **names})) == list(two["max_leverage_unit"])


def test_a_control_that_is_blank_drops_out_and_the_row_says_which_entered():
    results = run(*make_study(), spec(controls=("coast", "schooling")), spec(id="c2", controls=("coast",)))
    assert {e.controls_id for e in results.estimates} == {"coast"}
    slopes = {e.spec_id: e.estimate for e in results.estimates if e.term == "log_income_start"}
    assert slopes["b"] == slopes["c2"]
    assert results.fit["regressions"][0]["controls_absent"] == ["schooling"]
    assert run(*make_study(), spec(controls=("schooling",))).estimates[0].controls_id == "none"


def test_three_year_means_use_their_own_span():
    frame, weights, scheme = make_study()
    results = run(frame, weights, scheme, spec(end_points="mean3"))
    span = 18
    X = np.column_stack([np.ones(12), frame["log_income_start_mean3"]])
    growth = (frame["log_income_end_mean3"] - frame["log_income_start_mean3"]) / span
    b = np.linalg.lstsq(X, growth, rcond=None)[0][1]
    assert row(results, "log_income_start").estimate == pytest.approx(b, rel=CLOSED_FORM)
    assert row(results, "speed", "ols").estimate == pytest.approx(-100 * np.log(1 + b * span) / span, rel=CLOSED_FORM)
    assert row(results, "log_income_start").outcome == "growth_mean3"


def test_decennial_means_span_two_steps_less():
    results = run(*make_study(start=1940, end=2000, step=10), spec(end_points="mean3"))
    assert results.fit["regressions"][0]["years"] == 40


def test_a_period_too_short_for_means_is_not_defined():
    frame, weights, scheme = make_study()
    gone = ["log_income_start_mean3", "log_income_end_mean3", "growth_mean3_pct_per_year"]
    results = run(frame.assign(**dict.fromkeys(gone, np.nan)), weights, scheme, spec(end_points="mean3"))
    assert all(np.isnan(e.estimate) and "not defined" in e.warning for e in results.estimates)
    assert results.series.empty


@pytest.mark.parametrize(
    ("basis", "text"),
    [
        ("official", ""),
        ("proxy", "PROXY output before 1999"),
        ("spliced", "PROXY output before 1999, joined with official output"),
    ],
)
def test_every_row_says_what_output_it_rests_on(basis, text):
    results = run(*make_study(basis=basis))
    assert {e.output_basis for e in results.estimates} == {basis}
    assert all(text in e.warning for e in results.estimates)
    assert any("PROXY" in e.warning for e in results.estimates) == bool(text)


def test_interval_of_the_speed_is_the_interval_of_the_slope_transformed():
    results = run(*make_study())
    slope, speed = row(results, "log_income_start"), row(results, "speed", "ols")
    assert speed.conf_low == pytest.approx(-100 * np.log(1 + slope.conf_high * 20) / 20, rel=CLOSED_FORM)
    assert speed.conf_high == pytest.approx(-100 * np.log(1 + slope.conf_low * 20) / 20, rel=CLOSED_FORM)
    assert speed.p_value == slope.p_value


def test_half_life_is_unbounded_in_words():
    half = row(run(*make_study(lam=0.002, noise=0.01)), "half_life")
    assert np.isnan(half.conf_high)
    assert half.conf_low > 0
    assert "half-life unbounded" in half.warning


def test_no_speed_when_the_slope_overshoots():
    frame, weights, scheme = make_study(noise=0)
    growth = 0.9 - 0.06 * frame["log_income_start"] + 0.001 * np.cos(np.arange(12))
    frame["log_income_end"] = frame["log_income_start"] + 20 * growth
    frame["growth_pct_per_year"] = 100 * growth
    results = run(frame, weights, scheme)
    speed, nls = row(results, "speed", "ols"), row(results, "speed", "nls")
    assert np.isnan([speed.estimate, nls.estimate, row(results, "half_life").estimate]).all()
    assert "1 + bT is not positive" in speed.warning
    assert not nls.converged


def test_a_smaller_sample_cuts_the_weights_and_says_so():
    frame, weights, scheme = make_study()
    results = run(frame, weights, scheme, spec(sample="small"))
    assert "line cut to 10 units and row-standardised again" in row(results, "moran").warning
    matrix, _ = cut_weights(weights, ["U00", "U02", "U03"])
    np.testing.assert_array_equal(matrix, [[0, 0, 0], [0, 0, 1], [0, 1, 0]])
    assert "1 left without neighbour" in cut_weights(weights, ["U00", "U02", "U03"])[1]
    assert cut_weights(weights, list(weights.units))[1] == ""


def test_changed_permutations_change_only_the_permutation_p():
    study = make_study()
    one, two = (
        estimate_beta({"s": study[0]}, {"s": study[1]}, {"s": study[2]}, (spec(),), InferenceSpec(0.95, draws, 5))
        for draws in (99, 499)
    )
    for a, b in zip(one.estimates, two.estimates, strict=True):
        assert a.estimate == b.estimate
        assert a.p_value == b.p_value or a.term == "moran" or np.isnan(a.p_value)


def test_adding_a_specification_changes_no_other_row():
    study = make_study()
    alone = run(*study).estimates
    together = run(*study, spec(), spec(id="c", controls=("coast",))).estimates
    assert estimates_frame(alone).equals(estimates_frame([e for e in together if e.spec_id == "b"]))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_units_are_not_defined(n):
    frame, weights, scheme = make_study()
    few = SchemeInfo("s", {"all": scheme.samples["all"][:n]}, 1, 1999)
    results = run(frame, weights, few)
    assert len(results.estimates) == 9
    for term in ("log_income_start", "half_life", "r2", "moran"):
        assert np.isnan(row(results, term).estimate)
        assert f"not defined: {n} units" in row(results, term).warning


def test_more_coefficients_than_units_is_not_defined():
    frame, weights, scheme = make_study(n=3)
    frame["control_coast"] = [0.0, 1.0, 5.0]
    results = run(frame, weights, scheme, spec(controls=("coast",)))
    assert "3 observations cannot carry 3 coefficients" in row(results, "log_income_start").warning
    assert np.isfinite(row(results, "sigma_start").estimate)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"log_income_start": 9.0}, "start is the same in every unit"),
        ({"control_coast": 1.0}, "coast is the same in every unit"),
    ],
)
def test_constant_series_are_not_defined(change, text):
    frame, weights, scheme = make_study()
    frame = frame.assign(**change)
    frame["growth_pct_per_year"] = 100 * (frame["log_income_end"] - frame["log_income_start"]) / 20
    results = run(frame, weights, scheme, spec(controls=("coast",)))
    assert text in row(results, "log_income_start").warning
    assert text in row(results, "moran").warning


def test_equal_growth_is_not_defined():
    frame, weights, scheme = make_study()
    frame = frame.assign(log_income_end=frame["log_income_start"] + 1.0, growth_pct_per_year=5.0)
    assert "growth is the same in every unit" in row(run(frame, weights, scheme), "speed", "ols").warning


def test_series_hold_points_and_a_line_with_its_band():
    results = run(*make_study(), spec(), spec(id="c", controls=("coast",)))
    assert list(results.series.columns) == list(BETA_SERIES)
    points = results.series.query("spec_id == 'b' and kind == 'unit'")
    line = results.series.query("spec_id == 'b' and kind == 'line'")
    assert len(points) == 12
    assert len(line) == 50
    assert results.series.query("spec_id == 'c' and kind == 'line'").empty
    np.testing.assert_allclose(points["fitted"] + points["residual"], points["growth_pct_per_year"], rtol=MACHINE)
    assert ((line["conf_low"] < line["fitted"]) & (line["fitted"] < line["conf_high"])).all()
    slope = np.polyfit(line["log_income_start"], line["fitted"], 1)[0]
    assert slope == pytest.approx(100 * row(run(*make_study()), "log_income_start").estimate, rel=CLOSED_FORM)


def test_results_can_be_written(tmp_path):
    results = run(*make_study(), spec(), spec(id="c", controls=("coast",)))
    write_results(results.series, tmp_path / "series.csv")
    write_json(results.fit, tmp_path / "fit.json")
    coefficients = json.loads((tmp_path / "fit.json").read_text())["regressions"][1]["coefficients"]
    assert set(coefficients) == {"constant", "log_income_start", "coast"}


def test_refuses_a_gap_in_income():
    frame, weights, scheme = make_study()
    frame.loc[3, "log_income_start"] = np.nan
    with pytest.raises(EstimateError) as error:
        run(frame, weights, scheme)
    assert str(error.value) == (
        "estimates: estimates.beta.b P: 1 values are missing or infinite (U03 log_income_start); expected a number "
        "for every unit of the sample; supply it, or leave the unit out with a sample in config.yaml"
    )


@pytest.mark.parametrize(
    ("break_it", "text"),
    [
        (lambda f: f.assign(control_coast=f["control_coast"].where(f["unit"] != "U04")), "U04 control_coast"),
        (lambda f: f[f["unit"] != "U05"], "U05 log_income_start"),
        (lambda f: pd.concat([f, f.head(1)]), "1 units have two rows (U00)"),
        (lambda f: f.assign(growth_pct_per_year=f["growth_pct_per_year"] * 1.1), "growth of 12 units is not"),
    ],
)
def test_refuses_frames_that_cannot_be_right(break_it, text):
    frame, weights, scheme = make_study()
    with pytest.raises(EstimateError) as error:
        run(break_it(frame), weights, scheme, spec(controls=("coast",)))
    assert text in str(error.value)
    assert "\n" not in str(error.value)


def test_refuses_units_without_weights():
    frame, weights, scheme = make_study()
    less = SpatialWeights(weights.units[:-1], weights.matrix[:-1, :-1], weights.spec)
    with pytest.raises(EstimateError, match="1 units of a sample are not in line"):
        run(frame, less, scheme)


def test_reader_fills_defaults():
    frame, _, scheme = make_study()
    specs = parse_beta_specs([{"id": "a"}, {"id": "c", "controls": ["coast"], "role": "mechanism"}],
                             controls_of({"s": frame}), {"s": scheme}, "s")  # fmt: skip
    assert specs[0] == BetaSpec("a", (), "all", "end", "s", "robustness")
    assert specs[1].controls == ("coast",)
    assert controls_of({"s": frame}) == ["coast", "schooling"]


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ([], "a list of specifications"),
        ({"id": "a"}, "a list of specifications"),
        (["a"], "estimates.beta holds 'a'"),
        ([{"id": "a", "control": []}], "1 unknown key in estimates.beta (control)"),
        ([{"id": "a"}, {"id": "a"}], "1 id that is empty or used twice (a)"),
        ([{"controls": []}], "1 id that is empty or used twice"),
        ([{"id": "a", "controls": ["coasts"]}], "estimates.beta.a.controls names 1 that is unknown (coasts)"),
        ([{"id": "a", "controls": "coast"}], "holds the text 'coast'"),
        ([{"id": "a", "sample": "none"}], "estimates.beta.a.sample names 1 that is unknown (none)"),
        ([{"id": "a", "unit_scheme": "9"}], "estimates.beta.a.unit_scheme names 1 that is unknown (9)"),
        ([{"id": "a", "end_points": "mean5"}], "estimates.beta.a.end_points names 1 that is unknown (mean5)"),
        ([{"id": "a", "role": "main"}], "estimates.beta.a.role names 1 that is unknown (main)"),
    ],
)
def test_reader_refuses_in_one_line(section, text):
    frame, _, scheme = make_study()
    with pytest.raises(EstimateError) as error:
        parse_beta_specs(section, controls_of({"s": frame}), {"s": scheme}, "s")
    assert text in str(error.value)
    assert "\n" not in str(error.value)


def test_reader_of_inference_refuses():
    assert parse_inference_spec({"seed": 3}) == InferenceSpec(0.95, 9999, 3)
    with pytest.raises(EstimateError, match="unknown key in inference"):
        parse_inference_spec({"draws": 3})
    with pytest.raises(EstimateError, match="a level between 0 and 1"):
        parse_inference_spec({"conf_level": 95})
