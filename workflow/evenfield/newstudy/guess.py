"""Find out how a table that someone brings is built: which columns name units, years
and income, which describe units, what is left out. A message says what was chosen, why,
and with which flag of `run new` it is chosen otherwise.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import NamedTuple

import numpy as np
import pandas as pd

from evenfield.newstudy.balance import balanced
from evenfield.newstudy.calendars import in_gregorian_years
from evenfield.newstudy.cells import (
    coded,
    currency_mark,
    no_numbers,
    number_text,
    numbers_of,
    texts_of,
)
from evenfield.newstudy.code_names import (
    kind_of_codes,
    named_by_area,
    places_of_nation,
)
from evenfield.newstudy.date_columns import with_whole_dates
from evenfield.newstudy.dates import asked_years, dated_columns, dates_of
from evenfield.newstudy.headers import AnyTable
from evenfield.newstudy.income_column import (
    IncomeColumns,
    Said,
    income_columns,
    is_clear,
)
from evenfield.newstudy.key_columns import (
    joined_units,
    likely_units,
    no_unit_fault,
    shared_name_fault,
    unit_column,
    unit_word,
    with_coordinates,
    with_joined,
    with_merged_cells,
)
from evenfield.newstudy.keyed_rows import keyed_rows, shown_header
from evenfield.newstudy.layouts import (
    DATE,
    Series,
    codes_in_lines,
    from_transposed,
    long_table,
    series_fault,
    series_in_lines,
    series_label,
    series_labels,
    series_texts,
    spread,
    with_parted_keys,
    with_parted_labels,
    with_parted_names,
    without_flags,
    without_leading_zeros,
    without_note,
)
from evenfield.newstudy.names import name_column, names_of, told_apart
from evenfield.newstudy.no_income import OF_YEARS, base_of_index, kind_of_study
from evenfield.newstudy.remarks import called, footnotes, remarks_on
from evenfield.newstudy.row_choices import (
    rows_where,
    without_totals_of_blocks,
    without_units,
)
from evenfield.newstudy.wording import unit_of_table, wording
from evenfield.newstudy.words import LISTS, WORDS
from evenfield.study.config_files import TODO
from evenfield.study.errors import Faults, IngestError, counted, first_examples

# Columns that the panel computes; a column of the user's with such a name gets another.
COMPUTED = (
    "basis log_income income output_real population growth_pct relative_log_income"
    " output_share relative_log_income_unweighted population_share"
).split()

# Finds a line whose figure `number_text` may write in another way: up to nine digits and
# five decimals stay as they are.
OTHERWISE_PRINTED = re.compile(
    r"^(?!-?(0|[1-9][0-9]{0,8})(\.[0-9]{0,4}[1-9])?$)", re.MULTILINE
)
# What parts of a year are called, by the most that it has of them.
PARTS_CALLED = {2: "half-years", 4: "quarters", 12: "months"}
MOST_TO_LEAVE_OUT = 3  # units that a hint names
SHOWN_OF_NOTE = 40  # letters
FEWEST_HEADS = 100_000  # people of the smallest unit, if they are counted one by one
# ASSUME: later years are of another calendar, or projections that the user asks for.
LAST_YEAR = 2060
PASSED = 2020  # a year that has passed, for an example


@dataclass
class Guessed:
    """A table brought to one row per unit and year, with what was found."""

    panel: pd.DataFrame  # ``unit``, ``year`` and columns of figures, as text
    # ``unit``, ``name`` and what does not change over the years, as text
    units: pd.DataFrame
    years: tuple[int, int]  # years in which every unit that is kept has an income
    step: int  # years from one date to the next
    # as under panel.income of the config; the word TODO where it cannot be known
    income: dict[str, str]
    what: str  # what is studied, if it is no income per head
    kind: str  # as study.kind of the config; blank where income is not clear
    measure: str  # unit of income as printed, as far as the table says it
    scale: float  # what output per head is multiplied by, as under panel.income
    titles: dict[str, str]  # our name of a column and the user's, where they differ
    labels: dict[str, str]  # what a column holds, as the user's file says
    unit_name: str
    order: list[str]  # ids of units as the file first names them
    perhaps: list[str]  # columns that may be income, where it is not clear
    left_out: dict[str, list[str]]  # names of units, by the reason
    calendar: str  # of the table's years; blank: this one
    people: str  # the one column of population that could weigh units; blank: none
    remarks: list[str]  # what a reader of the page has to know of the figures
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Choices:
    """What the user says of rows and figures beyond the columns."""

    where: Sequence[str] = ()  # COLUMN=VALUE: the rows that are kept
    leave_out: Sequence[str] = ()  # ids or names of units
    keep_totals: bool = False
    logs: bool | None = None  # whether income is a logarithm; None: not said
    what: str = ""  # what is studied, if it is no income per head
    measure: str = ""  # its unit
    around: Sequence[str] = ()  # the file's name, and what sheets of notes say
    years: str = ""  # first and last year, or each
    calendar: str = ""  # of the table's years; blank: what is sure
    part_of_year: int = 0  # the half, quarter or month to keep; 0: mean of all
    drop_incomplete: bool = False  # all years, and the units that have each


@dataclass(frozen=True, eq=False)
class _Rows:
    """A table with a row for each unit and date."""

    frame: pd.DataFrame
    unit: str
    year: str
    labels: dict[str, str]  # of columns that were lines below each other, by column


class _Columns(NamedTuple):
    """Columns by what their cells are, in the order of the table."""

    figures: list[str]  # that change over the years
    constant: list[str]  # over the years, so that they describe units
    same: list[str]  # in every row
    neither: list[str]  # texts that change over the years

    def in_words(self) -> list[str]:
        """Say which columns describe units, and which are left out."""
        openings = {
            "constant over the years, so they describe units": self.constant,
            "left out, the same in every row": self.same,
            "left out, neither numbers nor constant": self.neither,
        }
        return [
            f"{opening}: {first_examples(names, 6)}"
            for opening, names in openings.items()
            if names
        ]

    def no_figures(self) -> IngestError:
        """Return the fault of a table without a column of figures by year."""
        others = [*self.constant, *self.same, *self.neither]
        return IngestError(
            "no column of figures changes over the years"
            f" ({first_examples(others, 6)})",
            "a column of income",
            "give a table with income by unit and year",
        )


def guess(
    table: AnyTable, given: Mapping[str, str | None], choices: Choices | None = None
) -> Guessed:
    """Bring a table into form; ``given`` names columns (unit, name, lat, lon, year,
    income, output, population) as far as known.
    """
    choices = choices or Choices()
    table = with_parted_names(with_parted_labels(with_parted_keys(table)))
    table = without_flags(table)
    messages = list(table.messages)
    faults = Faults()
    frame, calendar = in_gregorian_years(table.frame, choices.calendar, messages)
    rows = _chosen_rows(frame, choices, messages)
    arranged = _rows_by_unit(rows, given, table, choices.around, messages)
    unit, year = arranged.unit, arranged.year
    frame, name, names = _named_rows(arranged, given, choices, messages)
    order = frame["unit"].unique().tolist()
    frame, left_out, sums = without_units(
        frame, names, choices.leave_out, choices.keep_totals, table.outer, messages
    )
    frame = _in_order(frame)
    columns = _columns_by_kind(frame, name, faults)
    messages += columns.in_words()
    # What is wrong with single cells tells more, where there are such cells.
    if not columns.figures and not faults:
        raise columns.no_figures()
    figures = columns.figures
    said = _said(rows, table, figures, choices)
    series = _series_said(rows, figures)
    bases = _own_bases(arranged, figures)
    told = Said(said, choices.around, series, sums, bases, choices.measure)
    # What the file says of a column goes before what titles say of the only one.
    said_of_columns = table.labels | arranged.labels
    of_wide = _labels_of_wide(figures, said_of_columns)
    labels = _label_of_one(figures, said) | said_of_columns | of_wide
    # Faults of single cells and of income are told together.
    with faults.caught():
        chosen = income_columns(
            frame, figures, given, labels, choices.logs, told, choices.what
        )
        income = chosen.columns
        frame = frame.assign(**chosen.levels)
        figures = [*figures, *chosen.levels]
        faults += _not_positive(frame, income)
    faults.refuse()
    units = told_apart(
        _described_units(frame, names, columns.constant), columns.constant, messages
    )
    panel = _as_numbers(frame[["unit", "year", *figures]], figures)
    shown_year = "" if year == DATE else year
    titles = {"unit": unit, "year": shown_year, "name": name, **chosen.titles}
    placed = _placed(units, given, titles, messages)
    measured = _unit_of_all(rows, choices) or _currency(arranged.frame, chosen.columns)
    words = wording(
        chosen.columns,
        given,
        labels,
        measured,
        said,
        logs=bool(choices.logs),
        heads=_counts_heads(panel, chosen.columns),
    )
    what = choices.what or words.what
    # Nothing is called income per head in one line and something else in the next.
    messages += [
        line.replace("income per head:", f"{what}:") if what else line
        for line in chosen.messages
    ]
    name_of = dict(units[["unit", "name"]].to_numpy())
    balance = balanced(panel, income, name_of, messages, choices.drop_incomplete)
    kept = set(balance.panel["unit"].unique())
    if with_gaps := [name_of[one] for one in name_of if one not in kept]:
        left_out["gaps"] = with_gaps
    panel, income = _renamed(balance.panel, income, titles, messages)
    units = placed[placed["unit"].isin(panel["unit"])].sort_values(
        "unit", ignore_index=True
    )
    kind = _kind(
        chosen, what, labels, [measured, words.measure, choices.measure, *said]
    )
    return Guessed(
        panel=panel,
        units=units,
        years=balance.years,
        step=balance.step,
        income=income,
        what=what,
        kind=kind,
        measure=words.measure
        if choices.part_of_year
        else _of_parts(words.measure, arranged.frame[year]),
        scale=words.scale,
        titles={ours: own for ours, own in titles.items() if own and ours != own},
        labels=labels,
        unit_name=unit_word(
            *kind_of_codes(unit, units["unit"]),
            name,
            unit,
            *_codes(units),
            *_places_said(said, income),
            *_places_said(_levels_said(rows), {}),
            *_places_of_eurostat(unit, units["unit"]),
            *places_of_nation(units["name"]),
        ),
        calendar=calendar,
        people=chosen.people,
        remarks=[
            *remarks_on(
                what,
                called(chosen.columns, labels, said),
                chosen.kind,
                kind,
                arranged.frame[year],
                left_out,
            ),
            *footnotes(arranged.frame[unit].unique().tolist(), table.below),
        ],
        order=order,
        perhaps=chosen.perhaps,
        left_out=left_out,
        messages=messages,
    )


def _named_rows(
    arranged: _Rows,
    given: Mapping[str, str | None],
    choices: Choices,
    messages: list[str],
) -> tuple[pd.DataFrame, str, pd.Series]:
    """Return rows by unit and year without notes, the column of names, and the name of
    each unit.
    """
    unit, year = arranged.unit, arranged.year
    frame = keyed_rows(
        arranged.frame, unit, year, choices.years, choices.part_of_year, messages
    )
    frame = without_leading_zeros(
        _within_years(frame, year, choices.years, messages), messages
    )
    name = given.get("name") or _found_name(frame, unit, messages)
    if "name" in frame and name != "name":
        frame = frame.rename(columns={"name": "name_given"})
    names = named_by_area(names_of(frame, name), "" if name else unit, messages)
    frame, names = _without_notes(frame, names, messages)
    return frame, name, names


def _own_bases(arranged: _Rows, figures: Sequence[str]) -> dict[str, str]:
    """Return the columns that are indices of each unit's own base, each with what says
    so: a date of the table, before months are taken together.
    """
    dates = arranged.frame[arranged.year]
    found = dict[str, str]()
    for name in arranged.frame.columns.intersection(list(figures), sort=False):
        numbers = numbers_of(arranged.frame[name])
        base = "" if numbers is None else base_of_index(numbers, dates)
        if base:
            found[name] = f"an index{OF_YEARS}, since {base}"
    return found


def _kind(
    chosen: IncomeColumns, what: str, labels: Mapping[str, str], said: Sequence[str]
) -> str:
    """Return what the study's figures are, as study.kind of the config; blank while the
    user still has to name them.
    """
    if TODO in chosen.columns.values():
        return ""
    column = chosen.columns.get("column", "")
    return kind_of_study(chosen.kind, what, [column, labels.get(column, ""), *said])


def _chosen_rows(
    frame: pd.DataFrame, choices: Choices, messages: list[str]
) -> pd.DataFrame:
    """Return the rows that the study is of: each once, without totals of blocks, with the
    values that the user asks for.
    """
    frame = _without_row_names(frame, messages)
    frame = _without_repeated_rows(frame, messages)
    if not choices.keep_totals:
        frame = without_totals_of_blocks(frame, messages)
    return rows_where(frame, choices.where, messages)


def _counts_heads(panel: pd.DataFrame, income: Mapping[str, str]) -> bool:
    """Say whether the column of people counts each of them."""
    # ASSUME: no table is of units that all have 100 million people.
    column = income.get("population", "")
    return column in panel and bool(
        pd.to_numeric(panel[column], errors="coerce").min() >= FEWEST_HEADS
    )


def _of_parts(measure: str, cells: pd.Series) -> str:
    """Return the unit of figures that are means of a year's quarters or months."""
    dates = dates_of(cells, "")
    if not measure or dates is None or dates.in_year == 1 or dates.parts.nunique() == 1:
        return measure
    count = dates.parts.nunique()
    parts = next(name for most, name in PARTS_CALLED.items() if count <= most)
    return f"{measure}, mean of {parts}"


