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
