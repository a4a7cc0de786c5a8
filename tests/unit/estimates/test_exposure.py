"""Spillovers by group: planted coefficients found, honest rows where nothing can be said, order-free."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.ols import cov_hc1, fit_ols
from evenfield.numerics.scpc import scpc_inference, scpc_power_point, spatial_components
from evenfield.shared.contrasts.contrasts import ContrastSettings
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.exposure import estimate_regimes as exposure_regimes
from evenfield.topics.exposure.estimate import PATH_COLUMNS, UNIT_COLUMNS, estimate_exposure
from evenfield.topics.exposure.estimate_data import ExposureData, joined_links
from evenfield.topics.exposure.estimate_ranges import RANGE_COLUMNS
from evenfield.topics.exposure.estimate_spec import ExposureSpec, Interests, parse_exposure_specs, parse_interests
from tolerances import CLOSED_FORM, MACHINE
from unit.china_design import (
    DATA,
    PERIODS,
    make_cells,
    make_exposures,
    make_periods,
    make_units,
    read_design,
    weights_of,
)

UNITS, A, DISTANCE, C, S = read_design()
W = {name: weights_of(A, DISTANCE)[name] for name in ("contiguity", "nearest_4")}
WEIGHTS = {name: SpatialWeights(tuple(UNITS), matrix, {"weights": name}) for name, matrix in W.items()}
LINKS = joined_links(pd.read_csv(DATA / "adjacency.csv"), [["CN-HI", "CN-GD"]])
COASTAL = pd.read_csv(DATA / "units.csv")[["unit", "coastal"]]
REGIMES = make_exposures(make_cells("seed", C, S), W)
PANEL = pd.DataFrame([{"unit": unit, "year": year, "population": 100.0 + 7 * k}
                      for k, unit in enumerate(UNITS) for year in (1978, 2001)])  # fmt: skip
DESCRIPTION = {"unit_scheme": "31", "data_hash": "abc", "periods": PERIODS}
INTERESTS = Interests(0.5, 1.0, 0.25)
SETTINGS = ContrastSettings(0.95, 0.8, 199, 5, (("CN-JS", "CN-ZJ"),))
PRIMARY = ExposureSpec("main", "seed", "contiguity", "primary")
DIFFERENCE = "exposure_cluster - exposure_sez"


def data(**change):
    tables = {"periods": make_periods(), "regimes": REGIMES, "weights": WEIGHTS, "links": LINKS, "panel": PANEL,
              "units": make_units().merge(COASTAL, on="unit")}  # fmt: skip
    return ExposureData(**{**tables, **change})


def run(specs=(PRIMARY,), interests=INTERESTS, settings=SETTINGS, **change):
    return estimate_exposure(data(**change), DESCRIPTION, list(specs), interests, settings)


def frame(results):
    return estimates_frame(results.estimates)


def one(results, **where):
    rows = frame(results)
    defaults = {"sample_id": "all", "contrast": "", "estimator": "slx", "effect_type": "coef", "w_id": "contiguity"}
    for column, value in {**defaults, **where}.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1, rows
    return rows.iloc[0]


@pytest.fixture(scope="module", autouse=True)
def _few_simulated_samples():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exposure_regimes, "SAMPLES", 2)
        yield


@pytest.fixture(scope="module")
def results():
    return run()


def arrays(period="P2"):
    rows = make_periods().query("period == @period").set_index("unit").loc[UNITS]
    W1 = W["contiguity"]
    X = np.column_stack([C, S, W1 @ C, W1 @ S, np.ones(31), rows["log_income_start"]])
    return rows["growth_pct_per_year"].to_numpy(), X


C_DIFFERENCE = np.array([0, 0, 1.0, -1.0, 0, 0])


def planted(noise=0.0, b=(0.4, -0.3), g=(2.0, 0.5)):
    W1 = W["contiguity"]
    shape = dict(zip(UNITS, C * b[0] + S * b[1] + W1 @ C * g[0] + W1 @ S * g[1], strict=True))
    periods = make_periods(sd=noise)
    effect = periods["unit"].map(shape) - 0.9 * (periods["log_income_start"] - 8)
    return periods.assign(growth_pct_per_year=periods["growth_pct_per_year"] + effect)


def test_planted_coefficients_are_found_without_noise():
    found = run(periods=planted(noise=1e-7))
    expected = {"own_cluster": 0.4, "own_sez": -0.3, "exposure_cluster": 2.0, "exposure_sez": 0.5}
    for term, value in expected.items():
        assert one(found, period="P1", term=term)["estimate"] == pytest.approx(value, abs=1e-5)
    for estimator in ("slx", "slx_expected_control"):
        row = one(found, period="P1", contrast=DIFFERENCE, estimator=estimator)
        assert row["estimate"] == pytest.approx(1.5, abs=1e-5)
    outside = one(found, period="P1", contrast=DIFFERENCE, sample_id="outsiders")
    assert outside["estimate"] == pytest.approx(1.5, abs=1e-5)


def test_planted_difference_is_inside_the_interval_with_noise():
    row = one(run(periods=planted(noise=0.3)), period="P2", contrast=DIFFERENCE)
    assert row["conf_low"] < 1.5 < row["conf_high"]


def test_numbers_equal_the_numerics(results):
    y, X = arrays()
    fit, space = fit_ols(y, X), spatial_components(DISTANCE, 0.03)
    expected = scpc_inference(fit, C_DIFFERENCE, space)
    row = one(results, period="P2", contrast=DIFFERENCE)
    assert row["estimate"] == pytest.approx(expected.estimate, rel=CLOSED_FORM)
    assert row["conf_high"] == pytest.approx(expected.conf_high, rel=CLOSED_FORM)
    assert row["se_type"] == "SCPC avc 0.03"
    null = fit_ols(y, X[:, [4, 5]]).sigma2 ** 0.5
    assert row["mde"] == pytest.approx(null * scpc_power_point(X, C_DIFFERENCE, space), rel=CLOSED_FORM)
    hc1 = one(results, estimator="slx_hc1", period="P2", contrast=DIFFERENCE)
    assert hc1["std_error"] == pytest.approx(np.sqrt(C_DIFFERENCE @ cov_hc1(fit) @ C_DIFFERENCE), rel=CLOSED_FORM)


def test_deciding_rows_and_their_evidence(results):
    rows = frame(results)
    primary = rows[rows["role"] == "primary"]
    assert set(zip(primary["hypothesis"], primary["term"], primary["period"], strict=True)) == {
        (h, term, period) for h, term in (("H7", "own_sez"), ("H8", "exposure_cluster")) for period in ("P1", "P2")
    }
    assert set(primary["estimator"]) == {"slx"}
    for column in ("estimate", "std_error", "p_value", "conf_low", "mde", "sesoi", "g_star"):
        assert primary[column].notna().all()
    kinds = set(rows.loc[rows["role"] == "robustness", "effect_type"])
    assert kinds == {"coef", "tost", "mde_tost", "mde_simulated", "share", "stat_low", "stat_high", "stat_pair",
                     "stat_sign_flips"}  # fmt: skip
    assert set(rows.loc[rows["contrast"] == DIFFERENCE, "hypothesis"]) == {"H8"}


def test_equivalence_is_per_standard_deviation(results):
    row = one(results, period="P2", term="exposure_sez", estimator="equivalence", effect_type="tost")
    plain = one(results, period="P2", term="exposure_sez")
    spread = (W["contiguity"] @ S).std()
    assert row["estimate"] == pytest.approx(plain["estimate"] * spread, rel=CLOSED_FORM)
    assert row["conf_level"] == pytest.approx(0.9)
    assert row["conf_high"] - row["estimate"] < spread * (plain["conf_high"] - plain["estimate"])
    assert (row["p_value"] < 0.05) == (row["conf_low"] > -0.25 and row["conf_high"] < 0.25)
    assert f"one s.d. of the exposure is {spread:.3g}" in row["warning"]
    reach = one(results, period="P2", term="exposure_sez", estimator="equivalence", effect_type="mde_tost")
    assert reach["estimate"] == row["mde"] > 0.25


def test_a_quiet_outcome_is_equivalent():
    row = one(run(periods=planted(noise=0.01, b=(0, 0), g=(0, 0))), period="P1", term="exposure_sez",
              estimator="equivalence", effect_type="tost")  # fmt: skip
    assert row["p_value"] < 0.05
    assert "UNDERPOWERED" not in row["warning"]


def test_simulated_power_points_stand_beside_the_exact_one(results):
    exact = one(results, period="P2", contrast=DIFFERENCE)["mde"]
    row = one(results, period="P2", contrast=DIFFERENCE, estimator="simulated_power_independent",
              effect_type="mde_simulated")  # fmt: skip
    assert row["estimate"] == pytest.approx(exact, rel=0.04)


def test_recentred_rows_carry_the_randomisation_p_of_the_same_draws(results):
    row = one(results, period="P2", contrast=DIFFERENCE, estimator="slx_recentred_permutation_stratified")
    assert 1 / 200 <= row["p_value"] <= 1
    assert row["p_type"].startswith("stratified permutation of labels, ")
    seen = results.units.query("period == 'P2' and regressor == 'exposure_cluster'").set_index("unit")
    assert seen["value"].to_numpy() == pytest.approx(W["contiguity"] @ C)
    coast = COASTAL.set_index("unit").loc[UNITS, "coastal"].to_numpy(float)
    share = W["contiguity"] @ (coast * C.sum() / coast.sum())
    assert seen.loc[UNITS, "expected"].to_numpy() == pytest.approx(share, abs=0.06)
    own = results.units.query("period == 'P2' and regressor == 'own_cluster'").set_index("unit")["expected"]
    assert own[~own.index.isin(COASTAL.query("coastal == 1")["unit"])].eq(0).all()


def test_warnings_name_basis_and_power(results):
    proxy = one(results, period="P1", contrast=DIFFERENCE)
    assert proxy["warning"].startswith("PROXY: rests on proxy output; UNDERPOWERED: mde")
    assert one(results, period="S0", contrast=DIFFERENCE)["warning"].startswith("SPLICED")
    official = one(results, period="P2", contrast=DIFFERENCE)
    assert official["warning"].startswith("UNDERPOWERED: mde")


def test_counts_and_outsiders(results):
    row = one(results, period="P2", contrast=DIFFERENCE)
    assert row["n_treated"] == 10
    assert one(results, period="P2", term="own_sez")["n_treated"] == 5
    rows = frame(results).query("sample_id == 'outsiders'")
    assert set(rows["n_units"]) == {24}
    assert not rows["term"].str.startswith("own").any()


def test_series_units_and_ranges(results):
    assert list(results.path.columns) == PATH_COLUMNS
    assert list(results.units.columns) == UNIT_COLUMNS
    assert list(results.ranges.columns) == RANGE_COLUMNS
    wide = results.units.query("period == 'P2'").pivot(index="unit", columns="regressor", values="value")
    assert wide["growth"].to_numpy() == pytest.approx((wide["fitted"] + wide["residual"]).to_numpy())
    assert wide["partial_leverage"].sum() == pytest.approx(1.0, rel=MACHINE)
    both = results.ranges.query("period == 'P2' and over == 'weights'").iloc[0]
    other = one(results, period="P2", contrast=DIFFERENCE, w_id="nearest_4")["estimate"]
    here = one(results, period="P2", contrast=DIFFERENCE)["estimate"]
    assert [both["lowest"], both["highest"]] == pytest.approx(sorted([here, other]))
    assert results.summary["exposure_sd"]["P2"]["exposure_sez"] == pytest.approx((W["contiguity"] @ S).std(), abs=1e-6)


def test_saturated_equal_and_absent_regimes_are_rows_not_errors():
    full = make_exposures(make_cells("seed", C, [S, np.ones(31), S]), W)
    row = one(run(regimes=full), period="P2", contrast=DIFFERENCE)
    assert np.isnan(row["estimate"])
    assert "not defined: own_sez does not vary or is collinear" in row["warning"]
    same = one(run(regimes=make_exposures(make_cells("seed", C, C), W)), period="P2", contrast=DIFFERENCE)
    assert "does not vary or is collinear" in same["warning"]
    none = frame(run(regimes=make_exposures(make_cells("seed", 0 * C, 0 * S), W)))
    assert none["estimate"].isna().all()


def test_fewer_than_four_treated_leave_permutation_only():
    three = np.isin(UNITS, ["CN-FJ", "CN-GD", "CN-HI"]).astype(float)
    found = run(regimes=make_exposures(make_cells("seed", C, three), W))
    row = one(found, period="P2", term="own_sez")
    assert np.isfinite(row["estimate"])
    assert np.isnan(row["std_error"])
    assert row["p_type"].startswith("free permutation")
    assert np.isfinite(one(found, period="P2", contrast=DIFFERENCE)["std_error"])


def test_order_names_and_weights_permuted_together_change_nothing(results):
    rng = np.random.default_rng(3)
    new = dict(zip(UNITS, [f"U{k:02d}" for k in range(31)], strict=True))  # the order of names, and so of draws, stays

    def shuffled(table):
        columns = {name: table[name].map(new) for name in ("unit", "unit_i", "unit_j") if name in table}
        return table.assign(**columns).sample(frac=1, random_state=2)

    order = rng.permutation(31)
    mixed = {name: SpatialWeights(tuple(new[UNITS[i]] for i in order), matrix[np.ix_(order, order)], {"weights": name})
             for name, matrix in W.items()}  # fmt: skip
    here = data()
    moved = frame(run(
        periods=shuffled(here.periods), regimes=shuffled(here.regimes), units=shuffled(here.units),
        links=shuffled(here.links), panel=shuffled(here.panel), weights=mixed,
        settings=replace(SETTINGS, pairs=(("U15", "U30"),)),
    )).query("estimator != 'leave_pair_out'")  # fmt: skip
    here = frame(results).query("estimator != 'leave_pair_out'")
    assert list(moved["estimate_id"]) == list(here["estimate_id"])
    for column in ("estimate", "std_error", "p_value", "conf_low", "mde", "g_star"):
        assert moved[column].to_numpy() == pytest.approx(here[column].to_numpy(), rel=CLOSED_FORM, nan_ok=True)
    assert list(moved["max_leverage_unit"]) == [new.get(unit, "") for unit in here["max_leverage_unit"]]


def test_the_two_regime_row_states_its_own_bias(results):
    row = one(results, period="P2", term="rho_cluster", contrast="rho_cluster - rho_other", estimator="sdm_two_regime")
    check = results.summary["two_regime"]["P2"]
    assert (row["role"], row["hypothesis"], row["n_treated"]) == ("exploratory", "", 5)
    assert f"off by {check['bias']:.2g} on average" in row["warning"]
    assert 0 <= row["p_value"] <= 1


def test_neighbours_count_by_population():
    spec = ExposureSpec("pop", "seed", "contiguity", neighbours="population")
    y, X = arrays()
    people = PANEL.query("year == 2001").set_index("unit").loc[UNITS, "population"].to_numpy()
    pulled = W["contiguity"] * people
    pulled /= pulled.sum(axis=1, keepdims=True)
    X[:, 2:4] = pulled @ X[:, :2]
    row = one(run([spec]), period="P2", contrast=DIFFERENCE, w_id="contiguity by population")
    assert row["estimate"] == pytest.approx(C_DIFFERENCE @ fit_ols(y, X).beta, rel=CLOSED_FORM)
    with pytest.raises(EstimateError, match="31 units have no population in 1978"):
        run([spec], panel=PANEL.assign(population=np.nan))


def test_counted_zones_are_per_standard_deviation():
    numbers = REGIMES.assign(own_zones_sez=REGIMES["own_sez"] * 3.0, own_zones_hidz=REGIMES["own_sez"] * 0.6)
    many = ExposureSpec("many", "seed", "contiguity", zones="number")
    found = run([many, replace(many, id="parks", zones="list", regimes=("cluster", "park"))], regimes=numbers)
    y, X = arrays()
    beta, spread = fit_ols(y, X).beta, (X[:, 2].std(), X[:, 3].std())
    row = one(found, period="P2", contrast=DIFFERENCE, spec_id="many")
    assert row["estimate"] == pytest.approx(beta[2] * spread[0] - beta[3] * spread[1], rel=CLOSED_FORM)
    assert (row["unit_of_measure"], row["sesoi"]) == ("pp/yr per s.d. of exposure", 0.25)
    parks = one(found, period="P2", contrast="exposure_cluster - exposure_park", spec_id="parks")
    assert parks["estimate"] == pytest.approx(beta[2] - beta[3], rel=CLOSED_FORM)
    assert parks["hypothesis"] == ""


def test_a_further_specification_changes_no_other_estimate(results):
    more = run(specs=[PRIMARY, ExposureSpec("again", "seed", "nearest_4")])
    kept = frame(more).query("spec_id == 'main'").reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, frame(results))
    assert set(frame(more).query("spec_id == 'again'")["estimator"]) == {"slx"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"periods": make_periods().query("unit != 'CN-XZ'")}, "1 units have no growth or no exposure in P1"),
        ({"regimes": REGIMES.query("unit != 'CN-BJ'")}, "CN-BJ"),
        ({"units": make_units().assign(lat=np.nan)}, r"31 units have no coordinates \(CN-AH, CN-BJ, CN-CQ and 28 more"),
        ({"specs": [replace(PRIMARY, taxonomy="other")]}, "taxonomy other, weights contiguity"),
    ],
)
def test_bad_input_is_one_line(change, message):
    with pytest.raises(EstimateError, match=message) as caught:
        run(**change)
    assert "\n" not in str(caught.value)


def test_no_row_claims_an_effect(results):
    words = frame(results).to_csv() + results.path.to_csv() + str(results.summary)
    assert "effect of" not in words


def test_config_is_read(china_config):
    specs = parse_exposure_specs(china_config["estimates"]["exposure"])
    assert [spec.role for spec in specs].count("primary") == 1
    assert parse_interests(china_config["sesoi"]) == INTERESTS
