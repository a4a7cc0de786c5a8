"""Every unit in a row: income first and last, growth, ranks, and the class that a topic
puts it in; for the page, and as a file that it holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from evenfield.report.map import anchor, income_of_average, topic_layers
from evenfield.shared.facts import Facts
from evenfield.shared.sections import MapLayer
from evenfield.shared.tables.numbers import fixed, is_missing, significant, whole
from evenfield.shared.tables.rows import TEXT
from evenfield.study.table_files import results_csv

LARGE = 100  # income of the middle unit from which no decimals are printed


@dataclass(frozen=True, kw_only=True)
class UnitTable:
    """The table as a template prints it."""

    columns: list[dict[str, Any]]  # header, and whether it holds numbers
    rows: list[dict[str, Any]]  # anchor, cells (value and text), path
    years: list[int]  # of the paths
    what: str  # whose percentages the paths are
    unit: str  # of income
    csv: str  # the whole as a ``data:`` address


def unit_table(facts: Facts) -> UnitTable | None:
    """Return the table of a study; nothing where it has no two years with an income."""
    panel = facts.table("panel").dropna(subset=["income"])
    income = panel.pivot(index="unit", columns="year", values="income").sort_index()
    if len(income.columns) < 2:
        return None
    frame = _numbers(facts, income)
    classes = dict(_classes(facts, list(frame.index)))
    what = str(facts.words.get("what", "")) or "income per head"
    years = income.columns.astype(int)
    first, last = int(years.min()), int(years.max())
    decimals = 0 if frame["first"].median() >= LARGE else None

    def money(value: float) -> str:
        return significant(value) if decimals is None else fixed(value, decimals)

    written = {
        "first": (f"{first}", money),
        "last": (f"{last}", money),
        "growth": ("growth, % a year", lambda value: fixed(value, 1)),
        "rank_first": (f"rank {first}", whole),
        "rank_last": (f"rank {last}", whole),
    }
    columns = [{"header": facts.words["unit_name"], "number": False}]
    columns += [{"header": head, "number": True} for head, _ in written.values()]
    columns += [{"header": name.lower(), "number": False} for name in classes]
    paths = income_of_average(facts, facts.table("panel"))
    dates = sorted(map(int, paths.columns))
    rows = []
    for unit, values in frame.iterrows():
        cells = [{"value": "", "text": values["name"]}]
        for name, (_, write) in written.items():
            value = values[name]
            sorted_by = "" if is_missing(value) else f"{value:.6g}"
            cells.append({"value": sorted_by, "text": write(value)})
        cells += [{"value": "", "text": own[str(unit)]} for own in classes.values()]
        path = paths.reindex(index=[unit], columns=dates).to_numpy(float)[0]
        rows.append(
            {
                "anchor": anchor(str(unit)),
                "cells": cells,
                "path": ",".join("" if np.isnan(x) else f"{x:.0f}" for x in path),
            }
        )
    return UnitTable(
        columns=columns,
        rows=rows,
        years=dates,
        what=what,
        unit=str(facts.config.panel.income.unit),
        csv=_as_csv(frame, classes, (first, last), what),
    )


def data_address(text: str, kind: str = "text/csv") -> str:
    """Return a text as an address that holds it."""
    return f"data:{kind};charset=utf-8,{quote(text, safe=',.:;-_()*/')}"


def _numbers(facts: Facts, income: pd.DataFrame) -> pd.DataFrame:
    """Return name, income in the first and the last year, growth and ranks by unit, by
    name.
    """
    names = facts.table("units", text=TEXT).set_index("unit")["name"]
    years = income.columns.astype(int)
    first, last = int(years.min()), int(years.max())
    frame = pd.DataFrame(
        {
            "name": names.reindex(income.index),
            "first": income[first],
            "last": income[last],
        }
    )
    # g = 100 ((y_T / y_0)^(1/T) - 1)
    ratio = frame["last"] / frame["first"]
    frame["growth"] = 100 * (ratio ** (1 / (last - first)) - 1)
    for end in ("first", "last"):
        frame[f"rank_{end}"] = frame[end].rank(ascending=False, method="min")
    return frame.sort_values("name", kind="stable")  # units of one name by id


def _classes(facts: Facts, units: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield name and words by unit of each layer that has one class for all years."""
    for layer in topic_layers(facts):
        if len(layer.classes.columns) == 1:
            yield layer.name, _words(layer, units)


def _words(layer: MapLayer, units: list[str]) -> dict[str, str]:
    keys = ["", *layer.keys.values()]
    numbers = layer.classes.iloc[:, 0].reindex(units).fillna(0).astype(int)
    return {unit: keys[number] for unit, number in zip(units, numbers, strict=True)}


def _as_csv(
    frame: pd.DataFrame,
    classes: dict[str, dict[str, str]],
    years: tuple[int, int],
    what: str,
) -> str:
    first, last = years
    own = {name.lower(): pd.Series(words) for name, words in classes.items()}
    table = frame.assign(**own).rename(
        columns={
            "first": f"{what} {first}",
            "last": f"{what} {last}",
            "growth": "growth, % a year",
            "rank_first": f"rank {first}",
            "rank_last": f"rank {last}",
        }
    )
    return data_address(results_csv(table.rename_axis("id").reset_index()))
