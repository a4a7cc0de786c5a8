"""A made-up study of 30 units on a grid with clusters, zones and a programme, for the tests of group comparisons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.contrasts import ContrastSettings
from evenfield.shared.contrasts.group_study import GroupStudy, joined_links

N = 30
NAMES = [f"u{i:02d}" for i in range(N)]
YEARS = range(1990, 2011)
CLUSTER = np.arange(N) < 6
SEZ = (np.arange(N) > 2) & (np.arange(N) < 9)
WEST = np.arange(N) >= 18
PERIODS = [
    {"period": "P1", "start": 1990, "end": 1999, "label": "1990-99", "role": "main", "basis": "proxy"},
    {"period": "P2", "start": 2000, "end": 2010, "label": "2000-10", "role": "main", "basis": "official"},
]


def make_study(**columns: np.ndarray) -> GroupStudy:
    """Return a study whose panel holds the columns given as units by years."""
    panel = pd.DataFrame([(u, y) for u in NAMES for y in YEARS], columns=["unit", "year"])
    panel["basis"] = np.where(panel["year"] < 2000, "proxy", "official")
    panel["log_income"] = 1.0
    for name, values in columns.items():
        panel[name] = np.asarray(values, dtype=float).ravel()
    cells = [
        {"taxonomy": name, "unit": u, "period": p["period"], "cluster": int(c), "sez": int(s), "cell": cell_of(c, s)}
        for name, shift in (("main", 0), ("other", 1)) for p in PERIODS
        for u, c, s in zip(NAMES, np.roll(CLUSTER, shift), SEZ, strict=True)
    ]  # fmt: skip
    i = np.arange(N)
    units = pd.DataFrame({"unit": NAMES, "lat": 20.0 + i % 6, "lon": 100.0 + i // 6, "coastal": (i % 6 < 3) * 1})
    pairs = [(i, i + 1) for i in range(N - 1) if i % 6 != 5] + [(i, i + 6) for i in range(N - 6)]
    links = pd.DataFrame([(NAMES[a], NAMES[b]) for a, b in pairs[1:]], columns=["unit_i", "unit_j"])
    description: dict[str, Any] = {"unit_scheme": "all", "data_hash": "abc", "periods": PERIODS}
    return GroupStudy(
        panel, pd.DataFrame(cells), units, joined_links(links, [[NAMES[a] for a in pairs[0]]]), description, "main",
        ("main", "other"), {"all": tuple(NAMES), "few": tuple(NAMES[:8])},
        ContrastSettings(0.95, 0.8, 199, 7, (("u00", "u01"),)),
    )  # fmt: skip


def cell_of(cluster: bool, sez: bool) -> str:
    return {(True, True): "both", (True, False): "cluster only", (False, True): "SEZ only"}.get(
        (bool(cluster), bool(sez)), "neither"
    )


def shuffled(study: GroupStudy) -> GroupStudy:
    """Return the study with the rows of every table in another order."""
    mixed = {name: getattr(study, name).sample(frac=1, random_state=3) for name in ("panel", "cells", "units", "links")}
    return replace(study, **mixed)


def renamed(study: GroupStudy) -> GroupStudy:
    """Return the study with other unit ids in the same order."""
    new = {name: f"v{name}" for name in NAMES}
    samples = {name: tuple(new[unit] for unit in kept) for name, kept in study.samples.items()}
    tables = {name: getattr(study, name).replace({"unit": new}) for name in ("panel", "cells", "units")}
    settings = replace(study.settings, pairs=())
    return replace(study, **tables, links=study.links.replace(new), samples=samples, settings=settings)
