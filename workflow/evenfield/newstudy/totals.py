"""Rows of a table that are totals of others: by their names, codes and values.

A total among the units counts its parts twice. Names alone are no sign where most units
have such names, as in a study of continents.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd

from evenfield.newstudy.cells import numbers_of, texts_of
from evenfield.newstudy.no_income import TOTAL
from evenfield.newstudy.shipped import drawn_names
from evenfield.newstudy.unit_names import without_marks
from evenfield.newstudy.words import LISTS, WORDS

SHORTEST_RUN = 3  # rows that a total sums, at least
FEWEST_YEARS = 4
MOST_UNITS = 10_000  # among which sums are looked for
LEAST_HELD = 0.8  # share of units that have figures in a year, at least
MOST_SUMS = 0.25  # the largest share of units that are sums of others by their values
LARGEST = 1e300  # of figures whose sums are numbers, too
# Figures of less digits than this are sums of others by chance.
LEAST_STEPS = 100
SHORTEST_WHOLE = 4  # letters of a nation in capitals; fewer are often an abbreviation
FEWEST_PARTS = 5  # units among which one in capitals stands out
OF_REGION = "a region of the others"
ROUNDING = 5e-4  # how far the sum of all others may be off, relative to the total
# The same of a row at an end of the table, and of one whose name says that it is of all:
# what no part has, as embassies, and estimates that were not made to add up.
LOOSE_ROUNDING = 0.01
OF_NO_PART = 0.1
ABOVE_ALL = 1.2  # how many times its largest part a total is, at least
FEWEST_OTHERS = 5  # beside one at an end of the table
FEWEST_IN_LEVELS = 8  # rows of a table that has one level of areas after the other
MOST_LEVELS = 4


def totals_among(
    frame: pd.DataFrame, names: pd.Series, figures: Sequence[str]
) -> dict[str, str]:
    """Return the units that are totals of others, each with the reason.

    ``frame`` has ``unit``, ``year`` and figures as text in the order of the file;
    ``names`` gives the name of each unit.
    """
    held = {column: _held(frame, names, column) for column in figures}
    sizes = {
        column: values
        for column in figures
        if (values := _sizes(held[column], column)) is not None
    }
    out = _by_names(names)
    if 2 * len(out) > len(names):
        out = {}
    out = _without_lone_regions(out, names)
    out = _without_real_regions(out, sizes)
    out = _by_codes(list(names.index)) | out
    # A place in capitals, or the name of a country, is the whole only if it can be.
    in_order = names.loc[frame["unit"].unique()]
    may_be = _country_at_an_end(in_order) | _in_capitals(in_order)
    out |= {
        unit: why
        for unit, why in may_be.items()
        if all(
            _may_be_whole(values, unit)
            for values in held.values()
            if values is not None
        )
    }
    for column, values in sizes.items():
        sums = _by_values(values, column)
        # Where many are sums of others, as of zeros and ones, that is chance.
        if len(sums) <= max(1, MOST_SUMS * len(names)):
            out = {**sums, **out}
    return out


def proved_sums(
    frame: pd.DataFrame,
    names: pd.Series,
    totals: Mapping[str, str],
    figures: Sequence[str],
) -> dict[str, str]:
    """Return the columns of which some of the ``totals`` are the sums of others, each with
    what proves that they are no means: a mean lies between its parts.
    """
    proved = dict[str, str]()
    for column in figures:
        values = _sizes(_held(frame, names, column), column)
        if values is None:
            continue
        by_values = [
            unit for unit, why in totals.items() if why.startswith(f"its {column} is")
        ]
        parts = values.drop(index=list(totals), errors="ignore")
        whole = [unit for unit in totals if _is_sum(values.loc[[unit]], parts)]
        for unit in [*whole, *by_values][:1]:
            others = "the others" if whole else "others"
            proved[column] = (
                f"{TOTAL}, since {without_marks(names[unit])} is the sum of {others}"
            )
    return proved


def _is_sum(total: pd.DataFrame, parts: pd.DataFrame) -> bool:
    """Say whether figures by year (1, T) are nearly the sum of the parts (N, T), and above
    each of them, in every year in which all are known.
    """
    both = pd.concat([total, parts]).dropna(axis="columns").to_numpy()
    if len(parts) < SHORTEST_RUN or not both.shape[1]:
        return False
    whole, others = both[0], both[1:]
    sums = others.sum(axis=0)
    near = np.abs(whole - sums) <= OF_NO_PART * sums
    above = whole >= ABOVE_ALL * others.max(axis=0)
    return bool((near & above & (sums > 0)).all())


def _sizes(held: pd.DataFrame | None, column: str) -> pd.DataFrame | None:
    """Return the figures of a column if they may add up, else nothing."""
    if held is None or _is_no_size(column) or (held < 0).any(axis=None):
        return None
    return held


def _held(frame: pd.DataFrame, names: pd.Series, column: str) -> pd.DataFrame | None:
    """Return figures by unit and year (N, T), in the order of the units; nothing if the
    column holds none that change.
    """
    numbers = numbers_of(frame[column])
    if numbers is None:
        return None
    units, texts = texts_of(frame["unit"]), texts_of(frame[column])
    pairs = units.codes.astype(np.int64) * (len(texts.once) + 1) + texts.codes
    # What never changes, as a code or a place, is no sum.
    if len(pd.unique(pairs)) == len(names):
        return None
    once = frame[["unit", "year"]].assign(value=numbers)
    values = once.pivot(index="unit", columns="year", values="value")
    return values.loc[list(names.index)]


def _may_be_whole(values: pd.DataFrame, unit: str) -> bool:
    """Say whether a unit's figures can be of all others together: means, which lie between
    theirs, or sums, above each of them; values (N, T).
    """
    both = pd.concat([values.loc[[unit]], values.drop(index=unit)])
    held = both.loc[:, both.iloc[0].notna() & both.iloc[1:].notna().any()].to_numpy()
    if not held.shape[1]:
        return True
    own, others = held[0], held[1:]
    least, most = np.nanmin(others, axis=0), np.nanmax(others, axis=0)
    inside = (least <= own) & (own <= most)
    return bool(inside.all() or (own > most).all())


def _without_lone_regions(out: dict[str, str], written: pd.Series) -> dict[str, str]:
    """Return totals without areas of several countries, such as Africa, in a table that
    has few countries: they are its units, as no row is a part of theirs.
    """
    names = written.map(without_marks).str.casefold()
    is_area = names.map(lambda name: bool(WORDS.area_of_countries.fullmatch(name)))
    areas = [unit for unit in out if is_area[unit]]
    # ASSUME: where countries are the units, most rows are countries.
    known = names.isin(_country_names()) | names.index.isin(_country_codes())
    few = known.sum() < FEWEST_PARTS and 2 * known.sum() < len(names)
    if len(areas) < 2 or not few:
        return out
    return {unit: why for unit, why in out.items() if unit not in areas}


def _without_real_regions(
    out: dict[str, str], sizes: Mapping[str, pd.DataFrame]
) -> dict[str, str]:
    """Return totals without regions by their word, such as North, that are parts of the
    nation as all other units are: it is the sum of all of them.
    """
    regions = [unit for unit, why in out.items() if why == OF_REGION]
    nations = [unit for unit, why in out.items() if why != OF_REGION]
    for values in sizes.values():
        parts = values.drop(index=nations)
        sums = parts.sum()
        for nation in nations:
            off = (values.loc[nation] - sums).abs()
            if regions and bool(
                (off <= LOOSE_ROUNDING * sums).all() and sums.gt(0).all()
            ):
                return {unit: out[unit] for unit in nations}
    return out


def _is_no_size(column: str) -> bool:
    """Say whether a column is per head, a share or a rate, which do not add up."""
    return bool(WORDS.no_level.search(column) or WORDS.per_head.search(column))


def _by_names(written: pd.Series) -> dict[str, str]:
    names = written.map(without_marks)
    # Groningen (PV) is Groningen; Türkiye - Turkey is either.
    shown = names.str.casefold()
    bare = shown.str.replace(r"\s+\([^)]{1,3}\)$", "", regex=True)
    out = {
        str(unit): "by its name"
        for unit, name in names.items()
        if WORDS.total.fullmatch(name) or WORDS.total.fullmatch(str(unit))
    }
    out |= {
        str(unit): "a group by its name"
        for unit, name in written.items()
        if WORDS.group_of_places.fullmatch(str(name).strip())
    }
    # Only among its own parts is a nation a total; among nations it is a unit.
    present = [
        nation
        for nation in LISTS["nations"]
        if (shown.isin(nation["parts"]) | bare.isin(nation["parts"])).any()
    ]
    for nation in present:
        either = f"({nation['name']})( [-–/] .*)?|.* [-–/] ({nation['name']})"
        whole = shown[shown.str.fullmatch(either)].index
        out |= dict.fromkeys(whole, "the nation of the others")
        # Among regions of several nations, Centre or South is one of them.
        if "regions" in nation and len(present) == 1:
            regions = shown[shown.str.fullmatch("|".join(nation["regions"]))].index
            out |= dict.fromkeys(regions, OF_REGION)
    return out


def _in_capitals(names: pd.Series) -> dict[str, str]:
    """Return the first or last name where it alone is in capitals, as ITALIA before its
    regions; in an alphabetical list it may be one of the others.
    """
    shown = [without_marks(name) for name in names]
    # Beside NCR and CAR, BARMM is short for a region as these are.
    capitals = [n for n in shown if n.isupper() and len(n) > 1]
    alphabetical = shown == sorted(shown, key=str.casefold)
    if len(capitals) != 1 or alphabetical or len(shown) < FEWEST_PARTS:
        return {}
    capitals = [name for name in capitals if len(name) >= SHORTEST_WHOLE]
    ends = (names.index[0], names.index[-1])
    return {
        str(unit): "alone in capitals"
        for unit in ends
        if without_marks(names[unit]) in capitals
    }


def _country_at_an_end(names: pd.Series) -> dict[str, str]:
    """Return the first or last name where it alone is that of a country, as Kenya below
    its counties; in an alphabetical list it may be one of the others.
    """
    shown = [without_marks(name).casefold() for name in names]
    if len(shown) < FEWEST_PARTS or shown == sorted(shown):
        return {}
    countries = _country_names()
    known = [
        name for name in shown if name in countries or WORDS.nation_word.fullmatch(name)
    ]
    ends = (names.index[0], names.index[-1])
    return {
        str(unit): "the nation of the others"
        for unit in ends
        if known == [without_marks(names[unit]).casefold()]
    }


@cache
def _country_names() -> frozenset[str]:
    drawn = drawn_names("countries")[["name", "common_name", "official_name"]]
    return frozenset(drawn.stack().str.casefold()) - {""}


@cache
def _country_codes() -> frozenset[str]:
    return frozenset(drawn_names("countries")[["iso2", "iso3"]].stack()) - {""}


def _by_codes(units: Sequence[str]) -> dict[str, str]:
    """Return codes that are the beginning of others, as of NUTS, or that end in 000."""
    out = dict[str, str]()
    codes = sorted(unit for unit in units if WORDS.total_code.fullmatch(unit))
    # As NUTS has DE, DE1 and DE11; other short codes share letters by chance.
    if len(codes) > 0.8 * len(units):
        for code in codes:
            within = [c for c in codes if c != code and c.startswith(code)]
            if within:
                out[code] = f"{within[0]} lies in it"
    # 00 before 01 to 25
    zeros = [unit for unit in units if re.fullmatch("00+", unit)]
    alike = [unit for unit in units if len(unit) == len(zeros[0])] if zeros else []
    if len(zeros) == 1 and len(alike) == len(units) and len(units) > SHORTEST_RUN:
        out[zeros[0]] = "its code is zero"
    numbers = [unit for unit in units if unit.isdecimal()]
    if len(numbers) == len(units):
        larger = _with_zeros(numbers) or _as_beginnings(numbers)
        out |= dict.fromkeys(sorted(larger), "its code is that of a larger area")
    return out


def _with_zeros(codes: Sequence[str]) -> set[str]:
    """Return codes that end in zeros where nearly all others begin like one of them, as
    01000 of 01001 and 510000 of 510100.
    """
    out = set[str]()
    # Running numbers cross thousands, and have no levels.
    values = [int(code) for code in codes]
    if max(values) - min(values) + 1 == len(values):
        return out
    for form, digits in ((r"\d{4,5}", 3), (r"\d{6}", 4), (r"\d{6}", 2)):
        areas = [code for code in codes if re.fullmatch(form, code)]
        zeros = "0" * digits
        larger = {code for code in areas if code.endswith(zeros)} - out
        parts = [code for code in areas if code not in larger | out]
        inside = [code for code in parts if f"{code[:-digits]}{zeros}" in larger | out]
        whole = len(areas) == len(codes)
        if whole and parts and len(inside) >= 0.8 * len(parts):
            out |= larger
    return out


def _as_beginnings(codes: Sequence[str]) -> set[str]:
    """Return short codes if each is the beginning of longer ones and nearly all of these
    begin so, as 29 of 2927408 and 1 of 1001.
    """
    short = {code for code in codes if len(code) <= 3}
    longer = [code for code in codes if code not in short]
    for digits in (2, 3, 4, 5):
        inside = [code[:-digits] for code in longer if code[:-digits] in short]
        # ASSUME: two in each at least, on average; running numbers have no such levels.
        if (
            short
            and set(inside) == short
            and len(inside) >= max(0.8 * len(longer), 2 * len(short))
        ):
            return short
    return set()


def _by_values(values: pd.DataFrame, column: str) -> dict[str, str]:
    """Return units whose figures are the sum of all others, or of rows that stand
    together before or after them, in every year; values (N, T) in the file's order.
    """
    # A unit without a figure adds nothing, and is no total.
    held = values.loc[:, values.notna().mean() >= LEAST_HELD].fillna(0)
    out = dict[str, str]()
    if held.shape[1] < 2 or len(held) > MOST_UNITS:
        return out
    figures = held.to_numpy()
    if np.abs(figures).max() > LARGEST:
        return out
    large = figures.min(axis=1) >= LEAST_STEPS * _steps(figures).min()
    units = list(held.index)
    place = {unit: i for i, unit in enumerate(units)}
    out |= _larger_levels(held, column)
    # Totals may be nested: without those found, the next level is a sum of all others.
    while True:
        rest = [unit for unit in units if unit not in out]
        if len(rest) <= SHORTEST_RUN:
            break
        kept = [place[unit] for unit in rest]
        table = figures[kept]
        others = table.sum(axis=0) - table
        is_total = np.asarray(_equal(table, others).all(axis=1)) & large[kept]
        if not out and not is_total.any() and len(rest) > FEWEST_OTHERS:
            is_total = _at_an_end(table, others)
        reasons = {
            unit: f"its {column} is the sum of all others"
            for unit, whether in zip(rest, is_total, strict=True)
            if whether
        }
        # A run of rows fits by chance in few years, hence four at least that differ.
        if not reasons and np.unique(table, axis=1).shape[1] >= FEWEST_YEARS:
            sums = _sums_of_runs(rest, table, column)
            reasons = {unit: why for unit, why in sums.items() if large[place[unit]]}
        if not reasons:
            break
        out |= reasons
    return out


def _larger_levels(held: pd.DataFrame, column: str) -> dict[str, str]:
    """Return the units of larger areas where a table has one level of areas after the
    other, as states and then municipalities, whose sums are one in every year; those of
    the level with most units stay.
    """
    table = held.to_numpy()
    count = len(table)
    if count < FEWEST_IN_LEVELS:
        return {}
    upto = np.concatenate([np.zeros((1, table.shape[1])), table.cumsum(axis=0)])
    # Rounded figures are off by half a step each, at most.
    rounding = 1e-9 * upto[-1] + count * _steps(table).max() / 2
    for levels in range(2, MOST_LEVELS + 1):
        ends = [0]
        for level in range(1, levels + 1):
            off = np.abs(upto - level * upto[-1] / levels)
            fits = np.flatnonzero((off <= rounding).all(axis=1))
            ends += fits[:1].tolist()
        sizes = np.diff(ends)
        # A row that is the sum of all others is told so below.
        whole = levels == 2 and sizes.min() == 1
        if len(ends) == levels + 1 and sizes.min() > 0 and not whole:
            largest = int(sizes.argmax())
            inside = np.zeros(count, bool)
            inside[ends[largest] : ends[largest + 1]] = True
            why = f"its {column} is counted again in other rows, of smaller areas"
            return dict.fromkeys(held.index[~inside], why)
    return {}


def _at_an_end(table: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Say of the first and the last row whether it is nearly the sum of all others in
    every year, (N,); other rows are not.
    """
    near = np.abs(table - others) <= LOOSE_ROUNDING * others
    is_total = np.asarray((near & (others > 0)).all(axis=1))
    is_total[1:-1] = False
    return is_total


