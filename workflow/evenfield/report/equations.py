r"""Equations of a text, typed in TeX: found in its Markdown, and put into Typst's notation.

``$$ y = \beta x $$ {#eq:growth}`` is a numbered equation on lines of its own, ``$x$`` one
within a sentence; ``{{ eq("growth") }}`` prints the number, such as (1).
"""

import re
from collections.abc import Iterator, Mapping

from evenfield.report.markup import Mark, mark
from evenfield.shared.tables.typst import typst_string
from evenfield.study.errors import ReportError, nearest

DISPLAYED = re.compile(
    r"^\$\$(?P<tex>.+?)\$\$[ \t]*\{#eq:(?P<name>[a-z][a-z0-9_-]*)\}[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
# As Pandoc reads it: no blank inside the signs, no digit behind them, so that sums of
# money are none.
WITHIN = re.compile(r"(?<![\\$\w])\$(?=[^\s$])([^$\n]*?[^\s$\\])\$(?![\d$])")
TOKEN = re.compile(r"\\([A-Za-z]+|.)|(\d+(?:\.\d+)?)|(\s+)|(.)", re.DOTALL)
# Names that Typst spells as TeX does, without the backslash.
SAME = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho"
    " sigma tau phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
    " log ln exp min max sum times in quad partial arg"
).split()
SYMBOLS: Mapping[str, str] = {
    **{name: name for name in SAME},
    "varepsilon": "epsilon",
    "cdot": "dot.op",
    "le": "<=",
    "leq": "<=",
    "ge": ">=",
    "geq": ">=",
    "ne": "!=",
    "neq": "!=",
    "notin": "in.not",
    "infty": "infinity",
    "sim": "tilde.op",
    "ldots": "dots",
    "dots": "dots",
    "mid": "|",
    "prime": "prime",
    "left": "",
    "right": "",
    ",": "thin",
    "{": r"\{",
    "}": r"\}",
    "%": "%",
    "&": "amp",
}
# What takes the group behind it.
FUNCTIONS: Mapping[str, str] = {
    "sqrt": "sqrt",
    "hat": "hat",
    "bar": "overline",
    "tilde": "tilde",
    "mathbf": "bold",
}
WORDS = ("text", "mathrm", "operatorname")
SIGNS: Mapping[str, str] = {
    ",": "comma",
    ";": "semi",
    "/": "slash",
    "<": "lt",
    ">": "gt",
}
# What TeX or Typst would take for more than a sign.
REFUSED = frozenset('%#&$"@`')


def with_equations(source: str) -> str:
    """Return a text in which each equation is a mark; its lines stay where they are."""

    def displayed(found: re.Match[str]) -> str:
        lines = "\n" * found[0].count("\n")
        return f"{_marked('equation', found['tex'], found['name'])}{lines}"

    source = DISPLAYED.sub(displayed, source)
    return WITHIN.sub(lambda found: _marked("math", found[1]), source)


def _marked(kind: str, tex: str, *more: str) -> Mark:
    return mark(kind, " ".join(tex.split()), *more)


def equation_faults(source: str) -> Iterator[tuple[int, ReportError]]:
    """Yield the equations of a text that Typst cannot be given, and names used twice."""
    names = set[str]()
    for found in (*DISPLAYED.finditer(source), *WITHIN.finditer(source)):
        line = source.count("\n", 0, found.start()) + 1
        name = found.groupdict().get("name")
        if name in names:
            yield (
                line,
                ReportError(
                    f"two equations are called {name}", "a name for each", "rename one"
                ),
            )
        names |= {name} if name else set()
        try:
            typst_math(found[1])
        except ReportError as error:
            yield line, error


def equation_names(source: str) -> list[str]:
    """Return the names of the numbered equations of a text, in its order."""
    return [found["name"] for found in DISPLAYED.finditer(source)]


def typst_math(tex: str) -> str:
    """Return TeX in Typst's notation; what this reader does not know is refused."""
    tokens = [found.groups() for found in TOKEN.finditer(tex)]
    tokens.reverse()  # the next one is the last of the list
    parts = []
    while tokens:
        parts.append(_next(tokens))
    return _joined(parts)


Token = tuple[str | None, ...]


def _next(tokens: list[Token]) -> str:
    """Return what comes next in Typst, with the group that belongs to it."""
    command, number, blank, sign = tokens.pop()
    if sign in REFUSED:
        raise _fault(f"the sign {sign}")
    if blank:
        return ""
    if number:
        return number
    if command:
        return _command(command, tokens)
    match sign:
        case "{":
            return f"({_group(tokens)})"
        case "}":
            raise _fault("a closing brace that nothing opens")
        case "_" | "^":
            return f"{sign}({_argument(tokens)})"
    return SIGNS.get(str(sign), str(sign))


def _command(command: str, tokens: list[Token]) -> str:
    if command in WORDS:
        return f"upright({typst_string(_words(tokens))})"
    if command == "frac":
        return f"frac({_argument(tokens)}, {_argument(tokens)})"
    if command in FUNCTIONS:
        return f"{FUNCTIONS[command]}({_argument(tokens)})"
    if command not in SYMBOLS:
        known = [*SYMBOLS, *FUNCTIONS, *WORDS, "frac"]
        action = nearest(command, known, "write it in another way")
        raise ReportError(
            f"an equation has \\{command}",
            "one of the commands of docs/prose.md",
            action,
        )
    return SYMBOLS[command]


def _argument(tokens: list[Token]) -> str:
    """Return the group behind a command, or the one sign that stands for it."""
    while tokens and tokens[-1][2]:
        tokens.pop()
    if not tokens:
        raise _fault("a command without what it is of")
    if tokens[-1][3] == "{":
        tokens.pop()
        return _group(tokens)
    return _next(tokens)


def _group(tokens: list[Token]) -> str:
    """Return what stands up to the brace that closes a group."""
    parts = list[str]()
    while tokens:
        if tokens[-1][3] == "}":
            tokens.pop()
            return _joined(parts)
        parts.append(_next(tokens))
    raise _fault("an opening brace that nothing closes")


def _joined(parts: list[str]) -> str:
    """Return parts with blanks between them, so that Typst reads each letter alone; an
    index stands at what it belongs to.
    """
    return re.sub(r" (?=[_^]\()", "", " ".join(filter(None, parts)))


def _words(tokens: list[Token]) -> str:
    """Return the words of a group as they are typed."""
    if not tokens or tokens.pop()[3] != "{":
        raise _fault("words without braces")
    out = list[str]()
    while tokens:
        command, number, _, sign = tokens.pop()
        if sign == "}":
            return "".join(out)
        if command or sign in REFUSED:
            raise _fault(f"{command or sign} among words")
        out.append(number or sign or " ")
    raise _fault("an opening brace that nothing closes")


def _fault(found: str) -> ReportError:
    return ReportError(f"an equation has {found}", "TeX", "correct it")
