"""The faults that `python3 run mutate` can plant in a file of the library.

A fault is one small change of one expression or statement: another comparison, a sign, an
off-by-one, a denominator, a dropped `not` or `abs`, swapped arguments, a neighbouring key, a
smaller threshold, one start in place of several, a condition or branch that is left out, draws
that are not drawn.
Docstrings, annotations, messages, tolerances and what only styles a figure stay as they are.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

COMPARISONS: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.Gt: ast.GtE,
    ast.Eq: ast.NotEq,
    ast.In: ast.NotIn,
    ast.Is: ast.IsNot,
}
COMPARISONS |= {new: old for old, new in COMPARISONS.items()}
ARITHMETIC: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
# Functions and methods that are confused with one another.
CALLS = {
    "any": "all",
    "argmax": "argmin",
    "ceil": "floor",
    "diff": "asarray",
    "eigvals": "eigvalsh",
    "ge": "gt",
    "gt": "ge",
    "isnan": "isfinite",
    "isna": "notna",
    "le": "lt",
    "log": "log1p",
    "log1p": "log",
    "lt": "le",
    "max": "min",
    "maximum": "minimum",
    "mean": "sum",
    "std": "var",
    "sum": "mean",
}
CALLS |= {
    new: old for old, new in CALLS.items() if new not in CALLS and new != "asarray"
}
FUNCTIONS = {"mean": "median"}  # of numpy, where arrays have no such method
# Calls that are left out: f(x) becomes x, x.f() becomes x.
DROPPED_FUNCTIONS = {"abs", "sqrt", "exp", "sorted", "square", "cumsum", "sort"}
DROPPED_METHODS = {"abs", "cumsum", "dropna", "drop_duplicates", "sort_values", "shift"}
DROPPED_METHODS |= {"sort_index", "fillna", "reset_index", "strip"}
NOT_SWAPPED = {"max", "min", "maximum", "minimum", "isclose", "array_equal", "hypot"}
NOT_SWAPPED |= {"isinstance", "issubclass"}
KEYS = {
    "conf_low": "conf_high",
    "estimate": "std_error",
    "std_error": "estimate",
    "p_value": "statistic",
    "statistic": "p_value",
    "n_obs": "df",
}
ENDINGS = (("_low", "_high"), ("_start", "_end"), ("_min", "_max"), ("_first", "_last"))
STYLING = set(
    "alpha color colour dpi edgecolor facecolor figsize fontsize format gridspec_kw ha"
    " height_ratios linestyle linewidth loc marker pad rotation rowspan s size va"
    " width_cm width_ratios xytext zorder".split()
)
# What else shows nowhere: whether two lists are checked to be equally long.
UNREAD = {*STYLING, "strict"}
DRAWING = set(
    "annotate axhline axvline grid legend set_title set_xlabel set_ylabel set_xlim"
    " set set_visible set_ylim spines subplots subplots_adjust text tick_params"
    " tight_layout".split()
)
STYLES = ("study/figure_style.py", "figures/save.py")  # which no number depends on
# Methods whose results & and | join; between sets they mean something else.
MASKS = {"eq", "ne", "gt", "ge", "lt", "le", "isin", "isna", "notna", "isnan"}
# Calls that draw at random, and those that put what they are given in another order.
DRAWS = {"random", "standard_normal", "normal", "uniform", "integers", "exponential"}
REORDERS = {"permuted", "permutation"}
# Names of what a number is divided by, one more or less of which is a usual slip.
COUNTS = {
    "n",
    "N",
    "B",
    "G",
    "T",
    "count",
    "draws",
    "df",
    "len",
    "sum",
    "count_nonzero",
}
LENGTHS = {"step", "years"}  # between dates, which are often one year apart
# Constants that say how much is done at once and when to give up change no number.
NO_ANSWER = re.compile(r".*(at_once|_block|most_steps|most_halvings)", re.IGNORECASE)
MANY = 20  # a whole number from here on is a count, of which one more shows nowhere
WIDTH = 80  # letters of an expression that is shown whole
SMALL = 1e-6  # a smaller constant is a tolerance
LARGE = 100_000  # a larger one is a bound that nothing reaches


@dataclass(frozen=True)
class Fault:
    """One change of one file."""

    file: str  # below workflow/evenfield
    function: str  # Class.method, "" at the top of the module
    line: int
    first_line: int  # of the statement that holds it
    last_line: int
    at_import: bool  # whether it runs then and not in a call
    # "old -> new" on one line, with a number where a function has that twice
    change: str
    start: int  # bytes that are replaced
    end: int
    old: bytes
    new: str

    def planted(self, source: bytes) -> bytes:
        """Return the file with this fault."""
        if source[self.start : self.end] != self.old:
            raise SystemExit(
                f"mutate: {self.file} has changed since its faults were chosen;"
                " expected a library that nobody edits meanwhile; run it again"
            )
        return source[: self.start] + self.new.encode() + source[self.end :]


@cache
def faults_of(path: Path, file: str) -> list[Fault]:
    """Return every fault of a file, in the order of its lines."""
    source = path.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    times: Counter[tuple[str, str]] = Counter()
    faults = []
    for location in locations(ast.parse(source), file):
        start, end = _bytes(location.node, starts)
        shown_start, shown_end = _bytes(location.shown, starts)
        for new in replacements(location, file):
            before = source[shown_start:shown_end].decode()
            after = source[shown_start:start] + new.encode() + source[end:shown_end]
            change = f"{one_line(before)} -> {one_line(after.decode())}"
            times[location.function, change] += 1
            if times[location.function, change] > 1:
                change += f" ({times[location.function, change]})"
            faults.append(
                Fault(
                    file=file,
                    function=location.function,
                    line=location.node.lineno,
                    first_line=location.first_line,
                    last_line=location.last_line,
                    at_import=location.at_import,
                    change=change,
                    start=start,
                    end=end,
                    old=source[start:end],
                    new=new,
                )
            )
    return faults


def _bytes(node: ast.stmt | ast.expr, starts: list[int]) -> tuple[int, int]:
    """Return where a node starts and ends in its file; starts (lines + 1,)."""
    last_line = node.end_lineno or node.lineno
    end = starts[last_line - 1] + (node.end_col_offset or 0)
    return starts[node.lineno - 1] + node.col_offset, end


def one_line(code: str) -> str:
    """Return code without its line ends."""
    return re.sub(r"\s+", " ", code)


# ------------------------------------------------------------------------------------
# where a fault can stand


@dataclass(frozen=True)
class Location:
    """A statement or expression, and the statement that holds it."""

    node: ast.stmt | ast.expr
    parent: ast.AST
    shown: ast.stmt | ast.expr  # what holds it, where it alone would say too little
    function: str
    first_line: int
    last_line: int
    at_import: bool
    is_condition: bool


@dataclass(frozen=True)
class Around:
    """What stands around a node."""

    file: str
    function: str = ""
    first_line: int = 0
    last_line: int = 0
    at_import: bool = True


def locations(tree: ast.AST, file: str) -> Iterator[Location]:
    """Walk through a module and leave out what is no computation."""
    if not file.endswith(STYLES):
        yield from _walk(tree, tree, Around(file))


def _walk(node: ast.AST, parent: ast.AST, around: Around) -> Iterator[Location]:
    if isinstance(node, ast.stmt):
        first_line, last_line = _lines(node)
        around = replace(around, first_line=first_line, last_line=last_line)
    if isinstance(node, ast.stmt | ast.expr):
        yield Location(
            node=node,
            parent=parent,
            shown=_shown(node, parent),
            function=around.function,
            first_line=around.first_line,
            last_line=around.last_line,
            at_import=around.at_import,
            is_condition=isinstance(parent, ast.If | ast.IfExp) and node is parent.test,
        )
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        name = f"{around.function}.{node.name}".lstrip(".")
        around = replace(around, function=name)
    for default in _defaults(node):
        yield from _walk(default, node, around)
    if isinstance(node, ast.FunctionDef):
        around = replace(around, at_import=False)
    for child in _children(node, around.file):
        yield from _walk(child, node, around)


def _defaults(node: ast.AST) -> list[ast.expr]:
    """Return the defaults of a function, which are computed at import."""
    if not isinstance(node, ast.FunctionDef):
        return []
    return [*node.args.defaults, *filter(None, node.args.kw_defaults)]


def _shown(node: ast.stmt | ast.expr, parent: ast.AST) -> ast.stmt | ast.expr:
    """Return what to show of a change: of a constant, the expression around it."""
    # A keyword names its value already.
    if not isinstance(node, ast.Constant) or not isinstance(parent, ast.expr):
        return node
    return parent if len(ast.unparse(parent)) < WIDTH else node


def _lines(node: ast.stmt) -> tuple[int, int]:
    """Return the lines of a statement; of one that holds others only its head."""
    body = getattr(node, "body", None)
    if not body:
        return node.lineno, node.end_lineno or node.lineno
    return node.lineno, max(node.lineno, body[0].lineno - 1)


def _children(node: ast.AST, file: str) -> list[ast.AST]:
    """Return the parts of a node that compute something."""
    # Messages and imports compute nothing.
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
        return []
    if isinstance(node, ast.Assign) and _name_of(node.targets[0], NO_ANSWER):
        return []
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [*node.body]
    if isinstance(node, ast.AnnAssign):
        return [node.value] if node.value else []
    if isinstance(node, ast.Call):
        return _arguments(node, file)
    return list(ast.iter_child_nodes(node))


def _name_of(node: ast.expr, pattern: re.Pattern[str]) -> bool:
    """Whether a node is a name of this form."""
    return isinstance(node, ast.Name) and pattern.fullmatch(node.id) is not None


def _arguments(node: ast.Call, file: str) -> list[ast.AST]:
    name = called(node)
    if name.endswith(("Error", "Warning", "warn")) or name in ("cast", "TypeVar"):
        return []
    if is_figure(file) and name in DRAWING:
        return []
    named = [word.value for word in node.keywords if word.arg not in UNREAD]
    return [node.func, *node.args, *named]


def called(node: ast.AST | None) -> str:
    """Return the last name of what is called, "" for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return str(getattr(node.func, "attr", getattr(node.func, "id", "")))


