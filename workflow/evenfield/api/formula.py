"""A model as its user writes it: ``y ~ x | effects``, or names of columns. Names in
backticks are names and nothing else, whatever they hold: ``1``, a bar, a word of Python.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from evenfield.api.arithmetic import FUNCTIONS
from evenfield.api.results import chosen
from evenfield.study.errors import EstimateError

PLAIN_NAME = re.compile(r"[^\W\d][\w. ]*")  # of a column, without backticks
OPENING, CLOSING = "([{", ")]}"
# lag(x), lag(x, 2) or lag(x, by=2): the term, and how many steps.
LAG = re.compile(r"lag\((.+?)(?:,\s*(?:by\s*=\s*)?(-?\d+)\s*)?\)")
QUOTED_OR_POWER = re.compile(r"('[^']*'|\"[^\"]*\")|\^")


@dataclass(frozen=True)
class Columns:
    """A model by the names of its columns: outcome, regressors beside a constant, and
    fixed effects.
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
    # Names of columns by alias, which stands for them in outcome and regressors: Python
    # takes it for a name whatever they hold
    aliases: dict[str, str]

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
        return f"I({self.expression})"

    def column(self, term: str, data: pd.DataFrame) -> str | None:
        """Return the column that a term is, or none for anything but a name."""
        name = self.aliases.get(term)
        if name is not None:
            return name
        return term if PLAIN_NAME.fullmatch(term) and term in data else None

    def named(self, term: object) -> str:
        """Return a term with the names of columns in place of aliases."""
        text = str(term)
        for alias, name in self.aliases.items():
            text = text.replace(alias, name)
        return text

    @property
    def right_text(self) -> str:
        """The right side with names in backticks again."""
        text = self.regressors
        for alias, name in self.aliases.items():
            text = text.replace(alias, f"`{name}`")
        return text

    def frame(self, data: pd.DataFrame) -> pd.DataFrame:
        """Return the data with a column for each alias, without the columns that would
        hide a function of the formula and without levels that no row has.
        """
        formula = f"{self.outcome} ~ {self.regressors}"
        # A column named log would be found in place of the function in log(y).
        hiding = [
            name for name in FUNCTIONS if name in data and _is_called(name, formula)
        ]
        for name in hiding:
            if _is_column(name, formula):
                raise EstimateError(
                    f"a column named {name} beside the function {name}",
                    "different names",
                    f"write the column in backticks, `{name}`",
                )
        # A level that no row has is no dummy.
        used = {
            str(name): data[name].cat.remove_unused_categories()
            for name, kind in data.dtypes.items()
            if isinstance(kind, pd.CategoricalDtype)
        }
        data = data.assign(**used)
        quoted = {alias: data[name] for alias, name in self.aliases.items()}
        return data.drop(columns=hiding).assign(**quoted)


def _is_called(name: str, formula: str) -> bool:
    """Say whether a name is a function somewhere: before a bracket, or a point as in
    ``np.log``.
    """
    return re.search(rf"(?<![\w.]){name}\s*[.(]", formula) is not None


def _is_column(name: str, formula: str) -> bool:
    """Say whether a name is a column somewhere: with neither behind it."""
    return re.search(rf"(?<![\w.]){name}(?![\w.]*\s*[.(])\b", formula) is not None


def lag_of_outcome(term: str, y: str) -> int | None:
    """Return k of a term ``lag(y, k)`` of the outcome, None for another term."""
    match = LAG.fullmatch(term.strip())
    # Blanks mean nothing: lag(np.log( y )) is a lag of the outcome np.log(y).
    if match is None or "".join(match[1].split()) != "".join(y.split()):
        return None
    return int(match[2] or 1)


def outcome_of(y: str, data: object, x: Sequence[str] = ()) -> str | Columns:
    """Return the model of an outcome, a column or an expression of columns, alone or on
    some columns.
    """
    # In backticks x-z is a column, and no formula takes z away.
    text = f"{y} ~ {' + '.join(f'`{name}`' for name in x) or '1'}"
    if not isinstance(data, pd.DataFrame):
        return text  # refused when it is read
    names = {*map(str, data), *map(str, data.index.names)}
    if str(y) in names:
        return Columns(str(y), tuple(map(str, x)))
    if not isinstance(y, str):
        raise EstimateError(
            f"y={y!r}", "a column, or an expression of columns", "write it as text"
        )
    return text


