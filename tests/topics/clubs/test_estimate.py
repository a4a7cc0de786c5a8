"""Log t tests and clubs: planted clubs, invariance, what is not defined, and what is
refused.
"""

import numpy as np
import pytest
from numpy.random import default_rng
from statsmodels.tsa.filters.hp_filter import hpfilter

from evenfield.models.clubs import Rules, log_t
from evenfield.numerics.clubs import SieveRule, find_clubs
from evenfield.numerics.logt import fit_logt, regression_periods, transition_variance
from evenfield.study.errors import EvenfieldError
from evenfield.topics.clubs.estimate import estimate
from evenfield.topics.clubs.table import _choices
from made_study import (
    of_units,
    one_line,
    order_and_names_do_not_matter,
    primary,
    row,
    rows,
    topic_study,
    unit_names,
    yearly,
)
from tolerances import MACHINE, close

SPEC = {
    "id": "own",
    "period": "P",
    "role": "primary",
    "taxonomies": ["t"],
}
NAMES = {f"U{i:02d}": f"Z{99 - i}" for i in range(12)}


def make_study(*specs, n=12, years=range(1990, 2020), step=1, **changes):
    rng = default_rng(4)
    units = unit_names(n)
    time = np.arange(len(years))
    high = np.arange(n) < n // 2
    gap = rng.normal(0, 0.3, n)[:, None] * np.exp(-0.12 * time)
    y = (
        8
        + np.where(high, 0.9, 0.0)[:, None]
        + 0.04 * time
        + gap
        + rng.normal(0, 2e-3, (n, len(time)))
    )
    cell = np.where(high, "both", "neither")
    cells = of_units(units, taxonomy="t", period="P", cell=cell)
    tables = {"panel": yearly(units, years, log_income=y), "cells": cells}
    return topic_study(
        "clubs",
        list(specs) or [SPEC],
        tables,
        units,
        changes=changes,
        samples={"few": units[:1]},
        periods=[{"period": "P", "start": years[0], "end": years[-1]}],
        step=step,
    )


def run(*specs, **estimates):
    return estimate(make_study(*specs, **estimates))


def test_planted_clubs_and_their_link_to_the_cells():
    results = run()
    assert results.fit["own"]["merged"] == [
        [f"U{i:02d}" for i in range(6)],
        [f"U{i:02d}" for i in range(6, 12)],
    ]
    exact, drawn = (
        row(results, estimator="fisher_freeman_halton", contrast=c)
        for c in ("exact", "permutation")
    )
    close(exact.p_value, 2 / 924, MACHINE)
    close(exact.estimate, 1.0)
    assert drawn.p_value < 0.05
    assert "no policy effect" in exact.warning
    first = row(results, term="club_1", contrast="merged: phillips_sul")
    assert first.n_units == 6
    assert "members: U00 U01" in first.warning
    results = run(
        panel=lambda f: f.assign(log_income=f["log_income"] - 0.9 * (f["unit"] < "U06"))
    )
    assert len(results.fit["own"]["merged"]) == 1
    assert row(results, role="primary").statistic > -1.65
    assert row(run(), role="primary").statistic < -1.65


def test_order_names_and_currency_change_no_number():
    one, two = order_and_names_do_not_matter(estimate, make_study(), names=NAMES)
    assert [{NAMES[u] for u in club} for club in one.fit["own"]["merged"]] == [
        set(c) for c in two.fit["own"]["merged"]
    ]
    one = run()
    two = run(panel=lambda f: f.assign(log_income=f["log_income"] + np.log(100)))
    for a, b in zip(one.estimates, two.estimates, strict=True):
        if a.outcome == "relative_income":
            close(a.estimate, b.estimate, rtol=1e-8)
            assert a.statistic == pytest.approx(b.statistic, rel=1e-8, nan_ok=True)
    cents = row(one, outcome="log_income_x100")
    close(cents.statistic, row(two, outcome="log_income").statistic, rtol=1e-8)


@pytest.mark.parametrize("years", [range(1990, 1996), range(1990, 1992)])
def test_short_windows_are_not_defined(years):
    results = run(years=years)
    # Six periods less one leave the five that a regression needs: only that sensitivity
    # row has a number.
    numbers = [e.contrast for e in results.estimates if np.isfinite(e.estimate)]
    assert numbers == (["first 1 periods discarded"] if len(years) == 6 else [])
    assert all(
        "not defined" in e.warning for e in results.estimates if np.isnan(e.estimate)
    )
    assert results.fit["own"]["not_defined"]
    assert results.series["series"].empty


def test_one_unit_equal_units_and_one_cell_are_not_defined():
    few = run({"id": "few", "period": "P", "sample": "few"})
    assert all(np.isnan(e.estimate) for e in few.estimates)
    equal = run(
        panel=lambda f: f.assign(
            log_income=f.groupby("year")["log_income"].transform("mean")
        )
    )
    assert all(np.isnan(e.estimate) for e in rows(equal, term="b"))
    alone = row(
        run(cells=lambda f: f.assign(cell="neither")), estimator="fisher_freeman_halton"
    )
    assert np.isnan(alone.estimate)
    assert "one group" in alone.warning


