"""A study in memory: the frames that a topic reads, without files. Import: ``from
made_study import MadeStudy``.
"""

import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import estimates_frame
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.study.study import Study
from evenfield.study.study_config import StudyConfig

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


def unit_names(n, letter="U"):
    """Return the ids of n units."""
    return [f"{letter}{i:02d}" for i in range(n)]


def yearly(units, years, basis="official", **columns):
    """Return a row a unit and year, with columns from arrays (units, years)."""
    pairs = pd.MultiIndex.from_product([units, years], names=["unit", "year"])
    frame = pairs.to_frame(index=False)
    for name, values in {"basis": basis, **columns}.items():
        frame[name] = np.broadcast_to(values, (len(units), len(years))).ravel()
    return frame


def of_units(units, **columns):
    """Return a row a unit with these columns."""
    return pd.DataFrame({"unit": units, **columns})


def grid(names, width=6):
    """Return units one degree apart in columns of a width, and their borders."""
    at = np.arange(len(names))
    pairs = [(a, a + 1) for a in at[:-1] if (a + 1) % width]
    pairs += [(a, a + width) for a in at[:-width]]
    links = [(names[a], names[b]) for a, b in pairs]
    units = of_units(names, lat=20.0 + at % width, lon=100.0 + at // width)
    return units, pd.DataFrame(links, columns=["unit_i", "unit_j"])


def weights_named(name, units, matrix):
    """Return weights by their name."""
    return {name: SpatialWeights(tuple(units), matrix, {"weights": name})}


def ring_named(name, units):
    """Return weights of a ring by their name: two neighbours of each unit."""
    ahead = np.roll(np.eye(len(units)), 1, axis=1)
    return weights_named(name, units, (ahead + ahead.T) / 2)


class MadeStudy(Study):
    """``tables`` and ``weights`` by name, ``config`` holds the sections that a topic
    reads; unit scheme ``s``.

    A table ``x/panel`` stands in for ``panel`` in unit scheme ``x``.
    """

    def __init__(self, config, tables, weights=None, changes=None, **described):
        base = {
            "panel": {"unit_scheme": "s", "unit_schemes": {"s": {}}},
            "weights": {
                "primary": next(iter(weights or ["w"])),
                "families": {key: {"kind": "file"} for key in weights or []},
            },
            "sesoi": {"speed_pp": 1.0},
            "inference": {
                "conf_level": 0.95,
                "permutations": 199,
                "placebo_lists": 99,
                "seed": 5,
                "pairs": [],
            },
        }
        self.written = {**base, **config}  # a test may change it
        super().__init__(self.written)
        self.tables = dict(tables)
        for name, change in (changes or {}).items():
            self.tables[name] = change(tables[name])
        self.matrices = weights or {}
        self.described = {"unit_scheme": "s", **described}

    @property
    def config(self):
        return StudyConfig.of(self.written)

    @config.setter
    def config(self, _):
        pass

    def _table(self, name, scheme="", text=()):
        return self.tables.get(f"{scheme}/{name}", self.tables[name]).copy()

    def _weights(self, name="", scheme=""):
        return self.matrices[name or self.config.weights.primary]

    def _description(self, scheme=""):
        return {
            **self.described,
            "unit_scheme": scheme or self.described["unit_scheme"],
        }

    def ingested(self, name, text=()):
        return self.tables[name].copy()

    def wide(self, column):
        """A column of the panel, one row a unit and one column a year."""
        return self.table("panel").pivot(index="unit", columns="year", values=column)

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
        return type(self)(self.written, self.tables | mixed, moved, **self.described)

    def renamed(self, names=None):
        """The same study with other unit ids, by default in the opposite order."""
        if names is None:
            frames = [frame for frame in self.tables.values() if "unit" in frame]
            units = sorted(set(frames[0]["unit"]))
            names = {unit: f"Z{99 - i}" for i, unit in enumerate(units)}
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
            json.dumps(self.written),
        )
        return type(self)(json.loads(text), tables, weights, **described)


def topic_study(topic, section, tables, everyone, weights=None, changes=None, **more):
    """Return a study with a section of one topic, and the sample ``all`` of everyone."""
    more["samples"] = {"all": list(everyone), **more.get("samples", {})}
    config = {"estimates": {topic: section}}
    return MadeStudy(config, tables, weights, changes, **more)


def policy_rows(first_years, **columns):
    """Return policies.csv: a policy of kind ``park`` a unit, from its first year on."""
    rows = of_units([*first_years], first_year=[*first_years.values()], kind="park")
    return rows.assign(**{"grade": "document", "last_year": np.nan, **columns})


def study_with_places(topic, section, panel, places, samples, **tables):
    """Return a study of units in a table of places, with a section of one topic."""
    units = places["unit"].tolist()
    return topic_study(
        topic,
        section,
        {"panel": panel, "units": places, **tables},
        units,
        samples=samples,
        units=units,
        data_hash="0" * 64,
        years=sorted(panel["year"].unique().tolist()),
    )


def results_of(study, results, topic, noun="unit"):
    """Return what exhibits and text of a topic see of its results."""
    section = study.config.estimates[topic]

    def specs(question):
        return section.get(question, [])

    return SimpleNamespace(
        config=study.config,
        description=study.description,
        estimates=lambda: estimates_frame(results.estimates),
        series=lambda name, text=(): results.series[name],
        table=study.table,
        ingested=getattr(study, "ingested", None),
        specs=specs,
        primary=lambda question: specs(question)[0],
        words={"unit_name": noun, "units_name": f"{noun}s"},
        name=str,
        word=lambda name: name.replace("_", " "),
        level="95%",
        power=0.8,
        note=lambda *sentences, **_: sentences,
    )


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


def order_and_names_do_not_matter(estimate, study, results=None, names=None):
    """Assert that shuffled rows and renamed units give the same results; return the
    results as they are and with other names.
    """
    results = results or estimate(study)
    same_results(estimate(study.shuffled(3)), results)
    renamed = estimate(study.renamed(names))
    same_numbers(renamed, results)
    return results, renamed


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


def primary(results, **wanted):
    """Return the one primary coefficient whose other fields hold the wanted values."""
    return row(results, role="primary", effect_type="coef", **wanted)
