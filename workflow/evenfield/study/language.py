"""The one language of a study: names, numbers, arithmetic and calls of listed functions,
parsed as Python is and computed here, without ``eval``.

Variables of the config (``study/expressions.py``) and numbers made from numbers
(``report/numbers.py``) are formulas of it; texts (``report/text_language.py``) add
conditions, parts of names and words.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
DEEPEST = 200  # levels of brackets and operators


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
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise SyntaxError("brackets too deep")
    return tree


def _hashes(node: ast.AST) -> int:
    value = getattr(node, "value", "")
    return value.count("#") if isinstance(value, str) else 0


class Evaluator:
    """Computes an expression whose parts are all known to be part of the language."""

    def __init__(
        self,
        name: Callable[[str], Any],
        functions: Mapping[str, Callable[..., Any]],
    ) -> None:
        self.name = name
        self.functions = functions

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
