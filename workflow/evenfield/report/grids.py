"""Reading a table's HTML fragment back as a grid of text, so that the paper prints what the page prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from evenfield.study.errors import ReportError


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed cell."""

    text: str  # what is printed
    align: str = "left"  # ``left`` or ``right``
    span: int = 1  # columns it covers
    heading: bool = False  # whether it heads a row, a column or a group of rows


@dataclass(slots=True)
class Grid:
    """One table as text."""

    title: str = ""  # caption
    head: list[list[Cell]] = field(default_factory=list)  # rows, top to bottom
    body: list[list[Cell]] = field(default_factory=list)
    foot: list[list[Cell]] = field(default_factory=list)

    @property
    def note(self) -> str:
        """The text beneath the table."""
        return " ".join(cell.text for row in self.foot for cell in row)


def read_grid(path: str | Path) -> Grid:
    """Read the HTML fragment of one table."""
    parser = _TableParser()
    parser.feed(Path(path).read_text(encoding="utf-8"))
    if not parser.grid.head:
        raise ReportError(f"{path} holds no table with column headings", "one table element with a thead",
                          "rerun the rule that writes it")  # fmt: skip
    return parser.grid


class _TableParser(HTMLParser):
    """Collects the rows of one table element."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.grid = Grid()
        self.part = "body"
        self.row: list[Cell] = []
        self.cell: Cell | None = None
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag in {"thead", "tbody", "tfoot"}:
            self.part = {"thead": "head", "tbody": "body", "tfoot": "foot"}[tag]
        elif tag == "tr":
            self.row = []
        elif tag in {"th", "td"}:
            align = "right" if "right" in named.get("class", "").split() else "left"
            self.cell, self.words = Cell("", align, int(named.get("colspan", "1")), tag == "th"), []
        elif tag in {"caption", "br"}:
            self.words = [] if tag == "caption" else [*self.words, " "]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        text = " ".join("".join(self.words).split())
        if tag in {"th", "td"} and self.cell is not None:
            self.row.append(Cell(text, self.cell.align, self.cell.span, self.cell.heading))
        elif tag == "tr":
            getattr(self.grid, self.part).append(self.row)
        elif tag == "caption":
            self.grid.title = text
