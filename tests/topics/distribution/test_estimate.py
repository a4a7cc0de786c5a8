"""Distribution dynamics: closed forms, invariance, what is not defined, and what is
refused.
"""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics.kernel_dynamics import critical_bandwidth, stochastic_kernel
from evenfield.numerics.random import generator_for
from evenfield.study.errors import ConfigError, EvenfieldError
from evenfield.topics.distribution.estimate import estimate
from evenfield.topics.distribution.figure import AVERAGES as AXES
from evenfield.topics.distribution.figure import f27
from made_study import (
    of_units,
    one_line,
    order_and_names_do_not_matter,
    ring_named,
    row,
    topic_study,
    unit_names,
    yearly,
)
from refusals import fails
from section_cases import MadeResults
from tolerances import close
from yaml_text import from_yaml

SPEC = from_yaml("""
    id: own
    period: P
    role: primary
    subperiods: [A, B]
    steps: [1, 5]
    kernel_steps: [1, 5]
    weights: w
    taxonomy: t
    """)
FIXED = from_yaml("""
    id: f
    period: P
    classes: fixed
    cutoffs: [0.8, 1.2]
    relative_to: population_mean
    """)


def make_study(*specs, n=16, years=range(1990, 2015), step=1, **changes):
    rng = default_rng(14)
    units = unit_names(n)
    y = (
        9
        + rng.normal(0, 0.5, (n, 1))
        + np.cumsum(rng.normal(0.02, 0.12, (n, len(years))), axis=1)
    )
    people = 1.0 + np.arange(n)[:, None]
    cell = np.where(np.arange(n) % 2, "both", "neither")
    tables = {
        "panel": yearly(units, years, log_income=y, population=people),
        "cells": of_units(units, taxonomy="t", period="P", cell=cell),
    }
    middle = years[0] + (years[-1] - years[0]) // 2
    periods = [
        {"period": "P", "start": years[0], "end": years[-1]},
        {"period": "A", "start": years[0], "end": middle},
        {"period": "B", "start": middle, "end": years[-1]},
    ]
    return topic_study(
        "distribution",
        list(specs) or [SPEC],
        tables,
        units,
        ring_named("w", units),
        changes,
        samples={"few": units[:2]},
        periods=periods,
        step=step,
    )


def run(*specs, **estimates):
    return estimate(make_study(*specs, **estimates))


def test_probabilities_close_and_lie_in_their_intervals():
    results = run()
    for years in ("1 years", "5 years"):
        P = np.array(
            [
                [
                    row(results, term=f"p_{i}_{j}", contrast=years).estimate
                    for j in (1, 2, 3)
                ]
                for i in (1, 2, 3)
            ]
        )
        close(P.sum(axis=1), 1)
        shares = np.array(
            [
                row(results, term=f"ergodic_{i}", contrast=years).estimate
                for i in (1, 2, 3)
            ]
        )
        close(shares @ P, shares, atol=1e-12)
        shorrocks = row(results, term="shorrocks", contrast=years)
        close(shorrocks.estimate, (3 - np.trace(P)) / 2)
        assert shorrocks.conf_low <= shorrocks.estimate <= shorrocks.conf_high
        assert shorrocks.role == "primary"
    root, half = (
        row(results, term=term, contrast="5 years")
        for term in ("second_root", "half_life")
    )
    close(half.estimate, 5 * np.log(0.5) / np.log(root.estimate))
    assert half.unit_of_measure == "years"


def test_shuffled_rows_permuted_weights_and_renamed_units_change_nothing():
    study = make_study()
    order_and_names_do_not_matter(estimate, study)


def test_yearly_classes_decennial_studies_equal_incomes_and_two_units():
    spec = from_yaml("""
        id: y
        period: P
        classes: yearly
        steps: [1, 10]
        weights: w
        kernel_steps: [10]
        """)
    results = run(spec, years=range(1940, 2001, 10), step=10)
    assert np.isfinite(row(results, term="shorrocks", contrast="10 years").estimate)
    yearly = row(results, term="shorrocks", contrast="1 years")
    assert np.isnan(yearly.estimate)
    assert "10 years apart" in yearly.warning
    equal = run(panel=lambda f: f.assign(log_income=9.0))
    assert all(
        np.isnan(e.estimate) and "not defined" in e.warning for e in equal.estimates
    )
    few = run(
        {
            "id": "few",
            "period": "P",
            "sample": "few",
            "kernel_steps": [1],
        }
    )
    assert np.isnan(row(few, estimator="silverman", contrast="1990").estimate)


@pytest.mark.parametrize(
    ("spec", "changes", "text"),
    [
        ({"weights": "other"}, {}, "weights names 1"),
        (
            {"relative_to": "population_mean"},
            {"panel": lambda f: f.drop(columns="population")},
            "names the column 'population'",
        ),
        ({}, {"cells": lambda f: f.head(5)}, "11 units have no cell"),
    ],
)
def test_refuses_what_cannot_be_right(spec, changes, text):
    with one_line(EvenfieldError, text):
        run({**SPEC, **spec}, **changes)


