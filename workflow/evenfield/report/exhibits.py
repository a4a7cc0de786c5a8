"""Tables and figures as page and paper need them: words, twins and the topic they
belong to.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from evenfield.study.errors import ReportError

TEMPLATES = Path(__file__).parent / "templates"
LARGEST_SVG = 900_000
TABLE = (".html", ".typ", ".csv")
FIGURE = (".svg", ".csv", ".alt.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One table or figure with its words."""

    id: str  # for example ``F4``
    title: str
    caption: str  # of a figure
    topic: str  # empty where no topic of the library names it
    files: Mapping[str, str]  # path by ending, for example ``.csv``
    alt: str = ""  # description of a figure for those who cannot see it
    html: str = ""  # the fragment of a table; empty for a figure
    script: str = ""  # the file that makes it, as the manifest names it

    @property
    def drawn(self) -> str:
        """The ending of the picture that a page shows: SVG, or PNG where the SVG is too
        heavy; a table has none.
        """
        if self.html:
            return ""
        heavy = Path(self.files[".svg"]).stat().st_size > LARGEST_SVG
        return ".png" if heavy and ".png" in self.files else ".svg"

    @property
    def picture(self) -> str:
        """The picture as a ``data:`` address."""
        return data_uri(
            self.files[self.drawn],
            {".svg": "image/svg+xml", ".png": "image/png"}[self.drawn],
        )


def data_uri(path: str | Path, kind: str) -> str:
    """Return a file as a ``data:`` address."""
    return f"data:{kind};base64,{base64.b64encode(Path(path).read_bytes()).decode('ascii')}"


def read_exhibits(
    paths: Iterable[str],
    topics: Mapping[str, str],
    scripts: Mapping[str, str],
    words: Mapping[str, Any],
) -> list[Exhibit]:
    """Read every table and figure among ``paths``; ``topics`` and ``scripts`` go by id."""
    files_by_stem: dict[str, dict[str, str]] = {}
    for path in sorted(paths):
        stem, dot, ending = Path(path).name.partition(".")
        files_by_stem.setdefault(stem, {})[dot + ending] = str(path)
    exhibits = [
        _exhibit(stem, files, topics, scripts, words.get(stem, {}))
        for stem, files in files_by_stem.items()
    ]
    return sorted(exhibits, key=lambda exhibit: _order(exhibit.id))


def _exhibit(
    stem: str,
    files: dict[str, str],
    topics: Mapping[str, str],
    scripts: Mapping[str, str],
    words: Mapping[str, str],
) -> Exhibit:
    wanted = TABLE if ".html" in files else FIGURE
    missing = [ending for ending in wanted if ending not in files]
    if missing:
        expected = f"{', '.join(wanted)} for every table or figure"
        raise ReportError(
            f"{stem} has no {missing[0]} file",
            expected,
            "name all twins among the inputs of the rule",
        )
    text = Path(files[wanted[0] if wanted is TABLE else ".alt.txt"]).read_text(
        encoding="utf-8"
    )
    shared: dict[str, Any] = {
        "id": stem,
        "topic": topics.get(stem, ""),
        "files": files,
        "script": scripts.get(stem, ""),
    }
    if wanted is TABLE:
        return Exhibit(
            title=_inside(text, "<caption>", "</caption>"),
            caption="",
            html=text,
            **shared,
        )
    alt = text.strip()
    return Exhibit(
        title=words.get("title", stem),
        caption=words.get("caption", alt),
        alt=alt,
        **shared,
    )


def _inside(html: str, start: str, end: str) -> str:
    """Return the text between two marks that our own writer puts in a fragment."""
    match = re.search(f"{start}(.*?){end}", html, re.DOTALL)
    return unescape(match[1]) if match else ""


def _order(name: str) -> tuple[str, int, str]:
    parts = re.fullmatch(r"([A-Z])(\d*)(.*)", name)
    return (parts[1], int(parts[2] or "0"), parts[3]) if parts else (name, 0, "")
