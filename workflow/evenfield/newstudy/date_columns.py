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
# 4, 04, 4.0, Q4, M04, H2, quarter 4: letters that stand for the part, and its number.
NUMBERED = re.compile(
    r"(?:[QTKHSMD]|half|semest(?:er|re)|quarter|trimest(?:er|re)|month|day)?"
    r"[ .]?0?(\d{1,2})(?:\.0+)?",
    re.IGNORECASE,
)
CALENDAR_YEARS = ("years", "years of two digits")  # forms of dates


def with_whole_dates(
    frame: pd.DataFrame, year: str
) -> Iterator[tuple[pd.DataFrame, str]]:
    """Yield a table whose column of years has whole dates, where one other column says
    the half, quarter or month, and one may say the day; and what was joined.
    """
    dated = dates_of(frame[year], year)
    found = {kind: _parts(frame, year, kind) for kind in HEADERS}
    kinds = [kind for kind in JOINED if found[kind]]
    if dated is None or dated.form not in CALENDAR_YEARS or len(kinds) != 1:
        return
    (kind,) = kinds
    if len(found[kind]) > 1 or len(found["days"]) > 1:
        return
    named = dict(found[kind])
    dates = _joined(JOINED[kind], dated.years, *named.values())
    if kind == "months" and found["days"]:
        dates = _joined("{}-{:02}", dates, *found["days"].values())
        named |= found["days"]
        if pd.to_datetime(dates, errors="coerce").isna().any():
            return  # 31 February: the column is of other days, such as those of a week
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
    read = {name: _numbers(frame[name], kind) for name in named}
    return {
        name: numbers
        for name, numbers in read.items()
        if numbers is not None and numbers.between(1, MOST[kind]).all()
    }


def _numbers(cells: pd.Series, kind: str) -> pd.Series | None:
    """Return the number in each cell, or of the month that it names where months are
    looked for; nothing if a cell has neither.
    """
    numbers = dict[str, int]()
    for text in cells.unique().tolist():
        if numbered := NUMBERED.fullmatch(text.strip()):
            numbers[text] = int(numbered[1])
        elif kind == "months" and WORDS.month_alone.fullmatch(text.strip()):
            numbers[text] = month_number(text.strip())
        else:
            return None
    return cells.map(numbers)
