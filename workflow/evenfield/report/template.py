"""The template language of a text: what of Jinja it may hold, and a sandbox in which
conditions compute and only named numbers are printed.

A text that passes ``template_faults`` calls nothing but what stands beside tables and
figures, and its loops are counted, so that no text can fill the memory or run for ever.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import Any

from jinja2 import StrictUndefined, meta, nodes
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from evenfield.report.markup import at_line
from evenfield.study.errors import ReportError, nearest

SYNTAX = "what docs/prose.md lists"
FILTERS = "capitalize first join last length list lower rejectattr selectattr unique upper".split()
STATEMENTS = (nodes.Output, nodes.If, nodes.For, nodes.Assign)
# How Jinja's other statements are written.
WRITTEN = {
    "AssignBlock": "set without =",
    "Block": "block",
    "CallBlock": "call",
    "Extends": "extends",
    "FilterBlock": "filter",
    "FromImport": "from",
    "Import": "import",
    "Include": "include",
    "Macro": "macro",
    "With": "with",
}
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
ROUNDS = "count_round"  # what each round of a loop calls
MOST_ROUNDS = 100_000
FaultInLine = tuple[int, ReportError]


class Value(float):
    """A number that conditions may read and no text can print."""

    def __str__(self) -> str:
        raise ReportError(
            "a computed number is printed",
            "a number named in numbers.yaml",
            "name it there",
        )

    def __format__(self, spec: str) -> str:
        return str(self)


class Sandbox(SandboxedEnvironment):
    """Templates that may compare numbers and print none but the named ones."""

    intercepted_binops = frozenset("+ - * / // % **".split())
    intercepted_unops = frozenset("+ -".split())

    def call_binop(
        self, context: Context, operator: str, left: object, right: object
    ) -> object:
        """Compute, so that the result is for conditions only."""
        _refuse_texts(left, right)
        # A float overflows instead, which a text is told.
        if operator == "**" and isinstance(left, int):
            left = float(left)  # whole numbers could grow without end
        return _for_conditions(super().call_binop(context, operator, left, right))

    def call_unop(self, context: Context, operator: str, arg: object) -> object:
        """Change a sign, so that the result is for conditions only."""
        _refuse_texts(arg)
        return _for_conditions(super().call_unop(context, operator, arg))

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Refuse what a number brings, for example its parts as plain numbers."""
        return not isinstance(obj, float) and super().is_safe_attribute(
            obj, attr, value
        )


def _for_conditions(result: Any) -> object:
    plain = isinstance(result, float) and not isinstance(result, Value)
    return Value(result) if plain else result


def _refuse_texts(*operands: object) -> None:
    for operand in operands:
        if isinstance(operand, str | list | tuple | dict):
            kind = "text" if isinstance(operand, str) else "list"
            raise ReportError(
                f"a {kind} is formatted or computed with",
                "a number named in numbers.yaml",
                "name it there",
            )


