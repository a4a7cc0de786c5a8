"""What the tables of a study offer, and what a topic or an exhibit needs of it."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evenfield.study.files import Record
from evenfield.study.study_config import StudyConfig

NEEDS = {
    "weights": (
        "spatial weights: borders in adjacency.csv, coordinates in units.csv, or a file"
        " of your own"
    ),
    "coordinates": "lat and lon of every unit in units.csv",
    "tiles": "tile_row and tile_col, or lat and lon, of every unit in units.csv",
    "zones": "zones.csv",
    "programmes": "programmes.csv",
    "policies": "policies.csv",
    "groups": "a list of clusters or zones under taxonomy.all",
    "claims": "hypotheses or claims in claims.yaml",
}
EVERYTHING = frozenset({*NEEDS, "borders"})
# How a table can be broken; whoever reads the tables names the fault.
BROKEN = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    csv.Error,
)


class Tables:
    """The tables of the data folder as they are written; one that is not there has no
    rows.
    """

    def __init__(self, package: Path) -> None:
        if not package.is_file():
            raise OSError(f"no file {package}")
        resources = json.loads(package.read_text(encoding="utf-8"))["resources"]
        self.folder = package.parent
        self.names = {str(item["path"]) for item in resources}

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a table as text by column."""
        path = self.folder / f"{name}.csv"
        if path.name not in self.names or not path.is_file():
            return []
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def years(self) -> tuple[int, int]:
        """Return the first and last year of the panel."""
        years = [int(row["year"]) for row in self.rows("panel")]
        return min(years), max(years)


def offered(config: StudyConfig, tables: Tables) -> set[str]:
    """Return which needs the tables and the config meet, but for weights."""
    units = tables.rows("units")
    answers = config.answers
    met = {
        "coordinates": any(row.get("lat") and row.get("lon") for row in units),
        "tiles": all(row.get("tile_row") or row.get("lat") for row in units),
        "borders": tables.rows("adjacency") or config.weights.join,
        "groups": config.taxonomy.all != ("none",),
        "claims": answers.get("hypotheses") or answers.get("claims"),
        "zones": tables.rows("zones"),
        "programmes": tables.rows("programmes"),
        "policies": tables.rows("policies"),
    }
    return {name for name, value in met.items() if value}


def missing_need(needs: Iterable[str], offers: set[str], estimates: Record) -> str:
    """Say what a topic or an exhibit needs and the study does not have: tables, or a
    section of the estimates.
    """
    for need in needs:
        # `TOPIC.KEY or KEY` asks for a section with one of these keys, `TOPIC.QUESTION.KEY`
        # for a question with one.
        topic, *questions = need.split(".")
        keys = questions.pop() if questions else ""
        section = estimates.get(topic)
        for question in questions:
            section = (section or {}).get(question)
        if need in NEEDS and need not in offers:
            return NEEDS[need]
        if need not in NEEDS and not _has(section, keys):
            return f"estimates.{need}"
    return ""


def _has(section: Any, keys: str) -> bool:
    """Say whether a section, or one of its specifications, has one of some keys."""
    if section is None or not keys:
        return section is not None
    specs = section if isinstance(section, list) else [section]
    alternatives = keys.split(" or ")
    return any(spec.get(key) for spec in specs for key in alternatives)
