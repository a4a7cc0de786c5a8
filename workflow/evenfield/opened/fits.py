"""The call that gives a row, as code and as a fit."""

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from evenfield.opened.errors import OpenError
from evenfield.shared.calls import Call, NoCallError, no_call
from evenfield.shared.places import NUMBERS
from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row
from evenfield.study.rounding import SECOND_DIGITS
from evenfield.study.study import Study

# Units of the last digit that a row prints by which a fit may differ: half a unit, by
# which the row is rounded, and a tenth for floating point.
LAST_DIGIT = 0.6
ZERO = 1e-9  # a fit below it agrees with a row that prints zero


class FitError(OpenError, at="fit"):
    """A number that the library does not fit; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class RowCall:
    """A row of the estimates and the call of the library that gives it."""

    name: str  # as it was asked for: of a number, an answer, a cell or an estimate
    row: Row
    call: Call
    folder: str  # of the study
    level: float  # of confidence intervals, between 0 and 1

    def __repr__(self) -> str:
        return (
            f"call of ef.{self.call.function} for {self.name}: .code, .data, .fit(),"
            " .compared(fit)"
        )

    @property
    def data(self) -> pd.DataFrame:
        """The data that it is fitted to, one row a unit, or a unit and date."""
        return self.call.data

    def arguments(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by name; ``changes`` take the place of the study's own."""
        return {**self.call.arguments, **changes}

    def key(self, changes: Mapping[str, Any]) -> str:
        """Return a hash of all that a fit depends on: rows with the same one share it."""
        call = self.call
        weights: Any = call.weights
        if isinstance(weights, pd.DataFrame):
            weights = weights.to_numpy()
        inputs = (call.function, self.arguments(changes), call.data, weights, call.then)
        return hashlib.sha256(pickle.dumps(inputs)).hexdigest()

    def fit(self, **changes: Any) -> Any:
        """Return the fit; ``changes`` are arguments in place of those of the study.

        Raises
        ------
        EvenfieldError
            What the function of the library refuses.
        """
        import evenfield as ef

        call = self.call
        given: dict[str, Any] = {"data": call.data}
        if call.weights is not None:
            given[call.weights_as] = call.weights
        function = getattr(ef, call.function)
        # What the user changes may be data and weights, too.
        fit = function(**{**given, **self.arguments(changes)})
        if call.then is None:
            return fit
        method, options = call.then
        return getattr(fit, method)(**options)

    @property
    def code(self) -> str:
        """The call as lines of Python that run as they stand."""
        call = self.call
        note = [f"# {call.note}"] if call.note else []
        weights = []
        if call.weights is not None:
            weights = [f"    {call.weights_as}=s.weights({self.name!r}),"]
        arguments = [f"    {key}={value!r}," for key, value in call.arguments.items()]
        then = ""
        if call.then is not None:
            method, options = call.then
            keywords = [f"{key}={value!r}" for key, value in options.items()]
            then = f".{method}({', '.join(keywords)})"
        lines = [
            "import evenfield as ef",
            "",
            f"s = ef.open_study({self.folder!r})",
            f"fit = s.fit({self.name!r})",
            "print(fit)",
            "# The row, in its unit of measure, and the same numbers of the fit:",
            f"print(s.compared({self.name!r}).to_string())",
            "",
            "# The same, spelled out:",
            *note,
            f"fit = ef.{call.function}(",
            f"    data=s.data({self.name!r}),",
            *weights,
            *arguments,
            f"){then}",
            f"print({call.places[-1].code})",
        ]
        return "\n".join(lines)

    def compared(self, fit: Any) -> pd.DataFrame:
        """Return the numbers of the row beside those of a fit.

        Returns
        -------
        DataFrame
            One row a number of the row that is not blank (``estimate``, ``std_error``
            and so on), in the unit of the row: ``row``; ``fit``, NaN where the fit does
            not have it; ``same``, whether they agree in the digits of the row; ``why``
            they differ, where the library computes it otherwise.
        """
        fitted_numbers = self.call.numbers(fit, self.level)
        lines = {}
        for name in NUMBERS:
            if is_missing(self.row[name]):
                continue
            printed = float(self.row[name])
            fitted = fitted_numbers.get(name, np.nan)
            lines[name] = {
                "row": printed,
                "fit": fitted,
                "same": same_digits(printed, fitted),
                "why": self.call.differs.get(name, ""),
            }
        return pd.DataFrame.from_dict(lines, orient="index")


def same_digits(printed: float, found: float) -> bool:
    """Say whether a number, rounded to the significant digits of a row
    (``study/rounding.py``), is the number that the row prints.
    """
    if not np.isfinite(printed):
        return found == printed  # an end that does not exist is infinite
    if printed == 0:
        return abs(found) < ZERO
    # One unit of the last of d significant digits of x: 10^(floor(log10 |x|) - d + 1).
    magnitude = np.floor(np.log10(abs(printed)))
    last_digit = 10.0 ** (magnitude - SECOND_DIGITS + 1)
    return bool(abs(found - printed) <= LAST_DIGIT * last_digit)


def call_of(study: Study, name: str, row: Row, folder: str) -> RowCall:
    """Return the call that gives a row.

    Parameters
    ----------
    study : Study
        Config and tables of the study.
    name : str
        What the row was asked for by.
    row : dict
        One row of estimates.csv.
    folder : str
        Of the study, as the code of the call names it.

    Raises
    ------
    FitError
        If the row has no estimate, or no function of the library gives it.
    """
    module = f"evenfield.topics.{row['topic']}.call"
    try:
        if is_missing(row["estimate"]):
            raise NoCallError(f"it has no estimate: {row['warning']}")
        reason = no_call(row)
        if reason:
            raise NoCallError(reason)
        call = import_module(module).call(study, row)
    except NoCallError as error:
        raise FitError(
            f"{name} ({row['estimator']}, {row['effect_type']}) is no fit of the"
            f" library: {error}",
            "a row that one of its functions gives",
            f"read its row: s.row({name!r})",
        ) from error
    level = study.config.inference.level
    return RowCall(name=name, row=row, call=call, folder=folder, level=level)
