"""One convention for incomes: functions that compare levels take the level, and take
logarithms themselves.
"""

from __future__ import annotations

import re

import numpy as np

from evenfield.api.data import Table
from evenfield.api.formula import Columns, outcome_of
from evenfield.study.errors import EstimateError

# An expression that starts with a logarithm, or a column such as log_income.
LOGARITHM = re.compile(r"\s*((np\.)?log(10|2|1p)?\s*\(|(log|ln)[_. ])")


def levels_of(y: str, data: object) -> str | Columns:
    """Return the model of an outcome that is a level, and refuse a logarithm, as the
    name of a column or an expression says.
    """
    if LOGARITHM.match(str(y)):
        raise EstimateError(
            f"y = {y}, a logarithm",
            "the level: logarithms are taken where they belong",
            "give the income itself, or np.exp(...) of a column of logarithms",
        )
    return outcome_of(y, data)


def positive(rows: Table) -> np.ndarray:
    """Return levels by unit and date, (N, T), and refuse what has no logarithm."""
    values = rows.balanced(rows.y)
    not_positive = np.argwhere(values <= 0)
    if len(not_positive):
        unit, date = not_positive[0]
        noun = "value" if len(not_positive) == 1 else "values"
        raise EstimateError(
            f"{len(not_positive)} {noun} of zero or below, first"
            f" {rows.units.names[unit]} in {rows.calendar.text[date]}",
            "positive levels, not growth rates or deviations",
            "give the level, or leave the unit out",
        )
    return values
