"""Find out how a table of anyone's is built: keys, step, names of units, constant columns, income; say why."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evenfield.study.errors import IngestError, first_examples
from evenfield.study.ingest.any_table import MISSING, AnyTable, number_text, numbers_of

WORDS = {
    "year": r"year|yr|jahr|ano|año|annee|année|anno|date|time|time_?period|period|wave|t|年份|年度|年",
    "unit": r"(unit|state|region|province|prov|district|county|department|departamento|municipality|country|"
    r"prefecture|city|nuts\d?|geo|fips|iso\d?|abbr|id|code)(_?(id|code|no|abbr|iso\d?))?|地区|省份|城市",
    "name": r"(.*[_ ])?name|label|state|region|province|district|county|department|municipality|country|city",
    "lat": r"lat|latitude|y_?coord",
    "lon": r"lon|lng|long|longitude|x_?coord",
    "income": r".*(income|per.?cap|per.?head|percap|gdp.?pc|gdppc|pc.?gdp|pcinc|pci|rgdpl|gsp.?pc|pcgsp|grp.?pc|wage"
    r"|ingreso|人均).*|y|inc",
    "population": r".*(population|people|inhabitants|residents|人口).*|pop\d*|n",
    "output": r".*(output|gdp|gsp|grp|gva|value.?added|生产总值|pib).*|va",
}
YEAR_CELL = re.compile(r"(1[5-9]\d\d|20\d\d|21\d\d)(\.0*|年|[-/](0?1|12)[-/](0?1|31).*)?")
YEAR_COLUMN = re.compile(r"(.*?)[ _.]?(1[5-9]\d\d|20\d\d)(?:年|\s*\[YR\d{4}\])?")
BARE = {"", "y", "yr", "year", "x", "fy", "value"}
COMPUTED = (
    "basis log_income income output_real population growth_pct relative_log_income output_share "
    "relative_log_income_unweighted population_share"
).split()
TODO = "TODO"


@dataclass
class Guessed:
    """A table brought to one row per unit and year, with what was found."""

    panel: pd.DataFrame  # ``unit``, ``year`` and columns of figures, as text
    units: pd.DataFrame  # ``unit``, ``name`` and what does not change over the years, as text
    years: tuple[int, int]  # years in which every unit that is kept has an income
    step: int
    income: dict[str, str]  # as under panel.income of the config; the word TODO where it cannot be known
    titles: dict[str, str]  # our name of a column and the user's, where they differ
    labels: dict[str, str]  # what a column holds, as the user's file says
    unit_name: str
    said: list[str] = field(default_factory=list)


def known_as(kind: str, names: Iterable[str]) -> list[str]:
    """Return the names that are common ones of a kind of column."""
    return [name for name in names if re.fullmatch(WORDS[kind], name.strip(), re.IGNORECASE)]


def guess(table: AnyTable, given: Mapping[str, str | None]) -> Guessed:
    """Bring a table into form; ``given`` names columns (unit, year, income, output, population) as far as known."""
    faults = [
        f"no column {name}, given by --{key}"
        for key, name in given.items()
        if name and name not in table.frame and not (key != "unit" and _stems(table.frame).get(name))
    ]
    if faults:
        raise IngestError("; ".join(faults), f"one of {first_examples(list(table.frame.columns), 12)}", "correct it")
    said = list(table.said)
    frame, year = _long(table.frame, given, said)
    unit = _unit_column(frame, given.get("unit"), year, said)
    frame, titles = _keyed(frame, unit, year, said)
    name = _name_column(frame, unit)
    figures, text, constant = _sorted_columns(frame, name, said)
    income, unit_label = _income(figures, given, table.labels, said), name or unit
    panel = frame[["unit", "year", *figures]].copy()
    for column in figures:
        numbers = numbers_of(frame[column])
        panel[column] = [number_text(value) for value in numbers] if numbers is not None else ""
    units = frame.drop_duplicates("unit")[["unit", *([name] if name else []), *constant, *text]]
    units = units.rename(columns={name: "name"}) if name else units.assign(name=frame.drop_duplicates("unit")["_id"])
    if name:
        titles["name"] = name
    for kind in ("lat", "lon"):
        for column in known_as(kind, units.columns)[:1]:
            units, titles[kind] = units.rename(columns={column: kind}), column
    for column in constant:
        if column in units and (numbers := numbers_of(units[column])) is not None:
            units[column] = [number_text(value) for value in numbers]
    panel, years, step = _balanced(panel, income, said)
    units = units[units["unit"].isin(panel["unit"])].sort_values("unit", ignore_index=True)
    panel, income = _renamed(panel, income, titles, said)
    known = {k: v for k, v in titles.items() if k != v}
    word = re.sub(r"[ _]?(name|id|code|abbr|no)$", "", unit_label.lower()).strip()
    unit_name = word if re.fullmatch(r"[^\W\d_]{4,}", word) else "unit"
    leading = [*["unit", "name"], *[c for c in units if c not in {"unit", "name"}]]
    return Guessed(panel, units[leading], years, step, income, known, table.labels, unit_name, said)


def _stems(frame: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return the names before a year in the names of columns, with these columns and their years."""
    out: dict[str, dict[str, int]] = {}
    for column in frame.columns:
        if match := YEAR_COLUMN.fullmatch(column):
            stem = match[1].strip(" _.")
            out.setdefault("value" if stem.lower() in BARE else stem, {})[column] = int(match[2])
    return {stem: columns for stem, columns in out.items() if len(columns) > 1}


