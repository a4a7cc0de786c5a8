"""Sun and Abraham's means against a regression on dummies, mean changes where the panel
is whole, and what fixest's `sunab` prints.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study import interaction_weighted as module
from evenfield.numerics.event_study.group_time import group_time_means
from evenfield.numerics.event_study.interaction_weighted import interaction_weighted
from evenfield.numerics.event_study.panel import NEVER, EventPanel
from golden.printed import PROGRAMS
from numerics.event_study.panels import controlled_panel, random_panel
from tolerances import MACHINE, close

SPANS = [(0, 0), (0, 3), (2, 2)]


def by_dummies(panel, spans, *, last=None):
    """The same regression with a column for every unit, date and effect."""
    dates = panel.Y.shape[1]
    used = panel.observed & (panel.first > 0)[:, None]
    if last is not None:
        used &= np.arange(dates) < last
    unit, date = np.nonzero(used)
    first = panel.first[unit]
    control = (first == NEVER) | (first == last)
    pairs = sorted(
        {(f, t) for f, t in zip(first[~control], date[~control], strict=True)}
    )
    pairs = [(f, t) for f, t in pairs if t != f - 1]
    effects = [(first == f) & (date == t) for f, t in pairs]
    columns = [unit == i for i in np.unique(unit)]
    groups = panel.groups[unit]
    columns += [
        (groups == g) & (date == t) for g in np.unique(groups) for t in range(dates)
    ]
    if panel.controls is not None:
        columns += [
            panel.controls[unit, k] * (date == t)
            for k in range(panel.controls.shape[1])
            for t in range(1, dates)
        ]
    X = np.array([*effects, *columns], dtype=float).T
    y = panel.Y[unit, date]
    beta, *_ = np.linalg.lstsq(X, y, rcond=None)
    residual = y - X @ beta
    weights = np.zeros((len(spans), len(beta)))
    means, sizes = [], []
    for k, (low, high) in enumerate(spans):
        horizon = date - first
        cell = ~control & (horizon >= low) & (horizon <= high)
        for column, effect in enumerate(effects):
            weights[k, column] = (cell & effect).sum() / cell.sum()
        of_cell = X[:, : len(effects)] @ beta[: len(effects)]
        means.append(of_cell[cell].mean())
        apart = np.where(cell, of_cell - means[-1], 0.0) / cell.sum()
        sizes.append(np.bincount(unit, apart, minlength=len(panel.Y)))
    moves = weights @ np.linalg.pinv(X)  # (K, rows)
    scores = [
        np.bincount(unit, move * residual, minlength=len(panel.Y)) for move in moves
    ]
    return np.array(means), np.array(scores) + np.array(sizes)


@pytest.mark.parametrize(
    "panel", [random_panel(1), random_panel(2, groups=3), controlled_panel(3)]
)
def test_means_and_scores_are_those_of_a_regression_on_dummies(panel):
    made = interaction_weighted(panel, SPANS)
    means, scores = by_dummies(panel, SPANS)
    close(made.estimate, means, 1e-9)
    close(made.by_unit, scores, 1e-9)


def test_without_units_that_never_get_it_the_last_ones_stand_for_them():
    panel = random_panel(4)
    panel = EventPanel(
        panel.Y[panel.ever], panel.first[panel.ever], panel.groups[panel.ever]
    )
    made = interaction_weighted(panel, SPANS)
    close(made.estimate, by_dummies(panel, SPANS, last=9)[0], 1e-9)


def test_in_a_whole_panel_they_are_mean_changes_against_units_that_never_get_it():
    panel = random_panel(5)
    panel = replace(panel, Y=np.where(panel.observed, panel.Y, 0.3))
    made = interaction_weighted(panel, SPANS)
    known = group_time_means(panel, SPANS, never_only=True)
    close(made.estimate, known.estimate, 1e-10)
    close(made.by_unit, known.by_unit, 1e-10)
    assert (made.present == known.present).all()
    close(made.cells, known.cells, MACHINE)


# github brycewang-stanford/StatsPAI, tests/r_parity/results/05_sunab_R.json: feols(lemp ~
# sunab(first_treat, year) | countyreal + year, cluster = ~countyreal), R 4.5.2.
PRINTED = {
    (0, 0): -0.0338371899158973,
    (1, 1): -0.0280311406164622,
    (2, 2): -0.0455279063598638,
    (3, 3): -0.0277338393271108,
    (0, 3): -0.0329765138096558,
}
# Of horizons that one cohort has; fixest's factor is that of K = 17.
PRINTED_ERRORS = {(2, 2): 0.0148429550760216, (3, 3): 0.0144269600608353}


def test_they_are_what_fixest_prints():
    wide = pd.read_csv(PROGRAMS / "replica.csv")
    years = wide.columns[2:].astype(int)
    first = wide["first_treat"].to_numpy()
    panel = EventPanel(
        wide.iloc[:, 2:].to_numpy(),
        np.where(first > 0, first - years[0], NEVER),
        np.zeros(len(wide), dtype=int),
    )
    made = interaction_weighted(panel, list(PRINTED))
    close(made.estimate, list(PRINTED.values()), 1e-12)
    N, units = panel.Y.size, len(panel.Y)
    factor = units / (units - 1) * (N - 1) / (N - 17)
    errors = np.sqrt(factor * (made.by_unit**2).sum(axis=1))
    for at, span in enumerate(PRINTED):
        if span in PRINTED_ERRORS:
            close(errors[at], PRINTED_ERRORS[span], 1e-8)


WHOLE = random_panel(5, units=24)
WHOLE = replace(WHOLE, Y=np.where(WHOLE.observed, WHOLE.Y, 0.3))
DATES = np.arange(WHOLE.Y.shape[1])


@pytest.mark.parametrize(
    "seen",
    [
        # The effects of a cohort that is seen under the policy alone are those of its
        # units, and the effects of a date at which only one cohort is seen its own.
        (WHOLE.first[:, None] != 6) | (DATES >= 6),
        (WHOLE.first[:, None] == 4) | (DATES != 9),
        # Nobody is seen but at the date before the policy.
        (WHOLE.first[:, None] == NEVER) | (WHOLE.first[:, None] - 1 == DATES),
    ],
)
def test_effects_that_the_regression_does_not_tell_are_refused(seen):
    panel = replace(WHOLE, Y=np.where(seen, WHOLE.Y, np.nan))
    with pytest.raises(NumericsError, match="does not tell effects of cohorts"):
        interaction_weighted(panel, SPANS)


def test_one_date_before_the_policy_tells_its_effects():
    seen = (WHOLE.first[:, None] != 6) | (DATES >= 5)
    panel = replace(WHOLE, Y=np.where(seen, WHOLE.Y, np.nan))
    made = interaction_weighted(panel, SPANS)
    close(made.estimate, by_dummies(panel, SPANS)[0], 1e-9)


def test_what_it_cannot_tell_is_said(monkeypatch):
    panel = random_panel(6)
    alone = replace(panel, first=np.where(panel.ever, 4, 0))
    with pytest.raises(NumericsError, match="no cohort can be compared"):
        interaction_weighted(alone, SPANS)
    monkeypatch.setattr(module, "LARGEST", 10)
    with pytest.raises(NumericsError, match="effects of cohort and date are too many"):
        interaction_weighted(panel, SPANS)
