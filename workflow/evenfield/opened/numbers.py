"""The named numbers of a study that has been run, and where each is printed."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from evenfield.opened.errors import OpenError
from evenfield.report.run_files import RunFiles
from evenfield.shared.estimates import ESTIMATE_COLUMNS
from evenfield.study.errors import nearest
from evenfield.study.files import read_json
from evenfield.study.table_files import read_table

# A table has beside a column of estimates one with their ids, whose name ends so.
ESTIMATE_ID = ESTIMATE_COLUMNS[0]
NOT_PRINTED = "must("  # a condition on a number, which prints none
Entries = dict[str, Any]


class Printed(NamedTuple):
    """One place in which a number is printed."""

    where: str  # name of a text (page, paper, appendix), or the id of a table
    line: str  # of the text, or the label of the row of the table; two between a colon
    column: str = ""  # of the table; empty for a text

    def __str__(self) -> str:
        if self.column:
            return f"table {self.where}, row {self.line}, column {self.column}"
        return f"{self.where}, {self.line}"


@dataclass(frozen=True, kw_only=True)
class StudyNumber:
    """A number of a study, in its unit of measure; what it does not have is None."""

    name: str  # as numbers.yaml has it, or of a section: beta.speed
    value: float | None
    low: float | None  # end of the confidence interval
    high: float | None
    unit: str
    text: str  # value as it is printed
    interval: str  # as it is printed, empty without one
    p: float | None  # p-value
    estimate_id: str  # of its row; empty where it is arithmetic or read from a table
    source: str  # file below results/, or the formula of other numbers
    printed: tuple[Printed, ...]

    def __str__(self) -> str:
        number = f"{self.name} = {self.text} {self.unit}".rstrip()
        interval = f", interval {self.interval}" if self.interval else ""
        places = "; ".join(map(str, self.printed))
        # A section prints the numbers that its words for what was found name.
        topic = self.name.partition(".")[0] if "." in self.name else ""
        of_section = f"in the section of {topic}, if its words name it"
        places = places or (of_section if topic else "nowhere by its name")
        return f"{number}{interval}\nprinted: {places}"

    __repr__ = __str__


class Numbers(Mapping[str, StudyNumber]):
    """All named numbers of a study that has been run, by name: those of numbers.yaml and
    those of the sections of its page.

    Raises
    ------
    OpenError
        For a name that neither has.
    """

    def __init__(
        self, folder: Path, files: RunFiles, of_sections: Callable[[], Entries]
    ) -> None:
        self._folder = folder
        self._files = files
        self._of_sections = of_sections
        path = folder / "results" / "numbers.json"
        with files.read("numbers.json"):
            self._named: Entries = dict(read_json(path)) if path.is_file() else {}

    @cached_property
    def _entries(self) -> Entries:
        """The entries of both, as numbers.json has them."""
        return {**self._of_sections(), **self._named}

    def __getitem__(self, name: str) -> StudyNumber:
        # Those of sections need the config, which may have changed since the run.
        entries = self._named if name in self._named else self._entries
        if name not in entries:
            otherwise = "`sorted(s.numbers)` names all of them"
            raise OpenError(
                f"{name} is no number of {self._folder}",
                f"one of {len(entries)} names of numbers.yaml and of sections",
                nearest(str(name), entries, otherwise),
            )
        with self._files.read("tables/*.csv"):
            return self._number(name, entries[name])

    def _number(self, name: str, entry: Entries) -> StudyNumber:
        estimate_id = str(entry.get("estimate_id") or "")
        in_texts = self._lines_of_texts(name)
        in_tables = self._cells.get(estimate_id, ())
        return StudyNumber(
            name=name,
            value=entry.get("value"),
            low=entry.get("low"),
            high=entry.get("high"),
            unit=entry.get("unit", ""),
            text=entry.get("text", ""),
            interval=entry.get("interval", ""),
            p=entry.get("p"),
            estimate_id=estimate_id,
            source=entry["from"],
            printed=(*in_texts, *in_tables),
        )

    def __contains__(self, name: object) -> bool:
        return name in self._named or name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"{len(self)} numbers: {', '.join(self)}"

    @cached_property
    def _texts(self) -> dict[str, list[str]]:
        """The lines of each text by its name."""
        paths = sorted((self._folder / "text").glob("*.md"))
        return {path.stem: path.read_text("utf-8").splitlines() for path in paths}

    def _lines_of_texts(self, name: str) -> Iterator[Printed]:
        """Yield each line of the texts that prints a number."""
        # ``{{ n.NAME }}``, also inside of a longer expression
        written = re.compile(rf"{{{{[^}}]*\bn\.{re.escape(name)}\b")
        for text, lines in self._texts.items():
            for number, line in enumerate(lines, 1):
                if written.search(line) and NOT_PRINTED not in line:
                    yield Printed(where=text, line=f"line {number} of text/{text}.md")

    @cached_property
    def _cells(self) -> dict[str, list[Printed]]:
        """The cells of all tables by the id of the estimate that they print."""
        cells: dict[str, list[Printed]] = {}
        for path in sorted((self._folder / "results" / "tables").glob("*.csv")):
            for estimate_id, line, column in _cells_of(path):
                place = Printed(where=path.stem, line=line, column=column)
                cells.setdefault(estimate_id, []).append(place)
        return cells


def _cells_of(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield estimate id, label of the row and name of the column of each cell of a table
    that prints an estimate.
    """
    header = pd.read_csv(path, nrows=0).columns
    id_columns = [name for name in header if name.endswith(ESTIMATE_ID)]
    if not id_columns:
        return
    table = read_table(path, tuple(id_columns))
    row_labels = _row_labels(table, id_columns)
    for row, row_label in zip(table.to_dict("records"), row_labels, strict=True):
        for name in id_columns:
            # ``speed_estimate_id`` stands beside ``speed``.
            column = name.removesuffix(ESTIMATE_ID).rstrip("_ ") or "estimate"
            if row[name]:
                yield str(row[name]), row_label, column


def _row_labels(table: pd.DataFrame, id_columns: list[str]) -> list[str]:
    """Return the first label of each row, with the first other one that tells it apart
    where several rows share it, between colons as in the name of a cell.
    """
    is_text = pd.api.types.is_string_dtype
    texts = [name for name in table if is_text(table[name]) and name not in id_columns]
    before_estimates = table.columns[: table.columns.get_loc(id_columns[0])]
    numbers = [name for name in before_estimates if table[name].dtype == int]
    labels = table[[*texts, *numbers]].fillna("").astype(str)
    first = [
        next(filter(None, row), "") for row in labels[texts].itertuples(index=False)
    ]
    shared = Counter(first)
    row_labels = list(first)
    is_apart = [shared[label] == 1 for label in first]
    for name in labels:
        pairs = list(zip(first, labels[name], strict=True))
        shared_pairs = Counter(pairs)
        for number, (label, other) in enumerate(pairs):
            if other and not is_apart[number] and shared_pairs[label, other] == 1:
                row_labels[number] = f"{label}:{other}"
                is_apart[number] = True
    return row_labels
