"""A model as its user writes it: ``y ~ x | effects``, or names of columns. Names in
backticks are names and nothing else, whatever they hold: ``1``, a bar, a word of Python.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from formulaic.transforms import TRANSFORMS

from evenfield.api.results import chosen
from evenfield.study.errors import EstimateError

PLAIN_NAME = re.compile(r"[^\W\d][\w. ]*")  # of a column, without backticks
BRACKETS = {
    "(": 1,
    "[": 1,
    "{": 1,
    ")": -1,
    "]": -1,
    "}": -1,
}  # steps of depth
FUNCTIONS = frozenset({"np", "lag", *TRANSFORMS})
# lag(x), lag(x, 2) or lag(x, by=2): the term, and how many steps.
LAG = re.compile(r"lag\((.+?)(?:,\s*(?:by\s*=\s*)?(-?\d+)\s*)?\)")
LARGE = 2**21  # whole numbers of which three have a product beyond 64 bits
QUOTED_OR_POWER = re.compile(r"('[^']*'|\"[^\"]*\")|\^")


@dataclass(frozen=True)
class Columns:
    """An outcome and regressors by the names of their columns, beside a constant, and
    effects.
    """

    y: str
    x: tuple[str, ...]
    effects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """A formula in parts, with an alias for each name in backticks."""

    text: str  # as it was written
    outcome: str
    regressors: str
    effects: dict[str, tuple[str, ...]]  # columns of each effect behind the bar
    aliases: dict[str, str]  # names of columns by alias

    @property
    def right(self) -> list[str]:
        """Terms between plus signs, for a right side that is a sum."""
        return [part.strip() for part in self.regressors.split("+")]

    @property
    def _tree(self) -> ast.expr:
        """The outcome as Python reads it."""
        try:
            tree = ast.parse(self.outcome, mode="eval").body
        except SyntaxError as error:
            raise EstimateError(
                f"the formula {self.text!r} fails: {self.named(error.msg)} in its outcome",
                "a column or an expression such as np.log(y) - np.log(z)",
                "correct it; a name with other signs stands in backticks",
            ) from error
        # formulaic's braces around an expression are brackets.
        if isinstance(tree, ast.Set) and len(tree.elts) == 1:
            return tree.elts[0]
        return tree

    @property
    def expression(self) -> str:
        """The outcome as one expression: ``y - z`` is a difference, as in R, and takes
        no term away.
        """
        return ast.unparse(self._tree)

    @property
    def term(self) -> str:
        """The outcome as one term of formulaic."""
        return f"I({ast.unparse(_Sums().visit(self._tree))})"

    def column(self, term: str, data: pd.DataFrame) -> str | None:
        """Return the column that a term is, or none for anything but a name."""
        name = self.aliases.get(term)
        if name is not None:
            return name
        return term if PLAIN_NAME.fullmatch(term) and term in data else None

    def named(self, term: object) -> str:
        """Return a term with the names of columns in place of aliases."""
        out = str(term)
        for alias, name in self.aliases.items():
            out = out.replace(alias, name)
        return out

    @property
    def right_text(self) -> str:
        """The right side with names in backticks again."""
        out = self.regressors
        for alias, name in self.aliases.items():
            out = out.replace(alias, f"`{name}`")
        return out

    def frame(self, data: pd.DataFrame) -> pd.DataFrame:
        """Return the data with a column for each alias, without the columns that would
        hide a function of the formula and without levels that no row has.
        """
        both = f"{self.outcome} ~ {self.regressors}"
        # A column named log would be found in place of the function in log(y).
        hiding = [name for name in FUNCTIONS if name in data and _is_called(name, both)]
        for name in hiding:
            # The name without a bracket or point behind it means the column, too.
            if re.search(rf"(?<![\w.]){name}(?![\w.]*\s*[.(])\b", both):
                raise EstimateError(
                    f"a column named {name} beside the function {name}",
                    "different names",
                    f"write the column in backticks, `{name}`",
                )
        data = data.assign(**self._numbers_and_levels(data))
        quoted = {alias: data[name] for alias, name in self.aliases.items()}
        return data.drop(columns=hiding).assign(**quoted)

    def _numbers_and_levels(self, data: pd.DataFrame) -> dict[str, pd.Series[Any]]:
        """Return the columns that are evaluated otherwise than they are stored, as in R."""
        both = self.named(f"{self.outcome} ~ {self.regressors}")
        out: dict[str, pd.Series[Any]] = {}
        for name, kind in data.dtypes.items():
            if isinstance(kind, pd.CategoricalDtype):
                # A level that no row has is no dummy.
                out[str(name)] = data[name].cat.remove_unused_categories()
            elif (
                str(name) in both and f"C({name}" not in both and _is_large(data[name])
            ):
                # A square of whole numbers would be cut to 64 bits without a word.
                out[str(name)] = data[name].astype(float)
        return out


def _is_large(column: pd.Series[Any]) -> bool:
    kind = column.dtype
    whole = isinstance(kind, np.dtype) and kind.kind in "iu"
    return whole and len(column) > 0 and float(np.abs(column).max()) > LARGE


class _Sums(ast.NodeTransformer):
    """Sums in which true is one, as in R, and not the word "or"."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.BinOp:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Add | ast.Sub):
            return node
        left, right = (
            ast.BinOp(part, ast.Mult(), ast.Constant(1))
            for part in (node.left, node.right)
        )
        return ast.BinOp(left, node.op, right)


