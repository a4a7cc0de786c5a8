"""words.yaml: every entry is used, and every use has an entry."""

import re
from pathlib import Path

from evenfield.newstudy import words


def test_every_word_has_a_use_and_every_use_a_word():
    code = [path.read_text() for path in Path(words.__file__).parent.glob("*.py")]
    used = set(re.findall(r'(?:WORDS\.|LISTS\[")(\w+)', "".join(code)))
    used |= {f"{kind}_column" for kind in ("unit", "name", "lat", "lon")}  # known_as
    used |= set(words.INSERTED.findall(str(words.LISTS)))
    assert used == set(words.LISTS)


def test_no_entry_stands_twice():
    # YAML keeps the last of two and says nothing.
    text = Path(words.__file__).with_name("words.yaml").read_text(encoding="utf-8")
    names = re.findall(r"^(\w+):", text, re.MULTILINE)
    # Words for money are those of a run.
    assert sorted(names) == sorted({*words.LISTS} - {"money"})


def test_a_word_that_there_is_none_of_is_no_attribute():
    assert not hasattr(words.WORDS, "no_such_word")
