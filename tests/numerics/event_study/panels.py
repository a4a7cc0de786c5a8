"""Staggered panels that several tests use, what other programs say of them, and dense
least squares.
"""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.random import default_rng

from evenfield.numerics.event_study.panel import NEVER, EventPanel

GOLDEN = Path(__file__).parents[2] / "golden" / "event_study"
COHORTS = (4, 6, 9, NEVER)


def random_panel(seed, groups=1, units=60, dates=12):
    """A panel with holes, unit effects, effects of group and date, and effects of a
    policy that differ between units and grow.
    """
    rng = default_rng(seed)
    first = rng.choice(COHORTS, units)
    group = np.arange(units) % groups
    since = np.arange(dates) - first[:, None]
    policy = np.where(since >= 0, (1 + 0.1 * since) * rng.normal(1, 1, (units, 1)), 0.0)
    Y = rng.normal(size=(units, 1)) + rng.normal(size=(groups, dates))[group]
    Y = Y + policy + rng.normal(size=(units, dates))
    Y[rng.random(Y.shape) < 0.05] = np.nan
    return EventPanel(Y, first, group)


def controlled_panel(seed, groups=1, columns=2):
    """A panel of units with predetermined numbers that outcomes follow, more or less from
    date to date; without columns as it is.
    """
    panel = random_panel(seed, groups)
    if not columns:
        return panel
    rng = default_rng([seed, columns])
    X = rng.normal(2, 1, (len(panel.Y), columns))
    slopes = rng.normal(size=(columns, panel.Y.shape[1])).cumsum(axis=1)
    return replace(panel, Y=panel.Y + X @ slopes, controls=X)


@cache
def golden():
    """Numbers of other programs on these panels and on data of others."""
    return json.loads((GOLDEN / "expected.json").read_text())


def dense_columns(panel, unit, date):
    """Dummies of units and of group and date, and controls times dates, written out for
    some cells.
    """
    T = panel.Y.shape[1]
    pair = panel.groups[unit] * T + date
    at = (date[:, None] == np.arange(T)).astype(float)
    held = np.zeros((len(panel.Y), 0)) if panel.controls is None else panel.controls
    dummies = [unit[:, None] == np.unique(unit), pair[:, None] == np.unique(pair)]
    return np.hstack([*dummies, *(x[unit, None] * at for x in held.T)]).astype(float)


def dense_fit(panel):
    """Return what dense least squares fit to cells without the policy predicts, NaN where
    the row of a cell is no combination of rows that are fitted.
    """
    unit, date = np.nonzero(np.ones(panel.Y.shape, dtype=bool))
    D = dense_columns(panel, unit, date)
    fitted = panel.untreated[unit, date]
    beta = np.linalg.lstsq(D[fitted], panel.Y[panel.untreated], rcond=None)[0]
    _, roots, V = np.linalg.svd(D[fitted], full_matrices=False)
    V = V[roots > 1e-9 * roots[0]]
    spanned = np.linalg.norm(D - (D @ V.T) @ V, axis=1) < 1e-6
    return np.where(spanned, D @ beta, np.nan).reshape(panel.Y.shape)
