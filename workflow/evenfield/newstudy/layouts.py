"""Bring a table of any layout to one row per unit and date: wide, transposed, keys that
are joined in one cell, several figures in lines below each other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote

import pandas as pd

from evenfield.newstudy.calendars import years_or_codes
from evenfield.newstudy.cells import MISSING, numbers_of, texts_of
from evenfield.newstudy.dates import (
    UNNAMED,
    dated_columns,
    dates_of,
    of_several_forms,
    periods_of,
    wrong_dates,
)
from evenfield.newstudy.headers import LEVELS, AnyTable
from evenfield.newstudy.income_column import sureness
from evenfield.newstudy.no_income import other_kind
from evenfield.newstudy.words import WORDS
from evenfield.study.errors import IngestError, counted, first_examples

FIRST_CELLS = 50
COMMON = r"\s*[;|]\s*|:\s?|\s[-–>]\s"  # between words before all names and the names
DATE = "_year"  # of a wide table
MOST_CODES = 30  # whole numbers that tell rows apart
MOST_SERIES = 150
MOST_WITHOUT_CODE = 0.1  # share of names without the code that others have
FEWEST_LABELLED = 3  # headers with a code and a label, as of SDMX
MARKS = ("0", "1")  # of a dummy
ZEROS = frozenset(["0", "0.0", "0.00", "0,0"])
MOST_LATE = 1 / 3  # share of units whose figures begin later
MOSTLY_DIFFERENT = 0.5  # share of figures that stand once
MOST_CANDIDATES = 4  # columns that are tried as units


@dataclass(frozen=True)
class Series:
    """Figures that stand in lines below each other, told apart by columns of text."""

    unit: str  # column of the units
    columns: dict[str, list[str]]  # columns that tell the figures apart, their values
    figures: str  # column of the figures; blank if there are several


def without_note(text: str) -> str:
    """Return a text without the mark of a footnote: Alaska *, Population 1/."""
    return WORDS.footnote.sub("", text).strip()


def with_parted_keys(table: AnyTable) -> AnyTable:
    r"""Part keys that stand in one cell, as below ``freq,unit,geo\TIME_PERIOD``."""
    name = next((name for name in table.frame.columns if "\\" in name), "")
    header = name.partition("\\")[0]
    names = header.split(",")
    parted = table.frame[name].str.split(",", expand=True).fillna("") if name else None
    twice = len({*names, *table.frame.columns}) < len(names) + len(table.frame.columns)
    if parted is None or twice or parted.shape[1] != len(names) or len(names) < 2:
        if name:
            bare = header if header not in table.frame else name
            return replace(table, frame=table.frame.rename(columns={name: bare}))
        return table
    parted.columns = names
    rest = table.frame.drop(columns=name)
    frame = pd.concat([parted.apply(lambda cells: cells.str.strip()), rest], axis=1)
    message = f"column {name} parted into {first_examples(names, 6)}"
    return replace(table, frame=frame, messages=[*table.messages, message])


def with_parted_labels(table: AnyTable) -> AnyTable:
    """Part codes from their labels where cells hold both, as `ES11: Galicia` of SDMX; the
    labels stand in a column of their own.
    """
    table = _with_bare_headers(table)
    frame = table.frame
    parted = list[str]()
    for name in map(str, frame.columns):
        label = f"{name} label"
        # The first cells tell of most columns that they hold no labels.
        opening = frame[name].iloc[:FIRST_CELLS].tolist()
        if label in table.frame or not _are_labelled(opening):
            continue
        if not _are_labelled(texts_of(frame[name]).once):
            continue
        cells = frame[name].str.strip().str.partition(":")
        place = list(frame.columns).index(name)
        frame = frame.assign(**{name: cells[0].str.strip()})
        # A code that stands for itself needs no second column.
        if cells[2].str.strip().ne("").any():
            frame.insert(place + 1, label, cells[2].str.strip())
        parted.append(name)
    if not parted:
        return table
    message = f"codes parted from their labels: {first_examples(parted, 6)}"
    return replace(table, frame=frame, messages=[*table.messages, message])


def with_parted_names(table: AnyTable) -> AnyTable:
    """Part names from what stands before all of them, which says what the figures are,
    and from their codes, as `TR100 İstanbul` and `01 Andalucía`.
    """
    for place, name in enumerate(map(str, table.frame.columns)):
        if place == 0 or WORDS.place_column.fullmatch(name):
            table = _with_parted_codes(_without_common_beginning(table, name), name)
    return table


def _without_common_beginning(table: AnyTable, name: str) -> AnyTable:
    """Take the words off that all names of a column begin with, and keep them as a title."""
    texts = [text for text in table.frame[name].unique().tolist() if text]
    if len(texts) < FEWEST_LABELLED:
        return table
    before, rest = _without_common_words(texts)
    # Numbers and dates have no words before them.
    if not before or not all(re.match(r"[^\W\d]", text) for text in rest):
        return table
    names = dict(zip(texts, rest, strict=True))
    frame = table.frame.assign(**{name: table.frame[name].map(names).fillna("")})
    message = f"words before all names of {name} left out: {before}"
    messages = [*table.messages, message]
    return replace(table, frame=frame, messages=messages, above=[*table.above, before])


def _with_parted_codes(table: AnyTable, name: str) -> AnyTable:
    """Give codes that stand before nearly all names of a column one of their own."""
    texts = [text for text in table.frame[name].unique().tolist() if text]
    found = {text: WORDS.coded_name.fullmatch(text) for text in texts}
    code = {text: match[1] for text, match in found.items() if match}
    # Running numbers before names are no codes: 1, 2, ..., 12.
    digits = [one for one in code.values() if one.isdecimal()]
    running = digits and not any(one.startswith("0") for one in digits)
    few = len(texts) - len(code) > max(1, MOST_WITHOUT_CODE * len(texts))
    column = f"{name} code"
    if len(code) < FEWEST_LABELLED or few or running or column in table.frame:
        return table
    if len({*code.values()}) < len(code):
        return table
    names = {text: match[2] for text, match in found.items() if match}
    # TR Türkiye, among TR100 and TR211, has the code that theirs begin with.
    for text in set(texts) - set(code):
        first, _, rest = text.partition(" ")
        whole = rest and all(one.startswith(first) for one in code.values())
        code[text], names[text] = (first, rest) if whole else (text, text)
    frame = table.frame.copy()
    cells = frame[name]
    frame[name] = cells.map(names).fillna("")
    frame.insert(list(frame).index(name), column, cells.map(code).fillna(""))
    message = f"codes before the names of {name} parted from them: {first_examples(list(code))}"
    return replace(table, frame=frame, messages=[*table.messages, message])


def _with_bare_headers(table: AnyTable) -> AnyTable:
    """Leave the labels of headers out where several have codes before them, as `REGION:
    Region` of SDMX.
    """
    names = map(str, table.frame.columns)
    found = {name: WORDS.labelled_header.fullmatch(name) for name in names}
    bare = {name: match[1] for name, match in found.items() if match}
    others = set(table.frame.columns) - set(bare)
    if len(bare) < FEWEST_LABELLED or len({*bare.values()} - others) < len(bare):
        return table
    frame = table.frame.rename(columns=bare)
    message = f"labels of headers left out: {first_examples(list(bare))}"
    return replace(table, frame=frame, messages=[*table.messages, message])


def _are_labelled(texts: Sequence[str]) -> bool:
    """Say whether all texts but blank ones are codes with their labels."""
    held = [text.strip() for text in texts if text.strip()]
    return bool(held) and all(map(WORDS.labelled.fullmatch, held))


def without_flags(table: AnyTable) -> AnyTable:
    """Leave out flags behind figures, where a column holds figures but for them."""
    table = _without_signs(table)
    bare = dict[str, pd.Series]()
    flags = list[str]()
    for name in table.frame.columns:
        if numbers_of(table.frame[name]) is not None:
            continue
        # Words have no flags, and of most columns of words the first cell tells.
        texts = texts_of(table.frame[name]).once
        if not any(WORDS.flag.search(text.strip()) for text in texts):
            continue
        cells = table.frame[name].str.strip()
        flagged = cells.str.extract(f"({WORDS.flag.pattern})")[0]
        plain = cells.str.replace(WORDS.flag.pattern, "", regex=True)
        if numbers_of(plain) is not None:
            bare[name] = plain
            flags += flagged.dropna().str.strip().tolist()
    if not bare:
        return table
    kinds = first_examples(sorted(set(flags)), 6)
    message = f"flags behind {counted(len(flags), 'figure')} left out: {kinds}"
    frame = table.frame.assign(**bare)
    return replace(table, frame=frame, messages=[*table.messages, message])


def _without_signs(table: AnyTable) -> AnyTable:
    """Blank signs that stand for figures which are not given, as X of Brazil's office, and
    numbers made of nines, as -999, which no other figure of the column comes near.
    """
    blanked = dict[str, pd.Series]()
    signs = dict[str, int]()
    for name in table.frame.columns:
        cells = table.frame[name]
        said = _signs_among(cells)
        if said:
            blanked[name] = cells.mask(cells.isin(said), "")
            for sign, count in cells[cells.isin(said)].value_counts().items():
                signs[str(sign)] = signs.get(str(sign), 0) + int(count)
    if not blanked:
        return table
    shown = [f"{sign} ({count})" for sign, count in signs.items()]
    message = f"taken for missing figures: {first_examples(shown, 6)}"
    frame = table.frame.assign(**blanked)
    return replace(table, frame=frame, messages=[*table.messages, message])


def _signs_among(cells: pd.Series) -> list[str]:
    """Return the texts of a column of figures that stand for none."""
    texts = [text for text in texts_of(cells).once if text]
    # Of most figures the first digit tells that they are no signs.
    odd = [text for text in texts if text[0] not in "012345678"]
    signs = [text for text in odd if WORDS.withheld.fullmatch(text)]
    nines = [text for text in odd if WORDS.nines.fullmatch(text)]
    if not signs and not nines:
        return []
    rest = pd.Series([text for text in texts if text not in signs], dtype=str)
    numbers = numbers_of(rest) if len(rest) else None
    if numbers is None:
        return []
    others = numbers[~rest.isin(nines)].dropna()
    # ASSUME: -999 is a figure where others are negative, and 9999 where one is a tenth
    # of it.
    for text in nines:
        value = float(text)
        lone = others.min() >= 0 if value < 0 else value >= 10 * others.max()
        if len(others) and lone:
            signs.append(text)
    return signs


def long_table(
    frame: pd.DataFrame,
    given: Mapping[str, str | None],
    messages: list[str],
    least: int = 2,
) -> tuple[pd.DataFrame, str]:
    """Return the table with one row per unit and date, and the column of dates; a wide
    one has ``least`` dates.
    """
    frame = frame.rename(columns={DATE: "year_given", "_row": "row_given"})
    stems = dated_columns(list(frame.columns), least)
    stems = _without_dummies(frame, stems, messages)
    wide = {column for columns in stems.values() for column in columns}
    held = [name for name in frame.columns if name not in wide]
    year = given.get("year") or ""
    if year:
        messages.append(f"years: column {year}")
        return frame, year
    dated = [name for name in held if dates_of(frame[name], name)]
    dated = dated or [
        name for name in held if periods_of(frame[name], name) is not None
    ]
    # Columns of dates that vary, and those that hold one date throughout.
    once = [name for name in dated if frame[name].nunique() == 1]
    dated = [name for name in dated if name not in once]
    # A usual name decides; without one, only a single column of dates does.
    likely = [name for name in dated if WORDS.time_column.fullmatch(name.strip())]
    # Beside a column for each year, another one holds dates of something else, as the
    # `Estimates Start After` of the IMF.
    likely = likely or (dated if len(dated) == 1 and UNNAMED not in stems else [])
    for name in map(str, frame):
        if UNNAMED in stems and WORDS.estimates_after.fullmatch(name.strip()):
            # A zero or a blank says that nothing is known of it.
            known = [text for text in frame[name] if text.strip("0. ")]
            if not known:
                continue
            first = min(known)
            messages.append(
                f"by {name}, years after {first} may be forecasts: --years FIRST:{first}"
                " leaves them out"
            )
    if likely:
        why = (
            "by its name" if WORDS.time_column.fullmatch(likely[0]) else "by its cells"
        )
        messages.append(f"years: column {likely[0]}, {why} (--year)")
        return frame, likely[0]
    if not stems:
        raise _no_dates(frame, once)
    return _tall(frame, stems, held, messages), DATE


def _without_dummies(
    frame: pd.DataFrame, stems: Mapping[str, dict[str, str]], messages: list[str]
) -> dict[str, dict[str, str]]:
    """Leave out names whose columns hold 0 and 1, a 1 once in each row: they say the year
    of their row, and are no figures of these years.
    """
    kept = dict[str, dict[str, str]]()
    for stem, columns in stems.items():
        if _are_dummies(frame[list(columns)]):
            messages.append(
                f"{first_examples(list(columns))} say with 0 and 1 of which year a row"
                " is, and are no figures of years"
            )
            continue
        kept[stem] = columns
    return kept


def _are_dummies(cells: pd.DataFrame) -> bool:
    """Say whether cells are 0 and 1, with a 1 at most once in each row and in several
    columns.
    """
    if not cells.iloc[:1].isin(MARKS).all(axis=None) or not cells.isin(MARKS).all(
        axis=None
    ):
        return False
    marked = cells == MARKS[1]
    # One year, the base, may have no column.
    return bool(marked.sum(axis=1).le(1).all() and marked.any().sum() > 1)


def without_leading_zeros(frame: pd.DataFrame, messages: list[str]) -> pd.DataFrame:
    """Blank the zeros that stand before the first figure of a few units, as of a province
    that did not exist yet.

    ``frame`` has ``unit`` and ``year``.
    """
    blanked = dict[str, pd.Series]()
    found = dict[str, str]()
    for name in frame.columns.difference(["unit", "year", "_id"], sort=False):
        if not frame[name].isin(ZEROS).any():
            continue
        leading = _leading_zeros(frame, name)
        if leading.any():
            blanked[str(name)] = frame[name].mask(leading, "")
            for unit, year in frame.loc[leading, ["unit", "year"]].to_numpy():
                found.setdefault(unit, f"{unit} {year}")
    if not blanked:
        return frame
    messages.append(
        f"zeros before the first figure of {counted(len(found), 'unit')} taken for"
        f" missing: {first_examples(list(blanked))} from {first_examples(list(found.values()))}"
    )
    return frame.assign(**blanked)


def _leading_zeros(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return which cells of a column of figures are zeros before the first figure of their
    unit; none where zeros stand elsewhere, too, or figures are counts or marks.
    """
    none = pd.Series(False, index=frame.index)
    numbers = numbers_of(frame[name])
    if numbers is None or numbers.min() < 0:
        return none
    ordered = frame.assign(number=numbers).sort_values(["unit", "year"])
    zero = ordered["number"].eq(0)
    leading = zero & ordered["number"].fillna(0).groupby(ordered["unit"]).cumsum().eq(0)
    some = ordered["number"].gt(0).groupby(ordered["unit"]).any()
    # One zero alone may be a slip.
    counts = ordered.loc[leading, "unit"].value_counts()
    units = set(counts[counts > 1].index)
    positive = ordered.loc[ordered["number"].gt(0), "number"]
    few = len(units) <= MOST_LATE * len(some)
    # ASSUME: of figures most differ from each other; marks and counts repeat.
    figures = positive.nunique() > MOSTLY_DIFFERENT * len(positive)
    others = not leading.eq(zero).all() or len(units) < len(counts)
    if not few or not figures or others or not some[sorted(units)].all():
        return none
    return leading.reindex(frame.index)