@pytest.mark.parametrize("cutoffs", [[1.1, 0.7], []])
def test_cutoffs_rise(cutoffs):
    fails(
        ConfigError,
        r"estimates\.distribution\.0: .*cutoffs holds",
        run,
        {**FIXED, "cutoffs": cutoffs},
    )


@pytest.mark.parametrize(("level", "years"), [(0.95, 1), (0.8, 5)])
def test_intervals_are_those_of_trajectories_drawn_with_replacement(level, years):
    study = make_study(FIXED | {"steps": [years]})
    study.written["inference"]["conf_level"] = level
    results = estimate(study)
    panel = study.table("panel")
    income = np.exp(panel.pivot(index="unit", columns="year", values="log_income"))
    people = panel.pivot(index="unit", columns="year", values="population")
    order = income[2014].sort_values(ascending=False).index  # as units are drawn
    relative = income / ((income * people).sum() / people.sum())
    classes = np.digitize(relative.loc[order], [0.8, 1.2], right=True)
    counts = np.zeros((16, 3, 3))
    for unit, path in enumerate(classes):
        for now, later in zip(path, path[years:], strict=False):
            counts[unit, now, later] += 1
    one = {"contrast": f"{years} years"}
    seed = row(results, term="shorrocks", **one).seed
    rng = generator_for(5, seed.removeprefix("5:"))
    picks = rng.multinomial(16, np.full(16, 1 / 16), size=199)
    drawn = np.einsum("bn,nij->bij", picks, counts)
    with np.errstate(invalid="ignore"):
        P = drawn / drawn.sum(axis=2, keepdims=True)
    whole = P[np.isfinite(P).all(axis=(1, 2))]  # draws that start in every class
    root = np.sort(np.abs(np.linalg.eigvals(whole)), axis=1)[:, 1]
    life = np.full(len(root), np.inf)  # of chains that do not settle
    np.divide(-years * np.log(2), np.log(root), out=life, where=root < 1 - 1e-9)
    draws = {
        "p_1_2": P[:, 0, 1],
        "p_3_3": P[:, 2, 2],
        "shorrocks": (3 - np.trace(whole, axis1=1, axis2=2)) / 2,
        "second_root": root,
        "half_life": life,
        "ergodic_1": np.linalg.matrix_power(whole[np.isfinite(life)], 9000)[:, 0, 0],
    }
    tails = [(1 - level) / 2, (1 + level) / 2]
    for term, values in draws.items():
        result = row(results, term=term, **one)
        ends = np.quantile(values[~np.isnan(values)], tails, method="inverted_cdf")
        ends = np.where(np.isfinite(ends), ends, np.nan)
        assert (result.conf_low, result.conf_high) == pytest.approx(
            tuple(ends), rel=1e-6, abs=1e-7, nan_ok=True
        ), term
        assert result.conf_level == level
    total = counts.sum(axis=0)
    close(row(results, term="p_1_2", **one).estimate, total[0, 1] / total[0].sum())
    assert row(results, term="p_2_1", **one).n_obs == total[1].sum()
    assert row(results, term="ergodic_2", **one).n_obs == total.sum()
    cell = results.series["series"].query("kind == 'transition' and x == 1 and y == 2")
    assert cell["count"].tolist() == [total[0, 1]]


AVERAGES = {
    "mean": lambda income, _: income.mean(),
    "population_mean": lambda income, people: (income * people).sum() / people.sum(),
    "log_mean": lambda income, _: np.exp(np.log(income).mean()),
    "median": lambda income, _: income.median(),
}


@pytest.mark.parametrize("relative_to", AVERAGES)
def test_income_is_over_the_average_that_is_named_in_any_unit_of_measure(relative_to):
    spec = {**FIXED, "relative_to": relative_to, "kernel_steps": [1]}
    study = make_study(spec)
    income, people = (study.wide(name) for name in ("log_income", "population"))
    relative = np.exp(income) / AVERAGES[relative_to](np.exp(income), people)
    classes = np.digitize(relative, [0.8, 1.2], right=True)
    counts = np.zeros((3, 3))
    np.add.at(counts, (classes[:, :-1], classes[:, 1:]), 1)
    results = estimate(study)
    P = counts / counts.sum(axis=1, keepdims=True)
    for (i, j), share in np.ndenumerate(P):
        close(row(results, term=f"p_{i + 1}_{j + 1}").estimate, share)
    assert results.estimates[0].outcome == f"income / {relative_to.replace('_', ' ')}"
    cents = run(
        spec, panel=lambda f: f.assign(log_income=f["log_income"] + np.log(100))
    )
    for one, other in zip(results.estimates, cents.estimates, strict=True):
        close(one.estimate, other.estimate)


