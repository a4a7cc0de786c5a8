"""Policies with dates, for a new study: a file of unit, kind and first year, or a column
of the panel that holds the first year of each unit, or is 1 from it on.
"""

import re
from pathlib import Path

import pandas as pd

from evenfield.newstudy.cells import MISSING, kinds_of, number_text, numbers_of
from evenfield.newstudy.dates import dates_of
from evenfield.newstudy.new_study import NewStudy
from evenfield.newstudy.unit_names import named_units
from evenfield.newstudy.words import LISTS, WORDS
from evenfield.study.errors import IngestError, counted, first_examples

NEVER_FROM = 9999
MINUS_NEVER = r"-(1|9+)(\.0+)?"
EARLIEST = 1000
LATEST = 2200
FIRST_CELLS = 200
MOST_PARTS = 12  # shares of a first year, as months are
FEWEST_DATES = 3  # dates, and units, from which on rows may be those of a panel


def add_policies(study: NewStudy, given: Path) -> None:
    """Take policies by unit from a file, where a unit may have several, or from the
    column of the panel that has this name.
    """
    if given.is_file():
        match, frame = study.by_unit(given)
        table = _of_file(frame, given.name, study)
        _take(table, given.name, f" by column {match.column}", study)
        study.say_unknown(match, given.name)
    else:
        table = _of_column(given, study)
        _take(table, f"column {given}", "", study)


def _take(table: pd.DataFrame, source: str, by: str, study: NewStudy) -> None:
    """Add the policies that have a date to the study, and say how many units have one;
    ``by`` says how units were matched.
    """
    dated = _dated(table, source)
    _check_within(dated, source, study)
    _refuse_odd(table, source, study)
    kinds = kinds_of(dated.get("kind", pd.Series("", dated.index)), "policy")
    policies = dated.assign(kind=kinds).drop_duplicates(ignore_index=True)
    study.tables["policies"] = policies
    count = counted(len(policies), "policy", "policies")
    having = policies["unit"].nunique()
    never = len(study.tables["units"]) - having
    others = f"{counted(never, 'unit')} never" if never else "no unit without one"
    study.messages.append(
        f"{source}: {count} in {counted(having, 'unit')}{by}, {_span(dated)}; {others}"
    )


def _of_column(given: Path, study: NewStudy) -> pd.DataFrame:
    """Return the first years that a column of the panel holds, and take it out of what
    describes units.
    """
    column = str(given)
    units = study.tables["units"]
    if column in units:
        study.tables["units"] = units.drop(columns=column)
        return units[["unit"]].assign(first_year=units[column])
    if column in study.tables["panel"]:
        return _of_yearly_column(column, study)
    raise IngestError(
        f"--policies {column} is no file, and no column of the panel that tells"
        " units apart",
        "a file of unit and first year, or a column of first years",
        "correct it",
    )


def _of_yearly_column(column: str, study: NewStudy) -> pd.DataFrame:
    """Return first years from a column that is 0 before a policy and 1 from its first
    year on.
    """
    rows = _zeros_and_ones(study.tables["panel"], column)
    if rows is None:
        raise IngestError(
            f"--policies {column} changes over the years of a unit",
            "a column that holds the first year of each unit's policy, in all its rows,"
            " or one that is 0 before the policy and 1 from its first year on",
            "make it, or give a file of policies",
        )
    ended = rows["in_force"].lt(rows.groupby("unit")["in_force"].cummax())
    if ended.any():
        names = named_units(rows.loc[ended, "unit"].unique(), study.tables["units"])
        raise IngestError(
            f"--policies {column} goes back to 0 in {counted(len(names), 'unit')}"
            f" ({first_examples(names)})",
            "policies that begin once and stay",
            "give a file of policies with first_year and last_year",
        )
    # ASSUME: a policy that is in force in a unit's first year began in it.
    first_rows = rows.drop_duplicates("unit")
    already = int(first_rows["in_force"].sum())
    if already:
        study.messages.append(
            f"{column} is 1 in the first year of {counted(already, 'unit')}: taken to"
            " begin then"
        )
    first_years = rows[rows["in_force"].eq(1)].groupby("unit")["year"].min()
    units = study.tables["units"]["unit"]
    texts = units.map(first_years).map(number_text)
    # What a column of zeros and ones is called says what begins: enterprise_zone.
    kind = "" if WORDS.any_policy.fullmatch(column) else column
    return pd.DataFrame({"unit": units, "first_year": texts, "kind": kind})