def _steps(figures: np.ndarray) -> np.ndarray:
    """Return the finest decimal that each row is written with, 0.0001 at least, (N,)."""
    steps = np.full(len(figures), 1e-4)
    for decimals in (3, 2, 1, 0):
        off = np.abs(figures - np.round(figures, decimals))
        steps[(off <= 1e-9).all(axis=1)] = 10.0**-decimals
    return steps


def _sums_of_runs(units: list[str], table: np.ndarray, column: str) -> dict[str, str]:
    out = dict[str, str]()
    steps = _steps(table)
    step = steps.min()
    count = len(table)
    # before[b] - before[a] is the sum of rows a to b - 1.
    before = np.concatenate([np.zeros((1, table.shape[1])), table.cumsum(axis=0)])
    spread = _own_growth(table)
    shortest = _shortest_runs(before[:, 0])
    for i, unit in enumerate(units):
        total = table[i]
        # Runs only grow: where the shortest is more than the total, none is the total.
        if shortest[i] > total[0] + steps[i] + step * SHORTEST_RUN:
            continue
        below = np.arange(i + 1 + SHORTEST_RUN, count + 1)
        above = np.arange(max(i + 1 - SHORTEST_RUN, 0))
        runs = (("below", below, np.array([i + 1])), ("above", np.array([i]), above))
        for where, ends, starts in runs:
            rows = ends - starts
            # Rounded figures are off by half a step each, and so is their rounded sum.
            rounding = (steps[i] + step * rows) / 2
            first = before[ends, 0] - before[starts, 0]
            near = np.abs(first - total[0]) <= 1.01 * rounding
            # Few runs are near in the first year; only these are summed in the others.
            pairs = np.broadcast_arrays(ends, starts)
            last, before_first = (side[near] for side in pairs)
            sums = before[last] - before[before_first]
            if _adds_up(sums, total, rounding[near], spread):
                out[unit] = f"its {column} is the sum of rows {where} it"
    return out