def _found_name(frame: pd.DataFrame, unit: str, messages: list[str]) -> str:
    """Return the column of names, blank if there is none; codes that were parted from
    names have theirs.
    """
    parted = unit.removesuffix(" code")
    name = parted if parted != unit and parted in frame else name_column(frame)
    if name:
        messages.append(f"names: column {name} (--name)")
    return name


def _described_units(
    frame: pd.DataFrame, names: pd.Series, constant: list[str]
) -> pd.DataFrame:
    """Return ``unit``, ``name`` and the columns that describe units, one row a unit."""
    units = frame.drop_duplicates("unit")
    units = units.assign(name=units["unit"].map(names))
    return _as_numbers(units[["unit", "name", *constant]], constant)


def _places_said(said: Sequence[str], income: Mapping[str, str]) -> list[str]:
    """Return the one kind of place that titles and names of figures speak of, if there is
    one: states, of gross state product.
    """
    texts = [*said, *income.values()]
    found = {
        word.casefold() for text in texts for word in WORDS.place_said.findall(text)
    }
    return sorted(found) if len(found) == 1 else []


def _levels_said(rows: pd.DataFrame) -> list[str]:
    """Return what a column of one value says of the level of all areas, as `Large regions
    (TL2)`.
    """
    named = [name for name in rows if WORDS.level_column.fullmatch(str(name).strip())]
    return [str(rows[name].iloc[0]) for name in named if rows[name].nunique() == 1]


