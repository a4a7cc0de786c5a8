"""One screen of a fit: its rows, the numbers of the whole fit and its inference, as text
and as HTML for a notebook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.notebook import folded

NO_BREAK = "\N{NO-BREAK SPACE}"
MOST_ROWS = 30
DEGREES = re.compile(r"(?<=^t)\([^)]*\)")  # of Student's law
# How a table is printed.
FORM: dict[str, Any] = {
    "index": False,
    "float_format": "{:.4g}".format,
    "na_rep": "",
}


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What a fit shows of itself."""

    title: str  # estimator
    rows: (
        pd.DataFrame
    )  # the first of its tidy rows, without the columns that ``inference`` sums up
    more: int  # rows that are not shown
    whole: Mapping[str, str]  # numbers of the whole fit, as printed
    inference: str  # each with its law

    def text(self) -> str:
        """Return the rows, and lines of the numbers of the whole fit and the inference."""
        lines = [self.title, "", self.rows.to_string(**FORM)]
        if self.more:
            lines.append(self._more_in_words())
        # A number stays on the line of its name.
        numbers = "   ".join(
            f"{name}: {value}".replace(" ", NO_BREAK)
            for name, value in self.whole.items()
        )
        wrapped = wrap(numbers, 100, break_long_words=False, break_on_hyphens=False)
        foot = [line.replace(NO_BREAK, " ") for line in wrapped]
        lines += ["", *foot, f"inference: {self.inference}"]
        return "\n".join(lines)

    def html(self, explanation: str) -> str:
        """Return a table with the numbers of the whole fit beneath, and a folded
        explanation unless it is empty. It sets no colours: those of the notebook hold,
        light or dark.
        """
        numbers = "; ".join(f"{name}: {value}" for name, value in self.whole.items())
        more = [self._more_in_words()] if self.more else []
        paragraphs = [*more, numbers, f"Inference: {self.inference}"]
        parts = [
            f"<p><strong>{escape(self.title)}</strong></p>",
            in_html(self.rows, **FORM),
            *[f"<p>{escape(one)}</p>" for one in paragraphs],
        ]
        if explanation:
            text = f"<pre>{escape(explanation)}</pre>"
            parts.append(folded("What this is and when not to use it", text))
        return "\n".join(parts)

    def _more_in_words(self) -> str:
        return f"... {self.more} more rows in to_frame()"


class Tables(dict[str, pd.DataFrame]):
    """Tables by name, each folded under it in a notebook."""

    def _repr_html_(self) -> str:
        return "\n".join(folded(name, in_html(table)) for name, table in self.items())


def in_html(table: pd.DataFrame, **form: Any) -> str:
    """Return a table as HTML, cells whole, in the colours of the notebook."""
    with pd.option_context("display.max_colwidth", None):
        html: str = table.to_html(border=0, **form)
    return html


def screen_of(title: str, rows: pd.DataFrame, whole: Mapping[str, object]) -> Screen:
    """Return what a fit shows of itself, of its tidy rows at most ``MOST_ROWS``, and of
    the numbers of the whole fit those that are not blank.
    """
    laws = []
    summed_up = ["df", "law", "inference"]
    tested = rows[rows["inference"] != ""]
    for kind, of_kind in tested.groupby("inference", sort=False):
        law = list(dict.fromkeys(of_kind["law"]))
        if len(law) > 1 and of_kind["df"].nunique() > 1:
            # Degrees of freedom that differ from row to row stand there.
            summed_up = [name for name in summed_up if name != "df"]
            law = list(dict.fromkeys(DEGREES.sub("", one) for one in law))
        laws.append(f"{kind}, {'; '.join(law)}")
    if len(laws) > 1:
        summed_up.remove("inference")
    printed = {name: _short(value) for name, value in whole.items()}
    return Screen(
        title=title,
        rows=rows.drop(columns=summed_up)[:MOST_ROWS],
        more=max(len(rows) - MOST_ROWS, 0),
        whole={name: value for name, value in printed.items() if value},
        inference="; ".join(laws),
    )


def _short(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if np.isnan(value):
        return ""
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e5 else f"{value:.4g}"