def is_figure(file: str) -> bool:
    """Whether a file draws."""
    return "/figure" in file


# ------------------------------------------------------------------------------------
# what stands there instead


def replacements(location: Location, file: str) -> Iterator[str]:
    """Return the code of every fault of one node."""
    node = location.node
    if location.is_condition:
        yield from _decided(location.node, location.parent)
    if isinstance(node, ast.stmt):
        yield from _without(node, location.at_import, file)
    elif isinstance(node, ast.Compare):
        yield from _compared(node)
        yield from _shifted(node)
    elif isinstance(node, ast.BinOp):
        yield from _calculated(node)
    elif isinstance(node, ast.BoolOp):
        other = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        yield f"({ast.unparse(ast.BoolOp(other, node.values))})"
        yield from _without_a_condition(node)
    elif isinstance(node, ast.IfExp):
        yield from (f"({ast.unparse(branch)})" for branch in (node.body, node.orelse))
    elif isinstance(node, ast.UnaryOp):
        yield from _unsigned(node)
    elif isinstance(node, ast.Constant):
        yield from _constant(node, is_figure(file))
        if location.at_import and not is_figure(file):
            yield from _smaller(node)
    elif isinstance(node, ast.Tuple | ast.List) and not is_figure(file):
        yield from _one_of(node)
    elif isinstance(node, ast.Call):
        yield from _called(node)
        yield from _not_drawn(node)
        yield from _of_one_year(node)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        yield from (f"{ast.unparse(node.value)}.{key}" for key in _keys(node.attr))


