"""Tables and figures as page and paper need them: words, twins and the topic they
belong to.
"""

import base64
import hashlib
import os.path
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from evenfield.shared.second_studies import second_configs
from evenfield.shared.topics import LIBRARY, exhibit_words
from evenfield.study.errors import ReportError
from evenfield.study.files import Record

TEMPLATES = Path(__file__).parent / "templates"
# Braces and # mean something in Typst and TeX, so that templates of papers have marks of their own.
MARKS: dict[str, Any] = {
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "block_start_string": "<%",
    "block_end_string": "%>",
    "comment_start_string": "<!",
    "comment_end_string": "!>",
}
LARGEST_SVG = 900_000  # bytes of a picture that a page shows as SVG
# The width of a picture, and the scales of its letters.
WIDTH = re.compile(r'<svg[^>]* width="([\d.]+)pt"')
LETTERS = re.compile(r"scale\((0?\.\d+) -")
USUAL = 60.0  # small letters in the width of a figure, if its picture does not say
LEAST_PIXELS = 11.0  # of the smallest letters on a page
ROOMS = {"narrow": 390.0, "usual": 660.0}  # pixels: page.css has the same
PRINTED = 7.5  # points of the smallest letters of a narrow figure in print
TEXT_WIDTH = 442.0  # points of the text of a paper
IN_REPOSITORY = "workflow/evenfield/"
OBJECT_LETTERS = 12  # of a hash, by which git finds a file
# The twins that page and paper need of a table and of a figure, the text first.
TABLE = (".html", ".typ", ".paper.tex", ".csv")
FIGURE = (".alt.txt", ".svg", ".pdf", ".csv")
READ = (*TABLE, *FIGURE, ".png")  # in place of an SVG that is too heavy


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
    blob: str = ""  # the content of that file, as git names it

    def files_from(self, folder: str | Path) -> dict[str, str]:
        """Return the path of each file from a folder, by ending."""
        return {
            ending: Path(os.path.relpath(path, folder)).as_posix()
            for ending, path in self.files.items()
        }

    @property
    def drawn(self) -> str:
        """The ending of the picture that a page shows: SVG, or PNG where the SVG is too
        heavy; a table has none.
        """
        if self.html:
            return ""
        # Thousands of points make an SVG slower to open than a picture of them.
        heavy = Path(self.files[".svg"]).stat().st_size > LARGEST_SVG
        return ".png" if heavy and ".png" in self.files else ".svg"

    @property
    def room(self) -> str:
        """How wide a page shows a figure so that its smallest letters are read: a
        `narrow` one fits a phone, a `usual` one has its width, a `broad` one more.
        """
        least = LEAST_PIXELS * self._width_in_letters
        return next((name for name, most in ROOMS.items() if least <= most), "broad")

    @property
    def in_print(self) -> float:
        """Share of the width of a paper's text that a figure takes, its letters being
        as large as those of others.
        """
        share = PRINTED * self._width_in_letters / TEXT_WIDTH
        return 1.0 if share > 0.95 else round(share, 2)

    @property
    def _width_in_letters(self) -> float:
        """How often its smallest letters are as high as a figure is wide."""
        svg = Path(self.files[".svg"]).read_text(encoding="utf-8")
        width = WIDTH.search(svg)
        # Letters are outlines of a hundred units, made smaller.
        scales = set(LETTERS.findall(svg))
        if not width or not scales:
            return USUAL
        return float(width[1]) / (100 * min(map(float, scales)))

    @property
    def picture(self) -> str:
        """The picture as a ``data:`` address."""
        kind = {".svg": "svg+xml", ".png": "png"}[self.drawn]
        content = base64.b64encode(Path(self.files[self.drawn]).read_bytes())
        return f"data:image/{kind};base64,{content.decode('ascii')}"


def words_of_exhibits(config: Record) -> dict[str, dict[str, str]]:
    """Return title and caption of every exhibit by its id, those of figures of studies
    beside in the words of these.
    """
    words = exhibit_words(config)
    for study, other in second_configs(config).items():
        for name, own in exhibit_words(other).items():
            words[f"{name}-{study}"] = own
    return words


def read_exhibits(
    paths: Iterable[str],
    topics: Mapping[str, str],
    scripts: Mapping[str, str],
    words: Record,
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
    for ending in wanted:
        if ending not in files:
            raise ReportError(
                f"{stem} has no {ending} file",
                f"{', '.join(wanted)} for every table or figure",
                "name all twins among the inputs of the rule",
            )
    text = Path(files[wanted[0]]).read_text(encoding="utf-8")
    # The first line describes a figure, the second says what its caption leaves to it.
    alt, _, drawn = text.strip().partition("\n")
    own: dict[str, Any] = {
        "title": words.get("title", stem),
        "caption": words.get("caption", alt).replace("{{drawn}}", drawn),
        "alt": alt,
    }
    if wanted is TABLE:  # whose title our own writer put into the fragment
        caption = re.search("<caption>(.*?)</caption>", text, re.DOTALL)
        title = unescape(caption[1]) if caption else ""
        own = {"title": title, "caption": "", "html": text}
    script = scripts.get(stem, "")
    return Exhibit(
        id=stem,
        topic=topics.get(stem, ""),
        files=files,
        script=script,
        blob=_git_object(script),
        **own,
    )


def _git_object(script: str) -> str:
    """Return the name under which git holds a file of the library, which is named from
    the repository: `git log --find-object` says in which commit it came.
    """
    # The library may be reached by another way than from the repository's folder.
    path = LIBRARY / script.removeprefix(IN_REPOSITORY)
    if not script.startswith(IN_REPOSITORY) or not path.is_file():
        return ""
    content = path.read_bytes()
    head = f"blob {len(content)}\0".encode()
    digest = hashlib.sha1(head + content, usedforsecurity=False)
    return digest.hexdigest()[:OBJECT_LETTERS]


def _order(name: str) -> tuple[str, int, str]:
    """Sort T2 before T10, and a name of another form by its letters."""
    parts = re.fullmatch(r"([A-Z])(\d*)(.*)", name)
    return (parts[1], int(parts[2] or "0"), parts[3]) if parts else (name, 0, "")
