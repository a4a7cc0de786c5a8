"""One convention for incomes: functions that compare levels take the level, and take
logarithms themselves.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arithmetic import QUOTED, as_floats
from evenfield.api.data import Table
from evenfield.api.formula import Columns, outcome_of
from evenfield.study.errors import EstimateError

# Columns such as log_income, ln or income_log.
NAMED = re.compile(r"(log|ln)([_. ].*)?|.*[_. ](log|ln)", re.IGNORECASE)
# And such as lny or loggdp where they hold what logarithms hold: of 1e20 it is 46.
BEGUN = re.compile(r"(log|ln)\w+", re.IGNORECASE)
LARGEST = 50.0
FUNCTION = re.compile(r"(np\.)?log(10|2|1p)?")


def is_logarithm(y: object, columns: Mapping[str, pd.Series[Any]]) -> bool:
    """Say whether a column is a logarithm by its name, or an expression by its functions
    and the names in it; ``columns`` decide of names that only begin as one.
    """
    if _is_named_so(str(y), columns):
        return True
    # A name in backticks as one that Python can read.
    text = QUOTED.sub(lambda match: re.sub(r"\W", "_", match[1]), str(y).strip())
    try:
        return _is_logarithm(ast.parse(text, mode="eval").body, columns)
    except (SyntaxError, ValueError):
        return False


def _is_named_so(name: str, columns: Mapping[str, pd.Series[Any]]) -> bool:
    if NAMED.fullmatch(name):
        return True
    if name not in columns or not BEGUN.fullmatch(name):
        return False
    numbers = as_floats(columns[name])
    return numbers.dtype == float and bool(numbers.abs().max() <= LARGEST)


def _is_logarithm(tree: ast.AST, columns: Mapping[str, pd.Series[Any]]) -> bool:
    """Say whether the value of an expression is a logarithm, a sum with one or a multiple
    of one.
    """
    match tree:
        case ast.Name(id=name):
            return _is_named_so(name, columns)
        case ast.Call(func=function, args=[first, *_]):
            named = ast.unparse(function)
            keeps = named in {"I", "lag"} and _is_logarithm(first, columns)
            return keeps or FUNCTION.fullmatch(named) is not None
        case ast.Set(elts=[inside]) | ast.UnaryOp(operand=inside):
            return _is_logarithm(inside, columns)
        case ast.BinOp(left=left, op=operation, right=right):
            parts = [left, right]
            if isinstance(operation, ast.Mult | ast.Div):
                # A logarithm times a number; a ratio of two logarithms is none.
                if not any(isinstance(part, ast.Constant) for part in parts):
                    return False
            elif not isinstance(operation, ast.Add | ast.Sub):
                return False
            return any(_is_logarithm(part, columns) for part in parts)
    return False


def levels_of(y: str, data: object) -> str | Columns:
    """Return the model of an outcome that is a level, and refuse a logarithm, as the
    name of a column or an expression says.
    """
    columns: Any = data if isinstance(data, pd.DataFrame) else {}
    if is_logarithm(y, columns):
        raise EstimateError(
            f"y = {y}, a logarithm",
            "the level: logarithms are taken where they belong",
            "give the income itself, or np.exp(...) of a column of logarithms; a level"
            " that only sounds so needs another name",
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
