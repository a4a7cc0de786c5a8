"""Which years and units make a panel without a gap in income: the largest block of both
at one step between years.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenfield.study.config_files import TODO
from evenfield.study.errors import IngestError, counted, first_examples

LEAST_UNITS = 3
LONG_RUN = 5  # years


@dataclass(frozen=True, eq=False)
class Balanced:
    """A panel in which every unit has a row in every year of the grid."""

    panel: pd.DataFrame
    years: tuple[int, int]  # in which every unit that is kept has an income
    step: int


@dataclass(frozen=True, eq=False)
class _Block:
    years: list[int]
    rows: np.ndarray  # (N,) whether the unit has an income in each of these years


def balanced(
    panel: pd.DataFrame,
    income: Mapping[str, str],
    names: Mapping[str, str],
    messages: list[str],
    drop_incomplete: bool = False,
) -> Balanced:
    """Keep the years and units that have most incomes without a gap; with
    ``drop_incomplete`` all years, and the units that have an income in each.

    ``names`` says what units are called, as in messages.
    """
    years = sorted(panel["year"].unique().tolist())
    needed = [name for name in income.values() if name != TODO]
    if len(years) < 2 or panel["unit"].nunique() < LEAST_UNITS:
        words = (
            f"{counted(panel['unit'].nunique(), 'unit')} and"
            f" {counted(len(years), 'year')}"
        )
        raise IngestError(
            words,
            "three units and two years",
            "give a longer table, or see --unit and --year",
        )
    units = sorted(panel["unit"].unique())
    indexed = panel.set_index(["unit", "year"])
    grid = _even_years(years)
    held = _held(indexed, units, grid, needed)
    uneven = not held.any(axis=0).all() and len(grid) > len(years)
    if uneven:
        block = _of_even_steps(indexed, units, years, needed, drop_incomplete)
    elif drop_incomplete:
        block = _Block(grid, np.asarray(held.all(axis=1)))
    else:
        block = _largest_block(held, grid)
    if len(block.years) < 2 or block.rows.sum() < LEAST_UNITS:
        raise _gaps(drop_incomplete)
    step = block.years[1] - block.years[0]
    first = block.years[0]
    last = block.years[-1]
    grid = [year for year in grid if (year - first) % step == 0]
    every = "every year" if step == 1 else f"every {step} years"
    if uneven:
        shown = first_examples([str(year) for year in years], 8)
        gone = [str(year) for year in years if year not in block.years]
        left = f"; left out: {first_examples(gone, 8)}" if gone else ""
        messages.append(
            f"years are uneven ({shown}): used are {first} to {last}, {every}{left}"
            " (--years)"
        )
    left_out = [
        unit for unit, stays in zip(units, block.rows, strict=True) if not stays
    ]
    if left_out:
        other = "" if drop_incomplete else "; --drop-incomplete leaves out units only"
        messages.append(
            f"{counted(len(left_out), 'unit')} with gaps in income left out:"
            f" {first_examples([names.get(unit, unit) for unit in left_out], 6)}{other}"
        )
    if not uneven and (first, last) != (grid[0], grid[-1]):
        messages.append(
            f"panel.years is {first} to {last}, without a gap in income; data/ holds all"
            " years (--years, --drop-incomplete)"
        )
    messages.append(f"{int(block.rows.sum())} units, {first} to {last}, {every}")
    kept = [unit for unit in units if unit not in left_out]
    index = pd.MultiIndex.from_product([kept, grid], names=["unit", "year"])
    full = indexed.reindex(index).fillna("").reset_index()
    return Balanced(full, (first, last), step)


def _gaps(drop_incomplete: bool) -> IngestError:
    action = "fill gaps, or see --income and --years"
    if drop_incomplete:
        action = "shorten the span with --years, or leave --drop-incomplete out"
    return IngestError(
        "income has too many gaps", "three units with two years in common", action
    )


def _even_years(years: Sequence[int]) -> list[int]:
    # The greatest step that meets every year; a year left out does not change it.
    step = math.gcd(*(b - a for a, b in itertools.pairwise(years)))
    return list(range(years[0], years[-1] + 1, step))


def _held(
    indexed: pd.DataFrame, units: list[str], years: Sequence[int], needed: list[str]
) -> np.ndarray:
    """Return (N, T) whether a unit has an income in a year."""
    index = pd.MultiIndex.from_product([units, years])
    full = indexed.reindex(index)
    cells = full[needed].replace("", np.nan) if needed else full
    held = cells.notna().all(axis=1) if needed else cells.notna().any(axis=1)
    return held.to_numpy().reshape(len(units), -1)


def _of_even_steps(
    indexed: pd.DataFrame,
    units: list[str],
    years: list[int],
    needed: list[str],
    drop_incomplete: bool,
) -> _Block:
    """Return the largest block among all even subsets of uneven years."""
    held = _held(indexed, units, years, needed)
    column_of = {year: column for column, year in enumerate(years)}
    blocks = list[_Block]()
    tried = set[tuple[int, int]]()
    # ASSUME: of uneven years those at one step that leave most incomes are used, since
    # growth, windows and trends take one step between years for granted.
    for first, second in itertools.combinations(years, 2):
        step = second - first
        chain = list(
            itertools.takewhile(column_of.__contains__, itertools.count(first, step))
        )
        if (chain[-1], step) in tried:  # part of a longer chain
            continue
        tried.add((chain[-1], step))
        table = held[:, [column_of[year] for year in chain]]
        block = (
            _Block(chain, np.asarray(table.all(axis=1)))
            if drop_incomplete
            else _largest_block(table, chain)
        )
        if _size(block):
            blocks.append(block)
    if not blocks:
        return _Block([], np.zeros(len(units), bool))
    # A long run at the usual step, as of years from 1950 on, before rarer years.
    least = min(b - a for a, b in itertools.pairwise(years))
    usual = [
        block
        for block in blocks
        if block.years[1] - block.years[0] == least and len(block.years) >= LONG_RUN
    ]
    # Of equal blocks the one over most years.
    longest = max(usual or blocks, key=lambda block: (_size(block), _length(block)))
    if 3 * _size(longest) >= held.sum():
        return longest
    return max(blocks, key=lambda block: (_size(block), _length(block)))


def _size(block: _Block) -> int:
    count = int(block.rows.sum())
    return count * len(block.years) if count >= LEAST_UNITS else 0


def _length(block: _Block) -> int:
    return block.years[-1] - block.years[0]


def _largest_block(held: np.ndarray, years: list[int]) -> _Block:
    """Return the span and the units that have most incomes without a gap; held (N, T)."""
    # Years held up to each column, so that one difference counts those of a span.
    total = np.concatenate(
        [np.zeros((len(held), 1), int), np.cumsum(held, axis=1)], axis=1
    )
    length = held.shape[1]
    best = _Block([], np.zeros(len(held), bool))
    for first in range(length):
        for last in range(first + 1, length):
            rows = np.asarray(total[:, last + 1] - total[:, first] == last - first + 1)
            block = _Block(years[first : last + 1], rows)
            if _size(block) > _size(best):
                best = block
    return best
