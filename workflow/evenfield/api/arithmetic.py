"""How a formula computes: in float64 however its columns are stored, and a row the same
whichever rows stand above it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from formulaic.materializers.pandas import PandasMaterializer, override
from formulaic.materializers.types import FactorValues
from formulaic.transforms import TRANSFORMS
from formulaic.utils.stateful_transforms import stateful_eval
from pandas.api.types import (
    infer_dtype,
    is_bool_dtype,
    is_complex_dtype,
    is_integer_dtype,
    is_numeric_dtype,
    is_object_dtype,
    is_string_dtype,
)

from evenfield.study.errors import EstimateError, counted

EXACT = 2**53  # whole numbers above it lose digits as float64
# Numbers and groups in a column of objects, by pandas' names of what it holds.
OBJECT_NUMBERS = {"boolean", "decimal", "floating", "integer", "mixed-integer-float"}
FUNCTIONS = frozenset({"np", "lag", *TRANSFORMS})
OF_NAMES = {"C", "hashed"}  # functions that take values for names of groups
TO_NAMES = {"apply", "astype", "map"}  # methods that may make names of values
CONDITIONAL = {"mask", "select", "where"}  # whose first argument is a condition
LOGICAL = ast.BitAnd | ast.BitOr | ast.BitXor | ast.Invert | ast.Not
DECIMAL = r"\s*[-+]?\d*[.,]\d+([eE][-+]?\d+)?\s*"
QUOTED = re.compile(r"`([^`]*)`")
TO_FLOATS, TO_WHOLE = "__as_floats__", "__as_whole__"  # no column has such a name
SAME = 1e-9  # what the order of a sum may change, as a share


def as_floats(values: Any) -> Any:
    """Return numbers of any type as float64: truth values as 0 and 1, NaN where one is
    missing. What holds no numbers stays as it is.
    """
    # A factor, which passes for the column in it, keeps how it is encoded.
    is_factor = type(values) is FactorValues
    if is_factor or not isinstance(values, pd.Series | np.ndarray | np.generic):
        return values
    kind = values.dtype
    if isinstance(kind, np.dtype) and kind == np.float64:
        return values
    if is_object_dtype(kind):
        held = infer_dtype(np.ravel(values), skipna=True)
        if held not in OBJECT_NUMBERS:
            return values
        is_whole = held == "integer"
    elif not is_numeric_dtype(kind) or is_complex_dtype(kind):
        return values
    else:
        is_whole = is_integer_dtype(kind)
    floats: Any = values
    if isinstance(values, pd.Series):
        numbers = values.to_numpy(float, na_value=np.nan)
        floats = pd.Series(numbers, values.index, name=values.name)
    else:
        floats = values.astype(float)
    if is_whole:
        _refuse_inexact(floats)
    return floats


def _refuse_inexact(floats: Any) -> None:
    """Refuse whole numbers that float64 cannot hold to the last digit."""
    inexact = np.abs(floats) > EXACT
    if np.any(inexact):
        named = f" of {floats.name}" if isinstance(floats, pd.Series) else ""
        raise EstimateError(
            f"{counted(np.sum(inexact), 'whole number')}{named} above 2**53, such as"
            f" {np.max(np.abs(floats)):.6g}, which lose digits in float64",
            "numbers up to 9e15",
            "divide them first, or convert them with .astype(float)",
        )


def _as_whole(values: Any) -> Any:
    """Return whole numbers of any type as int64, other numbers as float64."""
    if not isinstance(values, pd.Series | np.ndarray | np.generic):
        return values
    kind = values.dtype
    if not (is_bool_dtype(kind) or is_integer_dtype(kind)):
        return as_floats(values)
    missing: Any = pd.isna(np.asarray(values, dtype=object))
    return values.astype("Int64" if missing.any() else "int64")


def for_query(query: str, data: pd.DataFrame) -> pd.DataFrame:
    """Return the data for a query (``DataFrame.eval``), with columns that it computes
    with as float64; conditions stay conditions.
    """
    quoted = dict[str, str]()

    def alias(match: re.Match[str]) -> str:
        return quoted.setdefault(match[1], f"quoted_{len(quoted)}_")

    try:
        tree = ast.parse(QUOTED.sub(alias, query).strip(), mode="eval")
    except (SyntaxError, TypeError, ValueError):  # which pandas tells better
        return data
    names = {short: name for name, short in quoted.items()}
    computed = {
        names.get(part.id, part.id)
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Call)
        and not isinstance(getattr(node, "op", None), LOGICAL)
        for part in ast.walk(node)
        if isinstance(part, ast.Name)
    }
    floats = {name: as_floats(data[name]) for name in computed if name in data}
    return data.assign(**floats)


class _Numbers(ast.NodeTransformer):
    """Lets an expression convert what it computes with: operands of arithmetic and of
    comparisons, and arguments of functions, but not the parts of a condition (``~a &
    b``) nor what is taken for names (``C(code)``).
    """

    def __init__(self, columns: Mapping[str, object]) -> None:
        self.columns = columns
        self.conversion = TO_FLOATS

    def _number(self, node: ast.expr) -> ast.expr:
        part: ast.expr = self.visit(node)
        if isinstance(node, ast.Constant | ast.Starred):
            return part
        return ast.Call(ast.Name(self.conversion, ast.Load()), [part], [])

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, LOGICAL):
            return self.generic_visit(node)
        return ast.BinOp(self._number(node.left), node.op, self._number(node.right))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, LOGICAL):
            return self.generic_visit(node)
        return ast.UnaryOp(node.op, self._number(node.operand))

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        others = [self._number(other) for other in node.comparators]
        return ast.Compare(self._number(node.left), node.ops, others)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        of_column = not isinstance(node.value, ast.Name | ast.Attribute) or (
            isinstance(node.value, ast.Name) and node.value.id in self.columns
        )
        if of_column and node.attr not in TO_NAMES:
            return ast.Attribute(self._number(node.value), node.attr, node.ctx)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        outer = self.conversion
        if isinstance(node.func, ast.Name) and node.func.id in OF_NAMES:
            self.conversion = TO_WHOLE
            arguments = [self.visit(argument) for argument in node.args]
        elif isinstance(node.func, ast.Attribute) and node.func.attr in CONDITIONAL:
            condition = [self.visit(argument) for argument in node.args[:1]]
            arguments = condition + [self._number(other) for other in node.args[1:]]
        else:
            arguments = [self._number(argument) for argument in node.args]
        keywords = [
            ast.keyword(keyword.arg, self._number(keyword.value))
            for keyword in node.keywords
        ]
        self.conversion = outer
        return ast.Call(self.visit(node.func), arguments, keywords)


def _is_row_by_row(tree: ast.AST) -> bool:
    """Say whether all functions of an expression are known to give a row the same value
    in any order of rows: those of formulas, and numpy's functions of elements.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            return False
        if isinstance(node, ast.Attribute):
            of_numpy = isinstance(node.value, ast.Name) and node.value.id == "np"
            if not (of_numpy and isinstance(getattr(np, node.attr, None), np.ufunc)):
                return False
    return True


