"""Read a download of the statistics bureau: annual data by province, one indicator, one column per year.

The bureau's site (National Bureau of Statistics of China, annual data by province) saves a table like this, in
GB18030 or UTF-8, separated by commas or tabs::

    数据库：分省年度数据
    指标：地区生产总值(亿元)
    时间：最近20年
    地区,2019年,2018年
    北京市,35371.28,33105.97
    注：...
    数据来源：国家统计局
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from evenfield.study.errors import IngestError, first_examples

INDICATOR = re.compile(r"指标\s*[:：]\s*(.+)")
REGION = "地区"
YEAR = re.compile(r"(\d{4})\s*年?")
FOOTER = re.compile(r"(注|注释|数据来源)\s*[:：]")
# The longest endings first: 自治区 alone would leave the people's name in the short form.
ENDINGS = ("维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省", "市")
ENCODINGS = ("utf-8-sig", "gb18030")
Zeros = Literal["missing", "kept"]


@dataclass(frozen=True, slots=True)
class BureauExport:
    """One table of the bureau, or of anyone."""

    indicator: str  # what the table holds, as the bureau words it, with its unit
    column: str  # column of panel.csv that it belongs to
    values: pd.DataFrame  # ``unit``, ``year`` (int), ``value`` (NaN where missing), sorted by unit and year
    note: str = ""  # note of their provenance
    table: str = "panel.csv"  # table that they belong to
    unknown: tuple[str, ...] = ()  # names that are no units of the study


def read_export(
    path: str | Path, units: pd.DataFrame, columns: Mapping[str, str], zeros: Zeros = "missing"
) -> BureauExport:
    """Read one download and join its provinces with the units of the study."""
    file = Path(path)
    rows = _split_rows(_decode(file), file.name)
    indicator = _find_indicator(rows, file.name)
    if indicator not in columns:
        raise IngestError(
            f"{file.name} holds the indicator '{indicator}'",
            f"one of {first_examples(list(columns))}",
            "give its column of panel.csv or choose another file",
        )
    head, body = _split_table(rows, file.name)
    years = _parse_years(head, file.name)
    names = _match_names([row[0] for row in body], units, file.name)
    cells = [
        (unit, year, _parse_number(text, file.name, f"{unit} {year}", zeros))
        for unit, row in zip(names, body, strict=True)
        for year, text in zip(years, row[1:], strict=True)
    ]
    values = pd.DataFrame(cells, columns=["unit", "year", "value"]).astype({"year": int, "value": float})
    note = f"Download of the bureau, indicator {indicator}."
    return BureauExport(indicator, columns[indicator], values.sort_values(["unit", "year"], ignore_index=True), note)


def is_export(path: str | Path) -> bool:
    """Say whether a file is a download of the bureau."""
    file = Path(path)
    try:
        text = _decode(file)
    except IngestError:
        return False
    return bool(re.search(rf"^\W*(指标\s*[:：]|{REGION}[,\t])", text, re.MULTILINE))


def read_indicator(path: str | Path) -> str:
    """Read which indicator a download holds."""
    file = Path(path)
    return _find_indicator(_split_rows(_decode(file), file.name), file.name)


def _decode(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError:
        raise IngestError(f"no file {file}", "a download of the bureau", "correct the path") from None
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise IngestError(
        f"{file.name} is neither UTF-8 nor GB18030", "text as the bureau saves it", "save it as CSV, not as Excel"
    )


def _split_rows(text: str, name: str) -> list[list[str]]:
    lines = text.splitlines()
    header = next((line for line in lines if line.strip(' "').startswith(REGION)), "")
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter="\t" if "\t" in header else ","))
    except csv.Error as error:
        raise IngestError(f"{name} is not a table ({error})", "a CSV or text file", "download it again") from None
    return [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]


def _find_indicator(rows: list[list[str]], name: str) -> str:
    found = [match[1].strip() for row in rows if (match := INDICATOR.match(",".join(row).rstrip(",")))]
    if len(found) != 1:
        raise IngestError(
            f"{name} names {len(found)} indicators", "one line '指标：...'", "download one indicator by province"
        )
    return found[0]


def _split_table(rows: list[list[str]], name: str) -> tuple[list[str], list[list[str]]]:
    start = next((i for i, row in enumerate(rows) if row[0] == REGION), None)
    if start is None:
        raise IngestError(
            f"{name} has no header row", f"a row that begins with {REGION}", "download it with regions in rows"
        )
    end = next((i for i, row in enumerate(rows) if i > start and FOOTER.match(row[0])), len(rows))
    width = max(i for i, cell in enumerate(rows[start], start=1) if cell)
    body = [_fitted(row, width) for row in rows[start + 1 : end]]
    wrong = [row[0] for row in body if len(row) != width]
    if wrong or not body:
        raise IngestError(
            f"{name} has {len(wrong)} row of another length than its header ({first_examples(wrong)})"
            if wrong
            else f"{name} has no row below its header",
            f"rows of {width} cells",
            "download it again",
        )
    return rows[start][1:width], body


def _fitted(row: list[str], width: int) -> list[str]:
    return row[:width] if len(row) > width and not any(row[width:]) else row


def _parse_years(head: Sequence[str], name: str) -> list[int]:
    matches = [YEAR.fullmatch(cell) for cell in head]
    wrong = [cell for cell, match in zip(head, matches, strict=True) if match is None]
    years = [int(match[1]) for match in matches if match is not None]
    twice = sorted({str(year) for year in years if years.count(year) > 1})
    if wrong or twice or not years:
        raise IngestError(
            f"{name} has {len(wrong or twice)} column that is no year or a second time the same "
            f"({first_examples([repr(cell) for cell in wrong or twice])})",
            "columns such as 2019年",
            "download it by year, not by quarter or month",
        )
    return years


def _match_names(names: Sequence[str], units: pd.DataFrame, file: str) -> list[str]:
    known = _known_names(units)
    unknown = [name for name in names if _compact(name) not in known]
    if unknown:
        raise IngestError(
            f"{file} names {len(unknown)} unknown province ({first_examples(unknown)})",
            "names of column name_zh of units.csv, with or without 省, 市, 自治区",
            "correct the name or remove its row",
        )
    found = [known[_compact(name)] for name in names]
    twice = [name for i, name in enumerate(names) if found[i] in found[:i]]
    if twice:
        raise IngestError(
            f"{file} has {len(twice)} province twice ({first_examples(twice)})", "one row per province", "remove one"
        )
    return found


def _known_names(units: pd.DataFrame) -> dict[str, str]:
    if "name_zh" not in units or units["name_zh"].eq("").any():
        raise IngestError("units.csv has no Chinese names", "a full column name_zh", "add the names to units.csv")
    full = {_compact(name): str(unit) for name, unit in zip(units["name_zh"], units["unit"], strict=True)}
    short = [_without_ending(name) for name in full]
    once = {text: unit for text, unit in zip(short, full.values(), strict=True) if short.count(text) == 1}
    return once | full


def _compact(name: str) -> str:
    return re.sub(r"\s", "", name)


def _without_ending(name: str) -> str:
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


def _parse_number(text: str, file: str, cell: str, zeros: Zeros) -> float:
    if not text:
        return math.nan
    plain = text.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text) else text
    if not re.fullmatch(r"-?\d+(\.\d+)?", plain):
        raise IngestError(f"{file} has '{text}' for {cell}", "a number or a blank cell", "correct the cell")
    value = float(plain)
    return math.nan if value == 0 and zeros == "missing" else value
