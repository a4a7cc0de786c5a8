"""What the years of a table look like, in cells and in headers: calendar and fiscal
years, dates, quarters, months, or periods that only count.

A fiscal year is named after the year in which it begins, a span of several years after
its last one, as surveys of five years are. Quarters and months make a year
only where all of a year are there.
"""

import re
from dataclasses import dataclass

import pandas as pd

from evenfield.newstudy.words import LISTS, WORDS, written_out
from evenfield.study.errors import IngestError, first_examples

EARLIEST = 1000  # the first year that a study may have
# The forms of a cell in the order in which they are tried.
FORMS: dict[str, str] = {
    name: written_out(form) for name, form in LISTS["date_forms"].items()
}
SPANS = "spans of years"
PARTS = {"half-years": 2, "quarters": 4, "months": 12}  # by the first word of a form
# Numbers of months by the first letters of their names, longer ones first.
MONTHS: dict[str, int] = dict(
    sorted(LISTS["months"].items(), key=lambda month: -len(month[0]))
)
# Days as spreadsheets count them, from 1960 to 2060: 42736 is 2017-01-01.
DAY_ZERO = pd.Timestamp("1899-12-30")
COUNTED_DAYS = range(21916, 58806)
COUNTED = "months by days that a spreadsheet counts"
LONGEST_OF_TWO_DIGITS = 90  # years between the first and the last of a table
FIRST_SHORT = 30  # two digits from these on are of the century before 2000
CENTURY = 100
LAST_CENTURY = 1900
LAST_OF_2000S = 29  # two digits up to these are of the years from 2000 on


@dataclass(frozen=True, eq=False)
class Dates:
    """Cells as years."""

    form: str  # one of ``FORMS``
    years: pd.Series
    parts: pd.Series  # half, quarter or month, zero where the cells are years
    in_year: int  # how many parts a year has

    @property
    def called(self) -> str:
        """What the parts of a year are called: quarters."""
        return self.form.partition(" ")[0]


def dates_of(cells: pd.Series, header: str = "") -> Dates | None:
    """Read cells as dates, all in one form; nothing where they are none.

    Whole numbers below 1500 are years only below a header that says so.
    """
    # The first cell tells of most columns that they hold no dates.
    first = str(cells.iloc[0]).strip() if len(cells) else ""
    forms = [
        form
        for form, pattern in FORMS.items()
        if re.fullmatch(pattern, first, re.IGNORECASE)
    ]
    if not forms and not re.fullmatch(r"\d{1,5}(\.0*)?", first):
        return None
    # Each date is read once, however many rows it stands in.
    codes, once = pd.factorize(cells.astype(str))
    found = _dates_once(pd.Series(once, dtype=str).str.strip(), header, forms)
    if found is None:
        return None
    years, parts = (
        pd.Series(side.to_numpy()[codes], index=cells.index)
        for side in (found.years, found.parts)
    )
    return Dates(found.form, years, parts, found.in_year)


def _dates_once(texts: pd.Series, header: str, forms: list[str]) -> Dates | None:
    """Read different texts as dates, all in one of the forms."""
    for form in forms:
        pattern = FORMS[form]
        if not texts.str.fullmatch(pattern, case=False).all():
            continue
        found = texts.str.extract(f"^{pattern}$", flags=re.IGNORECASE)
        short = "digits" in found
        years = found["digits" if short else "year"].astype(int)
        years = years.map(_whole_year) if short else years
        parts = pd.Series(0, index=texts.index)
        if form == "fiscal years":
            after = found["part"].str[-2:].astype(int)
            if not after.eq((years + 1) % 100).all():
                continue
        elif form == SPANS and not years.gt(found["first"].astype(int)).all():
            continue
        elif "part" in found:
            parts = found["part"].astype(int)
        elif "month" in found:
            parts = found["month"].map(month_number)
        return Dates(form, years, parts, PARTS.get(form.partition(" ")[0], 1))
    whole = texts.str.fullmatch(r"\d{1,5}(\.0*)?")
    if len(texts) and whole.all() and WORDS.time_column.fullmatch(header.strip()):
        years = texts.astype(float).astype(int)
        if 1500 <= years.max() < 2200:
            return Dates("years", years, years * 0, 1)
        # ASSUME: below a header that says date or period such numbers count days.
        if years.isin(COUNTED_DAYS).all():
            days = day_of(years)
            return Dates(COUNTED, days.dt.year, days.dt.month, PARTS["months"])
    return None


