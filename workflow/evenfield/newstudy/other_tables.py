"""Figures for the units of a study, from another table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pandas as pd

from evenfield.newstudy.any_table import read_any
from evenfield.newstudy.cells import no_numbers, number_text, numbers_of
from evenfield.newstudy.dates import dates_of, whole_years
from evenfield.newstudy.headers import AnyTable
from evenfield.newstudy.layouts import (
    long_table,
    with_parted_keys,
    with_parted_labels,
    without_flags,
)
from evenfield.newstudy.unit_names import match_units
from evenfield.newstudy.words import WORDS
from evenfield.study.errors import IngestError, counted, first_examples


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one column, from a file."""

    label: str  # what the file says that it holds
    column: str  # column of the study
    # ``unit``, ``year`` (0 where the file has none) and ``value`` as text; sorted, none
    # blank
    values: pd.DataFrame
    note: str  # note of their provenance
    table: str  # table that they belong to
    unknown: tuple[str, ...]  # names that are no units of the study


def read_figures(
    path: Path,
    units: pd.DataFrame,
    named: Sequence[str],
    zeros: str,
    headers: Sequence[str] = ("unit",),
    read: Callable[[Path], AnyTable] = read_any,
) -> Figures:
    """Read one column for units and years, or for units alone where the file has no
    years.
    """
    table = without_flags(with_parted_labels(with_parted_keys(read(path))))
    above = filter(None, map(WORDS.indicator.match, table.above))
    indicator = next((match[1].strip() for match in above), "")
    if indicator:
        named = [_column_for(indicator, table.frame, path.name, named)]
    if len(named) > 1:
        raise IngestError(
            f"{len(named)} columns of {path.name} are asked for",
            "one, except for a download of the bureau",
            "run the command once for each column",
        )
    name, _, column = named[0].partition("=")
    try:
        frame, year = long_table(table.frame, {}, [], least=1 if indicator else 2)
    except IngestError:
        frame = table.frame
        year = _one_year(frame)
    texts = frame.drop(columns=year or [])
    match = match_units(texts, units, path.name, headers=headers)
    ids = match.ids
    others = [other for other in frame.columns if other not in {match.column, year}]
    chosen = _chosen(frame[others], name, column, path.name)
    cells = frame[chosen]
    values = numbers_of(cells)
    dated = WORDS.year_column.fullmatch(chosen)
    # pop_2010 under a name that does not say the year is a figure of that year.
    if (
        not year
        and dated
        and values is not None
        and chosen.casefold() != name.casefold()
    ):
        year = "_year"
        frame = frame.assign(_year=dated["date"])
    if values is None and year and _is_steady(cells, ids):
        # Words that never change describe units: one row of each is kept, without year.
        rows = cells.str.strip().ne("") & ids.notna() & ~ids.duplicated()
        cells = cells[rows]
        ids = ids[rows]
        year = ""
    if values is None and year:
        wrong = no_numbers(cells)[1]
        where = ""
        if wrong.size:
            row = wrong.index[0]
            where = f" ('{wrong.iloc[0]}', {ids[row]} {frame[year][row]})"
        raise IngestError(
            f"{chosen} of {path.name} has {counted(wrong.size, 'cell')} that"
            f" {'is' if wrong.size == 1 else 'are'} no number{where}",
            "numbers or blanks",
            "correct the cells",
        )
    if indicator and zeros == "missing" and values is not None:
        values = values.mask(values.eq(0))
    written = cells.str.strip() if values is None else values.map(number_text)
    years = whole_years(frame[year], year) if year else 0
    held = pd.DataFrame(
        {
            "unit": ids,
            "year": years,
            "value": written,
        }
    ).dropna()
    held = held[held["value"].ne("")].sort_values(["unit", "year"], ignore_index=True)
    twice = held[held.duplicated(["unit", "year"])]
    if len(twice):
        raise IngestError(
            f"{path.name} has {counted(len(twice), 'row')} twice ({twice['unit'].iloc[0]}"
            f" {twice['year'].iloc[0] or ''})",
            "one row per unit" + (" and year" if year else ""),
            "remove one",
        )
    origin = f"Download of the bureau, indicator {indicator}."
    return Figures(
        label=indicator or table.labels.get(chosen, chosen),
        column=name,
        values=held,
        note=origin if indicator else f"From {path.name}.",
        table="panel.csv" if year else "units.csv",
        unknown=match.unknown,
    )


def _chosen(frame: pd.DataFrame, name: str, column: str, file: str) -> str:
    """Return the column of the file that is meant by ``NAME`` or ``NAME=COLUMN``."""
    wanted = (column or name).casefold()
    same = [other for other in map(str, frame) if other.casefold() == wanted]
    figures = [other for other in frame if numbers_of(frame[other]) is not None]
    # A file with one column of figures, or with one column at all, needs no name.
    alone = [] if column else [one for one in (figures, [*frame]) if len(one) == 1]
    chosen = next(iter([*same, *chain(*alone)]), None)
    if chosen is None:
        raise IngestError(
            f"{file} has no column {column or name}",
            f"one of {first_examples([*frame], 12)}",
            f"name it: {name}=COLUMN",
        )
    return str(chosen)


def _one_year(frame: pd.DataFrame) -> str:
    """Return the column of years of a table that holds one year; blank if it has none."""
    named = [
        name for name in frame.columns if WORDS.time_column.fullmatch(name.strip())
    ]
    held = [name for name in named if dates_of(frame[name], name)]
    return held[0] if len(held) == 1 else ""


def _is_steady(texts: pd.Series, ids: pd.Series) -> bool:
    """Say whether words do not change over the years, so that they describe units."""
    held = texts.str.strip()
    held = held[held.ne("") & ids.notna()]
    words = not held.str.fullmatch(r"[\d.,\s]+").any()
    return bool(words and held.groupby(ids).nunique().le(1).all())


def _column_for(
    indicator: str, frame: pd.DataFrame, file: str, named: Sequence[str]
) -> str:
    """Return the column of an indicator: given as ``NAME``, or one of several as
    ``WORDS.indicator=NAME``.
    """
    columns = {}
    for text in named:
        label, _, name = text.rpartition("=")
        columns[label or indicator] = name
    if indicator not in columns:
        raise IngestError(
            f"{file} holds the indicator '{indicator}'",
            f"one of {first_examples(list(columns))}",
            "give its column of panel.csv or choose another file",
        )
    wrong = [
        column
        for column in frame.columns[1:]
        if not WORDS.year_column.fullmatch(column)
    ]
    if wrong:
        raise IngestError(
            f"{file} has {len(wrong)} column that is no year ({first_examples(wrong)})",
            "columns such as 2019年",
            "download it by year, not by quarter or month",
        )
    return columns[indicator]
