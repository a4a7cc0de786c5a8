"""Where in the result of a library function (a ``Fit``, or a DataFrame) numbers of a row
of the estimates stand: one class for each kind of place. Nothing is estimated here.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

# Columns of estimates.csv that a result of the library has under the same names.
INFERENCE = ("std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
NUMBERS = ("estimate", *INFERENCE)
# Those of them that have the unit of measure of the outcome; the others have none.
IN_ITS_UNIT = ("estimate", "std_error", "conf_low", "conf_high")
MOVED = ("estimate", "conf_low", "conf_high")  # where a constant is added


def same(*names: str) -> dict[str, str]:
    """Return the columns of numbers that the result has under the names of the row."""
    return dict(zip(names, names, strict=True))


@dataclass(frozen=True, kw_only=True)
class Place(ABC):
    """Where numbers of a row stand in a result, and in which unit of measure."""

    # factor from the unit of measure of the result to that of the row: 100 for percent
    times: float = 1.0
    # what is added to the estimate and the ends of its interval: one where the result is
    # of the distance from one
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
        scaled = {}
        for name, value in self.found(fit, level).items():
            factor = self.times if name in IN_ITS_UNIT else 1.0
            added = self.plus if name in MOVED else 0.0
            scaled[name] = float(value) * factor + added
        return scaled

    @abstractmethod
    def found(self, fit: Any, level: float, /) -> Mapping[str, Any]:
        """Return the numbers of a row by name, in the unit of measure of the result."""

    @property
    @abstractmethod
    def code(self) -> str:
        """An expression that prints what stands here in a result named ``fit``: a number,
        or the rows it is in, in the unit of measure of the result.
        """


@dataclass(frozen=True, kw_only=True)
class Coefficient(Place):
    """The row of a term in ``to_frame()``."""

    term: str
    inference: str = ""  # kind of inference; the first one of the result where empty
    # number of the row -> column of ``to_frame()``
    columns: Mapping[str, str] = field(default_factory=lambda: same(*NUMBERS))

    def found(self, fit: Any, level: float, /) -> Mapping[str, Any]:
        """Return the numbers of the term by this kind of inference."""
        frame = fit.to_frame(level)
        # What is described has a blank inference, and one name.
        kinds = frame["inference"]
        inference = self.inference or next(iter(kinds[kinds != ""]), "")
        of_inference = frame[kinds.isin([inference, ""])]
        coefficient = of_inference.set_index("term").loc[self.term]
        return {name: coefficient[column] for name, column in self.columns.items()}

    @property
    def code(self) -> str:
        """The row of the term."""
        return f"fit.to_frame().set_index('term').loc[{self.term!r}]"


@dataclass(frozen=True, kw_only=True)
class Difference(Place):
    """A coefficient less another one; no error of it follows from those of the two."""

    term: str
    less: str  # the term that is subtracted

    def found(self, fit: Any, _: float, /) -> Mapping[str, Any]:
        """Return the difference as an estimate."""
        return {"estimate": fit.params[self.term] - fit.params[self.less]}

    @property
    def code(self) -> str:
        """The two coefficients with a minus."""
        return f"fit.params[{self.term!r}] - fit.params[{self.less!r}]"


@dataclass(frozen=True, kw_only=True)
class Ratio(Place):
    """A coefficient over another one; no error of it follows from those of the two."""

    term: str
    per: str  # the term by which it is divided

    def found(self, fit: Any, _: float, /) -> Mapping[str, Any]:
        """Return the ratio as an estimate."""
        return {"estimate": fit.params[self.term] / fit.params[self.per]}

    @property
    def code(self) -> str:
        """The two coefficients with a stroke."""
        return f"fit.params[{self.term!r}] / fit.params[{self.per!r}]"


@dataclass(frozen=True, kw_only=True)
class TableRow(Place):
    """A row of one of the ``tables``, or of the DataFrame that the result is."""

    line: Any  # label of the row in the index
    table: str = ""  # blank: the result itself
    # number of the row of the estimates -> column of the table
    columns: Mapping[str, str] = field(default_factory=lambda: same(*NUMBERS))

    def found(self, fit: Any, _: float, /) -> Mapping[str, Any]:
        """Return the columns of the row of the table."""
        cells = table_of(fit, self.table).loc[self.line]
        return {name: cells[column] for name, column in self.columns.items()}

    @property
    def code(self) -> str:
        """The row of the table."""
        return f"{code_of(self.table)}.loc[{self.line!r}]"


@dataclass(frozen=True, kw_only=True)
class RowDifference(Place):
    """The estimate in a row of a table less that in another one."""

    line: Any
    less: Any  # label of the row that is subtracted
    table: str = ""  # blank: the result itself

    def found(self, fit: Any, _: float, /) -> Mapping[str, Any]:
        """Return the difference as an estimate."""
        estimates = table_of(fit, self.table)["estimate"]
        return {"estimate": estimates.loc[self.line] - estimates.loc[self.less]}

    @property
    def code(self) -> str:
        """The two rows with a minus."""
        table = code_of(self.table)
        return f"{table}.loc[{self.line!r}] - {table}.loc[{self.less!r}]"


def table_of(fit: Any, name: str) -> pd.DataFrame:
    """Return a table of a result by its name; blank: the result itself."""
    table: pd.DataFrame = fit.tables[name] if name else fit
    return table


def code_of(table: str) -> str:
    """Return the expression of a table of a result."""
    return f"fit.tables[{table!r}]" if table else "fit"


@dataclass(frozen=True, kw_only=True)
class OneNumber(Place):
    """A place that gives one number of the row."""

    name: str = "estimate"  # which one

    def found(self, fit: Any, _: float, /) -> Mapping[str, Any]:
        """Return the number under its name."""
        return {self.name: self.value(fit)}

    @abstractmethod
    def value(self, fit: Any) -> Any:
        """Return the number, in the unit of measure of the result."""


@dataclass(frozen=True, kw_only=True)
class Note(OneNumber):
    """An entry of the ``notes``."""

    note: str

    def value(self, fit: Any) -> Any:
        """Return the entry."""
        return fit.notes[self.note]

    @property
    def code(self) -> str:
        """The entry."""
        return f"fit.notes[{self.note!r}]"


@dataclass(frozen=True, kw_only=True)
class Attribute(OneNumber):
    """An attribute of the fit, such as ``aic``."""

    attribute: str
    # how many more parameters the row counts in AIC and BIC than the fit
    parameters: int = 0

    def value(self, fit: Any) -> Any:
        """Return the attribute; AIC and BIC with the parameters of the row."""
        # AIC = 2 k - 2 ln L (Akaike 1974) and BIC = k ln N - 2 ln L (Schwarz 1978), with
        # k parameters: one more adds 2 or ln N.
        penalties = {"aic": 2.0, "bic": float(np.log(fit.nobs))}
        penalty = penalties.get(self.attribute, 0.0)
        return getattr(fit, self.attribute) + self.parameters * penalty

    @property
    def code(self) -> str:
        """The attribute."""
        return f"fit.{self.attribute}"


@dataclass(frozen=True, kw_only=True)
class NumberOfTerms(OneNumber):
    """How many coefficients the fit has."""

    def value(self, fit: Any) -> Any:
        """Return their number."""
        return len(fit.params)

    @property
    def code(self) -> str:
        """Their number."""
        return "len(fit.params)"


@dataclass(frozen=True, kw_only=True)
class ColumnSum(OneNumber):
    """The sum of a column of the DataFrame that the result is."""

    column: str

    def value(self, fit: Any) -> Any:
        """Return the sum."""
        return fit[self.column].sum()

    @property
    def code(self) -> str:
        """The sum."""
        return f"fit[{self.column!r}].sum()"


@dataclass(frozen=True, kw_only=True)
class SignsAsSaid(OneNumber):
    """How many coefficients have the sign that is said of them."""

    signs: Mapping[str, int]  # 1 or -1 by term

    def value(self, fit: Any) -> Any:
        """Return their number."""
        return sum(fit.params[term] * sign > 0 for term, sign in self.signs.items())

    @property
    def code(self) -> str:
        """Their number."""
        return f"sum(fit.params[x] * s > 0 for x, s in {dict(self.signs)}.items())"
