"""The pre-flight on frames: checks, the rule, invariance and refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.cross_dependence import cd_test
from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.study.errors import EstimateError
from evenfield.topics.unit_roots.estimate import PreflightStudy, estimate_preflight
from evenfield.topics.unit_roots.estimate_rule import RULE, decisions
from evenfield.topics.unit_roots.estimate_spec import PREFLIGHT_SERIES, PreflightSpec, parse_preflight_specs
from evenfield.topics.unit_roots.estimate_time import default_lags
from tolerances import CLOSED_FORM

INFERENCE = InferenceSpec(permutations=99)
SPEC = PreflightSpec("f", "all", "s")
NUMBERS = ["estimate", "statistic", "p_value", "conf_low", "conf_high"]


def make_study(n=14, years=tuple(range(1990, 2021)), seed=2):
    rng, units = np.random.default_rng(seed), [f"U{i:02d}" for i in range(n)]
    y = np.cumsum(
        np.column_stack([rng.normal(9, 0.4, n), 0.05 + 0.02 * rng.standard_normal((n, len(years) - 1))]), axis=1
    )
    panel = pd.concat([pd.DataFrame({"unit": units, "year": year, "basis": "official", "log_income": y[:, t],
                                     "growth_pct": 100 * (y[:, t] - y[:, t - 1]) if t else np.nan})
                       for t, year in enumerate(years)], ignore_index=True)  # fmt: skip
    periods = pd.DataFrame({"unit": units, "period": "A", "start_year": years[0], "end_year": years[-1],
                            "basis": "official", "log_income_start": y[:, 0],
                            "growth_pct_per_year": 100 * (y[:, -1] - y[:, 0]) / (years[-1] - years[0])})  # fmt: skip
    places = pd.DataFrame({"unit": units, "lat": rng.uniform(20, 40, n), "lon": rng.uniform(90, 120, n)})
    scheme = SchemeInfo("s", {"all": tuple(units), "small": tuple(units[2:]), "two": tuple(units[:2])},
                        years[1] - years[0], years[0])  # fmt: skip
    return PreflightStudy(panel, periods, places, scheme)


def run(study, *specs):
    return estimate_preflight({"s": study}, specs or (SPEC,), INFERENCE)


def rows(results, estimator, **wanted):
    return [e for e in results.estimates if e.estimator == estimator
            and all(getattr(e, name) == value for name, value in wanted.items())]  # fmt: skip


def test_every_check_and_every_decision():
    results = run(make_study())
    assert {e.estimator for e in results.estimates} == {"cd", "cdw", "cdw_plus", "exponent", "cips", "lfur", "lfst",
                                                         "spatial_half_life"}  # fmt: skip
    assert list(results.series.columns) == list(PREFLIGHT_SERIES)
    decided = results.series[results.series["kind"] == "decision"]
    assert list(decided["rule"]) == ["R1", "R2", "R3"]
    assert results.fit["rule"] == dict(RULE)
    assert results.fit["specs"][0]["decisions"][0]["rule"] == "R1"
    estimates_frame(results.estimates)


def test_cd_is_of_growth_and_lags_follow_the_length():
    study = make_study()
    growth = study.panel.dropna().pivot(index="unit", columns="year", values="growth_pct").to_numpy()
    assert rows(run(study), "cd")[0].estimate == pytest.approx(cd_test(growth).statistic, rel=CLOSED_FORM)
    assert [default_lags(t) for t in (20, 42, 100)] == [2, 3, 4]
    assert rows(run(study, replace(SPEC, lags=1)), "cips", outcome="log_income")[0].controls_id == "trend, 1 lags"


def row(estimator, term, outcome, period, p=np.nan, value=0.0):
    return Estimate(
        estimator=estimator, spec_id="f", outcome=outcome, term=term, period=period, estimate=value, p_value=p
    )


@pytest.mark.parametrize(
    ("p", "strength", "word"),
    [
        (0.2, 0.9, "year effects are enough"),
        (0.01, 0.6, "spatially dependent errors"),
        (0.01, 0.75, "common factors before spatial models"),
        (np.nan, np.nan, "not defined"),
    ],
)
def test_rule_about_dependence(p, strength, word):
    made = [row("cdw_plus", "cdw_plus", "growth", "x", p),
            row("exponent", "alpha_of_residuals", "growth", "x", value=strength)]  # fmt: skip
    assert decisions(made, SPEC) == [{"rule": "R2", "scope": "x", "decision": word}]


@pytest.mark.parametrize("p", [0.01, 0.05, 0.5, np.nan])
def test_rules_about_roots(p):
    made = [row("cips", "cips", "log_income", "x", p), row("lfur", "lfur", "growth", "P", p)]
    first, third = (item["decision"] for item in decisions(made, SPEC))
    assert first == ("levels with unit-specific trends" if p < 0.05 else "differences")
    assert third == ("spatially robust inference as it is" if p < 0.05 else "spatial differences beside")


def test_spans_follow_the_output_basis():
    study = make_study()
    basis = np.where(study.panel["year"] < 2005, "proxy", "official")
    gap = study.panel["growth_pct"].where(study.panel["year"] != 2005)
    results = run(replace(study, panel=study.panel.assign(basis=basis, growth_pct=gap)))
    assert {e.period for e in rows(results, "cips", outcome="log_income")} == {"1990-2020", "1990-2004", "2005-2020"}
    whole = rows(results, "cips", outcome="growth", period="1991-2020")[0]
    assert "not equally spaced" in whole.warning
    assert np.isfinite(rows(results, "cd", period="1991-2020")[0].estimate)


def test_shuffled_rows_change_nothing():
    study, specs = make_study(), (SPEC, replace(SPEC, id="g", sample="small"))
    frames = {name: getattr(study, name).sample(frac=1, random_state=5) for name in ("panel", "periods", "units")}
    one, two = run(study, *specs), run(replace(study, **frames), *specs)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates), estimates_frame(two.estimates))
    pd.testing.assert_frame_equal(one.series, two.series)


def test_renamed_units_change_no_number():
    study = make_study()
    names = {unit: f"Z{99 - i}" for i, unit in enumerate(study.scheme.samples["all"])}
    frames = {name: getattr(study, name).assign(unit=getattr(study, name)["unit"].map(names))
              for name in ("panel", "periods", "units")}  # fmt: skip
    other = replace(study, scheme=SchemeInfo("s", {"all": tuple(sorted(names.values()))}, 1, 1990), **frames)
    one, two = (estimates_frame(run(s).estimates)[NUMBERS] for s in (study, other))
    pd.testing.assert_frame_equal(one, two, rtol=1e-8)


def test_decennial_panels_and_places_without_coordinates():
    study = make_study(years=tuple(range(1940, 2001, 10)))
    results = run(replace(study, units=study.units[["unit"]]))
    assert "too few" in rows(results, "cips", outcome="log_income")[0].warning
    assert np.isfinite(rows(results, "cd")[0].estimate)
    assert all("no coordinates" in e.warning for e in rows(results, "lfur"))
    assert rows(results, "spatial_half_life")


def test_two_units_are_not_defined():
    results = run(make_study(), replace(SPEC, sample="two"))
    assert all(np.isnan(e.estimate) and "not defined" in e.warning for e in results.estimates)


def test_gaps_are_refused():
    study = make_study()
    hole = study.panel.copy()
    hole.loc[50, "log_income"] = np.inf
    with pytest.raises(EstimateError, match="missing or infinite"):
        run(replace(study, panel=hole))


@pytest.mark.parametrize(
    ("item", "words"),
    [({"id": "f", "lag": 1}, "unknown key"), ({"id": "f", "lags": -1}, "lags"), ({"id": "f", "size": 5}, "size")],
)
def test_bad_config(item, words):
    with pytest.raises(EstimateError, match=words):
        parse_preflight_specs([item], {"s": make_study().scheme}, "s")
