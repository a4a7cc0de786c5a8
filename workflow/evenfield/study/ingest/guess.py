"""Find out how a table of anyone's is built: keys, step, names of units, constant
columns, income; say why.
"""

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evenfield.study.config_files import TODO
from evenfield.study.errors import (
    Faults,
    IngestError,
    counted,
    first_examples,
    nearest,
)
from evenfield.study.ingest.any_table import (
    ANY_NUMBER,
    MISSING,
    AnyTable,
    number_text,
    numbers_of,
)
from evenfield.study.ingest.income_column import income_columns
from evenfield.study.ingest.totals import totals_among
from evenfield.study.tables import NUMERIC

WORDS = {
    "year": (
        r"year|yr|jahr|ano|año|annee|année|anno|date|time|time_?period|period|wave|t|年份|年度|年"
    ),
    "unit": (
        r"(unit|state|region|province|prov|district|county|department|departamento|municipality|"
        r"country|prefecture|city|nuts\d?|geo|fips|iso\d?|abbr|id|code)"
        r"(_?(id|code|no|abbr|iso\d?))?|地区|省份|城市"
    ),
    "name": (
        r"(.*[_"
        r" ])?name|label|state|region|province|district|county|department|municipality|country|city"
    ),
    "lat": r"(.*_)?(lat|latitude|latitud|breite)(_?(dd|deg|wgs84))?|y_?coord|coord_?y",
    "lon": (
        r"(.*_)?(lon|lng|long|longitude|longitud|laenge|länge)(_?(dd|deg|wgs84))?|"
        r"x_?coord|coord_?x"
    ),
    "population": (
        r".*(population|people|poblacion|población|inhabitants|residents|人口).*|po[bp]\d*|n"
    ),
}
# Also 2005.0, 2005年, and a date at the beginning or the end of the year.
YEAR_CELL = re.compile(
    r"(1[5-9]\d\d|20\d\d|21\d\d)(\.0*|年|[-/](0?1|12)[-/](0?1|31).*)?"
)
# Headers of wide tables: gdp_2005, 2005年, or 2005 [YR2005] of the World Bank.
YEAR_COLUMN = re.compile(r"(.*?)[ _.]?(1[5-9]\d\d|20\d\d)(?:年|\s*\[YR\d{4}\])?")
# What may stand before a year in a header and names no figure.
BARE = {"", "y", "yr", "year", "x", "fy", "value"}
COMPUTED = (
    "basis log_income income output_real population growth_pct relative_log_income"
    " output_share relative_log_income_unweighted population_share"
).split()
YEAR = "_year"  # of a wide table


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
    titles: dict[str, str]  # our name of a column and the user's, where they differ
    labels: dict[str, str]  # what a column holds, as the user's file says
    unit_name: str
    order: list[str]  # ids of units as the file first names them
    perhaps: list[str]  # columns that may be income, where it is not clear
    messages: list[str] = field(default_factory=list)


def known_as(kind: str, names: Iterable[str]) -> list[str]:
    """Return the names that are common ones of a kind of column."""
    return [
        name
        for name in names
        if re.fullmatch(
            WORDS[kind],
            name.strip(),
            re.IGNORECASE,
        )
    ]


@dataclass(frozen=True)
class Choices:
    """What the user says of rows and figures beyond the columns."""

    where: Sequence[str] = ()  # COLUMN=VALUE: the rows that are kept
    leave_out: Sequence[str] = ()  # ids or names of units
    keep_totals: bool = False
    logs: bool | None = None  # whether income is a logarithm; None: not said


