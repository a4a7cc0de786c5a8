"""Tables and figures as the page and the paper need them: words, twins and the section they belong to."""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenfield.report.grids import Grid, read_grid
from evenfield.study.errors import ReportError

TEMPLATES = Path(__file__).parents[2] / "report"
LARGEST_SVG = 900_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One table or figure with its words."""

    id: str  # for example ``F4``
    title: str  # title and the sentences beneath; the caption of a table is its own note
    caption: str
    section: str  # section of page and paper that shows it
    files: Mapping[str, str]  # path by ending, for example ``.csv``
    alt: str = ""  # description of a figure for those who cannot see it; empty for a table
    html: str = ""  # the fragment of a table; empty for a figure
    grid: Grid | None = None  # the table as text; None for a figure
    script: str = ""  # the script that makes it, as the manifest names it

    @property
    def picture(self) -> str:
        """The picture as a ``data:`` address: SVG, or PNG where the SVG is too heavy."""
        svg = Path(self.files[".svg"])
        if svg.stat().st_size <= LARGEST_SVG or ".png" not in self.files:
            return data_uri(svg, "image/svg+xml")
        return data_uri(self.files[".png"], "image/png")

    @property
    def download(self) -> str:
        """The CSV twin as a ``data:`` address."""
        return data_uri(self.files[".csv"], "text/csv;charset=utf-8")

    @property
    def anchor(self) -> str:
        """Where the page shows it."""
        return f"exhibit-{self.id}" if self.grid is not None else self.id


def data_uri(path: str | Path, kind: str) -> str:
    """Return a file as a ``data:`` address."""
    return f"data:{kind};base64,{base64.b64encode(Path(path).read_bytes()).decode('ascii')}"


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file of the template folder."""
    return tomllib.loads(Path(path).read_text(encoding="utf-8"))


def read_exhibits(paths: Iterable[str], scripts: Mapping[str, str], words: Mapping[str, Any]) -> list[Exhibit]:
    """Read every table and figure among ``paths``."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(paths):
        name = Path(path).name
        stem, dot, ending = name.partition(".")
        found.setdefault(stem, {})[dot + ending] = path
    exhibits = [_exhibit(stem, files, scripts, words) for stem, files in found.items()]
    return sorted(exhibits, key=lambda exhibit: _order(exhibit.id))


def _exhibit(stem: str, files: dict[str, str], scripts: Mapping[str, str], words: Mapping[str, Any]) -> Exhibit:
    said = words.get(stem, {})
    section, script = said.get("section", "further"), scripts.get(stem, "")
    _check_twins(stem, files, (".html", ".csv") if ".html" in files else (".svg", ".csv", ".alt.txt"))
    if ".html" in files:
        grid = read_grid(files[".html"])
        return Exhibit(id=stem, title=grid.title, caption=said.get("caption", ""), section=section, files=files,
                       html=Path(files[".html"]).read_text(encoding="utf-8"), grid=grid, script=script)  # fmt: skip
    alt = Path(files[".alt.txt"]).read_text(encoding="utf-8").strip()
    return Exhibit(id=stem, title=said.get("title", stem), caption=said.get("caption", alt), section=section,
                   files=files, alt=alt, script=script)  # fmt: skip


def _check_twins(stem: str, files: Mapping[str, str], wanted: tuple[str, ...]) -> None:
    missing = [ending for ending in wanted if ending not in files]
    if missing:
        raise ReportError(f"{stem} has no {missing[0]} file", f"{', '.join(wanted)} for every table or figure",
                          "name all twins among the inputs of the rule")  # fmt: skip


def _order(name: str) -> tuple[str, int, str]:
    parts = re.fullmatch(r"([A-Z])(\d*)(.*)", name)
    if parts is None:
        return (name, 0, "")
    return (parts[1], int(parts[2] or "0"), parts[3])
