"""Premium, factor intensity, fading: planted differences found, alignment, and what is left out with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.contrasts.contrasts import ContrastSettings
from evenfield.shared.contrasts.group_labels import group_labels, parse_comparison
from evenfield.shared.contrasts.period_means import Measure, missing_reason, window_mean, yearly_table
from evenfield.shared.contrasts.places import joined_links
from evenfield.shared.contrasts.results import PolicyResults
from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.topics.factor_intensity.estimate import estimate_factor_intensity, parse_intensity_specs
from evenfield.topics.fading.estimate import estimate_fading
from evenfield.topics.fading.estimate_spec import parse_fading_specs
from evenfield.topics.premium.estimate import estimate_premium
from evenfield.topics.premium.estimate_spec import parse_premium_specs

N, YEARS = 30, range(1995, 2015)
NAMES = [f"u{i:02d}" for i in range(N)]
SETTINGS = ContrastSettings(level=0.95, power=0.8, permutations=199, seed=7)
SESOI = {"premium_log": 0.1, "intensity_sd": 0.25, "fading_share": 0.5, "quotient_share": 0.25}
PERIODS = [
    {"period": "A", "start": 1995, "end": 2004, "label": "1995-2004", "role": "main", "basis": "proxy"},
    {"period": "B", "start": 2005, "end": 2014, "label": "2005-14", "role": "main", "basis": "official"},
]
STUDY: dict[str, Any] = {
    "unit_scheme": "30", "periods": PERIODS, "units": NAMES, "samples": {"all": NAMES}, "data_hash": "0",
}  # fmt: skip
Tables = dict[str, pd.DataFrame]


def _tables(level: float = 2.0, fall: float = -1.0, noise: float = 0.1) -> Tables:
    """Thirty units: five clusters five zones, two of them both; zones start ``level`` higher and fall by ``fall``."""
    rng = np.random.default_rng(3)
    i = np.arange(N)
    cluster, sez = (i < 5).astype(int), ((i > 2) & (i < 8)).astype(int)
    rows = []
    for year in YEARS:
        late = year >= 2005
        log = 0.3 * i % 1 + sez * (level + fall * late) + 0.05 * (year - 1995) + noise * rng.normal(size=N)
        rows.append(pd.DataFrame({
            "unit": NAMES, "year": year, "income": cluster * 1.5 + noise * rng.normal(size=N), "foreign": np.exp(log),
            "output": 1.0, "capital": np.exp(sez * 1.0 + noise * rng.normal(size=N)),
        }))  # fmt: skip
    cells = pd.DataFrame([
        {"taxonomy": name, "unit": unit, "period": period["period"], "cluster": int(c), "sez": int(s)}
        for name in ("main", "other") for period in PERIODS
        for unit, c, s in zip(NAMES, cluster if name == "main" else i % 4 == 0, sez, strict=True)
    ])  # fmt: skip
    periods = pd.DataFrame([
        {"unit": unit, "period": period["period"], "growth": 5 + 2 * c + noise * rng.normal(), "start": rng.normal()}
        for period in PERIODS for unit, c in zip(NAMES, cluster, strict=True)
    ])  # fmt: skip
    units = pd.DataFrame({"unit": NAMES, "lat": 20.0 + i % 6, "lon": 100.0 + i // 6, "coastal": (i < 12).astype(int)})
    border = [(NAMES[a], NAMES[a + 1]) for a in range(N - 1)]
    links = joined_links(pd.DataFrame(border, columns=["unit_i", "unit_j"]), [["u00", "u06"]])
    return {"panel": pd.concat(rows), "cells": cells, "periods": periods, "units": units, "links": links}


def _premium(tables: Tables) -> PolicyResults:
    shared = {"compare": ["cluster", "sez", "cluster - sez"], "hypothesis": "H1", "role": "primary"}
    section = [{"id": "level", "column": "income", "unit": "log points", "sesoi": "premium_log", **shared},
               {"id": "growth", "column": "growth", "table": "periods", "given": ["start"], **shared}]  # fmt: skip
    return estimate_premium(tables, STUDY, parse_premium_specs(section, SESOI), "main", SETTINGS)


def _intensity(tables: Tables, extra: tuple[dict[str, Any], ...] = ()) -> PolicyResults:
    measures = [{"id": "foreign", "column": "foreign", "over": "output", "log": True},
                {"id": "capital", "column": "capital", "log": True}, *extra]  # fmt: skip
    section = [{"id": "mix", "compare": "sez - cluster", "window": [1995, 2003], "cells": "A", "hypothesis": "H3",
                "role": "primary", "measures": measures}]  # fmt: skip
    return estimate_factor_intensity(tables, STUDY, parse_intensity_specs(section, SESOI), "main", SETTINGS)


def _fading(tables: Tables) -> PolicyResults:
    shared = {"compare": ["sez", "sez given cluster"], "role": "primary", "over": "output", "column": "foreign"}
    section = [{"id": "foreign", "log": True, "unit": "log points", "hypothesis": "H4", **shared},
               {"id": "quotient", "path": "quotient", "hypothesis": "H5", **shared},
               {"id": "absent", "column": "marketisation", "hypothesis": "H4"}]  # fmt: skip
    return estimate_fading(tables, STUDY, parse_fading_specs(section, SESOI), "main", SETTINGS)


def _row(results: PolicyResults, **wanted: str) -> Estimate:
    found = [row for row in results.estimates if all(str(getattr(row, k)) == v for k, v in wanted.items())]
    assert len(found) == 1, (wanted, len(found))
    return found[0]


def test_planted_premiums_are_found_and_decide() -> None:
    results = _premium(_tables())
    for period in ("A", "B"):
        level = _row(results, spec_id="level", period=period, role="primary")
        assert level.estimate == pytest.approx(1.5, abs=0.05)
        assert level.conf_low > 1.2
        assert (level.term, level.hypothesis, level.n_treated, level.sesoi) == ("cluster", "H1", 5, 0.1)
        assert _row(results, spec_id="growth", period=period, role="primary").estimate == pytest.approx(2, abs=0.15)
    assert _row(results, spec_id="level", period="A", role="primary").warning.startswith("PROXY")
    assert {row.hypothesis for row in results.estimates if row.term == "sez"} == {""}


def test_the_range_over_taxonomies_is_that_of_their_rows() -> None:
    results = _premium(_tables())
    same = {"spec_id": "level", "period": "B", "term": "cluster", "contrast": ""}
    values = [_row(results, treatment_def=name, estimator="ols", **same).estimate for name in ("main", "other")]
    assert _row(results, effect_type="stat_range_low", **same).estimate == min(values)
    assert _row(results, effect_type="stat_range_high", **same).estimate == max(values)
    agree = _row(results, effect_type="stat_range_sign", **same)
    assert (agree.estimate, agree.n_obs) == (1.0 + (values[1] > 0), 2)


def test_planted_intensities_pass_the_joint_test() -> None:
    results = _intensity(_tables())
    foreign = _row(results, outcome="foreign", role="primary")
    spread = (
        _tables()["panel"]
        .query("year <= 2003")
        .assign(z=lambda t: np.log(t["foreign"]))
        .groupby("unit")["z"]
        .mean()
        .std()
    )
    assert foreign.estimate == pytest.approx(2.0 / spread, abs=0.35)
    joint = _row(results, effect_type="stat_joint")
    assert joint.p_value == pytest.approx(1 / 200)
    assert joint.estimate > 0
    assert _row(results, effect_type="stat_right_signs").estimate == 2.0
    wrong = _intensity(_tables(), ({"id": "less", "column": "capital", "log": True, "sign": -1},))
    assert _row(wrong, effect_type="stat_right_signs").estimate == 2.0


def test_a_planted_fall_is_the_change_of_the_premium() -> None:
    results = _fading(_tables(level=2.0, fall=-1.0))
    change = _row(results, spec_id="foreign", role="primary")
    levels = [_row(results, spec_id="foreign", period=name).estimate for name in ("A", "B")]
    assert change.estimate == pytest.approx(levels[1] - levels[0], abs=1e-9)
    assert change.estimate == pytest.approx(-1.0, abs=0.1)
    assert change.p_value < 0.05
    assert change.sesoi == pytest.approx(levels[0] / 2)
    assert change.output_basis == ""


def test_the_quotient_falls_and_ends_where_its_parts_say() -> None:
    tables = _tables()
    results = _fading(tables)
    trend = _row(results, spec_id="quotient", role="primary", effect_type="coef")
    assert trend.conf_high < 0
    end = _row(results, spec_id="quotient", role="primary", effect_type="stat_end_level")
    last = tables["panel"][tables["panel"]["year"] >= 2010]
    zones = last[last["unit"].isin(NAMES[3:8])].groupby("year")[["foreign", "output"]].sum()
    all_units = last.groupby("year")[["foreign", "output"]].sum()
    shares = zones / all_units
    assert end.estimate == pytest.approx((shares["foreign"] / shares["output"]).mean())
    assert end.conf_low < end.estimate < end.conf_high
    assert end.conf_high - end.estimate == pytest.approx(end.estimate - end.conf_low)
    low, high = (_row(results, effect_type=name, outcome="quotient_end") for name in ("stat_low", "stat_high"))
    assert low.estimate <= end.estimate <= high.estimate
    assert _row(results, estimator="group_series").estimate < 0


@pytest.mark.parametrize("estimate", [_premium, _intensity, _fading])
def test_shuffled_rows_and_renamed_units_change_nothing(
    estimate: Callable[[Tables], PolicyResults], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = _tables()
    expected = estimates_frame(estimate(tables).estimates)
    mixed = {name: table.sample(frac=1, random_state=1) for name, table in tables.items()}
    pd.testing.assert_frame_equal(estimates_frame(estimate(mixed).estimates), expected)
    new = {name: f"v{name}" for name in NAMES}
    renamed = {name: table.replace(new) for name, table in tables.items()}
    monkeypatch.setitem(STUDY, "units", list(new.values()))
    monkeypatch.setitem(STUDY, "samples", {"all": list(new.values())})
    columns = ["estimate", "std_error", "p_value", "conf_low", "mde"]
    found = estimates_frame(estimate(renamed).estimates)
    pd.testing.assert_frame_equal(found[columns], expected[columns], rtol=1e-8)


def test_a_missing_variable_is_left_out_with_the_reason() -> None:
    results = _fading(_tables())
    assert results.fit["left_out"] == [
        {"spec_id": "absent", "outcome": "absent", "reason": "panel.csv has no column marketisation"}
    ]
    assert not [row for row in results.estimates if row.spec_id == "absent"]
    blank = _tables()
    blank["panel"] = blank["panel"].assign(capital=np.nan)
    left_out = _intensity(blank).fit["left_out"]
    assert [item["outcome"] for item in left_out] == ["capital"]
    assert "is blank" in left_out[0]["reason"]


def test_windows_are_cut_to_years_that_all_units_have() -> None:
    tables = _tables()
    panel = tables["panel"].copy()
    panel.loc[(panel["unit"] == "u03") & (panel["year"] < 1998), "capital"] = np.nan
    table = yearly_table(panel, Measure("capital", "capital"))
    mean = window_mean(table, 1995, 2003)
    assert mean.years == tuple(range(1998, 2004))
    assert mean.note == "6 of 9 years have figures of every unit (1998 to 2003)"
    assert window_mean(table, 1995, 1997).values.empty
    assert missing_reason(panel, Measure("x", "capital")) == ""
    assert np.isnan(yearly_table(panel.assign(output=0.0), Measure("r", "capital", "output")).to_numpy()).all()


def test_constant_outcomes_and_few_zones_say_so() -> None:
    tables = _tables()
    constant = _intensity({**tables, "panel": tables["panel"].assign(capital=1.0)})
    row = _row(constant, outcome="capital", treatment_def="main", effect_type="coef", estimator="ols")
    assert row.warning == "not defined: the outcome is constant"
    few = tables["cells"].copy()
    few["sez"] = few["unit"].isin(["u03", "u04", "u05"]).astype(int)
    results = _fading({**tables, "cells": few})
    end = _row(results, role="primary", effect_type="stat_end_level")
    assert np.isnan(end.p_value)
    assert "fewer than 4" in end.warning
    trend = _row(results, spec_id="quotient", role="primary", effect_type="coef")
    assert trend.p_type.startswith("free permutation")
    assert np.isnan(trend.conf_low)


def test_comparisons_are_read_or_refused() -> None:
    assert parse_comparison("sez - cluster").weights == {"sez": 1.0, "cluster": -1.0}
    assert parse_comparison("sez given cluster").weights == {"sez": 1.0, "cluster": 0.0}
    assert parse_comparison("cluster").labels == ("cluster",)
    for text in ("zone", "sez - sez", "sez + cluster"):
        with pytest.raises(EstimateError, match="the comparison"):
            parse_comparison(text)
    with pytest.raises(EstimateError, match="no cells of taxonomy none"):
        group_labels(_tables()["cells"], "none", "A")


def test_a_unit_without_figures_is_left_out_of_paths_and_named() -> None:
    tables = _tables()
    whole = _row(_fading(tables), spec_id="foreign", role="primary")
    holed = tables["panel"].assign(foreign=lambda t: t["foreign"].where(t["unit"] != "u29"))
    results = _fading({**tables, "panel": holed})
    change = _row(results, spec_id="foreign", role="primary")
    assert (change.n_units, whole.n_units) == (29, 30)
    assert change.warning == "without u29, no figures"
    assert change.estimate == pytest.approx(whole.estimate, abs=0.05)
    end = _row(results, role="primary", effect_type="stat_end_level")
    assert end.n_units == 29


def test_over_three_periods_the_change_is_a_slope_and_half_the_premium_is_spread_over_two_steps() -> None:
    tables = _tables()
    three = [{**PERIODS[0], "period": name, "basis": "official"} for name in ("A", "B", "C")]
    zones = {unit: float(3 <= i < 8) for i, unit in enumerate(NAMES)}
    noise = np.random.default_rng(5).normal(scale=0.01, size=(3, N))
    tables["periods"] = pd.DataFrame([
        {"unit": unit, "period": item["period"], "growth": 7 + zones[unit] * (4 - 1.5 * step) + noise[step, i]}
        for step, item in enumerate(three) for i, unit in enumerate(NAMES)
    ])  # fmt: skip
    section = [{"id": "growth", "table": "periods", "column": "growth", "unit": "pp/yr", "role": "primary"}]
    study = {**STUDY, "periods": three}
    cells = tables["cells"][tables["cells"]["period"].eq("A")]
    results = estimate_fading({**tables, "cells": cells}, study, parse_fading_specs(section, SESOI), "main", SETTINGS)
    change = _row(results, role="primary")
    assert change.estimate == pytest.approx(-1.5, abs=0.02)
    assert change.sesoi == pytest.approx(0.5 * 4 / 2, abs=0.02)
    assert (change.output_basis, change.n_periods, change.unit_of_measure) == ("official", 3, "pp/yr per period")