def parsed(formula: str | Columns, data: pd.DataFrame) -> Model:
    """Divide a formula into outcome, regressors and effects; data with names as text."""
    if isinstance(formula, Columns):
        return _from_names(formula, data)
    if isinstance(formula, str):
        return _from_text(formula, data)
    raise EstimateError(
        f"a formula of type {type(formula).__name__}",
        "text such as 'y ~ x | unit + year'",
        "write it first, or give y='y', x=['x']",
    )


def _from_names(columns: Columns, data: pd.DataFrame) -> Model:
    """Return the model of columns, each under an alias."""
    names = [str(columns.y), *map(str, columns.x)]
    aliases = _aliases(names, data)
    alias_of = {name: alias for alias, name in aliases.items()}
    outcome, *regressors = (alias_of[name] for name in names)
    effects = {
        # region^year means pairs, unless a column has that very name.
        name: (name,) if name in data else tuple(name.split("^"))
        for name in columns.effects
    }
    return Model(
        text=f"{names[0]} ~ {' + '.join(['1', *names[1:]])}",
        outcome=outcome,
        regressors=" + ".join(["1", *regressors]),
        effects=effects,
        aliases=aliases,
    )


def _from_text(formula: str, data: pd.DataFrame) -> Model:
    """Return the model of a formula, ``outcome ~ regressors | effects``."""
    # Aliases first: a quoted name may hold a bar, a tilde or a plus.
    aliases = _aliases(_quoted_names(formula), data)
    aliased = formula
    for alias, name in aliases.items():
        # Blanks at both sides, so that an alias does not run into the next word.
        aliased = aliased.replace(f"`{name}`", f" {alias} ")
    text = formula.strip()
    outcome, *right_sides = map(str.strip, _split(aliased, "~"))
    if len(right_sides) != 1:
        raise EstimateError(
            f"the formula {text!r} with {_times(len(right_sides), '~')}",
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
    regressors, *behind_bar = map(str.strip, _split(right_sides[0], "|"))
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
    return Model(
        text=text,
        outcome=_powers(outcome),
        regressors=_powers(regressors),
        effects=_effects(behind_bar[0], aliases) if behind_bar else {},
        aliases=aliases,
    )


def _powers(text: str) -> str:
    """Write powers as Python does: ``k**2`` for ``k^2``, which it takes for "exclusive
    or" of bits; not in quotes.
    """
    return QUOTED_OR_POWER.sub(lambda match: match[1] or "**", text)


def _times(count: int, mark: str) -> str:
    """Say how often a mark stands in a formula."""
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
    """Return names by an alias that Python takes for a name, and no column has; refuse a
    name that is no column.
    """
    stem = "quoted"
    while any(str(column).startswith(stem) for column in data):
        stem += "_"
    distinct = dict.fromkeys(names)
    for name in distinct:
        chosen("column", name, data, "name a column or level")
    # A line at the end, so that quoted_1_ is no part of quoted_10_.
    return {f"{stem}_{number}_": name for number, name in enumerate(distinct)}


def _split(text: str, mark: str) -> list[str]:
    """Split at a mark that stands in no bracket and no quotes."""
    ends = [-1, *_mark_positions(text, mark), len(text)]
    return [text[before + 1 : after] for before, after in pairwise(ends)]


def _mark_positions(text: str, mark: str) -> Iterator[int]:
    """Yield where a mark stands outside brackets and quotes."""
    depth = 0  # brackets that are open
    quote = ""  # the quotation mark that is open
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in OPENING:
            depth += 1
        elif character in CLOSING:
            depth -= 1
        elif character == mark and depth == 0:
            yield position


def effect_labels(columns: Iterable[pd.Series[Any]]) -> pd.Series[int]:
    """Return a number for each level of a column, or for each tuple of several."""
    parts = list(columns)
    frame = pd.concat(parts, axis=1, keys=range(len(parts)))
    return frame.groupby(list(frame), sort=False, observed=True).ngroup()
