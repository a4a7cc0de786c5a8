"""The exposure regression: planted coefficients found, honest rows where nothing can be said, order-free."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenfield.contracts.errors import EstimateError
from evenfield.contracts.estimates import estimates_frame
from evenfield.estimates.spillover.exposure import PATH_COLUMNS, UNIT_COLUMNS, estimate_exposure
from evenfield.estimates.spillover.exposure_data import (
    ExposureSpec,
    Settings,
    parse_exposure_specs,
    parse_settings,
)
from evenfield.numerics.ols import cov_cr3, cov_hc1, fit_ols, t_quantile
from evenfield.numerics.scpc import scpc_inference, scpc_power_point, spatial_components
from tolerances import CLOSED_FORM, MACHINE
from unit.china_design import (
    PERIODS,
    make_cells,
    make_exposures,
    make_periods,
    make_units,
    read_design,
    weights_of,
)

UNITS, A, DISTANCE, C, S = read_design()
W = {"contiguity": weights_of(A, DISTANCE)["contiguity"]}
EXPOSURES = make_exposures(make_cells("seed", C, S), W)
DESCRIPTION = {"unit_scheme": "31", "data_hash": "abc", "periods": PERIODS}
SETTINGS = Settings(0.95, 0.8, 0.5, 1.0)
PRIMARY = ExposureSpec("main", "seed", "contiguity", "primary")
DIFFERENCE = "exposure_cluster - exposure_sez"


def run(periods=None, exposures=EXPOSURES, units=None, specs=(PRIMARY,), settings=SETTINGS):
    periods = make_periods() if periods is None else periods
    units = make_units() if units is None else units
    return estimate_exposure(periods, exposures, units, DESCRIPTION, list(specs), settings)


def frame(results):
    return estimates_frame(results.estimates)


def one(results, **where):
    rows = frame(results)
    for column, value in {"sample_id": "all", "contrast": "", **where}.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.fixture(scope="module")
def results():
    return run()


def arrays(period="P2"):
    rows = make_periods().query("period == @period").set_index("unit").loc[UNITS]
    W1 = W["contiguity"]
    X = np.column_stack([np.ones(31), C, S, W1 @ C, W1 @ S, rows["log_income_start"]])
    return rows["growth_pct_per_year"].to_numpy(), X


def planted(noise=0.0, b=(0.4, -0.3), g=(2.0, 0.5)):
    W1 = W["contiguity"]
    shape = dict(zip(UNITS, C * b[0] + S * b[1] + W1 @ C * g[0] + W1 @ S * g[1], strict=True))
    periods = make_periods(sd=noise)
    effect = periods["unit"].map(shape) - 0.9 * (periods["log_income_start"] - 8)
    return periods.assign(growth_pct_per_year=periods["growth_pct_per_year"] + effect)


def test_planted_coefficients_are_found_exactly_without_noise():
    found = run(planted())
    expected = {"own_cluster": 0.4, "own_sez": -0.3, "exposure_cluster": 2.0, "exposure_sez": 0.5}
    for term, value in expected.items():
        assert one(found, estimator="slx", period="P1", term=term)["estimate"] == pytest.approx(value, abs=1e-9)
    assert one(found, estimator="slx", period="P1", contrast=DIFFERENCE)["estimate"] == pytest.approx(1.5, abs=1e-9)
    outside = one(found, estimator="slx", period="P1", contrast=DIFFERENCE, sample_id="outsiders")
    assert outside["estimate"] == pytest.approx(1.5, abs=1e-9)


def test_planted_difference_is_inside_the_interval_with_noise():
    row = one(run(planted(noise=0.3)), estimator="slx", period="P2", contrast=DIFFERENCE)
    assert row["conf_low"] < 1.5 < row["conf_high"]


def test_numbers_equal_the_numerics(results):
    y, X = arrays()
    fit, c = fit_ols(y, X), np.array([0, 0, 0, 1.0, -1.0, 0])
    space = spatial_components(DISTANCE, 0.03)
    expected = scpc_inference(fit, c, space)
    row = one(results, estimator="slx", period="P2", contrast=DIFFERENCE)
    assert row["estimate"] == pytest.approx(expected.estimate, rel=CLOSED_FORM)
    assert row["std_error"] == pytest.approx(expected.std_error, rel=CLOSED_FORM)
    assert row["conf_high"] == pytest.approx(expected.conf_high, rel=CLOSED_FORM)
    assert row["se_type"] == "SCPC avc 0.03"
    null = fit_ols(y, X[:, [0, 5]]).sigma2 ** 0.5
    assert row["mde"] == pytest.approx(null * scpc_power_point(X, c, space), rel=CLOSED_FORM)


def test_ladder_rows_stand_beside_the_primary_one(results):
    y, X = arrays()
    fit, c = fit_ols(y, X), np.array([0, 0, 0, 1.0, -1.0, 0])
    cr3 = one(results, estimator="slx_cr3", period="P2", contrast=DIFFERENCE)
    assert cr3["std_error"] == pytest.approx(np.sqrt(c @ cov_cr3(fit, np.arange(31)) @ c), rel=CLOSED_FORM)
    assert cr3["df"] == pytest.approx(cr3["g_star"] - 1, rel=MACHINE)
    width = t_quantile(0.975, cr3["df"]) * cr3["std_error"]
    assert cr3["conf_high"] - cr3["estimate"] == pytest.approx(width, rel=CLOSED_FORM)
    null = fit_ols(y, X[:, [0, 5]]).sigma2 ** 0.5
    factor = t_quantile(0.975, cr3["df"]) + t_quantile(0.8, cr3["df"])
    assert cr3["mde"] == pytest.approx(factor * null * np.sqrt(c @ fit.bread @ c), rel=CLOSED_FORM)
    hc1 = one(results, estimator="slx_hc1", period="P2", contrast=DIFFERENCE)
    assert hc1["std_error"] == pytest.approx(np.sqrt(c @ cov_hc1(fit) @ c), rel=CLOSED_FORM)
    assert (hc1["df"], hc1["role"]) == (25, "ladder")


def test_roles_and_hypothesis(results):
    rows = frame(results)
    primary = rows[rows["role"] == "primary"]
    assert set(primary["period"]) == {"P1", "P2"}
    assert set(primary["contrast"]) == {DIFFERENCE}
    assert set(primary["estimator"]) == {"slx"}
    assert set(rows.loc[rows["contrast"] == DIFFERENCE, "hypothesis"]) == {"H8"}
    assert set(rows.loc[rows["estimator"].isin(["slx_hc1", "slx_cr3", "slx_scpc_06"]), "role"]) == {"ladder"}


def test_warnings_name_basis_and_power(results):
    proxy = one(results, estimator="slx", period="P1", contrast=DIFFERENCE)
    assert proxy["warning"].startswith("PROXY: growth rests on proxy output; UNDERPOWERED: mde")
    assert one(results, estimator="slx", period="S0", contrast=DIFFERENCE)["warning"].startswith("SPLICED")
    official = one(results, estimator="slx", period="P2", contrast=DIFFERENCE)
    assert official["warning"].startswith("UNDERPOWERED: mde")
    assert official["mde"] > official["sesoi"]


def test_a_sensitive_design_is_not_called_underpowered():
    quiet = one(run(planted(noise=0.05)), estimator="slx", period="P2", term="own_cluster")
    big = run(planted(noise=0.05), settings=replace(SETTINGS, sesoi_own=50.0, sesoi_exposure=50.0))
    assert "UNDERPOWERED" in quiet["warning"]
    assert one(big, estimator="slx", period="P2", term="own_cluster")["warning"] == ""


def test_counts_and_leverage(results):
    row = one(results, estimator="slx", period="P2", contrast=DIFFERENCE)
    assert row["n_treated"] == 10
    assert one(results, estimator="slx", period="P2", term="own_sez")["n_treated"] == 5
    assert 1 < row["g_star"] < 31
    units = results.units.query("sample_id == 'all' and period == 'P2'")
    assert row["max_leverage_unit"] == units.loc[units["partial_leverage"].idxmax(), "unit"]
    assert units["partial_leverage"].sum() == pytest.approx(1.0, rel=MACHINE)


def test_outsiders_have_no_own_terms(results):
    rows = frame(results).query("sample_id == 'outsiders'")
    assert set(rows["n_units"]) == {24}
    assert not rows["term"].str.startswith("own").any()


def test_series_carry_path_and_residuals(results):
    assert list(results.path.columns) == PATH_COLUMNS
    assert list(results.units.columns) == UNIT_COLUMNS
    assert len(results.path) == 3 * (6 + 3)
    first = results.path.query("contrast == @DIFFERENCE and sample_id == 'all'").iloc[0]
    expected = first["estimate"] + first["critical_value"] * first["std_error"]
    assert first["conf_high"] == pytest.approx(expected, rel=CLOSED_FORM)
    rows = results.units
    assert rows["growth_pct_per_year"].to_numpy() == pytest.approx((rows["fitted"] + rows["residual"]).to_numpy())


def test_saturated_regime_gives_a_row_with_the_reason():
    full = make_exposures(make_cells("seed", C, [S, np.ones(31), S]), W)
    found = run(exposures=full)
    row = one(found, estimator="slx", period="P2", contrast=DIFFERENCE)
    assert np.isnan(row["estimate"])
    assert np.isnan(row["conf_low"])
    assert row["warning"] == "not defined: own_sez is 1, exposure_sez is 1 for all 31 units"
    outside = one(found, estimator="slx", period="P2", contrast=DIFFERENCE, sample_id="outsiders")
    assert outside["warning"] == "not defined: 0 units for 4 coefficients"
    assert np.isfinite(one(found, estimator="slx", period="P1", contrast=DIFFERENCE)["estimate"])


def test_equal_regimes_cannot_be_told_apart():
    same = make_exposures(make_cells("seed", C, C), W)
    row = one(run(exposures=same), estimator="slx", period="P1", contrast=DIFFERENCE)
    expected = "own_cluster, own_sez, exposure_cluster, exposure_sez cannot be told apart"
    assert row["warning"] == f"PROXY: growth rests on proxy output; not defined: {expected}"


def test_no_regime_at_all_is_a_row_not_an_error():
    none = make_exposures(make_cells("seed", np.zeros(31), np.zeros(31)), W)
    rows = frame(run(exposures=none))
    assert rows["estimate"].isna().all()
    assert rows["warning"].str.contains("own_cluster is 0, own_sez is 0|exposure_cluster is 0").all()


def test_fewer_than_four_treated_have_an_estimate_but_no_interval():
    three = np.isin(UNITS, ["CN-FJ", "CN-GD", "CN-HI"]).astype(float)
    found = run(exposures=make_exposures(make_cells("seed", C, three), W))
    row = one(found, estimator="slx_cr3", period="P2", term="own_sez")
    assert np.isfinite(row["estimate"])
    assert np.isnan(row["std_error"])
    assert row["warning"] == "fewer than 4 units with or without the regime: no interval, permutation only"
    assert row["se_type"] == ""
    assert np.isfinite(one(found, estimator="slx", period="P2", contrast=DIFFERENCE)["std_error"])


def test_one_unit_with_leverage_one_loses_only_the_jackknife():
    lonely = EXPOSURES.assign(exposure_sez=np.where(EXPOSURES["unit"] == "CN-XJ", 0.2, 0.0))
    row = one(run(exposures=lonely), estimator="slx_cr3", period="P2", term="exposure_sez")
    assert np.isnan(row["std_error"])
    assert "no interval: one unit determines a coefficient alone" in row["warning"]


def test_order_names_and_weights_permuted_together_change_nothing(results):
    rng = np.random.default_rng(3)
    new = dict(zip(UNITS, [f"U{k:02d}" for k in rng.permutation(31)], strict=True))

    def shuffled(table):
        return table.assign(unit=table["unit"].map(new)).sample(frac=1, random_state=2)

    moved = frame(run(shuffled(make_periods()), shuffled(EXPOSURES), shuffled(make_units())))
    here = frame(results)
    assert list(moved["estimate_id"]) == list(here["estimate_id"])
    for column in ("estimate", "std_error", "p_value", "conf_low", "mde", "g_star"):
        assert moved[column].to_numpy() == pytest.approx(here[column].to_numpy(), rel=CLOSED_FORM)
    assert list(moved["max_leverage_unit"]) == [new[unit] for unit in here["max_leverage_unit"]]


def test_a_further_specification_changes_no_other_estimate(results):
    more = run(specs=[PRIMARY, ExposureSpec("again", "seed", "contiguity", "robustness")])
    kept = frame(more).query("spec_id == 'main'").reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, frame(results))
    assert set(frame(more).query("spec_id == 'again'")["estimator"]) == {"slx", "slx_cr3"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"periods": make_periods().query("unit != 'CN-XZ'")}, "1 units have no growth or no exposure in P1"),
        ({"exposures": EXPOSURES.query("unit != 'CN-BJ'")}, "CN-BJ"),
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
    settings = parse_settings(china_config["sesoi"], china_config["inference"], 0.8)
    assert settings == Settings(0.95, 0.8, 0.5, 1.0)
