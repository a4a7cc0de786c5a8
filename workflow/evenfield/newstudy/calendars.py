"""Years of other calendars as Gregorian ones: what a mark, a header or the numbers say
surely, and any that the user names.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from evenfield.newstudy.cells import of_texts
from evenfield.newstudy.words import LISTS, WORDS, written_out
from evenfield.study.errors import IngestError

CALENDARS: Mapping[str, Mapping[str, Any]] = LISTS["calendars"]
GREGORIAN = "gregorian"
ERAS: Mapping[str, int] = LISTS["eras"]
# 平成29年度, 令和元年, พ.ศ. 2560
ERA = re.compile(rf"({'|'.join(map(re.escape, ERAS))})\s*(元|\d{{1,4}})(?!\d)(年度?)?")
FIRST = "元"  # the first year of an era
YEARS = range(1500, 2200)  # which a Gregorian year may be
FEWEST_HEADERS = 2
TWO_DIGITS = re.compile(r"\d\d")
NEVER = r"(?!)"  # a calendar that only a header tells


def without_eras(text: str, messages: list[str]) -> str:
    """Write years behind the mark of an era as Gregorian ones."""
    found = ERA.search(text)
    if not found:
        return text
    messages.append(f"years of eras: {found[0]} is {_year_of_era(found)}")
    return ERA.sub(lambda year: f"{_year_of_era(year)}{year[3] or ''}", text)


def _year_of_era(found: re.Match[str]) -> int:
    return ERAS[found[1]] + (1 if found[2] == FIRST else int(found[2]))


def in_gregorian_years(
    frame: pd.DataFrame, asked: str, messages: list[str]
) -> tuple[pd.DataFrame, str]:
    """Return a table with the years of its cells and headers as Gregorian ones, and the
    calendar that they were of; blank if it was this one.
    """
    if asked == GREGORIAN:
        return frame, ""
    if asked:
        changed = _of_calendar(frame, asked, WORDS.numbered_year, messages)
        if changed is None:
            raise IngestError(
                f"--calendar {asked}, and no column of its years",
                "a column of years, or a column for each year",
                "name it with --year, or leave --calendar out",
            )
        return changed, asked
    headers = " ".join(map(str, frame.columns))
    for name, calendar in CALENDARS.items():
        if re.search(calendar.get("among", ""), headers):
            form = re.compile(written_out(calendar.get("surely", NEVER)), re.IGNORECASE)
            changed = _of_calendar(frame, name, form, messages)
            if changed is not None:
                return changed, name
    return frame, ""


def _of_calendar(
    frame: pd.DataFrame, name: str, form: re.Pattern[str], messages: list[str]
) -> pd.DataFrame | None:
    """Return a table with cells and headers of a form as Gregorian years; nothing if it
    has none.
    """
    gregorian = partial(_year, calendar=name)
    headers = [column for column in frame.columns if form.fullmatch(column)]
    # T1, T2 may be anything; H9, H10 are years.
    told = any(map(TWO_DIGITS.search, headers)) and len(headers) >= FEWEST_HEADERS
    headers = headers if told else []
    dated = [column for column in frame.columns if _is_of(frame[column], name, form)]
    if not headers and not dated:
        return None
    first = headers[0] if headers else frame[dated[0]].iloc[0]
    messages.append(
        f"years of the {name.capitalize()} calendar: {first} is {gregorian(first)}"
        " (--calendar)"
    )
    cells = {column: of_texts(frame[column], gregorian) for column in dated}
    years = {column: gregorian(column) for column in headers}
    return frame.assign(**cells).rename(columns=years)


def _is_of(cells: pd.Series, calendar: str, form: re.Pattern[str]) -> bool:
    """Say whether a column holds years of a calendar, by its header or by its cells."""
    header = str(cells.name).strip()
    said = CALENDARS[calendar].get("header")
    if said and re.search(said, header, re.IGNORECASE):
        form = WORDS.numbered_year
    elif not WORDS.time_column.fullmatch(header):
        return False
    texts = cells.unique().tolist()
    told = any(map(TWO_DIGITS.search, texts))
    return told and all(form.fullmatch(text.strip()) for text in texts)


def _year(text: str, calendar: str) -> str:
    """Return the Gregorian year, or two as 2017/18, of a year of a calendar."""
    behind = CALENDARS[calendar]["behind"]
    if isinstance(behind, Mapping):  # an era by its letter
        behind = behind[text.strip()[0].upper()]
    year, *next_year = (int(digits) for digits in re.findall(r"(?<!\.)\d+", text)[:2])
    following = f"/{(next_year[0] + behind) % 100:02}" if next_year else ""
    if year + behind not in YEARS:
        raise IngestError(
            f"{text} would be {year + behind} by --calendar {calendar}",
            f"years from {YEARS[0]} to {YEARS[-1]}, in four digits where they have them",
            "name another calendar, or write the years out",
        )
    return f"{year + behind}{following}"
