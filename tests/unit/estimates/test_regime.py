"""Convergence by regime: the interactions against least squares, what is description only, bad input."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.topics.regime.estimate import DIFFERENCE, PATH, SUPPORT, UNITS, estimate_regime
from evenfield.topics.regime.estimate_data import INTERACTIONS, common_support, terciles
from evenfield.topics.regime.estimate_spec import RegimeSettings, RegimeSpec, parse_regime_settings, parse_regime_specs

N = 24
NAMES = [f"u{i:02d}" for i in range(N)]
DESCRIPTION = {
    "unit_scheme": "u",
    "data_hash": "x",
    "periods": [
        {"period": "P1", "label": "1980-90", "start": 1980, "end": 1990, "role": "main", "basis": "proxy"},
        {"period": "P2", "label": "1992-2002", "start": 1992, "end": 2002, "role": "main", "basis": "official"},
        {"period": "S", "label": "1980-2002", "start": 1980, "end": 2002, "role": "span", "basis": "spliced"},
    ],
}
SPEC = RegimeSpec("seed", "seed", "near", split=1992, role="primary")
KEY = (INTERACTIONS[0], DIFFERENCE)


def study(noise=0.5, d_cluster=4.0, d_sez=1.0, seed=0):
    """Exposures that are predetermined, and growth with known speeds."""
    rng = np.random.default_rng(seed)
    place = pd.DataFrame({"unit": NAMES, "lat": rng.uniform(20, 45, N), "lon": rng.uniform(80, 120, N)})
    own = pd.DataFrame(
        {"own_cluster": (np.arange(N) < 5) * 1.0, "own_sez": ((np.arange(N) > 2) & (np.arange(N) < 8)) * 1.0}
    )
    exposed = {"exposure_cluster": rng.uniform(0, 1, N), "exposure_sez": rng.uniform(0, 1, N)}
    periods, exposures = [], []
    for item in DESCRIPTION["periods"]:
        start = rng.normal(7, 0.5, N)
        r = start - start.mean()
        slope = 1.0 + d_cluster * exposed["exposure_cluster"] + d_sez * exposed["exposure_sez"]
        growth = 6 - slope * r + exposed["exposure_cluster"] + rng.normal(0, noise, N) if noise else 6 - slope * r
        periods.append(pd.DataFrame({"unit": NAMES, "period": item["period"], "growth_pct_per_year": growth,
                                     "log_income_start": start}))  # fmt: skip
        exposures.append(own.assign(unit=NAMES, period=item["period"], weights="near", taxonomy="seed", **exposed))
    return pd.concat(periods), pd.concat(exposures), place


def run(data, specs=(SPEC,), description=DESCRIPTION):
    return estimate_regime(*data, description, specs, RegimeSettings())


def rows_of(results):
    return {(e.period, e.estimator, e.term, e.contrast): e for e in results.estimates}


@pytest.fixture(scope="module")
def found():
    return run(study())


def test_noiseless_speeds_are_found_with_their_sign():
    rows = rows_of(run(study(noise=0)))
    for period in ("P1", "P2", "S"):
        assert rows[period, "regime", INTERACTIONS[0], ""].estimate == pytest.approx(4.0)
        assert rows[period, "regime", INTERACTIONS[1], ""].estimate == pytest.approx(1.0)
        assert rows[period, "regime", "initial_income", ""].estimate == pytest.approx(1.0)
        assert rows[period, "regime", *KEY].estimate == pytest.approx(3.0)


def test_deciding_row(found):
    rows = rows_of(found)
    row = rows["P2", "regime", *KEY]
    assert (row.hypothesis, row.family, row.role) == ("H11", "F3", "primary")
    assert (row.sesoi, row.se_type, row.unit_of_measure) == (1.0, "SCPC avc 0.03", "pp/yr of speed per exposure 0 to 1")
    assert row.mde > 0 and row.conf_low < row.estimate < row.conf_high and row.n_treated == N
    assert rows["S", "regime", *KEY].role == "robustness"
    single = rows["P2", "regime", INTERACTIONS[0], ""]
    assert (single.hypothesis, single.family, single.role) == ("", "regime", "exploratory")
    for method in ("scpc_06", "cr3", "hc1"):
        ladder = rows["P2", f"regime_{method}", *KEY]
        assert ladder.role == "ladder" and ladder.estimate == pytest.approx(row.estimate)
    assert rows["P2", "regime_cr3", *KEY].df == pytest.approx(row.g_star - 1)
    assert "PROXY" in rows["P1", "regime", *KEY].warning and "SPLICED" in rows["S", "regime", *KEY].warning


def test_underpowered_is_said():
    row = rows_of(run(study(noise=3.0)))["P2", "regime", *KEY]
    assert row.mde > row.sesoi and "UNDERPOWERED" in row.warning


def test_equals_least_squares_by_hand(found):
    periods, exposures, _ = study()
    one = periods[periods["period"] == "P2"].merge(exposures[exposures["period"] == "P2"], on=["unit", "period"])
    r = one["log_income_start"] - one["log_income_start"].mean()
    X = np.column_stack([np.ones(N), r, one["exposure_cluster"], one["exposure_sez"],
                         r * one["exposure_cluster"], r * one["exposure_sez"]])  # fmt: skip
    beta = np.linalg.lstsq(X, one["growth_pct_per_year"], rcond=None)[0]
    assert rows_of(found)["P2", "regime", *KEY].estimate == pytest.approx(beta[5] - beta[4])


def test_centring_of_initial_income_does_not_matter(found):
    periods, exposures, place = study()
    moved = run((periods.assign(log_income_start=periods["log_income_start"] + 3), exposures, place))
    assert rows_of(moved)["P2", "regime", *KEY].estimate == pytest.approx(rows_of(found)["P2", "regime", *KEY].estimate)


def test_own_terms_enter_on_request():
    results = run(study(), (replace(SPEC, id="own", own="added", role="robustness"),))
    row = rows_of(results)["P2", "regime", *KEY]
    assert row.controls_id == "own status" and row.role == "robustness"
    assert ("P2", "regime_hc1", *KEY) not in rows_of(results)


def test_within_groups_are_described_only(found):
    rows = rows_of(found)
    for group, n in (("cluster", 5), ("sez", 5), ("neither", N - 8)):
        row = rows["P2", "within_group", "speed", group]
        assert row.n_units == n and f"description only: {n} units" in row.warning
        assert row.role == "description" and np.isnan(row.std_error) and np.isnan(row.p_value)


def test_split_compares_later_with_earlier_periods(found):
    rows = [row for row in found.estimates if row.estimator == "regime_split_cr3"]
    by = rows_of(found)
    assert len(rows) == 1 and rows[0].period == "P2 less P1"
    assert rows[0].estimate == pytest.approx(by["P2", "regime", *KEY].estimate - by["P1", "regime", *KEY].estimate)
    assert rows[0].std_error > 0 and rows[0].n_obs == 2 * N
    late = run(study(), (replace(SPEC, split=2005),))
    row = next(row for row in late.estimates if row.estimator == "regime_split_cr3")
    assert np.isnan(row.estimate) and "no main period on one side of 2005" in row.warning


def test_terciles_keep_ties_together():
    assert terciles(np.arange(9.0)).tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert terciles(np.array([0, 0, 0, 0, 1, 2, 3, 4.0])).tolist() == [1, 1, 1, 1, 2, 2, 3, 3]
    assert terciles(np.zeros(5)).tolist() == [1] * 5


def test_common_support():
    table = pd.DataFrame({"income_low": [-1.0, 0.0, -0.5], "income_high": [1.0, 2.0, 0.5]})
    assert common_support(table, np.array([-0.2, 0.1, 0.4, 3.0])) == (0.0, 0.5, 0.5)
    apart = pd.DataFrame({"income_low": [-1.0, 2.0], "income_high": [1.0, 3.0]})
    low, high, share = common_support(apart, np.zeros(3))
    assert np.isnan(low) and np.isnan(high) and share == 0


def test_series(found):
    assert tuple(found.path.columns) == PATH and tuple(found.units.columns) == UNITS
    assert tuple(found.support.columns) == SUPPORT
    assert set(found.path["contrast"]) == {"", DIFFERENCE}
    assert (found.units["fitted"] + found.units["residual"]).to_numpy() == pytest.approx(
        found.units["growth_pct_per_year"].to_numpy()
    )
    frame = estimates_frame(found.estimates)
    assert frame.loc[frame["estimate"].isna(), "warning"].str.contains("not defined").all()
    json.dumps(found.fit, allow_nan=False)


def test_shuffled_rows_and_renamed_units(found):
    periods, exposures, place = study()
    data = [frame.sample(frac=1, random_state=i) for i, frame in enumerate((periods, exposures, place))]
    shuffled = run(tuple(data))
    pd.testing.assert_frame_equal(estimates_frame(shuffled.estimates), estimates_frame(found.estimates))
    pd.testing.assert_frame_equal(shuffled.units, found.units)
    names = {unit: f"{(7 * i) % N:02d}" for i, unit in enumerate(NAMES)}
    renamed = run(tuple(frame.assign(unit=frame["unit"].map(names)) for frame in (periods, exposures, place)))
    for (key, one), (_, two) in zip(rows_of(found).items(), rows_of(renamed).items(), strict=True):
        assert two.estimate == pytest.approx(one.estimate, nan_ok=True), key
        assert two.conf_low == pytest.approx(one.conf_low, nan_ok=True, rel=1e-6), key
        assert two.max_leverage_unit == (names[one.max_leverage_unit] if one.max_leverage_unit else "")


# --- bad input ----------------------------------------------------------------------------------------------


def test_study_without_regimes_is_not_defined():
    periods, exposures, place = study()
    none = exposures.assign(own_cluster=0.0, own_sez=0.0, exposure_cluster=0.0, exposure_sez=0.0)
    rows = rows_of(run((periods, none, place)))
    row = rows["P2", "regime", *KEY]
    assert np.isnan(row.estimate) and "exposure_cluster, exposure_sez" in row.warning
    assert np.isnan(rows["P2", "within_group", "speed", "cluster"].estimate)
    assert np.isfinite(rows["P2", "within_group", "speed", "neither"].estimate)


def test_few_exposed_units_get_no_interval():
    periods, exposures, place = study()
    exposures["exposure_sez"] = exposures["exposure_sez"].where(exposures["unit"].isin(NAMES[:3]), 0.0)
    row = rows_of(run((periods, exposures, place)))["P2", "regime", *KEY]
    assert np.isfinite(row.estimate) and np.isnan(row.std_error) and "fewer than 4 exposed" in row.warning
    assert row.se_type == ""


def test_too_few_units_and_constant_growth():
    periods, exposures, place = study()
    few = tuple(frame[frame["unit"].isin(NAMES[:5])] for frame in (periods, exposures, place))
    assert "5 units for 6 coefficients" in rows_of(run(few))["P2", "regime", *KEY].warning
    flat = periods.assign(growth_pct_per_year=5.0)
    assert "growth is the same" in rows_of(run((flat, exposures, place)))["P2", "regime", *KEY].warning


def test_missing_values():
    periods, exposures, place = study()
    gap = periods.copy()
    gap.loc[(gap["unit"] == "u03") & (gap["period"] == "P2"), "log_income_start"] = np.nan
    with pytest.raises(EstimateError, match=r"seed P2: 1 units have no growth, income or exposure \(u03\)"):
        run((gap, exposures, place))
    with pytest.raises(EstimateError, match="24 units have no growth"):
        run((periods, exposures[exposures["period"] != "P2"], place))
    with pytest.raises(EstimateError, match="two rows"):
        run((pd.concat([periods, periods.head(1)]), exposures, place))
    with pytest.raises(EstimateError, match="1 units have no coordinates"):
        run((periods, exposures, place.assign(lat=place["lat"].where(place["unit"] != "u01"))))


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"id": "a", "weights": "near"}, "has no taxonomy"),
        ({"id": "a", "taxonomy": "seed", "weights": "far"}, "unknown"),
        ({"id": "a", "taxonomy": "other", "weights": "near"}, "unknown"),
        ({"id": "a", "taxonomy": "seed", "weights": "near", "own": "yes"}, "unknown"),
        ({"id": "a", "taxonomy": "seed", "weights": "near", "split": "1992"}, "split is '1992'"),
        ({"id": "a", "taxonomy": "seed", "weights": "near", "role": "best"}, "unknown"),
    ],
)
def test_bad_specifications(item, message):
    with pytest.raises(EstimateError, match=message):
        parse_regime_specs([item], ["seed"], ["near"])


def test_settings():
    assert parse_regime_settings({"speed_pp": 2}, {"conf_level": 0.9}, 0.7) == RegimeSettings(0.9, 0.7, 2.0)
    assert parse_regime_settings({}, {"conf_level": 0.9}, 0.7).sesoi == 1.0