def _no_dates(frame: pd.DataFrame, once: list[str]) -> IngestError:
    fault = f"no column of years among {first_examples(list(frame.columns), 6)}"
    expected = "the year of each row, or a column for each year"
    action = "name it with --year, or add it"
    timed = [
        name for name in frame.columns if WORDS.time_column.fullmatch(name.strip())
    ]
    if set(once) & set(timed):
        fault = f"{once[0]} holds one year"
        expected = "two years or more, between which income grows"
    elif timed and (several := of_several_forms(frame[timed[0]], timed[0])):
        return several
    elif timed:
        wrong = wrong_dates(frame[timed[0]]).unique()
        words = [text or "blank cells" for text in wrong]
        fault = f"{timed[0]} holds {first_examples(words)}, which are no years"
        action = "name it with --year, their calendar with --calendar, or add it"
    else:
        calendar, headers = years_or_codes(frame)
        if calendar:
            action = (
                f"name it with --year, say --calendar {calendar} if"
                f" {first_examples(headers)} are years, or add it"
            )
    return IngestError(fault, expected, action)


def _tall(
    frame: pd.DataFrame,
    stems: Mapping[str, dict[str, str]],
    held: list[str],
    messages: list[str],
) -> pd.DataFrame:
    shown = [f"{stem} {_span(columns)}" for stem, columns in stems.items()]
    messages.append(f"wide table: {first_examples(shown, 6)}")
    wide_too = [name for name in held if WORDS.year_column.fullmatch(name)]
    quarters = [name for name in wide_too if re.search(r"[:\s-]?Q[1-4]", name, re.I)]
    if quarters:
        messages.append(
            f"quarters beside whole years left out: {first_examples(quarters)}"
        )
    wide_too = quarters
    parts = []
    for stem, columns in stems.items():
        part = pd.DataFrame(
            frame[list(columns)].set_axis(list(columns.values()), axis=1).stack()
        )
        parts.append(part.rename_axis(["_row", DATE]).set_axis([stem], axis=1))
    tall = pd.concat(parts, axis=1).fillna("").reset_index(DATE)
    others = [name for name in held if name not in stems and name not in wide_too]
    return tall.join(frame[others]).astype({DATE: str}).reset_index(drop=True)


