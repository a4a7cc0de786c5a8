"""Which rows of a table a study keeps: those of one measure, without units that the user
names, without totals of others.
"""

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from evenfield.newstudy.cells import numbers_of
from evenfield.newstudy.totals import proved_sums, totals_among
from evenfield.newstudy.unit_names import without_marks
from evenfield.newstudy.words import WORDS
from evenfield.study.errors import IngestError, counted, first_examples, nearest

FEWEST_UNITS = 3  # of a panel
CODE_OF_GROUP = re.compile(r"[A-Z][A-Z0-9]{1,4}")


def rows_where(
    frame: pd.DataFrame, conditions: Sequence[str], messages: list[str]
) -> pd.DataFrame:
    """Keep the rows that have, in each column named, one of the values asked for; a
    column of which one value is asked for is the same in all of them, and goes.
    """
    wanted = dict[str, list[str]]()
    for condition in conditions:
        column, _, value = condition.partition("=")
        if column.strip() not in frame or "=" not in condition:
            raise IngestError(
                f"--where {condition} names no column",
                f"COLUMN=VALUE with {first_examples(list(frame.columns), 12)}",
                "correct it",
            )
        wanted.setdefault(column.strip(), []).append(value.strip())
    for column, values in wanted.items():
        cells = frame[column].str.strip()
        held = list(dict.fromkeys(cells))
        missing = [value for value in values if value not in set(held)]
        if missing:
            raise IngestError(
                f"no row has {missing[0]} in {column}, given by --where",
                f"one of {first_examples(held, 12)}",
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


def without_totals_of_blocks(frame: pd.DataFrame, messages: list[str]) -> pd.DataFrame:
    """Leave out rows of a name such as Subtotal that ends several blocks of the first
    column: twice as many as of any other name.
    """
    first = frame.columns[0]
    texts = frame[first].unique().tolist()
    totals = [text for text in texts if WORDS.total.fullmatch(without_marks(text))]
    counts = frame[first].value_counts() if totals else pd.Series(dtype=int)
    most = counts.drop(totals).max()
    for name in totals:
        if counts[name] >= 2 * most:
            messages.append(
                f"{counts[name]} rows of {name} left out: totals of blocks, and no unit"
                " (--keep-totals)"
            )
            frame = frame[frame[first].ne(name)].reset_index(drop=True)
    return frame


def _of_larger_levels(frame: pd.DataFrame) -> dict[str, str]:
    """Return the units of larger areas, each with the reason, where a column says of each
    unit whether it is a nation, a state or a county; those of the level with most units
    stay.
    """
    reasons = dict[str, str]()
    units = frame.drop_duplicates("unit").set_index("unit")
    for column in units.columns.difference(["year"], sort=False):
        texts = units[column].str.strip()
        says_level = texts.str.fullmatch(WORDS.level.pattern, case=False)
        # Of every unit a level, and not of all the same.
        if not says_level.all() or texts.nunique() < 2:
            continue
        counts = texts.value_counts()
        # ASSUME: there are more areas of the smallest level than of the others together.
        if 2 * counts.iloc[0] > len(units):
            larger = texts[texts.ne(counts.index[0])]
            reasons |= {
                str(unit): f"{column} says {text}" for unit, text in larger.items()
            }
    return reasons


def without_units(
    frame: pd.DataFrame,
    names: pd.Series,
    leave_out: Sequence[str],
    keep_totals: bool,
    outer: frozenset[str],
    messages: list[str],
) -> tuple[pd.DataFrame, dict[str, list[str]], dict[str, str]]:
    """Leave out the units that the user names, then totals of others; return the other
    rows, the names of those left out by the reason, and which columns are totals, each
    with the reason: one of those units is the sum of the others.

    Totals are names in ``outer``, below which others stand indented; areas of a larger
    level; and what `totals_among` finds. ``keep_totals`` only tells of them.
    """
    left_out = dict[str, list[str]]()
    name_of = {str(unit): str(name) for unit, name in names.items()}
    first = frame.drop_duplicates("unit")
    # The id of a unit as the file writes it.
    written = dict(zip(first["unit"], first["_id"], strict=True))
    times = names.value_counts()
    # What messages call a unit: with its id where others have the same name.
    shown = {
        unit: name if name == written[unit] or times[name] == 1 else f"{name} ({unit})"
        for unit, name in name_of.items()
    }
    # Units by each text that the user may give for them.
    units_of = dict[str, list[str]]()
    for unit, name in name_of.items():
        for text in {unit.casefold(), name.casefold(), written[unit].casefold()}:
            units_of.setdefault(text, []).append(unit)
    out = list[str]()
    for asked in leave_out:
        text = asked.strip()
        bare_text = without_marks(text).casefold()
        units = units_of.get(text.casefold(), units_of.get(bare_text, []))
        if len(units) != 1:
            fault = "is no unit" if not units else f"names {len(units)} units"
            raise IngestError(
                f"{asked}, given by --leave-out, {fault}",
                "an id or a name of the table",
                nearest(asked, [*name_of, *name_of.values()], "correct it"),
            )
        # The same unit may be asked for by its id and by its name.
        out += [unit for unit in units if unit not in out]
    if out:
        messages.append(
            f"left out, as asked: {first_examples([shown[unit] for unit in out], 6)}"
        )
        left_out["as asked"] = [shown[unit] for unit in out]
        frame = frame[~frame["unit"].isin(out)]
        names = names.drop(out)
        if names.empty:
            raise IngestError(
                f"--leave-out names all {counted(len(out), 'unit')}",
                "units that stay",
                "name fewer",
            )
    figures = [
        column
        for column in frame.columns.difference(["unit", "year", "_id"], sort=False)
        if numbers_of(frame[column]) is not None
    ]
    bare = {without_marks(name) for name in outer}
    whole = [unit for unit in name_of if bare & {written[unit], name_of[unit]}]
    totals = dict.fromkeys(whole, "others stand indented below it")
    totals |= _of_larger_levels(frame)
    totals |= totals_among(frame, names, figures)
    totals = {unit: why for unit, why in totals.items() if unit not in out}
    if not totals:
        return frame, left_out, {}
    sums = proved_sums(frame, names, totals, figures)
    listed = first_examples(
        [f"{shown[unit]} ({why})" for unit, why in totals.items()], 6
    )
    looks = "looks like a total" if len(totals) == 1 else "look like totals"
    if keep_totals:
        are = "is" if len(totals) == 1 else "are"
        messages.append(
            f"{counted(len(totals), 'unit')} {looks} and {are} kept: {listed}"
        )
        return frame, left_out, sums
    # A panel needs three units. If fewer would remain, what looks like totals is taken
    # for units, and stays.
    if len(names) - len(totals) < FEWEST_UNITS:
        messages.append(f"{counted(len(totals), 'unit')} {looks}: {listed}")
        return frame, left_out, sums
    messages.append(
        f"{counted(len(totals), 'unit')} {looks} of others, left out (--keep-totals"
        f" keeps): {listed}"
    )
    left_out["totals of others"] = [shown[unit] for unit in totals]
    kept = _with_named_groups(frame, list(totals), name_of, messages)
    return kept, left_out, sums


def _with_named_groups(
    frame: pd.DataFrame,
    totals: Sequence[str],
    name_of: Mapping[str, str],
    messages: list[str],
) -> pd.DataFrame:
    """Return a table without its totals. Where each of these has the code of the units
    below it, the units have its name instead: BW is Baden-Württemberg.
    """
    once = frame.drop_duplicates("unit")
    above = once["unit"].isin(totals)
    kept = frame[~frame["unit"].isin(totals)].copy()
    for column in kept.columns.difference(["unit", "year", "_id"], sort=False):
        held = set(once.loc[~above, column].astype(str))
        codes = once.loc[above, column].tolist()
        names = dict(zip(codes, once.loc[above, "unit"].map(name_of), strict=True))
        # A code of several units, which one total has, too.
        groups = 2 <= len(held) < len(once) - len(codes) and held <= set(names)
        alone = len(names) == len(set(names.values())) == len(codes)
        if groups and alone and all(map(CODE_OF_GROUP.fullmatch, held)):
            kept[column] = kept[column].map(names).fillna(kept[column])
            code, name = next(iter(names.items()))
            messages.append(f"{column} has the names of the totals: {code} is {name}")
    return kept
