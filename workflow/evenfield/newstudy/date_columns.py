"""Dates whose year, half, quarter, month and day stand in columns of their own."""

import re
from collections.abc import Iterator

import pandas as pd

from evenfield.newstudy.dates import PARTS, dates_of, month_number
from evenfield.newstudy.words import LISTS, WORDS

# How a year and its part are written as one date.
JOINED = {"half-years": "{}-H{}", "quarters": "{}-Q{}", "months": "{}-{:02}"}
HEADERS: dict[str, str] = LISTS["date_parts"]  # by what their cells count
MOST = {**PARTS, "days": 31}
NUMBERED = re.compile(r"[A-Za-z]{0,8}[ .]?0?(\d{1,2})(?:\.0+)?")  # 4, 04, Q4, 4.0


def with_whole_dates(
    frame: pd.DataFrame, year: str
) -> Iterator[tuple[pd.DataFrame, str]]:
    """Yield a table whose column of years has whole dates, where one other column says
    the half, quarter or month, and one may say the day; and what was joined.
    """
    years = dates_of(frame[year], year)
    found = {kind: _parts(frame, year, kind) for kind in HEADERS}
    kinds = [kind for kind in JOINED if found[kind]]
    if years is None or years.in_year > 1 or len(kinds) != 1:
        return
    (kind,) = kinds
    if len(found[kind]) > 1 or len(found["days"]) > 1:
        return
    named = dict(found[kind])
    dates = _joined(JOINED[kind], years.years, *named.values())
    if kind == "months" and found["days"]:
        dates = _joined("{}-{:02}", dates, *found["days"].values())
        named |= found["days"]
    rest = frame.drop(columns=list(named)).assign(**{year: dates})
    yield rest, f"dates: columns {', '.join([year, *named])} together"


def _joined(form: str, left: pd.Series, right: pd.Series) -> pd.Series:
    texts = [form.format(*pair) for pair in zip(left, right, strict=True)]
    return pd.Series(texts, index=left.index, dtype=str)


def _parts(frame: pd.DataFrame, year: str, kind: str) -> dict[str, pd.Series]:
    """Return the columns that number the parts of a year, or days, by header and cells."""
    named = [
        name
        for name in frame.columns
        if name != year and re.fullmatch(HEADERS[kind], name.strip(), re.IGNORECASE)
    ]
    read = {name: _numbers(frame[name]) for name in named}
    return {
        name: numbers
        for name, numbers in read.items()
        if numbers is not None and numbers.between(1, MOST[kind]).all()
    }


def _numbers(cells: pd.Series) -> pd.Series | None:
    """Return the number in each cell, or of the month that it names; nothing if a cell has
    neither.
    """
    numbers = dict[str, int]()
    for text in cells.unique().tolist():
        if numbered := NUMBERED.fullmatch(text.strip()):
            numbers[text] = int(numbered[1])
        elif WORDS.month_alone.fullmatch(text.strip()):
            numbers[text] = month_number(text.strip())
        else:
            return None
    return cells.map(numbers)
