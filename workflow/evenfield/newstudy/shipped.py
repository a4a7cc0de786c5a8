"""Outlines that come with the library, by name."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import yaml

from evenfield.newstudy.features import property_table
from evenfield.newstudy.unit_names import former_states, in_all_forms, match_units
from evenfield.study.errors import IngestError
from evenfield.study.land import OUTLINES
from evenfield.study.topology import undrawn_features

MOST_OUTLINES = 300  # more than any shipped map has
# ASSUME: a map of which more than one unit in twenty has no outline is of other units;
# states of the past, which no map of today has, are not counted.
LARGEST_SHARE_WITHOUT = 0.05
HERE = Path(__file__).parent
SHIPPED: dict[str, dict[str, Any]] = yaml.load(
    (HERE / "shipped.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
)


class FittingOutlines(NamedTuple):
    """Shipped outlines of (nearly) all units of a study."""

    name: str  # as `--polygons` takes it
    units_without: list[str]  # ids of the units that have no outline in it


def outlines_file(path: Path) -> tuple[Path, dict[str, str]]:
    """Return the file of outlines that a path or a name means, with title and licence
    where it is shipped; a file of the user's that is called so goes first.
    """
    known = SHIPPED.get(str(path))
    if known is None or path.is_file():
        return path, {}
    # Outlines that are asked for often and may not be shipped: where to get them.
    if "instead" in known:
        raise IngestError(
            f"--polygons {path}: {known['instead']}",
            f"a file, or one of {', '.join(_with_a_file())}",
            "give the file",
        )
    named = {"title": known["title"], "licence": known["licence"]}
    return _shipped_file(path), named


def fitting_outlines(units: pd.DataFrame) -> FittingOutlines | None:
    """Return the shipped outlines that lack the fewest units, None where each lacks too
    many; units with ``unit`` and ``name``.
    """
    if len(units) > MOST_OUTLINES:
        return None
    former = units["name"].isin(former_states(units["name"]))
    allowed = LARGEST_SHARE_WITHOUT * len(units) + former.sum()
    fitting = []
    for name in _with_a_file():
        if not _may_fit(name, units, allowed):
            continue
        without = _units_without(name, units)
        if without is not None and len(without) <= allowed:
            fitting.append(FittingOutlines(name, without))
    return min(fitting, key=lambda found: len(found.units_without), default=None)


def _may_fit(name: str, units: pd.DataFrame, allowed: float) -> bool:
    """Say whether all units but so many share a text with a shipped map, in whatever column;
    most maps share none with a study, and need no matching.
    """
    drawn = _drawn_texts(name)
    apart = [
        all(drawn.isdisjoint(in_all_forms(text)) for text in texts)
        for texts in units.astype(str).to_numpy()
    ]
    return sum(apart) <= allowed


@cache
def _drawn_texts(name: str) -> frozenset[tuple[int, str]]:
    """Return all that a shipped map calls its units, in all forms."""
    cells = drawn_names(name).astype(str).to_numpy().ravel()
    return frozenset().union(*map(in_all_forms, cells))


def _units_without(name: str, units: pd.DataFrame) -> list[str] | None:
    """Return the units that shipped outlines lack; None where their names do not match,
    or one unit has two outlines.
    """
    try:
        match = match_units(drawn_names(name), units, name, once=True)
    except IngestError:
        return None
    ids = match.ids.dropna()
    if not ids.is_unique:
        return None
    drawn = set(ids)
    return [unit for unit in units["unit"] if unit not in drawn]


@cache
def drawn_names(name: str) -> pd.DataFrame:
    """Return what a shipped map calls its units, a row each."""
    content = json.loads(_shipped_file(name).read_text(encoding="utf-8"))
    return property_table(undrawn_features(content))


def _shipped_file(name: str | Path) -> Path:
    return OUTLINES / f"{name}.topo.json"


def _with_a_file() -> list[str]:
    """Return the names of outlines that are shipped."""
    return [name for name, known in SHIPPED.items() if "instead" not in known]
