"""Years of other calendars as Gregorian ones: what a mark, a header or the numbers say
surely, and any that the user names.
"""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from evenfield.newstudy.cells import of_texts
from evenfield.newstudy.words import LISTS, WORDS, written_out
from evenfield.study.errors import IngestError, first_examples

CALENDARS: Mapping[str, Mapping[str, Any]] = LISTS["calendars"]
GREGORIAN = "gregorian"
ERAS: Mapping[str, int] = LISTS["eras"]
# 平成29年度, 令和元年, พ.ศ. 2560, 平成29-30年度
ERA = re.compile(
    rf"({'|'.join(map(re.escape, ERAS))})\s*(元|\d{{1,4}})(?!\d)"
    r"(?:[-/–](\d{1,4}))?(年度?)?"
)
FIRST = "元"  # the first year of an era
YEARS = range(1500, 2200)  # which a Gregorian year may be
FEWEST_HEADERS = 2
FEWEST_NUMBERS = 3  # headers that are numbers alone, where nobody names the calendar
TWO_DIGITS = re.compile(r"\d\d")
# The year of a text, and a second one: 2560/61
FIRST_NUMBER = re.compile(r"(\d+)(?:[-/–](\d{2,4}))?")
# What stands before a year without being a measure: B.E. 2560, ROC 106, H29
MARK = re.compile(
    r"(?:(?:b\.?e|b\.?s|roc|a\.?[hp]|s\.?h|fy|yr?|year|[a-z])\.?)?[\s.]*|[^a-z]*",
    re.IGNORECASE,
)
NEVER = r"(?!)"  # a calendar that only a header tells


def without_eras(text: str, messages: list[str]) -> str:
    """Write years behind the mark of an era as Gregorian ones."""
    years = [found for found in ERA.finditer(text) if _year_of_era(found) in YEARS]
    if not years:
        return text
    messages.append(f"years of eras: {years[0][0]} is {_gregorian(years[0])}")
    return ERA.sub(_gregorian, text)


def _year_of_era(found: re.Match[str]) -> int:
    return ERAS[found[1]] + (1 if found[2] == FIRST else int(found[2]))


def _gregorian(found: re.Match[str]) -> str:
    """Return a year of an era as a Gregorian one; as it stands where that is no year."""
    year = _year_of_era(found)
    if year not in YEARS:
        return found[0]
    if found[3]:
        return f"{year}{_following(found[3], ERAS[found[1]])}"
    return f"{year}{found[4] or ''}"


def _following(digits: str | None, behind: int) -> str:
    """Return the second of two years as the end of 2017/18; nothing where there is one."""
    return f"/{(int(digits) + behind) % 100:02}" if digits else ""


def in_gregorian_years(
    frame: pd.DataFrame, asked: str, messages: list[str]
) -> tuple[pd.DataFrame, str]:
    """Return a table with the years of its cells and headers as Gregorian ones, and the
    calendar that they were of; blank if it was this one.
    """
    if asked == GREGORIAN:
        return frame, ""
    if asked:
        form = WORDS.numbered_year
        changed = _of_calendar(frame, asked, form, messages, list(frame.columns))
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
            years = [] if _may_be_codes(frame, form) else list(frame.columns)
            changed = _of_calendar(frame, name, form, messages, years)
            if changed is not None:
                return changed, name
    return frame, ""


def years_or_codes(frame: pd.DataFrame) -> tuple[str, list[str]]:
    """Return headers that are years of another calendar unless they are codes, and the
    name of the calendar; blank where there are none.
    """
    for name, calendar in CALENDARS.items():
        form = re.compile(written_out(calendar.get("surely", NEVER)), re.IGNORECASE)
        headers = [header for header in frame.columns if form.fullmatch(header)]
        if len(headers) >= FEWEST_HEADERS and all(map(str.isdecimal, headers)):
            return name, headers
    return "", []


