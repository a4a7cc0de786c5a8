"""Statements: planted numbers come back, rows align by unit, what is missing becomes a reason."""

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.spatial import haversine_km
from evenfield.numerics.standardised_index import standardised_index
from evenfield.study.errors import ConfigError, EstimateError
from evenfield.topics.statements.estimate import estimate
from evenfield.topics.statements.estimate_data import Data
from made_study import MadeStudy, row, same_numbers, same_results

N, YEARS = 30, range(2001, 2011)
NAMES = [f"u{i:02d}" for i in range(N)]
PLACE = np.arange(N)
CLUSTER, SEZ = (PLACE < 6) * 1.0, ((PLACE > 3) & (PLACE < 10)) * 1.0
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
PERIODS = [
    {"period": "P1", "start": 2001, "end": 2010, "basis": "proxy"},
    {"period": "P2", "start": 2005, "end": 2010, "basis": "official"},
]
CONTRAST = {"kind": "contrast", "predicted": "+", "outcome": "a", "periods": ["P1"]}
CONTRAST |= {"regressors": ["cluster", "sez"], "term": "cluster"}
PANEL = {**CONTRAST, "kind": "panel", "outcome": "log(patents)", "regressors": ["zones_park"], "term": "zones_park"}
SHARES = {"kind": "accounting", "predicted": "+", "reference": "population", "group": "cluster", "periods": ["P1"]}
RINGS = {"kind": "rings", "outcome": "growth_pct", "periods": ["P1"], "group": "cluster", "rings_km": [150, 250, 350]}


class Made(MadeStudy):
    def outlines(self):
        return {"features": [{"properties": {"unit": u}, "geometry": SQUARE} for u in self.table("units")["unit"]]}


def make_study(*items, **columns):
    rng, rows = np.random.default_rng(5), []
    for t, year in enumerate(YEARS):
        made = {"a": 2 + 3 * CLUSTER + rng.normal(scale=0.1, size=N), "b": 2.0, "step": CLUSTER * (year >= 2006)}
        made |= {"rising": (0.5 + 0.2 * CLUSTER) * t, "growth_pct": rng.normal(size=N), "population": 1.0}
        dose, before = (np.floor(PLACE / 10) * (year - k >= 2004 + PLACE % 5) for k in (0, 2))
        made |= {"dose": dose, "later": 0.4 * before + t, "output_real": 1 + CLUSTER * t}
        made |= {"patents": np.exp(1 + 0.1 * PLACE + 0.05 * t + 0.3 * dose)}
        made |= {"gappy": np.where(PLACE < 5, np.nan, 1.0 + PLACE), **columns}
        rows.append(pd.DataFrame({"unit": NAMES, "year": year, **made}))
    panel = pd.concat(rows, ignore_index=True)
    cells = pd.DataFrame({"taxonomy": "t", "unit": NAMES, "period": "P1", "cluster": CLUSTER, "sez": SEZ})
    units = pd.DataFrame({"unit": NAMES, "lat": 20.0 + PLACE % 6, "lon": 100.0 + PLACE // 6, "coastal": PLACE < 12})
    tables = {
        "panel": panel,
        "cells": pd.concat([cells, cells.assign(period="P2")]),
        "doses": panel[["unit", "year"]].assign(zone_type="park", zones=panel["dose"]),
        "units": units.astype({"coastal": int}),
        "adjacency": pd.DataFrame({"unit_i": NAMES[:-1], "unit_j": NAMES[1:]}),
        "periods": pd.DataFrame({"unit": NAMES, "period": "P1", "log_income_start": rng.normal(size=N)}),
        "clusters": pd.DataFrame({"unit": NAMES[::-1], "measure": "count", "value": PLACE[::-1]}),
    }
    section = [{"id": f"s{i}", "claim": "L99", **item} for i, item in enumerate(items)]
    config = {"estimates": {"statements": section}, "taxonomy": {"primary": "t"}}
    described = {"data_hash": "0" * 12, "merged": {}, "periods": PERIODS, "samples": {"all": NAMES}}
    return Made(config, tables, **described)


def run(*items, **columns):
    return estimate(make_study(*items, **columns))


def by_unit(name):
    return make_study().table("panel").pivot(index="unit", columns="year", values=name).to_numpy()


def difference(values):
    return np.linalg.lstsq(np.column_stack([CLUSTER, SEZ, np.ones(N)]), values, rcond=None)[0][0]


def test_a_planted_difference_comes_back_also_of_one_unit():
    found = row(run(CONTRAST))
    assert found.estimate == pytest.approx(3, abs=0.1) and found.conf_low < 3 < found.conf_high
    assert (found.hypothesis, found.role, found.family, found.n_treated) == ("L99", "exploratory", "statements", 6)
    found = row(run({**CONTRAST, "regressors": ["unit_u00", "sez"], "term": "unit_u00"}))
    assert found.p_type.startswith("free permutation") and found.n_treated == 1
    item = {**CONTRAST, "outcome": "100 * log(patents / b)", "reduce": "trend"}
    assert row(run(item)).outcome == "trend of log(patents / b)"


GROWTH = by_unit("growth_pct")
INDEX = standardised_index(np.column_stack([by_unit("a").mean(axis=1), GROWTH.mean(axis=1)]), (CLUSTER + SEZ) == 0)
SLOPES = [np.polyfit(path[:-1], path[1:], 1)[0] for path in GROWTH]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"outcome": "rising", "reduce": "trend"}, 0.2),
        ({"outcome": "rising", "reduce": "shift", "since": 2006}, 0.2 * 5),
        ({"outcome": "step", "reduce": "shift", "since": 2006}, 1),
        ({"outcome": "growth_pct", "reduce": "volatility"}, difference(GROWTH.std(axis=1, ddof=1))),
        ({"outcome": "growth_pct", "reduce": "persistence"}, difference(SLOPES)),
        ({"outcome": "100 * a / b"}, 50 * difference(by_unit("a").mean(axis=1))),
        ({"outcome": ["a", "growth_pct"]}, difference(INDEX)),
    ],
)
def test_the_years_of_a_unit_become_one_number(item, expected):
    assert row(run({**CONTRAST, **item})).estimate == pytest.approx(expected)