def guess(
    table: AnyTable, given: Mapping[str, str | None], choices: Choices | None = None
) -> Guessed:
    """Bring a table into form; ``given`` names columns (unit, year, income, output,
    population) as far as known.
    """
    choices = choices or Choices()
    messages = list(table.messages)
    faults = Faults()
    rows = rows_where(table.frame, choices.where, messages)
    stems = _stems(rows, 2)
    for key, name in given.items():
        if name and name not in rows and name not in stems:
            faults.append(
                _fault(
                    f"no column {name}, given by --{key}",
                    _listed(list(rows.columns)),
                    "correct it",
                )
            )
    faults.refuse()
    frame, year = long_table(rows, given, messages)
    unit = given.get("unit") or _unit_column(frame, year, messages)
    frame = _keyed(frame, unit, year, messages, faults)
    order = list(dict.fromkeys(frame["unit"]))
    name = _name_column(frame)
    if "name" in frame and name != "name":
        frame = frame.rename(columns={"name": "name_given"})
    names = frame.drop_duplicates("unit").set_index("unit")[name or "_id"]
    frame = _without(frame, names, choices, messages)
    frame = frame.sort_values(["unit", "year"], ignore_index=True)
    figures, constant = _sorted_columns(frame, name, messages, faults)
    with faults.caught():
        chosen = income_columns(frame, figures, given, table.labels, choices.logs)
        messages += chosen.messages
        income = chosen.columns
        frame = frame.assign(**chosen.levels)
        figures = [*figures, *chosen.levels]
        for column in [name for name in income.values() if name != TODO]:
            numbers = numbers_of(frame[column])
            low = frame[numbers.le(0)] if numbers is not None else frame[:0]
            if len(low):
                named = first_examples(
                    [f"{row.unit} {row.year}" for row in low.itertuples()]
                )
                words = (
                    f"{column} has {counted(len(low), 'cell')} at or below zero"
                    f" ({named})"
                )
                faults.append(
                    _fault(
                        words,
                        "positive figures, for their logarithms",
                        "correct the cell or blank it",
                    )
                )
    faults.refuse()
    units = frame.drop_duplicates("unit").assign(name=lambda rows: rows[name or "_id"])[
        ["unit", "name", *constant]
    ]
    panel = frame[["unit", "year", *figures]].copy()
    for part, columns in ((panel, figures), (units, constant)):
        for column in columns:
            if (numbers := numbers_of(part[column])) is not None:
                part[column] = [number_text(value) for value in numbers]
    titles = {
        "unit": unit,
        "year": "" if year == YEAR else year,
        "name": name,
    }
    titles |= chosen.titles
    placed = with_coordinates(units)
    renamed = zip(placed.columns, units.columns, strict=True)
    titles |= {new: old for new, old in renamed if new != old}
    units = placed
    panel, years, step = _balanced(panel, income, messages)
    panel, income = _renamed(panel, income, titles, messages)
    units = units[units["unit"].isin(panel["unit"])].sort_values(
        "unit", ignore_index=True
    )
    titles = {
        ours: theirs for ours, theirs in titles.items() if theirs and ours != theirs
    }
    word = re.sub(
        r"[ _]?(name|id|code|abbr|no)$",
        "",
        (name or unit).lower(),
    ).strip()
    unit_name = (
        word if re.fullmatch(r"[^\W\d_]{4,}", word) and word != "unit" else "unit"
    )
    return Guessed(
        panel=panel,
        units=units,
        years=years,
        step=step,
        income=income,
        titles=titles,
        labels=table.labels,
        unit_name=unit_name,
        order=order,
        perhaps=chosen.perhaps,
        messages=messages,
    )


def with_coordinates(units: pd.DataFrame) -> pd.DataFrame:
    """Name columns of degrees ``lat`` and ``lon``; others, as of metres, keep theirs."""
    names = dict[str, str]()
    for kind, limit in (("lat", 90), ("lon", 180)):
        for column in known_as(kind, units.columns):
            numbers = numbers_of(units[column])
            if numbers is not None and numbers.abs().max() <= limit:
                names.setdefault(kind, column)
    # One coordinate alone places nothing: both or none.
    if set(names) != {"lat", "lon"}:
        names = {}
    chosen = {column: kind for kind, column in names.items()}
    # Another column of a name that has a meaning of its own in units.csv.
    others = {
        column: f"{column}_given"
        for column in set(NUMERIC["units"]) & set(units.columns) - set(chosen)
        if numbers_of(units[column]) is None or column in {"lat", "lon"}
    }
    return units.rename(columns={**others, **chosen})


def rows_where(
    frame: pd.DataFrame, conditions: Sequence[str], messages: list[str]
) -> pd.DataFrame:
    """Keep the rows that have, in each column named, one of the values asked for."""
    wanted = dict[str, list[str]]()
    for condition in conditions:
        column, _, value = condition.partition("=")
        if column.strip() not in frame or "=" not in condition:
            raise _fault(
                f"--where {condition} names no column",
                f"COLUMN=VALUE with {_listed(list(frame.columns))}",
                "correct it",
            )
        wanted.setdefault(column.strip(), []).append(value.strip())
    for column, values in wanted.items():
        cells = frame[column].str.strip()
        held = list(dict.fromkeys(cells))
        missing = [value for value in values if value not in set(held)]
        if missing:
            raise _fault(
                f"no row has {missing[0]} in {column}, given by --where",
                _listed(held),
                "correct it",
            )
        chosen = cells.isin(values)
        messages.append(
            f"rows with {' or '.join(values)} in {column}: {int(chosen.sum())} of"
            f" {len(frame)}"
        )
        frame = frame[chosen].reset_index(drop=True)
        if len(values) == 1:
            frame = frame.drop(columns=column)
    return frame


