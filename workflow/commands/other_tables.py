"""Other files about the units of a study: which unit is meant, figures for it, its
polygon and who touches it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from shapely import STRtree, make_valid
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from evenfield.study.errors import IngestError, first_examples
from evenfield.study.ingest.any_table import number_text, numbers_of, read_any
from evenfield.study.ingest.guess import YEAR_COLUMN, long_table, no_numbers

# The bureau of statistics of China names the indicator above its table; the longest
# ending of a name comes first.
INDICATOR = re.compile(r"指标\s*[:：]\s*(.+)")
ENDINGS = re.compile("(维吾尔自治区|壮族自治区|回族自治区|特别行政区|自治区|省|市)$")


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


def match_units(
    frame: pd.DataFrame, units: pd.DataFrame, file: str
) -> tuple[str, pd.Series]:
    """Return the column of a table that names most units, by id or by name, and the ids
    it names.
    """
    names = (
        units.reindex(columns=["name_zh", "name", "unit"])
        .melt("unit", value_name="text")
        .dropna()
    )
    names = names[names["text"].ne("")]
    short = names.assign(
        text=names["text"].str.replace(ENDINGS, "", regex=True)
    ).drop_duplicates("text", keep=False)
    known = {
        text.casefold(): unit
        for part in (short, names)
        for unit, text in part[["unit", "text"]].to_numpy()
    }
    known |= {str(unit).casefold(): unit for unit in units["unit"]}
    cells = {name: frame[name].str.strip().str.casefold() for name in frame}
    found = {
        name: column.map(
            lambda text: known.get(text, known.get("_".join(text.split())))
        )
        for name, column in cells.items()
    }
    best = max(found, key=lambda name: found[name].notna().sum(), default="")
    if not best or found[best].notna().sum() == 0:
        raise IngestError(
            f"no column of {file} names the units of the panel",
            f"ids such as {units['unit'].iloc[0]}",
            "add a column with these ids or names",
        )
    return best, found[best]


def by_unit(path: Path, units: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Read a table about units; return the column that named them, and the table with
    their ids in its place.
    """
    frame = read_any(path).frame
    column, ids = match_units(frame, units, path.name)
    return column, frame.drop(columns=column).assign(unit=ids).dropna(subset=["unit"])


def read_figures(
    path: Path, units: pd.DataFrame, named: Sequence[str], zeros: str
) -> Figures:
    """Read one column for units and years, or for units alone where the file has no
    years.
    """
    table = read_any(path)
    indicator = next(
        (match[1].strip() for line in table.above if (match := INDICATOR.match(line))),
        "",
    )
    if indicator:
        named = [_column_for(indicator, table.frame, path.name, named)]
    if len(named) > 1:
        found = f"{len(named)} columns of {path.name} are asked for"
        raise IngestError(
            found,
            "one, except for a download of the bureau",
            "run the command once for each column",
        )
    name, _, column = named[0].partition("=")
    try:
        frame, year = long_table(table.frame, {}, [], least=1 if indicator else 2)
    except IngestError:
        frame = table.frame
        year = ""
    unit, ids = match_units(frame.drop(columns=year or []), units, path.name)
    others = [other for other in frame.columns if other not in {unit, year}]
    same = [
        other for other in others if other.casefold() == (column or name).casefold()
    ]
    figures = [other for other in others if numbers_of(frame[other]) is not None]
    chosen = same or (
        []
        if column
        else figures
        if len(figures) == 1
        else others
        if len(others) == 1
        else []
    )
    if not chosen:
        found = f"{path.name} has no column {column or name}"
        raise IngestError(
            found, f"one of {first_examples(others, 12)}", f"name it: {name}=COLUMN"
        )
    values = numbers_of(frame[chosen[0]])
    if values is None and year:
        wrong = no_numbers(frame[chosen[0]])[1]
        where = (
            f" ('{wrong.iloc[0]}', {ids[wrong.index[0]]} {frame[year][wrong.index[0]]})"
            if wrong.size
            else ""
        )
        found = (
            f"{chosen[0]} of {path.name} has {wrong.size} cells that are no"
            f" number{where}"
        )
        raise IngestError(found, "numbers or blanks", "correct the cells")
    if indicator and zeros == "missing" and values is not None:
        values = values.mask(values.eq(0))
    texts = frame[chosen[0]].str.strip() if values is None else values.map(number_text)
    years = frame[year].str[:4].astype(int) if year else 0
    held = pd.DataFrame({"unit": ids, "year": years, "value": texts}).dropna()
    held = held[held["value"].ne("")].sort_values(["unit", "year"], ignore_index=True)
    twice = held[held.duplicated(["unit", "year"])]
    if len(twice):
        words = (
            f"{path.name} has {len(twice)} rows twice ({twice['unit'].iloc[0]}"
            f" {twice['year'].iloc[0] or ''})"
        )
        raise IngestError(
            words, "one row per unit" + (" and year" if year else ""), "remove one"
        )
    label = indicator or table.labels.get(chosen[0], chosen[0])
    note = (
        f"Download of the bureau, indicator {indicator}."
        if indicator
        else f"From {path.name}."
    )
    lost = tuple(dict.fromkeys(frame[unit][ids.isna()]))
    return Figures(label, name, held, note, "panel.csv" if year else "units.csv", lost)