def _span(columns: Mapping[str, str]) -> str:
    dates = sorted(columns.values())
    of_years = all(date.isdigit() for date in dates)
    number = f"in {len(dates)} years" if of_years else f"at {len(dates)} dates"
    return f"{number} ({dates[0]} to {dates[-1]})"


def from_transposed(
    frame: pd.DataFrame, year: str, labels: Mapping[str, str], messages: list[str]
) -> tuple[pd.DataFrame, str]:
    """Return a table of a row per date and a column per unit as one with a row for each
    of both, with the column of units; as it is, with none, if it is no such table.

    ``labels`` says what the columns are measured in, if the file does.
    """
    others = [name for name in frame.columns if name != year]
    figures = [name for name in others if numbers_of(frame[name]) is not None]
    blank = [name for name in others if frame[name].str.lower().isin(MISSING).all()]
    if (
        frame[year].duplicated().any()
        or len(figures) < 3
        or len(figures) + len(blank) < len(others)
    ):
        return frame, ""
    levels = [name.split(LEVELS) for name in figures]
    if {*map(len, levels)} == {2}:
        return _of_two_levels(frame, year, figures, messages)
    words = [
        name
        for name in figures
        if WORDS.money.fullmatch(name)
        or WORDS.people.fullmatch(name)
        or WORDS.no_level.search(name)
    ]
    if words:
        raise IngestError(
            f"each year stands once, with columns such as {first_examples(words)}: one"
            " unit only",
            "several units",
            "give a table of all units, or say with --unit which column names them",
        )
    before, names = _without_common_words(figures)
    behind, names = _without_common_end(names)
    before = " ".join(filter(None, [before, behind])) or _said_of_figures(year)
    units = {labels.get(name, "") for name in figures}
    if len(units) == 1 and units != {""}:
        before = f"{before or UNNAMED} ({units.pop()})"
    tall = frame[[year, *figures]].set_axis([year, *names], axis=1)
    tall = tall.melt(id_vars=year, var_name="unit", value_name=before or UNNAMED)
    messages.append(
        f"transposed table: {counted(len(figures), 'unit')} in columns"
        f" ({first_examples(names)})"
    )
    return tall, "unit"


