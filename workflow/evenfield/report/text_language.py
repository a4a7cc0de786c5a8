"""What a text of a study may hold between ``{{`` and ``}}``: names with their parts,
conditions on numbers, words of them, and calls of what places something.

A text has no loops and no settings, so it ends; it reaches what it is given by name and
nothing of Python.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from evenfield.report.printable import Value, word
from evenfield.study.errors import ReportError, nearest, not_known
from evenfield.study.expressions import ARITHMETIC, Evaluator, parsed

SYNTAX = "what docs/prose.md lists"
LONGEST = 5_000  # letters of one expression
# Strings may hold braces.
EXPRESSION = re.compile(r"""\{\{((?:"[^"]*"|'[^']*'|[^"'])*?)\}\}""")
# How templates of the library begin what no text of a study has.
OTHER = re.compile(r"\{%[-+]?\s*(\w*)|\{#")
COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
OPERATORS = {*ARITHMETIC, ast.USub, ast.Not}
# Parts that an expression may have beside those with limits of their own.
KNOWN = (
    ast.Name,
    ast.Attribute,
    ast.BoolOp,
    ast.IfExp,
    ast.expr_context,
    ast.boolop,
    ast.operator,
    ast.unaryop,
    ast.cmpop,
)
# Least and most arguments of what a text may call.
ARGUMENTS = {
    "must": (1, 2),
    "unchecked": (1, 2),
    "see": (1, 2),
    "table": (1, 1),
    "figure": (1, 1),
    "section": (1, 1),
    "map": (0, 1),
}
FaultInLine = tuple[int, ReportError]


class OneOf(str):
    """A text that is one of some words, and is compared with these only."""

    words: Sequence[str]

    @classmethod
    def of(cls, words: Sequence[str]) -> "OneOf":
        """Return the first of some words in the place of any of them."""
        text = cls(words[0])
        text.words = words
        return text


class Expression(NamedTuple):
    """What stands between braces, and the line where they open."""

    line: int
    source: str
    tree: ast.expr

    @property
    def called(self) -> str:
        """The name that the whole expression calls, if it calls one."""
        function = self.tree.func if isinstance(self.tree, ast.Call) else None
        return function.id if isinstance(function, ast.Name) else ""

    @property
    def texts(self) -> list[str]:
        """The arguments of the whole expression that are texts, others blank."""
        arguments = self.tree.args if isinstance(self.tree, ast.Call) else []
        values = [getattr(argument, "value", "") for argument in arguments]
        return [value if isinstance(value, str) else "" for value in values]

    @property
    def names(self) -> list[str]:
        """The names that it rests on."""
        return [node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)]


class Words(NamedTuple):
    """What stands between expressions, and the line where it begins."""

    line: int
    text: str


class Text(NamedTuple):
    """A text as it is read: its parts in their order, and what is wrong with them."""

    parts: list[Expression | Words]
    faults: list[FaultInLine]

    @property
    def expressions(self) -> list[Expression]:
        """What stands between braces."""
        return [part for part in self.parts if isinstance(part, Expression)]


@lru_cache(maxsize=64)
def read_text(source: str) -> Text:
    """Take a text apart, whatever stands behind the names that it uses."""
    text = Text([], [])
    source = source.removesuffix("\n")
    start = 0
    line = 1
    # The first that is never closed ends the search.
    while found := EXPRESSION.match(source, _opened(source, start)):
        _add_words(text, line, source[start : found.start()])
        line += source.count("\n", start, found.start())
        _add_expression(text, line, found[1])
        line += source.count("\n", found.start(), found.end())
        start = found.end()
    _add_words(text, line, source[start:])
    text.faults.extend(_template_faults(text))
    text.faults.sort(key=lambda fault: fault[0])
    return text


def _opened(source: str, start: int) -> int:
    """Return where the next expression opens; the end of the text where none does."""
    opened = source.find("{{", start)
    return opened if opened >= 0 else len(source)


def _add_expression(text: Text, line: int, source: str) -> None:
    try:
        tree = parsed(source, LONGEST)
    except SyntaxError as error:
        text.faults.append((line, _no_expression(source, error)))
        return
    fault = _form_fault(tree)
    if fault:
        text.faults.append((line, fault))
    else:
        text.parts.append(Expression(line, source.strip(), tree))


def _add_words(text: Text, line: int, words: str) -> None:
    if not words:
        return
    text.parts.append(Words(line, words))
    opened = words.find("{{")
    if opened >= 0:
        where = line + words.count("\n", 0, opened)
        text.faults.append((where, _fault("{{ is never closed", "close it with }}")))


def _template_faults(text: Text) -> Iterator[FaultInLine]:
    """Yield the first statement or comment of a template, of which texts have none."""
    for part in text.parts:
        if isinstance(part, Words) and (found := OTHER.search(part.text)):
            written = f"{{% {found[1]} %}}" if found[1] else found[0]
            line = part.line + part.text.count("\n", 0, found.start())
            yield line, _fault(f"{written} is not part of the syntax", "remove it")
            return


def _fault(fault: str, action: str = "correct the line") -> ReportError:
    return ReportError(fault, SYNTAX, action)


def _no_expression(source: str, error: SyntaxError) -> ReportError:
    shown = " ".join(source.split())
    if re.search("brackets|nested", str(error)):
        return _fault("brackets too deep", "take them apart")
    return _fault(f"`{shown[:60]}` is no expression")


def _form_fault(tree: ast.expr) -> ReportError | None:
    """Return the first thing that no expression of a text may hold."""
    return next(filter(None, map(_refused, ast.walk(tree))), None)


def _refused(node: ast.AST) -> ReportError | None:
    match node:
        case ast.BinOp(op=ast.BitOr()):
            return _filter_fault(node)
        case ast.Call():
            return _call_fault(node)
        case ast.Constant(value=value):
            # By type, because True is an instance of int.
            number = type(value) in (int, float) and math.isfinite(_float(value))
            known = number or isinstance(value, str)
        case ast.BinOp() | ast.UnaryOp():
            known = type(node.op) in OPERATORS
        case ast.Compare():
            known = {type(sign) for sign in node.ops} <= set(COMPARISONS)
        case ast.Subscript():
            known = isinstance(node.slice, ast.Constant)
        case _:
            known = isinstance(node, KNOWN)
    return None if known else _not_part(node)


def _not_part(node: ast.AST) -> ReportError:
    return _fault(f"`{ast.unparse(node)[:60]}` is not part of the syntax")


def _filter_fault(node: ast.BinOp) -> ReportError | None:
    # Python binds | less than + and more than <, a reader of it more than both.
    if not isinstance(node.right, ast.Name) or _is_arithmetic(node.left):
        return _not_part(node)
    if node.right.id in FILTERS:
        return None
    action = nearest(node.right.id, FILTERS, "correct it")
    return _fault(f"no filter named '{node.right.id}'", action)


def _call_fault(node: ast.Call) -> ReportError | None:
    if isinstance(node.func, ast.Attribute):
        return _fault(f"{node.func.attr}() is not part of the syntax", "remove it")
    named = isinstance(node.func, ast.Name) and not node.keywords
    return None if named else _not_part(node)


def _float(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.inf


def _is_arithmetic(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitOr)


def named(names: Mapping[str, Any], name: str) -> Any:
    """Return what stands behind a name."""
    if name not in names:
        action = nearest(name, names, "correct it")
        raise _fault(f"the name '{name}' is not known", action)
    return names[name]


@dataclass(frozen=True)
class TextEvaluator(Evaluator):
    """Computes the expressions of a text from what stands behind its names.

    Where ``both`` is set, as before there are results, all that a condition chooses
    between is computed, and a number that only a run finds is not a number.
    """

    both: bool

    def value(self, node: ast.AST) -> Any:
        """Return the value of a part of an expression."""
        match node:
            case ast.Constant(value=str()):
                return node.value
            case ast.Constant(value=int() | float() as number):
                return Value(number)
            case ast.Attribute():
                return part_named(self.value(node.value), node.attr)
            case ast.Subscript(slice=ast.Constant(value=key)):
                return part_named(self.value(node.value), key)
            case ast.BinOp(op=ast.BitOr(), right=ast.Name(id=name)):
                return FILTERS[name](self.value(node.left))
            case ast.BinOp():
                left = self._number(self.value(node.left))
                right = self._number(self.value(node.right))
                return Value(ARITHMETIC[type(node.op)](left, right))
            case ast.UnaryOp(op=ast.USub()):
                return Value(-self._number(self.value(node.operand)))
            case ast.UnaryOp(op=ast.Not()):
                return not self._holds(node.operand)
            case ast.BoolOp():
                return self._joined(node)
            case ast.Compare():
                return self._compared(node)
            case ast.IfExp():
                return self._chosen(node)
            case ast.Call(func=ast.Name(id=name)):
                return self._called(name, node.args)
        return super().value(node)

    def _joined(self, node: ast.BoolOp) -> bool:
        joined = all if isinstance(node.op, ast.And) else any
        if self.both:
            return joined([self._holds(part) for part in node.values])
        return joined(self._holds(part) for part in node.values)

    def _holds(self, node: ast.AST) -> bool:
        condition = self.value(node)
        if not isinstance(condition, bool | int | float | str):
            raise _whole(condition, "a condition")
        return bool(condition)

    def _compared(self, node: ast.Compare) -> bool:
        values = [self.value(part) for part in (node.left, *node.comparators)]
        pairs = zip(values, node.ops, values[1:], strict=False)
        compared = [self._compare(*pair) for pair in pairs]
        return all(compared)

    def _compare(self, left: Any, sign: ast.cmpop, right: Any) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            if not isinstance(sign, ast.Eq | ast.NotEq):
                raise _fault("the order of two texts is asked")
            for text, other in ((left, right), (right, left)):
                # A misspelt answer would make a condition that never holds.
                if isinstance(text, OneOf) and other not in text.words:
                    raise ReportError(*not_known("answer", other, text.words))
            return COMPARISONS[type(sign)](str(left), str(right))
        for value in (left, right):
            if isinstance(value, str):
                raise _fault(f"a number is compared with '{value}'")
        return COMPARISONS[type(sign)](self._number(left), self._number(right))

    def _number(self, value: Any) -> float:
        """Return a number that is computed with."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _whole(value, "a number")
        # A whole number comes from a name; one that is typed is a Value.
        open_count = self.both and isinstance(value, int)
        return math.nan if open_count else float(value)

    def _chosen(self, node: ast.IfExp) -> Any:
        holds = self._holds(node.test)
        if self.both:
            self.value(node.orelse)
            return self.value(node.body)
        return self.value(node.body if holds else node.orelse)

    def _called(self, name: str, arguments: Sequence[ast.expr]) -> Any:
        function = self.name(name)
        if not callable(function):
            raise _fault(f"{name}() is not part of the syntax", "remove the brackets")
        least, most = ARGUMENTS.get(name, (0, 0))
        if not least <= len(arguments) <= most:
            needed = f"{least} to {most}" if least < most else str(most)
            plural = "argument" if most == 1 else "arguments"
            raise _fault(f"{name}() has {len(arguments)}, it takes {needed} {plural}")
        conditions = arguments[:1] if name == "must" else []
        texts = [self.value(argument) for argument in arguments[len(conditions) :]]
        if not all(isinstance(text, str) for text in texts):
            raise _fault(f"{name}() takes texts in quotation marks")
        return function(*map(self._holds, conditions), *texts)


def _whole(value: object, instead: str) -> ReportError:
    """Return the fault of a name in the place of a number or a condition."""
    if isinstance(value, str):
        return ReportError(
            "a text is formatted or computed with",
            "a number named in numbers.yaml",
            "name it there",
        )
    name = getattr(value, "name", "")
    if not isinstance(name, str) or not name:
        return _fault(f"'{type(value).__name__}' stands for {instead}")
    return ReportError(
        f"{name} is compared or computed with as a whole",
        f"{name}.value in a condition",
        "add .value",
    )


def part_named(whole: Any, part: object) -> Any:
    """Return a part of a number, or what stands under a name in a list of them."""
    if isinstance(whole, Mapping):
        if part not in whole:
            raise ReportError(*not_known("name", str(part), sorted(map(str, whole))))
        return whole[part]
    find = getattr(whole, "part", None)
    if find is None or not isinstance(part, str):
        raise _fault(f"'{part}' is asked of what has no parts")
    return find(part)


def _sequence(items: Any) -> Sequence[Any]:
    if not isinstance(items, str | list | tuple) or not items:
        raise _fault("`first`, `last` or `length` stands behind what is no list")
    return items


FILTERS: dict[str, Callable[[Any], Any]] = {
    "capitalize": lambda text: str(text).capitalize(),
    "first": lambda items: _sequence(items)[0],
    "last": lambda items: _sequence(items)[-1],
    "length": lambda items: len(_sequence(items)),
    "lower": lambda text: str(text).lower(),
    "upper": lambda text: str(text).upper(),
    "word": word,
}
BOX = re.compile(r"^:::[ \t]*(.*?)[ \t]*$")
BOXES = ("cards", "opens", "beside")


def box_faults(lines: Iterable[str]) -> Iterator[FaultInLine]:
    """Yield boxes (``::: cards`` to ``:::``) that are never closed, opened in another
    or closed without one.
    """
    opened = 0
    for number, line in enumerate(lines, 1):
        box = BOX.match(line)
        if box is None:
            continue
        if box[1] and box[1] not in BOXES:
            action = nearest(box[1], BOXES, f"write ::: {BOXES[0]}")
            yield number, _fault(f"no box named '{box[1]}'", action)
        if box[1] and opened:
            yield number, _fault(f"a box opens in the box of line {opened}")
        if not box[1] and not opened:
            yield number, _fault("a box is closed that none has opened")
        opened = number if box[1] else 0
    if opened:
        yield (
            opened,
            _fault("a box is never closed", "close it with ::: on a line alone"),
        )