def _without(
    frame: pd.DataFrame, names: pd.Series, choices: Choices, messages: list[str]
) -> pd.DataFrame:
    """Leave out the units that the user names, and totals of others."""
    name_of = {str(unit): str(name) for unit, name in names.items()}
    first = frame.drop_duplicates("unit")
    written = dict(
        zip(
            first["unit"],
            first["_id"],
            strict=True,
        )
    )
    shown = {
        unit: unit if name in {unit, written[unit]} else f"{unit} {name}"
        for unit, name in name_of.items()
    }
    texts = dict[str, list[str]]()
    for unit, name in name_of.items():
        for text in {
            unit.casefold(),
            name.casefold(),
            written[unit].casefold(),
        }:
            texts.setdefault(text, []).append(unit)
    out = list[str]()
    for asked in choices.leave_out:
        units = texts.get(asked.strip().casefold(), [])
        if len(units) != 1:
            fault = "is no unit" if not units else f"names {len(units)} units"
            raise _fault(
                f"{asked}, given by --leave-out, {fault}",
                "an id or a name of the table",
                nearest(
                    asked,
                    [*name_of, *name_of.values()],
                    "correct it",
                ),
            )
        out += units
    if out:
        messages.append(
            f"left out, as asked: {first_examples([shown[unit] for unit in out], 6)}"
        )
        frame = frame[~frame["unit"].isin(out)]
        names = names.drop(out)
    figures = [
        column
        for column in frame.columns.difference(
            ["unit", "year", "_id"],
            sort=False,
        )
        if numbers_of(frame[column]) is not None
    ]
    totals = totals_among(frame, names, figures)
    if not totals:
        return frame
    listed = first_examples(
        [f"{shown[unit]} ({why})" for unit, why in totals.items()], 6
    )
    looks = "looks like a total" if len(totals) == 1 else "look like totals"
    if choices.keep_totals:
        messages.append(
            f"{counted(len(totals), 'unit')} {looks} and {_is(len(totals))} kept: {listed}"
        )
        return frame
    # A panel needs three units: if fewer would remain, the signs mislead.
    if len(names) - len(totals) < 3:
        messages.append(f"{counted(len(totals), 'unit')} {looks}: {listed}")
        return frame
    messages.append(
        f"{counted(len(totals), 'unit')} {looks} of others, left out (--keep-totals"
        f" keeps): {listed}"
    )
    return frame[~frame["unit"].isin(totals)]


def _fault(fault: str, expected: str, action: str) -> IngestError:
    return IngestError(fault, expected, action)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _listed(names: list[str]) -> str:
    return f"one of {first_examples(names, 12)}"


def _stems(frame: pd.DataFrame, least: int) -> dict[str, dict[str, int]]:
    """Return the names before a year in the names of columns, with these columns and
    their years.
    """
    out: dict[str, dict[str, int]] = {}
    for column in frame.columns:
        if match := YEAR_COLUMN.fullmatch(column):
            stem = match[1].strip(" _.")
            out.setdefault("value" if stem.lower() in BARE else stem, {})[column] = int(
                match[2]
            )
    return {stem: columns for stem, columns in out.items() if len(columns) >= least}