def test_measures_products_and_areas():
    measures = {name: {"variable": "count", "years": [2001, 2001]} for name in ("high", "level")}
    measures["high"]["above_median"] = True
    joint = {"product": ["high", "level"]}
    item = {**CONTRAST, "measures": measures, "joint": joint, "regressors": ["product", "high"], "term": "product"}
    y, high = by_unit("a").mean(axis=1), (PLACE >= 15) * 1.0
    expected = np.linalg.lstsq(np.column_stack([PLACE * high, high, np.ones(N)]), y, rcond=None)[0][0]
    assert row(run(item)).estimate == pytest.approx(expected)
    area = Data(make_study()).panel["area_km2"].to_numpy()
    assert area == pytest.approx(6371.0**2 * np.radians(1) * np.sin(np.radians(1)))
    found = row(run({**CONTRAST, "regressors": ["cluster", "sez", "either", "both"]}))
    assert np.isnan(found.estimate) and "collinear" in found.warning


def test_a_panel_finds_the_dose_within_units_and_years():
    results = run({**PANEL, "lags": [0, 2]}, {**PANEL, "outcome": "later", "lags": [2], "periods": ["P2"]})
    found = row(results, spec_id="s0", term="zones_park_lag0")
    assert found.estimate == pytest.approx(0.3) and (found.fe_id, found.se_type) == ("unit + year", "CR3")
    assert row(results, spec_id="s0", term="zones_park_lag2").n_periods == len(YEARS) - 2
    reached = row(results, spec_id="s1")
    assert reached.estimate == pytest.approx(0.4)
    assert (reached.term, reached.n_periods, reached.period) == ("zones_park_lag2", 6, "P2")


def test_shares_are_exact():
    item, mean = {**SHARES, "outcome": "output_real"}, {**SHARES, "outcome": "a", "reference": "output_real"}
    results = run({**item, "reduce": "increase"}, mean)
    found = row(results, spec_id="s0", effect_type="coef")
    assert found.estimate == pytest.approx(100 * (1 - 6 / 30)) and np.isnan(found.p_value)
    assert (found.output_basis, "PROXY" in found.warning) == ("proxy", True)
    assert row(results, spec_id="s0", effect_type="stat_low").estimate == pytest.approx(100 * (1 - 6 / 29))
    assert row(results, spec_id="s0", effect_type="stat_high").estimate == pytest.approx(100 * (1 - 5 / 29))
    a, output, inside = by_unit("a"), by_unit("output_real"), CLUSTER == 1
    expected = (a[inside].sum(axis=0) / a.sum(axis=0) - output[inside].sum(axis=0) / output.sum(axis=0)).mean()
    assert row(results, spec_id="s1", effect_type="coef").estimate == pytest.approx(100 * expected)