def _zeros_and_ones(panel: pd.DataFrame, column: str) -> pd.DataFrame | None:
    """Return unit, year and ``in_force`` of a column of zeros and ones, in the order of
    unit and year; nothing if it holds anything else.
    """
    # The first cells tell of most columns that they hold more than 0 and 1.
    opening = set(panel[column].iloc[:FIRST_CELLS].astype(str).str.strip())
    if len(opening - {"", "0", "1", "0.0", "1.0"}) > MOST_PARTS:
        return None
    in_force = numbers_of(panel[column])
    if in_force is not None:
        in_force = _whole_first_years(panel["unit"], panel["year"], in_force)
    if in_force is None or not in_force.dropna().isin([0, 1]).all():
        return None
    rows = panel[["unit"]].assign(year=panel["year"].astype(float), in_force=in_force)
    return rows.dropna().sort_values(["unit", "year"], ignore_index=True)


def _whole_first_years(
    units: pd.Series, years: pd.Series, in_force: pd.Series
) -> pd.Series:
    """Write 1 for a share of the year in which a policy begins: a figure between 0 and 1
    that stands once in a unit, after zeros and before ones.
    """
    rows = pd.DataFrame({"unit": units, "year": years.astype(float), "held": in_force})
    rows = rows.sort_values(["unit", "year"], kind="stable")
    parts = rows["held"].between(0, 1, inclusive="neither")
    by_unit = rows.groupby("unit")["held"]
    begins = by_unit.shift().fillna(0).eq(0) & by_unit.shift(-1).fillna(1).eq(1)
    return rows["held"].mask(parts & begins, 1.0).reindex(in_force.index)


def _of_file(frame: pd.DataFrame, file: str, study: NewStudy) -> pd.DataFrame:
    """Return the columns of a file that say something of policies, under our names."""
    table = pd.DataFrame({"unit": frame["unit"]})
    free = [name for name in map(str, frame) if name != "unit"]
    taken = dict[str, str]()
    for column, forms in LISTS["policy_columns"].items():
        # Forms stand in the order in which they are wanted.
        fitting = (
            name
            for form in forms
            for name in free
            if re.fullmatch(form, name, re.IGNORECASE)
        )
        if named := next(fitting, ""):
            table[column] = frame[named]
            taken[column] = named
            free.remove(named)
    if "first_year" not in table and (dated := _column_of_dates(frame[free])):
        table["first_year"] = frame[dated]
        taken["first_year"] = dated
    if "first_year" not in table:
        raise IngestError(
            f"{file}: no column of years",
            "unit and first year of each policy",
            "add the year",
        )
    _refuse_panel(table, file, taken["first_year"], study)
    if "last_year" in table:
        table = _with_last_years(table, file)
    # A panel repeats the date of a unit in each of its rows.
    return table.drop_duplicates(ignore_index=True)


def _column_of_dates(frame: pd.DataFrame) -> str:
    """Return the one column whose cells are years or say never, whatever it is called;
    blank if there are several or none.
    """
    dated = [name for name in map(str, frame) if _are_first_years(frame[name])]
    return dated[0] if len(dated) == 1 else ""


def _are_first_years(cells: pd.Series) -> bool:
    """Say whether cells hold a year at least, and else years, never or nothing."""
    years = _as_years(_without_never(cells))
    return bool(
        years is not None
        and years.notna().any()
        and years.dropna().between(EARLIEST, LATEST).all()
    )


def _with_last_years(table: pd.DataFrame, file: str) -> pd.DataFrame:
    """Write last years as text, blank where a policy goes on; without them where every
    policy does.
    """
    ends = table["last_year"].astype(str).str.strip()
    ends = ends.mask(ends.str.fullmatch(WORDS.goes_on.pattern, case=False), "")
    if ends.str.lower().isin(MISSING).all():
        return table.drop(columns="last_year")
    years = _years(ends, "last_year", file)
    years = years.mask(years >= NEVER_FROM)
    return table.assign(last_year=years.map(number_text))


def _refuse_panel(table: pd.DataFrame, file: str, column: str, study: NewStudy) -> None:
    """Refuse a file with a row for most units and years: these are no policies."""
    pairs = table[["unit", "first_year"]].drop_duplicates()
    dates = pairs["first_year"].nunique()
    units = pairs["unit"].nunique()
    # ASSUME: policies that come to most units in most of the same three years or more
    # are the rows of a panel.
    if min(dates, units) < FEWEST_DATES or len(pairs) <= dates * units / 2:
        return
    described = study.tables["units"].drop(
        columns=["unit", "name", "lat", "lon"], errors="ignore"
    )
    likely = [name for name in described if _may_date(described[name], study)]
    action = "give a file of policies"
    if likely:
        action += f", or the column that dates them, as --policies {likely[0]}"
    raise IngestError(
        f"{file} has {len(pairs)} dates of {counted(units, 'unit')} in column {column},"
        " as the rows of a panel have",
        "one row for each policy, with its first year",
        action,
    )


