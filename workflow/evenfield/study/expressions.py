"""The one language of a study: names, numbers, arithmetic and calls of listed functions,
parsed as Python is and computed here, without ``eval``.

Variables of the config, ``log(fie_investment_m_usd / gdp_100m_cny)``, and numbers made
from numbers are formulas of it; texts (``report/text_language.py``) add conditions, parts
of names and words.
"""

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.elementary import exp, log
from evenfield.study.errors import ConfigError, nearest

ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
DEEPEST = 200  # levels of brackets and operators
# Least and most arguments of each function.
FUNCTIONS = {
    "log": (1, 1),
    "exp": (1, 1),
    "lag": (1, 2),
    "mean": (3, 3),
    "chain": (2, 2),
    "bridge": (3, 3),
}
REMEDY = "correct it in config.yaml"
LONGEST = 500  # characters
FURTHEST = 10_000  # years, of a lag or of a mean


def parsed(text: str, longest: int) -> ast.expr:
    """Return the tree of an expression.

    Raises
    ------
    SyntaxError
        If it is none, is too long or too deep, or holds a comment: behind ``#`` Python
        reads nothing, as if it were not there.
    """
    if len(text) > longest:
        raise SyntaxError(f"more than {longest:,} letters")
    try:
        # An expression may stand on several lines.
        tree = ast.parse(text.strip().replace("\n", " "), mode="eval").body
    except (ValueError, RecursionError, MemoryError):
        raise SyntaxError("no expression") from None
    if "#" in text and text.count("#") != sum(map(_hashes, ast.walk(tree))):
        raise SyntaxError("a comment")
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = list(chain.from_iterable(map(ast.iter_child_nodes, level)))
    if level:
        raise SyntaxError("brackets too deep")
    return tree


def _hashes(node: ast.AST) -> int:
    value = getattr(node, "value", "")
    return value.count("#") if isinstance(value, str) else 0


