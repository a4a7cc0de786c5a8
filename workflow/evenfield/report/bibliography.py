"""The references: one BibTeX file for the paper, the same entries in words for the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from evenfield.report.exhibits import TEMPLATES
from evenfield.shared.words import listing

REFERENCES = TEMPLATES / "references.bib"
ENTRY = re.compile(r"@(\w+)\{(\w+),\n(.*?)\n\}", re.DOTALL)
FIELD = re.compile(r"^\s*(\w+) = \{(.*)\},$", re.MULTILINE)


def read_references(path: str | Path = REFERENCES) -> list[str]:
    """Write every reference as one line of text."""
    entries = [dict(FIELD.findall(body)) for _, _, body in ENTRY.findall(Path(path).read_text(encoding="utf-8"))]
    return sorted(_reference(entry) for entry in entries)


def _reference(entry: Mapping[str, str]) -> str:
    edited = " (ed.)" if "editor" in entry else ""
    names = listing(entry["author"].split(" and ")) + edited
    year = f" ({entry['year']})" if "year" in entry else ""
    return f"{names}{year}. {entry['title']}. {_where(entry)}."


def _where(entry: Mapping[str, str]) -> str:
    if "journal" not in entry:
        return f"{entry['address']}: {entry['publisher']}"
    issue = f" {entry['volume']}({entry['number']})" if "volume" in entry else f", no. {entry['number']}"
    pages = f": {entry['pages'].replace('--', chr(0x2013))}" if "pages" in entry else ""
    return f"{entry['journal']}{issue}{pages}"