def _said_of_figures(header: str) -> str:
    """Return the header of years as the name of the figures beside them, where it says what
    these are, and nothing of years.
    """
    other = header.lower() if header != header.lower() else header.capitalize()
    return other if sureness(header) or WORDS.money.search(header) else ""


def _of_two_levels(
    frame: pd.DataFrame, year: str, figures: list[str], messages: list[str]
) -> tuple[pd.DataFrame, str]:
    """Return a table with a row a date whose header has two levels: units and measures,
    the one above the other, or groups above units; with its column of units.
    """
    names = pd.DataFrame(
        [name.split(LEVELS) for name in figures], columns=["group", "unit"]
    )
    tall = frame[[year, *figures]].melt(id_vars=year, value_name=UNNAMED)
    tall = tall.join(names.set_index(pd.Index(figures)), on="variable")
    tall = tall.drop(columns="variable")
    for one, other in (("unit", "group"), ("group", "unit")):
        count = names[one].nunique()
        measures = names[other].unique()
        said = any(sureness(name) or WORDS.people.fullmatch(name) for name in measures)
        if said and len(names.drop_duplicates()) == count * len(measures):
            messages.append(
                f"a header of two levels: {counted(count, 'unit')}, and"
                f" {first_examples(list(measures))} of each"
            )
            wide = tall.pivot(index=[year, one], columns=other, values=UNNAMED)
            wide = wide.rename_axis([year, "unit"]).rename_axis(columns=None)
            return wide.reset_index(), "unit"
    messages.append(
        f"transposed table: {counted(len(names), 'unit')} in columns, in"
        f" {counted(names['group'].nunique(), 'group')}"
    )
    return tall, "unit"


