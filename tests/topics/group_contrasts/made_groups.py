"""Thirty units on a grid with clusters, zones and a programme; planted differences, growth, wages and investment."""

import numpy as np
import pandas as pd

from made_study import MadeStudy

N, YEARS = 30, np.arange(1990, 2011)
NAMES = [f"u{i:02d}" for i in range(N)]
I = np.arange(N)  # noqa: E741
CLUSTER, SEZ, WEST = I < 6, (I > 2) & (I < 9), I >= 18
PERIODS = [
    {"period": "A", "start": 1990, "end": 1999, "label": "1990-99", "role": "main", "basis": "proxy"},
    {"period": "B", "start": 2000, "end": 2010, "label": "2000-10", "role": "main", "basis": "official"},
]
SPAN = {"period": "AB", "start": 1990, "end": 2010, "label": "1990-2010", "role": "span", "basis": "spliced"}
SESOI = {"log": 0.1, "share": 0.5, "quarter": 0.25, "percent": 5.0, "pp": 0.5, "elasticity": 0.2}


def make_study(section, periods=None, **columns):
    """Return a study whose panel holds ``columns``, arrays (N, T), beside basis and log income."""
    periods = periods or PERIODS
    rng, shape = np.random.default_rng(1), (N, len(YEARS))
    wide = {"log_income": 8 + rng.normal(size=shape)}
    wide |= {name: np.broadcast_to(v, shape) for name, v in columns.items()}
    panel = pd.DataFrame({"unit": np.repeat(NAMES, len(YEARS)), "year": np.tile(YEARS, N)})
    panel = panel.assign(**{name: values.ravel() for name, values in wide.items()})
    panel["basis"] = np.where(panel["year"] < 2000, "proxy", "official")
    cells, by_period = [], []
    for p, item in enumerate(periods):
        for name, cluster in (("main", CLUSTER), ("other", I % 4 == 0)):
            cells.append(pd.DataFrame({"unit": NAMES, "cluster": cluster * 1, "sez": SEZ * 1}))
            cells[-1] = cells[-1].assign(taxonomy=name, period=item["period"], cell="neither")
            cells[-1].loc[cluster & SEZ, "cell"] = "both"
        frame = pd.DataFrame({"unit": NAMES, "period": item["period"], "start": rng.normal(size=N)})
        by_period.append(frame.assign(growth=5 + 2 * CLUSTER + (4 - 1.5 * p) * SEZ + 0.05 * rng.normal(size=N)))
    where = {"lat": 20.0 + I % 6, "lon": 100.0 + I // 6, "coastal": (I < 12).astype(int)}
    pairs = [(NAMES[a], NAMES[a + 1]) for a in range(N - 1) if a % 6 != 5]
    pairs += [(NAMES[a], NAMES[a + 6]) for a in range(N - 6)]
    exposures = {"weights": "near", "taxonomy": "main", "period": "A", "unit": NAMES}
    tables = {
        "panel": panel,
        "cells": pd.concat(cells, ignore_index=True),
        "periods": pd.concat(by_period, ignore_index=True),
        "units": pd.DataFrame({"unit": NAMES, **where}),
        "adjacency": pd.DataFrame(pairs, columns=["unit_i", "unit_j"]),
        "programmes": pd.DataFrame({"programme": "go", "unit": np.array(NAMES)[WEST]}),
        "exposures": pd.DataFrame({**exposures, "exposure_cluster": np.linspace(0, 1, N)}),
    }
    config = {
        "estimates": {"group_contrasts": section},
        "taxonomy": {"primary": "main", "all": ["main", "other"]},
        "weights": {"primary": "near", "families": {}, "join": []},
        "sesoi": SESOI,
    }
    samples = {"all": NAMES, "few": NAMES[3:12]}
    return MadeStudy(config, tables, units=NAMES, periods=periods, samples=samples, data_hash="0")