def _places_of_eurostat(header: str, units: pd.Series) -> list[str]:
    """Return what codes of Eurostat stand for: those of two letters, countries; longer
    ones, regions.
    """
    codes = units.str.fullmatch("[A-Z]{2}[A-Z0-9]{0,3}").all()
    of_nuts = re.match("nuts", header, re.IGNORECASE) is not None
    if not codes or not (of_nuts or header.lower() == "geo"):
        return []
    long = units.str.len().gt(2)
    if not long.any():
        return ["country"]
    # NUTS is of regions, also where countries stand above them.
    return ["region"] if long.all() or of_nuts else []


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows by unit and year; those of most tables are so already."""
    keys = pd.MultiIndex.from_frame(frame[["unit", "year"]])
    if keys.is_monotonic_increasing:
        return frame.reset_index(drop=True)
    return frame.sort_values(["unit", "year"], ignore_index=True)


def _placed(
    units: pd.DataFrame,
    given: Mapping[str, str | None],
    titles: dict[str, str],
    messages: list[str],
) -> pd.DataFrame:
    """Return units whose coordinates are called so; what is renamed goes to titles."""
    placed = with_coordinates(units, given)
    renamed = zip(placed.columns, units.columns, strict=True)
    titles |= {new: old for new, old in renamed if new != old}
    if "lat" in placed:
        held = [titles.get(kind, kind) for kind in ("lat", "lon")]
        messages.append(f"coordinates: {' and '.join(held)} (--lat, --lon)")
    return placed


def _said(
    rows: pd.DataFrame, table: AnyTable, figures: list[str], choices: Choices
) -> list[str]:
    """Return what is said of all figures: values that rows are chosen by, columns of one
    value, title lines.
    """
    chosen = [condition.partition("=")[2].strip() for condition in choices.where]
    texts = series_texts(rows, table.above, figures)
    return [*chosen, *texts, *_powers_of_ten(rows)]


def _series_said(rows: pd.DataFrame, figures: Sequence[str]) -> dict[str, str]:
    """Return what columns of one value, as MEASURE or INDICATOR, say that all figures are."""
    units = (WORDS.measure_column, WORDS.scale_column)
    texts = {
        name: str(rows[name].iloc[0]).strip()
        for name in map(str, rows)
        if name not in figures
        and WORDS.series_column.fullmatch(name)
        and not any(form.fullmatch(name) for form in units)
        and rows[name].nunique() == 1
    }
    return {name: text for name, text in texts.items() if re.search(r"[^\W\d]", text)}


def _powers_of_ten(rows: pd.DataFrame) -> list[str]:
    """Return what columns of one number, as UNIT_MULT, say of the scale of all figures."""
    named = [name for name in map(str, rows) if WORDS.scale_column.fullmatch(name)]
    return [
        f"{name} {rows[name].iloc[0].strip()}"
        for name in named
        if rows[name].nunique() == 1
    ]


def _unit_of_all(rows: pd.DataFrame, choices: Choices) -> str:
    """Return the unit of measure by which rows are chosen, else the one of all rows."""
    parts = [condition.partition("=") for condition in choices.where]
    units = [
        value.strip()
        for column, _, value in parts
        if WORDS.measure_column.fullmatch(column.strip())
    ]
    return units[0] if units else unit_of_table(rows)


def _label_of_one(figures: Sequence[str], said: list[str]) -> dict[str, str]:
    """Return the label of figures that are alone in a table, if something says it."""
    label = series_label(said) if len(figures) == 1 else ""
    return {figures[0]: label} if label else {}


def _labels_of_wide(
    figures: Sequence[str], labels: Mapping[str, str]
) -> dict[str, str]:
    """Return the label of figures that stood in a column for each year, if all of these
    have one label.
    """
    columns = dated_columns(list(labels), 2)
    found = {stem: {labels[name] for name in names} for stem, names in columns.items()}
    return {
        name: f"{name} ({next(iter(found[name]))})"
        for name in figures
        if name in found and len(found[name]) == 1
    }


def _currency(frame: pd.DataFrame, income: Mapping[str, str]) -> str:
    """Return the currency whose mark stands beside figures in the cells, as R 30 000;
    blank if none does.
    """
    column = income.get("column", "")
    if column not in frame:
        return ""
    held = [text for text in frame[column].iloc[:200] if text.strip()]
    marks = {currency_mark(text) for text in held}
    return str(LISTS["currency_marks"].get(marks.pop(), "")) if len(marks) == 1 else ""


def _codes(units: pd.DataFrame) -> list[str]:
    """Return other columns that name each unit after a kind of place, as STATE_FIPS."""
    return [
        column
        for column in map(str, units)
        if WORDS.place_column.fullmatch(column) and units[column].is_unique
    ]


def _without_row_names(frame: pd.DataFrame, messages: list[str]) -> pd.DataFrame:
    """Leave out columns that number or name the rows of a file, as R and pandas add them."""
    told = [
        name
        for name in map(str, frame)
        if WORDS.of_rows.fullmatch(name.strip()) and _is_of_rows(frame[name], name)
    ]
    if told and len(told) < len(frame.columns):
        messages.append(f"left out, numbers of rows: {first_examples(told)}")
        return frame.drop(columns=told)
    return frame


def _is_of_rows(cells: pd.Series, name: str) -> bool:
    """Say whether each cell stands once and, under a header that may be another thing,
    counts on from the one before.
    """
    if not cells.is_unique:
        return False
    if WORDS.names_of_rows.fullmatch(name.strip()):
        return True
    digits = cells.str.fullmatch(r"\d{1,9}").all()
    return bool(digits and cells.astype(int).diff().iloc[1:].eq(1).all())


def _without_notes(
    frame: pd.DataFrame, names: pd.Series, messages: list[str]
) -> tuple[pd.DataFrame, pd.Series]:
    """Leave out rows without a figure whose name is a note below the table."""
    has_figure = np.zeros(len(frame), bool)
    for name in frame.columns.difference(["unit", "year", "_id"]):
        numbers = numbers_of(frame[name])
        if numbers is not None:
            has_figure |= numbers.notna().to_numpy()
    with_figures = set(frame.loc[has_figure, "unit"].unique())
    notes = [
        str(unit)
        for unit, name in names.items()
        if unit not in with_figures and WORDS.note_as_name.match(str(name))
    ]
    if not notes:
        return frame, names
    shown = first_examples([names[unit][:SHOWN_OF_NOTE] for unit in notes])
    messages.append(f"{counted(len(notes), 'note')} below the table left out: {shown}")
    kept = frame[~frame["unit"].isin(notes)].reset_index(drop=True)
    return kept, names.drop(notes)


def _without_repeated_rows(frame: pd.DataFrame, messages: list[str]) -> pd.DataFrame:
    """Return the first of rows that are the same in every cell."""
    repeated = coded(frame, list(map(str, frame))).duplicated()
    if not repeated.any():
        return frame
    rows = counted(int(repeated.sum()), "row")
    messages.append(f"{rows} the same as another in every cell, kept once")
    return frame[~repeated].reset_index(drop=True)


def _rows_by_unit(
    rows: pd.DataFrame,
    given: Mapping[str, str | None],
    table: AnyTable,
    around: Sequence[str],
    messages: list[str],
) -> _Rows:
    """Return the table with a row for each unit and date, however it is laid out;
    ``around`` says the scale of its figures.
    """
    _check_given(rows, given)
    filled = with_merged_cells(rows, messages)
    frame, year = long_table(filled, given, messages)
    asked = given.get("unit") or ""
    if asked:
        frame = _with_asked_units(frame, year, asked)
    for dated, joined in [(frame, ""), *with_whole_dates(frame, year)]:
        rows, unit = (
            (dated, "" if dated.duplicated([asked, year]).any() else asked)
            if asked
            else _with_found_units(dated, year, table.labels, messages)
        )
        if unit:
            messages += filter(None, [joined])
            return _Rows(rows, unit, year, {})
    # A unit has several rows a year: of different series, or by mistake.
    likely = [asked] if asked else likely_units(frame, year)
    for shared in likely:
        if fault := shared_name_fault(frame, year, shared):
            raise fault
    series = series_in_lines(frame, year, likely)
    if series is not None:
        fault = series_fault(frame, series, table.above, around)
        return _series_as_columns(frame, year, series, given, fault, messages)
    counts = codes_in_lines(frame, year, likely)
    if counts is not None:
        raise series_fault(frame, counts, table.above, around)
    if asked:  # `keyed_rows` refuses rows that stand twice and names their units
        return _Rows(frame, asked, year, {})
    raise no_unit_fault(frame, year)


def _with_asked_units(frame: pd.DataFrame, year: str, asked: str) -> pd.DataFrame:
    """Return the table with the column of units that the user names; ``state+county``
    joins two.
    """
    parts = asked.split("+")
    if asked not in frame and set(parts) <= set(frame):
        frame = with_joined(frame, parts)
    if asked not in frame or asked == year:
        raise IngestError(
            f"--unit {asked} names the years",
            "a column of units",
            "name another column, or the years with --year",
        )
    return frame


def _with_found_units(
    frame: pd.DataFrame, year: str, labels: Mapping[str, str], messages: list[str]
) -> tuple[pd.DataFrame, str]:
    """Return the table with a column of units, and its name: a single column, else the
    headers of a table with a column for each unit, else two columns of places together;
    blank if there is none.
    """
    unit = unit_column(frame, year, messages)
    if not unit:
        frame, unit = from_transposed(frame, year, labels, messages)
    if not unit:
        frame, unit = joined_units(frame, year, messages)
    return frame, unit


def _series_as_columns(
    frame: pd.DataFrame,
    year: str,
    series: Series,
    given: Mapping[str, str | None],
    fault: IngestError,
    messages: list[str],
) -> _Rows:
    """Return a table whose series stand in lines below each other with a column for
    each, if it is clear then which one is income; raise ``fault`` if it is not.
    """
    if not series.figures or len(series.columns) != 1:
        raise fault
    wide = spread(frame, year, series)
    labels = series_labels(frame, series)
    income = {given.get(key) for key in ("income", "output", "population")} - {None}
    is_known = income <= set(wide) if income else is_clear(wide, list(labels), labels)
    if not is_known:
        raise fault
    ((column, named),) = series.columns.items()
    messages += [
        f"units: column {series.unit} (--unit)",
        f"{column} names {counted(len(named), 'series', 'series')}, each a"
        f" column now: {first_examples(named, 6)} (--where chooses one)",
    ]
    return _Rows(wide, series.unit, year, labels)


def _check_given(frame: pd.DataFrame, given: Mapping[str, str | None]) -> None:
    """Refuse names of columns that the table does not have."""
    faults = Faults()
    known = {*frame.columns, *dated_columns(list(frame.columns), 2)}
    # Values of such a column may be columns of the study.
    for column in frame.columns:
        if WORDS.series_column.fullmatch(column):
            known |= {without_note(text) for text in frame[column].unique()}
    for key, name in given.items():
        if not name:
            continue
        # state+county means two columns, unless one has that very name.
        named = {name} if name in known else set(name.split("+"))
        if not named <= known:
            faults.append(
                IngestError(
                    f"no column {name}, given by --{key}",
                    f"one of {first_examples(list(frame.columns), 12)}",
                    "correct it",
                )
            )
    faults.refuse()


def _within_years(
    frame: pd.DataFrame, header: str, asked: str, messages: list[str]
) -> pd.DataFrame:
    """Return the rows of the years that the user asks for, or all that have passed."""
    if not asked:
        _refuse_future(frame, header)
        return frame
    years = asked_years(asked)
    inside = frame["year"].isin(years)
    year_count = frame["year"][inside].nunique()
    if year_count < 2:
        of_table = sorted(frame["year"].unique().tolist())
        raise IngestError(
            f"--years {years[0]} to {years[-1]} holds {counted(year_count, 'year')} of"
            " the table",
            f"two or more of {of_table[0]} to {of_table[-1]}",
            "correct it",
        )
    if not inside.all():
        messages.append(f"rows of other years left out: {int((~inside).sum())}")
    return frame[inside].reset_index(drop=True)


def _refuse_future(frame: pd.DataFrame, header: str) -> None:
    """Refuse years that nobody has figures of, as those of another calendar."""
    years = frame["year"]
    last = int(years.max())
    if last <= LAST_YEAR:
        return
    # Years of a few units alone are not proposed.
    counts = years.value_counts().sort_index()
    first = int(counts.index[2 * counts >= frame["unit"].nunique()].min())
    passed = (
        f"leave out what is to come, for example with --years {first}:{PASSED}, "
        if first < PASSED
        else ""
    )
    raise IngestError(
        f"{shown_header(header)} holds years to {last}, which are to come",
        "figures of years that have passed",
        f"{passed}or name their calendar, as Nepal's with --calendar nepali, or give"
        f" --years {first}:{last} if these are projections",
    )


def _as_numbers(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Write the figures of columns in one way, as text."""
    written = dict[str, list[str]]()
    for column in columns:
        numbers = numbers_of(frame[column])
        # Most columns are written as they will be.
        if numbers is not None and OTHERWISE_PRINTED.search(
            "\n".join(frame[column].tolist())
        ):
            written[column] = list(map(number_text, numbers.tolist()))
    return frame.assign(**written)