def _column_for(
    indicator: str, frame: pd.DataFrame, file: str, named: Sequence[str]
) -> str:
    """Return the column of an indicator: given as ``NAME``, or one of several as
    ``INDICATOR=NAME``.
    """
    columns = {
        told or indicator: name
        for told, _, name in (text.rpartition("=") for text in named)
    }
    if indicator not in columns:
        raise IngestError(
            f"{file} holds the indicator '{indicator}'",
            f"one of {first_examples(list(columns))}",
            "give its column of panel.csv or choose another file",
        )
    if wrong := [
        column for column in frame.columns[1:] if not YEAR_COLUMN.fullmatch(column)
    ]:
        found = (
            f"{file} has {len(wrong)} column that is no year ({first_examples(wrong)})"
        )
        raise IngestError(
            found,
            "columns such as 2019年",
            "download it by year, not by quarter or month",
        )
    return columns[indicator]


def read_polygons(
    path: Path, units: pd.DataFrame
) -> tuple[dict[str, Any], dict[str, BaseGeometry]]:
    """Read outlines of the units: GeoJSON whose properties name the unit and nothing
    else, and shapes by unit.
    """
    try:
        features = json.loads(path.read_text(encoding="utf-8-sig"))["features"]
        told = pd.DataFrame(
            [feature["properties"] or {} for feature in features]
        ).astype(str)
        shapes = [shape(feature["geometry"]) for feature in features]
    except OSError:
        raise IngestError(
            f"no file {path.name}", "GeoJSON", "correct the path"
        ) from None
    except Exception:
        raise IngestError(
            f"{path.name} holds no outlines",
            "a GeoJSON feature collection of polygons",
            "correct it",
        ) from None
    _, ids = match_units(told, units, path.name)
    kept = {unit: i for i, unit in enumerate(ids) if isinstance(unit, str)}
    flat = [
        unit
        for unit, i in kept.items()
        if "Polygon" not in shapes[i].geom_type or shapes[i].is_empty
    ]
    lost = [unit for unit in units["unit"] if unit not in kept]
    if flat or lost or len(kept) < ids.notna().sum():
        raise IngestError(
            f"{path.name} has no polygon, or two, for"
            f" {first_examples(flat or lost) or 'a unit'}",
            "one polygon for each unit",
            "correct the file",
        )
    features = [
        {
            "type": "Feature",
            "properties": {"unit": unit},
            "geometry": features[i]["geometry"],
        }
        for unit, i in sorted(kept.items())
    ]
    return {"type": "FeatureCollection", "features": features}, {
        unit: make_valid(shapes[kept[unit]]) for unit in sorted(kept)
    }


def borders_of(
    shapes: dict[str, BaseGeometry],
) -> tuple[list[list[str]], list[list[str]]]:
    """Return the pairs of units that touch, and pairs with the nearest unit for those
    that touch none.
    """
    names = list(shapes)
    polygons = list(shapes.values())
    first, second = STRtree(polygons).query(polygons, predicate="intersects")
    pairs = sorted(
        [names[i], names[j]] for i, j in zip(first, second, strict=True) if i < j
    )
    alone = sorted(set(names) - {unit for pair in pairs for unit in pair})
    near = {
        unit: min(
            (other for other in names if other != unit),
            key=lambda o: shapes[unit].distance(shapes[o]),
        )
        for unit in alone
    }
    return pairs, [[unit, other] for unit, other in near.items()]