def melting_lead(panel):
    """Two units a thousand times as rich as the others, who fall back to them."""
    lead = np.log(1000) * (2014 - panel["year"]) / 24
    rich = panel["unit"].isin(["U00", "U01"])
    return panel.assign(log_income=panel["log_income"] + lead.where(rich, 0.0))


def test_a_few_rich_units_move_classes_by_the_mean_and_not_by_the_mean_of_logs():
    lowest, settled = {}, {}
    for relative_to in ("mean", "log_mean", "median"):
        thirds = {"id": "m", "period": "P", "relative_to": relative_to}
        fixed = {**thirds, "classes": "fixed", "cutoffs": [0.5, 2.0]}
        results = run(fixed, n=60, panel=melting_lead)
        starts = results.series["series"].query("kind == 'transition'")
        by_class = starts.groupby("x")["count"].sum()
        lowest[relative_to] = by_class[1] / by_class.sum()
        # Thirds of all years: of a distribution that only drifts, not of one that stays.
        results = run(thirds, n=60, panel=melting_lead)
        settled[relative_to] = row(results, term="ergodic_3").estimate
    assert lowest["mean"] > 0.5
    assert max(lowest["log_mean"], lowest["median"]) < 0.25
    assert settled["mean"] > 0.75
    assert max(settled["log_mean"], settled["median"]) < 0.5


@pytest.mark.parametrize("relative_to", AVERAGES)
def test_the_axis_names_the_average_that_incomes_are_over(relative_to):
    spec = {"id": "plain", "period": "P", "relative_to": relative_to}
    own = {"estimates": {"distribution": [{"relative_to": relative_to}]}}
    results = MadeResults("distribution", tables=run(spec).series, change=own)
    artwork = f27(results)
    density, _ = artwork.figure.axes
    assert artwork.alt.endswith(" are still in it 1 year later.")
    assert (
        density.get_xlabel() == f"income per head over {AXES[relative_to]} (log scale)"
    )


def relative_income(study):
    """Income over the mean of its year (N, T); units in alphabetical order."""
    income = np.exp(study.wide("log_income"))
    return (income / income.mean()).to_numpy()


def around(relative):
    """The average of the two neighbours on the ring."""
    return (np.roll(relative, 1, axis=0) + np.roll(relative, -1, axis=0)) / 2


def test_the_chain_given_the_neighbours_is_that_of_their_average_income():
    fixed = {**FIXED, "relative_to": "mean", "weights": "w", "neighbour_classes": 2}
    study = make_study(fixed)
    relative = relative_income(study)
    classes = np.digitize(relative, [0.8, 1.2], right=True)
    near = around(relative)
    rich = (near > np.median(near)).astype(int)
    counts = np.zeros((2, 3, 3))
    np.add.at(counts, (rich[:, :-1], classes[:, :-1], classes[:, 1:]), 1)
    results = estimate(study)
    cells = results.series["series"].query("kind == 'spatial'")
    starts = counts.sum(axis=2, keepdims=True)
    close(cells["value"], (counts / starts).ravel())
    close(cells["count"], np.repeat(starts, 3))
    pooled = counts.sum(axis=0)
    expected = starts * pooled / pooled.sum(axis=1, keepdims=True)
    gaps = (counts - expected) ** 2
    pearson = np.divide(gaps, expected, out=0 * gaps, where=expected > 0).sum()
    close(row(results, estimator="spatial_markov", term="q").estimate, pearson)


def test_modes_are_counted_in_the_first_and_in_the_last_year():
    study = make_study()
    results = estimate(study)
    logs = np.log(relative_income(study))
    for year, position in (("1990", 0), ("2014", -1)):
        modes = row(results, estimator="silverman", contrast=year)
        close(modes.estimate, critical_bandwidth(logs[:, position], 1))


def test_income_is_conditioned_on_the_neighbours_and_on_the_cell():
    study = make_study()
    relative = relative_income(study)
    odd = np.arange(16) % 2 == 1
    cell = np.where(
        odd[:, None], relative[odd].mean(axis=0), relative[~odd].mean(axis=0)
    )
    conditions = {
        "relative to neighbours (w)": around(relative),
        "relative to own cell (t)": cell,
    }
    series = estimate(study).series["series"].query("kind == 'conditioned'")
    assert set(series["group"]) == set(conditions)
    for group, other in conditions.items():
        surface = series[series["group"].eq(group)]
        own, given = np.log(relative).ravel(), np.log(relative / other).ravel()
        ends = np.concatenate([own, given])
        kernel = stochastic_kernel(own, given, np.linspace(ends.min(), ends.max(), 60))
        close(surface["value"], kernel.density.ravel(), atol=1e-8)
