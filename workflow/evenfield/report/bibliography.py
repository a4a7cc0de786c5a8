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

# An entry ends with a brace on a line of its own; values may hold braces two deep.
ENTRY = re.compile(r"^@(\w+)\s*\{\s*([^,\s]+)\s*,(.*?)^\s*\}", re.DOTALL | re.MULTILINE)
BRACED = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
FIELD = re.compile(rf'(\w+)\s*=\s*(?:{BRACED}|"([^"]*)"|(\d+))\s*(?:,|\Z)')
TITLE = re.compile(r"(\b(?:book)?title\s*=\s*)" + rf'(?:{BRACED}|"([^"]*)")')
EDITOR = re.compile(rf"\beditor\s*=\s*{BRACED}")
PUBLISHERS = ("publisher", "institution", "school", "organization")


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
        # A collection stands under its editors.
        if "author" not in self.fields and "editor" in self.fields:
            names += " (ed.)" if len(self._names) == 1 else " (eds.)"
        title = self.fields["title"].rstrip(".")
        return f"{names} ({self.year}). {title}. {self._where}.".replace("..", ".")

    @property
    def html(self) -> str:
        """The entry as one line, with a link where it has an address."""
        doi = self.fields.get("doi")
        url = escape(f"https://doi.org/{doi}" if doi else self.fields.get("url", ""))
        text = escape(self.text)
        # Only an address of the web becomes a link, so that no entry can run a script.
        if re.match(r"https?://", url):
            return f'{text} <a href="{url}">{url}</a>'
        return f"{text} {url}" if url else text

    @property
    def _names(self) -> list[str]:
        fields = self.fields
        return _people(fields.get("author") or fields.get("editor") or self.key)

    @property
    def _where(self) -> str:
        fields = self.fields
        if "journal" in fields:
            return fields["journal"] + self._issue
        inside = fields.get("howpublished", "")
        if "booktitle" in fields:
            inside = f"In {fields['booktitle']}"
        series = " ".join(fields[name] for name in ("type", "number") if name in fields)
        houses = [fields[name] for name in PUBLISHERS if fields.get(name)]
        publisher = ": ".join(filter(None, [fields.get("address"), *houses[:1]]))
        return ", ".join(filter(None, [inside, series, publisher]))

    @property
    def _issue(self) -> str:
        """Volume, number and pages of an article."""
        fields = self.fields
        number = fields.get("number", "")
        issue = f", no. {number}" if number else ""
        if "volume" in fields:
            issue = f" {fields['volume']}" + (f"({number})" if number else "")
        return issue + (f": {fields['pages']}" if "pages" in fields else "")


def read_references(path: str | Path) -> dict[str, Reference]:
    """Read a BibTeX file by key."""
    text = Path(path).read_text(encoding="utf-8")
    references = {
        key: Reference(key, _fields(body), f"@{kind}{{{key},{body}}}\n")
        for kind, key, body in ENTRY.findall(text)
    }
    # An entry that cannot be read would be missing without a word.
    started = len(re.findall(r"^@\w+\s*\{", text, re.MULTILINE))
    if started != len(references):
        raise ReportError(
            f"{path} has {started} entries, of which {len(references)} can be read, each"
            " with a key of its own",
            "entries that end with } on a line of its own",
            "correct the others",
        )
    for key, entry in references.items():
        for name in ("title", "year"):
            if name not in entry.fields:
                raise ReportError(
                    f"{path}: {key} has no {name}",
                    "author or editor, title, year",
                    "add it",
                )
    return references


def _fields(body: str) -> dict[str, str]:
    fields_by_name = {
        name.lower(): braced or quoted or number
        for name, braced, quoted, number in FIELD.findall(body)
    }
    # What stands in braces is one name, held together by blanks that do not break.
    for name in {"author", "editor"} & set(fields_by_name):
        fields_by_name[name] = re.sub(
            r"\{[^{}]*\}",
            lambda braced: braced[0].replace(" ", "\u00a0"),
            fields_by_name[name],
        )
    return {name: _plain(text) for name, text in fields_by_name.items()}


def _plain(text: str) -> str:
    text = re.sub(r"\\([&%_$#])", r"\1", re.sub(r"[ \t\n]+", " ", text))
    return re.sub(r"[{}]", "", text).replace("---", "\u2014").replace("--", "\u2013")


def _people(names: str) -> list[str]:
    return re.split(r"\s+and\s+", names)


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
    # A second pair of braces keeps the capitals of a title as they are typed.
    text = TITLE.sub(lambda part: f"{part[1]}{{{{{part[2] or part[3]}}}}}", item.bibtex)
    # Of an incollection Typst prints the title of the book twice.
    text = re.sub("(?i)^@incollection", "@inbook", text)
    if "author" in item.fields:
        return text
    return EDITOR.sub(lambda part: f"author = {{{_as_editors(part[1])}}}", text)


def _as_editors(names: str) -> str:
    *others, last = _people(names)
    word = "eds." if others else "ed."
    # Where BibTeX has a suffix such as Jr.: family name, suffix, given names.
    family, comma, given = last.partition(", ")
    if comma and ", " not in given:
        last = f"{family}, {word}, {given}"
    return " and ".join([*others, last])
