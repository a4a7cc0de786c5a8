"""Sigma convergence on frames: path, band, tests of the ends, invariance and refusals."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import estimates_frame
from evenfield.shared.settings import InferenceSpec, SchemeInfo, scheme_infos
from evenfield.study.errors import EstimateError
from evenfield.topics.sigma.estimate import estimate_sigma
from evenfield.topics.sigma.estimate_path import SIGMA_SERIES
from evenfield.topics.sigma.estimate_spec import SigmaSpec, parse_sigma_specs
from tolerances import CLOSED_FORM, MACHINE

INFERENCE = InferenceSpec()
SPEC = SigmaSpec("u", "all", "s", "primary")


def make_study(n=10, years=(2000, 2010, 2020), shrink=0.8):
    rng = np.random.default_rng(23)
    units = [f"U{i:02d}" for i in range(n)]
    y = {years[0]: rng.normal(9, 0.5, n)}
    for before, after in pairwise(years):
        y[after] = 9.5 + shrink * (y[before] - 9) + rng.normal(0, 0.05, n)
    parts = [pd.DataFrame({"unit": units, "year": year, "basis": "official", "log_income": y[year],
                           "population": np.arange(1.0, n + 1)}) for year in years]  # fmt: skip
    ends = pd.DataFrame({
        "unit": units, "period": "P", "start_year": years[0], "end_year": years[-1], "basis": "official",
        "log_income_start": y[years[0]], "log_income_end": y[years[-1]],
    })  # fmt: skip
    samples = {"all": tuple(units), "small": tuple(units[2:])}
    return pd.concat(parts, ignore_index=True), ends, SchemeInfo("s", samples, 10, 1999)


def run(panel, ends, scheme, *specs):
    return estimate_sigma({"s": panel}, {"s": ends}, {"s": scheme}, specs or (SPEC,), INFERENCE)


def row(results, estimator, term=None):
    found = [e for e in results.estimates if e.estimator == estimator and term in (None, e.term)]
    assert len(found) == 1
    return found[0]


def test_rows_and_their_roles():
    results = run(*make_study())
    roles = {(e.estimator, e.term): e.role for e in results.estimates}
    assert roles == {
        ("sigma_slope_test", "sum_of_ends"): "primary",
        ("carree_klomp_t2", "t2"): "ladder",
        ("carree_klomp_t3", "t3"): "description",
        ("sigma", "sigma_start"): "description",
        ("sigma", "sigma_end"): "description",
    }
    slope = row(results, "sigma_slope_test")
    assert slope.se_type == "HC3"
    assert slope.df == 8
    assert slope.estimate > 0
    assert row(results, "carree_klomp_t2").p_type == "chi-squared(1)"
    assert np.isnan(row(results, "carree_klomp_t3").p_value)


def test_planted_dispersion_is_found():
    panel, ends, scheme = make_study()
    results = run(panel, ends, scheme)
    by_year = panel.groupby("year")["log_income"].std()
    np.testing.assert_allclose(results.series["sigma"], by_year, rtol=MACHINE)
    assert row(results, "sigma", "sigma_start").estimate == pytest.approx(by_year[2000], rel=MACHINE)
    assert row(results, "sigma", "sigma_end").estimate == pytest.approx(by_year[2020], rel=MACHINE)


def test_band_is_what_leaving_one_unit_out_does():
    panel, ends, scheme = make_study()
    series = run(panel, ends, scheme).series
    assert list(series.columns) == list(SIGMA_SERIES)
    last = series.iloc[-1]
    without = panel[(panel["year"] == 2020) & (panel["unit"] != last["unit_low"])]["log_income"].std()
    assert last["sigma_low"] == pytest.approx(without, rel=CLOSED_FORM)
    assert (series["sigma_low"] < series["sigma"]).all()
    assert (series["sigma"] < series["sigma_high"]).all()


def test_other_measures():
    panel, ends, scheme = make_study()
    first = run(panel, ends, scheme).series.iloc[0]
    y = panel[panel["year"] == 2000]["log_income"].to_numpy()
    assert first["cv"] == pytest.approx(np.std(np.exp(y), ddof=1) / np.exp(y).mean(), rel=MACHINE)
    assert first["p90_p10"] == pytest.approx(np.percentile(np.exp(y), 90) / np.percentile(np.exp(y), 10), rel=MACHINE)
    assert first["iqr"] == pytest.approx(np.subtract(*np.percentile(y, [75, 25])), rel=MACHINE)
    w = np.arange(1.0, 11)
    assert first["sigma_population_weighted"] == pytest.approx(np.sqrt(np.cov(y, aweights=w, ddof=0)), rel=CLOSED_FORM)


def test_shuffled_rows_change_nothing():
    panel, ends, scheme = make_study()
    specs = (SPEC, SigmaSpec("v", "small", "s"))
    one = run(panel, ends, scheme, *specs)
    two = run(panel.sample(frac=1, random_state=1), ends.sample(frac=1, random_state=2), scheme, *specs)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates), estimates_frame(two.estimates))
    pd.testing.assert_frame_equal(one.series, two.series)


def test_renamed_units_change_no_number():
    panel, ends, scheme = make_study()
    names = {unit: f"Z{99 - i}" for i, unit in enumerate(scheme.samples["all"])}
    other = SchemeInfo("s", {"all": tuple(sorted(names.values()))}, 10, 1999)
    one = run(panel, ends, scheme)
    two = run(panel.assign(unit=panel["unit"].map(names)), ends.assign(unit=ends["unit"].map(names)), other)
    columns = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]
    pd.testing.assert_frame_equal(
        estimates_frame(one.estimates)[columns], estimates_frame(two.estimates)[columns], rtol=MACHINE
    )
    assert list(one.series["unit_low"].map(names)) == list(two.series["unit_low"])


def test_incomes_in_another_unit_change_no_test():
    panel, ends, scheme = make_study()
    shift = np.log(100)
    other = ends.assign(
        log_income_start=ends["log_income_start"] + shift, log_income_end=ends["log_income_end"] + shift
    )
    one, two = run(panel, ends, scheme), run(panel.assign(log_income=panel["log_income"] + shift), other, scheme)
    for estimator in ("sigma_slope_test", "carree_klomp_t2", "carree_klomp_t3"):
        assert row(one, estimator).estimate == pytest.approx(row(two, estimator).estimate, rel=CLOSED_FORM)
    np.testing.assert_allclose(one.series["cv"], two.series["cv"], rtol=CLOSED_FORM)


def test_a_study_without_population_has_no_weighted_sigma():
    panel, ends, scheme = make_study()
    for other in (panel.assign(population=np.nan), panel.drop(columns="population")):
        assert run(other, ends, scheme).series["sigma_population_weighted"].isna().all()


def test_basis_is_told_for_each_year_and_row():
    panel, ends, scheme = make_study()
    panel["basis"] = np.where(panel["year"] < 2010, "proxy", "official")
    results = run(panel, ends.assign(basis="spliced"), scheme)
    assert list(results.series["basis"]) == ["proxy", "official", "official"]
    assert all("PROXY output before 1999, joined" in e.warning for e in results.estimates)


@pytest.mark.parametrize("n", [1, 2])
def test_few_units_are_not_defined(n):
    panel, ends, scheme = make_study()
    few = SchemeInfo("s", {"all": scheme.samples["all"][:n]}, 10, 1999)
    results = run(panel, ends, few)
    assert np.isnan(row(results, "sigma_slope_test").estimate)
    assert f"not defined: {n} units" in row(results, "carree_klomp_t2").warning
    assert results.series["sigma_low"].isna().all()
    assert results.series["sigma"].isna().all() == (n == 1)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"log_income_start": 9.0}, "income is the same in every unit"),
        ({"log_income_end": 9.0}, "income is the same in every unit"),
        ({"log_income_end": None}, "every unit grew by the same amount"),
    ],
)
def test_constant_series_are_not_defined(change, text):
    panel, ends, scheme = make_study()
    values = {key: ends["log_income_start"] + 0.7 if value is None else value for key, value in change.items()}
    results = run(panel, ends.assign(**values), scheme)
    for estimator in ("sigma_slope_test", "carree_klomp_t2", "carree_klomp_t3"):
        assert np.isnan(row(results, estimator).estimate)
        assert text in row(results, estimator).warning


@pytest.mark.parametrize(
    ("break_it", "text"),
    [
        (lambda p: p.drop(index=13), "log_income is missing for 1 unit-years (U03 2010)"),
        (lambda p: p.assign(log_income=p["log_income"].where(p["year"] != 2020)), "missing for 10 unit-years"),
        (lambda p: p.assign(population=p["population"].where(p.index != 4)), "population is missing for 1 unit-years"),
        (lambda p: pd.concat([p, p.head(1)]), "1 rows appear twice (U00 2000)"),
    ],
)
def test_refuses_an_unbalanced_core_in_one_line(break_it, text):
    panel, ends, scheme = make_study()
    with pytest.raises(EstimateError) as error:
        run(break_it(panel), ends, scheme)
    assert text in str(error.value)
    assert "\n" not in str(error.value)


def test_a_unit_outside_the_sample_may_have_gaps():
    panel, ends, scheme = make_study()
    holed = panel.assign(log_income=panel["log_income"].where(panel["unit"] != "U00"))
    assert len(run(holed, ends, scheme, SigmaSpec("v", "small", "s")).series) == 3


def test_reader():
    _, _, scheme = make_study()
    assert parse_sigma_specs([{"id": "a"}], {"s": scheme}, "s") == (SigmaSpec("a", "all", "s", "robustness"),)


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ([{"id": "a", "samples": "all"}], "unknown key in estimates.sigma (samples)"),
        ([{"id": "a", "sample": "x"}], "estimates.sigma.a.sample names 1 that is unknown (x)"),
        ([{"id": "a", "unit_scheme": "x"}], "estimates.sigma.a.unit_scheme names 1 that is unknown (x)"),
        ([{"id": "a", "role": "x"}], "estimates.sigma.a.role names 1 that is unknown (x)"),
    ],
)
def test_reader_refuses_in_one_line(section, text):
    _, _, scheme = make_study()
    with pytest.raises(EstimateError) as error:
        parse_sigma_specs(section, {"s": scheme}, "s")
    assert text in str(error.value)
    assert "\n" not in str(error.value)


def test_descriptions_become_schemes():
    description = {
        "unit_scheme": "s",
        "samples": {"all": ["B", "A"]},
        "step": 10,
        "basis_years": {"official": [1999, 2019]},
    }
    assert scheme_infos([description]) == {"s": SchemeInfo("s", {"all": ("A", "B")}, 10, 1999)}
    assert scheme_infos([{"unit_scheme": "s", "samples": {}}])["s"].first_official is None
