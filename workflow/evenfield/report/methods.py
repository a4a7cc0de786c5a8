"""What a topic's method page says in short: its question and its equations."""

from __future__ import annotations

import re
from typing import NamedTuple

from evenfield.shared.topics import TOPICS, read_topics


class Method(NamedTuple):
    """The beginning of a method page."""

    title: str
    purpose: str  # one sentence
    equations: str  # as typed, empty where there are none


def read_method(topic: str) -> Method:
    """Return title, purpose and equations of a topic."""
    path = TOPICS / topic / "method.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    first = re.search(r"^# .*\n+((?:[^#\n].*\n)+)", text, re.MULTILINE)
    purpose = " ".join(first[1].replace("`", "").split()) if first else ""
    section = re.search(r"^## Equations?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^ {4}(.*)$", section[1], re.MULTILINE) if section else []
    return Method(read_topics()[topic]["title"], re.split(r"(?<=[.?!]) ", purpose)[0], "\n".join(lines))
