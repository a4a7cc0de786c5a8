"""Vintages: each is statsmodels on its own figures, labels begin with the span, what is
absent is left out, names and order do not matter.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from statsmodels.api import add_constant
from statsmodels.regression.linear_model import OLS

from evenfield.study.errors import EvenfieldError
from evenfield.topics.vintages.estimate import Section, estimate, look_section
from made_study import (
    MadeStudy,
    of_units,
    order_and_names_do_not_matter,
    row,
    rows,
    unit_names,
    yearly,
)
from tolerances import close
from yaml_text import from_yaml

N = 12
UNITS = unit_names(N)
YEARS = (2000, 2001, 2002, 2003)
CLUSTER = np.arange(N) < 5
ZONES = np.isin(np.arange(N), [3, 4, 7, 8])
COAST = np.arange(N) % 3 == 0
SECTION = from_yaml("""
    spans: [[2000, 2003], [2001, 2003]]
    compare: [cluster]
    outputs: {first: output, revised: revised}
    populations: {counted: people, published: published}
    """)
PERIODS = from_yaml("""
    - {period: P1, start: 2000, end: 2000, role: main}
    - {period: P2, start: 2001, end: 2003, role: main}
    """)


def make_study(panel=None, **changes):
    rng = default_rng(4)
    shape = (N, len(YEARS))
    figures = {
        name: np.exp(rng.normal(size=shape))
        for name in ("output", "revised", "people", "published")
    }
    frame = yearly(UNITS, YEARS, **figures)
    labels = [CLUSTER, np.roll(CLUSTER, 4)]  # another set from the second period on
    main = {"taxonomy": "main", "sez": ZONES * 1}
    cells = [
        of_units(UNITS, period=item["period"], cluster=label * 1, **main)
        for item, label in zip(PERIODS, labels, strict=True)
    ]
    where = {"lat": rng.uniform(20, 40, N), "lon": rng.uniform(80, 120, N)}
    where |= {"coastal": COAST * 1, "named": ["here"] * N}
    tables = {
        "panel": panel(frame) if panel else frame,
        "cells": pd.concat(cells, ignore_index=True),
        "units": of_units(UNITS, **where),
        "adjacency": pd.DataFrame({"unit_i": UNITS[:-1], "unit_j": UNITS[1:]}),
    }
    config = {
        "estimates": {"vintages": {**SECTION, **changes}},
        "taxonomy": {"primary": "main", "all": ["main"]},
    }
    study = MadeStudy(
        config, tables, data_hash="abc", periods=PERIODS, samples={"all": UNITS}
    )
    study.written["weights"] = {"join": []}
    return study


def by_hand(study, vintage, span, *labels):
    """Growth on log income at the start in the figures of a vintage, by statsmodels."""
    names = {
        "first": "output",
        "revised": "revised",
        "counted": "people",
        "published": "published",
    }
    output, population = (study.wide(names[part]) for part in vintage.split("; "))
    income = np.log(output / population).reindex(UNITS)
    start, end = span
    growth = 100 * (income[end] - income[start]) / (end - start)
    return OLS(
        growth.to_numpy(), add_constant(np.column_stack([*labels, income[start]]))
    ).fit()


@pytest.mark.parametrize("vintage", ["first; counted", "revised; published"])
@pytest.mark.parametrize(
    ("span", "label"), [((2000, 2003), CLUSTER), ((2001, 2003), np.roll(CLUSTER, 4))]
)
def test_a_vintage_is_least_squares_on_its_own_figures(vintage, span, label):
    study = make_study()
    result = estimate(study)
    period = f"{span[0]}-{span[1]}"
    with_label = by_hand(study, vintage, span, label)
    premium = row(
        result,
        term="cluster",
        outcome=vintage,
        period=period,
    )
    close(premium.estimate, with_label.params[1])
    slope = row(
        result,
        term="log_income_start",
        outcome=vintage,
        period=period,
    )
    close(slope.estimate, by_hand(study, vintage, span).params[1])


def test_a_column_is_held_and_two_groups_are_compared():
    asked = ["cluster", "cluster - sez"]
    result = estimate(make_study(compare=asked, given=["coastal"]))
    vintage, span = "revised; counted", (2000, 2003)
    own = rows(result, outcome=vintage, period="2000-2003", term="cluster")
    values = {(item.contrast, item.controls_id): item.estimate for item in own}
    study = make_study()
    alone = by_hand(study, vintage, span, CLUSTER).params
    on_coast = by_hand(study, vintage, span, CLUSTER, COAST).params
    both = by_hand(study, vintage, span, CLUSTER, ZONES).params
    both_on_coast = by_hand(study, vintage, span, CLUSTER, ZONES, COAST).params
    income, coast = "log_income_start", "log_income_start + coastal"
    close(values["", income], alone[1])
    close(values["", coast], on_coast[1])
    close(values["cluster - sez", income], both[1] - both[2])
    close(values["cluster - sez", coast], both_on_coast[1] - both_on_coast[2])
    # The range over vintages is of one question.
    lows = rows(result, effect_type="stat_low", period="2000-2003", term="cluster")
    assert {(item.contrast, item.controls_id) for item in lows} == {
        ("", "none"),
        ("", "coastal"),
        ("cluster - sez", "none"),
        ("cluster - sez", "coastal"),
    }


def test_all_pairs_of_output_and_population_are_vintages():
    outcomes = {item.outcome for item in rows(estimate(make_study()), estimator="ols")}
    assert outcomes == {
        "first; counted",
        "first; published",
        "revised; counted",
        "revised; published",
    }


def test_the_range_is_in_standard_errors_of_the_first_vintage():
    result = estimate(make_study())
    own = rows(
        result,
        term="cluster",
        period="2000-2003",
        estimator="ols",
    )
    values = [item.estimate for item in own]
    (main,) = (item for item in own if item.outcome == "first; counted")
    described = {
        item.effect_type: item.estimate
        for item in rows(
            result,
            term="cluster",
            period="2000-2003",
            estimator="range",
        )
    }
    assert described["stat_low"] == min(values)
    assert described["stat_high"] == max(values)
    distance = (max(values) - min(values)) / main.std_error
    close(described["stat_range_errors"], distance)


def test_a_vintage_without_figures_at_an_end_is_left_out_of_that_span():
    def blank(frame):
        missing = frame["unit"].eq(UNITS[3]) & frame["year"].eq(2000)
        return frame.assign(revised=frame["revised"].mask(missing))

    result = estimate(make_study(panel=blank))
    left = {item["part"] for item in result.fit["left_out"]}
    assert left == {"revised; counted, 2000-2003", "revised; published, 2000-2003"}
    assert "U03 in 2000" in result.fit["left_out"][0]["reason"]
    assert not rows(result, outcome="revised; counted", period="2000-2003")
    assert rows(result, outcome="revised; counted", period="2001-2003")


def test_without_groups_convergence_alone_is_estimated():
    section = {"outputs": {}, "populations": {}, "compare": []}
    study = make_study(**section, incomes={"a": "output", "b": "revised"})
    slopes = rows(estimate(study), estimator="ols", period="2000-2003")
    assert [item.term for item in slopes] == ["log_income_start"] * 2


def test_order_of_rows_and_names_of_units_do_not_matter():
    order_and_names_do_not_matter(estimate, make_study())


@pytest.mark.parametrize(
    ("changes", "words"),
    from_yaml("""
    - [{spans: [[2003, 2000]]}, has no years]
    - [{compare: [coast]}, compare names coast]
    - [{compare: [cluster - coast]}, compare names coast]
    - [{incomes: {a: output, b: revised}}, 'incomes, or outputs and populations']
    - [{outputs: {a: output}, populations: {b: people}}, has only one]
    """),
)
def test_sections_that_compare_nothing_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        Section(**{**SECTION, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    from_yaml("""
    - [{outputs: {a: outptu, b: output}}, "names the column 'outptu'"]
    - [{spans: [[1990, 2003]]}, 1990-2003; expected first and last years]
    - [{given: [coats]}, 'given: coats names 1 that is unknown']
    - [{given: [named]}, 'given: named is no number for U00']
    """),
)
def test_what_the_tables_do_not_have_is_refused_before_a_run(changes, words):
    study = make_study(**changes)
    section = Section(**study.written["estimates"]["vintages"])
    with pytest.raises(EvenfieldError, match=words):
        look_section(study, section)