def template_environment(finalize: object, **filters: object) -> Sandbox:
    """Return an environment with the few filters that a text may use."""
    environment = Sandbox(
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.globals.clear()  # range, cycler and others of Jinja
    environment.filters = {key: environment.filters[key] for key in FILTERS} | filters
    return environment


class RoundCounter:
    """Counts the rounds of all loops of one text."""

    def __init__(self) -> None:
        self.rounds = 0

    def __call__(self) -> None:
        """Count one round."""
        self.rounds += 1
        if self.rounds > MOST_ROUNDS:
            raise ReportError(
                f"the loops go round more than {MOST_ROUNDS:,} times",
                "fewer rounds",
                "shorten or take apart the loop",
            )


def with_lines(tree: nodes.Template, environment: Sandbox) -> nodes.Template:
    """Return a template that says in its output from which line each part comes, and
    counts the rounds of its loops.
    """
    for data in tree.find_all(nodes.TemplateData):
        parts = data.data.split("\n")
        numbered = [f"{at_line(i)}{part}" for i, part in enumerate(parts, data.lineno)]
        data.data = "\n".join(numbered)
    for output in tree.find_all(nodes.Output):
        numbered_nodes: list[Any] = []
        for part in output.nodes:
            if not isinstance(part, nodes.TemplateData):
                line = nodes.TemplateData(at_line(part.lineno), lineno=part.lineno)
                numbered_nodes.append(line.set_environment(environment))
            numbered_nodes.append(part)
        output.nodes = numbered_nodes
    for loop in tree.find_all(nodes.For):
        name = nodes.Name(ROUNDS, "load", lineno=loop.lineno)
        call = nodes.Call(name, [], [], None, None, lineno=loop.lineno)
        count = nodes.ExprStmt(call, lineno=loop.lineno)
        # A call at the head of each body, which the sandbox cannot go round.
        loop.body.insert(0, count.set_environment(environment))
    return tree


def template_faults(
    tree: nodes.Template, environment: Sandbox, names: Collection[str]
) -> Iterator[FaultInLine]:
    """Yield the line and the fault of everything that is no part of the syntax;
    ``names`` are those that a text may use.
    """
    yield from _statement_faults(tree)
    yield from _name_faults(tree, environment, names)
    for call in tree.find_all(nodes.Call):
        yield from _call_faults(call, names)
    yield from _typed_number_faults(tree)


def _fault(line: int, fault: str, action: str = "correct the line") -> FaultInLine:
    return line, ReportError(fault, SYNTAX, action)


def _statement_faults(tree: nodes.Template) -> Iterator[FaultInLine]:
    for statement in tree.find_all(nodes.Stmt):
        line = statement.lineno
        if not isinstance(statement, STATEMENTS):
            kind = type(statement).__name__
            word = WRITTEN.get(kind, kind.lower())
            yield _fault(line, f"{{% {word} %}} is not part of the syntax", "remove it")
        if isinstance(statement, nodes.For) and statement.recursive:
            yield _fault(line, "a recursive loop", "remove `recursive`")
        if isinstance(statement, nodes.Assign) and _joins(statement):
            yield _fault(
                line,
                "a text is put together in {% set %}",
                "put it together where it is printed",
            )


def _joins(statement: nodes.Assign) -> bool:
    filters = {item.name for item in statement.find_all(nodes.Filter)}
    return "join" in filters or statement.find(nodes.Concat) is not None


def _name_faults(
    tree: nodes.Template, environment: Sandbox, names: Collection[str]
) -> Iterator[FaultInLine]:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        kind = type(node).__name__.lower()
        known = environment.filters if kind == "filter" else environment.tests
        if node.name not in known:
            action = nearest(node.name, known, "correct it")
            yield _fault(node.lineno, f"no {kind} named '{node.name}'", action)
    used = list(tree.find_all(nodes.Name))
    stored = [item for item in used if item.ctx == "store"]
    for item in stored:
        if item.name in names:
            fault = f"the name '{item.name}' is set, which means something already"
            yield _fault(item.lineno, fault, "choose another name")
    try:
        # It follows scopes: a name that one branch sets is not known in another.
        undeclared = meta.find_undeclared_variables(tree)
    except Exception:  # a filter that is refused above
        return
    for unknown in sorted(undeclared - {*names} - {item.name for item in stored}):
        line = min(item.lineno for item in used if item.name == unknown)
        action = nearest(unknown, names, "correct it")
        yield _fault(line, f"the name '{unknown}' is not known", action)


def _call_faults(call: nodes.Call, names: Collection[str]) -> Iterator[FaultInLine]:
    name = getattr(call.node, "name", "")
    if not name:
        method = getattr(call.node, "attr", "")
        yield _fault(call.lineno, f"{method}() is not part of the syntax", "remove it")
    if name not in names:  # which is refused for itself
        return
    least, most = ARGUMENTS.get(name, (0, 0))
    plain = not call.kwargs and call.dyn_args is None and call.dyn_kwargs is None
    if not plain or not least <= len(call.args) <= most:
        needed = f"{least} to {most}" if least < most else str(most)
        given = len(call.args) + len(call.kwargs)
        plural = "argument" if most == 1 else "arguments"
        fault = f"{name}() has {given}, it takes {needed} {plural}"
        yield _fault(call.lineno, fault)


def _typed_number_faults(tree: nodes.Template) -> Iterator[FaultInLine]:
    """Yield printed numbers that rest on nothing but what is typed in the template."""
    typed = set[str]()
    for assign in tree.find_all(nodes.Assign):
        typed |= _typed_names(assign.node, assign.target, typed)
    for loop in tree.find_all(nodes.For):
        typed |= _typed_names(loop.iter, loop.target, typed)
    for output in tree.find_all(nodes.Output):
        for part in chain.from_iterable(map(_alternatives, output.nodes)):
            if _is_typed(part, typed):
                error = ReportError(
                    "a number that is typed in a template is printed",
                    "a number named in numbers.yaml",
                    "name it there",
                )
                yield part.lineno, error


def _alternatives(expression: nodes.Node | None) -> Iterator[nodes.Node]:
    """Yield what an expression may print."""
    parts: list[nodes.Node | None] = []
    if isinstance(expression, nodes.CondExpr):
        parts = [expression.expr1, expression.expr2]
    elif isinstance(expression, nodes.Concat):
        parts = [*expression.nodes]
    elif expression is not None:
        yield expression
    for part in parts:
        yield from _alternatives(part)


def _typed_names(
    source: nodes.Node, target: nodes.Node, typed: Collection[str]
) -> set[str]:
    return _names(target) if _is_typed(source, typed) else set()


def _is_typed(expression: nodes.Node, typed: Collection[str]) -> bool:
    """Say whether all that an expression rests on is typed numbers and such names."""
    names = _names(expression)
    numbers = [
        item.value
        for item in _within(expression, nodes.Const)
        if isinstance(item.value, int | float) and not isinstance(item.value, bool)
    ]
    # One name that a run fills is enough; names set from typed numbers are not.
    return names <= {*typed} if names else bool(numbers)


def _names(node: nodes.Node) -> set[str]:
    return {item.name for item in _within(node, nodes.Name)}


def _within(node: nodes.Node, kind: type[nodes.Node]) -> list[Any]:
    own = [node] if isinstance(node, kind) else []
    return [*own, *node.find_all(kind)]


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
            yield _fault(number, f"no box named '{box[1]}'", action)
        if box[1] and opened:
            yield _fault(number, f"a box opens in the box of line {opened}")
        if not box[1] and not opened:
            yield _fault(number, "a box is closed that none has opened")
        opened = number if box[1] else 0
    if opened:
        yield _fault(
            opened, "a box is never closed", "close it with ::: on a line alone"
        )
