"""A small made panel for the tests of the library: incomes that close in on each other,
and a ring of neighbours.
"""

import numpy as np
import pandas as pd

import evenfield as ef
from refusals import fails

N = 12
YEARS = np.arange(1990, 2006)


def ring(units):
    """Return the neighbours of units in a circle: the one before and the one after."""
    after = [*units[1:], units[0]]
    return {unit: [units[i - 1], after[i]] for i, unit in enumerate(units)}


def long(units, years, **columns):
    """Return matrices of units by years as a table, one row a unit and year."""
    data = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    data["unit"] = np.repeat(units, len(years))
    return data.assign(year=np.tile(years, len(units)))


def made_panel(years=YEARS, step=1, units=N):
    """A panel of incomes that close in on each other, one row a unit and year."""
    rng = np.random.default_rng(3)
    gap = rng.normal(size=units)[:, None] * 0.9 ** np.arange(len(years))
    x = rng.normal(size=(units, len(years)))
    rich = 9 + gap + 0.05 * rng.normal(size=(units, len(years)))
    y = 0.5 * x + rng.normal(size=(units, len(years)))
    names = [f"u{i:02d}" for i in range(units)]
    data = long(names, years * step, rich=rich, x=x, y=y)
    data["lat"] = np.repeat(rng.uniform(30, 40, units), len(years))
    data["lon"] = np.repeat(rng.uniform(0, 9, units), len(years))
    return data


DATA = made_panel()
KEYS = {"unit": "unit", "time": "year"}
RING = ring([f"u{i:02d}" for i in range(N)])


def refused(words, call, *args, **options):
    """Assert that the library refuses a call in these words."""
    fails(ef.EstimateError, words, call, *args, **options)