def _without_common_end(names: list[str]) -> tuple[str, list[str]]:
    """Return the brackets that stand behind all names, as the unit of their figures, and
    the names without them and without marks before them: `Sonora r1 / (millions)`.
    """
    found = [
        re.fullmatch(r"(.*?)(?: [rpf]\d?)?\s*/?\s*(\([^()]*\))", name) for name in names
    ]
    ends = {match[2] for match in found if match}
    rest = [match[1] for match in found if match]
    if len(ends) != 1 or len({*rest}) < len(names) or not all(rest):
        return "", names
    return ends.pop(), rest


def _without_common_words(names: list[str]) -> tuple[str, list[str]]:
    """Return what stands before each name, up to the last ; or : or | or > or a dash
    between blanks, and the names without it: `Output per head ; Victoria ;` of each state.
    """
    parts = [
        [part.strip() for part in re.split(COMMON, name) if part.strip()]
        for name in names
    ]
    count = min(map(len, parts))
    same = 0
    while same < count - 1 and len({tuple(part[: same + 1]) for part in parts}) == 1:
        same += 1
    rest = [" ".join(part[same:]) for part in parts]
    if not same or len({*rest}) < len(rest):
        return "", names
    return ", ".join(parts[0][:same]), rest


def series_in_lines(
    frame: pd.DataFrame, year: str, candidates: list[str]
) -> Series | None:
    """Return what tells apart the rows of a unit and date; nothing if no text does.

    ``candidates`` may name the units, the likeliest first.
    """
    texts = [
        name
        for name in frame.columns
        if name != year
        and 2 <= frame[name].nunique() <= MOST_SERIES
        and (numbers_of(frame[name]) is None or WORDS.line_code.fullmatch(name))
    ]
    found = [
        _series_of(frame, year, unit, texts) for unit in candidates[:MOST_CANDIDATES]
    ]
    # ASSUME: of columns that may be the units that one is, which leaves fewest others to
    # tell its rows apart; of equal ones the likeliest.
    return min(
        filter(None, found), key=lambda series: len(series.columns), default=None
    )