def _shortest_runs(before: np.ndarray) -> np.ndarray:
    """Return the smaller sum of the rows that stand nearest below and above each row, of
    the fewest that a total sums; ``before`` has sums of all rows before each, (N + 1,).
    """
    runs = before[SHORTEST_RUN:] - before[:-SHORTEST_RUN]
    none = np.full(SHORTEST_RUN, np.inf)
    below = np.concatenate([runs[1:], none])
    above = np.concatenate([none, runs])[:-1]
    return np.asarray(np.minimum(below, above))


def _own_growth(table: np.ndarray) -> np.ndarray:
    """Return how far rows grow apart from the first year to each other one: the median
    deviation of their log growth, which rounding of small rows moves little, (T - 1,).
    """
    growing = table[(table > 0).all(axis=1)]
    if not len(growing):
        return np.zeros(table.shape[1] - 1)
    growth = np.log(growing[:, 1:] / growing[:, :1])
    return np.asarray(np.median(np.abs(growth - np.median(growth, axis=0)), axis=0))


def _adds_up(
    sums: np.ndarray, total: np.ndarray, rounding: np.ndarray, spread: np.ndarray
) -> bool:
    """Say whether one of the sums is the total in every year but for its rounding, and
    no sum of rows that grow apart would be so by chance; sums (R, T), total (T,),
    rounding (R,), spread (T - 1,).
    """
    off = np.abs(sums - total)
    fits = (off <= 1.01 * rounding[:, None]).all(axis=1)
    # ASSUME: a year tells if rows grow apart by four times what rounding allows; where
    # all grow alike, a sum that fits in one year fits in all.
    tells = spread * total[1:] >= 4 * rounding[:, None]
    return bool((fits & (tells.sum(axis=1) >= FEWEST_YEARS - 1)).any())


def _equal(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    # A sum of zeros always fits and says nothing.
    return np.asarray((np.abs(one - other) <= ROUNDING * np.abs(other)) & (other > 0))