def _is_called(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w.]){name}\s*[.(]", text) is not None


def lag_of_outcome(term: str, y: str) -> int | None:
    """Return k of a term ``lag(y, k)`` of the outcome, None for another term."""
    match = LAG.fullmatch(term.strip())
    # Blanks mean nothing: lag(np.log( y )) is a lag of the outcome np.log(y).
    if match is None or "".join(match[1].split()) != "".join(y.split()):
        return None
    return int(match[2] or 1)


def outcome_of(y: str, data: object) -> str | Columns:
    """Return the model of an outcome alone: a column, or an expression of columns."""
    if not isinstance(data, pd.DataFrame):
        return f"{y} ~ 1"  # refused when it is read
    names = {*map(str, data), *map(str, data.index.names)}
    return Columns(str(y), ()) if str(y) in names else f"{y} ~ 1"


def parsed(formula: str | Columns, data: pd.DataFrame) -> Model:
    """Divide a formula into outcome, regressors and effects; data with names as text."""
    if isinstance(formula, Columns):
        names = [str(formula.y), *map(str, formula.x)]
        aliases = _aliases(names, data)
        of = {name: alias for alias, name in aliases.items()}
        outcome, *right = (of[name] for name in names)
        text = f"{names[0]} ~ {' + '.join(['1', *names[1:]])}"
        effects = {
            # region^year means pairs, unless a column has that very name.
            name: (name,) if name in data else tuple(name.split("^"))
            for name in formula.effects
        }
        return Model(text, outcome, " + ".join(["1", *right]), effects, aliases)
    if not isinstance(formula, str):
        raise EstimateError(
            f"a formula of type {type(formula).__name__}",
            "text such as 'y ~ x | unit + year'",
            "write it first, or give y='y', x=['x']",
        )
    # Aliases first: a quoted name may hold a bar, a tilde or a plus.
    names = _quoted_names(formula)
    aliases = _aliases(names, data)
    plain = formula
    for alias, name in aliases.items():
        # Blanks at both sides, so that an alias does not run into the next word.
        plain = plain.replace(f"`{name}`", f" {alias} ")
    text = formula.strip()
    outcome, *sides = map(str.strip, _split(plain, "~"))
    if len(sides) != 1:
        raise EstimateError(
            f"the formula {text!r} with {_times(len(sides), '~')}",
            "outcome ~ regressors",
            "write 'y ~ x', or 'y ~ 1' without regressors",
        )
    if len(_split(outcome, "|")) > 1:
        raise EstimateError(
            f"the formula {text!r} with a bar before the ~",
            "effects behind the regressors",
            "write 'y ~ x | unit', a name with a bar in backticks",
        )
    if not outcome:
        raise EstimateError(
            f"the formula {text!r} with no outcome",
            "outcome ~ regressors",
            "write its column first",
        )
    regressors, *behind_bar = map(str.strip, _split(sides[0], "|"))
    if len(behind_bar) > 1:
        raise EstimateError(
            f"the formula {text!r} with {_times(len(behind_bar), '|')}",
            "one, before the fixed effects",
            "write 'y ~ x | unit + year'; instruments have no place here",
        )
    if not regressors:
        raise EstimateError(
            f"the formula {text!r} with no regressors",
            "outcome ~ regressors",
            "write 1 for the constant alone",
        )
    effects = _effects(behind_bar[0], aliases) if behind_bar else {}
    return Model(text, _powers(outcome), _powers(regressors), effects, aliases)


def _powers(text: str) -> str:
    """Write powers as Python does, to which ``k^2`` of whole numbers is no square."""
    return QUOTED_OR_POWER.sub(lambda match: match[1] or "**", text)


def _times(count: int, mark: str) -> str:
    return f"no {mark}" if count == 0 else f"{count} {mark}"


def _effects(text: str, aliases: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the columns of each effect; ``a^b`` has a level for each pair."""
    effects = {}
    for part in text.split("+"):
        if re.search("[:*]", part):
            raise EstimateError(
                f"{part.strip()} behind the bar",
                "names of columns, or pairs of them",
                f"write {re.sub('[ :*]+', '^', part.strip())} for an effect of each pair",
            )
        names = [name.strip() for name in part.split("^") if name.strip()]
        columns = tuple(aliases.get(name, name) for name in names)
        if columns:
            effects["^".join(columns)] = columns
    return effects


def _quoted_names(formula: str) -> list[str]:
    """Return the names in backticks, each once."""
    parts = formula.split("`")
    if len(parts) % 2 == 0:
        raise EstimateError(
            f"the formula {formula.strip()!r} with a single backtick",
            "two around a name",
            "close it; a name that holds one is given as y='y', x=['x']",
        )
    return list(dict.fromkeys(parts[1::2]))


def _aliases(names: Iterable[str], data: pd.DataFrame) -> dict[str, str]:
    """Return names by an alias that Python takes for a name, and no column has."""
    # What Python reads as a name, with an end that no other alias begins.
    stem = "quoted"
    while any(str(column).startswith(stem) for column in data):
        stem += "_"
    once = dict.fromkeys(names)
    for name in once:
        chosen("column", name, data, "name a column or level")
    return {f"{stem}_{number}_": name for number, name in enumerate(once)}


def _split(text: str, mark: str) -> list[str]:
    """Split at a mark that stands in no bracket and no quotes."""
    ends = [-1, *_mark_positions(text, mark), len(text)]
    return [text[before + 1 : after] for before, after in pairwise(ends)]


def _mark_positions(text: str, mark: str) -> Iterator[int]:
    depth = 0
    quote = ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in BRACKETS:
            depth += BRACKETS[character]
        elif character == mark and depth == 0:
            yield position


def effect_labels(columns: Iterable[pd.Series[Any]]) -> pd.Series[int]:
    """Return a number for each level of a column, or for each tuple of several."""
    parts = list(columns)
    frame = pd.concat(parts, axis=1, keys=range(len(parts)))
    return frame.groupby(list(frame), sort=False, observed=True).ngroup()