class Arithmetic(PandasMaterializer):  # type: ignore[misc]
    """Terms of a formula as numbers; ``other_order`` has rows of the data, sorted, in
    another order and ``other_context`` functions of a formula for that order.
    """

    REGISTER_NAME = "evenfield"
    REGISTER_INPUTS = ()  # formulaic takes its own for other users

    def __init__(
        self,
        data: pd.DataFrame,
        context: Mapping[str, Any],
        other_order: np.ndarray,
        other_context: Mapping[str, Any],
    ) -> None:
        conversions = {TO_FLOATS: as_floats, TO_WHOLE: _as_whole}
        super().__init__(data, {**context, **conversions})
        self.other_order = other_order
        self.other_context = {**other_context, **conversions}

    @override  # type: ignore[untyped-decorator]
    def _lookup(self, name: str) -> tuple[Any, set[Any]]:
        """Look up a column, numbers as float64."""
        values, variables = super()._lookup(name)
        return _factor(as_floats(values)), variables

    @override  # type: ignore[untyped-decorator]
    def _evaluate(self, expr: str, metadata: Any, spec: Any) -> tuple[Any, set[Any]]:
        """Evaluate a term of a formula in float64, and refuse one that follows the order
        of the rows.
        """
        tree = ast.parse(expr, mode="eval")
        in_order = _is_row_by_row(tree)
        numbers = _Numbers(self.data).visit(tree)
        expression = ast.unparse(ast.fix_missing_locations(numbers))
        values, variables = super()._evaluate(expression, metadata, spec)
        if not in_order:
            self._refuse_order(expr, expression, values, spec)
        # Python repeats a text that is multiplied.
        products = any(isinstance(node, ast.Mult | ast.Mod) for node in ast.walk(tree))
        if products and isinstance(values, pd.Series) and is_string_dtype(values):
            raise TypeError("a product of text")
        return as_floats(values), variables

    def _refuse_order(self, term: str, expression: str, values: Any, spec: Any) -> None:
        """Refuse a term that has other values for the same rows in another order."""
        data = self.data.iloc[self.other_order].reset_index(drop=True)
        other = PandasMaterializer(data, self.other_context)
        # What transforms have learnt of the columns stays what it is.
        again = stateful_eval(
            expression, other.layered_context, {}, spec.transform_state, spec
        )
        if np.ndim(_plain(values)) == 0 and not isinstance(_plain(values), dict):
            return
        first, second = (pd.DataFrame(_plain(part)) for part in (values, again))
        back = np.argsort(self.other_order)
        of_rows = first.shape == second.shape and len(first) == len(back)
        if of_rows and _are_same(first, second.iloc[back]):
            return
        raise EstimateError(
            f"the term {term}, whose values follow the order of the rows",
            "values that are the same however the rows are sorted",
            "write lag(x) for the value one step earlier, or make the column first,"
            " unit by unit",
        )