def codes_in_lines(
    frame: pd.DataFrame, year: str, candidates: list[str]
) -> Series | None:
    """Return which columns of a few whole numbers, as age, race and sex in codes, tell
    apart the rows of a unit and date; nothing if none do in most units and dates.
    """
    counts = [
        name
        for name in frame.columns
        if name != year
        and 2 <= frame[name].nunique() <= MOST_CODES
        and frame[name].str.fullmatch(r"\d{1,4}(\.0+)?").all()
    ]
    for unit in candidates[:MOST_CANDIDATES]:
        rows = frame.groupby([unit, year])
        chosen = [
            name
            for name in counts
            if name != unit
            and (rows[name].nunique() == frame[name].nunique()).mean() > 0.5
        ]
        if not chosen or frame.duplicated([unit, year, *chosen]).any():
            continue
        # Of columns that say the same the first is kept.
        for name in reversed(chosen.copy()):
            others = [one for one in chosen if one != name]
            if others and not frame.duplicated([unit, year, *others]).any():
                chosen = others
        values = {
            name: sorted(frame[name].unique().tolist(), key=float) for name in chosen
        }
        return Series(unit, values, "")
    return None


def _series_of(
    frame: pd.DataFrame, year: str, unit: str, texts: list[str]
) -> Series | None:
    """Return what tells apart the rows of a unit and date, if this column has the units;
    nothing if no text does.
    """
    own = frame.groupby(unit)
    telling = [name for name in texts if name != unit and own[name].nunique().max() > 1]
    chosen = list[str]()
    # Single columns first, those whose names say series before others.
    telling.sort(key=lambda name: not WORDS.series_column.fullmatch(name))
    alone = [name for name in telling if not frame.duplicated([unit, year, name]).any()]
    if alone:
        # A code and its label tell the same: the longer text is the label, unless it is
        # the unit of measure.
        same = [name for name in alone if _tells_as(frame, alone[0], name)]
        same.sort(key=lambda name: -frame[name].str.len().mean())
        same.sort(key=lambda name: re.search("unit|note", name, re.I) is not None)
        chosen = _in_words(frame, unit, year, telling, same[0]) or same[:1]
    else:
        for name in telling:
            if not any(_tells_as(frame, one, name) for one in chosen):
                chosen.append(name)
    if not chosen or frame.duplicated([unit, year, *chosen]).any():
        return None
    values = {name: list(dict.fromkeys(frame[name])) for name in chosen}
    return Series(unit, values, _figures(frame, unit, year, chosen))


