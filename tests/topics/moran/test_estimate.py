"""Spatial association by year: against esda and closed forms, invariance, what is not
defined, what is refused.
"""

import esda
import numpy as np
import pytest
from libpysal.weights import full2W
from numpy.random import default_rng
from scipy.sparse import csr_array

from evenfield.models.moran import association
from evenfield.numerics.map_pairs import bivariate_moran_test
from evenfield.numerics.random import generator_for
from evenfield.shared.spec import read
from evenfield.study.errors import EvenfieldError
from evenfield.topics.moran.estimate import Section, check_data, estimate
from made_study import (
    of_units,
    one_line,
    order_and_names_do_not_matter,
    ring_named,
    row,
    rows,
    topic_study,
    unit_names,
    weights_named,
    yearly,
)
from tolerances import close

SPEC = {"id": "p", "regions": "region", "taxonomies": ["t"]}
YEARS = range(2000, 2004)


def make_study(*specs, n=16, **changes):
    rng = default_rng(7)
    units = unit_names(n)
    ring = ring_named("ring", units)
    S = np.eye(n) - 0.8 * ring["ring"].matrix
    start = np.linalg.solve(S, rng.standard_normal(n)) + 9
    y = start[:, None] + np.cumsum(
        np.c_[np.zeros(n), 0.05 + 0.02 * rng.standard_normal((n, 3))], axis=1
    )
    growth = 100 * np.diff(y, prepend=np.nan, axis=1)
    panel = yearly(units, YEARS, log_income=y, growth_pct=growth)
    years = {"start_year": 2000, "end_year": 2003, "basis": "official"}
    yearly_growth = 100 * (y[:, -1] - y[:, 0]) / 3
    lists = {"cluster": np.arange(n) < 4, "sez": 0}
    region = np.where(np.arange(n) < n // 2, "East", "West")
    tables = {
        "panel": panel,
        "periods": of_units(
            units, period="A", growth_pct_per_year=yearly_growth, **years
        ),
        "cells": of_units(units, taxonomy="t", period="A", **lists),
        "units": of_units(units, region=region),
    }
    # Every other unit of the ring.
    far = np.roll(ring["ring"].matrix.toarray(), 1, axis=1)
    return topic_study(
        "moran",
        list(specs) or [SPEC],
        tables,
        units,
        {**ring, **weights_named("far", units, far)},
        changes,
        samples={"small": units[2:], "two": units[:2]},
    )


def run(*specs, **estimates):
    return estimate(make_study(*specs, **estimates))


def test_a_specification_may_have_weights_of_its_own():
    study = make_study(SPEC, {**SPEC, "id": "own", "weights": "far"})
    results = estimate(study)
    income = study.wide("log_income")[2003].to_numpy()
    wanted = {"estimator": "moran", "outcome": "log_income", "controls_id": "none"}
    for name, weights in {"p": "ring", "own": "far"}.items():
        index = row(results, **wanted, spec_id=name, period="2003")
        w = full2W(study.matrices[weights].matrix.toarray())
        expected = esda.Moran(income, w, permutations=0)
        close(index.estimate, expected.I, 1e-10)
    assert {r.w_id for r in rows(results, spec_id="own")} == {"far"}


def test_rows_of_a_year_have_their_labels():
    results = run()
    own = {"outcome": "log_income", "controls_id": "none", "period": "2002"}
    for kind in ("moran", "geary"):
        test = row(results, estimator=kind, **own)
        assert (test.role, test.w_id, test.n_obs) == ("robustness", "ring", 16)
        assert test.se_type == "permutation"
        assert max(test.p_value, test.p_adjusted) <= 0.1


def test_variables_and_what_is_taken_out_of_them():
    study = make_study()
    results = estimate(study)
    panel = study.table("panel")
    wanted = {
        ("log_income", "none"),
        ("log_income", "region"),
        ("growth", "log_income_start"),
    }
    wanted |= {("growth", "none"), ("growth", "region")}
    assert {
        (e.outcome, e.controls_id) for e in rows(results, estimator="moran")
    } == wanted
    income = panel.pivot(index="unit", columns="year", values="log_income")
    growth = 100 * (income[2001] - income[2000])
    W = study.matrices["ring"].matrix
    means = growth.groupby(np.arange(16) < 8).transform("mean")
    e = (growth - means).to_numpy()
    result = row(
        results,
        estimator="moran",
        outcome="growth",
        controls_id="region",
        period="2001",
    )
    close(result.estimate, e @ W @ e / (e @ e))


def test_joins_and_growth_beside_clusters_of_a_planted_run():
    result = row(run(), estimator="join_count", contrast="cluster")
    assert result.estimate == 3
    assert result.p_value == pytest.approx(
        16 / 1820
    )  # 16 of the 1,820 placements of 4 on a ring of 16 are one run
    assert (result.n_treated, result.seed, result.output_basis) == (4, "", "")
    results = run(
        periods=lambda f: f.assign(growth_pct_per_year=[5.0, 3, 3, 5, 3, *[1] * 10, 3])
    )
    result = row(results, estimator="bivariate_moran", contrast="cluster")
    assert result.estimate > 0.5
    assert result.p_value < 0.05
    assert "not a spillover" in result.warning


def test_what_is_not_there_or_not_defined_is_said():
    none = [
        row(run(), estimator=name, contrast="sez")
        for name in ("join_count", "bivariate_moran")
    ]
    assert all(np.isnan(e.estimate) and "not defined" in e.warning for e in none)
    plain = run({"id": "p"}, panel=lambda f: f.drop(columns="growth_pct"))
    result = {(e.estimator, e.outcome) for e in plain.estimates}
    assert result == {
        (name, "log_income") for name in ("moran", "geary", "local_moran")
    }
    two = rows(run({"id": "p", "sample": "two"}), estimator="local_moran")
    assert all(np.isnan(e.estimate) and "three units" in e.warning for e in two)
    flat = run(panel=lambda f: f.assign(log_income=9.0))
    assert all(
        "constant" in e.warning
        for e in rows(flat, estimator="moran", outcome="log_income")
    )


def test_shuffled_rows_permuted_weights_and_renamed_units_change_nothing():
    study = make_study(SPEC, {"id": "q", "sample": "small"})
    order_and_names_do_not_matter(estimate, study)


@pytest.mark.parametrize(
    ("spec", "changes", "text"),
    [
        ({"regions": "province"}, {}, "regions names 1"),
        (
            {},
            {"units": lambda f: f.assign(region=f["region"].where(f.index > 0))},
            "1 unit has no region",
        ),
        (
            {},
            {
                "panel": lambda f: f.assign(
                    growth_pct=f["growth_pct"].where(f.index != 21)
                )
            },
            "growth_pct is missing",
        ),
    ],
)
def test_refuses_what_cannot_be_right(spec, changes, text):
    with one_line(EvenfieldError, text):
        run({**SPEC, **spec}, **changes)


def test_the_same_income_everywhere_is_refused_before_anything_is_estimated():
    def alike(panel):
        others = panel["year"].ne(2001)
        return panel.assign(log_income=panel["log_income"].where(others, 9))

    study = make_study(panel=alike)
    spec, *_ = read(Section, study.config, "moran")
    with one_line(EvenfieldError, "p: income is the same in all units in 2001"):
        check_data(study, [spec], spec)


def test_bands_and_tests_of_a_variable_are_those_of_its_draws():
    study = make_study()
    results = estimate(study)
    wide = study.wide("log_income")
    units = wide.sort_values(list(YEARS)).index
    W = study.weights().among(list(units))[0]
    series = results.series["series"].query(
        "variable == 'log_income' and controls == 'none'"
    )
    seed = row(
        results,
        estimator="moran",
        outcome="log_income",
        controls_id="none",
        period="2001",
    ).seed
    rng = generator_for(5, seed.removeprefix("5:"))
    tests = association(wide.loc[units].to_numpy(), W, rng, 199)
    for kind, test in zip(("moran", "geary"), tests, strict=True):
        line = series[series["kind"] == kind].sort_values("year")
        for name, values in test.series(0.95).items():
            close(line[name], values)
        for year, drawn in zip(YEARS, test.rows(), strict=True):
            result = row(
                results,
                estimator=kind,
                outcome="log_income",
                controls_id="none",
                period=str(year),
            )
            for name in ("estimate", "std_error", "statistic", "p_value", "p_adjusted"):
                close(getattr(result, name), getattr(drawn.test, name))


def test_growth_of_each_year_is_freed_from_income_of_the_year_before():
    study = make_study()
    results = estimate(study)
    income = study.wide("log_income")
    W = study.matrices["ring"].matrix
    for year in (2001, 2002, 2003):
        growth = 100 * (income[year] - income[year - 1])
        line = np.polyfit(income[year - 1], growth, 1)
        e = (growth - np.polyval(line, income[year - 1])).to_numpy()
        result = row(
            results,
            estimator="moran",
            outcome="growth",
            controls_id="log_income_start",
            period=str(year),
        )
        close(result.estimate, e @ W @ e / (e @ e))


def test_growth_beside_clusters_is_the_cross_product_of_growth_and_their_neighbours():
    study = make_study()
    results = estimate(study)
    result = row(results, estimator="bivariate_moran", contrast="cluster")
    growth = study.table("periods")["growth_pct_per_year"].to_numpy()
    marks = (np.arange(16) < 4).astype(float)
    W = study.matrices["ring"].matrix.toarray()
    x = (growth - growth.mean()) / growth.std()
    z = (marks - marks.mean()) / marks.std()
    close(result.estimate, x @ W @ z / 16)
    rng = generator_for(5, result.seed.removeprefix("5:"))
    wide = study.wide("log_income")
    order = np.argsort(wide[2000].to_numpy())  # units are drawn in the order of income
    test = bivariate_moran_test(
        growth[order], marks[order], csr_array(W[order][:, order]), rng, 199
    )
    close((result.p_value, result.std_error), (test.p_value, test.std_error))


def test_local_tests_count_units_below_the_rate_of_false_discoveries():
    loose = run({**SPEC, "discovery_rate": 0.91})
    strip = loose.series["series"].query("kind == 'local' and variable == 'log_income'")
    counts = (strip["q_value"] <= 0.91).groupby(strip["year"]).sum()
    for result in rows(loose, estimator="local_moran", outcome="log_income"):
        assert result.estimate == counts[int(result.period)]
    assert 0 < counts.sum() < len(strip) == 16 * 4
    assert (strip["q_value"] >= strip["p_value"]).all()
