"""Rows of frames as plain mappings, for code that prints and draws one row at a time."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.estimates import what_is_asked
from evenfield.study.errors import (
    ClaimsError,
    EvenfieldError,
    first_examples,
    near_names,
)
from evenfield.study.files import Record

Row = dict[str, Any]
# Columns of the estimates' series that hold text, also where a study leaves them blank.
TEXT = tuple(
    "basis block cell contrast confidence controls design flag grade kind label licence name"
    " output_basis place industry quadrant sample_id source spec_id taxonomy term treatment_def"
    " unit_high unit_low unit_of_measure units variable vintage w_id weights"
    " zone_type".split()
)
# Two rows that differ only here hold different numbers of one question; the columns
# that identify come first.
TOLD_APART = (
    "estimator effect_type term contrast period sample_id treatment_def controls_id"
    " w_id outcome spec_id".split()
)


def records(frame: pd.DataFrame, **wanted: object) -> list[Row]:
    """Return the rows of a frame whose columns hold the wanted values, as mappings from
    column to value.
    """
    frame = only(frame, **wanted) if wanted else frame
    names = list(map(str, frame))
    columns = [column.tolist() for _, column in frame.items()]
    return [
        dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)
    ]


def only(frame: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    """Return the rows whose columns hold the wanted values."""
    return frame.iloc[_row_numbers(frame, wanted)]


def _row_numbers(frame: pd.DataFrame, wanted: Record) -> np.ndarray:
    rows = np.arange(len(frame))
    for name, value in wanted.items():
        rows = rows[frame[name].to_numpy()[rows] == value]
    return rows


def pick(frame: pd.DataFrame, **wanted: object) -> Row:
    """Return the first row whose columns hold the wanted values."""
    row_numbers = _row_numbers(frame, wanted)
    if not len(row_numbers):
        return {}
    row = frame.iloc[row_numbers[0]]
    if row.dtype != object:  # without text, whole numbers would have become floats
        return records(frame.iloc[row_numbers[:1]])[0]
    values = [v.item() if isinstance(v, np.generic) else v for v in row]
    return dict(zip(map(str, frame), values, strict=True))


def matching(estimates: pd.DataFrame, select: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows whose columns hold the wanted texts."""
    return only(estimates, **select)


def with_asked(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return rows with columns ``asked_<name>`` of what they ask of the library; blank
    where they do not ask for it.
    """
    asked = [what_is_asked(text) for text in frame["asked"]]
    return frame.assign(
        **{f"asked_{name}": [one.get(name, "") for one in asked] for name in names}
    )


class Selector:
    """Finds the rows of a frame by the texts of their columns, of which each is read
    once: for many selections of one frame.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._codes = cache(self._coded)

    def _coded(self, name: str) -> tuple[np.ndarray, dict[object, int]]:
        """Return the code of the text in each row of a column, and the texts' codes."""
        codes, texts = pd.factorize(self._frame[name])
        return codes, {text: code for code, text in enumerate(texts)}

    def row_numbers(self, select: Mapping[str, str | Iterable[str]]) -> np.ndarray:
        """Return the places of the rows whose columns hold the wanted texts, or one of
        several.
        """
        rows = np.arange(len(self._frame))
        for name, wanted in select.items():
            codes, code_of = self._codes(name)
            texts = [wanted] if isinstance(wanted, str) else wanted
            # A text that no row has: no code, which is never below zero but for blanks.
            sought = [code_of.get(text, len(code_of)) for text in texts]
            rows = rows[np.isin(codes[rows], sought)]
        return rows

    def matching(self, select: Mapping[str, str | Iterable[str]]) -> pd.DataFrame:
        """Return the rows whose columns hold the wanted texts, or one of several."""
        return self._frame.iloc[self.row_numbers(select)]


def one_row(
    estimates: pd.DataFrame,
    select: Mapping[str, str],
    where: str,
    error: type[EvenfieldError] = ClaimsError,
) -> Row:
    """Return the one row that a selection names, or say why there is none or more than
    one.
    """
    selected = matching(estimates, select)
    if len(selected) == 1:
        return records(selected)[0]
    if len(selected):
        several = [name for name in selected if selected[name].nunique() > 1]
        names = [*TOLD_APART, *selected.columns]
        apart = [name for name in names if name in several and name not in select]
        column = apart[0] if apart else "estimate_id"
        values = sorted(map(repr, selected[column].astype(str).unique()))
        raise error(
            f"{where} selects {len(selected)} rows; they differ in {column}"
            f" ({first_examples(values, 5)})",
            "exactly one row",
            f"name the {column}",
        )
    # The first column that leaves no row is the one to correct.
    for column, text in select.items():
        values = sorted(estimates[column].unique())
        estimates = estimates[estimates[column].eq(text)]
        if estimates.empty:
            near = near_names(text, values, most=3) or values
            raise error(
                f"{where} selects 0 rows, none from {column} '{text}' on",
                f"{column} {first_examples(list(map(repr, near)), 3)}",
                f"correct the {column}",
            )
    raise AssertionError("a selection without a column is refused before")