def test_decennial_incomes_and_every_filter_work():
    assert np.isfinite(
        row(run(years=range(1900, 2001, 10), step=10), role="primary").estimate
    )
    for name in ("boosted_hp", "hamilton", "none"):
        spec = {
            "id": "f",
            "period": "P",
            "filter": name,
            "divergent": "adopt",
            "merge": "von_lyncker_thoennessen",
        }
        assert len(run(spec).fit["f"]["merged"]) >= 1


@pytest.mark.parametrize(
    ("spec", "changes", "text"),
    [({}, {"cells": lambda f: f.head(3)}, "9 units have no cell")],
)
def test_refuses_what_cannot_be_right(spec, changes, text):
    with one_line(EvenfieldError, text):
        run({**SPEC, **spec}, **changes)


def trend_levels(study, smoothing=400.0):
    """Return trends of incomes in levels, the richest of the last year first."""
    wide = study.wide("log_income")
    wide = wide.sort_values(wide.columns[-1], ascending=False)
    trend = np.array([hpfilter(path, smoothing)[1] for path in wide.to_numpy()])
    return np.exp(trend - trend.mean()), list(wide.index)


def test_log_t_rows_are_those_of_the_model_with_roles_and_a_level():
    study = make_study()
    study.written["inference"]["conf_level"] = 0.9
    results = estimate(study)
    levels, _ = trend_levels(study)
    for more, role in ((-1, "robustness"), (0, "primary"), (1, "robustness")):
        test = log_t(levels, Rules(), more)
        result = row(
            results,
            estimator="logt_fqsb",
            outcome="relative_income",
            contrast=f"first {test.discarded} periods discarded",
        )
        wanted = test.rows(0.9)[0].test
        for name in ("estimate", "statistic", "p_value", "conf_low", "conf_high"):
            close(getattr(result, name), getattr(wanted, name), rtol=1e-6)
        assert (result.role, result.n_obs) == (role, 12 * len(test.periods))


def test_clubs_are_those_of_the_kernel_and_every_choice_reaches_it():
    study = make_study()
    levels, units = trend_levels(study)
    for change, named in (
        ({}, {}),
        ({"sieve_step": 0.0}, {"sieve": SieveRule(0.0, 0.0, 50.0)}),
        ({"variance": "aqsb"}, {"variance": "aqsb"}),
        ({"sort_share": 0.5}, {"sort_share": 0.5}),
    ):
        outcome = find_clubs(levels, regression_periods(30, 10), **named)
        result = run({**SPEC, **change, "merge": "none"})
        clubs = [sorted(units[i] for i in club.members) for club in outcome.clubs]
        assert result.fit["own"]["merged"] == clubs
        for number, club in enumerate(outcome.clubs, 1):
            ours = row(result, term=f"club_{number}", contrast="merged: none")
            close((ours.estimate, ours.statistic), (club.b, club.t), rtol=1e-6)
        count = row(result, term="clubs", contrast="found").estimate
        assert count == len(outcome.clubs)


def test_the_penalty_of_the_filter_falls_with_the_fourth_power_of_the_step():
    years = range(1900, 2020, 5)
    study = make_study({**SPEC, "discard": 0.25}, years=years, step=5)
    levels, _ = trend_levels(study, 400 / 5**4)
    fit = fit_logt(transition_variance(levels), regression_periods(24, 6), "fqsb")
    result = primary(estimate(study))
    close(result.statistic, fit.t[0], rtol=1e-6)


def test_a_currency_in_which_logs_are_negative_has_no_test():
    def small(panel):  # incomes below one in the unit of money, in their last digits
        return panel.assign(log_income=panel["log_income"] - 4.0)

    series = run(panel=small).series["series"]
    tests = series[series["kind"].eq("currency")].sort_values("x")["value"]
    assert np.isnan(tests.iloc[0])
    assert np.isfinite(tests.iloc[-1])


def test_only_choices_that_are_not_the_usual_ones_are_named():
    assert _choices({"id": "own"}) == []
    words = _choices({"id": "own", "sort_share": 1 / 3, "sieve_step": 0.05})
    assert words == [
        "units sorted by their mean over the last third",
        "sieve in steps of 0.05",
    ]


def test_leaving_out_a_period_takes_no_trend_anew(monkeypatch):
    trends = []
    own = Rules.trend

    def counted(rules, y):
        trends.append(rules)
        return own(rules, y)

    monkeypatch.setattr(Rules, "trend", counted)
    estimate(make_study())
    few = len(trends)
    trends.clear()
    estimate(make_study(years=range(1960, 2020)))
    assert len(trends) == few
