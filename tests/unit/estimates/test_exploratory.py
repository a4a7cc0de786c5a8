"""Exploratory statements: planted numbers come back, rows align by unit, what is missing becomes a reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.spatial import haversine_km
from evenfield.numerics.standardised_index import standardised_index
from evenfield.shared.contrasts.contrast_equivalence import equivalence_rows
from evenfield.shared.contrasts.contrasts import ContrastSettings
from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.topics.statements.estimate import estimate_exploratory
from evenfield.topics.statements.estimate_data import ExploratoryData, with_constants
from evenfield.topics.statements.estimate_rows import unit_contrast
from evenfield.topics.statements.estimate_spec import parse_exploratory_specs

N, YEARS = 30, range(2001, 2011)
NAMES = [f"u{i:02d}" for i in range(N)]
PLACE = np.arange(N)
SETTINGS = ContrastSettings(level=0.95, power=0.8, permutations=199, seed=7)
DESCRIPTION = {"unit_scheme": "all", "data_hash": "0" * 12, "merged": {},
               "periods": [{"period": "P1", "start": 2001, "end": 2010, "basis": "proxy"},
                           {"period": "P2", "start": 2005, "end": 2010, "basis": "official"}]}  # fmt: skip
CLUSTER, SEZ = (PLACE < 6) * 1.0, ((PLACE > 3) & (PLACE < 10)) * 1.0


PANEL = {"kind": "panel", "predicted": "+", "outcome": {"numerator": "patents", "log": True}, "periods": ["P1"],
         "regressors": ["zones_park"], "term": "zones_park"}  # fmt: skip


def _data() -> ExploratoryData:
    rng = np.random.default_rng(5)
    rows = []
    for t, year in enumerate(YEARS):
        earlier = np.floor(PLACE / 10) * (year - 2 >= 2004 + PLACE % 5)
        dose = np.floor(PLACE / 10) * (year >= 2004 + PLACE % 5)
        rows.append(pd.DataFrame({
            "unit": NAMES, "year": year, "a": 2 + 3 * CLUSTER + rng.normal(scale=0.1, size=N), "b": 2.0,
            "later": 0.4 * earlier + t, "step": CLUSTER * (year >= 2006),
            "rising": (0.5 + 0.2 * CLUSTER) * t, "growth_pct": rng.normal(size=N), "output_real": 1 + CLUSTER * t,
            "population": 1.0, "log_income": 1.0, "dose": dose,
            "patents": np.exp(1 + 0.1 * PLACE + 0.05 * t + 0.3 * dose),
            "gappy": np.where(PLACE < 5, np.nan, 1.0 + PLACE),
        }))  # fmt: skip
    panel = pd.concat(rows, ignore_index=True)
    cells = pd.DataFrame({"taxonomy": "t", "unit": NAMES, "period": "P1", "cluster": CLUSTER, "sez": SEZ, "cell": ""})
    doses = panel[["unit", "year"]].assign(zone_type="park", zones=panel["dose"])
    units = pd.DataFrame(
        {"unit": NAMES, "lat": 20.0 + PLACE % 6, "lon": 100.0 + PLACE // 6, "coastal": (PLACE < 12).astype(int)}
    )
    links = pd.DataFrame([(NAMES[a], NAMES[a + 1]) for a in range(N - 1)], columns=["unit_i", "unit_j"])
    periods = pd.DataFrame({"unit": NAMES, "period": "P1", "log_income_start": rng.normal(size=N)})
    outlines = {"features": [{"properties": {"unit": name}, "geometry": {"type": "Polygon", "coordinates": [
        [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}} for name in NAMES]}  # fmt: skip
    clusters = pd.DataFrame({"unit": NAMES[::-1], "measure": "count", "value": PLACE[::-1]})
    panel = with_constants(panel, units, clusters, outlines, {})
    return ExploratoryData(panel, periods, cells, doses, units, links, DESCRIPTION)


DATA = _data()


def _specs(**item: object) -> tuple:
    return parse_exploratory_specs([{"id": "one", "claim": "L99", **item}], "t", ["P1", "P2"])


def _contrast(**item: object) -> dict[str, object]:
    base = {"kind": "contrast", "predicted": "+", "outcome": "a", "periods": ["P1"],
            "regressors": ["cluster", "sez"], "term": "cluster"}  # fmt: skip
    return {**base, **item}


def _rows(data: ExploratoryData = DATA, **item: object) -> list[Estimate]:
    return estimate_exploratory(data, _specs(**item), SETTINGS).estimates


def _reason(**item: object) -> tuple[str, str]:
    found = estimate_exploratory(DATA, _specs(**item), SETTINGS)
    assert found.estimates == []
    row = found.not_carried.iloc[0]
    return row["reason_code"], row["reason"]


def test_a_planted_difference_comes_back() -> None:
    (row,) = _rows(**_contrast())
    assert row.estimate == pytest.approx(3, abs=0.1)
    assert row.conf_low < 3 < row.conf_high
    assert (row.hypothesis, row.role, row.family, row.n_treated) == ("L99", "exploratory", "exploratory", 6)


def test_a_planted_trend_comes_back_and_few_treated_are_permuted() -> None:
    (row,) = _rows(**_contrast(outcome="rising", reduce="trend"))
    assert row.estimate == pytest.approx(0.2)
    (few,) = _rows(**_contrast(outcome="a", regressors=["unit_u00", "sez"], term="unit_u00"))
    assert few.p_type.startswith("free permutation")
    assert few.n_treated == 1


def _by_unit(name: str) -> np.ndarray:
    return DATA.panel.pivot(index="unit", columns="year", values=name).to_numpy()


def _difference(values: np.ndarray) -> float:
    X = np.column_stack([CLUSTER, SEZ, np.ones(N)])
    return float(np.linalg.lstsq(X, values, rcond=None)[0][0])


def test_volatility_and_persistence() -> None:
    growth = _by_unit("growth_pct")
    (row,) = _rows(**_contrast(outcome="growth_pct", reduce="volatility"))
    assert row.estimate == pytest.approx(_difference(growth.std(axis=1, ddof=1)))
    slopes = np.array([np.polyfit(path[:-1], path[1:], 1)[0] for path in growth])
    (row,) = _rows(**_contrast(outcome="growth_pct", reduce="persistence"))
    assert row.estimate == pytest.approx(_difference(slopes))


def test_measures_and_products() -> None:
    measures = {"high": {"numerator": "count", "years": [2001, 2001], "above_median": True},
                "level": {"numerator": "count", "years": [2001, 2001]}}  # fmt: skip
    (spec,) = _specs(**_contrast(measures=measures, joint={"product": ["high", "level"]},
                                 regressors=["product", "high"], term="product"))  # fmt: skip
    table = DATA.table(spec, "P1")
    assert table["high"].to_numpy() == pytest.approx((PLACE >= 15) * 1.0)
    assert table["product"].to_numpy() == pytest.approx(PLACE * (PLACE >= 15))
    odd = replace(DATA, panel=DATA.panel[DATA.panel["unit"] != NAMES[-1]])
    assert odd.table(spec, "P1")["high"].sum() == N // 2 - 1


def test_index_is_standardised_by_units_with_neither_label() -> None:
    (row,) = _rows(**_contrast(outcome={"index": ["a", "growth_pct"]}))
    values = np.column_stack([_by_unit("a").mean(axis=1), _by_unit("growth_pct").mean(axis=1)])
    index = standardised_index(values, (CLUSTER + SEZ) == 0)
    assert row.estimate == pytest.approx(_difference(index))


def test_a_period_reaches_back_for_its_lags() -> None:
    (row,) = _rows(**{**PANEL, "outcome": "later", "lags": [2], "periods": ["P2"]})
    assert row.estimate == pytest.approx(0.4)
    assert (row.term, row.n_periods, row.period) == ("zones_park_lag2", 6, "P2")


def test_shift_is_mean_after_less_mean_before() -> None:
    (row,) = _rows(**_contrast(outcome="rising", reduce="shift", since=2006))
    assert row.estimate == pytest.approx(0.2 * 5)
    (step,) = _rows(**_contrast(outcome="step", reduce="shift", since=2006))
    assert step.estimate == pytest.approx(1)


def test_ratios_logs_and_scales() -> None:
    (row,) = _rows(**_contrast(outcome={"numerator": "patents", "denominator": "b", "log": True, "scale": 100},
                               regressors=["count"], term="count"))  # fmt: skip
    assert row.outcome == "log(patents / b)"
    assert row.estimate == pytest.approx(100 * np.polyfit(PLACE, np.log(DATA.panel["patents"]).to_numpy()
                                                          .reshape(len(YEARS), N).mean(axis=0), 1)[0])  # fmt: skip


def test_a_panel_finds_the_dose_within_units_and_years() -> None:
    outcome = {"numerator": "patents", "log": True}
    rows = _rows(kind="panel", predicted="+", outcome=outcome, periods=["P1"], regressors=["zones_park"],
                 term="zones_park", lags=[0, 2])  # fmt: skip
    by_term = {row.term: row for row in rows}
    assert by_term["zones_park_lag0"].estimate == pytest.approx(0.3)
    assert by_term["zones_park_lag0"].fe_id == "unit + year"
    assert by_term["zones_park_lag2"].n_periods == len(YEARS) - 2


def test_shares_are_exact() -> None:
    rows = _rows(kind="accounting", predicted="+", outcome="output_real", reduce="increase", reference="population",
                 group="cluster", periods=["P1"])  # fmt: skip
    by_type = {row.effect_type: row for row in rows}
    assert by_type["coef"].estimate == pytest.approx(100 * (1 - 6 / 30))
    assert np.isnan(by_type["coef"].p_value)
    assert by_type["coef"].output_basis == "proxy"
    assert "PROXY" in by_type["coef"].warning
    assert by_type["stat_low"].estimate == pytest.approx(100 * (1 - 6 / 29))
    assert by_type["stat_high"].estimate == pytest.approx(100 * (1 - 5 / 29))
    mean, *_ = _rows(kind="accounting", predicted="+", outcome="a", reference="output_real", group="cluster",
                     periods=["P1"])  # fmt: skip
    a, output, inside = _by_unit("a"), _by_unit("output_real"), CLUSTER == 1
    expected = (a[inside].sum(axis=0) / a.sum(axis=0) - output[inside].sum(axis=0) / output.sum(axis=0)).mean()
    assert mean.estimate == pytest.approx(100 * expected)


def test_planted_rings_come_back() -> None:
    distance = haversine_km(DATA.units["lat"].to_numpy(), DATA.units["lon"].to_numpy())
    near = ((distance > 0) & (distance <= 150)) @ CLUSTER
    middle = ((distance > 150) & (distance <= 250)) @ CLUSTER
    growth = DATA.panel["unit"].map(dict(zip(NAMES, 2.0 * near + 0.5 * middle, strict=True)))
    noise = np.random.default_rng(8).normal(scale=1e-6, size=len(growth))
    data = replace(DATA, panel=DATA.panel.assign(growth_pct=growth + noise))
    rows = _rows(data, kind="rings", predicted="+", outcome="growth_pct", periods=["P1"], group="cluster",
                 rings_km=[150, 250, 350], given=["log_income_start"])  # fmt: skip
    found = {row.contrast or row.term: row for row in rows}
    assert {name: row.estimate for name, row in found.items()} == pytest.approx(
        {"ring_0_150_km": 2, "ring_150_250_km": 0.5, "ring_250_350_km": 0, "ring_0_150_km - ring_150_250_km": 1.5,
         "ring_150_250_km - ring_250_350_km": 0.5}, abs=1e-4)  # fmt: skip
    assert found["ring_0_150_km"].role == "robustness"
    assert found["ring_0_150_km - ring_150_250_km"].role == "exploratory"


def test_area_comes_from_the_outlines() -> None:
    assert DATA.panel["area_km2"].to_numpy() == pytest.approx(6371.0**2 * np.radians(1) * np.sin(np.radians(1)))


def test_equivalence_is_shown_for_a_small_difference_only() -> None:
    found = {name: _rows(**_contrast(predicted="0", outcome=name, sesoi=sesoi))
             for name, sesoi in (("a", 1.0), ("growth_pct", 3.0))}  # fmt: skip
    tests = {name: next(row for row in rows if row.estimator == "equivalence") for name, rows in found.items()}
    assert tests["a"].p_value > 0.9
    assert tests["growth_pct"].p_value < 0.05
    assert -3 < tests["growth_pct"].conf_low < tests["growth_pct"].conf_high < 3
    assert tests["growth_pct"].effect_type == "tost"


def test_equivalence_rejects_exactly_when_the_interval_lies_inside() -> None:
    contrast = unit_contrast(DATA, _specs(**_contrast(outcome="growth_pct"))[0], "P1")
    wide = replace(contrast, row=replace(contrast.row, sesoi=9.0))
    (known,) = equivalence_rows([wide], DATA.units, DATA.links, SETTINGS)
    edge = max(-known.conf_low, known.conf_high)
    for sesoi in (0.97 * edge, 1.03 * edge):
        bounded = replace(contrast, row=replace(contrast.row, sesoi=float(sesoi)))
        (row,) = equivalence_rows([bounded], DATA.units, DATA.links, SETTINGS)
        inside = -sesoi < row.conf_low and row.conf_high < sesoi
        assert (row.p_value < 0.05) == inside


def test_shuffled_rows_give_the_same_numbers() -> None:
    items = [_contrast(), _contrast(outcome="rising", reduce="trend"),
             PANEL,
             {"kind": "rings", "predicted": "+", "outcome": "growth_pct", "periods": ["P1"], "group": "cluster",
              "rings_km": [150, 400]}]  # fmt: skip
    mixed = replace(DATA, **{name: getattr(DATA, name).sample(frac=1, random_state=1).reset_index(drop=True)
                             for name in ("panel", "periods", "cells", "doses", "units", "links")})  # fmt: skip
    for item in items:
        expected, found = estimates_frame(_rows(**item)), estimates_frame(_rows(mixed, **item))
        pd.testing.assert_frame_equal(found, expected)


def test_renamed_units_give_the_same_numbers() -> None:
    new = dict(zip(NAMES, [f"x{name}" for name in NAMES], strict=True))
    renamed = replace(DATA, **{name: getattr(DATA, name).replace(new)
                               for name in ("panel", "periods", "cells", "doses", "units", "links")})  # fmt: skip
    columns = ["estimate", "std_error", "p_value", "conf_low", "mde"]
    for item in (_contrast(), _contrast(regressors=["cluster_only", "sez_only", "both"], term="both"), PANEL):
        expected, found = estimates_frame(_rows(**item)), estimates_frame(_rows(renamed, **item))
        pd.testing.assert_frame_equal(found[columns], expected[columns])


def test_what_is_missing_becomes_a_reason() -> None:
    assert _reason(**_contrast(outcome="nowhere")) == ("R7", "the panel has no column nowhere")
    assert _reason(**_contrast(outcome="gappy"))[0] == "R7"
    assert _reason(**_contrast(regressors=["cluster", "unheard"])) == (
        "R7", "no column unheard in the panel, the units or the zones")  # fmt: skip
    assert _reason(**_contrast(regressors=["cluster", "zones_port"])) == ("R7", "no zones of type port")
    assert _reason(kind="not_carried", reason="R6", note="nothing varies") == ("R6", "nothing varies")
    assert _reason(kind="panel", predicted="+", outcome="a", periods=["P1"], regressors=["count"],
                   term="count")[0] == "R6"  # fmt: skip


def test_collinear_labels_give_a_row_with_the_reason() -> None:
    (row,) = _rows(**_contrast(regressors=["cluster", "sez", "either", "both"]))
    assert np.isnan(row.estimate)
    assert "collinear" in row.warning


@pytest.mark.parametrize(("item", "message"), [
    ({"kind": "contrast", "predicted": "+"}, "has no outcome"),
    (_contrast(predicted="up"), "predicted is 'up'"),
    (_contrast(periods=["P9"]), "periods is 'P9'"),
    (_contrast(predicted="0"), "predicts 0 and has no sesoi"),
    (_contrast(reduce="shift"), "has no since"),
    ({"kind": "guess"}, "kind is 'guess'"),
])  # fmt: skip
def test_wrong_declarations_end_with_one_line(item: dict[str, object], message: str) -> None:
    with pytest.raises(EstimateError, match=message):
        _specs(**item)