def _may_be_codes(frame: pd.DataFrame, form: re.Pattern[str]) -> bool:
    """Say whether headers that have the form of a year may be codes, such as 2501, 2502
    of goods: numbers alone, and one or two of them or beside a column of years.
    """
    headers = [column for column in frame.columns if form.fullmatch(column)]
    dated = any(WORDS.time_column.fullmatch(column.strip()) for column in frame.columns)
    few = len(headers) < FEWEST_NUMBERS
    return all(header.isdecimal() for header in headers) and (few or dated)


def _of_calendar(
    frame: pd.DataFrame,
    name: str,
    form: re.Pattern[str],
    messages: list[str],
    among: Iterable[str],
) -> pd.DataFrame | None:
    """Return a table with cells of a form, and headers of it ``among`` some, as Gregorian
    years; nothing if it has none.
    """
    gregorian = partial(_year, calendar=name)
    headers = [column for column in among if form.fullmatch(column)]
    # T1, T2 may be anything; H9, H10 are years.
    told = any(map(TWO_DIGITS.search, headers)) and len(headers) >= FEWEST_HEADERS
    headers = headers if told else []
    # A header such as zone1 is no year, unless all are such.
    headers = [
        header for header in headers if _number(header, name) in YEARS
    ] or headers
    dated = [column for column in frame.columns if _is_of(frame[column], name, form)]
    if not headers and not dated:
        return None
    first = headers[0] if headers else frame[dated[0]].iloc[0]
    messages.append(
        f"years of the {name.capitalize()} calendar: {first} is {gregorian(first)}"
        " (--calendar)"
    )
    cells = {column: of_texts(frame[column], gregorian) for column in dated}
    years = {column: f"{_measure(column)}{gregorian(column)}" for column in headers}
    for year in years.values():
        same = [column for column in headers if years[column] == year]
        if len(same) > 1:
            raise IngestError(
                f"{first_examples(same)} are both of {year}",
                "one column for each year",
                "leave out all but one",
            )
    return frame.assign(**cells).rename(columns=years)


def _is_of(cells: pd.Series, calendar: str, form: re.Pattern[str]) -> bool:
    """Say whether a column holds years of a calendar, by its header or by its cells."""
    header = str(cells.name).strip()
    said = CALENDARS[calendar].get("header")
    if said and re.search(said, header, re.IGNORECASE):
        form = WORDS.numbered_year
    elif not WORDS.time_column.fullmatch(header):
        return False
    texts = [text for text in cells.unique().tolist() if text.strip()]
    told = any(map(TWO_DIGITS.search, texts))
    return told and all(form.fullmatch(text.strip()) for text in texts)


def _measure(header: str) -> str:
    """Return what stands before a year in a header, as in gdp_2560, but for its mark."""
    stem = FIRST_NUMBER.split(header, maxsplit=1)[0]
    return "" if MARK.fullmatch(stem) else stem


def _number(text: str, calendar: str) -> int:
    """Return the Gregorian year of a year of a calendar, of the first number in a text."""
    found = FIRST_NUMBER.search(text)
    assert found is not None, "texts have the form of a year"
    return int(found[1]) + _behind(text, calendar)


def _behind(text: str, calendar: str) -> int:
    """Return how many years a calendar is behind; an era says so by its letter."""
    behind: int | Mapping[str, int] = CALENDARS[calendar]["behind"]
    if not isinstance(behind, Mapping):
        return behind
    letter = text.strip()[0].upper()
    if letter not in behind:
        raise IngestError(
            f"{text} names no era by its letter, and --calendar {calendar}",
            f"a letter of {', '.join(behind)} before the year of an era",
            "leave --calendar out if the years are Gregorian",
        )
    return behind[letter]


def _year(text: str, calendar: str) -> str:
    """Return the Gregorian year, or two as 2017/18, of a year of a calendar."""
    year = _number(text, calendar)
    if year not in YEARS:
        raise IngestError(
            f"{text} would be {year} by --calendar {calendar}",
            f"years from {YEARS[0]} to {YEARS[-1]}, in four digits where they have them",
            "name another calendar, or write the years out",
        )
    found = FIRST_NUMBER.search(text)
    second = found[2] if found else None
    return f"{year}{_following(second, _behind(text, calendar))}"
