"""Variables as the config writes them: ``log(fie_investment_m_usd / gdp_100m_cny)``,
read without ``eval``.
"""

import ast
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.elementary import exp, log
from evenfield.study.errors import ConfigError, nearest
from evenfield.study.language import (
    ARITHMETIC,
    Evaluator,
    formula_value,
    logarithm,
    parsed,
)

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
    over_years = {
        name: partial(_over_years, panel[["unit", "year"]], function)
        for name, function in OVER_YEARS.items()
    }
    functions: dict[str, Callable[..., Any]] = {"log": _log, "exp": _exp, **over_years}
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
    rows: pd.DataFrame,
    function: Callable[..., pd.Series],
    values: Any,
    *years: int,
) -> pd.Series:
    """Return what is computed from several years of a unit, matched by unit and year."""
    return function(rows.assign(value=values), *years)


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
