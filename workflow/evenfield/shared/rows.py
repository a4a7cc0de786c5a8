"""The builder of tidy rows and what an estimator hands back."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, methodcaller
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evenfield.models.rows import Row
from evenfield.numerics.inference.design import Tested
from evenfield.shared.estimates import (
    ESTIMATE_COLUMNS,
    NAN,
    Estimate,
    Fields,
    asking,
    untested,
    what_is_asked,
    write_estimates,
)
from evenfield.shared.few_units import fields_of
from evenfield.shared.samples import joined
from evenfield.study.files import read_json, write_json, write_text
from evenfield.study.table_files import write_results


class Kind(NamedTuple):
    """What one row of a topic is."""

    estimator: str
    term: str
    effect_type: str
    unit_of_measure: str


class Rows:
    """The rows of one regression: what they share is said once, the reason of an
    undefined row too.
    """

    def __init__(
        self, kinds: Mapping[str, Kind], role: str, note: str = "", **shared: Any
    ) -> None:
        self.kinds = kinds
        self.role = role
        self.note = note
        self.shared = shared
        self.estimates: list[Estimate] = []

    def add(self, name: str, *warnings: str, **numbers: Any) -> None:
        """Add a row; a row that describes (effect type ``stat``) is never a deciding
        one.
        """
        kind = self.kinds[name]
        role = "description" if kind.effect_type == "stat" else self.role
        # What comes later counts: a row may differ from what the others share; what it
        # asks of the library it asks besides.
        labels = {
            "role": role,
            **self.shared,
            **kind._asdict(),
            **numbers,
        }
        if "asked" in numbers:
            own = what_is_asked(numbers["asked"])
            labels["asked"] = asking(self.shared.get("asked", ""), **own)
        labels["warning"] = joined(self.note, *warnings)
        self.estimates.append(Estimate(**labels))

    def add_tests(
        self, tests: Iterable[Row], level: float, labels: Mapping[str, Fields]
    ) -> None:
        """Add the rows of a model with the labels of their terms; the first method of a
        term decides, further ones stand beside it under names of their own.
        """
        deciding = dict[str, str]()
        for term, test, method, notes in tests:
            own = {"warning": "", **labels.get(term, {})}
            if method:
                own["asked"] = asking(own.get("asked", ""), inference=method)
            if method != deciding.setdefault(term, method):
                own["role"] = "ladder"
                own["estimator"] = f"{self.kinds[term].estimator}_{method.lower()}"
            # What describes has no interval.
            described = self.kinds[term].effect_type == "stat"
            self.add_test(term, test, NAN if described else level, *notes, **own)

    def add_test(
        self,
        name: str,
        test: Tested,
        level: float,
        *notes: str,
        warning: str = "",
        **labels: Any,
    ) -> None:
        """Add a row of a test, with the reason where it or its interval is not defined."""
        undefined = bool(test.reason) and np.isnan(test.estimate)
        reason = ""
        if undefined:
            reason = f"not defined: {test.reason}"
        elif test.reason:
            why = untested(test.reason, labels.get("asked", ""))
            reason = why["warning"]
            labels["asked"] = why["asked"]
        numbers = fields_of(test, NAN if undefined else level)
        self.add(name, warning, reason, *notes, **numbers | labels)

    def undefined(self, names: Sequence[str], reason: object, **numbers: Any) -> None:
        """Add rows without a number that say why."""
        for name in names:
            self.add(name, f"not defined: {reason}", estimate=NAN, **numbers)


@dataclass
class Results:
    """Everything one topic writes: tidy rows, series by name (what figures and tables
    need beside them), a summary.
    """

    estimates: list[Estimate] = field(default_factory=list)  # one number each
    series: dict[str, pd.DataFrame] = field(default_factory=dict)  # by name of the file
    fit: Fields = field(default_factory=dict)  # what fit.json says of the topic

    def write(self, folder: str | Path) -> None:
        """Write ``estimates.csv``, one CSV for each series and ``fit.json``."""
        write_estimates(self.estimates, Path(folder) / "estimates.csv")
        for name, frame in self.series.items():
            write_results(frame, Path(folder) / f"{name}.csv")
        write_json(self.fit, Path(folder) / "fit.json")

    def keep(self, path: str | Path) -> None:
        """Write everything into one file, not rounded, for the job that joins the
        chunks of a topic.
        """
        series = {name: frame.to_dict("list") for name, frame in self.series.items()}
        rows = list(map(attrgetter(*ESTIMATE_COLUMNS[1:]), self.estimates))
        # Numbers of NumPy are written as those of Python.
        text = json.dumps([rows, series, self.fit], default=methodcaller("item"))
        write_text(text, path)


def gathered(paths: Sequence[str | Path]) -> Results:
    """Join what ``Results.keep`` wrote."""
    out = Results()
    series = defaultdict[str, list[pd.DataFrame]](list)
    for path in paths:
        rows, frames, fit = read_json(path)
        for row in rows:
            labels = dict(zip(ESTIMATE_COLUMNS[1:], row, strict=True))
            out.estimates.append(Estimate(**labels))
        out.fit |= fit
        for name, columns in frames.items():
            series[name].append(pd.DataFrame(columns))
    out.series = {
        name: pd.concat(parts, ignore_index=True) for name, parts in series.items()
    }
    return out


def stacked(
    parts: Sequence[pd.DataFrame], labels: list[str], numbers: list[str]
) -> pd.DataFrame:
    """Stack the parts of a series, sorted by their labels; columns that a part lacks
    are blank, ``numbers`` floats.
    """
    frame = pd.concat(parts) if parts else pd.DataFrame()
    return (
        frame.reindex(columns=labels + numbers)
        .astype(dict.fromkeys(numbers, float))
        .sort_values(labels, ignore_index=True)
    )