def _long(frame: pd.DataFrame, given: Mapping[str, str | None], said: list[str]) -> tuple[pd.DataFrame, str]:
    """Return the table with one row per unit and year, and the column of years."""
    stems = _stems(frame)
    held = [name for name in frame.columns if name not in {c for columns in stems.values() for c in columns}]
    dated = [name for name in held if _years_of(frame[name]) is not None and frame[name].nunique() > 1]
    year = given.get("year") or next(iter([*known_as("year", dated), *(dated if len(dated) == 1 else [])]), "")
    if year:
        said.append(f"years: column {year}" + ("" if given.get("year") else ", by its name or its cells"))
        return frame, year
    if not stems:
        raise IngestError(
            f"no column of years among {first_examples(list(frame.columns), 6)}",
            "one, or a column for each year",
            "name it with --year" if dated else "add the year of each row, or columns such as 1990, 1991",
        )
    said.append(f"wide table: {', '.join(f'{stem} in {len(names)} years' for stem, names in stems.items())}")
    parts = []
    for stem, columns in stems.items():
        part = frame[held].assign(_row=range(len(frame))).loc[np.repeat(np.arange(len(frame)), len(columns))]
        part["_year"] = [str(year) for _ in range(len(frame)) for year in columns.values()]
        part[stem] = frame[list(columns)].to_numpy().ravel()
        parts.append(part.set_index(["_row", "_year"]))
    tall = pd.concat([parts[0][held], *(part[[stem]] for part, stem in zip(parts, stems, strict=True))], axis=1)
    if len(parts) > 1:
        base = frame[held].assign(_row=range(len(frame))).set_index("_row")
        tall[held] = base.loc[tall.index.get_level_values("_row"), held].to_numpy()
    return tall.reset_index("_year").reset_index(drop=True).fillna(""), "_year"


def _years_of(column: pd.Series) -> pd.Series | None:
    text = column.str.strip()
    matches = text.str.fullmatch(YEAR_CELL.pattern)
    return text.str[:4].astype(int) if matches.all() else None


def _unit_column(frame: pd.DataFrame, given: str | None, year: str, said: list[str]) -> str:
    others = [name for name in frame.columns if name != year]
    found = [name for name in others if _is_key(frame, name, year)] if not given else [given]
    text = [name for name in found if numbers_of(frame[name]) is None]
    numbered = [n for n in found if n not in text and known_as("unit", [n])]
    found = text + numbered if not given else found
    if not found:
        first = next(iter(known_as("unit", others)), others[0] if others else "")
        twice = frame[frame.duplicated([first, year])] if first else frame
        raise IngestError(
            f"no column names each unit once a year ({first}: {len(twice)} rows stand twice)"
            if first
            else "no column of units",
            "one row per unit and year",
            "name the column with --unit, or remove what stands twice",
        )
    same = [name for name in found if frame.groupby(name)[found[0]].nunique().eq(1).all()]
    ids = [n for n in known_as("unit", same) if not frame[n].str.strip().str.contains(r"\s").any()]
    spaceless = [n for n in same if not frame[n].str.strip().str.contains(r"\s").any()]
    unit = min(ids or spaceless or same, key=lambda n: (frame[n].str.len().mean(), same.index(n)))
    said.append(
        f"units: column {unit}"
        + ("" if given else ", each stands once a year")
        + (f" (so do {first_examples([n for n in found if n != unit])})" if len(found) > 1 else "")
    )
    return unit


