"""References: BibTeX entries, read for the page and handed on to the paper in the form
that Typst prints without mistakes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from evenfield.shared.tables.units import in_words
from evenfield.study.errors import ReportError

ENTRY = re.compile(r"^@(\w+)\s*\{\s*([^,\s]+)\s*,(.*?)^\s*\}", re.DOTALL | re.MULTILINE)
BRACED = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
FIELD = re.compile(rf'(\w+)\s*=\s*(?:{BRACED}|"([^"]*)"|(\d+))\s*(?:,|\Z)')


TITLE = re.compile(r"(\b(?:book)?title\s*=\s*)" + rf'(?:{BRACED}|"([^"]*)")')
EDITOR = re.compile(rf"\beditor\s*=\s*{BRACED}")
SUFFIX_PARTS = 2


@dataclass(frozen=True)
class Reference:
    """One entry."""

    key: str
    fields: Mapping[str, str]
    bibtex: str

    @property
    def year(self) -> str:
        """The year, or that there is none."""
        return self.fields.get("year", "n.d.")

    @property
    def short(self) -> str:
        """The authors as a citation names them."""
        names = [_last(name) for name in self._names]
        return f"{names[0]} et al." if len(names) > 3 else in_words(names)

    @property
    def sort_key(self) -> tuple[str, str, str]:
        """Where the entry stands in a list."""
        return (" ".join(self._names).casefold(), self.year, self.key)

    @property
    def text(self) -> str:
        """The entry as one line."""
        names = in_words(self._names)
        if "author" not in self.fields and "editor" in self.fields:
            names += " (ed.)" if len(self._names) == 1 else " (eds.)"
        return f"{names} ({self.year}). {self.fields['title'].rstrip('.')}. {self._where}.".replace(
            "..", "."
        )

    @property
    def html(self) -> str:
        """The entry as one line, with a link where it has an address."""
        url = (
            f"https://doi.org/{self.fields['doi']}"
            if "doi" in self.fields
            else self.fields.get("url", "")
        )
        link = f' <a href="{escape(url)}">{escape(url)}</a>' if url else ""
        is_page = re.match(r"https?://", url) is not None
        return escape(self.text) + (
            link if is_page else f" {escape(url)}" if url else ""
        )

    @property
    def _names(self) -> list[str]:
        return re.split(
            r"\s+and\s+",
            self.fields.get("author") or self.fields.get("editor") or self.key,
        )

    @property
    def _where(self) -> str:
        fields = self.fields
        if "journal" in fields:
            number = f"({fields['number']})" if "number" in fields else ""
            issue = (
                f" {fields['volume']}{number}"
                if "volume" in fields
                else f", no. {fields['number']}"
                if number
                else ""
            )
            pages = f": {fields['pages']}" if "pages" in fields else ""
            return f"{fields['journal']}{issue}{pages}"
        inside = (
            f"In {fields['booktitle']}"
            if "booktitle" in fields
            else fields.get("howpublished", "")
        )
        series = " ".join(fields[name] for name in ("type", "number") if name in fields)
        house = (
            fields.get("publisher")
            or fields.get("institution")
            or fields.get("school")
            or fields.get("organization", "")
        )
        parts = [
            inside,
            series,
            ": ".join(part for part in (fields.get("address", ""), house) if part),
        ]
        return ", ".join(part for part in parts if part)


def read_references(path: str | Path) -> dict[str, Reference]:
    """Read a BibTeX file by key."""
    text = Path(path).read_text(encoding="utf-8")
    references = {
        key: Reference(key, _fields(body), f"@{kind}{{{key},{body}}}\n")
        for kind, key, body in ENTRY.findall(text)
    }
    started = len(re.findall(r"^@\w+\s*\{", text, re.MULTILINE))
    if started != len(references):
        fault = (
            f"{path} has {started} entries, of which {len(references)} can be read, each"
            " with a key of its own"
        )
        raise ReportError(
            fault, "entries that end with } on a line of its own", "correct the others"
        )
    for key, entry in references.items():
        if missing := [name for name in ("title", "year") if name not in entry.fields]:
            raise ReportError(
                f"{path}: {key} has no {missing[0]}",
                "author or editor, title, year",
                "add it",
            )
    return references


def _fields(body: str) -> dict[str, str]:
    fields_by_name = {
        name.lower(): braced or quoted or number
        for name, braced, quoted, number in FIELD.findall(body)
    }
    for name in (
        "author",
        "editor",
    ):  # what stands in braces is one name, held together
        if name in fields_by_name:
            fields_by_name[name] = re.sub(
                r"\{[^{}]*\}",
                lambda part: part[0].replace(" ", "\u00a0"),
                fields_by_name[name],
            )
    return {name: _plain(text) for name, text in fields_by_name.items()}


def _plain(text: str) -> str:
    text = re.sub(r"\\([&%_$#])", r"\1", re.sub(r"[ \t\n]+", " ", text))
    return re.sub(r"[{}]", "", text).replace("---", "\u2014").replace("--", "\u2013")


def _last(name: str) -> str:
    family, comma, _ = name.partition(",")
    return family if comma else name.rpartition(" ")[2]


def bibtex(references: Iterable[Reference]) -> str:
    """Write entries as BibTeX for Typst.

    Titles keep their capitals (Typst writes "Reform, And Openness"), a chapter names
    its book once, and the editor of a book without an author stands in the author's
    place, with "ed.".
    """
    return "\n".join(_for_typst(item) for item in references)


def _for_typst(item: Reference) -> str:
    text = TITLE.sub(lambda part: f"{part[1]}{{{{{part[2] or part[3]}}}}}", item.bibtex)
    text = re.sub("(?i)^@incollection", "@inbook", text)
    if "author" in item.fields:
        return text
    return EDITOR.sub(lambda part: f"author = {{{_as_editors(part[1])}}}", text)


def _as_editors(names: str) -> str:
    people = re.split(r"\s+and\s+", names)
    word = "ed." if len(people) == 1 else "eds."
    *others, last = people
    parts = last.split(", ")
    # BibTeX: family name, suffix, given names.
    if len(parts) == SUFFIX_PARTS:
        last = f"{parts[0]}, {word}, {parts[1]}"
    return " and ".join([*others, last])
