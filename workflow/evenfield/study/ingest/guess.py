"""Find out how a table of anyone's is built: keys, step, names of units, constant
columns, income; say why.
"""

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evenfield.study.config import TODO
from evenfield.study.errors import Faults, IngestError, first_examples
from evenfield.study.ingest.any_table import (
    ANY_NUMBER,
    MISSING,
    AnyTable,
    number_text,
    numbers_of,
)

WORDS = {
    "year": (
        r"year|yr|jahr|ano|año|annee|année|anno|date|time|time_?period|period|wave|t|年份|年度|年"
    ),
    "unit": (
        r"(unit|state|region|province|prov|district|county|department|departamento|municipality|country|"
        r"prefecture|city|nuts\d?|geo|fips|iso\d?|abbr|id|code)(_?(id|code|no|abbr|iso\d?))?|地区|省份|城市"
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
    "income": (
        r".*(income|per.?cap|per.?head|percap|gdp.?pc|gdppc|pc.?gdp|pcinc|pci|rgdpl|gsp.?pc|pcgsp|grp.?pc|wage"
        r"|ingreso|人均).*|y|inc"
    ),
    "population": (
        r".*(population|people|poblacion|población|inhabitants|residents|人口).*|po[bp]\d*|n"
    ),
    "output": r".*(output|gdp|gsp|grp|gva|value.?added|生产总值|pib).*|va",
}
YEAR_CELL = re.compile(
    r"(1[5-9]\d\d|20\d\d|21\d\d)(\.0*|年|[-/](0?1|12)[-/](0?1|31).*)?"
)
YEAR_COLUMN = re.compile(r"(.*?)[ _.]?(1[5-9]\d\d|20\d\d)(?:年|\s*\[YR\d{4}\])?")
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
    said: list[str] = field(default_factory=list)


def known_as(kind: str, names: Iterable[str]) -> list[str]:
    """Return the names that are common ones of a kind of column."""
    return [
        name for name in names if re.fullmatch(WORDS[kind], name.strip(), re.IGNORECASE)
    ]


def guess(table: AnyTable, given: Mapping[str, str | None]) -> Guessed:
    """Bring a table into form; ``given`` names columns (unit, year, income, output,
    population) as far as known.
    """
    said = list(table.said)
    faults = Faults()
    stems = _stems(table.frame, 2)
    for key, name in given.items():
        if name and name not in table.frame and name not in stems:
            faults.append(
                _fault(
                    f"no column {name}, given by --{key}",
                    _listed(list(table.frame.columns)),
                    "correct it",
                )
            )
    faults.refuse()
    frame, year = long_table(table.frame, given, said)
    unit = given.get("unit") or _unit_column(frame, year, said)
    frame = _keyed(frame, unit, year, said, faults)
    order = list(dict.fromkeys(frame["unit"]))
    frame = frame.sort_values(["unit", "year"], ignore_index=True)
    name = _name_column(frame)
    figures, constant = _sorted_columns(frame, name, said, faults)
    with faults.caught():
        income = _income(figures, given, table.labels, said)
        for column in [name for name in income.values() if name != TODO]:
            numbers = numbers_of(frame[column])
            low = frame[numbers.le(0)] if numbers is not None else frame[:0]
            if len(low):
                named = first_examples(
                    [f"{row.unit} {row.year}" for row in low.itertuples()]
                )
                words = f"{column} has {len(low)} cell at or below zero ({named})"
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
    titles = {"unit": unit, "year": "" if year == YEAR else year, "name": name}
    placed = with_coordinates(units)
    renamed = zip(placed.columns, units.columns, strict=True)
    titles |= {new: old for new, old in renamed if new != old}
    units = placed
    panel, years, step = _balanced(panel, income, said)
    panel, income = _renamed(panel, income, titles, said)
    units = units[units["unit"].isin(panel["unit"])].sort_values(
        "unit", ignore_index=True
    )
    titles = {
        ours: theirs for ours, theirs in titles.items() if theirs and ours != theirs
    }
    word = re.sub(r"[ _]?(name|id|code|abbr|no)$", "", (name or unit).lower()).strip()
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
        said=said,
    )


def with_coordinates(units: pd.DataFrame) -> pd.DataFrame:
    """Name columns of degrees ``lat`` and ``lon``; others, as of metres, keep theirs."""
    names = dict[str, str]()
    for kind, limit in (("lat", 90), ("lon", 180)):
        for column in known_as(kind, units.columns):
            numbers = numbers_of(units[column])
            if numbers is not None and numbers.abs().max() <= limit:
                names.setdefault(kind, column)
    if set(names) != {"lat", "lon"}:
        return units
    return units.rename(columns={column: kind for kind, column in names.items()})


