"""Changes of cohorts against units without the policy yet, against diff-diff and by
hand.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from evenfield.numerics.event_study.group_time import group_time_means
from evenfield.numerics.event_study.panel import NEVER, EventPanel
from numerics.event_study.panels import random_panel
from tolerances import close

GOLDEN = Path(__file__).parents[2] / "golden" / "event_study"
HORIZONS = [(e, e) for e in range(-3, 4)]


def counties():
    data = pd.read_csv(GOLDEN / "mpdta.csv")
    Y = np.log(data.drop(columns=["county", "first"]).to_numpy(float))
    first = np.where(data["first"] == 0, NEVER, data["first"] - 2003)
    return EventPanel(Y, first, np.zeros(len(data), dtype=int))


@pytest.mark.parametrize("controls", ["never_treated", "not_yet_treated"])
def test_estimates_and_errors_are_those_of_diff_diff(controls):
    want = json.loads((GOLDEN / "expected.json").read_text())["diff_diff"][controls]
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
