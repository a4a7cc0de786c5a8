"""The call that gives a row, as code and as a fit."""

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import NUMBERS, Call, NoCallError
from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row
from evenfield.shared.topics import read_topics
from evenfield.study.errors import EvenfieldError
from evenfield.study.rounding import SECOND_DIGITS
from evenfield.study.study import Study

# Half a unit of the last digit that a row prints, and as much for the bits of a machine.
LAST_DIGIT = 0.6


class FitError(EvenfieldError, at="fit"):
    """A number that the library does not fit; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class RowCall:
    """A row of the estimates and the call of the library that gives it."""

    name: str  # as it was asked for
    row: Row
    call: Call
    folder: str  # of the study
    level: float  # of intervals

    @property
    def data(self) -> pd.DataFrame:
        """The rows of the data that it is of."""
        return self.call.data

    def arguments(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by name, some of them changed."""
        return {**self.call.arguments, **changes}

    def key(self, changes: Mapping[str, Any]) -> str:
        """Return a text that is the same for calls that give the same fit."""
        call = self.call
        weights = None if call.weights is None else call.weights.to_numpy()
        parts = (call.function, self.arguments(changes), call.data, weights, call.then)
        return hashlib.sha256(pickle.dumps(parts)).hexdigest()

    def fit(self, **changes: Any) -> Any:
        """Return the fit; ``changes`` are arguments in place of those of the study."""
        import evenfield as ef

        given = self.arguments(changes)
        if self.call.weights is not None:
            given[self.call.weights_as] = self.call.weights
        fit = getattr(ef, self.call.function)(data=self.call.data, **given)
        if self.call.then is None:
            return fit
        method, options = self.call.then
        return getattr(fit, method)(**options)

    @property
    def code(self) -> str:
        """The call as lines of Python that run as they stand."""
        call = self.call
        given = [f"    {key}={value!r}," for key, value in call.arguments.items()]
        weights = (
            [f"    {call.weights_as}=s.weights({self.name!r}),"]
            if call.weights is not None
            else []
        )
        then = ""
        if call.then is not None:
            method, options = call.then
            then = f".{method}({', '.join(f'{k}={v!r}' for k, v in options.items())})"
        lines = [
            "import evenfield as ef",
            "",
            f"s = ef.open_study({self.folder!r})",
            f"fit = s.fit({self.name!r})",
            "print(fit)",
            "",
            "# The same, spelled out:",
            *([f"# {call.note}"] if call.note else []),
            f"fit = ef.{call.function}(",
            f"    data=s.data({self.name!r}),",
            *weights,
            *given,
            f"){then}",
            f"print({call.places[-1].code})",
        ]
        return "\n".join(lines)

    def compared(self, fit: Any) -> pd.DataFrame:
        """Return the numbers of the row beside those of a fit: whether they agree in the
        digits that the row has, or why the library has them otherwise.
        """
        found = self.call.numbers(fit, self.level)
        lines = {}
        for name in NUMBERS:
            if is_missing(self.row[name]):
                continue
            printed, fitted = float(self.row[name]), found.get(name, np.nan)
            why = self.call.apart.get(name, "")
            lines[name] = {
                "row": printed,
                "fit": fitted,
                "same": same_digits(printed, fitted),
                "why": why,
            }
        return pd.DataFrame.from_dict(lines, orient="index")


def same_digits(printed: float, found: float) -> bool:
    """Say whether a number, written with the digits of a row, is the number of the row."""
    if not np.isfinite(found):
        return False
    if printed == 0:
        return abs(found) < 1e-9
    unit = 10.0 ** (np.floor(np.log10(abs(printed))) - SECOND_DIGITS + 1)
    return bool(abs(found - printed) <= LAST_DIGIT * unit)


def call_of(study: Study, name: str, row: Row, folder: str) -> RowCall:
    """Return the call that gives a row, or say why the library has none."""
    topic = row["topic"]
    module = f"evenfield.topics.{topic}.call"
    try:
        if is_missing(row["estimate"]):
            raise NoCallError(f"it has no estimate: {row['warning']}")
        if find_spec(module) is None:
            said = read_topics()[topic].no_call
            raise NoCallError(said or f"{topic} names no function of the library")
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