def long_table(
    frame: pd.DataFrame,
    given: Mapping[str, str | None],
    messages: list[str],
    least: int = 2,
) -> tuple[pd.DataFrame, str]:
    """Return the table with one row per unit and year, and the column of years; a wide
    one has ``least`` years.
    """
    frame = frame.rename(columns={YEAR: "year_given", "_row": "row_given"})
    stems = _stems(frame, least)
    wide = {column for columns in stems.values() for column in columns}
    held = [name for name in frame.columns if name not in wide]
    dated = [
        name
        for name in held
        if frame[name].str.strip().str.fullmatch(YEAR_CELL.pattern).all()
    ]
    # Columns of years that vary, and those that hold one year throughout.
    dated, once = (
        [name for name in dated if (frame[name].nunique() > 1) is many]
        for many in (True, False)
    )
    # A usual name decides; without one, only a single column of years does.
    likely = known_as("year", dated) or (dated if len(dated) == 1 else [])
    if year := given.get("year") or next(iter(likely), ""):
        messages.append(
            f"years: column {year}"
            + ("" if given.get("year") else ", by its name or its cells")
        )
        return frame, year
    if not stems:
        fault = f"no column of years among {first_examples(list(frame.columns), 6)}"
        fault = f"{once[0]} holds one year" if known_as("year", once) else fault
        raise _fault(
            fault,
            "the year of each row, or a column for each year",
            "name it with --year, or add it",
        )
    messages.append(
        "wide table:"
        f" {', '.join(f'{stem} in {len(names)} years' for stem, names in stems.items())}"
    )
    parts = []
    for stem, columns in stems.items():
        part = pd.DataFrame(
            frame[list(columns)].set_axis(list(columns.values()), axis=1).stack()
        )
        parts.append(part.rename_axis(["_row", YEAR]).set_axis([stem], axis=1))
    tall = pd.concat(parts, axis=1).fillna("").reset_index(YEAR)
    return tall.join(frame[held]).astype({YEAR: str}).reset_index(drop=True), YEAR


def _unit_column(
    frame: pd.DataFrame,
    year: str,
    messages: list[str],
) -> str:
    others = [name for name in frame.columns if name != year]
    keys = [name for name in others if _is_key(frame, name, year)]
    # Figures may tell rows apart by chance: a column of numbers needs a usual header.
    keys = [
        name
        for name in keys
        if numbers_of(frame[name]) is None or known_as("unit", [name])
    ]
    if not keys:
        # Whole numbers that each stand once in every year, as ids do and figures hardly.
        counts = [name for name in others if _counts_units(frame, name, year)]
        keys = counts if len(counts) == 1 else []
    if not keys:
        first = next(iter(known_as("unit", others)), others[0] if others else year)
        twice = int(frame.duplicated([first, year]).sum())
        blank = int(frame[first].str.strip().eq("").sum())
        why = list[str]()
        if twice:
            stands = "stands" if twice == 1 else "stand"
            why.append(f"{counted(twice, 'row')} {stands} twice")
        if blank:
            why.append(f"{counted(blank, 'row')} {_is(blank)} blank")
        why = why or [f"{frame[first].nunique()} units in {len(frame)} rows"]
        if len(counts) > 1:
            raise _fault(
                f"no column is surely that of the units ({first_examples(counts, 6)})",
                "one column of ids or names",
                f"name it, for example with --unit {counts[0]}",
            )
        words = f"no column names each unit once a year ({first}: {' and '.join(why)})"
        layers = _layers(frame, first, year)
        if layers:
            column, values = layers
            firsts = list(dict.fromkeys(frame[first].str.strip()))
            if len(values) > len(firsts):
                column = first
                values = firsts
            raise _fault(
                f"{words}; {column} has {first_examples(values, 6)}",
                "one row per unit and year",
                f"choose one, for example with --where '{column}={values[0]}'"
                if " " in f"{column}{values[0]}"
                else f"choose one, for example with --where {column}={values[0]}",
            )
        raise _fault(
            words,
            "one row per unit and year",
            "name the column with --unit, or remove what stands twice",
        )
    same = [name for name in keys if frame.groupby(name)[keys[0]].nunique().eq(1).all()]
    # Ids have no blanks: of such columns usual headers first, then the shortest texts.
    plain = [
        name for name in same if not frame[name].str.strip().str.contains(r"\s").any()
    ]
    unit = min(
        known_as("unit", plain) or plain or same,
        key=lambda n: (frame[n].str.len().mean(), same.index(n)),
    )
    too = (
        f" (so do {first_examples([n for n in keys if n != unit])})"
        if len(keys) > 1
        else ""
    )
    messages.append(f"units: column {unit}, each stands once a year{too}")
    return unit


def _counts_units(
    frame: pd.DataFrame,
    name: str,
    year: str,
) -> bool:
    cells = frame[name].str.strip()
    return bool(
        cells.str.fullmatch(r"\d+(\.0+)?").all()
        and _is_key(frame, name, year)
        and cells.value_counts().nunique() == 1
    )


