"""What a text of a study may hold between ``{{`` and ``}}``: names with their parts,
conditions on numbers, words of them, and calls of what places something.

A text has no loops and assigns nothing, so that every text comes to an end; it reaches
the names that it is given and nothing else of Python.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from evenfield.report.equations import with_equations
from evenfield.report.markup import Mark
from evenfield.report.printable import Value, as_text, word
from evenfield.study.errors import ReportError, nearest, not_known
from evenfield.study.expressions import ARITHMETIC, Evaluator, parsed
from evenfield.study.letters import hidden_letter

SYNTAX = "what docs/prose.md lists"
LONGEST = 5_000  # characters of one expression
# From {{ to the first }} outside of quotation marks.
EXPRESSION = re.compile(r"""\{\{((?:"[^"]*"|'[^']*'|[^"'])*?)\}\}""")
# A statement or a comment of Jinja, which templates of the library have and texts do not.
JINJA = re.compile(r"\{%[-+]?\s*(\w*)|\{#")
COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
OPERATORS = {*ARITHMETIC, ast.USub, ast.Not}
# Parts of an expression that are allowed as they are; others have limits (`_node_fault`).
ALLOWED = (
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
# Least and most arguments of what a text may call; all others take none.
ARGUMENTS = {
    "must": (1, 2),
    "unchecked": (1, 2),
    "see": (1, 2),
    "table": (1, 1),
    "figure": (1, 1),
    "section": (1, 1),
    "eq": (1, 1),
    "map": (0, 1),
}
BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
BOX = re.compile(r"^:::[ \t]*(.*?)[ \t]*$")
BOXES = ("cards", "opens", "beside")
FaultInLine = tuple[int, ReportError]  # number of the line, and what is wrong with it


class OneOf(str):
    """A text that stands for any of some words, such as an answer before there are
    results; to compare it with any other word is a mistake.
    """

    words: Sequence[str]

    @classmethod
    def of(cls, words: Sequence[str]) -> "OneOf":
        """Return the first of some words, which stands for any of them."""
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
        """The name that the whole expression calls; empty where it is no call."""
        function = self.tree.func if isinstance(self.tree, ast.Call) else None
        return function.id if isinstance(function, ast.Name) else ""

    @property
    def texts(self) -> list[str]:
        """The arguments of the call that the whole expression is; empty where one is no
        text in quotation marks.
        """
        arguments = self.tree.args if isinstance(self.tree, ast.Call) else []
        values = [getattr(argument, "value", "") for argument in arguments]
        return [value if isinstance(value, str) else "" for value in values]

    @property
    def names(self) -> list[str]:
        """The names that it uses, in the order of its tree."""
        return [node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)]

    def uses(self, number: str) -> bool:
        """Say whether it uses a number, which is named as ``n.premium``."""
        return any(_number_named(node) == number for node in ast.walk(self.tree))


def _number_named(node: ast.AST) -> str:
    """Return the name of the number that a part of an expression is; empty for others."""
    match node:
        case ast.Attribute(value=ast.Name(id=study), attr=name):
            return f"{study}.{name}"
        case ast.Subscript(
            value=ast.Name(id=study), slice=ast.Constant(value=str(name))
        ):
            return f"{study}.{name}"
    return ""


class Words(NamedTuple):
    """What stands between expressions, and the line where it begins."""

    line: int
    text: str


class Text(NamedTuple):
    """A text as it is read: its parts in their order, and what is wrong with them by
    line.
    """

    parts: list[Expression | Words]
    faults: list[FaultInLine]

    @property
    def expressions(self) -> list[Expression]:
        """What stands between braces."""
        return [part for part in self.parts if isinstance(part, Expression)]

    @property
    def paragraphs(self) -> list[list[Expression | Words]]:
        """The parts between blank lines."""
        paragraphs: list[list[Expression | Words]] = [[]]
        for part in self.parts:
            if isinstance(part, Expression):
                paragraphs[-1].append(part)
                continue
            first, *others = BLANK_LINES.split(part.text)
            paragraphs[-1].append(Words(part.line, first))
            paragraphs += [[Words(part.line, words)] for words in others]
        return paragraphs


@lru_cache(maxsize=64)
def read_text(source: str) -> Text:
    """Return the words and expressions of a text, with the faults that it has whatever
    its names stand for.
    """
    text = Text([], [])
    source = with_equations(source.removesuffix("\n"))
    start = 0  # of what is not read yet
    line = 1  # number of the line of ``start``
    # An expression that is never closed ends the search: the rest is words.
    while found := EXPRESSION.match(source, _opening(source, start)):
        _add_words(text, line, source[start : found.start()])
        line += source.count("\n", start, found.start())
        _add_expression(text, line, found[1])
        line += source.count("\n", found.start(), found.end())
        start = found.end()
    _add_words(text, line, source[start:])
    text.faults.extend(_template_faults(text))
    text.faults.sort(key=lambda fault: fault[0])
    return text


def _opening(source: str, start: int) -> int:
    """Return where the next expression opens; the end of the text where none does."""
    opening = source.find("{{", start)
    return opening if opening >= 0 else len(source)


def _add_expression(text: Text, line: int, source: str) -> None:
    """Add what stands between braces to the parts of a text, or else its fault."""
    try:
        tree = read_expression(source)
    except ReportError as fault:
        text.faults.append((line, fault))
    else:
        text.parts.append(Expression(line, source.strip(), tree))


def read_expression(source: str) -> ast.expr:
    """Return the tree of an expression, or of a condition that stands beside a text.

    Raises
    ------
    ReportError
        If it is no expression of the language.
    """
    try:
        tree = parsed(source, LONGEST)
    except SyntaxError as error:
        raise _syntax_fault(source, error) from None
    fault = _first_fault(tree)
    if fault:
        raise fault
    return tree


def _add_words(text: Text, line: int, words: str) -> None:
    """Add what stands between expressions to the parts of a text."""
    if not words:
        return
    text.parts.append(Words(line, words))
    opening = words.find("{{")
    if opening >= 0:
        line_of_opening = line + words.count("\n", 0, opening)
        fault = _fault("{{ is never closed", "close it with }}")
        text.faults.append((line_of_opening, fault))


def _template_faults(text: Text) -> Iterator[FaultInLine]:
    """Yield the first statement or comment of Jinja, of which texts have none."""
    for part in text.parts:
        if isinstance(part, Words) and (found := JINJA.search(part.text)):
            written = f"{{% {found[1]} %}}" if found[1] else found[0]
            line = part.line + part.text.count("\n", 0, found.start())
            yield line, _fault(f"{written} is not part of the syntax", "remove it")
            return


def _fault(fault: str, action: str = "correct the line") -> ReportError:
    return ReportError(fault, SYNTAX, action)


def _syntax_fault(source: str, error: SyntaxError) -> ReportError:
    """Return the fault of what does not parse."""
    if re.search("brackets|nested", str(error)):
        return _fault("brackets too deep", "take them apart")
    on_one_line = " ".join(source.split())
    return _fault(f"`{on_one_line[:60]}` is no expression")


def _first_fault(tree: ast.expr) -> ReportError | None:
    """Return the fault of the first part of an expression that is not allowed."""
    faults = map(_node_fault, ast.walk(tree))
    return next(filter(None, faults), None)


def _node_fault(node: ast.AST) -> ReportError | None:
    """Return what is wrong with one part of an expression, its own parts aside."""
    match node:
        case ast.BinOp(op=ast.BitOr()):
            return _filter_fault(node)
        case ast.Call():
            return _call_fault(node)
        case ast.Constant(value=value):
            # By type, because True is an instance of int.
            is_number = type(value) in (int, float) and math.isfinite(_as_float(value))
            if isinstance(value, str) and hidden_letter(value):
                return _fault("a text between quotation marks holds a hidden character")
            allowed = is_number or isinstance(value, str)
        case ast.BinOp() | ast.UnaryOp():
            allowed = type(node.op) in OPERATORS
        case ast.Compare():
            allowed = {type(sign) for sign in node.ops} <= set(COMPARISONS)
        case ast.Subscript():
            allowed = isinstance(node.slice, ast.Constant)
        case _:
            allowed = isinstance(node, ALLOWED)
    return None if allowed else _not_part(node)


def _not_part(node: ast.AST) -> ReportError:
    return _fault(f"`{ast.unparse(node)[:60]}` is not part of the syntax")


def _filter_fault(node: ast.BinOp) -> ReportError | None:
    """Return what is wrong with ``value | filter``."""
    # Python reads a + b | word as (a + b) | word, an author as a + (b | word).
    if not isinstance(node.right, ast.Name) or _is_arithmetic(node.left):
        return _not_part(node)
    if node.right.id in FILTERS:
        return None
    action = nearest(node.right.id, FILTERS, "correct it")
    return _fault(f"no filter named '{node.right.id}'", action)


def _call_fault(node: ast.Call) -> ReportError | None:
    """Return what is wrong with a call: methods and keywords are not allowed."""
    if isinstance(node.func, ast.Attribute):
        return _fault(f"{node.func.attr}() is not part of the syntax", "remove it")
    allowed = isinstance(node.func, ast.Name) and not node.keywords
    return None if allowed else _not_part(node)


def _as_float(value: object) -> float:
    """Return a number as float; infinite if it is too large, NaN if it is none."""
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.inf


def _is_arithmetic(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitOr)


def named(names: Mapping[str, Any], name: str) -> Any:
    """Return what a name stands for.

    Raises
    ------
    ReportError
        If the name is not among those of the text.
    """
    if name not in names:
        action = nearest(name, names, "correct it")
        raise _fault(f"the name '{name}' is not known", action)
    return names[name]


@dataclass(frozen=True)
class TextEvaluator(Evaluator):
    """Computes the expressions of a text from what its names stand for.

    With ``both``, which is set before there are results, both sides of each condition
    are computed, so that faults in either are found, and a number that only a run finds
    is NaN.
    """

    both: bool

    def value(self, node: ast.AST) -> Any:
        """Return the value of a part of an expression.

        Raises
        ------
        ReportError
            If a name is not known, or a value is of the wrong kind.
        ArithmeticError
            If a number is divided by zero or becomes infinite.
        """
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
                return not self._condition(node.operand)
            case ast.BoolOp():
                return self._and_or(node)
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp():
                return self._choice(node)
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, node.args)
        return super().value(node)

    def _and_or(self, node: ast.BoolOp) -> bool:
        joined = all if isinstance(node.op, ast.And) else any
        if self.both:
            # The list computes each condition, also those that do not decide.
            return joined([self._condition(part) for part in node.values])
        return joined(self._condition(part) for part in node.values)

    def _condition(self, node: ast.AST) -> bool:
        """Say whether a condition holds."""
        value = self.value(node)
        if isinstance(value, Mark):
            raise _fault("what a text places stands for a condition")
        if not isinstance(value, bool | int | float | str):
            raise _wrong_kind(value, "a condition")
        return bool(value)

    def _comparison(self, node: ast.Compare) -> bool:
        """Say whether ``a < b < c`` holds, each of its pairs computed."""
        values = [self.value(part) for part in (node.left, *node.comparators)]
        pairs = zip(values, node.ops, values[1:], strict=False)
        holds = [self._pair_holds(*pair) for pair in pairs]
        return all(holds)

    def _pair_holds(self, left: Any, sign: ast.cmpop, right: Any) -> bool:
        """Compare two texts, or two numbers."""
        compare = COMPARISONS[type(sign)]
        if isinstance(left, str) and isinstance(right, str):
            if not isinstance(sign, ast.Eq | ast.NotEq):
                raise _fault("the order of two texts is asked")
            for text, other in ((left, right), (right, left)):
                # A misspelt answer would make a condition that never holds.
                if isinstance(text, OneOf) and other not in text.words:
                    raise ReportError(*not_known("answer", other, text.words))
            return compare(str(left), str(right))
        for value in (left, right):
            if isinstance(value, str):
                raise _fault(f"a number is compared with '{value}'")
        return compare(self._number(left), self._number(right))

    def _number(self, value: Any) -> float:
        """Return a value to compute with, NaN for a count that only a run finds."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_kind(value, "a number")
        # A whole number comes from a name; one that is typed is a Value.
        only_run_finds = self.both and isinstance(value, int)
        return math.nan if only_run_finds else float(value)

    def _choice(self, node: ast.IfExp) -> Any:
        """Return the value of ``a if condition else b``."""
        holds = self._condition(node.test)
        if self.both:
            self.value(node.orelse)
            return self.value(node.body)
        return self.value(node.body if holds else node.orelse)

    def _call(self, name: str, arguments: Sequence[ast.expr]) -> Any:
        """Return what a function gives for texts; that of ``must`` takes a condition
        before them.
        """
        function = self.name(name)
        if not callable(function):
            raise _fault(f"{name}() is not part of the syntax", "remove the brackets")
        _check_argument_count(name, len(arguments))
        condition_count = 1 if name == "must" else 0
        conditions = arguments[:condition_count]
        texts = [self.value(argument) for argument in arguments[condition_count:]]
        if not all(isinstance(text, str) for text in texts):
            raise _fault(f"{name}() takes texts in quotation marks")
        return function(*map(self._condition, conditions), *texts)


def _check_argument_count(name: str, count: int) -> None:
    """Refuse a call with more or fewer arguments than the function takes."""
    least, most = ARGUMENTS.get(name, (0, 0))
    if not least <= count <= most:
        needed = f"{least} to {most}" if least < most else str(most)
        plural = "argument" if most == 1 else "arguments"
        raise _fault(f"{name}() has {count}, it takes {needed} {plural}")


def _wrong_kind(value: object, instead: str) -> ReportError:
    """Return the fault of a value that stands where a number or a condition should."""
    if isinstance(value, str):
        return ReportError(
            "a text is formatted or computed with",
            "a number named in numbers.yaml",
            "name it there",
        )
    name = getattr(value, "name", "")
    if not isinstance(name, str) or not name:
        return _fault(f"'{type(value).__name__}' stands for {instead}")
    # A number of numbers.yaml with all its parts.
    return ReportError(
        f"{name} is compared or computed with as a whole",
        f"{name}.value in a condition",
        "add .value",
    )


def part_named(whole: Any, part: object) -> Any:
    """Return a part of a number (``n.premium.low``), or what a name stands for in a
    mapping (``counts["HOLDS"]``).

    Raises
    ------
    ReportError
        If it has no such part, or no parts.
    """
    if isinstance(whole, Mapping):
        if part not in whole:
            raise ReportError(*not_known("name", str(part), sorted(map(str, whole))))
        return whole[part]
    find = getattr(whole, "part", None)
    if find is None or not isinstance(part, str):
        raise _fault(f"'{part}' is asked of what has no parts")
    return find(part)


def _sequence(items: Any) -> Sequence[Any]:
    """Return a list or text that is not empty, or refuse what is none."""
    listed = isinstance(items, str | list | tuple) and not isinstance(items, Mark)
    if not listed or not items:
        raise _fault("`first`, `last` or `length` stands behind what is no list")
    sequence: Sequence[Any] = items
    return sequence


FILTERS: dict[str, Callable[[Any], Any]] = {
    "capitalize": lambda text: as_text(text).capitalize(),
    "first": lambda items: _sequence(items)[0],
    "last": lambda items: _sequence(items)[-1],
    "length": lambda items: len(_sequence(items)),
    "lower": lambda text: as_text(text).lower(),
    "upper": lambda text: as_text(text).upper(),
    "word": word,
}


def box_faults(lines: Iterable[str]) -> Iterator[FaultInLine]:
    """Yield boxes (``::: cards`` to ``:::``) that are never closed, opened in another
    or closed without one.
    """
    opened = 0  # number of the line that opens the present box, 0 outside of boxes
    for number, line in enumerate(lines, 1):
        box = BOX.match(line)
        if box is None:
            continue
        name = box[1]  # empty where the line closes a box
        if name and name not in BOXES:
            action = nearest(name, BOXES, f"write ::: {BOXES[0]}")
            yield number, _fault(f"no box named '{name}'", action)
        if name and opened:
            yield number, _fault(f"a box opens in the box of line {opened}")
        if not name and not opened:
            yield number, _fault("a box is closed that none has opened")
        opened = number if name else 0
    if opened:
        fault = _fault("a box is never closed", "close it with ::: on a line alone")
        yield opened, fault
