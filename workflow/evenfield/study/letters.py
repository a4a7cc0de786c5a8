"""Letters that a reader does not see: control and private-use characters, and marks that
turn the direction of writing.

They are refused where config, texts and tables are read. What stands in a file is then
what its reader sees, and the private-use characters by which texts mark what is placed in
them (`report/markup.py`) come from evenfield only.
"""

import re
from collections.abc import Iterator

# ASSUME: marks of direction without override (U+200E, U+200F) and joiners are part of
# writing in Arabic, Hebrew and Indian scripts, and stay.
CONTROL = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\U000e0000-\U000e007f"
)
DIRECTION = "\u202a-\u202e\u2066-\u2069"
MARKS = "\ue000-\ue003"
PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010ffff\ud800-\udfff"
IN_TEXTS = re.compile(f"[{CONTROL}{DIRECTION}{PRIVATE}]")
# Names of places in East Asian tables may hold private-use letters.
IN_TABLES = re.compile(f"[{CONTROL}{DIRECTION}{MARKS}]")
EXPECTED = "letters that a reader sees"
ACTION = "delete the character"


def hidden_letter(text: str, pattern: re.Pattern[str] = IN_TEXTS) -> str:
    """Name the first hidden letter of a text and its line; empty where there is none."""
    letter = pattern.search(text)
    if letter is None:
        return ""
    line = text.count("\n", 0, letter.start()) + 1
    return f"line {line}: hidden character U+{ord(letter[0]):04X}"


def hidden_value(content: object) -> str:
    """Name the first hidden letter in plain data, where it may be written as an escape."""
    for location, text in texts_of(content, ""):
        if letter := IN_TEXTS.search(text):
            return f"{location}: hidden character U+{ord(letter[0]):04X}"
    return ""


def texts_of(content: object, location: str) -> Iterator[tuple[str, str]]:
    """Yield every text of plain data, keys among them, with its place."""
    if isinstance(content, str):
        yield location, content
    elif isinstance(content, dict):
        for key, value in content.items():
            inside = f"{location}.{key}".lstrip(".")
            yield location or "a key", str(key)
            yield from texts_of(value, inside)
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from texts_of(value, f"{location}.{number}".lstrip("."))
