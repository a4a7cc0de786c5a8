"""The call of a library function that gives a row of the estimates: the function, the
rows of the data that it takes, its arguments, and where in its result the row stands.

Each topic whose estimator is in the library too has a `call.py` with a function `call`,
which takes a study and a row and returns a `Call`. Nothing is estimated here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.inference.methods import METHODS
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import what_is_asked
from evenfield.shared.spec import read
from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row
from evenfield.shared.topics import TOPICS, read_topics
from evenfield.study.study import Study

# Columns of estimates.csv that a result of the library has under the same names.
INFERENCE = ("std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
NUMBERS = ("estimate", *INFERENCE)
# Those of them that have the unit of measure of the outcome; the others have none.
IN_ITS_UNIT = ("estimate", "std_error", "conf_low", "conf_high")
MOVED = ("estimate", "conf_low", "conf_high")  # with it
# Why a p-value by permutation differs (`Call.differs`).
DRAWS = "its draws number the units in another order"


class NoCallError(Exception):
    """A row that no library function gives; the text says why, or what to do."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in a result (a ``Fit``) numbers of a row stand: one of the seven places below,
    and which numbers it gives.
    """

    # 1. A coefficient, by its term in ``to_frame()``
    term: str = ""
    inference: str = ""  # kind of inference; the first one of the result where empty
    # term whose coefficient is subtracted, or line of the table, as in 2; gives an
    # estimate alone
    less: str = ""
    # term by whose coefficient it is divided, in place of ``less``; gives an estimate alone
    per: str = ""
    # 2. A row of one of the ``tables``, or of the DataFrame that the result is
    table: str = ""
    line: object = ""  # label of the row in the index
    # 3. An entry of the ``notes``
    note: str = ""
    # 4. An attribute of the fit, such as ``aic``
    attribute: str = ""
    # how many more parameters the row counts in AIC and BIC than the fit
    parameters: int = 0
    # 5. The number of terms
    count: bool = False
    # 6. The sum of a column of the DataFrame that the result is
    total: str = ""
    # 7. The number of terms whose coefficient has a sign, 1 or -1, by term
    signs: Mapping[str, int] = field(default_factory=dict)
    # What 1 and 2 give: number of the row -> column of ``to_frame()`` or of the table
    columns: Mapping[str, str] = field(default_factory=lambda: same(*NUMBERS))
    # What 3 to 7 give: one number of the row
    name: str = "estimate"
    # factor from the unit of measure of the fit to that of the row: 100 for percent
    times: float = 1.0
    # what is added to the estimate and the ends of its interval: one where the fit is of
    # the distance from one
    plus: float = 0.0

    def numbers(self, fit: Any, level: float) -> dict[str, float]:
        """Return the numbers of a row by name, in its unit of measure.

        Parameters
        ----------
        fit : Fit
            What the function of the library returns.
        level : float
            Of confidence intervals, between 0 and 1.

        Raises
        ------
        KeyError
            If the fit has no such term, table, row, column or note.
        AttributeError
            If it has no such attribute.
        """
        found = self._found(fit, level)
        scaled = {}
        for name, value in found.items():
            factor = self.times if name in IN_ITS_UNIT else 1.0
            added = self.plus if name in MOVED else 0.0
            scaled[name] = float(value) * factor + added
        return scaled

    def _found(self, fit: Any, level: float) -> Mapping[str, Any]:
        """Return the numbers of a row by name, in the unit of measure of the fit."""
        if self.count:
            return {self.name: len(fit.params)}
        if self.total:
            return {self.name: fit[self.total].sum()}
        if self.signs:
            signed = [fit.params[name] * sign > 0 for name, sign in self.signs.items()]
            return {self.name: sum(signed)}
        if self.note:
            return {self.name: fit.notes[self.note]}
        if self.attribute:
            return {self.name: self._attribute_of(fit)}
        if self.table or isinstance(fit, pd.DataFrame):
            table = fit.tables[self.table] if self.table else fit
            table_row = table.loc[self.line]
            if self.less:
                other_row = table.loc[self.less]
                return {"estimate": table_row["estimate"] - other_row["estimate"]}
            return {name: table_row[column] for name, column in self.columns.items()}
        return self._coefficient_of(fit.to_frame(level))

    def _attribute_of(self, fit: Any) -> float:
        """Return an attribute; AIC and BIC with the parameters of the row."""
        # AIC = 2 k - 2 ln L (Akaike 1974) and BIC = k ln N - 2 ln L (Schwarz 1978), with
        # k parameters: one more adds 2 or ln N.
        penalties = {"aic": 2.0, "bic": float(np.log(fit.nobs))}
        penalty = penalties.get(self.attribute, 0.0)
        return float(getattr(fit, self.attribute) + self.parameters * penalty)

    def _coefficient_of(self, frame: pd.DataFrame) -> dict[str, float]:
        """Return the numbers of a coefficient, or the estimate of a difference or ratio
        of two.
        """
        # What is described has a blank inference, and one name.
        kinds = frame["inference"]
        inference = self.inference or next(iter(kinds[kinds != ""]), "")
        of_inference: Any = frame[kinds.isin([inference, ""])]
        by_term = of_inference.set_index("term")
        coefficient = by_term.loc[self.term]
        numbers = {
            name: float(coefficient[column]) for name, column in self.columns.items()
        }
        # No error of a difference or ratio follows from the errors of its parts.
        if self.less:
            difference = numbers["estimate"] - by_term["estimate"][self.less]
            numbers = {"estimate": difference}
        if self.per:
            ratio = numbers["estimate"] / by_term["estimate"][self.per]
            numbers = {"estimate": ratio}
        return numbers

    @property
    def code(self) -> str:
        """An expression that prints what stands at the place in a result named ``fit``: a
        number, or the rows it is in, in the unit of measure of the fit.
        """
        if self.count:
            return "len(fit.params)"
        if self.total:
            return f"fit[{self.total!r}].sum()"
        if self.signs:
            return f"sum(fit.params[x] * s > 0 for x, s in {dict(self.signs)}.items())"
        if self.note:
            return f"fit.notes[{self.note!r}]"
        if self.attribute:
            return f"fit.{self.attribute}"
        if self.table or self.line:
            table = f"fit.tables[{self.table!r}]" if self.table else "fit"
            line = f"{table}.loc[{self.line!r}]"
            return f"{line} - {table}.loc[{self.less!r}]" if self.less else line
        if self.less:
            return f"fit.params[{self.term!r}] - fit.params[{self.less!r}]"
        if self.per:
            return f"fit.params[{self.term!r}] / fit.params[{self.per!r}]"
        return f"fit.to_frame().set_index('term').loc[{self.term!r}]"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a library function, and where its result has the row."""

    function: str  # its name in the library, such as ``ols``
    data: pd.DataFrame  # one row a unit, or a unit and date
    # all others but the weights, by keyword, as values that print as Python
    arguments: Mapping[str, Any]
    places: tuple[Place, ...]  # where one number stands at several, the last one counts
    # (N, N) spatial weights or distances, ids of the units as labels; several by name
    weights: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None
    weights_as: str = "w"  # argument of the function that takes the weights
    # method that is called on the result, such as ``impacts``, and its arguments; the
    # places are then in what it returns
    then: tuple[str, Mapping[str, Any]] | None = None
    note: str = ""  # printed as a comment above the call
    # numbers of the row that the result does not have, since its test is always of that
    # distribution: the one degree of freedom of a chi-squared
    fixed: Mapping[str, float] = field(default_factory=dict)
    # number of the row that the library computes differently -> why
    differs: Mapping[str, str] = field(default_factory=dict)

    def numbers(self, fit: Any, level: float) -> dict[str, float]:
        """Return the numbers of the row by name, in its unit of measure.

        Parameters
        ----------
        fit : Fit
            What the call returns.
        level : float
            Of confidence intervals, between 0 and 1.

        Raises
        ------
        KeyError, AttributeError
            As for ``Place.numbers``.
        """
        found = dict(self.fixed)
        for place in self.places:
            found |= place.numbers(fit, level)
        return found