def day_of(numbers: pd.Series) -> pd.Series:
    """Return the days that a spreadsheet counts."""
    return DAY_ZERO + pd.to_timedelta(numbers.astype(float), unit="D")


def month_number(word: str) -> int:
    """Return the number of a month by the first letters of its name."""
    shown = word.casefold()
    return int(next(n for start, n in MONTHS.items() if shown.startswith(start)))


def _whole_year(digits: int) -> int:
    """Return the year that two digits stand for."""
    # ASSUME: 30 to 99 are of the century before 2000, 00 to 29 of the one after.
    return 2000 + digits if digits <= LAST_OF_2000S else 1900 + digits


def wrong_dates(cells: pd.Series) -> pd.Series:
    """Return the cells that are no dates of any form."""
    texts = cells.astype(str).str.strip()
    dated = pd.Series(False, index=texts.index)
    for pattern in FORMS.values():
        dated |= texts.str.fullmatch(pattern, case=False)
    # Where each is a date, but not all in one form, all are in question.
    return texts if dated.all() else texts[~dated]


def of_several_forms(cells: pd.Series, header: str) -> IngestError | None:
    """Return the fault of cells that are dates, but not all in one form."""
    examples = dict[str, str]()
    for text in map(str.strip, cells.astype(str).unique()):
        forms = (
            name
            for name, form in FORMS.items()
            if re.fullmatch(form, text, re.IGNORECASE)
        )
        examples.setdefault(next(forms, ""), text)
    if "" in examples or len(examples) < 2:
        return None
    listed = "; ".join(f"{text}, {name}" for name, text in examples.items())
    return IngestError(
        f"{header} has dates of several forms ({listed})",
        "one form of date",
        "keep the rows or columns of one",
    )


def periods_of(cells: pd.Series, header: str) -> pd.Series | None:
    """Return whole numbers that count periods, as 0 to 29; nothing if they do not."""
    texts = cells.astype(str).str.strip()
    if not WORDS.time_column.fullmatch(header.strip()) or not len(texts):
        return None
    if not texts.str.fullmatch(r"\d{1,3}(\.0*)?").all():
        return None
    numbers = texts.astype(float).astype(int)
    return numbers if numbers.nunique() > 1 else None


def asked_years(text: str) -> list[int]:
    """Return the years that --years names: first and last (1990:2020), or each of
    several (1900,1910,1925).
    """
    ends = re.fullmatch(r"(\d{4})\s*[:–-]\s*(\d{4})", text.strip())
    several = re.fullmatch(r"\d{4}(\s*,\s*\d{4})+", text.strip())
    if ends and int(ends[1]) < int(ends[2]):
        return list(range(int(ends[1]), int(ends[2]) + 1))
    if several:
        return sorted({int(year) for year in text.split(",")})
    raise IngestError(
        f"--years {text}",
        "first and last year, as 1990:2020, or the years, as 1900,1910,1925",
        "correct it",
    )


def periods_as_years(periods: pd.Series, years: str, header: str) -> pd.Series:
    """Give periods the years that the user says they are."""
    first = int(periods.min())
    last = int(periods.max())
    if not years:
        # Two digits such as 80 to 93 say the years; periods 0 to 29 do not.
        short = first >= FIRST_SHORT and last < CENTURY
        which = (
            f"--years {LAST_CENTURY + first}:{LAST_CENTURY + last}"
            if short
            else f"--years FIRST:LAST, {last - first} years apart"
        )
        raise IngestError(
            f"{header} counts periods {first} to {last} and no years",
            "calendar years",
            f"say which they are with {which}, or of which calendar with --calendar",
        )
    asked = asked_years(years)
    step, rest = divmod(asked[-1] - asked[0], last - first)
    if rest or not step:
        raise IngestError(
            f"{header} counts periods {first} to {last}, which --years {years} does not"
            " divide into whole years",
            f"a span of {last - first} years or a multiple of it",
            "correct it",
        )
    return asked[0] + step * (periods - first)


