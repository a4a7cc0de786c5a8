"""Statements: facts in closed form, planted numbers come back, rows align by unit, what
is missing becomes a reason.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from evenfield.numerics.standardised_index import standardised_index
from evenfield.shared.estimates import Estimate
from evenfield.study.errors import EvenfieldError
from evenfield.study.study_config import InferenceSettings
from evenfield.topics.statements.estimate import Y, _fitted, estimate, of_several_years
from evenfield.topics.statements.estimate_data import Data
from evenfield.topics.statements.estimate_facts import FactSpec, _value
from evenfield.topics.statements.table import variant_words
from made_study import (
    MadeStudy,
    grid,
    of_units,
    order_and_names_do_not_matter,
    row,
    unit_names,
)
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

N = 30
YEARS = range(2001, 2011)
NAMES = unit_names(N, "u")
POSITION = np.arange(N)
CLUSTER = (POSITION < 6) * 1.0
SEZ = ((POSITION > 3) & (POSITION < 10)) * 1.0
SQUARE = from_yaml("""
    {type: Polygon, coordinates: [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
    """)
PERIODS = from_yaml("""
    - {period: P1, start: 2001, end: 2010, basis: proxy}
    - {period: P2, start: 2005, end: 2010, basis: official}
    """)
CONTRAST, PANEL, FACT = from_yaml("""
    - &contrast {kind: contrast, label: a, outcome: a, periods: [P1], regressors: [cluster, sez],
                 term: cluster}
    - {<<: *contrast, kind: panel, outcome: log(patents), regressors: [zones_park],
       term: zones_park}
    - {kind: fact, label: f, measure: share, outcome: count, group: cluster,
       windows: [[2001, 2005]]}
    """)


@pytest.mark.parametrize(
    ("measure", "level", "change"),
    from_yaml("""
    - [share, percent, percentage points]
    - [increase, percent, percentage points]
    - [ratio, ratio, change of a ratio]
    - [growth, percentage points a year, percentage points a year]
    - [units, units, units]
    """),
)
def test_a_change_of_a_fact_has_the_unit_of_a_difference(measure, level, change):
    fact = {
        **FACT,
        "id": "f",
        "claim": "L1",
        "measure": measure,
        "per": "population",
    }
    assert FactSpec.model_validate(fact).unit == level
    assert FactSpec.model_validate(fact | {"before": (1990, 1992)}).unit == change


class OutlinedStudy(MadeStudy):
    def outlines(self):
        return {
            "features": [
                {"properties": {"unit": u}, "geometry": SQUARE}
                for u in self.table("units")["unit"]
            ]
        }


def make_study(*items, **columns):
    rng = default_rng(5)
    rows = []
    for t, year in enumerate(YEARS):
        dose, before = (
            np.floor(POSITION / 10) * (year - k >= 2004 + POSITION % 5) for k in (0, 2)
        )
        numbers = {
            "a": 2 + 3 * CLUSTER + rng.normal(scale=0.1, size=N),
            "b": 2.0,
            "step": CLUSTER * (year >= 2006),
            "rising": (0.5 + 0.2 * CLUSTER) * t,
            "growth_pct": rng.normal(size=N),
            "population": 1.0,
            "dose": dose,
            "later": 0.4 * before + t,
            "output_real": 1 + CLUSTER * t,
            "patents": np.exp(1 + 0.1 * POSITION + 0.05 * t + 0.3 * dose),
            "gappy": np.where(POSITION < 5, np.nan, 1.0 + POSITION),
            "basis": "proxy" if year < 2005 else "official",
            "grown": np.exp(0.1 * t * CLUSTER),
        }
        rows.append(of_units(NAMES, year=year, **{**numbers, **columns}))
    panel = pd.concat(rows, ignore_index=True)
    lists = {"taxonomy": "t", "cluster": CLUSTER, "sez": SEZ}
    cells = [of_units(NAMES, period=period, **lists) for period in ("P1", "P2")]
    region = np.where(POSITION % 2, "odd", "even")
    clusters = of_units(NAMES[::-1], measure="count", value=POSITION[::-1])
    listed = of_units(NAMES[3:7], measure="list_2008", value=[4, 3, 2, 1])
    tables = {
        "panel": panel,
        "cells": pd.concat(cells),
        "doses": panel[["unit", "year"]].assign(zone_type="park", zones=panel["dose"]),
        "units": grid(NAMES)[0].assign(coastal=(POSITION < 12) * 1, region=region),
        "adjacency": pd.DataFrame({"unit_i": NAMES[:-1], "unit_j": NAMES[1:]}),
        "clusters": pd.concat([clusters, listed]),
        "programmes": of_units(NAMES[:2], programme="go", first_year=2000),
    }
    section = [{"id": f"s{i}", "claim": "L99", **item} for i, item in enumerate(items)]
    config = {"estimates": {"statements": section}, "taxonomy": {"primary": "t"}}
    described = {
        "data_hash": "0" * 12,
        "merged": {},
        "periods": PERIODS,
        "samples": {"all": NAMES},
    }
    return OutlinedStudy(config, tables, **described)


def run(*items, **columns):
    return estimate(make_study(*items, **columns))


def by_unit(name):
    return make_study().wide(name).to_numpy()


def difference(values):
    return np.linalg.lstsq(
        np.column_stack([CLUSTER, SEZ, np.ones(N)]), values, rcond=None
    )[0][0]


def test_a_planted_difference_comes_back():
    result = row(run(CONTRAST))
    close(result.estimate, 3, atol=0.1)
    assert result.conf_low < 3 < result.conf_high
    assert (result.hypothesis, result.role, result.family, result.n_treated) == (
        "L99",
        "exploratory",
        "statements",
        6,
    )
    item = {**CONTRAST, "outcome": "100 * log(patents / b)", "reduce": "trend"}
    assert row(run(item)).outcome == "trend of log(patents / b)"


def test_methods_that_a_statement_asks_for_are_those_of_its_rows():
    rows = run({**CONTRAST, "inference": ["HC1", "CR3"]}).estimates
    assert [e.se_type for e in rows] == ["HC1", "CR3"]


GROWTH = by_unit("growth_pct")
INDEX = standardised_index(
    np.column_stack([by_unit("a").mean(axis=1), GROWTH.mean(axis=1)]),
    (CLUSTER + SEZ) == 0,
)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"outcome": "rising", "reduce": "trend"}, 0.2),
        ({"outcome": "100 * a / b"}, 50 * difference(by_unit("a").mean(axis=1))),
        ({"outcome": ["a", "growth_pct"]}, difference(INDEX)),
    ],
)
def test_the_years_of_a_unit_become_one_number(item, expected):
    close(row(run({**CONTRAST, **item})).estimate, expected)


def test_lists_and_areas_are_columns():
    result = row(run({**CONTRAST, "regressors": ["count"], "term": "count"}))
    y = by_unit("a").mean(axis=1)
    close(result.estimate, np.polyfit(POSITION, y, 1)[0])
    area = Data(make_study()).panel["area_km2"].to_numpy()
    close(area, 6371.0**2 * np.radians(1) * np.sin(np.radians(1)))
    result = row(run({**CONTRAST, "regressors": ["cluster", "sez", "either", "both"]}))
    assert np.isnan(result.estimate)
    assert "collinear" in result.warning


def test_a_panel_finds_the_dose_within_units_and_years():
    results = run(
        {**PANEL, "lags": [0, 2]},
        {
            **PANEL,
            "outcome": "later",
            "lags": [2],
            "periods": ["P2"],
        },
    )
    result = row(results, spec_id="s0", term="zones_park_lag0")
    close(result.estimate, 0.3)
    assert (result.fe_id, result.se_type) == ("unit + year", "CR3")
    assert (
        row(results, spec_id="s0", term="zones_park_lag2").n_periods == len(YEARS) - 2
    )
    reached = row(results, spec_id="s1")
    close(reached.estimate, 0.4)
    assert (reached.term, reached.n_periods, reached.period) == (
        "zones_park_lag2",
        6,
        "P2",
    )


@pytest.mark.parametrize(
    ("item", "value", "members", "unit"),
    from_yaml("""
    - [{}, 100 * 15 / 435, 6, percent]
    - [{outcome: list_2008}, 100 * 9 / 10, 6, percent]
    - - {group: [u00, u07], less: population}
      - 100 * (7 / 435 - 2 / 30)
      - 2
      - percentage points
    - [{group: region = odd and lat > 23}, 100 * 85 / 435, 5, percent]
    - [{group: not sez}, 100 * (435 - 39) / 435, 24, percent]
    - [{group: go}, 100 * 1 / 435, 2, percent]
    - [{measure: increase, outcome: output_real}, 100, 6, percent]
    - [{measure: increase, outcome: output_real, less: population}, 80, 6, percentage points]
    - - {measure: increase, outcome: output_real, less: output_real}
      - 100 - 100 * 6 / 30
      - 6
      - percentage points
    - [{measure: ratio, per: population}, (15 / 6) / (435 / 30), 6, ratio]
    - - {measure: ratio, per: population, against: not cluster}
      - (15 / 6) / (420 / 24)
      - 6
      - ratio
    - - {measure: growth, outcome: grown, against: not cluster}
      - 10
      - 6
      - percentage points a year
    - [{measure: units, per: population, group: sez}, 0, 6, units]
    - [{measure: units, per: population, group: region = odd}, 8, 15, units]
    - [{outcome: zones_park, group: [u29], windows: [[2008, 2010]]}, 100 * 2 / 30, 1, percent]
    - - {measure: ratio, outcome: output_real, per: population, against: not cluster,
         windows: [[2009, 2010]], before: [2001, 2002]}
      - 9.5 - 1.5
      - 6
      - change of a ratio
    """),
)
def test_facts_are_what_is_observed(item, value, members, unit):
    result = row(run({**FACT, **item}))
    close(result.estimate, eval(str(value)))
    assert (result.n_treated, result.unit_of_measure) == (members, unit)
    assert (result.estimator, result.effect_type) == ("fact", "fact")
    assert np.isnan(
        [result.p_value, result.conf_low, result.conf_high, result.std_error]
    ).all()
    assert ("does not name" in result.warning) == (item.get("outcome") == "list_2008")
    assert result.treatment_def == (
        "t" if "cluster" in str({**FACT, **item}) or "sez" in result.term else ""
    )


def test_a_fact_has_a_row_for_each_choice_and_says_what_it_rests_on():
    windows = [[2001, 2004], [2005, 2010], [2001, 2010]]
    item = {
        **FACT,
        "outcome": {"output": "output_real", "number": "count"},
        "windows": windows,
    }
    item |= {"taxonomies": ["t", "other"]}
    study = make_study(item)
    other = study.tables["cells"].assign(taxonomy="other", cluster=SEZ.tolist() * 2)
    study.tables["cells"] = pd.concat([study.tables["cells"], other])
    results = estimate(study)
    assert len(results.estimates) == 12
    bases = [
        row(
            results, period=f"{a}-{b}", outcome="output", treatment_def="t"
        ).output_basis
        for a, b in windows
    ]
    assert bases == ["proxy", "official", "spliced"]
    other = row(
        results,
        period="2001-2004",
        outcome="number",
        treatment_def="other",
    )
    close(other.estimate, 100 * 39 / 435)
    missing = {"population": np.where(POSITION == 1, np.nan, 1.0)}
    result = row(run({**FACT, "less": "population"}, **missing))
    close(result.estimate, 100 * (14 / 434 - 5 / 29))
    assert "without u01" in result.warning


def test_shuffled_rows_and_renamed_units_change_nothing():
    cells = {"regressors": ["cluster_only", "sez_only", "both"], "term": "both"}
    study = make_study(
        CONTRAST,
        {**CONTRAST, **cells},
        {**PANEL, "outcome": "growth_pct"},
        FACT,
        {**FACT, "measure": "units", "per": "population", "group": "sez"},
    )
    order_and_names_do_not_matter(estimate, study)


@pytest.mark.parametrize(
    ("usual", "item", "text"),
    [
        (CONTRAST, {"outcome": "a / nowhere"}, "the panel has no column nowhere"),
        (CONTRAST, {"outcome": "gappy"}, "no figures of gappy in 2001 to 2010"),
        (
            CONTRAST,
            {"regressors": ["cluster", "unheard"]},
            "the panel has no column unheard",
        ),
        (CONTRAST, {"regressors": ["cluster", "zones_port"]}, "no zones of type port"),
        (
            PANEL,
            {"outcome": "a", "regressors": ["count"], "term": "count"},
            "count_lag0 does not vary within units beyond years",
        ),
        (FACT, {"outcome": "nowhere"}, "the panel has no column nowhere"),
        (
            FACT,
            {"group": "coastal and lat > 99"},
            "no unit in the group coastal and lat > 99",
        ),
        (
            FACT,
            {"windows": [[1990, 1995]]},
            "no period holds the middle of 1990 to 1995",
        ),
        (
            FACT,
            {"measure": "growth", "windows": [[2001, 2012]]},
            "no figures of count in both 2001 and 2012",
        ),
    ],
)
def test_what_is_missing_becomes_a_reason(usual, item, text):
    results = run({**usual, **item})
    assert results.estimates == []
    assert results.series["not_carried"]["reason"].tolist() == [text]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"kind": "contrast", "label": "a"}, "estimates.statements.0.contrast.outcome"),
        (
            {**CONTRAST, "outcome": {"numerator": "a"}},
            "estimates.statements.0.contrast.outcome",
        ),
        ({**CONTRAST, "outcome": "a ** 2"}, "not allowed"),
        ({**PANEL, "outcome": ["a", "b"]}, "a panel with several outcomes"),
        ({**FACT, "measure": "ratio"}, "a ratio without per"),
        (
            {**FACT, "measure": "growth", "less": "a"},
            "only share and increase subtract",
        ),
        ({**FACT, "group": "clusters"}, "names the group 'clusters'"),
        ({**FACT, "group": ["u00", "u99"]}, "names the unit u99"),
        ({**FACT, "unit_schemes": ["other"]}, "names the unit scheme other"),
    ],
)
def test_wrong_declarations_and_unknown_names_are_refused(item, text):
    fails(EvenfieldError, text, run, item)


def test_quantities_of_groups_against_others_by_hand():
    # Three units at three dates; the group is the first two, the whole all three.
    a = np.array([[4.0, 6, 9], [2, 2, 3], [6, 4, 4]])
    b = np.array([[2.0, 2, 3], [4, 4, 2], [2, 1, 1]])
    g = np.array([True, True, False])
    o = np.array([True, True, True])

    def value(measure, less="", per="b", arrays=(a, b)):
        spec = SimpleNamespace(measure=measure, less=less, per=per)
        return _value(spec, list(arrays), g, o, (2000, 2006))

    share = 100 * np.mean([6 / 12, 8 / 12, 12 / 16])
    close(value("share"), share)
    of_b = 100 * np.mean([6 / 8, 6 / 7, 5 / 6])
    close(value("share", less="b"), share - of_b)
    increase = 100 * (12 - 6) / (16 - 12)
    close(value("increase"), increase)
    close(value("increase", less="b"), increase - 100 * 6 / 8)
    of_group = np.array([6 / 6, 8 / 6, 12 / 5])
    relative = of_group / [12 / 8, 12 / 7, 16 / 6]
    close(value("ratio"), relative.mean())
    growth = 100 * np.log(relative[2] / relative[0]) / 6
    close(value("growth"), growth)
    whole = a.sum(axis=0) / b.sum(axis=0)
    above = (a / b / whole).mean(axis=1)
    assert value("units") == (above[:2] > 1).sum() == 1


def test_a_table_calls_another_list_what_the_study_calls_it():
    by_rule = {"clusters by number": {"treatment_def": "rule_a"}}
    answers = {
        "hypotheses": {"H1": {"checks": by_rule}},
        "claims": from_yaml("""
            - {variants: {old head count: {unit_scheme: published}}}
            - {variants: {other words: {treatment_def: rule_a}}}
            - {variants: {both: {treatment_def: rule_b, period: P1}}}
            """),
    }
    words = variant_words(answers)
    assert words["treatment_def", "rule_a"] == "clusters by number"
    assert words["unit_scheme", "published"] == "old head count"
    assert ("treatment_def", "rule_b") not in words


def test_a_unit_with_two_years_counts_and_one_with_one_year_does_not():
    rng = default_rng(3)
    years = {f"u{i}": 6 for i in range(6)} | {"two": 2, "one": 1}
    index = pd.MultiIndex.from_tuples(
        [(unit, 2000 + t) for unit, count in years.items() for t in range(count)],
        names=["unit", "year"],
    )
    frame = pd.DataFrame(rng.normal(size=(len(index), 2)), index, [Y, "x"])
    base = Estimate(
        estimator="fe", spec_id="s", outcome="y", term="x", estimate=np.nan, sesoi=1.0
    )
    spec = SimpleNamespace(term="x", inference=())
    (result,) = _fitted(base, of_several_years(frame), spec, InferenceSettings())
    assert (result.n_units, result.n_obs) == (7, 38)
