"""Gradients of clusters: planted East and South, exact tests by counting, invariance,
reasons, refusals.
"""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.random import generator_for
from evenfield.numerics.shares import detectable_difference
from evenfield.study.errors import EvenfieldError
from evenfield.topics.gradient.estimate import estimate
from fits_of_rows import assert_rows_are_fits
from made_study import (
    of_units,
    order_and_names_do_not_matter,
    ring_named,
    row,
    topic_study,
    unit_names,
)
from refusals import fails
from tolerances import ITERATIVE, close
from yaml_text import from_yaml

UNITS = unit_names(20)
SPEC = from_yaml("""
    id: g
    taxonomies: [seed, other]
    regions: region
    east: East
    stand_ins: [n]
    hypothesis: H2
    role: primary
    """)
HELD = {"seed": (0, 1, 2), "other": (0, 7, 15)}


def make_study(spec=SPEC, held=HELD, merged=None, **changed):
    """Twenty units on a ring, the first eight in the East, further South the lower
    their number.
    """
    at = np.arange(20)
    region = np.where(at < 8, "East", "West")
    lists = [
        of_units(UNITS, period="P", taxonomy=name, cluster=np.isin(at, members))
        for name, members in held.items()
    ]
    tables = {
        "units": of_units(UNITS, lat=20.0 + at % 8, lon=120.0 - at, region=region),
        "cells": pd.concat(lists),
        "clusters": of_units(UNITS, measure="n", value=np.round(np.exp(3 - 0.12 * at))),
    }
    return topic_study(
        "gradient",
        [spec],
        tables,
        UNITS,
        ring_named("ring", UNITS),
        changed,
        merged=merged or {},
    )


def run(spec=SPEC, **estimates):
    return estimate(make_study(spec, **estimates))


def test_east_and_south_of_the_main_list_decide():
    results = run()
    deciding = [e for e in results.estimates if e.role == "primary"]
    named = {(e.term, e.treatment_def, e.hypothesis) for e in deciding}
    assert named == {(term, "seed", "H2") for term in ("east", "south_within_east")}
    east, south = (
        row(results, term=term, treatment_def="seed")
        for term in ("east", "south_within_east")
    )
    close(east.estimate, 3 / 8)
    close(south.estimate, np.mean([23, 24, 25, 26, 27]) - 21)
    close(south.p_value, 2 / 56)
    assert south.n_units == 8
    # All placements are counted out, so that no seed is needed to draw them again.
    assert south.p_type == "56 all placements within the East, two-sided"
    assert south.seed == ""
    links = row(results, estimator="join_count", treatment_def="seed")
    close((links.estimate, links.p_value), (2, 20 / 1140))


def test_marks_are_placed_at_random_where_placements_are_too_many():
    held = {"seed": (0, 1, 2, 3), "other": (0, 7, 15)}
    wide = np.where(np.arange(20) < 12, "East", "West")  # four of twelve: 495 ways
    results = run(held=held, units=lambda f: f.assign(region=wide))
    south = row(results, term="south_within_east", treatment_def="seed")
    assert south.p_type == "199 random placements within the East, two-sided"
    assert south.seed.startswith("5:")


def test_fisher_equals_counting_every_placement_and_the_interval_is_newcombes():
    east = row(run(), term="east", treatment_def="other")
    counts = np.array(
        [sum(unit < 8 for unit in placed) for placed in combinations(range(20), 3)]
    )
    chance = {held: np.mean(counts == held) for held in range(4)}
    close(east.p_value, sum(c for c in chance.values() if c <= chance[2] + 1e-12))
    assert east.warning.startswith("2 of 8 units of the East, 1 of the others")
    at = np.arange(20)
    held = {"seed": (*range(9), 10, 11, 12), "other": (0, 19)}
    ten = run(
        held=held, units=lambda f: f.assign(region=np.where(at < 10, "East", "West"))
    )
    east = row(ten, term="east", treatment_def="seed")
    close((east.conf_low, east.conf_high), (0.1705, 0.8090), atol=1e-4)


def test_the_poisson_gradient_equals_the_regression_in_degrees():
    tables = make_study().tables
    results = run()
    model = sm.GLM(
        tables["clusters"]["value"],
        sm.add_constant(tables["units"]["lon"]),
        family=sm.families.Poisson(),
    )
    fit = model.fit(cov_type="HC1", use_t=True)
    east = row(results, term="east_degrees")
    close(
        (east.estimate, east.std_error), (fit.params["lon"], fit.bse["lon"]), ITERATIVE
    )
    assert east.p_value < 0.02
    assert east.role == "robustness"