def _plain(values: Any) -> Any:
    """Return values without formulaic's wrapper."""
    return values.__wrapped__ if isinstance(values, FactorValues) else values


def _are_same(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    """Say whether two tables of the same shape hold the same values but for rounding."""
    for name in first:
        one, other = as_floats(first[name]), as_floats(second[name])
        if one.dtype != float or other.dtype != float:
            same = one.astype(str).tolist() == other.astype(str).tolist()
        else:
            same = np.allclose(one, other, rtol=SAME, atol=0, equal_nan=True)
        if not same:
            return False
    return True


def _factor(values: Any) -> Any:
    """Return a column that is a term of its own, and refuse text of numbers such as 1.5
    and objects that are neither numbers nor text, of which each would become a group.
    """
    if isinstance(values, pd.Series) and is_string_dtype(values):
        texts = values.dropna().astype(str).drop_duplicates()
        # ASSUME: whole numbers as text are codes of groups, as in R.
        decimal = texts[texts.str.fullmatch(DECIMAL)]
        if len(decimal):
            raise EstimateError(
                f"{values.name} with numbers as text, such as {decimal.iloc[0]!r}",
                "numbers, or text of groups",
                f"convert it with pd.to_numeric; write C({values.name}) for groups",
            )
    if isinstance(values, pd.Series) and values.isna().all():
        raise EstimateError(
            f"no value of {values.name}", "one at least", "leave the column out"
        )
    if isinstance(values, pd.Series) and values.dtype == object:
        held = infer_dtype(values, skipna=True)
        if held != "string":
            first = values.dropna().iloc[0]
            raise EstimateError(
                f"{values.name} with {first!r}, a {type(first).__name__}",
                "numbers, or text of groups",
                "convert the column",
            )
    return values
