"""Every unit in a row: income first and last, growth, ranks, and the class that a topic
puts it in; for the page, and as a file that it holds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from evenfield.report.map import anchor, income_of_average, topic_layers
from evenfield.shared.sections import MapLayer
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.numbers import fixed, is_missing, significant, whole
from evenfield.shared.tables.rows import TEXT
from evenfield.shared.topics import measured_in
from evenfield.study.latin import in_latin
from evenfield.study.table_files import results_csv

LARGE = 100  # income of the median unit from which no decimals are printed
GROWTH = "growth, % a year"
# Letters that are no other letter with a mark, by the one that an index takes them for.
STROKED = str.maketrans("łøđħŧı", "lodhti")

# Header of a column of figures and what writes one, by column of ``_figures``.
_Written = dict[str, tuple[str, Callable[[float], str]]]


@dataclass(frozen=True, kw_only=True)
class UnitTable:
    """The table as a template prints it."""

    columns: list[dict[str, Any]]  # header, and whether it holds numbers
    # anchor of a unit in the page's address; cells with the value that they are sorted
    # by, empty for words, and their text; path: income in percent of the average by year
    rows: list[dict[str, Any]]
    years: list[int]  # of the paths
    what: str  # whose percentages the paths are
    unit: str  # of measure of income
    csv: str  # the whole table as a ``data:`` address


def unit_table(results: StudyResults) -> UnitTable | None:
    """Return the table of a study; nothing where it has no two years with an income."""
    panel = results.table("panel").dropna(subset=["income"])
    income = panel.pivot(index="unit", columns="year", values="income").sort_index()
    if len(income.columns) < 2:
        return None
    figures = _figures(results, income)
    classes = dict(_classes(results, list(figures.index)))
    what = measured_in(results.words) or "income per head"
    first, last = _ends(income)
    written = _written(first, last, figures["first"].median())
    paths = income_of_average(results, results.table("panel"))
    dates = sorted(map(int, paths.columns))
    columns = [{"header": results.words["unit_name"], "number": False}]
    columns += [{"header": header, "number": True} for header, _ in written.values()]
    columns += [{"header": name.lower(), "number": False} for name in classes]
    rows = []
    for unit, values in figures.iterrows():
        words = [class_of[str(unit)] for class_of in classes.values()]
        path = paths.reindex(index=[unit], columns=dates).to_numpy(float)[0]
        rows.append(
            {
                "anchor": anchor(str(unit)),
                "cells": _cells(values, written, words),
                "path": _path(path),
            }
        )
    return UnitTable(
        columns=columns,
        rows=rows,
        years=dates,
        what=what,
        unit=str(results.config.panel.income.unit),
        csv=_as_csv(figures, classes, (first, last), what),
    )


def data_address(text: str, kind: str = "text/csv") -> str:
    """Return a text as an address that holds it."""
    return f"data:{kind};charset=utf-8,{quote(text, safe=',.:;-_()*/')}"


def _ends(income: pd.DataFrame) -> tuple[int, int]:
    """Return the first and the last year of a table of income by unit and year."""
    years = income.columns.astype(int)
    return int(years.min()), int(years.max())


def _figures(results: StudyResults, income: pd.DataFrame) -> pd.DataFrame:
    """Return name, income in the first and the last year, growth, and rank in both years
    by unit, sorted by name.
    """
    names = results.table("units", text=TEXT).set_index("unit")["name"]
    first, last = _ends(income)
    frame = pd.DataFrame(
        {
            "name": names.reindex(income.index),
            "first": income[first],
            "last": income[last],
        }
    )
    # g = 100 ((y_T / y_0)^(1/T) - 1), the average rate over T years.
    ratio = frame["last"] / frame["first"]
    frame["growth"] = 100 * (ratio ** (1 / (last - first)) - 1)
    # Rank one is the highest income; units with equal incomes share the better rank.
    for end in ("first", "last"):
        frame[f"rank_{end}"] = frame[end].rank(ascending=False, method="min")
    # Units of one name stand by id.
    return frame.sort_values("name", kind="stable", key=_as_in_an_index)


def _as_in_an_index(names: pd.Series) -> pd.Series:
    """Return names as an index orders them: Île-de-France beside Ile and Łódzkie beside
    Lodz, not behind Z; those of other scripts by the letters that figures write.
    """
    spelt = names.map(in_latin).str.normalize("NFKD").str.casefold()
    return spelt.str.translate(STROKED)


def _written(first: int, last: int, median: float) -> _Written:
    """Return header and way of writing of each column of figures; ``median`` of income
    in the first year.
    """

    def money(value: float) -> str:
        return fixed(value, 0) if median >= LARGE else significant(value)

    return {
        "first": (f"{first}", money),
        "last": (f"{last}", money),
        "growth": (GROWTH, lambda value: fixed(value, 1)),
        "rank_first": (f"rank {first}", whole),
        "rank_last": (f"rank {last}", whole),
    }


def _cells(
    values: pd.Series, written: _Written, words: list[str]
) -> list[dict[str, Any]]:
    """Return the cells of one unit: its name, its figures, the words of its classes."""
    name = values["name"]
    latin = in_latin(name)
    # So that a reader finds the names that figures write.
    shown = name if latin == name else f"{name} ({latin})"
    cells: list[dict[str, Any]] = [{"value": "", "text": shown}]
    for column, (_, write) in written.items():
        value = values[column]
        sorted_by = "" if is_missing(value) else f"{value:.6g}"
        cells.append({"value": sorted_by, "text": write(value)})
    return [*cells, *({"value": "", "text": word} for word in words)]


def _path(percent: np.ndarray) -> str:
    """Write percentages of the average by year (T,), nothing where there is none."""
    return ",".join("" if np.isnan(value) else f"{value:.0f}" for value in percent)


def _classes(
    results: StudyResults, units: list[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each layer of the map that has one class for all years: its name, and the
    word for the class of each unit.
    """
    for layer in topic_layers(results):
        if len(layer.classes.columns) == 1:
            yield layer.name, _words(layer, units)


def _words(layer: MapLayer, units: list[str]) -> dict[str, str]:
    """Return the word for the class of each unit, nothing where it has none."""
    # Classes count from one; zero is no class.
    words = ["", *layer.keys.values()]
    numbers = layer.classes.iloc[:, 0].reindex(units).fillna(0).astype(int)
    return {unit: words[number] for unit, number in zip(units, numbers, strict=True)}


def _as_csv(
    figures: pd.DataFrame,
    classes: dict[str, dict[str, str]],
    years: tuple[int, int],
    what: str,
) -> str:
    """Return figures and classes as the address of a file, whose headers also say what
    is measured, since it is read without the page.
    """
    first, last = years
    words = {name.lower(): pd.Series(class_of) for name, class_of in classes.items()}
    table = figures.assign(**words).rename(
        columns={
            "first": f"{what} {first}",
            "last": f"{what} {last}",
            "growth": GROWTH,
            "rank_first": f"rank {first}",
            "rank_last": f"rank {last}",
        }
    )
    return data_address(results_csv(table.rename_axis("id").reset_index()))