def test_without_a_count_or_a_testable_list_the_rows_say_why():
    bare = [
        e
        for e in run({**SPEC, "stand_ins": []}).estimates
        if e.estimator == "poisson_qml"
    ]
    assert len(bare) == 2
    assert all(
        np.isnan(e.estimate) and "no count of clusters" in e.warning for e in bare
    )
    short = row(run(clusters=lambda f: f.iloc[1:]), term="east_degrees")
    assert "1 unit has no n (U00), which is not a count of zero" in short.warning
    decided = run({**SPEC, "count": "n", "stand_ins": []}).estimates
    assert {e.term for e in decided if e.role == "primary"} == {
        "east_degrees",
        "south_degrees_within_east",
    }
    none = [
        e
        for e in run(cells=lambda f: f.assign(cluster=0)).estimates
        if e.outcome == "cluster"
    ]
    assert len(none) == 8
    assert all(
        np.isnan(e.estimate) and e.warning.startswith("not defined") for e in none
    )
    extra = pd.DataFrame({"unit": ["X"], "measure": "n", "value": 100.0})
    merged = run(clusters=lambda f: pd.concat([f, extra]), merged={"U19": ["U19", "X"]})
    assert (
        row(merged, term="east_degrees").estimate
        < row(run(), term="east_degrees").estimate
    )


def test_shuffled_rows_permuted_weights_and_renamed_units_change_nothing():
    study = make_study()
    order_and_names_do_not_matter(estimate, study)


@pytest.mark.parametrize(
    ("change", "text"),
    from_yaml("""
    - [{regions: area}, area]
    - [{east: North}, 0 of 20 units have]
    """),
)
def test_a_wrong_specification_is_named(change, text):
    fails(EvenfieldError, text, run, {**SPEC, **change})


def test_south_has_the_spread_of_all_placements_and_its_reach():
    lat = 20.0 + np.arange(8)
    south = row(run(), term="south_within_east", treatment_def="seed")
    placed = []
    for chosen in combinations(range(8), 3):
        inside = np.isin(np.arange(8), chosen)
        placed.append(lat[~inside].mean() - lat[inside].mean())
    close(south.std_error, np.std(placed))
    reach = student.ppf(0.975, 6) + student.ppf(0.8, 6)
    close(south.mde, reach * south.std_error)
    other = row(run(), term="south_within_east", treatment_def="other")
    one = np.isin(np.arange(8), (0, 7))
    expected = lat[~one].mean() - lat[one].mean()
    close(other.estimate, expected)
    pairs = [
        lat[~np.isin(np.arange(8), p)].mean() - lat[list(p)].mean()
        for p in combinations(range(8), 2)
    ]
    extreme = sum(abs(value) >= abs(expected) - 1e-9 for value in pairs)
    close(other.p_value, extreme / 28)
    assert (other.n_treated, other.conf_level) == (2, 0.95)


def test_counts_have_intervals_in_degrees_and_a_test_by_permutation():
    study = make_study()
    study.written["inference"]["conf_level"] = 0.9
    results = estimate(study)
    units = study.tables["units"]
    counts = study.tables["clusters"]["value"].to_numpy()
    for term, x, used in (
        ("east_degrees", units["lon"].to_numpy(), np.arange(20)),
        ("south_degrees_within_east", -units["lat"].to_numpy(), np.arange(8)),
    ):
        model = sm.GLM(
            counts[used], sm.add_constant(x[used]), family=sm.families.Poisson()
        )
        fit = model.fit(cov_type="HC1", use_t=True)
        result = row(results, term=term)
        close(
            (result.conf_low, result.conf_high), tuple(fit.conf_int(0.1)[1]), ITERATIVE
        )
        close(
            (result.statistic, result.df, result.n_obs),
            (fit.tvalues[1], len(used) - 2, len(used)),
            ITERATIVE,
        )
        rng = generator_for(5, f"gradient:g:n:n:{term}")
        order = np.argsort(rng.random((199, len(used))), axis=1)
        own = counts[used] @ (x[used] - x[used].mean())
        drawn = [counts[used][o] @ (x[used] - x[used].mean()) for o in order]
        low = sum(d <= own + 1e-9 for d in drawn)
        high = sum(d >= own - 1e-9 for d in drawn)
        close(result.p_value, min(1, 2 * (1 + min(low, high)) / 200))


def test_likeness_of_neighbours_is_that_of_the_kernel():
    study = make_study()
    results = estimate(study)
    W = study.weights().among(UNITS)[0]
    marks = np.isin(np.arange(20), HELD["other"]).astype(float)
    for values, name, outcome in (
        (marks, "other", "cluster"),
        (study.tables["clusters"]["value"].to_numpy(), "n", "n"),
    ):
        result = row(results, estimator="moran", treatment_def=name)
        rng = generator_for(5, f"gradient:g:{name}:{outcome}:moran")
        test = morans_i_test(values, W, rng, 199)
        close(
            (result.estimate, result.std_error, result.p_value),
            (test.statistic, test.std_error, test.p_value),
        )


def test_the_east_has_the_reach_of_fishers_test():
    study = make_study()
    result = row(estimate(study), term="east", treatment_def="other")
    assert result.mde == pytest.approx(
        detectable_difference(20, 3, 8, 0.95, 0.8), nan_ok=True
    )
    assert (result.estimate, result.n_obs) == (pytest.approx(2 / 8 - 1 / 12), 20)


def test_rows_are_fits_of_the_library():
    study = make_study()
    counts = assert_rows_are_fits(study, "gradient", estimate(study).estimates)
    # Two lists, and the stand-in count for Moran's I.
    expected = {"latitude_permutation": 2, "moran": 3, "join_count": 2}
    assert {name: count for (name, _), count in counts.items()} == expected
