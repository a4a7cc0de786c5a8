"""Dependence between units and unit roots: checks, the rule, invariance and refusals."""

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.unit_roots import cd_test
from evenfield.shared.estimates import Estimate
from evenfield.topics.unit_roots.estimate import decisions, estimate
from made_study import MadeStudy, row, same_numbers, same_results
from tolerances import CLOSED_FORM

SPEC = {"id": "f"}
INFERENCE = {"conf_level": 0.95, "permutations": 99, "seed": 2011}
YEARS = [*range(1990, 2021)]


def make_study(*specs, years=YEARS, change=None, **tables):
    rng = np.random.default_rng(2)
    units = [f"U{i:02d}" for i in range(14)]
    steps = [
        rng.normal(9, 0.4, 14),
        0.05 + 0.02 * rng.standard_normal((14, len(years) - 1)),
    ]
    y = np.cumsum(np.column_stack(steps), axis=1)
    growth = 100 * np.diff(y, axis=1, prepend=np.nan)
    panel = pd.DataFrame(
        {"unit": units * len(years), "year": np.repeat(years, 14), "basis": "official"}
    )
    panel = panel.assign(log_income=y.T.ravel(), growth_pct=growth.T.ravel())
    periods = pd.DataFrame(
        {"unit": units, "period": "A", "start_year": years[0], "end_year": years[-1]}
    )
    mean = 100 * (y[:, -1] - y[:, 0]) / (years[-1] - years[0])
    periods = periods.assign(
        basis="official", log_income_start=y[:, 0], growth_pct_per_year=mean
    )
    places = pd.DataFrame(
        {"unit": units, "lat": rng.uniform(20, 40, 14), "lon": rng.uniform(90, 120, 14)}
    )
    made = {
        "panel": change(panel) if change else panel,
        "periods": periods,
        "units": places,
    }
    tables = made | {name: table(made[name]) for name, table in tables.items()}
    about = {"samples": {"all": units, "small": units[2:], "two": units[:2]}}
    return MadeStudy(
        {"estimates": {"unit_roots": list(specs) or [SPEC]}, "inference": INFERENCE},
        tables,
        **about,
    )


def run(*specs, **made):
    return estimate(make_study(*specs, **made))


def made_row(term, outcome, period, p=np.nan, value=0.0):
    labels = {"estimator": term, "term": term, "outcome": outcome, "period": period}
    return Estimate(**labels, spec_id="f", estimate=value, p_value=p)


def test_rule_about_dependence():
    words = {
        (0.2, 0.9): "year effects are enough",
        (0.01, 0.6): "spatially dependent errors",
    }
    words |= {
        (0.01, 0.75): "common factors before spatial models",
        (np.nan, np.nan): "not defined",
    }
    for (p, strength), word in words.items():
        rows = [
            made_row("cdw_plus", "growth", "x", p),
            made_row("alpha_of_residuals", "growth", "x", value=strength),
        ]
        assert decisions(rows, 0.05) == [{"rule": "R2", "scope": "x", "decision": word}]


@pytest.mark.parametrize("p", [0.01, 0.05, 0.5, np.nan])
def test_rules_about_roots(p):
    rows = [made_row("cips", "log_income", "x", p), made_row("lfur", "growth", "P", p)]
    first, third = (item["decision"] for item in decisions(rows, 0.05))
    assert first == ("levels with unit-specific trends" if p < 0.05 else "differences")
    assert third == (
        "spatially robust inference as it is"
        if p < 0.05
        else "spatial differences beside"
    )


def test_spans_follow_the_output_basis():
    def joined(frame):
        basis = np.where(frame["year"] < 2005, "proxy", "official")
        return frame.assign(
            basis=basis, growth_pct=frame["growth_pct"].where(frame["year"] != 2005)
        )

    results = run(change=joined)
    spans = {
        e.period
        for e in results.estimates
        if (e.term, e.outcome) == ("cips", "log_income")
    }
    assert spans == {"1990-2020", "1990-2004", "2005-2020"}
    assert (
        "not equally spaced"
        in row(results, term="cips", outcome="growth", period="1991-2020").warning
    )
    study = make_study()
    growth = (
        study.table("panel")
        .dropna()
        .pivot(index="unit", columns="year", values="growth_pct")
        .to_numpy()
    )
    assert row(estimate(study), term="cd").estimate == pytest.approx(
        cd_test(growth).statistic, rel=CLOSED_FORM
    )


def test_shuffled_rows_and_renamed_units_change_nothing():
    study = make_study(SPEC, {"id": "g", "sample": "small"})
    same_results(estimate(study), estimate(study.shuffled(5)))
    names = {f"U{i:02d}": f"Z{99 - i}" for i in range(14)}
    same_numbers(estimate(study), estimate(study.renamed(names)))


@pytest.mark.parametrize(
    "units",
    [lambda f: f[["unit"]], lambda f: f.assign(lat=f["lat"].where(f.index > 0))],
)
def test_decennial_panels_and_units_without_coordinates(units):
    results = run(years=[*range(1940, 2001, 10)], units=units)
    assert "too few" in row(results, term="cips", outcome="log_income").warning
    assert np.isfinite(row(results, term="cd").estimate)
    for term in ("lfur", "lfst", "spatial_half_life"):
        assert "no coordinates" in row(results, term=term, outcome="growth").warning


def test_two_units_are_not_defined():
    results = run({**SPEC, "sample": "two"})
    assert all(
        np.isnan(e.estimate) and "not defined" in e.warning for e in results.estimates
    )
