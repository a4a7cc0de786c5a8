"""The dynamic family: rows, flags, units by id, bad input."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.dynamic_panel.bias_corrected import bias_corrected_root
from evenfield.numerics.dynamic_panel.within import fixed_effects_root
from evenfield.shared.estimates import estimates_frame
from evenfield.shared.settings import SchemeInfo
from evenfield.study.errors import EstimateError
from evenfield.topics.dynamic_panel.estimate import DYNAMIC_SERIES, estimate_dynamic
from evenfield.topics.dynamic_panel.estimate_roots import ORDER
from evenfield.topics.dynamic_panel.estimate_spec import (
    DynamicSettings,
    DynamicSpec,
    parse_dynamic_settings,
    parse_dynamic_specs,
)

UNITS = [f"u{i:02d}" for i in range(20)]
YEARS = range(1980, 2001)
PERIODS = [
    {"period": "S", "label": "1980-2000", "start": 1980, "end": 2000, "role": "span", "basis": "spliced"},
    {"period": "P", "label": "1990-92", "start": 1990, "end": 1992, "role": "main", "basis": "official"},
]
SPEC = DynamicSpec("annual", 1, (), "all", "u", "primary", draws=199)
FIVE = DynamicSpec("five", 5, ("S",), "all", "u", draws=99)


def panel(seed=1, units=UNITS, years=YEARS):
    rng = np.random.default_rng(seed)
    y, steady, rows = rng.normal(7, 0.4, len(units)), rng.normal(7, 0.3, len(units)), []
    for year in years:
        basis = "proxy" if year < 1990 else "official"
        rows += [(unit, year, basis, value) for unit, value in zip(units, y, strict=True)]
        y = 0.85 * y + 0.15 * steady + 0.05 + rng.normal(0, 0.03, len(units))
    return pd.DataFrame(rows, columns=["unit", "year", "basis", "log_income"])


def run(frame, specs=(SPEC, FIVE), units=UNITS, step=1, periods=PERIODS):
    scheme = SchemeInfo("u", {"all": tuple(sorted(units)), "few": tuple(sorted(units)[:2])}, step, 1990)
    return estimate_dynamic({"u": frame}, {"u": periods}, {"u": scheme}, specs, DynamicSettings())


@pytest.fixture(scope="module")
def found():
    return run(panel())


def rows_of(results):
    return {(e.spec_id, e.period, e.estimator, e.term): e for e in results.estimates}


def test_headline_row(found):
    row = rows_of(found)["annual", "S", "bc_fe", "speed"]
    levels = panel().pivot(index="unit", columns="year", values="log_income").to_numpy()
    fit = bias_corrected_root(levels)
    assert row.estimate == pytest.approx(-100 * np.log(fit.rho))
    assert (row.role, row.family, row.effect_type, row.unit_of_measure) == (
        "primary",
        "dynamic",
        "lambda",
        "% per year",
    )
    assert row.conf_low < row.estimate < row.conf_high
    assert row.sesoi == 1.0 and row.mde > 0
    assert (row.n_obs, row.n_units, row.n_periods) == (400, 20, 20)
    assert row.output_basis == "spliced" and row.warning.startswith("PROXY output before 1990")
    assert rows_of(found)["annual", "S", "bc_fe_bootstrap_t", "speed"].seed == "dynamic:annual:u:all:S:units"
    life = rows_of(found)["annual", "S", "bc_fe", "half_life"]
    assert life.estimate == pytest.approx(np.log(2) / (row.estimate / 100))
    root = rows_of(found)["annual", "S", "bc_fe", "log_income_lag"]
    assert root.conf_low < root.estimate < root.conf_high
    assert row.conf_high == pytest.approx(-100 * np.log(root.conf_low))


def test_every_estimator_has_a_root_and_a_speed(found):
    rows = rows_of(found)
    for name in ORDER:
        for spec, span in (("annual", 1), ("five", 5)):
            root, speed = rows[spec, "S", name, "log_income_lag"], rows[spec, "S", name, "speed"]
            assert speed.estimate == pytest.approx(-100 * np.log(root.estimate) / span)
            assert root.unit_of_measure == f"per {span} years"
            assert speed.role == ("primary" if (spec, name) == ("annual", "bc_fe") else
                                  "robustness" if name == "bc_fe" else "ladder")  # fmt: skip
    assert "requires stationary" in rows["annual", "S", "half_panel_jackknife", "speed"].warning
    assert "never the headline: 3 instruments" in rows["annual", "S", "gmm_system", "speed"].warning
    assert rows["annual", "S", "gmm_difference", "hansen"].df == 1
    assert "level rows" in rows["annual", "S", "gmm_system", "instruments"].warning


def test_description_of_the_headline(found):
    rows = rows_of(found)
    for term in ("residual_ar1", "residual_ar1_net", "residual_sd_first_half", "no_root_share", "bracket"):
        assert np.isfinite(rows["annual", "S", "bc_fe", term].estimate)
    assert ("annual", "S", "bc_fe", "speed_other_offsets_low") not in rows
    low, high = (rows["five", "S", "bc_fe", f"speed_other_offsets_{end}"].estimate for end in ("low", "high"))
    assert low <= high
    assert 2.0 < rows["annual", "S", "bc_fe", "residual_sd_first_half"].estimate < 4.0


def test_five_year_grid_is_anchored_on_the_last_year(found):
    levels = panel().pivot(index="unit", columns="year", values="log_income")
    row = rows_of(found)["five", "S", "fe", "log_income_lag"]
    assert row.estimate == pytest.approx(fixed_effects_root(levels.loc[:, 1980:2000:5].to_numpy()).rho)
    later = run(panel(), (FIVE,), periods=[{**PERIODS[0], "start": 1982}])
    assert later.fit["windows"][0]["dates"] == [1985, 1990, 1995, 2000]


def test_short_period_is_not_defined_and_says_why(found):
    rows = rows_of(found)
    for name in ("bc_fe", "half_panel_jackknife"):
        row = rows["annual", "P", name, "speed"]
        assert np.isnan(row.estimate) and "not defined: 3 dates" in row.warning and not row.converged
    assert np.isfinite(rows["annual", "P", "pooled", "speed"].estimate)
    assert np.isnan(rows["annual", "P", "bc_fe", "bracket"].estimate)


def test_tables_are_complete(found):
    frame = estimates_frame(found.estimates)
    assert len(frame) == len(found.estimates)
    assert frame.loc[frame["estimate"].isna(), "warning"].str.contains("not defined|undefined").all()
    assert tuple(found.series.columns) == DYNAMIC_SERIES
    assert len(found.series) == 3 * len(ORDER)
    assert not found.series.drop(columns="warning").select_dtypes("number").isin([np.inf, -np.inf]).any(axis=None)
    json.dumps(found.fit, allow_nan=False)


def test_shuffled_rows_and_renamed_units_give_the_same_numbers(found):
    frame = panel()
    shuffled = run(frame.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(estimates_frame(shuffled.estimates), estimates_frame(found.estimates))
    pd.testing.assert_frame_equal(shuffled.series, found.series)
    names = {unit: f"{(7 * i) % 20:02d}-{unit}" for i, unit in enumerate(UNITS)}
    renamed = run(frame.assign(unit=frame["unit"].map(names)), units=list(names.values()))
    one, two = (estimates_frame(r.estimates).drop(columns="data_hash") for r in (renamed, found))
    pd.testing.assert_frame_equal(one, two)


def test_another_unit_of_money_gives_the_same_speeds(found):
    cents = run(panel().assign(log_income=lambda d: d["log_income"] + np.log(100)))
    one, two = (estimates_frame(r.estimates)["estimate"].to_numpy(float) for r in (cents, found))
    np.testing.assert_allclose(one, two, rtol=1e-6)


def test_one_specification_does_not_move_another(found):
    alone = rows_of(run(panel(), (SPEC,)))
    assert all(rows_of(found)[key].conf_low == pytest.approx(row.conf_low, nan_ok=True) for key, row in alone.items())


def test_decennial_study_without_basis():
    years = range(1940, 2001, 10)
    frame = panel(years=years).drop(columns="basis").assign(basis="official")
    periods = [{"period": "S", "label": "", "start": 1940, "end": 2000, "role": "span", "basis": "official"}]
    specs = parse_dynamic_specs([{"id": "a"}], {"u": SchemeInfo("u", {"all": tuple(UNITS)}, 10)}, ["S"], "u")
    assert specs[0].span == 10
    row = rows_of(run(frame, specs, step=10, periods=periods))["a", "S", "fe", "speed"]
    wide = frame.pivot(index="unit", columns="year", values="log_income").to_numpy()
    assert row.estimate == pytest.approx(-10 * np.log(fixed_effects_root(wide).rho))


# --- bad input ----------------------------------------------------------------------------------------------


def test_gap_in_the_balanced_core():
    frame = panel()
    frame.loc[(frame["unit"] == "u03") & (frame["year"] == 1991), "log_income"] = np.nan
    with pytest.raises(EstimateError, match=r"annual S: 1 incomes are missing or infinite \(u03 1991\)"):
        run(frame)


def test_unit_with_one_period():
    frame = panel()
    with pytest.raises(EstimateError, match=r"20 incomes are missing .*u05 1981"):
        run(frame[(frame["unit"] != "u05") | (frame["year"] == 1980)])


def test_rows_twice():
    with pytest.raises(EstimateError, match="1 rows appear twice"):
        run(pd.concat([panel(), panel().head(1)]))


def test_two_units_and_constant_series_are_not_defined():
    few = rows_of(run(panel(), (DynamicSpec("few", 1, ("S",), "few", "u"),)))
    assert all(np.isnan(row.estimate) and "2 units" in row.warning for key, row in few.items() if key[3] == "speed")
    flat = rows_of(run(panel().assign(log_income=7.0), (SPEC,)))
    assert all(np.isnan(row.estimate) and "not defined" in row.warning for row in flat.values())


def test_empty_specifications():
    with pytest.raises(EstimateError, match="dynamic is empty"):
        run(panel(), ())


SCHEMES = {"u": SchemeInfo("u", {"all": ("a",)}, 2)}


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"id": "a", "span": 3}, "span is 3 years; expected a multiple of the step of 2 years"),
        ({"id": "a", "span": "5"}, "span is '5'"),
        ({"id": "a", "span": True}, "span is True"),
        ({"id": "a", "draws": 10}, "draws is 10; expected a whole number of at least 99"),
        ({"id": "a", "gmm_last_lag": 1}, "gmm_last_lag is 1"),
        ({"id": "a", "periods": ["X"]}, "unknown"),
        ({"id": "a", "periods": "S"}, "a list of periods"),
        ({"id": "a", "sample": "none"}, "unknown"),
        ({"id": "a", "role": "best"}, "unknown"),
        ({"id": "a", "years": 2}, "unknown key"),
    ],
)
def test_bad_specifications(item, message):
    with pytest.raises(EstimateError, match=message) as error:
        parse_dynamic_specs([item], SCHEMES, ["S"], "u")
    assert "\n" not in str(error.value)


def test_settings():
    settings = parse_dynamic_settings({"speed_pp": 0.5}, {"conf_level": 0.9, "seed": 3, "permutations": 99}, 0.7)
    assert settings == DynamicSettings(0.9, 0.7, 3, 0.5)
    assert parse_dynamic_settings(None, {"conf_level": 0.9, "seed": 3}, 0.7).sesoi == 1.0
