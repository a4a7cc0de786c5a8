"""Outlines that come with the library, by name."""

import contextlib
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from evenfield.newstudy.features import property_table, read_features
from evenfield.newstudy.unit_names import match_units
from evenfield.study.errors import IngestError

MOST_OUTLINES = 300  # of a shipped map
MOST_WITHOUT = 0.05  # share of units without an outline of a map that is named
HERE = Path(__file__).parent
SHIPPED: dict[str, dict[str, Any]] = yaml.safe_load(
    (HERE / "shipped.yaml").read_text(encoding="utf-8")
)


def outlines_file(path: Path) -> tuple[Path, dict[str, str]]:
    """Return the file of outlines that a path or a name means, and title and licence of
    one that is shipped; a file of that name goes first.
    """
    known = SHIPPED.get(str(path))
    if known is None or path.is_file():
        return path, {}
    if "instead" in known:
        raise IngestError(
            f"--polygons {path}: {known['instead']}",
            f"a file, or one of {', '.join(_names())}",
            "give the file",
        )
    named = {"title": known["title"], "licence": known["licence"]}
    return HERE / "outlines" / f"{path}.topo.json", named


def fitting(units: pd.DataFrame) -> tuple[str, list[str]]:
    """Return the name of shipped outlines of which nearly each unit has one, and the units
    that have none; blank if no outlines have as many.
    """
    if len(units) > MOST_OUTLINES:
        return "", []
    best = ("", list(units["unit"]))
    for name in _names():
        with contextlib.suppress(IngestError):  # which says that nothing fits
            match = match_units(_names_drawn(name), units, name, once=True)
            ids = match.ids.dropna()
            drawn = set(ids)
            without = [unit for unit in units["unit"] if unit not in drawn]
            if ids.is_unique and len(without) < len(best[1]):
                best = (name, without)
    if len(best[1]) > MOST_WITHOUT * len(units):
        return "", []
    return best


@cache
def _names_drawn(name: str) -> pd.DataFrame:
    """Return what a shipped map calls its units, a row each."""
    path, _ = outlines_file(Path(name))
    return property_table(read_features(path))


def _names() -> list[str]:
    return [name for name, known in SHIPPED.items() if "instead" not in known]