def dated_columns(columns: list[str], least: int) -> dict[str, dict[str, str]]:
    """Return names before (or behind) a date in the names of columns, with these
    columns and their dates; each name has ``least`` dates or more.
    """
    forms = [WORDS.year_column, WORDS.year_first, WORDS.year_inside]
    stems = _dated(columns, least, forms)
    stems = stems or _of_two_digits(_dated(columns, max(least, 2), [WORDS.two_digits]))
    return stems or _of_days(columns, max(least, 2))


def _of_days(columns: list[str], least: int) -> dict[str, dict[str, str]]:
    """Return the columns whose headers are days or months in one form, as 31-Dec-10."""
    patterns = [re.compile(form, re.IGNORECASE) for form in FORMS.values()]
    dated = [name for name in columns if any(one.fullmatch(name) for one in patterns)]
    if len(dated) < least or dates_of(pd.Series(dated, dtype=str)) is None:
        return {}
    return {UNNAMED: {name: name for name in dated}}


def _dated(
    columns: list[str], least: int, forms: list[re.Pattern[str]]
) -> dict[str, dict[str, str]]:
    stems: dict[str, dict[str, str]] = {}
    for column in columns:
        matches = [form.fullmatch(column) for form in forms]
        match = next(filter(None, matches), None)
        if match is None:
            continue
        stems.setdefault(_stem_of(match), {})[column] = match["date"]
    stems = {stem: _without_quarters(names) for stem, names in stems.items()}
    several = {stem: names for stem, names in stems.items() if len(names) >= least}
    return {
        stem: names
        for stem, names in several.items()
        # Two columns of one name and one year are no columns of years.
        if len(set(names.values())) == len(names)
    }


def _stem_of(match: re.Match[str]) -> str:
    """Return what a header says beside its date: the figure and its unit."""
    found = match.groupdict()
    stem = re.sub(r"[ _.]+(in|of|for|at|em|en|im)$", "", found["stem"].strip(" _.-:"))
    mark = found.get("mark") or ""
    if found.get("rest"):
        stem = f"{stem}_{found['rest'].strip(' _.-:')}"
    # Prel. 2020, Year ended 31 March 2020, Ano 2020 name no figure.
    if stem.lower() in {"", *LISTS["bare_years"]} or WORDS.before_year.fullmatch(stem):
        stem = UNNAMED
    # 2020 (p) has a mark, 2020 (US$) a unit of measure.
    says_unit = mark.strip().startswith("(") and WORDS.unit_of_measure.search(mark)
    return f"{stem} {mark.strip()}" if says_unit else stem


def _without_quarters(names: dict[str, str]) -> dict[str, str]:
    """Leave out quarters that stand beside whole years."""
    years = {name: date for name, date in names.items() if date.isdigit()}
    quarters = [
        date for date in names.values() if re.search("[qhs]", date, re.IGNORECASE)
    ]
    return years if len(years) + len(quarters) == len(names) and years else names


UNNAMED = "value"  # figures that no header names


def _of_two_digits(stems: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return years of two digits as whole years, if they follow on each other."""
    out: dict[str, dict[str, str]] = {}
    for stem, names in stems.items():
        years = [_whole_year(int(digits)) for digits in names.values()]
        in_order = years == sorted(years) or years == sorted(years, reverse=True)
        near = max(years) - min(years) < LONGEST_OF_TWO_DIGITS
        if in_order and near and min(years) >= 1930:
            out[stem] = dict(zip(names, map(str, years), strict=True))
    return out


def whole_years(cells: pd.Series, header: str) -> pd.Series:
    """Return cells as years; quarters, months and periods are refused."""
    dates = dates_of(cells, header)
    if dates is None or dates.in_year > 1:
        held = "no years" if dates is None else dates.form
        raise IngestError(
            f"{header} holds {held} ({first_examples(list(cells.unique()))})",
            "one row per unit and year",
            "correct the years",
        )
    return dates.years