def _decided(node: ast.AST, parent: ast.AST) -> Iterator[str]:
    """Negate a condition, and leave a check out or a way to return early."""
    if isinstance(node, ast.Name | ast.Call | ast.Attribute):
        yield f"(not {ast.unparse(node)})"
    leaves = ast.Raise | ast.Return | ast.Continue
    if isinstance(parent, ast.If) and isinstance(parent.body[0], leaves):
        yield "(False)"


def _without_a_condition(node: ast.BoolOp) -> Iterator[str]:
    """Leave out each of the conditions that hold together or instead of one another."""
    for number in range(len(node.values)):
        kept = node.values[:number] + node.values[number + 1 :]
        yield f"({ast.unparse(ast.BoolOp(node.op, kept))})"


def _without(node: ast.stmt, at_import: bool, file: str) -> Iterator[str]:
    """Leave a statement out where what follows can still run."""
    value = getattr(node, "value", None)
    if at_import or isinstance(value, ast.Constant | ast.Yield | ast.YieldFrom):
        return
    if is_figure(file) and called(value) in DRAWING:
        return
    droppable = isinstance(node, ast.AugAssign | ast.Expr | ast.Continue)
    if isinstance(node, ast.Assign):
        # What is assigned again, or a part of something, is there without it too.
        droppable = all(
            isinstance(target, ast.Subscript | ast.Attribute)
            or _stands_in(target, node.value)
            for target in node.targets
        )
    if droppable:
        yield "pass"


