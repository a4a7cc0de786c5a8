"""The named numbers of a study that has been run, and where each is printed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from evenfield.shared.estimates import ESTIMATE_COLUMNS
from evenfield.study.errors import ReportError, nearest
from evenfield.study.files import read_json
from evenfield.study.table_files import read_table

ESTIMATE_ID = ESTIMATE_COLUMNS[0]  # ends the name of a column that says which a cell is
# Texts by the document that they are of; other texts go by their names.
DOCUMENTS = {"page": "page", "paper": "paper", "appendix": "appendix"}
NOT_PRINTED = "must("  # holds a sentence to a number and prints none


class Printed(NamedTuple):
    """One place in which a number is printed."""

    where: str  # page, paper, appendix, or the id of a table
    line: str  # of the text, or the words that name the row of the table
    column: str = ""  # of the table

    def __str__(self) -> str:
        if self.column:
            return f"table {self.where}, row {self.line}, column {self.column}"
        return f"{self.where}, {self.line}"


@dataclass(frozen=True, kw_only=True)
class StudyNumber:
    """A number of a study, in its unit; the ends of its interval are None where there
    are none.
    """

    name: str  # as numbers.yaml has it
    value: float | None
    low: float | None
    high: float | None
    unit: str
    text: str  # as it is printed
    interval: str  # as it is printed, empty without one
    p: float | None
    estimate_id: str  # of its row; empty where it is arithmetic or read from a table
    source: str  # file below results/, or what it is made of
    printed: tuple[Printed, ...]

    def __str__(self) -> str:
        shown = f"{self.name} = {self.text} {self.unit}".rstrip()
        shown += f", interval {self.interval}" if self.interval else ""
        places = "; ".join(map(str, self.printed)) or "nowhere by its name"
        return f"{shown}\nprinted: {places}"

    __repr__ = __str__


class Numbers(Mapping[str, StudyNumber]):
    """All named numbers of a study by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        path = folder / "results" / "numbers.json"
        self._written: dict[str, Any] = read_json(path) if path.is_file() else {}

    def __getitem__(self, name: str) -> StudyNumber:
        if name not in self._written:
            otherwise = "`sorted(s.numbers)` names all of them"
            raise ReportError(
                f"{name} is no number of {self._folder}",
                f"one of {len(self._written)} names of numbers.yaml",
                nearest(name, self._written, otherwise),
            )
        entry = self._written[name]
        identity = str(entry.get("estimate_id") or "")
        keys = "value low high unit text interval p".split()
        return StudyNumber(
            name=name,
            **{key: entry.get(key) for key in keys},
            estimate_id=identity,
            source=entry["from"],
            printed=(*self._sentences(name), *self._cells.get(identity, ())),
        )

    def __contains__(self, name: object) -> bool:
        return name in self._written

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._written))

    def __len__(self) -> int:
        return len(self._written)

    def __repr__(self) -> str:
        return f"{len(self)} numbers: {', '.join(self)}"

    @cached_property
    def _texts(self) -> list[tuple[str, list[str]]]:
        paths = sorted((self._folder / "text").glob("*.md"))
        return [
            (DOCUMENTS.get(path.stem, path.stem), path.read_text("utf-8").splitlines())
            for path in paths
        ]

    def _sentences(self, name: str) -> Iterator[Printed]:
        """Yield each line of the texts that prints a number."""
        named = re.compile(rf"{{{{[^}}]*\bn\.{re.escape(name)}\b")
        for document, lines in self._texts:
            for number, line in enumerate(lines, 1):
                if named.search(line) and NOT_PRINTED not in line:
                    yield Printed(document, f"line {number} of text/{document}.md")

    @cached_property
    def _cells(self) -> dict[str, list[Printed]]:
        """The cells of all tables by the estimate that they print."""
        cells: dict[str, list[Printed]] = {}
        for path in sorted((self._folder / "results" / "tables").glob("*.csv")):
            for identity, line, column in _cells_of(path):
                place = Printed(path.stem, line, column)
                cells.setdefault(identity, []).append(place)
        return cells


def _cells_of(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield estimate, words of the row and column of each cell that prints one."""
    names = pd.read_csv(path, nrows=0).columns
    ids = [name for name in names if name.endswith(ESTIMATE_ID)]
    if not ids:
        return
    table = read_table(path, tuple(ids))
    # A row is named by the texts at its left, before its first estimate.
    words = [name for name in table if pd.api.types.is_string_dtype(table[name])]
    labels = [name for name in words if name not in ids]
    for row in table.to_dict("records"):
        line = next((str(row[name]) for name in labels if row[name]), "")
        for name in ids:
            column = name.removesuffix(ESTIMATE_ID).rstrip("_ ") or "estimate"
            if row[name]:
                yield str(row[name]), line, column