def _not_positive(frame: pd.DataFrame, income: Mapping[str, str]) -> list[IngestError]:
    """Return a fault for each column of income with figures that have no logarithm."""
    faults = list[IngestError]()
    for column in income.values():
        numbers = numbers_of(frame[column]) if column != TODO else None
        low = frame[numbers.le(0)] if numbers is not None else frame[:0]
        if len(low):
            named = [f"{row.unit} {row.year}" for row in low.itertuples()]
            units = low["unit"].unique().tolist()
            out = " ".join(map(quote, units))
            few = len(units) <= MOST_TO_LEAVE_OUT
            faults.append(
                IngestError(
                    f"{column} has {counted(len(low), 'cell')} at or below zero"
                    f" ({first_examples(named)})",
                    "positive figures, for their logarithms",
                    "correct the cell or blank it"
                    + (
                        f", or leave out its unit with --leave-out {out}" if few else ""
                    ),
                )
            )
    return faults


def _is_constant(frame: pd.DataFrame, column: str) -> bool:
    """Say whether a column has one value a unit, or none."""
    units = texts_of(frame["unit"]).codes
    texts = texts_of(frame[column]).codes
    of_unit = np.empty(units.max(initial=0) + 1, dtype=texts.dtype)
    of_unit[units] = texts
    return bool((of_unit[units] == texts).all())


