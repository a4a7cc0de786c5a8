"""Find out how a table of anyone's is built: keys, step, names of units, constant
columns, income; say why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from evenfield.newstudy.balance import balanced
from evenfield.newstudy.cells import no_numbers, number_text, numbers_of
from evenfield.newstudy.dates import asked_years, dated_columns
from evenfield.newstudy.headers import AnyTable
from evenfield.newstudy.income_column import income_columns, is_clear
from evenfield.newstudy.key_columns import (
    joined_units,
    likely_units,
    no_unit_fault,
    unit_column,
    unit_word,
    with_coordinates,
    with_joined,
    with_merged_cells,
)
from evenfield.newstudy.keyed_rows import keyed_rows
from evenfield.newstudy.layouts import (
    DATE,
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
    without_flags,
    without_note,
)
from evenfield.newstudy.names import name_column, names_of, told_apart
from evenfield.newstudy.row_choices import rows_where, without_units
from evenfield.newstudy.wording import unit_of_table, wording
from evenfield.newstudy.words import WORDS
from evenfield.study.config_files import TODO
from evenfield.study.errors import Faults, IngestError, counted, first_examples

COMPUTED = (
    "basis log_income income output_real population growth_pct relative_log_income"
    " output_share relative_log_income_unweighted population_share"
).split()


@dataclass
class Guessed:
    """A table brought to one row per unit and year, with what was found."""

    panel: pd.DataFrame  # ``unit``, ``year`` and columns of figures, as text
    units: (
        pd.DataFrame
    )  # ``unit``, ``name`` and what does not change over the years, as text
    years: tuple[int, int]  # years in which every unit that is kept has an income
    step: int
    income: dict[
        str, str
    ]  # as under panel.income of the config; the word TODO where it cannot be known
    what: str  # what is studied, if it is no income per head
    measure: str  # unit of income as printed, as far as the table says it
    titles: dict[str, str]  # our name of a column and the user's, where they differ
    labels: dict[str, str]  # what a column holds, as the user's file says
    unit_name: str
    order: list[str]  # ids of units as the file first names them
    perhaps: list[str]  # columns that may be income, where it is not clear
    left_out: dict[str, list[str]]  # names of units, by the reason
    people: str  # the one column of people that could weigh units; blank: none
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Choices:
    """What the user says of rows and figures beyond the columns."""

    where: Sequence[str] = ()  # COLUMN=VALUE: the rows that are kept
    leave_out: Sequence[str] = ()  # ids or names of units
    keep_totals: bool = False
    logs: bool | None = None  # whether income is a logarithm; None: not said
    what: str = ""  # what is studied, if it is no income per head
    years: str = ""  # first and last year, or each
    drop_incomplete: bool = False  # all years, and the units that have each


@dataclass(frozen=True, eq=False)
class _Rows:
    """A table with a row for each unit and date."""

    frame: pd.DataFrame
    unit: str
    year: str
    labels: dict[str, str]  # of columns that were lines below each other


def guess(
    table: AnyTable, given: Mapping[str, str | None], choices: Choices | None = None
) -> Guessed:
    """Bring a table into form; ``given`` names columns (unit, name, lat, lon, year,
    income, output, population) as far as known.
    """
    choices = choices or Choices()
    table = without_flags(with_parted_labels(with_parted_keys(table)))
    messages = list(table.messages)
    faults = Faults()
    rows = rows_where(_once(table.frame, messages), choices.where, messages)
    arranged = _rows_by_unit(rows, given, table.labels, messages)
    unit = arranged.unit
    year = arranged.year
    frame = keyed_rows(arranged.frame, unit, year, choices.years, messages)
    if choices.years:
        frame = _within_years(frame, asked_years(choices.years), messages)
    order = list(dict.fromkeys(frame["unit"]))
    name = given.get("name") or name_column(frame)
    if name and not given.get("name"):
        messages.append(f"names: column {name} (--name)")
    if "name" in frame and name != "name":
        frame = frame.rename(columns={"name": "name_given"})
    names = names_of(frame, name)
    frame, left_out = without_units(
        frame, names, choices.leave_out, choices.keep_totals, messages
    )
    frame = _in_order(frame)
    figures, constant = _sorted_columns(frame, name, messages, faults)
    labels = {**table.labels, **arranged.labels}
    said = _said(rows, table, figures, choices)
    labels = _label_of_one(figures, said) | labels
    with faults.caught():
        chosen = income_columns(
            frame, figures, given, labels, choices.logs, said, choices.what
        )
        messages += chosen.messages
        income = chosen.columns
        frame = frame.assign(**chosen.levels)
        figures = [*figures, *chosen.levels]
        faults += _not_positive(frame, income)
    faults.refuse()
    units = frame.drop_duplicates("unit")
    units = units.assign(name=units["unit"].map(names))[["unit", "name", *constant]]
    units = told_apart(_as_numbers(units, constant), constant, messages)
    panel = _as_numbers(frame[["unit", "year", *figures]], figures)
    titles = {
        "unit": unit,
        "year": "" if year == DATE else year,
        "name": name,
    }
    titles |= chosen.titles
    placed = _placed(units, given, titles, messages)
    unit_of_all = _unit_of_all(rows, choices)
    words = wording(chosen.columns, given, labels, unit_of_all, said)
    called = dict(units[["unit", "name"]].to_numpy())
    balance = balanced(panel, income, called, messages, choices.drop_incomplete)
    stays = set(balance.panel["unit"])
    gone = [name for unit, name in called.items() if unit not in stays]
    left_out |= {"gaps": gone} if gone else {}
    panel, income = _renamed(balance.panel, income, titles, messages)
    units = placed[placed["unit"].isin(panel["unit"])].sort_values(
        "unit", ignore_index=True
    )
    titles = {
        ours: theirs for ours, theirs in titles.items() if theirs and ours != theirs
    }
    return Guessed(
        panel=panel,
        units=units,
        years=balance.years,
        step=balance.step,
        income=income,
        what=choices.what or words.what,
        measure=words.measure,
        titles=titles,
        labels=labels,
        unit_name=unit_word(
            name,
            unit,
            *_codes(units),
            *_places_said(said, income),
            *_places_of_eurostat(unit, units["unit"]),
        ),
        people=chosen.people,
        order=order,
        perhaps=chosen.perhaps,
        left_out=left_out,
        messages=messages,
    )


def _places_said(said: Sequence[str], income: Mapping[str, str]) -> list[str]:
    """Return the one kind of place that titles and names of figures speak of, if there is
    one: states, of gross state product.
    """
    texts = [*said, *income.values()]
    found = {
        word.casefold() for text in texts for word in WORDS.place_said.findall(text)
    }
    return sorted(found) if len(found) == 1 else []


def _places_of_eurostat(header: str, units: pd.Series) -> list[str]:
    """Return what codes of Eurostat stand for: those of two letters, countries; longer
    ones, regions.
    """
    codes = units.str.fullmatch("[A-Z]{2}[A-Z0-9]{0,3}").all()
    if header.lower() not in {"geo", "nuts"} or not codes:
        return []
    long = units.str.len().gt(2)
    kinds = {"region"} if long.all() else {"country"} if not long.any() else set()
    return sorted(kinds)


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
    return [*chosen, *series_texts(rows, table.above, figures)]


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


def _codes(units: pd.DataFrame) -> list[str]:
    """Return other columns that name each unit after a kind of place, as STATE_FIPS."""
    return [
        column
        for column in map(str, units)
        if WORDS.place_column.fullmatch(column) and units[column].is_unique
    ]


def _once(frame: pd.DataFrame, messages: list[str]) -> pd.DataFrame:
    twice = frame.duplicated()
    if not twice.any():
        return frame
    messages.append(
        f"{counted(int(twice.sum()), 'row')} the same as another in every cell, kept once"
    )
    return frame[~twice].reset_index(drop=True)


def _rows_by_unit(
    rows: pd.DataFrame,
    given: Mapping[str, str | None],
    labels: Mapping[str, str],
    messages: list[str],
) -> _Rows:
    """Return the table with a row for each unit and date, however it is laid out."""
    _check_given(rows, given)
    frame, year = long_table(rows, given, messages)
    asked = given.get("unit") or ""
    if asked:
        parts = asked.split("+")
        if asked not in frame and set(parts) <= set(frame):
            frame = with_joined(frame, parts)
        if asked not in frame or asked == year:
            raise IngestError(
                f"--unit {asked} names the years",
                "a column of units",
                "name another column, or the years with --year",
            )
        unit = asked if not frame.duplicated([asked, year]).any() else ""
    else:
        frame = with_merged_cells(frame, year, messages)
        unit = unit_column(frame, year, messages)
    if not unit and not asked:
        frame, unit = from_transposed(frame, year, labels, messages)
    if not unit and not asked:
        frame, unit = joined_units(frame, year, messages)
    if unit:
        return _Rows(frame, unit, year, {})
    likely = [asked] if asked else likely_units(frame, year)
    series = series_in_lines(frame, year, likely)
    if series is None:
        if asked:  # rows that stand twice are named with their units
            return _Rows(frame, asked, year, {})
        raise no_unit_fault(frame, year)
    # A column for each series, if it is clear then which one is income.
    if series.figures and len(series.columns) == 1:
        wide = spread(frame, year, series)
        (column,) = series.columns
        named = list(series.columns[column])
        income = {given.get(key) for key in ("income", "output", "population")} - {None}
        of_series = series_labels(frame, series)
        if income <= set(wide) and (
            income or is_clear(wide, list(of_series), of_series)
        ):
            messages += [
                f"units: column {series.unit} (--unit)",
                f"{column} names {counted(len(named), 'series', 'series')}, each a"
                f" column now: {first_examples(named, 6)} (--where chooses one)",
            ]
            return _Rows(wide, series.unit, year, of_series)
    raise series_fault(frame, series)


def _check_given(frame: pd.DataFrame, given: Mapping[str, str | None]) -> None:
    faults = Faults()
    known = {*frame.columns, *dated_columns(list(frame.columns), 2)}
    # Values of such a column may be columns of the study.
    for column in frame.columns:
        if WORDS.series_column.fullmatch(column):
            known |= {without_note(text) for text in frame[column].unique()}
    for key, name in given.items():
        if name and not known.issuperset([name] if name in known else name.split("+")):
            faults.append(
                IngestError(
                    f"no column {name}, given by --{key}",
                    f"one of {first_examples(list(frame.columns), 12)}",
                    "correct it",
                )
            )
    faults.refuse()


def _within_years(
    frame: pd.DataFrame, years: list[int], messages: list[str]
) -> pd.DataFrame:
    inside = frame["year"].isin(years)
    held = sorted(set(frame["year"]))
    if inside.sum() == 0 or frame["year"][inside].nunique() < 2:
        raise IngestError(
            f"--years {years[0]} to {years[-1]} holds"
            f" {counted(frame['year'][inside].nunique(), 'year')} of the table",
            f"two or more of {held[0]} to {held[-1]}",
            "correct it",
        )
    if not inside.all():
        messages.append(f"rows of other years left out: {int((~inside).sum())}")
    return frame[inside].reset_index(drop=True)


def _as_numbers(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Write the figures of columns in one way, as text."""
    written = dict[str, list[str]]()
    for column in columns:
        numbers = numbers_of(frame[column])
        if numbers is not None:
            written[column] = [number_text(value) for value in numbers]
    return frame.assign(**written)