def same(*names: str) -> dict[str, str]:
    """Return ``Place.columns`` of numbers that the result has under the names of the row."""
    return dict(zip(names, names, strict=True))


def seed_of(seed: int, draw_id: str) -> list[int]:
    """Return the seed, as several whole numbers, with which `numpy.random.default_rng`
    gives the same random numbers as a study drew for ``draw_id``.
    """
    seed_sequence: Any = generator_for(seed, draw_id).bit_generator.seed_seq
    return list(seed_sequence.entropy)


def drawn(draws: int, seed: int, draw_id: str) -> dict[str, Any]:
    """Return the arguments with which a function draws what a study drew for ``draw_id``."""
    return {"draws": draws, "seed": seed_of(seed, draw_id)}


@cache
def section_of(study: Study, kind: Any, topic: str) -> Any:
    """Return the section of a topic in the config, checked against its class ``kind``
    and read once for all its rows.
    """
    return read(kind, study.config, topic)


def specification(specs: Any, row: Row) -> Any:
    """Return the specification of a row among those of its topic.

    Raises
    ------
    NoCallError
        If there is none with its ``spec_id``.
    """
    for spec in specs:
        if spec.id == row["spec_id"]:
            return spec
    raise NoCallError(
        f"no specification {row['spec_id']} in the config: it was changed after the run"
    )


def asked_of(row: Row) -> dict[str, Any]:
    """Return what a row asks of the library, by name (`estimates.asking`); nothing where
    its labels say it all.
    """
    asked = row.get("asked", "")
    return what_is_asked("" if is_missing(asked) else asked)


def no_call(row: Row) -> str:
    """Return why no function of the library gives a row of estimates.csv, as far as the
    row tells; blank where one may.
    """
    topic = read_topics()[row["topic"]]
    for part in topic.no_calls:
        if any(_holds(row, texts) for texts in part.rows):
            return part.why
    if not (TOPICS / row["topic"] / "call.py").is_file():
        return f"{row['topic']} names no function of the library"
    # What is not tested there, a function of the library refuses.
    reason = asked_of(row).get("untested")
    return f"it has no interval: {reason}" if reason else ""


def _holds(row: Row, texts: Mapping[str, str]) -> bool:
    """Say whether the cells of a row are the texts, by column."""
    return all(row[column] == text for column, text in texts.items())


def by_bootstrap(method: str) -> bool:
    """Say whether a method of inference draws signs, which takes draws and a seed."""
    return METHODS[method].law == "bootstrap"


def by_permutation(method: str) -> bool:
    """Say whether a method of inference permutes labels."""
    return METHODS[method].law == "permutation"


def method_of(row: Row) -> str:
    """Return the inference of a row by its name in the library.

    Raises
    ------
    NoCallError
        If the row asks for none.
    """
    asked = asked_of(row)
    if "inference" not in asked:
        raise NoCallError(
            "it has no inference of the library; see the code of its topic"
        )
    return str(asked["inference"])


def weights_table(matrix: Any, units: Sequence[str]) -> pd.DataFrame:
    """Return sparse weights (N, N) as a table with the N units as labels of rows and
    columns.
    """
    return pd.DataFrame(matrix.toarray(), index=list(units), columns=list(units))