def _layers(
    frame: pd.DataFrame,
    unit: str,
    year: str,
) -> tuple[str, list[str]] | None:
    """Return a column of text whose values tell apart the rows of a unit and year."""
    for column in frame.columns:
        values = list(dict.fromkeys(frame[column].str.strip()))
        if (
            column not in {unit, year}
            and 2 <= len(values) <= 60
            and numbers_of(frame[column]) is None
            and not frame.duplicated([unit, year, column]).any()
        ):
            return column, values
    return None


def _is_key(
    frame: pd.DataFrame,
    name: str,
    year: str,
) -> bool:
    column = frame[name].str.strip()
    # NA can be an id, as of Namibia.
    filled = not column.str.lower().isin(MISSING - {"na"}).any()
    return (
        filled
        and 1 < column.nunique() <= len(frame) / 2
        and not frame.duplicated([name, year]).any()
    )


def _keyed(
    frame: pd.DataFrame, unit: str, year: str, messages: list[str], faults: Faults
) -> pd.DataFrame:
    cells = frame[year].str.strip()
    shown = frame[unit].str.strip()
    if (wrong := cells[~cells.str.fullmatch(YEAR_CELL.pattern)]).size:
        faults.append(
            _fault(
                f"{year} has {counted(wrong.size, 'cell')} that {_is(wrong.size)} no year"
                f" ('{wrong.iloc[0]}')",
                "years",
                "correct it",
            )
        )
    if shown.str.fullmatch(r"\d+\.0+").all():
        shown = shown.str.replace(r"\.0+$", "", regex=True)
    ids = shown.str.replace(r"\s+", "_", regex=True)
    if ids.eq("").any():
        faults.append(
            _fault(
                f"{unit} is blank in {counted(int(ids.eq('').sum()), 'row')}",
                "a unit in each",
                "fill the cell",
            )
        )
    if ids.nunique() != shown.nunique():
        faults.append(
            _fault(
                f"{unit} has names that differ only in blanks",
                "one name for one unit",
                "correct it",
            )
        )
    faults.refuse()
    if ids.ne(shown).any():
        messages.append("ids of units have _ in place of blanks; the names keep theirs")
    # Another column of these names is not that of the study.
    others = frame.drop(columns=[unit, year])
    taken = ("unit", "year", "_id")
    others = others.rename(columns={name: f"{name}_given" for name in taken})
    out = others.assign(
        unit=ids,
        year=cells.str[:4].astype(int),
        _id=shown,
    )
    if len(twice := out[out.duplicated(["unit", "year"])]):
        named = [f"{row.unit} {row.year}" for row in twice.itertuples()]
        stands = "stands" if len(named) == 1 else "stand"
        words = f"{counted(len(named), 'row')} {stands} twice ({first_examples(named)})"
        faults.append(
            _fault(
                words,
                "one row per unit and year",
                "remove them, or see --unit and --year",
            )
        )
    return out


def _constant(frame: pd.DataFrame, column: str) -> bool:
    return bool(frame.groupby("unit")[column].nunique().le(1).all())


def _name_column(frame: pd.DataFrame) -> str:
    count = frame["unit"].nunique()
    others = [
        c
        for c in frame.columns
        if c not in {"unit", "year", "_id"} and numbers_of(frame[c]) is None
    ]
    same = [
        c
        for c in others
        if frame[c].nunique() == count and _constant(frame, c) and frame[c].ne("").all()
    ]
    return next(iter([*known_as("name", same), *same]), "")