def _not_positive(frame: pd.DataFrame, income: Mapping[str, str]) -> list[IngestError]:
    """Return a fault for each column of income with figures that have no logarithm."""
    faults = list[IngestError]()
    for column in income.values():
        numbers = numbers_of(frame[column]) if column != TODO else None
        low = frame[numbers.le(0)] if numbers is not None else frame[:0]
        if len(low):
            named = [f"{row.unit} {row.year}" for row in low.itertuples()]
            faults.append(
                IngestError(
                    f"{column} has {counted(len(low), 'cell')} at or below zero"
                    f" ({first_examples(named)})",
                    "positive figures, for their logarithms",
                    "correct the cell or blank it",
                )
            )
    return faults


def _constant(frame: pd.DataFrame, column: str) -> bool:
    return bool(frame.groupby("unit")[column].nunique().le(1).all())


def _sorted_columns(
    frame: pd.DataFrame, name: str, messages: list[str], faults: Faults
) -> tuple[list[str], list[str]]:
    """Return the columns of figures by year, and those that describe units because they
    do not change.
    """
    figures = list[str]()
    constant = list[str]()
    dropped = list[str]()
    same = list[str]()
    for column in [c for c in frame.columns if c not in {"unit", "year", "_id", name}]:
        if frame[column].eq(frame["year"].astype(str)).all():
            continue  # the years once more
        held, wrong = no_numbers(frame[column])
        if frame[column].nunique() == 1 and not WORDS.people.fullmatch(column):
            same.append(column)
        elif numbers_of(frame[column]) is not None:
            # Constant figures describe units; population divides output of each year.
            still = _constant(frame, column) and not WORDS.people.fullmatch(column)
            (constant if still else figures).append(column)
        elif held.size and _constant(frame, column):
            constant.append(column)
        elif wrong.size < held.size / 2:
            where = f"{frame['unit'][wrong.index[0]]} {frame['year'][wrong.index[0]]}"
            cells = counted(wrong.size, "cell that is", "cells that are")
            words = f"{column} has {cells} no number ('{wrong.iloc[0]}', {where})"
            faults.append(
                IngestError(words, "a number or a blank cell", "correct the cell")
            )
        else:
            dropped.append(column)
    if constant:
        messages.append(
            "constant over the years, so they describe units:"
            f" {first_examples(constant, 6)}"
        )
    if same:
        messages.append(f"left out, the same in every row: {first_examples(same, 6)}")
    if dropped:
        messages.append(
            f"left out, neither numbers nor constant: {first_examples(dropped, 6)}"
        )
    # What is wrong with single cells tells more, where there are such cells.
    if not figures and not faults:
        raise IngestError(
            "no column of figures changes over the years"
            f" ({first_examples([*constant, *same, *dropped], 6)})",
            "a column of income",
            "give a table with income by unit and year",
        )
    return figures, constant


def _renamed(
    panel: pd.DataFrame,
    income: dict[str, str],
    titles: dict[str, str],
    messages: list[str],
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Rename columns that the panel computes itself under the same name."""
    free = {
        income.get("column"): "income",
        income.get("output"): "output_real",
        income.get("population"): "population",
    }
    new = {
        name: f"{name}_given"
        for name in panel
        if name in COMPUTED and free.get(name) != name
    }
    if new:
        messages.append(
            "renamed, because the panel computes these:"
            f" {', '.join(f'{a} to {b}' for a, b in new.items())}"
        )
        titles |= {b: a for a, b in new.items()}
    return panel.rename(columns=new), {
        key: new.get(name, name) for key, name in income.items()
    }
