"""Sigma convergence: planted dispersion, the band, the tests of the ends, invariance
and refusals.
"""

from itertools import pairwise

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.study.errors import EstimateError
from evenfield.topics.sigma.estimate import SERIES, estimate
from made_study import (
    of_units,
    one_line,
    order_and_names_do_not_matter,
    row,
    topic_study,
    unit_names,
    yearly,
)
from tolerances import MACHINE, close

TESTS = ("sigma_slope_test", "carree_klomp_t2", "carree_klomp_t3")
YEARS = (2000, 2010, 2020)


def make_study(*specs, n=10, panel=None, ends=None):
    rng = default_rng(23)
    units = unit_names(10)
    y = {2000: rng.normal(9, 0.5, 10)}
    for before, after in pairwise(YEARS):
        y[after] = 9.5 + 0.8 * (y[before] - 9) + rng.normal(0, 0.05, 10)
    frame = yearly(
        units,
        YEARS,
        log_income=np.column_stack([*y.values()]),
        population=np.arange(1.0, 11)[:, None],
    )
    years = {"start_year": 2000, "end_year": 2020}
    incomes = {"log_income_start": y[2000], "log_income_end": y[2020]}
    periods = of_units(units, period="P", basis="official", **years, **incomes)
    tables = {
        "panel": panel(frame) if panel else frame,
        "periods": ends(periods) if ends else periods,
        "units": of_units(units),
    }
    return topic_study(
        "sigma",
        list(specs) or [{"id": "u", "role": "primary"}],
        tables,
        units[:n],
        samples={"small": units[2:]},
        step=10,
        basis_years={"official": [1999, 2020]},
    )


def run(*specs, **estimates):
    return estimate(make_study(*specs, **estimates))


def test_rows_their_roles_and_other_measures():
    results = run()
    ends = {("sigma", f"sigma_{end}"): "description" for end in ("start", "end")}
    named = zip(TESTS, ("sum_of_ends", "t2", "t3"), strict=True)
    tests = dict(zip(named, ("primary", "ladder", "description"), strict=True))
    assert {(e.estimator, e.term): e.role for e in results.estimates} == ends | tests
    slope, t2, t3 = (row(results, estimator=name) for name in TESTS)
    assert (slope.se_type, slope.df, slope.contrast) == ("HC3", 8, "start - end")
    assert slope.estimate > 0
    assert (t2.p_type, t2.statistic) == ("chi-squared(1)", t2.estimate)
    assert np.isnan(t3.p_value)


def test_numbers_are_of_the_incomes_of_their_year_and_period():
    study = make_study()
    results = estimate(study)
    ends = study.table("periods")
    panel = study.table("panel")
    series = results.series["series"]
    assert list(series) == SERIES
    close(series["sigma"], panel.groupby("year")["log_income"].std(), MACHINE)
    start = ends["log_income_start"]
    end = ends["log_income_end"]
    close(row(results, term="sigma_start").estimate, start.std(), MACHINE)
    close(row(results, term="sigma_end").estimate, end.std(), MACHINE)
    slope = (start.var() - end.var()) / (start + end).var()
    close(row(results, term="sum_of_ends").estimate, slope)
    first = panel.query("year == 2000")
    variance = np.cov(first["log_income"], aweights=first["population"], ddof=0)
    close(series["sigma_population_weighted"].iloc[0], np.sqrt(variance))


def test_methods_beside_the_deciding_one_stand_under_their_own_names():
    results = run({"id": "u", "role": "primary", "inference": ["CR3", "HC3"]})
    slope = row(results, estimator="sigma_slope_test")
    further = row(results, estimator="sigma_slope_test_hc3")
    assert (slope.role, slope.se_type) == ("primary", "CR3")
    assert (further.role, further.se_type) == ("ladder", "HC3")
    assert slope.estimate == further.estimate


def test_order_names_and_another_unit_change_nothing():
    study = make_study({"id": "u"}, {"id": "v", "sample": "small"})
    names = dict(zip(unit_names(10), unit_names(10)[::-1], strict=True))
    one, two = order_and_names_do_not_matter(estimate, study, names=names)
    assert list(one.series["series"]["unit_low"].map(names)) == list(
        two.series["series"]["unit_low"]
    )
    columns = ["log_income_start", "log_income_end"]
    one = run()
    two = run(
        panel=lambda f: f.assign(log_income=f["log_income"] + np.log(100)),
        ends=lambda f: f.assign(**{name: f[name] + np.log(100) for name in columns}),
    )
    for name in TESTS:
        close(row(one, estimator=name).estimate, row(two, estimator=name).estimate)
    close(one.series["series"]["cv"], two.series["series"]["cv"])


@pytest.mark.parametrize(
    "panel",
    [lambda f: f.assign(population=np.nan), lambda f: f.drop(columns="population")],
)
def test_a_study_without_population_has_no_weighted_sigma(panel):
    assert run(panel=panel).series["series"]["sigma_population_weighted"].isna().all()


def test_basis_and_samples_are_told():
    early = {2000: "proxy", 2010: "official", 2020: "official"}
    results = run(
        panel=lambda f: f.assign(basis=f["year"].map(early)),
        ends=lambda f: f.assign(basis="spliced"),
    )
    assert list(results.series["series"]["basis"]) == [*early.values()]
    assert all(
        "PROXY output before 1999, joined" in e.warning for e in results.estimates
    )
    results = run({"id": "v", "sample": "small"}, panel=lambda f: f[f["unit"] != "U00"])
    assert list(results.series["series"]["n_units"]) == [8, 8, 8]


@pytest.mark.parametrize("n", [1, 2])
def test_few_units_are_not_defined(n):
    results = run(n=n)
    assert all(
        f"not defined: {n} unit" in row(results, estimator=name).warning
        for name in TESTS
    )
    assert all(np.isnan(row(results, estimator=name).estimate) for name in TESTS)
    series = results.series["series"]
    assert series["sigma_low"].isna().all()
    assert series["sigma"].isna().all() == (n == 1)


def test_what_has_no_test_says_why():
    results = run(ends=lambda f: f.assign(log_income_end=9.0))
    for name in TESTS:
        test = row(results, estimator=name)
        assert "not defined: income is the same in every unit" in test.warning
        assert np.isnan(test.estimate)


@pytest.mark.parametrize(
    ("panel", "text"),
    [
        (
            lambda f: f.drop(index=10),
            "log_income is missing or infinite for 1 unit-years (U03 2010)",
        ),
        (
            lambda f: f.assign(log_income=f["log_income"].where(f["year"] != 2020)),
            "infinite for 10 unit-years",
        ),
        (
            lambda f: f.assign(population=f["population"].where(f.index != 4, np.inf)),
            "population is missing or infinite",
        ),
    ],
)
def test_refuses_an_unbalanced_panel_in_one_line(panel, text):
    with one_line(EstimateError, text):
        run(panel=panel)
