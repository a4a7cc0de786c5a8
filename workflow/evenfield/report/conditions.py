"""The conditions of a text that stand in a file beside it: ``text/page.must.yaml`` has
those of ``text/page.md``.

Each entry becomes the call that would stand in the text, ``must(condition, words)`` or
``unchecked(reason, words)``, and is computed as that would be.
"""

import ast
from pathlib import Path

from evenfield.report.text_language import Expression, Text, read_expression
from evenfield.study.config_files import read_list
from evenfield.study.errors import ConfigError, ReportError, not_known

ENDING = ".must.yaml"
GUARDS = ("must", "unchecked")
KEYS = ("words", *GUARDS)
EXPECTED = "words: of one sentence, with must: a condition or unchecked: a reason"


def conditions_beside(text: Path) -> Path:
    """Return where the conditions of a text stand, if it has any outside of itself."""
    return text.with_name(f"{text.stem}{ENDING}")


def read_conditions(path: Path) -> Text:
    """Return the conditions of a file, with what is wrong with them by line; none where
    there is no file.
    """
    text = Text([], [])
    if not path.exists():
        return text
    try:
        entries = read_list(path)
    except ConfigError as error:
        raise ReportError(error.found, error.expected, error.action) from None
    for line, entry in entries:
        try:
            text.parts.append(_expression(line, entry))
        except ReportError as fault:
            text.faults.append((line, fault))
    return text


def _expression(line: int, entry: object) -> Expression:
    """Return an entry as the call of ``must`` or ``unchecked`` that it stands for."""
    if not isinstance(entry, dict):
        raise ReportError("an entry holds no keys", EXPECTED, "see docs/prose.md")
    for key, value in entry.items():
        if key not in KEYS:
            raise ReportError(*not_known("key", str(key), KEYS))
        if not isinstance(value, str):
            raise ReportError(
                f"{key}: {value} is no text",
                "a text",
                "put it in quotation marks" if value is not None else "write it",
            )
    guards = [key for key in GUARDS if key in entry]
    if len(guards) != 1 or not entry.get("words", "").strip():
        missing = (
            "no words" if len(guards) == 1 else f"{len(guards)} of must, unchecked"
        )
        raise ReportError(f"an entry has {missing}", EXPECTED, "correct the entry")
    (guard,) = guards
    written = entry[guard]
    is_condition = guard == "must"
    first = read_expression(written) if is_condition else ast.Constant(written)
    words = ast.Constant(" ".join(entry["words"].split()))
    call = ast.Call(ast.Name(guard, ast.Load()), [first, words], [])
    return Expression(line, f"({written.strip()})", call)