def _fault(found: str, expected: str, action: str) -> IngestError:
    return IngestError(found, expected, action)


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
    said: list[str],
    least: int = 2,
) -> tuple[pd.DataFrame, str]:
    """Return the table with one row per unit and year, and the column of years; a wide
    one has ``least`` years.
    """
    stems = _stems(frame, least)
    wide = {column for columns in stems.values() for column in columns}
    held = [name for name in frame.columns if name not in wide]
    dated = [
        name
        for name in held
        if frame[name].str.strip().str.fullmatch(YEAR_CELL.pattern).all()
    ]
    dated, once = (
        [name for name in dated if (frame[name].nunique() > 1) is many]
        for many in (True, False)
    )
    likely = known_as("year", dated) or (dated if len(dated) == 1 else [])
    if year := given.get("year") or next(iter(likely), ""):
        said.append(
            f"years: column {year}"
            + ("" if given.get("year") else ", by its name or its cells")
        )
        return frame, year
    if not stems:
        found = f"no column of years among {first_examples(list(frame.columns), 6)}"
        found = f"{once[0]} holds one year" if known_as("year", once) else found
        raise _fault(
            found,
            "the year of each row, or a column for each year",
            "name it with --year, or add it",
        )
    said.append(
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


def _unit_column(frame: pd.DataFrame, year: str, said: list[str]) -> str:
    others = [name for name in frame.columns if name != year]
    found = [name for name in others if _is_key(frame, name, year)]
    found = [
        name
        for name in found
        if numbers_of(frame[name]) is None or known_as("unit", [name])
    ]
    if not found:
        first = next(iter(known_as("unit", others)), others[0] if others else year)
        counts = {
            "stand twice": frame.duplicated([first, year]),
            "are blank": frame[first].str.strip().eq(""),
        }
        why = [
            f"{int(rows.sum())} rows {what}"
            for what, rows in counts.items()
            if rows.any()
        ]
        why = why or [f"{frame[first].nunique()} units in {len(frame)} rows"]
        words = f"no column names each unit once a year ({first}: {' and '.join(why)})"
        raise _fault(
            words,
            "one row per unit and year",
            "name the column with --unit, or remove what stands twice",
        )
    same = [
        name for name in found if frame.groupby(name)[found[0]].nunique().eq(1).all()
    ]
    plain = [
        name for name in same if not frame[name].str.strip().str.contains(r"\s").any()
    ]
    unit = min(
        known_as("unit", plain) or plain or same,
        key=lambda n: (frame[n].str.len().mean(), same.index(n)),
    )
    too = (
        f" (so do {first_examples([n for n in found if n != unit])})"
        if len(found) > 1
        else ""
    )
    said.append(f"units: column {unit}, each stands once a year{too}")
    return unit


def _is_key(frame: pd.DataFrame, name: str, year: str) -> bool:
    column = frame[name].str.strip()
    filled = not column.str.lower().isin(MISSING - {"na"}).any()
    return (
        filled
        and 1 < column.nunique() <= len(frame) / 2
        and not frame.duplicated([name, year]).any()
    )


def _keyed(
    frame: pd.DataFrame, unit: str, year: str, said: list[str], faults: Faults
) -> pd.DataFrame:
    cells = frame[year].str.strip()
    shown = frame[unit].str.strip()
    if (wrong := cells[~cells.str.fullmatch(YEAR_CELL.pattern)]).size:
        faults.append(
            _fault(
                f"{year} has {wrong.size} cell that is no year ('{wrong.iloc[0]}')",
                "years",
                "correct it",
            )
        )
    ids = shown.str.replace(r"\s+", "_", regex=True)
    if ids.eq("").any():
        faults.append(
            _fault(
                f"{unit} is blank in {int(ids.eq('').sum())} rows",
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
        said.append("ids of units have _ in place of blanks; the names keep theirs")
    out = frame.drop(columns=[unit, year]).assign(
        unit=ids, year=cells.str[:4].astype(int), _id=shown
    )
    if len(twice := out[out.duplicated(["unit", "year"])]):
        named = [f"{row.unit} {row.year}" for row in twice.itertuples()]
        words = f"{len(named)} rows stand twice ({first_examples(named)})"
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
    return held, held[~held.str.fullmatch(ANY_NUMBER)]


def _sorted_columns(
    frame: pd.DataFrame, name: str, said: list[str], faults: Faults
) -> tuple[list[str], list[str]]:
    """Return the columns of figures by year, and those that describe units because they
    do not change.
    """
    figures = list[str]()
    constant = list[str]()
    dropped = list[str]()
    for column in [c for c in frame.columns if c not in {"unit", "year", "_id", name}]:
        held, wrong = no_numbers(frame[column])
        if numbers_of(frame[column]) is not None:
            still = _constant(frame, column) and not known_as("population", [column])
            (constant if still else figures).append(column)
        elif held.size and _constant(frame, column):
            constant.append(column)
        elif wrong.size < held.size / 2:
            where = f"{frame['unit'][wrong.index[0]]} {frame['year'][wrong.index[0]]}"
            words = (
                f"{column} has {wrong.size} cell that is no number ('{wrong.iloc[0]}',"
                f" {where})"
            )
            faults.append(_fault(words, "a number or a blank cell", "correct the cell"))
        else:
            dropped.append(column)
    if constant:
        said.append(
            "constant over the years, so they describe units:"
            f" {first_examples(constant, 6)}"
        )
    if dropped:
        said.append(
            f"left out, neither numbers nor constant: {first_examples(dropped, 6)}"
        )
    return figures, constant


def _income(
    figures: list[str],
    given: Mapping[str, str | None],
    labels: Mapping[str, str],
    said: list[str],
) -> dict[str, str]:
    asked = {
        key: name
        for key in ("income", "output", "population")
        if (name := given.get(key))
    }
    if wrong := [name for name in asked.values() if name not in figures]:
        words = (
            f"{first_examples(wrong)} is no column of figures that change over the"
            " years"
        )
        raise _fault(words, _listed(figures), "correct the flag or the cells")
    if asked and set(asked) not in ({"income"}, {"output", "population"}):
        words = f"the flags {', '.join(f'--{key}' for key in asked)}"
        raise _fault(
            words, "--income, or --output and --population", "give one of these"
        )
    if asked:
        return {"column": asked["income"]} if "income" in asked else asked
    people = known_as("population", figures)
    output = [name for name in known_as("output", figures) if name not in people]
    perhaps = known_as("income", figures) or [
        n for n in figures if known_as("income", [labels.get(n, "")])
    ]
    if not perhaps and len(output) == 1 and len(people) == 1:
        said.append(f"income: {output[0]} over {people[0]}, by their names")
        return {"output": output[0], "population": people[0]}
    alone = [name for name in figures if name not in people]
    if len(perhaps) == 1 or (len(alone) == 1 and not people):
        why = "by its name or label" if perhaps else "the only figures"
        said.append(f"income per head: column {(perhaps or alone)[0]}, {why}")
        return {"column": (perhaps or alone)[0]}
    said.append(f"income is not clear: perhaps {first_examples(perhaps or figures, 6)}")
    return {"column": TODO}


def _balanced(
    panel: pd.DataFrame, income: Mapping[str, str], said: list[str]
) -> tuple[pd.DataFrame, tuple[int, int], int]:
    """Give every unit every year and keep the years and units that have most incomes
    without a gap.
    """
    years = sorted(set(panel["year"]))
    needed = [name for name in income.values() if name != TODO]
    if len(years) < 2 or panel["unit"].nunique() < 3:
        words = f"{panel['unit'].nunique()} units and {len(years)} years"
        raise _fault(
            words,
            "three units and two years",
            "give a longer table, or see --unit and --year",
        )
    step = math.gcd(*(b - a for a, b in itertools.pairwise(years)))
    grid = list(range(years[0], years[-1] + 1, step))
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
    first, last, kept = _largest_block(held)
    gone = [unit for unit, stays in zip(units, kept, strict=True) if not stays]
    if gone:
        said.append(
            f"{len(gone)} units with gaps in income left out: {first_examples(gone, 6)}"
        )
    if (first, last) != (0, len(grid) - 1):
        said.append(
            f"panel.years is {grid[first]} to {grid[last]}, without a gap in income;"
            " data/ holds all years"
        )
    if kept.sum() < 3 or first == last:
        raise _fault(
            "income has too many gaps",
            "three units with two years in common",
            "fill gaps, or see --income",
        )
    every = "every year" if step == 1 else f"every {step} years"
    said.append(f"{int(kept.sum())} units, {grid[first]} to {grid[last]}, {every}")
    out = full.fillna("").reset_index()
    return (
        out[~out["unit"].isin(gone)].reset_index(drop=True),
        (grid[first], grid[last]),
        step,
    )


def _largest_block(held: np.ndarray) -> tuple[int, int, np.ndarray]:
    """Return first and last column and the rows of the largest block without a gap;
    held (N, T).
    """
    total = np.concatenate(
        [np.zeros((len(held), 1), int), np.cumsum(held, axis=1)], axis=1
    )
    length = held.shape[1]
    best = -1
    found = (0, length - 1, np.asarray(held.all(axis=1)))
    for first in range(length):
        for last in range(first + 1, length):
            rows = np.asarray(total[:, last + 1] - total[:, first] == last - first + 1)
            size = int(rows.sum()) * (last - first + 1) if rows.sum() >= 3 else 0
            if size > best:
                best = size
                found = (first, last, rows)
    return found


def _renamed(
    panel: pd.DataFrame, income: dict[str, str], titles: dict[str, str], said: list[str]
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
        said.append(
            "renamed, because the panel computes these:"
            f" {', '.join(f'{a} to {b}' for a, b in new.items())}"
        )
        titles |= {b: a for a, b in new.items()}
    return panel.rename(columns=new), {
        key: new.get(name, name) for key, name in income.items()
    }