def _stands_in(target: ast.expr, value: ast.expr) -> bool:
    code = ast.unparse(target)
    kinds = (part for part in ast.walk(value) if isinstance(part, type(target)))
    return any(ast.unparse(part) == code for part in kinds)


def _compared(node: ast.Compare) -> Iterator[str]:
    for number, old in enumerate(node.ops):
        if type(old) in COMPARISONS:
            new = [*node.ops]
            new[number] = COMPARISONS[type(old)]()
            yield f"({ast.unparse(ast.Compare(node.left, new, node.comparators))})"


def _shifted(node: ast.Compare) -> Iterator[str]:
    """Move a bound: the values of the one that is not met by another comparison."""
    bound = node.comparators[0]
    if len(node.ops) > 1 or not isinstance(bound, ast.Constant):
        return
    moved: float | None = None
    if isinstance(node.ops[0], ast.GtE | ast.Lt) and isinstance(bound.value, int):
        # Of whole numbers > and <= are moved down by their other comparison.
        moved = bound.value - 1 if 0 < bound.value < LARGE else None
    elif bound.value == 0 and isinstance(bound.value, float):
        moved = 1.0
    if moved is not None:
        shifted = ast.Compare(node.left, node.ops, [ast.Constant(moved)])
        yield f"({ast.unparse(shifted)})"


def _calculated(node: ast.BinOp) -> Iterator[str]:
    sides = (node.left, node.right)
    if type(node.op) not in ARITHMETIC or any(map(_is_text, sides)):
        return
    if isinstance(node.op, ast.BitOr | ast.BitAnd) and not any(map(_is_mask, sides)):
        return
    yield f"({ast.unparse(ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right))})"
    if isinstance(node.op, ast.Add | ast.Sub) and isinstance(node.right, ast.Constant):
        yield f"({ast.unparse(node.left)})"
    if isinstance(node.op, ast.BitAnd):
        yield from (f"({ast.unparse(side)})" for side in sides)
    if isinstance(node.op, ast.Div) and _last_name(node.right) in COUNTS:
        other = ast.BinOp(node.right, ast.Add(), ast.Constant(1))
        yield f"({ast.unparse(ast.BinOp(node.left, node.op, other))})"


def _last_name(node: ast.expr) -> str:
    """Return the last name of a variable, an attribute or what is called."""
    return called(node) or str(getattr(node, "attr", getattr(node, "id", "")))


def _unsigned(node: ast.UnaryOp) -> Iterator[str]:
    if not isinstance(node.operand, ast.Constant):
        yield f"({ast.unparse(node.operand)})"


