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
MARK_OF_YEAR = re.compile(
    r"(?:(?:b\.?e|b\.?s|roc|a\.?[hp]|s\.?h|fy|yr?|year|[a-z])\.?)?[\s.]*|[^a-z]*",
    re.IGNORECASE,
)
NEVER = r"(?!)"  # a calendar that only a header tells


def without_eras(text: str, messages: list[str]) -> str:
    """Write years behind the mark of an era as Gregorian ones."""
    years = [found for found in ERA.finditer(text) if _year_of_era(found) in YEARS]
    if not years:
        return text
    messages.append(f"years of eras: {years[0][0]} is {_era_as_gregorian(years[0])}")
    return ERA.sub(_era_as_gregorian, text)


def _year_of_era(found: re.Match[str]) -> int:
    """Return the Gregorian year of the n-th year of an era: n plus the year before it."""
    return ERAS[found[1]] + (1 if found[2] == FIRST else int(found[2]))


def _era_as_gregorian(found: re.Match[str]) -> str:
    """Return a year of an era as a Gregorian one; as it stands where that is no year."""
    year = _year_of_era(found)
    if year not in YEARS:
        return found[0]
    if found[3]:
        return f"{year}{_slash_year(found[3], ERAS[found[1]])}"
    return f"{year}{found[4] or ''}"


def _slash_year(digits: str, behind: int) -> str:
    """Return the second of two years as the end of 2017/18, with its slash."""
    return f"/{(int(digits) + behind) % 100:02}"


def in_gregorian_years(
    frame: pd.DataFrame, asked: str, messages: list[str]
) -> tuple[pd.DataFrame, str]:
    """Return a table with the years of its cells and headers as Gregorian ones, and the
    calendar that they were of; blank if it was this one.
    """
    headers = list(frame.columns)
    if asked == GREGORIAN:
        return frame, ""
    if asked:
        form = WORDS.numbered_year
        changed = _with_gregorian_years(frame, asked, form, headers, messages)
        if changed is None:
            raise IngestError(
                f"--calendar {asked}, and no column of its years",
                "a column of years, or a column for each year",
                "name it with --year, or leave --calendar out",
            )
        return changed, asked
    all_headers = " ".join(map(str, headers))
    for name, calendar in CALENDARS.items():
        # R1 is a year of Japan only among headers in Japanese.
        if not re.search(calendar.get("among", ""), all_headers):
            continue
        form = re.compile(written_out(calendar.get("surely", NEVER)), re.IGNORECASE)
        candidates = [] if _may_be_codes(frame, form) else headers
        changed = _with_gregorian_years(frame, name, form, candidates, messages)
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


def _with_gregorian_years(
    frame: pd.DataFrame,
    name: str,
    form: re.Pattern[str],
    candidates: Iterable[str],
    messages: list[str],
) -> pd.DataFrame | None:
    """Return a table with the years of a calendar, cells and headers among ``candidates``
    that have its form, as Gregorian ones; nothing if it has none.
    """
    gregorian = partial(_as_gregorian, calendar=name)
    headers = _headers_of_years(candidates, name, form)
    dated = [
        column for column in frame.columns if _holds_years_of(frame[column], name, form)
    ]
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


def _headers_of_years(
    candidates: Iterable[str], calendar: str, form: re.Pattern[str]
) -> list[str]:
    """Return the headers that are years of a calendar, alone or behind a measure."""
    headers = [header for header in candidates if form.fullmatch(header)]
    # T1, T2 may be anything; H9, H10 are years.
    has_two_digits = any(map(TWO_DIGITS.search, headers))
    if not has_two_digits or len(headers) < FEWEST_HEADERS:
        return []
    # A header such as zone1 is no year beside gdp_2560. Where none is a year of our
    # time, all stay, and are refused by what they would be.
    ours = [header for header in headers if _gregorian_year(header, calendar) in YEARS]
    return ours or headers


def _holds_years_of(cells: pd.Series, calendar: str, form: re.Pattern[str]) -> bool:
    """Say whether a column holds years of a calendar, by its header or by its cells."""
    header = str(cells.name).strip()
    names_it = CALENDARS[calendar].get("header")
    if names_it and re.search(names_it, header, re.IGNORECASE):
        form = WORDS.numbered_year
    elif not WORDS.time_column.fullmatch(header):
        return False
    texts = [text for text in cells.unique().tolist() if text.strip()]
    has_two_digits = any(map(TWO_DIGITS.search, texts))
    return has_two_digits and all(form.fullmatch(text.strip()) for text in texts)


def _measure(header: str) -> str:
    """Return what stands before a year in a header, as in gdp_2560, but for its mark."""
    stem = FIRST_NUMBER.split(header, maxsplit=1)[0]
    return "" if MARK_OF_YEAR.fullmatch(stem) else stem


def _first_number(text: str) -> re.Match[str]:
    """Return the first number of a text that has the form of a year."""
    found = FIRST_NUMBER.search(text)
    assert found is not None, "texts have the form of a year"
    return found


def _gregorian_year(text: str, calendar: str) -> int:
    """Return the Gregorian year of the first number in a text."""
    return int(_first_number(text)[1]) + _years_behind(text, calendar)


def _years_behind(text: str, calendar: str) -> int:
    """Return the Gregorian year less the year of a calendar, below zero for one that is
    ahead; an era says by its letter which one it is.
    """
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


def _as_gregorian(text: str, calendar: str) -> str:
    """Return the Gregorian year, or two as 2017/18, of a year of a calendar."""
    year = _gregorian_year(text, calendar)
    if year not in YEARS:
        raise IngestError(
            f"{text} would be {year} by --calendar {calendar}",
            f"years from {YEARS[0]} to {YEARS[-1]}, in four digits where they have them",
            "name another calendar, or write the years out",
        )
    second = _first_number(text)[2]
    if not second:
        return str(year)
    return f"{year}{_slash_year(second, _years_behind(text, calendar))}"
