"""A study in memory: the frames that a topic reads, without files. Import: ``from
made_study import MadeStudy``.
"""

import json
import re

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import estimates_frame
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.study.study import Study

NUMBERS = [
    "estimate",
    "std_error",
    "statistic",
    "df",
    "p_value",
    "conf_low",
    "conf_high",
    "n_obs",
]


class MadeStudy(Study):
    """``tables`` and ``weights`` by name, ``config`` holds the sections that a topic
    reads; unit scheme ``s``.

    A table ``x/panel`` stands in for ``panel`` in unit scheme ``x``.
    """

    def __init__(self, config, tables, weights=None, **described):
        base = {
            "panel": {"unit_scheme": "s", "unit_schemes": {"s": {}}},
            "weights": {
                "primary": next(iter(weights or ["w"])),
                "families": {key: {} for key in weights or []},
            },
            "inference": {
                "conf_level": 0.95,
                "permutations": 199,
                "seed": 5,
                "pairs": [],
            },
        }
        super().__init__({**base, **config})
        self.tables, self.matrices, self.described = (
            tables,
            weights or {},
            {"unit_scheme": "s", **described},
        )

    def _table(self, name, scheme="", text=()):
        return self.tables.get(f"{scheme}/{name}", self.tables[name]).copy()

    def _weights(self, name="", scheme=""):
        return self.matrices[name or self.config["weights"]["primary"]]

    def _description(self, scheme=""):
        return {
            **self.described,
            "unit_scheme": scheme or self.described["unit_scheme"],
        }

    def ingested(self, name, text=()):
        return self.tables[name].copy()

    def shuffled(self, seed):
        """The same study with rows and weights permuted, but for units, whose rows are
        the order of draws.
        """
        rng = np.random.default_rng(seed)
        moved = {}
        for name, w in self.matrices.items():
            order = rng.permutation(len(w.units))
            units = tuple(w.units[i] for i in order)
            moved[name] = SpatialWeights(units, w.matrix[order][:, order], w.spec)
        mixed = {
            k: frame.sample(frac=1, random_state=seed)
            for k, frame in self.tables.items()
            if not k.endswith("units")
        }
        return MadeStudy(self.config, self.tables | mixed, moved, **self.described)

    def renamed(self, names):
        """The same study with other unit ids."""
        ids = ("unit", "unit_i", "unit_j")
        tables = {}
        for key, frame in self.tables.items():
            tables[key] = frame.assign(
                **{c: frame[c].map(names) for c in frame if c in ids}
            )
        named = {
            key: tuple(names[unit] for unit in w.units)
            for key, w in self.matrices.items()
        }
        weights = {
            key: SpatialWeights(named[key], w.matrix, w.spec)
            for key, w in self.matrices.items()
        }
        described = dict(self.described)
        if "units" in described:
            described["units"] = [names[unit] for unit in described["units"]]
        described["samples"] = {
            k: [names[u] for u in units] for k, units in described["samples"].items()
        }
        text = re.sub(
            r'"([^"]*)"',
            lambda result: f'"{names.get(result[1], result[1])}"',
            json.dumps(self.config),
        )
        return MadeStudy(json.loads(text), tables, weights, **described)


def same_results(one, two):
    """Assert that two results hold the same rows, series and summary."""
    pd.testing.assert_frame_equal(
        estimates_frame(one.estimates), estimates_frame(two.estimates)
    )
    for name, frame in one.series.items():
        pd.testing.assert_frame_equal(
            frame.reset_index(drop=True), two.series[name].reset_index(drop=True)
        )
    assert one.fit == two.fit


def same_numbers(one, two):
    """Assert that two results hold the same numbers, whatever the units are called."""
    a = estimates_frame(one.estimates)
    b = estimates_frame(two.estimates)
    pd.testing.assert_frame_equal(a[NUMBERS], b[NUMBERS])


def one_line(kind, text):
    """Expect an error of this kind whose message is one line that holds the text."""
    return pytest.raises(kind, match=rf"\A.*{re.escape(text)}.*\Z")


def rows(results, **wanted):
    """Return the rows whose fields hold the wanted values."""
    return [
        e
        for e in results.estimates
        if all(getattr(e, key) == value for key, value in wanted.items())
    ]


def row(results, **wanted):
    """Return the one row whose fields hold the wanted values."""
    result = rows(results, **wanted)
    assert len(result) == 1, f"{len(result)} rows with {wanted}"
    return result[0]
