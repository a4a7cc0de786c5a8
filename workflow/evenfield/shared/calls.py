"""The call of a library function that gives a row of the estimates: the function, the
rows of the data that it takes, its arguments, and where in its result the row stands.

Each topic whose estimator the library has says it in its `call.py`: a function `call` of
a study and a row. Nothing is estimated here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.random import generator_for
from evenfield.shared.spec import read
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study

# Numbers of a row that a result of the library has, too.
INFERENCE = ("std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
NUMBERS = ("estimate", *INFERENCE)
DRAWS = "its draws number the units in another order"
# Those in the unit of the estimate.
IN_ITS_UNIT = ("estimate", "std_error", "conf_low", "conf_high")


class NoCallError(Exception):
    """A row that no library function gives; the text says why, or what to do."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in a result some numbers of a row stand: one of ``term``, ``table``,
    ``note``, ``attribute`` and ``count``.
    """

    term: str = ""  # of to_frame()
    inference: str = ""  # beside the term; the first one where empty
    less: str = ""  # a term whose estimate is taken away
    per: str = ""  # a term by whose estimate it is divided
    table: str = ""  # of ``tables``
    line: object = ""  # of that table, by its index
    note: str = ""  # of ``notes``
    attribute: str = ""  # of the fit
    parameters: int = 0  # that a row counts in AIC and BIC beside those of the fit
    count: bool = False  # how many terms there are
    name: str = "estimate"  # number of the row that a note or an attribute is
    # number of the row -> column there; those of to_frame() have the same names
    columns: Mapping[str, str] = field(default_factory=lambda: same(*NUMBERS))
    times: float = 1.0  # of numbers in the unit of the estimate: 100 for percent

    def numbers(self, fit: Any, level: float) -> dict[str, float]:
        """Return the numbers of a row by name, in its unit of measure."""
        if self.count:
            found: Mapping[str, Any] = {self.name: len(fit.params)}
        elif self.note:
            found = {self.name: fit.notes[self.note]}
        elif self.attribute:
            each = {"aic": 2.0, "bic": float(np.log(fit.nobs))}
            more = self.parameters * each.get(self.attribute, 0.0)
            found = {self.name: getattr(fit, self.attribute) + more}
        elif self.table:
            line = fit.tables[self.table].loc[self.line]
            found = {name: line[column] for name, column in self.columns.items()}
        else:
            found = self._of_term(fit.to_frame(level))
        times = dict.fromkeys(IN_ITS_UNIT, self.times)
        return {
            name: float(value) * times.get(name, 1.0) for name, value in found.items()
        }

    def _of_term(self, frame: pd.DataFrame) -> dict[str, float]:
        own: Any = frame[
            frame["inference"] == (self.inference or frame["inference"][0])
        ]
        lines = own.set_index("term")
        line = lines.loc[self.term]
        found = {name: float(line[column]) for name, column in self.columns.items()}
        if self.less:
            found = {"estimate": found["estimate"] - lines["estimate"][self.less]}
        if self.per:
            found = {"estimate": found["estimate"] / lines["estimate"][self.per]}
        return found

    @property
    def code(self) -> str:
        """The place as an expression of a result named ``fit``."""
        if self.count:
            return "len(fit.params)"
        if self.note:
            return f"fit.notes[{self.note!r}]"
        if self.attribute:
            return f"fit.{self.attribute}"
        if self.table:
            return f"fit.tables[{self.table!r}].loc[{self.line!r}]"
        if self.less:
            return f"fit.params[{self.term!r}] - fit.params[{self.less!r}]"
        if self.per:
            return f"fit.params[{self.term!r}] / fit.params[{self.per!r}]"
        return f"fit.to_frame().set_index('term').loc[{self.term!r}]"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a library function, and where its result has the row."""

    function: str  # of the library
    data: pd.DataFrame
    # by keyword, plain values; the data and a matrix of units stand beside
    arguments: Mapping[str, Any]
    places: tuple[Place, ...]
    weights: pd.DataFrame | None = None  # (N, N) by ids
    weights_as: str = "w"  # argument that takes them
    # a method of the result and its arguments, where the numbers stand in what it gives
    then: tuple[str, Mapping[str, Any]] | None = None
    note: str = ""  # what a reader of the call should know
    # numbers that the law of the row fixes
    fixed: Mapping[str, float] = field(default_factory=dict)
    # numbers of the row that the library has otherwise, and why
    apart: Mapping[str, str] = field(default_factory=dict)

    def numbers(self, fit: Any, level: float) -> dict[str, float]:
        """Return the numbers of the row by name."""
        found = dict(self.fixed)
        for place in self.places:
            found |= place.numbers(fit, level)
        return found


def same(*names: str) -> dict[str, str]:
    """Return names as those of columns, too."""
    return dict(zip(names, names, strict=True))


def seed_of(seed: int, draw_id: str) -> list[int]:
    """Return what `numpy.random.default_rng` makes the stream of a published number of."""
    sequence: Any = generator_for(seed, draw_id).bit_generator.seed_seq
    return list(sequence.entropy)


@cache
def section_of(study: Study, kind: Any, topic: str) -> Any:
    """Return the section of a topic, read once for all its rows."""
    return read(kind, study.config, topic)


def specification(specs: Any, row: Row) -> Any:
    """Return the specification of a row among those of its topic."""
    for spec in specs:
        if spec.id == row["spec_id"]:
            return spec
    raise NoCallError(
        f"no specification {row['spec_id']} in the config: it was changed after the run"
    )


def square(matrix: Any, units: Sequence[str]) -> pd.DataFrame:
    """Return weights (N, N) with the units as labels of rows and columns."""
    return pd.DataFrame(matrix.toarray(), index=list(units), columns=list(units))