def _is_key(frame: pd.DataFrame, name: str, year: str) -> bool:
    column = frame[name].str.strip()
    return (
        not column.str.lower().isin(MISSING - {"na"}).any()
        and 1 < column.nunique() <= len(frame) / 2
        and not frame.assign(_key=column).duplicated(["_key", year]).any()
    )


def _keyed(frame: pd.DataFrame, unit: str, year: str, said: list[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    years = _years_of(frame[year])
    if years is None:
        wrong = frame[year][~frame[year].str.strip().str.fullmatch(YEAR_CELL.pattern)]
        raise IngestError(f"{year} has {len(wrong)} cell that is no year ('{wrong.iloc[0]}')", "years", "correct it")
    shown = frame[unit].str.strip()
    ids = shown.str.replace(r"\s+", "_", regex=True)
    if ids.eq("").any():
        raise IngestError(f"{unit} is blank in {int(ids.eq('').sum())} rows", "a unit in every row", "fill the cell")
    if ids.nunique() != shown.nunique():
        raise IngestError(f"{unit} has names that differ only in blanks", "one name for one unit", "correct it")
    if ids.ne(shown).any():
        said.append("ids of units have _ in place of blanks; the names keep theirs")
    out = frame.drop(columns=[unit, year]).assign(unit=ids, year=years, _id=shown)
    twice = out[out.duplicated(["unit", "year"])]
    if len(twice):
        cells = [f"{u} {y}" for u, y in twice[["unit", "year"]].itertuples(index=False)]
        raise IngestError(
            f"{len(cells)} rows stand twice ({first_examples(cells)})",
            "one row per unit and year",
            "remove them, or name another column with --unit or --year",
        )
    titles = {"unit": unit} | ({"year": year} if year != "_year" else {})
    return out.sort_values(["unit", "year"], ignore_index=True), titles


def _constant(frame: pd.DataFrame, column: str) -> bool:
    return bool(frame.groupby("unit")[column].nunique().le(1).all())


def _name_column(frame: pd.DataFrame, unit: str) -> str:
    count = frame["unit"].nunique()
    others = [c for c in frame.columns if c not in {"unit", "year", "_id"} and numbers_of(frame[c]) is None]
    same = [c for c in others if frame[c].nunique() == count and _constant(frame, c) and frame[c].ne("").all()]
    return next(iter([*known_as("name", same), *same]), "") if unit else ""


def _sorted_columns(frame: pd.DataFrame, name: str, said: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the columns of figures, those of text and those of numbers that do not change over the years."""
    figures, text, constant, dropped = list[str](), list[str](), list[str](), list[str]()
    for column in [c for c in frame.columns if c not in {"unit", "year", "_id", name}]:
        numeric, still = numbers_of(frame[column]) is not None, _constant(frame, column)
        blank = frame[column].str.strip().str.lower().isin(MISSING).all()
        (
            dropped
            if blank or not (numeric or still)
            else constant
            if numeric and still
            else text
            if still
            else figures
        ).append(column)
    if text or constant:
        said.append(f"constant over the years, so they describe units: {first_examples(text + constant, 6)}")
    if dropped:
        said.append(f"left out, neither numbers nor constant: {first_examples(dropped, 6)}")
    return figures, text, constant


def _income(
    figures: list[str], given: Mapping[str, str | None], labels: Mapping[str, str], said: list[str]
) -> dict[str, str]:
    asked = {key: name for key in ("income", "output", "population") if (name := given.get(key))}
    wrong = [name for name in asked.values() if name not in figures]
    if wrong:
        raise IngestError(
            f"{first_examples(wrong)} is no column of figures that change over the years",
            f"one of {first_examples(figures, 12)}",
            "correct the flag or the column's cells",
        )
    if ("income" in asked and len(asked) > 1) or (len(asked) == 1 and "income" not in asked):
        raise IngestError(
            "flags " + ", ".join(f"--{key}" for key in asked),
            "--income, or --output and --population",
            "give one of these",
        )
    if asked:
        return {"column": asked["income"]} if "income" in asked else asked
    labelled = [n for n in figures if known_as("income", [labels.get(n, "")]) and labels.get(n)]
    perhaps = known_as("income", figures) or labelled or (figures if len(figures) == 1 else [])
    if len(perhaps) == 1:
        said.append(
            f"income per head: column {perhaps[0]}"
            + (", the only figures" if len(figures) == 1 else ", by its name or label")
        )
        return {"column": perhaps[0]}
    people = known_as("population", figures)
    output = [name for name in known_as("output", figures) if name not in people]
    if not perhaps and len(output) == 1 and len(people) == 1:
        said.append(f"income: {output[0]} over {people[0]}, by their names")
        return {"output": output[0], "population": people[0]}
    said.append(f"income is not clear: perhaps {first_examples(perhaps or figures, 6)}")
    return {"column": TODO}


def _balanced(
    panel: pd.DataFrame, income: Mapping[str, str], said: list[str]
) -> tuple[pd.DataFrame, tuple[int, int], int]:
    """Give every unit every year and keep the years and units that have most incomes without a gap."""
    years = sorted(set(panel["year"]))
    if len(years) < 2 or panel["unit"].nunique() < 3:
        raise IngestError(
            f"{panel['unit'].nunique()} units and {len(years)} years",
            "three units and two years",
            "give a longer table, or the right columns with --unit and --year",
        )
    step = math.gcd(*(b - a for a, b in itertools.pairwise(years)))
    grid = list(range(years[0], years[-1] + 1, step))
    units = sorted(set(panel["unit"]))
    full = panel.set_index(["unit", "year"]).reindex(pd.MultiIndex.from_product([units, grid], names=["unit", "year"]))
    needed = [name for name in income.values() if name != TODO]
    numbers = full.fillna("")[needed].apply(lambda column: pd.to_numeric(column.mask(column.eq(""))))
    low = numbers[(numbers <= 0).any(axis=1)] if needed else numbers
    if needed and len(low):
        cells = [f"{u} {y}" for u, y in low.index]
        raise IngestError(
            f"{len(cells)} incomes at or below zero ({first_examples(cells)})",
            "positive figures, because logarithms are taken",
            "correct or blank the cells",
        )
    held = (numbers.notna().all(axis=1) if needed else full.notna().any(axis=1)).to_numpy().reshape(len(units), -1)
    first, last, kept = _largest_block(held)
    gone = [unit for unit, stays in zip(units, kept, strict=True) if not stays]
    if gone:
        said.append(f"{len(gone)} units with gaps in income left out: {first_examples(gone, 6)}")
    if (first, last) != (0, len(grid) - 1):
        said.append(f"panel.years is {grid[first]} to {grid[last]}, without a gap in income; data/ holds all years")
    if kept.sum() < 3 or first == last:
        raise IngestError(
            "income has too many gaps", "three units with two years in common", "fill gaps, or see --income"
        )
    said.append(
        f"{int(kept.sum())} units, {grid[first]} to {grid[last]}, every {'year' if step == 1 else f'{step} years'}"
    )
    out = full.fillna("").reset_index()
    return out[~out["unit"].isin(gone)].reset_index(drop=True), (grid[first], grid[last]), step


def _largest_block(held: np.ndarray) -> tuple[int, int, np.ndarray]:
    """Return first and last column and the rows of the largest block without a gap; held (N, T)."""
    total = np.concatenate([np.zeros((len(held), 1), int), np.cumsum(held, axis=1)], axis=1)
    length, best = held.shape[1], -1
    found = (0, length - 1, np.asarray(held.all(axis=1)))
    for first in range(length):
        for last in range(first + 1, length):
            rows = np.asarray(total[:, last + 1] - total[:, first] == last - first + 1)
            size = int(rows.sum()) * (last - first + 1) if rows.sum() >= 3 else 0
            if size > best:
                best, found = size, (first, last, rows)
    return found


def _renamed(
    panel: pd.DataFrame, income: dict[str, str], titles: dict[str, str], said: list[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Rename columns that the panel computes itself under the same name."""
    free = {income.get("column"): "income", income.get("output"): "output_real", income.get("population"): "population"}
    new = {name: f"{name}_given" for name in panel if name in COMPUTED and free.get(name) != name}
    if new:
        said.append(f"renamed, because the panel computes these: {', '.join(f'{a} to {b}' for a, b in new.items())}")
        titles |= {b: a for a, b in new.items()}
    return panel.rename(columns=new), {key: new.get(name, name) for key, name in income.items()}