def no_numbers(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the cells of a column of text that are not missing, and those of them that
    are no number.
    """
    cells = column.str.strip()
    held = cells[~cells.str.lower().isin(MISSING)]
    wrong = held[~held.str.fullmatch(ANY_NUMBER)]
    if wrong.empty and numbers_of(column) is None and len(held):
        # Commas and points are both decimal somewhere: the rarer one is odd.
        commas = held.str.contains(",", regex=False)
        wrong = held[commas] if commas.mean() <= 0.5 else held[~commas]
    return held, wrong if len(wrong) or numbers_of(column) is not None else held


def _sorted_columns(
    frame: pd.DataFrame, name: str, messages: list[str], faults: Faults
) -> tuple[list[str], list[str]]:
    """Return the columns of figures by year, and those that describe units because they
    do not change.
    """
    figures = list[str]()
    constant = list[str]()
    dropped = list[str]()
    for column in [
        c
        for c in frame.columns
        if c
        not in {
            "unit",
            "year",
            "_id",
            name,
        }
    ]:
        held, wrong = no_numbers(frame[column])
        if numbers_of(frame[column]) is not None:
            # Constant figures describe units; population divides output of each year.
            still = _constant(frame, column) and not known_as("population", [column])
            (constant if still else figures).append(column)
        elif held.size and _constant(frame, column):
            constant.append(column)
        elif wrong.size < held.size / 2:
            where = f"{frame['unit'][wrong.index[0]]} {frame['year'][wrong.index[0]]}"
            words = (
                f"{column} has {counted(wrong.size, 'cell')} that {_is(wrong.size)} no"
                f" number ('{wrong.iloc[0]}', {where})"
            )
            faults.append(_fault(words, "a number or a blank cell", "correct the cell"))
        else:
            dropped.append(column)
    if constant:
        messages.append(
            "constant over the years, so they describe units:"
            f" {first_examples(constant, 6)}"
        )
    if dropped:
        messages.append(
            f"left out, neither numbers nor constant: {first_examples(dropped, 6)}"
        )
    return figures, constant


def _balanced(
    panel: pd.DataFrame, income: Mapping[str, str], messages: list[str]
) -> tuple[pd.DataFrame, tuple[int, int], int]:
    """Give every unit every year and keep the years and units that have most incomes
    without a gap.
    """
    years = sorted(set(panel["year"]))
    needed = [name for name in income.values() if name != TODO]
    if len(years) < 2 or panel["unit"].nunique() < 3:
        words = (
            f"{counted(panel['unit'].nunique(), 'unit')} and"
            f" {counted(len(years), 'year')}"
        )
        raise _fault(
            words,
            "three units and two years",
            "give a longer table, or see --unit and --year",
        )
    # The greatest step that meets every year; a year left out does not change it.
    step = math.gcd(*(b - a for a, b in itertools.pairwise(years)))
    grid = list(
        range(
            years[0],
            years[-1] + 1,
            step,
        )
    )
    units = sorted(set(panel["unit"]))
    full = panel.set_index(["unit", "year"]).reindex(
        pd.MultiIndex.from_product([units, grid], names=["unit", "year"])
    )
    numbers = full.fillna("")[needed].apply(
        lambda column: pd.to_numeric(column.mask(column.eq("")))
    )
    held = (
        (numbers.notna().all(axis=1) if needed else full.notna().any(axis=1))
        .to_numpy()
        .reshape(len(units), -1)
    )
    first, last, in_block = _largest_block(held)
    left_out = [
        unit
        for unit, stays in zip(
            units,
            in_block,
            strict=True,
        )
        if not stays
    ]
    if left_out:
        messages.append(
            f"{counted(len(left_out), 'unit')} with gaps in income left out:"
            f" {first_examples(left_out, 6)}"
        )
    if (first, last) != (0, len(grid) - 1):
        messages.append(
            f"panel.years is {grid[first]} to {grid[last]}, without a gap in income;"
            " data/ holds all years"
        )
    if in_block.sum() < 3 or first == last:
        raise _fault(
            "income has too many gaps",
            "three units with two years in common",
            "fill gaps, or see --income",
        )
    every = "every year" if step == 1 else f"every {step} years"
    messages.append(
        f"{int(in_block.sum())} units, {grid[first]} to {grid[last]}, {every}"
    )
    out = full.fillna("").reset_index()
    return (
        out[~out["unit"].isin(left_out)].reset_index(drop=True),
        (grid[first], grid[last]),
        step,
    )


def _largest_block(held: np.ndarray) -> tuple[int, int, np.ndarray]:
    """Return first and last column and the rows of the largest block without a gap;
    held (N, T).
    """
    # Years held up to each column, so that one difference counts those of a span.
    total = np.concatenate(
        [np.zeros((len(held), 1), int), np.cumsum(held, axis=1)], axis=1
    )
    length = held.shape[1]
    best = -1
    largest = (
        0,
        length - 1,
        np.asarray(held.all(axis=1)),
    )
    for first in range(length):
        for last in range(first + 1, length):
            rows = np.asarray(total[:, last + 1] - total[:, first] == last - first + 1)
            size = int(rows.sum()) * (last - first + 1) if rows.sum() >= 3 else 0
            if size > best:
                best = size
                largest = (first, last, rows)
    return largest


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
