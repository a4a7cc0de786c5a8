"""Changes of cohorts against units without the policy yet, against diff-diff and by
hand.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.group_time import (
    group_time_aggregates,
    group_time_means,
)
from evenfield.numerics.event_study.panel import NEVER, EventPanel
from numerics.event_study.panels import GOLDEN, golden, random_panel
from tolerances import close

HORIZONS = [(e, e) for e in range(-3, 4)]


def counties():
    data = pd.read_csv(GOLDEN / "mpdta.csv")
    Y = np.log(data.drop(columns=["county", "first"]).to_numpy(float))
    first = np.where(data["first"] == 0, NEVER, data["first"] - 2003)
    return EventPanel(Y, first, np.zeros(len(data), dtype=int))


@pytest.mark.parametrize("controls", ["never_treated", "not_yet_treated"])
def test_estimates_and_errors_are_those_of_diff_diff(controls):
    want = golden()["diff_diff"][controls]
    never_only = controls == "never_treated"
    means = group_time_means(counties(), [(0, 9), *HORIZONS], never_only=never_only)
    estimates, errors = zip(want["simple"], *want["dynamic"], strict=True)
    close(means.estimate, estimates, 1e-10)
    close(np.sqrt((means.by_unit**2).sum(axis=1)), errors, 1e-10)


def test_groups_are_compared_within_themselves():
    panel = random_panel(3, 3)
    spans = [(0, 0), (0, 3)]
    sums = np.zeros(2)
    cells = np.zeros(2)
    for group in range(3):
        inside = panel.groups == group
        own = EventPanel(panel.Y[inside], panel.first[inside], panel.groups[inside])
        for k, (low, high) in enumerate(spans):
            seen = np.isfinite(own.Y) & (own.horizon >= low) & (own.horizon <= high)
            base = np.clip(own.first - 1, 0, own.Y.shape[1] - 1)
            seen &= np.isfinite(own.Y[np.arange(len(base)), base])[:, None]
            cells[k] += seen.sum()
            sums[k] += seen.sum() * group_time_means(own, spans).estimate[k]
    close(group_time_means(panel, spans).estimate, sums / cells, 1e-9)


def test_a_span_without_a_comparison_has_no_estimate():
    Y = default_rng(1).normal(size=(4, 4))
    panel = EventPanel(Y, np.array([2, 2, 2, 3]), np.zeros(4, dtype=int))
    means = group_time_means(panel, [(0, 0), (1, 1)])
    # From date 3 on every unit has the policy.
    change = Y[:, 2] - Y[:, 1]
    assert means.estimate[0] == pytest.approx(change[:3].mean() - change[3])
    assert np.isnan(means.estimate[1])


@pytest.mark.parametrize("controls", ["never_treated", "not_yet_treated"])
def test_means_by_cohort_and_over_all_cells_are_those_of_others(controls):
    expected = golden()
    want = expected["diff_diff"][controls]
    never_only = controls == "never_treated"
    names, means = group_time_aggregates(counties(), never_only=never_only)
    row = {name: k for k, name in enumerate(names)}
    rows = [row["simple", -1], *(row["group", position] for position in (1, 3, 4))]
    errors = np.sqrt((means.by_unit**2).sum(axis=1))
    estimates, of_errors = zip(want["simple"], *want["group"], strict=True)
    close(means.estimate[rows], estimates, 1e-10)
    close(errors[rows], of_errors, 1e-10)
    if never_only:
        overall = expected["r_did"]["group_overall"]
        assert means.estimate[row["groups", -1]] == pytest.approx(overall, abs=6e-5)


def test_means_by_date_weigh_cohorts_by_their_units():
    panel = counties()
    names, means = group_time_aggregates(panel, never_only=True)
    of_date = dict(zip(names, means.estimate, strict=True))
    cells = golden()["r_did"]["group_time"]
    sizes = {year: (panel.first == int(year) - 2003).sum() for year in cells}
    # Effects of R's did in 2004 to 2007; a cohort has none before its own first year.
    for position, date in enumerate(range(2004, 2008)):
        parts = [
            (sizes[year], effects[position])
            for year, effects in cells.items()
            if int(year) <= date
        ]
        counts, values = np.array(parts).T
        want = counts @ values / counts.sum()
        assert of_date["calendar", date - 2003] == pytest.approx(want, abs=6e-5)
    dates = [value for (kind, _), value in of_date.items() if kind == "calendar"]
    assert of_date["dates", -1] == pytest.approx(np.mean(dates))


def test_errors_of_means_over_cohorts_and_dates_are_those_of_units_left_out():
    draws = default_rng(4)
    first = np.repeat([1, 3, NEVER], [60, 40, 80])
    Y = draws.normal(size=(180, 5)).cumsum(axis=1)
    Y += np.where(np.arange(5) >= first[:, None], first[:, None] % 7, 0)
    kept = np.arange(180)

    def of(units):
        part = EventPanel(Y[units], first[units], np.zeros(len(units), dtype=int))
        return group_time_aggregates(part, never_only=True)

    names, means = of(kept)
    rows = [names.index(("groups", -1)), names.index(("dates", -1))]
    without = [of(np.delete(kept, i))[1].estimate[rows] for i in range(len(kept))]
    # The jackknife: what the estimate moves by without a unit is what the unit adds.
    moved = means.estimate[rows] - np.array(without)
    errors = np.sqrt((means.by_unit[rows] ** 2).sum(axis=1))
    close(np.sqrt((moved**2).sum(axis=0)), errors, 0.03)
    assert np.corrcoef(moved[:, 0], means.by_unit[rows[0]])[0, 1] > 0.99


def test_a_policy_that_nobody_gets_later_has_no_means():
    panel = EventPanel(np.ones((3, 3)), np.array([0, 0, NEVER]), np.zeros(3, dtype=int))
    with pytest.raises(NumericsError, match="no unit gets the policy after the first"):
        group_time_aggregates(panel)