def may_date_policies(study: NewStudy) -> str:
    """Return a column that by its name and cells holds the first year of each unit's
    policy, or else one that is 0 before it and 1 from then on; blank if there is none.
    """
    form = LISTS["policy_columns"]["first_year"][0]
    units = study.tables["units"]
    named = [
        name
        for name in map(str, units)
        if re.fullmatch(form, name, re.IGNORECASE) and _may_date(units[name], study)
    ]
    panel = study.tables["panel"]
    yearly = (name for name in map(str, panel) if _begins_once(panel, name))
    return next(iter(named), "") or next(yearly, "")


def _begins_once(panel: pd.DataFrame, column: str) -> bool:
    """Say whether a column turns from 0 to 1 once in a unit, and is not the same for all
    units in every year.
    """
    rows = _zeros_and_ones(panel, column)
    if rows is None:
        return False
    stays = rows["in_force"].eq(rows.groupby("unit")["in_force"].cummax()).all()
    differs = rows.groupby("year")["in_force"].nunique().gt(1).any()
    return bool(stays and differs)


def _may_date(cells: pd.Series, study: NewStudy) -> bool:
    """Say whether cells hold different years of the panel, or that a unit has none."""
    years = _as_years(_without_never(cells))
    if years is None:
        return False
    first, last = study.guessed.years
    return bool(years.dropna().between(first, last).all() and years.nunique() > 1)


def _without_never(cells: pd.Series) -> pd.Series:
    """Blank the cells that say that a unit never gets a policy."""
    texts = cells.astype(str).str.strip()
    texts = texts.mask(_says_never(texts), "")
    numbers = numbers_of(texts)
    if numbers is None:
        return texts
    return texts.mask(numbers.le(0) | numbers.ge(NEVER_FROM), "")


def _says_never(texts: pd.Series) -> pd.Series:
    """Say of each cell whether it is a word for never."""
    return texts.str.fullmatch(WORDS.never.pattern, case=False)


def _years(cells: pd.Series, column: str, source: str) -> pd.Series:
    """Return cells as whole years, also of dates such as March 2008; blank cells have
    none.
    """
    years = _as_years(cells)
    if years is None or (years.dropna() % 1).any():
        words = [text for text in dict.fromkeys(cells) if not re.match(r"\d{4}", text)]
        held = f" in {first_examples(list(filter(None, words)))}" if any(words) else ""
        raise IngestError(
            f"{source}: {column} holds no years{held}",
            "whole years, and 0 or a blank for never",
            "correct it",
        )
    return years


def _as_years(cells: pd.Series) -> pd.Series | None:
    """Return cells as the years of their dates; nothing if they hold none."""
    years = numbers_of(cells)
    if years is not None:
        return years
    # ASSUME: a policy counts from the year in which it begins.
    dates = dates_of(cells[~cells.str.lower().isin(MISSING)])
    return None if dates is None else dates.years.reindex(cells.index)


def _dated(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the rows that have a first year, written as text; rows that say never have
    none, nor have blank cells where every unit has a cell.
    """
    cells = table["first_year"].astype(str).str.strip()
    texts = _without_never(cells)
    if texts.eq("").all():
        raise IngestError(
            f"{source} holds no first year of a policy",
            "the year in which each begins",
            "fill the cells, or leave --policies out",
        )
    years = _years(texts, "first_year", source)
    dated = table.assign(first_year=years.map(number_text))
    return dated[years.notna()].reset_index(drop=True)


def _check_within(dated: pd.DataFrame, source: str, study: NewStudy) -> None:
    """Refuse dates of which none lies within the years of the panel."""
    years = dated["first_year"].astype(float)
    first, last = study.guessed.years
    if not years.between(first, last).any():
        raise IngestError(
            f"{source} holds first years {_span(dated)}, none of them a year of the"
            " panel",
            f"years from {first} to {last}, and 0 or a blank for never",
            "correct the column, or leave --policies out",
        )


def _refuse_odd(table: pd.DataFrame, source: str, study: NewStudy) -> None:
    """Refuse first years that are none: 0, -1 and nines say never, -5 is a slip."""
    cells = table["first_year"].astype(str).str.strip()
    given = numbers_of(cells.mask(_says_never(cells), ""))
    if given is None:
        return
    never = given.eq(0) | given.ge(NEVER_FROM) | cells.str.fullmatch(MINUS_NEVER)
    odd = given.notna() & ~never & ~given.between(EARLIEST, LATEST)
    if odd.any():
        named = named_units(table.loc[odd, "unit"], study.tables["units"])
        raise IngestError(
            f"{source} has {counted(int(odd.sum()), 'first year')} that no policy has"
            f" ({cells[odd].iloc[0]}, {first_examples(named)})",
            "years such as 2004, and 0 or a blank for never",
            "correct the cell",
        )


def _span(dated: pd.DataFrame) -> str:
    years = dated["first_year"].astype(float)
    return f"{years.min():.0f} to {years.max():.0f}"