def _in_words(
    frame: pd.DataFrame, unit: str, year: str, telling: list[str], code: str
) -> list[str]:
    """Return the columns that say in words what a code tells apart, as a subject and its
    unit; none if they do not, or if it is no code.
    """
    if not frame[code].str.fullmatch(WORDS.code.pattern).all():
        return []
    words = [
        name
        for name in telling
        if WORDS.no_places.fullmatch(name.strip())
        and not re.search("note|scale", name, re.I)
        and not frame[name].str.fullmatch(WORDS.code.pattern).all()
    ]
    chosen = list[str]()
    for name in words:
        chosen.append(name)
        if not frame.duplicated([unit, year, *chosen]).any():
            return chosen
    return []


def _tells_as(frame: pd.DataFrame, one: str, other: str) -> bool:
    pairs = frame[[one, other]].drop_duplicates()
    return len(pairs) == frame[one].nunique() == frame[other].nunique()


def _figures(frame: pd.DataFrame, unit: str, year: str, telling: list[str]) -> str:
    """Return the one column of figures that change within a series."""
    series = frame.groupby(telling)
    numbers = [
        name
        for name in frame.columns
        if name not in {unit, year, *telling}
        and numbers_of(frame[name]) is not None
        and series[name].nunique().max() > 1
        and frame.groupby(unit)[name].nunique().max() > 1
    ]
    return numbers[0] if len(numbers) == 1 else ""


def spread(frame: pd.DataFrame, year: str, series: Series) -> pd.DataFrame:
    """Return a table with a column for each series."""
    (column,) = series.columns
    wide = frame.pivot(index=[series.unit, year], columns=column, values=series.figures)
    names = {name: without_note(str(name)) for name in wide.columns}
    wide = wide.rename(columns=names).fillna("").reset_index()
    # What describes units, and not the series.
    own = frame.groupby(series.unit)
    held = [
        name
        for name in frame.columns
        if name not in {series.unit, year, column, series.figures, *names.values()}
        and own[name].nunique().max() == 1
    ]
    described = frame[[series.unit, *held]].drop_duplicates(series.unit)
    return wide.merge(described, on=series.unit)


def series_labels(frame: pd.DataFrame, series: Series) -> dict[str, str]:
    """Return what each series holds, by the columns that say it, as its unit."""
    (column,) = series.columns
    own = frame.groupby(column)
    words = [
        name
        for name in frame.columns
        if WORDS.series_column.fullmatch(name)
        and own[name].nunique().max() == 1
        and frame[name].nunique() > 1
    ]
    first = frame.drop_duplicates(column)
    labels = first[words].agg(", ".join, axis=1)
    names = map(without_note, first[column])
    return dict(zip(names, map(without_note, labels), strict=True))


