"""Names in Latin letters, for figures and paper, whose fonts lack those of other scripts.

The page, the tables as CSV and all ids keep the letters of the data.
"""

import re
from collections import Counter
from collections.abc import Sequence

from anyascii import anyascii

from evenfield.study.errors import counted, first_examples

# From Armenian to Mongolian, and from Chinese radicals on: scripts that DejaVu Sans and
# the fonts of Typst lack, or that need shaping; without ligatures of Latin letters.
OTHER_SCRIPTS = re.compile(
    "[\u0530-\u1c7f\u2e80-\ud7ff\uf900-\ufaff\ufb07-\ufffc\U00020000-\U0003ffff]+"
)
# Two provinces that one spelling without tones makes alike.
SHAANXI = re.compile("[陕陝]西")


def in_latin(text: str) -> str:
    """Return a text with Latin letters for those of scripts that our fonts lack."""
    if text.isascii():
        return text
    named = SHAANXI.sub("Shaanxi", text)
    return OTHER_SCRIPTS.sub(lambda run: anyascii(run[0]), named)


def latin_sentences(names: Sequence[str]) -> list[str]:
    """Say that names of units are written in Latin letters, and which are alike then."""
    written = {name: in_latin(name) for name in dict.fromkeys(names)}
    changed = [name for name, latin in written.items() if name != latin]
    if not changed:
        return []
    count = Counter(written.values())
    alike = sorted(latin for latin, number in count.items() if number > 1)
    same = f"; alike there: {first_examples(alike)}" if alike else ""
    return [
        f"Figures and paper write {counted(len(changed), 'name')} in Latin letters,"
        f" since their fonts lack others{same}."
    ]
