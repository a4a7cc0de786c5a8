"""A small made panel for the tests of the library: incomes that close in on each other,
and a ring of neighbours.
"""

import numpy as np
import pandas as pd

import evenfield as ef
from refusals import fails

N = 12
YEARS = np.arange(1990, 2006)


def made_panel(years=YEARS, step=1, units=N):
    """A panel of incomes that close in on each other, one row a unit and year."""
    rng = np.random.default_rng(3)
    gap = rng.normal(size=units)[:, None] * 0.9 ** np.arange(len(years))
    x = rng.normal(size=(units, len(years)))
    rich = 9 + gap + 0.05 * rng.normal(size=(units, len(years)))
    y = 0.5 * x + rng.normal(size=(units, len(years)))
    data = pd.DataFrame(
        {"rich": rich.ravel(), "x": x.ravel(), "y": y.ravel()}, dtype=float
    )
    data["unit"] = np.repeat([f"u{i:02d}" for i in range(units)], len(years))
    data["year"] = np.tile(years * step, units)
    data["lat"] = np.repeat(rng.uniform(30, 40, units), len(years))
    data["lon"] = np.repeat(rng.uniform(0, 9, units), len(years))
    return data


DATA = made_panel()
KEYS = {"unit": "unit", "time": "year"}
RING = {f"u{i:02d}": [f"u{(i + 1) % N:02d}", f"u{(i - 1) % N:02d}"] for i in range(N)}


def refused(words, call, *args, **options):
    """Assert that the library refuses a call in these words."""
    fails(ef.EstimateError, words, call, *args, **options)
