"""Made facts for every sentence of the sections: what was found, its opposite and what
cannot be told, by topic and case, as section_cases.yaml writes them.
"""

from copy import deepcopy
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pandas as pd

from evenfield.shared.estimates import ESTIMATE_COLUMNS, TEXT_FIELDS
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.rows import Selector
from evenfield.study.config import checked_config
from yaml_text import from_yaml

WRITTEN = from_yaml(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
CHECKED = checked_config(WRITTEN["config"])
ENDS = WRITTEN["ends"]
UNITS = [f"u{number}" for number in range(12)]
NAMES = pd.DataFrame({"unit": UNITS, "name": [f"Name {unit}" for unit in UNITS]})
BLANK = {name: "" if name in TEXT_FIELDS else np.nan for name in ESTIMATE_COLUMNS}
BLANK |= {"spec_id": "plain", "period": "S1", "unit_scheme": "all", "sample_id": "all"}
TABLES = ("series", "panel", "cells", "yearly_cells", "policies")
# Parts of an interval that a key of a row stands for, and what they are divided by.
PARTS = {"ends": (3, 1), "tenth": (3, 10), "middle": (1, 1)}
NUMBERS = ("estimate", "conf_low", "conf_high")


class MadeResults(StudyResults):
    """Facts from frames instead of files; ``change`` is laid over the config."""

    def __init__(self, topic, rows=(), tables=None, fit=None, change=None):
        super().__init__(laid_over(CHECKED, change or {}))
        self.topic = topic
        self._rows = frame_of(rows)
        self._tables = {"units": NAMES, **(tables or {})}
        self._fit = fit or {}
        self.description = lambda *_: {"unit_scheme": "all"}
        self.table = lambda name, *_, **__: self._tables[name]
        self.ingested = lambda name, *_, **__: self._tables.get(name, pd.DataFrame())

    @property
    def _selected(self):
        return lambda _: (self._rows, Selector(self._rows))

    def series(self, *_, **__):
        return self._tables["series"]

    def fit(self, topic=""):
        return self._fit


def frame_of(rows):
    frame = pd.DataFrame([{**BLANK, **numbered(row)} for row in rows], columns=[*BLANK])
    return frame.assign(estimate_id=[f"{i:012x}" for i in range(len(frame))])


def numbered(row):
    """Return a row with the numbers of its ``ends``, which its own take the place of."""
    numbers = {}
    for key, (count, divisor) in PARTS.items():
        if key in row:
            ends = row[key] if isinstance(row[key], list) else ENDS[row[key]]
            numbers = dict(zip(NUMBERS[:count], np.array(ends) / divisor, strict=False))
    return numbers | {name: row[name] for name in row if name not in PARTS}


def laid_over(base, change):
    """Return a config with changes: in mappings by key, in lists of mappings by place,
    a further one over the first.
    """
    if isinstance(base, dict):
        changed = {key: laid_over(base.get(key), new) for key, new in change.items()}
        return deepcopy({**base, **changed})
    if isinstance(base, list) and base and isinstance(base[0], dict):
        olds = [*base, *base[:1] * (len(change) - len(base))]
        pairs = zip_longest(olds, change, fillvalue={})
        return [laid_over(old, new) for old, new in pairs]
    return change


def filled(written, given):
    """Put what a case gives in the place of names that begin with $."""
    if isinstance(written, dict):
        return {key: filled(value, given) for key, value in written.items()}
    if isinstance(written, list):
        return [filled(value, given) for value in written]
    named = isinstance(written, str) and written.startswith("$")
    return given[written[1:]] if named else written


def made(topic, case, further=None):
    """Return the facts of a case, of which the config may be changed further."""
    shared = WRITTEN["topics"][topic]
    own = shared["cases"][case] or {}
    given = {"units": UNITS, "ends": case, **shared.get("usual", {}), **own}

    def part(name, usual):
        return filled(own.get(name, shared.get(name, usual)), given)

    blocks = {name: part(name, []) for name in TABLES}
    tables = {
        name: pd.concat(map(pd.DataFrame, columns))
        for name, columns in blocks.items()
        if columns
    }
    rows = part("rows", []) + part("more", [])
    change = part("config", {})
    if "section" in own:
        change = {"estimates": {topic: own["section"]}}
    change = laid_over(change, further or {})
    return MadeResults(topic, rows, tables, part("fit", {}), change)


CASES = {
    topic: {case: made(topic, case) for case in shared["cases"]}
    for topic, shared in WRITTEN["topics"].items()
}
