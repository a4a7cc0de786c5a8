"""Variables as the config writes them: ``log(fie_investment_m_usd / gdp_100m_cny)``,
read without ``eval``.
"""

import ast
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.elementary import exp, log
from evenfield.study.errors import ConfigError, nearest

OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
FUNCTIONS = {
    "log": (1, 1),
    "exp": (1, 1),
    "lag": (1, 2),
    "mean": (3, 3),
}  # least and most arguments
LONGEST = 500
FURTHEST = 10_000  # years, of a lag or of a mean


def columns_of(text: str) -> list[str]:
    """Return the columns that an expression names, sorted, after checking that it is
    one.
    """
    tree = _parsed(text)
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return sorted(
        {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and id(node) not in functions
        }
    )


def check_columns(text: str, known: Iterable[str], where: str) -> None:
    """Refuse an expression that names a column the panel does not have."""
    known = sorted(known)
    if unknown := [name for name in columns_of(text) if name not in known]:
        hint = nearest(unknown[0], known, "correct the name or add the column")
        raise ConfigError(
            f"{where}: `{text}` names the column '{unknown[0]}'",
            "a column of panel.csv",
            hint,
        )


def evaluate(text: str, panel: pd.DataFrame) -> pd.Series:
    """Return an expression for each row of a panel with columns ``unit`` and ``year``.

    Notes
    -----
    ``lag(x, k)`` is the value of the same unit k years before, matched by year;
    ``mean(x, first, last)`` is its mean over those years. Logarithms of numbers that
    are not positive and divisions by zero are blank.
    """
    tree = _parsed(text)
    check_columns(text, panel.columns, "expression")
    values = _value(tree, panel)
    series = (
        values
        if isinstance(values, pd.Series)
        else pd.Series(float(values), index=panel.index)
    )
    return series.where(np.isfinite(series)).rename(None)


def _value(node: ast.AST, panel: pd.DataFrame) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return _figures(panel, node.id)
        case ast.UnaryOp():
            return -_value(node.operand, panel)
        case ast.BinOp():
            return OPERATORS[type(node.op)](
                _value(node.left, panel), _value(node.right, panel)
            )
        case ast.Call(func=ast.Name(id="log")):
            values = _value(node.args[0], panel)
            # The C library's logarithm: NumPy's own differs in the last bit between
            # processors, and data are hashed.
            if isinstance(values, pd.Series):
                return log(values.where(values > 0))
            return math.log(values) if values > 0 else np.nan
        case ast.Call(func=ast.Name(id="exp")):
            values = _value(node.args[0], panel)
            return exp(values) if isinstance(values, pd.Series) else math.exp(values)
    assert isinstance(node, ast.Call)
    first, *rest = (_value(argument, panel) for argument in node.args)
    keyed = panel[["unit", "year"]].assign(value=first)
    if isinstance(node.func, ast.Name) and node.func.id == "lag":
        before = keyed.assign(year=keyed["year"] + (int(rest[0]) if rest else 1))
        lagged = panel[["unit", "year"]].merge(before, on=["unit", "year"], how="left")[
            "value"
        ]
        return pd.Series(lagged.to_numpy(float), index=panel.index)
    inside = keyed[keyed["year"].between(*rest)]
    return panel["unit"].map(inside.groupby("unit")["value"].mean())


def _figures(panel: pd.DataFrame, name: str) -> pd.Series:
    try:
        return panel[name].astype(float)
    except ValueError:
        raise ConfigError(
            f"an expression computes with the column '{name}', which holds text",
            "columns of numbers",
            "name another column",
        ) from None


def _parsed(text: str) -> ast.AST:
    expected = (
        "column names, numbers, + - * / ( ), log(x), exp(x), lag(x, years), mean(x,"
        " first, last)"
    )
    try:
        if len(text) > LONGEST:
            raise SyntaxError
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConfigError(
            f"`{text[:80]}` is not an expression", expected, "correct it in config.yaml"
        ) from None
    if (wrong := _unknown(tree)) is not None:
        source = ast.unparse(wrong)[:60]
        raise ConfigError(
            f"`{source}` in `{text}` is not allowed",
            expected,
            "correct it in config.yaml",
        )
    _check_numbers(tree, text)
    return tree


def _check_numbers(tree: ast.AST, text: str) -> None:
    """Refuse parts of an expression that name no column and are no finite number, and
    years that no panel reaches.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            years = [extra.value for extra in node.args[1:]]  # type: ignore[attr-defined]
            if far := [year for year in years if abs(year) > FURTHEST]:
                raise ConfigError(
                    f"`{text[:80]}` asks for {far[0]:.3g} years",
                    f"at most {FURTHEST:,}",
                    "correct it in config.yaml",
                )
        if _is_constant(node) and not math.isfinite(_constant(node)):
            raise ConfigError(
                f"`{ast.unparse(node)[:60]}` in `{text[:80]}` is no finite number",
                "numbers that can be computed with",
                "correct it in config.yaml",
            )


def _is_constant(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _is_constant(node.args[0])
    if isinstance(node, ast.BinOp):
        return _is_constant(node.left) and _is_constant(node.right)
    if isinstance(node, ast.UnaryOp):
        return _is_constant(node.operand)
    return isinstance(node, ast.Constant)


def _constant(node: ast.AST) -> float:
    try:
        return float(_value(node, pd.DataFrame()))
    except (ArithmeticError, TypeError, KeyError):
        return math.nan


def _unknown(node: ast.AST) -> ast.AST | None:
    """Return the first part of an expression that is not on the list of what may stand
    there.
    """
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(
            number, bool
        ):
            return None
        case ast.Name():
            return None
        case ast.UnaryOp(op=ast.USub()):
            return _unknown(node.operand)
        case ast.BinOp() if type(node.op) in OPERATORS:
            return _unknown(node.left) or _unknown(node.right)
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in FUNCTIONS:
            least, most = FUNCTIONS[name]
            whole = all(
                isinstance(extra, ast.Constant) and isinstance(extra.value, int)
                for extra in node.args[1:]
            )
            if least <= len(node.args) <= most and whole:
                return _unknown(node.args[0])
    return node
