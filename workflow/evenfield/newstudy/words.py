"""The words and marks by which columns, rows and cells are known, as patterns: those of
words.yaml, which no other file lists.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from evenfield.study.logarithms import MONEY_WORDS

LISTS: dict[str, Any] = yaml.load(
    Path(__file__).with_name("words.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
)
INSERTED = re.compile(r"\{([a-z_]+)\}")


def written_out(text: str | list[str]) -> str:
    """Return an entry as a regular expression, with those that it names put in."""
    joined = text if isinstance(text, str) else "|".join(text)
    return INSERTED.sub(lambda name: written_out(LISTS[name[1]]), joined)


class Words:
    """Patterns by their names; capitals and small letters are alike."""

    def __getattr__(self, name: str) -> re.Pattern[str]:
        if name not in LISTS:
            raise AttributeError(name)
        pattern = re.compile(written_out(LISTS[name]), re.IGNORECASE)
        setattr(self, name, pattern)  # so that it is compiled once
        return pattern


LISTS["money"] = MONEY_WORDS
WORDS = Words()
