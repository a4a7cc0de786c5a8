"""Staggered panels that several tests use."""

from dataclasses import replace

import numpy as np
from numpy.random import default_rng

from evenfield.numerics.event_study.panel import NEVER, EventPanel

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
    date to date.
    """
    panel = random_panel(seed, groups)
    rng = default_rng([seed, columns])
    X = rng.normal(2, 1, (len(panel.Y), columns))
    slopes = rng.normal(size=(columns, panel.Y.shape[1])).cumsum(axis=1)
    return replace(panel, Y=panel.Y + X @ slopes, controls=X)