@dataclass(frozen=True)
class Evaluator:
    """Computes an expression whose parts are all known to be part of the language."""

    name: Callable[[str], Any]  # what stands behind a name
    functions: Mapping[str, Callable[..., Any]]

    def value(self, node: ast.AST) -> Any:
        """Return the value of a part of an expression."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self.name(node.id)
            case ast.UnaryOp(op=ast.USub()):
                return -self.value(node.operand)
            case ast.BinOp():
                left, right = self.value(node.left), self.value(node.right)
                return ARITHMETIC[type(node.op)](left, right)
            case ast.Call(func=ast.Name(id=name)):
                return self.functions[name](*map(self.value, node.args))
        raise TypeError(f"{type(node).__name__} is no part of the language")


def logarithm(value: float) -> float:
    """Return the natural logarithm of a number; not a number where there is none."""
    return math.log(value) if value > 0 else math.nan


def formula_value(tree: ast.AST, values: Mapping[str, float]) -> float:
    """Return the value of a formula over numbers; not a number where there is none."""
    functions = {"log": logarithm, "exp": math.exp}
    try:
        return float(Evaluator(values.__getitem__, functions).value(tree))
    except ArithmeticError:
        return math.nan


def columns_of(text: str) -> list[str]:
    """Return the columns that an expression names, sorted, after checking that it is
    one.
    """
    parts = list(ast.walk(_parsed(text)))
    functions = {id(node.func) for node in parts if isinstance(node, ast.Call)}
    names = [node for node in parts if isinstance(node, ast.Name)]
    return sorted({node.id for node in names if id(node) not in functions})


def columns_named(text: str | None, columns: Iterable[str]) -> list[str]:
    """Return the columns that a key of the config names: itself where it is one, else
    those of its expression.
    """
    if not text or text in columns:
        return [text] if text else []
    return columns_of(text)


def check_columns(text: str, known: Iterable[str], where: str) -> None:
    """Refuse an expression that names a column the panel does not have."""
    known = sorted(known)
    for name in columns_of(text):
        if name not in known:
            raise ConfigError(
                f"{where}: `{text}` names the column '{name}'",
                "a column of panel.csv",
                nearest(name, known, "correct the name or add the column"),
            )


def by_year(text: str, panel: pd.DataFrame, across: str = "year") -> pd.DataFrame:
    """Return an expression by unit (rows) and year, or another column (columns)."""
    values = panel[["unit", across]].assign(value=evaluate(text, panel))
    return values.pivot(index="unit", columns=across, values="value")


def evaluate(text: str, panel: pd.DataFrame) -> pd.Series:
    """Return an expression for each row of a panel with columns ``unit`` and ``year``.

    Notes
    -----
    ``lag(x, k)`` is the value of the same unit k years before, matched by year;
    ``mean(x, first, last)`` is its mean over those years; ``chain(x, year)`` the product
    of an index with the previous year as 100, one in that year; ``bridge(x, first,
    last)`` runs log-linearly between the values of two years and is x elsewhere.
    Logarithms of numbers that are not positive and divisions by zero are blank.
    """
    tree = _parsed(text)
    check_columns(text, panel.columns, "expression")
    functions: dict[str, Callable[..., Any]] = {"log": _log, "exp": _exp}
    for name, function in OVER_YEARS.items():
        functions[name] = partial(_over_years, panel, function)
    value = Evaluator(partial(_figures, panel), functions).value(tree)
    series = pd.Series(value, index=panel.index, dtype=float)
    return series.where(np.isfinite(series)).rename(None)


def arithmetic(text: str, values: Mapping[str, float]) -> float:
    """Return the value of a formula over numbers; not a number where there is none."""
    return formula_value(_parsed(text), values)


def _log(values: Any) -> Any:
    # The C library's logarithm: NumPy's own differs in the last bit between processors,
    # and data are hashed.
    if isinstance(values, pd.Series):
        return log(values.where(values > 0))
    return logarithm(values)


def _exp(values: Any) -> Any:
    return exp(values) if isinstance(values, pd.Series) else math.exp(values)


def _over_years(
    panel: pd.DataFrame,
    function: Callable[..., pd.Series],
    values: Any,
    *years: int,
) -> pd.Series:
    """Return what is computed from several years of a unit, matched by unit and year."""
    return function(panel[["unit", "year"]].assign(value=values), *years)


def _lag(keyed: pd.DataFrame, years: int = 1) -> pd.Series:
    rows = keyed[["unit", "year"]]
    # Matched by year, not by row: a gap in the years stays a gap.
    earlier = keyed.assign(year=keyed["year"] + years)
    lagged = rows.merge(earlier, on=["unit", "year"], how="left")["value"]
    return pd.Series(lagged.to_numpy(float), index=keyed.index)


def _mean(keyed: pd.DataFrame, first: int, last: int) -> pd.Series:
    inside = keyed[keyed["year"].between(first, last)]
    return keyed["unit"].map(inside.groupby("unit")["value"].mean())


def _chain(keyed: pd.DataFrame, base: int) -> pd.Series:
    # log x_t = sum of log(index_s / 100) over base < s <= t, less the same over t < s <= base
    wide = keyed.pivot(
        index="year",
        columns="unit",
        values="value",
    ).sort_index()
    steps = log(wide.where(wide > 0) / 100.0)
    after = steps[steps.index > base].cumsum(skipna=False)
    until = steps[steps.index <= base].iloc[::-1].cumsum(skipna=False).iloc[::-1]
    # Before the base, x_t is one over the product of index_s / 100 over t < s <= base.
    before = -until.shift(-1)
    before.loc[before.index == base] = 0.0
    return _long(exp(pd.concat([before, after])), keyed)


def _bridge(keyed: pd.DataFrame, first: int, last: int) -> pd.Series:
    wide = keyed.pivot(
        index="year",
        columns="unit",
        values="value",
    ).astype(float)
    if first not in wide.index or last not in wide.index or first >= last:
        return keyed["value"] * np.nan
    logs = log(wide.loc[[first, last]].where(wide > 0))
    for year in wide.index[(wide.index > first) & (wide.index < last)]:
        # ln x_t = (1 - share) ln x_first + share ln x_last: growth at a constant rate.
        share = (year - first) / (last - first)
        wide.loc[year] = exp((1 - share) * logs.loc[first] + share * logs.loc[last])
    return _long(wide, keyed)


def _long(wide: pd.DataFrame, keyed: pd.DataFrame) -> pd.Series:
    """Return the values of a table by year and unit for each row of a panel."""
    cells = wide.stack()
    keys = pd.MultiIndex.from_frame(keyed[["year", "unit"]])
    return pd.Series(cells.reindex(keys).to_numpy(float), index=keyed.index)


# What is computed from several years of a unit.
OVER_YEARS: dict[str, Callable[..., pd.Series]] = {
    "lag": _lag,
    "mean": _mean,
    "chain": _chain,
    "bridge": _bridge,
}


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
        " first, last), chain(index, year), bridge(x, first, last)"
    )
    try:
        tree = parsed(text, LONGEST)
    except SyntaxError:
        fault = f"`{text[:80]}` is not an expression"
        raise ConfigError(fault, expected, REMEDY) from None
    wrong = _unknown(tree)
    if wrong is not None:
        source = ast.unparse(wrong)[:60]
        raise ConfigError(f"`{source}` in `{text}` is not allowed", expected, REMEDY)
    _check_numbers(tree, text)
    return tree


def _check_numbers(tree: ast.AST, text: str) -> None:
    """Refuse parts of an expression that name no column and are no finite number, and
    years that no panel reaches.
    """
    for node in ast.walk(tree):
        years: list[Any] = node.args[1:] if isinstance(node, ast.Call) else []
        for year in years:
            if abs(year.value) > FURTHEST:
                raise ConfigError(
                    f"`{text[:80]}` asks for {year.value:.3g} years",
                    f"at most {FURTHEST:,}",
                    REMEDY,
                )
        if _is_constant(node) and not math.isfinite(_constant(node)):
            raise ConfigError(
                f"`{ast.unparse(node)[:60]}` in `{text[:80]}` is no finite number",
                "numbers that can be computed with",
                REMEDY,
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
        return formula_value(node, {})
    except KeyError:  # a function over years
        return math.nan


def _unknown(node: ast.AST) -> ast.AST | None:
    """Return the first part of an expression that is not on the list of what may stand
    there.
    """
    match node:
        # By type, because True is an instance of int.
        case ast.Constant() if type(node.value) in (int, float):
            return None
        case ast.Name():
            return None
        case ast.UnaryOp(op=ast.USub()):
            return _unknown(node.operand)
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            return _unknown(node.left) or _unknown(node.right)
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in FUNCTIONS:
            least, most = FUNCTIONS[name]
            kinds = {type(getattr(year, "value", None)) for year in node.args[1:]}
            if least <= len(node.args) <= most and kinds <= {int}:
                return _unknown(node.args[0])
    return node