def test_planted_rings_come_back():
    units = make_study().table("units")
    distance = haversine_km(units["lat"].to_numpy(), units["lon"].to_numpy())
    near, middle = ((distance > 0) & (distance <= 150)) @ CLUSTER, ((distance > 150) & (distance <= 250)) @ CLUSTER
    noise = np.random.default_rng(8).normal(scale=1e-6, size=N)
    results = run({**RINGS, "given": ["log_income_start"]}, growth_pct=2 * near + 0.5 * middle + noise)
    singles = [row(results, term=f"ring_{a}_{a + b}_km", contrast="") for a, b in ((0, 150), (150, 100), (250, 100))]
    assert [e.estimate for e in singles] == pytest.approx([2, 0.5, 0], abs=1e-4)
    step = row(results, contrast="ring_0_150_km - ring_150_250_km")
    assert step.estimate == pytest.approx(1.5, abs=1e-4)
    assert (singles[0].role, step.role) == ("robustness", "exploratory")


def test_equivalence_is_shown_for_a_small_difference_only():
    zero = {**CONTRAST, "predicted": "0"}
    results = run({**zero, "sesoi": 1.0}, {**zero, "outcome": "growth_pct", "sesoi": 3.0})
    large, small = (row(results, spec_id=name, estimator="equivalence") for name in ("s0", "s1"))
    assert large.p_value > 0.9 and small.p_value < 0.05
    assert -3 < small.conf_low < small.conf_high < 3 and small.effect_type == "tost"
    zero = {**CONTRAST, "predicted": "0", "outcome": "growth_pct"}
    known = row(run({**zero, "sesoi": 9.0}), estimator="equivalence")
    edge = float(max(-known.conf_low, known.conf_high))
    for sesoi in (0.97 * edge, 1.03 * edge):
        found = row(run({**zero, "sesoi": sesoi}), estimator="equivalence")
        assert (found.p_value < 0.05) == (-sesoi < found.conf_low and found.conf_high < sesoi)


def test_shuffled_rows_and_renamed_units_change_nothing():
    cells = {**CONTRAST, "regressors": ["cluster_only", "sez_only", "both"], "term": "both"}
    study = make_study(CONTRAST, cells, PANEL, RINGS, {**SHARES, "outcome": "output_real"})
    renamed = study.renamed({name: f"x{name}" for name in NAMES})
    for other, compare in ((study.shuffled(1), same_results), (renamed, same_numbers)):
        compare(estimate(study), estimate(Made(other.config, other.tables, **other.described)))


COUNTED = {**PANEL, "outcome": "a", "regressors": ["count"], "term": "count"}
UNHEARD = "no column unheard in the panel, the units or the zones"


@pytest.mark.parametrize(
    ("item", "code", "text"),
    [
        ({**CONTRAST, "outcome": "a / nowhere"}, "R7", "the panel has no column nowhere"),
        ({**CONTRAST, "outcome": "gappy"}, "R7", "no figures of gappy in 2001 to 2010"),
        ({**CONTRAST, "regressors": ["cluster", "unheard"]}, "R7", UNHEARD),
        ({**CONTRAST, "regressors": ["cluster", "zones_port"]}, "R7", "no zones of type port"),
        ({"kind": "not_carried", "reason": "R6", "note": "nothing varies"}, "R6", "nothing varies"),
        (COUNTED, "R6", "count_lag0 does not vary within units beyond years"),
    ],
)
def test_what_is_missing_becomes_a_reason(item, code, text):
    results = run(item)
    found = results.series["not_carried"]
    assert results.estimates == [] and found[["reason_code", "reason"]].to_numpy().tolist() == [[code, text]]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"kind": "contrast", "predicted": "+"}, "has no outcome"),
        ({**CONTRAST, "predicted": "up"}, "estimates.statements.0.predicted"),
        ({**CONTRAST, "predicted": "0"}, "has no sesoi"),
        ({**CONTRAST, "reduce": "shift"}, "has no since"),
        ({**CONTRAST, "reduce": "increase"}, "only shares"),
        ({**CONTRAST, "outcome": {"numerator": "a"}}, "estimates.statements.0.outcome"),
        ({**CONTRAST, "outcome": "a ** 2"}, "not allowed"),
        ({"kind": "guess"}, "estimates.statements.0.kind"),
    ],
)
def test_wrong_declarations_end_with_one_line(item, text):
    with pytest.raises(ConfigError, match=text):
        run(item)
    with pytest.raises(EstimateError, match="names period 'P9'"):
        run({**CONTRAST, "periods": ["P9"]})