def series_fault(
    frame: pd.DataFrame, series: Series, above: Sequence[str], around: Sequence[str]
) -> IngestError:
    """Say which series there are and how to choose one, or two of which one divides the
    other; ``above`` are title lines, ``around`` what else says a scale.
    """
    listed = [
        f"column {name} has {first_examples([one or 'blank' for one in values], 6)}"
        for name, values in series.columns.items()
    ]
    chosen = dict[str, str]()
    left = frame
    for name in series.columns:  # values that stand together in a row
        # Of values that are as likely the one of most units.
        units = left.groupby(name, sort=False)[series.unit].nunique()
        most_first = units.sort_values(ascending=False, kind="stable")
        chosen[name] = _likeliest(most_first.index.tolist())
        left = left[left[name].eq(chosen[name])]
    flags = " ".join(
        f"--where {quote(f'{name}={value}')}" for name, value in chosen.items()
    )
    action = f"choose one, for example with {flags}"
    if series.figures:
        column, value = next(iter(chosen.items()))
        rows = frame[(frame[list(chosen)] == pd.Series(chosen)).all(axis=1)]
        rows = rows if len(rows) else frame
        texts = [*chosen.values(), *series_texts(rows, list(above), [series.figures])]
        if len(chosen) == 1:
            texts.append(series_labels(frame, series).get(without_note(value), ""))
        numbers = numbers_of(rows[series.figures])
        kind = "" if numbers is None else other_kind(texts, numbers, around)
        people = [
            text
            for text in series.columns[column]
            if len(chosen) == 1 and WORDS.people.fullmatch(text)
        ]
        if kind and len(people) == 1:
            action = (
                f"divide one by another, as --output {quote(without_note(value))}"
                f" --population {quote(without_note(people[0]))}, or {action}"
            )
        elif kind:
            word = _word_for(value) if len(chosen) == 1 else "output"
            action += f" --what {quote(word)}, since it is {kind}"
    all_units, kept = frame[series.unit].nunique(), left[series.unit].nunique()
    if kept < all_units:
        action += f" (which keeps {kept} of {all_units} in column {series.unit})"
    return IngestError(
        f"several rows for one {_named_unit(frame, series.unit)} and year:"
        f" {' and '.join(listed)}",
        "one row per unit and year",
        action,
    )


def _likeliest(values: list[str]) -> str:
    """Return the value that most studies are of: the whole, money per head, money."""
    plain = [
        value
        for value in values
        if not WORDS.growth.search(value) and not WORDS.share.search(value)
    ]
    return max(
        plain or values,
        key=lambda value: (
            bool(WORDS.whole_series.fullmatch(value)),
            sureness(value),
            bool(WORDS.per_head.search(value)),
            bool(WORDS.constant_prices.search(value)),
        ),
    )


def _word_for(value: str) -> str:
    """Return what a series is, in small letters; output for what names no money."""
    bare = WORDS.brackets.sub("", value).split(",")[0].strip()
    return bare.lower() if WORDS.money.search(bare) else "output"


def _named_unit(frame: pd.DataFrame, unit: str) -> str:
    """Return the column of names that says the same as a column of codes."""
    named = [
        name
        for name in frame.columns
        if WORDS.name_column.fullmatch(name.strip())
        and name != unit
        and _tells_as(frame, unit, name)
    ]
    return named[0] if named else unit


def series_texts(
    frame: pd.DataFrame, above: list[str], figures: list[str]
) -> list[str]:
    """Return what is said of figures by columns such as indicator and unit that hold
    one value, and by title lines.
    """
    texts = list[str]()
    for name in frame.columns:
        if (
            name not in figures
            and WORDS.series_column.fullmatch(name)
            and frame[name].nunique() == 1
        ):
            texts.append(str(frame[name].iloc[0]).strip())
    for line in above:
        match = WORDS.title.search(line)
        texts += [match[1].strip()] if match else [line.strip(', "')]
    return texts


def series_label(texts: list[str]) -> str:
    """Return which of the texts says what the figures are; blank if none does."""
    # The surest, and of these the longest, as a label is longer than its code.
    texts = sorted(texts, key=lambda text: (sureness(text), len(text)), reverse=True)
    best = texts[0] if texts and sureness(texts[0]) else ""
    return without_note(best)