def _constant(node: ast.Constant, figure: bool) -> Iterator[str]:
    value = node.value
    if isinstance(value, bool):
        yield str(not value)
    elif isinstance(value, str):
        yield from map(repr, _keys(value))
    elif isinstance(value, int) and value < LARGE and not figure:
        # One more of many lists or draws shows nowhere; two of five do.
        yield str(value + 1 if value < MANY else value * 2 // 5)
    elif isinstance(value, float) and SMALL < value < LARGE and not figure:
        yield repr(2 * value if value != 1 else 1.5)


def _smaller(node: ast.Constant) -> Iterator[str]:
    """Lower a threshold that a module or a default names: fewer dates, half a level."""
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool) and 1 < value < MANY:
        yield str(value - 1)
    elif isinstance(value, float) and SMALL < value < LARGE:
        yield repr(value / 2)


def _one_of(node: ast.Tuple | ast.List) -> Iterator[str]:
    """Take one of several numbers, such as starts, thresholds or lengths."""
    parts = [
        part.operand if isinstance(part, ast.UnaryOp) else part for part in node.elts
    ]
    if len(parts) > 1 and all(_is_number(part) for part in parts):
        for one in node.elts[:: len(node.elts) - 1]:
            few = type(node)([one], ast.Load())
            yield ast.unparse(few)


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _not_drawn(node: ast.Call) -> Iterator[str]:
    """Put zero for what is drawn, and leave in its order what is dealt out."""
    if not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr in DRAWS:
        yield f"(0 * {ast.unparse(node)})"
    elif node.func.attr in REORDERS and node.args:
        yield f"({ast.unparse(node.args[0])})"


def _of_one_year(node: ast.Call) -> Iterator[str]:
    """Take dates for one year apart."""
    for number, part in enumerate(node.args):
        if _last_name(part) in LENGTHS and not isinstance(part, ast.Call):
            given = [*node.args]
            given[number] = ast.Constant(1)
            yield ast.unparse(ast.Call(node.func, given, node.keywords))


def _called(node: ast.Call) -> Iterator[str]:
    name = called(node)
    is_method = isinstance(node.func, ast.Attribute)
    owner = _owner(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    is_library = owner in ("", "np", "math", "np.linalg")
    others = FUNCTIONS if is_library and name in FUNCTIONS else CALLS
    if name in others:
        inside = ", ".join(map(ast.unparse, (*node.args, *node.keywords)))
        dot = f"{owner}." if is_method else ""
        yield f"{dot}{others[name]}({inside})"
    if is_library and name in DROPPED_FUNCTIONS and node.args:
        yield f"({ast.unparse(node.args[0])})"
    elif not is_library and name in DROPPED_METHODS:
        yield owner
    plain = [isinstance(part, ast.Name | ast.Attribute) for part in node.args[:2]]
    if plain == [True, True] and name not in NOT_SWAPPED:
        first, second, *rest = map(ast.unparse, (*node.args, *node.keywords))
        if first != second:
            yield f"{ast.unparse(node.func)}({', '.join((second, first, *rest))})"


def _owner(node: ast.expr) -> str:
    code = ast.unparse(node)
    return f"({code})" if isinstance(node, ast.BinOp | ast.Compare) else code


def _keys(key: str) -> Iterator[str]:
    """Return the key of a number that stands beside this one."""
    if key in KEYS:
        yield KEYS[key]
        return
    for first, second in ENDINGS:
        for old, new in ((first, second), (second, first)):
            if key.endswith(old) and key != old:
                yield key.removesuffix(old) + new


def _is_text(node: ast.expr) -> bool:
    texts = isinstance(node, ast.JoinedStr | ast.List | ast.Tuple | ast.Dict | ast.Set)
    return texts or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_mask(node: ast.expr) -> bool:
    parts = list(ast.walk(node))
    return any(isinstance(part, ast.Compare) or called(part) in MASKS for part in parts)
