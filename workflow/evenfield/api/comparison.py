"""Tables of several fits: a column each, estimates above their errors or intervals, then
what is held and the numbers of the whole fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate, chain
from typing import Any, Literal

import numpy as np
import pandas as pd

from evenfield.api.data import names_of
from evenfield.api.results import Fit, chosen, first_inference
from evenfield.api.screen import in_html
from evenfield.study.errors import EstimateError

# Characters that are special in LaTeX: the last three have no backslash before them.
LATEX = {letter: f"\\{letter}" for letter in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
# A minus before a number, and no hyphen of a word or of years.
MINUS = re.compile(r"(?<![\w.])-(?=[\d.])")
STARS = ((0.01, "***"), (0.05, "**"), (0.1, "*"))
BELOW = ("error", "interval")
# Numbers of the whole fit, in their order; those of a second regression of a fit, such as
# ``R2, near``, follow the one that they are named after.
FOOT = [
    "clusters",
    "N",
    "R2",
    "R2 within",
    "mean of outcome",
    "log-likelihood",
    "AIC",
    "BIC",
    "inference",
]
Lines = list[tuple[str, list[str]]]  # of a table: heading, and a cell for each fit


@dataclass(frozen=True)
class Comparison:
    """Several fits side by side, their estimates with errors or intervals beneath."""

    frame: pd.DataFrame  # cells as text, one column a fit
    note: str = ""  # what stands beneath the estimates, and what the stars mean
    _ends: tuple[int, ...] = ()  # rows of the frame before which a part begins

    def markdown(self) -> str:
        """Return a Markdown table."""
        head, *body = self._cells(r"\|*_")
        lines = [head, ["---"] * len(head), *body]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def latex(self) -> str:
        """Return a LaTeX tabular, for which the document loads booktabs."""
        head, *body = self._cells(LATEX)
        lines = [
            rf"\begin{{tabular}}{{l{'c' * self.frame.shape[1]}}}",
            r"\toprule",
            rf"{' & '.join(head)} \\",
            r"\midrule",
        ]
        for number, (name, *cells) in enumerate(body):
            if number in self._ends:
                lines.append(r"\midrule")
            lines.append(rf"{_latex_heading(name)} & {_latex_numbers(cells)} \\")
        return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])

    def html(self) -> str:
        """Return an HTML table."""
        return in_html(self.frame)

    def typst(self) -> str:
        """Return a Typst table."""
        cells = self._cells(r"\*_#$[]<>@`~/")
        lines = ",\n".join(f"[{'], ['.join(line)}]" for line in cells)
        return f"#table(columns: {self.frame.shape[1] + 1},\n{lines},\n)"

    def word(self, path: Any) -> None:
        """Write a Word document (needs python-docx)."""
        from docx import Document

        document = Document()
        lines = self._cells()
        word_table = document.add_table(len(lines), len(lines[0]), style="Light List")
        for row, line in zip(word_table.rows, lines, strict=True):
            for cell, text in zip(row.cells, line, strict=True):
                cell.text = text
        document.save(path)

    def _cells(self, special: str | Mapping[str, str] = "") -> list[list[str]]:
        """Return all cells as text, a backslash before characters that are special, or
        what stands for each.
        """
        if isinstance(special, str):
            special = {letter: f"\\{letter}" for letter in special}
        escaped = str.maketrans(dict(special))
        rows = [["", *self.frame], *self.frame.itertuples()]
        return [[str(cell).translate(escaped) for cell in row] for row in rows]

    __str__ = markdown

    def _repr_html_(self) -> str:
        return f"{self.html()}\n<p>{escape(self.note)}</p>"


def _latex_heading(name: str) -> str:
    """Return a heading whose opening bracket or star LaTeX does not take for an option
    of the line before, R2 as it is set.
    """
    if name.startswith(("[", "*")):
        return f"{{}}{name}"
    return re.sub(r"^R2\b", "$R^2$", name)


def _latex_numbers(cells: Iterable[str]) -> str:
    return " & ".join(MINUS.sub("$-$", cell) for cell in cells)


def compare(
    fits: Sequence[Fit] | Mapping[str, Fit],
    *,
    digits: int = 3,
    stars: bool = True,
    below: Literal["error", "interval"] = "error",
    level: float = 0.95,
    keep: str | Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    controls: Mapping[str, str | Sequence[str]] | None = None,
    foot: str | Sequence[str] | None = None,
) -> Comparison:
    """Put fits side by side as a regression table, for ``markdown()``, ``latex()``
    (booktabs), ``html()``, ``typst()``, ``word(path)``, or ``frame``.

    Parameters
    ----------
    fits : sequence or mapping of Fit
        Fits; the keys of a mapping name the columns.
    digits, stars : int, bool
        Digits after the point; whether to mark p below 0.1, 0.05 and 0.01.
    below : {"error", "interval"}
        What stands beneath an estimate: the standard error in parentheses, or the
        confidence interval in brackets.
    level : float
        Of the intervals.
    keep : str or sequence of str, optional
        Terms that are printed, in this order; all by default. ``C(region)`` or
        ``region`` names every level of a categorical.
    labels : mapping, optional
        What is printed in place of the name of a row, such as ``{"log_income": "Initial
        income", "unit fixed effects": "City effects"}``.
    controls : mapping, optional
        ``{"Initial income": ["log_income"]}``: a row of Yes and No in place of the
        coefficients of these terms, `in part` where a fit has some of them.
    foot : str or sequence of str, optional
        Rows beneath the terms, in this order; by default all that the fits have:
        ``clusters`` of the first inference with their number, ``N``, ``R2`` (effects
        included), ``R2 within`` (of what the effects leave), ``mean of outcome``,
        ``log-likelihood``, ``AIC``, ``BIC``, ``inference``.

    Returns
    -------
    Comparison
        A row of Yes and No also for each fixed effect behind the bar of some fit, blank
        for an estimator that does not take any. ``note`` says what stands beneath the
        estimates and what the stars mean.

    Raises
    ------
    EstimateError
        If a name is none of the fits'.
    """
    if isinstance(digits, bool) or not isinstance(digits, int) or digits < 0:
        raise EstimateError(f"digits={digits!r}", "a whole number, 0 or more", "give 3")
    chosen("below", below, BELOW)
    named = _named(fits)
    columns = list(named.values())
    groups = _groups(controls or {}, columns)
    terms = _terms(columns, keep, groups)
    estimates = [fit._main(level).to_dict("index") for fit in columns]
    of_terms = []
    for term in terms:
        cells = [_cells_of(rows.get(term), digits, stars, below) for rows in estimates]
        above, beneath = zip(*cells, strict=True)
        of_terms.append((term, list(above)))
        if any(beneath):  # a line without a name
            of_terms.append(("", list(beneath)))
    held = [*_held(columns, groups), *_effects(columns)]
    parts = [of_terms, held, _foot(columns, digits, foot)]
    lines = list(chain(*parts))
    frame = pd.DataFrame(
        [cells for _, cells in lines],
        index=_headings([name for name, _ in lines], labels or {}),
        columns=list(named),
    )
    beneath_estimates = "Standard errors in parentheses."
    if below == "interval":
        beneath_estimates = f"{level:.0%} confidence intervals in brackets."
    marked = " * p < 0.1, ** p < 0.05, *** p < 0.01." if stars else ""
    ends = tuple(accumulate(map(len, parts[:-1])))
    return Comparison(frame, f"{beneath_estimates}{marked}", ends)


def _named(fits: Sequence[Fit] | Mapping[str, Fit]) -> Mapping[str, Fit]:
    """Return fits by the name of their column, and refuse what is no fit."""
    if isinstance(fits, Fit):
        fits = [fits]
    if not isinstance(fits, Mapping):
        fits = {f"({i})": fit for i, fit in enumerate(fits, 1)}
    if not fits:
        raise EstimateError("no fits", "at least one", "give a list of fits")
    for name, fit in fits.items():
        if not isinstance(fit, Fit):
            raise EstimateError(
                f"{name} of type {type(fit).__name__}", "a fit", "give [fit, other]"
            )
    return fits


def _is_of(term: str, name: str) -> bool:
    """Say whether a term is what a name names: itself, or a level of a categorical."""
    return term == name or str(term).partition("[")[0] in (name, f"C({name})")


def _every_name(fits: Sequence[Fit]) -> list[str]:
    """Return the terms of all fits, and what they hold without reporting it."""
    names = (chain(fit.params.index, fit._in_tables.held) for fit in fits)
    return list(dict.fromkeys(map(str, chain(*names))))


def _names_among(what: str, names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the terms that names name, in their order, and refuse one of none."""
    found = []
    for name in names:
        of_name = [term for term in known if _is_of(term, name)]
        if not of_name:
            chosen(what, name, known)
        found += of_name
    return list(dict.fromkeys(found))


def _groups(
    controls: Mapping[str, str | Sequence[str]], fits: Sequence[Fit]
) -> dict[str, list[str]]:
    """Return the terms of each group of controls."""
    known = _every_name(fits)
    return {
        str(label): _names_among("control", names_of(names), known)
        for label, names in controls.items()
    }


def _terms(
    fits: Sequence[Fit],
    keep: str | Sequence[str] | None,
    groups: Mapping[str, Sequence[str]],
) -> list[str]:
    """Return the terms that have a row of estimates."""
    every = list(dict.fromkeys(chain(*(fit.params.index for fit in fits))))
    terms = every if keep is None else _names_among("term", names_of(keep), every)
    in_groups = {*chain(*groups.values())}
    return [term for term in terms if term not in in_groups]


def _cells_of(
    row: Mapping[Any, Any] | None, digits: int, stars: bool, below: str
) -> tuple[str, str]:
    """Return the cell of an estimate and the one beneath it, blank without the term."""
    if row is None:
        return "", ""
    marks = [text for bound, text in STARS if stars and row["p_value"] < bound]
    above = f"{row['estimate']:.{digits}f}{''.join(marks[:1])}"
    if below == "error":
        error = _number(row["std_error"], digits)
        return above, f"({error})" if error else ""
    low, high = row["conf_low"], row["conf_high"]
    if np.isnan([low, high]).any():
        return above, ""
    return above, f"[{low:.{digits}f}, {high:.{digits}f}]"


def _number(value: Any, digits: int) -> str:
    """Write a number, blank where there is none."""
    if value is None or not np.isfinite(value):
        return ""
    return f"{value:.{digits}f}"


def _held(fits: Sequence[Fit], groups: Mapping[str, Sequence[str]]) -> Lines:
    """Return whether each fit has the terms of each group of controls."""
    lines = []
    for label, terms in groups.items():
        cells = []
        for fit in fits:
            present = {*fit.params.index, *fit._in_tables.held}.intersection(terms)
            every = len(present) == len(terms)
            cells.append("Yes" if every else "in part" if present else "No")
        lines.append((label, cells))
    return lines


def _effects(fits: Sequence[Fit]) -> Lines:
    """Return whether each fit has each fixed effect that some fit has."""
    names = dict.fromkeys(chain(*(fit._in_tables.effects or () for fit in fits)))
    lines = []
    for name in names:
        cells = []
        for fit in fits:
            effects = fit._in_tables.effects
            answer = "Yes" if name in (effects or ()) else "No"
            cells.append("" if effects is None else answer)
        lines.append((f"{name} fixed effects", cells))
    return lines


def _foot(
    fits: Sequence[Fit], digits: int, wanted: str | Sequence[str] | None
) -> Lines:
    """Return the numbers of the whole fits that some fit has."""
    by_fit = [_whole(fit, digits) for fit in fits]
    present = dict.fromkeys(
        name for whole in by_fit for name, cell in whole.items() if cell
    )
    names = sorted(present, key=lambda name: FOOT.index(name.partition(",")[0]))
    if wanted is not None:
        for name in names_of(wanted):
            chosen("row of the foot", name, names)
        names = names_of(wanted)
    return [(name, [whole.get(name, "") for whole in by_fit]) for name in names]


def _whole(fit: Fit, digits: int) -> dict[str, str]:
    """Return what describes a whole fit, as text by name."""
    inference = first_inference(fit.rows(0.95))
    cells = {
        "clusters": fit._in_tables.clusters.get(inference, ""),
        "N": str(fit.nobs),
        "inference": inference,
    }
    numbers = {
        "log-likelihood": fit.loglik,
        "AIC": fit.aic,
        "BIC": fit.bic,
        **fit._in_tables.whole,
    }
    for name, value in numbers.items():
        counts = isinstance(value, int)
        cells[name] = str(value) if counts else _number(value, digits)
    return cells


def _headings(names: Sequence[str], labels: Mapping[str, str]) -> list[str]:
    """Return what is printed for each row, and refuse a label of none."""
    for name in labels:
        chosen("row", name, dict.fromkeys(filter(None, names)))
    return [str(labels.get(name, name)) for name in names]