def _columns_by_kind(frame: pd.DataFrame, name: str, faults: Faults) -> _Columns:
    """Return the columns beside keys and ``name`` by kind; a column of figures with a few
    other cells is a fault.
    """
    columns = _Columns([], [], [], [])
    years = frame["year"].astype(str)
    once = frame.drop_duplicates("year")["year"]
    for column in [c for c in frame.columns if c not in {"unit", "year", "_id", name}]:
        is_first = frame[column].iloc[:1].eq(years.iloc[:1]).all()
        if is_first and frame[column].eq(years).all():
            continue  # the years once more
        codes = dict(zip(once, frame.loc[once.index, column], strict=True))
        in_codes = all(str(year) in code for year, code in codes.items())
        if in_codes and frame[column].eq(frame["year"].map(codes)).all():
            continue  # as codes, such as 2011100000
        # Population divides output of each year, even where it does not change.
        is_people = WORDS.people.fullmatch(column) is not None
        held, no_figures = no_numbers(frame[column])
        if len(texts_of(frame[column]).once) == 1 and not is_people:
            columns.same.append(column)
        elif numbers_of(frame[column]) is not None:
            describes_units = not is_people and _is_constant(frame, column)
            kind = columns.constant if describes_units else columns.figures
            kind.append(column)
        elif held.size and _is_constant(frame, column):
            columns.constant.append(column)
        elif no_figures.size < held.size / 2:
            where = " ".join(map(str, frame.loc[no_figures.index[0], ["unit", "year"]]))
            cells = counted(no_figures.size, "cell that is", "cells that are")
            faults.append(
                IngestError(
                    f"{column} has {cells} no number ('{no_figures.iloc[0]}', {where})",
                    "a number or a blank cell",
                    "correct the cell",
                )
            )
        else:
            columns.neither.append(column)
    return columns


def _renamed(
    panel: pd.DataFrame,
    income: dict[str, str],
    titles: dict[str, str],
    messages: list[str],
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return panel and income with another name for each column that has the name of one
    that the panel computes, unless it is that one's source.
    """
    # The panel computes income of a column income, say, which thus keeps its name.
    computed_from = {
        income.get("column"): "income",
        income.get("output"): "output_real",
        income.get("population"): "population",
    }
    new_names = {
        name: f"{name}_given"
        for name in panel
        if name in COMPUTED and computed_from.get(name) != name
    }
    if new_names:
        renamed = [f"{old} to {new}" for old, new in new_names.items()]
        messages.append(
            f"renamed, because the panel computes these: {', '.join(renamed)}"
        )
        titles |= {new: old for old, new in new_names.items()}
    income = {key: new_names.get(name, name) for key, name in income.items()}
    return panel.rename(columns=new_names), income
