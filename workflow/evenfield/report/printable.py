"""What a text may print: named numbers with their parts, names and counts, each as it
stands in Markdown.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evenfield.report.markup import Mark, mark
from evenfield.report.numbers import Number
from evenfield.shared.tables.numbers import is_missing, p_value
from evenfield.study import letters
from evenfield.study.errors import ReportError, nearest, not_known
from evenfield.study.files import Record

COUNTS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen"
    " fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
# from two times ten on
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
# of a number
PARTS = ("low", "high", "p", "p_is", "interval", "smallest_visible", "unit")
AN = r"(?!eu|uni|us)[aeiou]"  # how a noun begins that goes with an
# What Markdown would read as more than a letter, in words that a template prints.
MARKED = re.compile(r"([\\`*_\[\]<>@])")


class Value(float):
    """A number that conditions may read and no text can print."""

    def __str__(self) -> str:
        raise ReportError(
            "a computed number is printed",
            "a number named in numbers.yaml",
            "name it there",
        )

    def __format__(self, spec: str) -> str:
        return str(self)


class Part:
    """A number as a text sees it: what it prints, its parts, ``value`` for conditions,
    and the name under which a page opens its evidence.
    """

    def __init__(
        self,
        name: str,
        text: str,
        value: float | None,
        evidence: str = "",
        **parts: object,
    ) -> None:
        self.name = name
        self.text = text
        self.evidence = evidence
        self.value = Value("nan" if value is None else value)
        self.__dict__.update(parts)

    def __str__(self) -> str:
        return self.text

    def part(self, part: str) -> object:
        """Return a part that a text may name; refuse any other."""
        if part not in ("value", *PARTS) or part not in vars(self):
            raise self._lacks(part)
        return vars(self)[part]

    def __getattr__(self, part: str) -> object:
        # What Python and Jinja ask for on their own is no part of a number.
        if part.startswith("_"):
            raise AttributeError(part)
        raise self._lacks(part)

    def _lacks(self, part: str) -> ReportError:
        expected = f"one of value, {', '.join(PARTS)}"
        action = nearest(part, ("value", *PARTS), "correct it")
        if part in PARTS:
            expected = "a number that has a test"
            action = "leave it out"
        return ReportError(f"{self.name} has no {part}", expected, action)


def part_of(name: str, number: Number, evidence: str = "") -> Part:
    """Return a named number as a text sees it."""

    def part(key: str, text: str, value: float | None = None) -> Part:
        return Part(f"{name}.{key}", text, value, evidence)

    parts: dict[str, Any] = {}
    for end in ("low", "high", "smallest_visible"):
        value = getattr(number, end)
        if not is_missing(value):
            parts[end] = part(end, number.written(value), value)
    if number.interval:
        parts["interval"] = part("interval", number.interval)
    if number.unit:
        parts["unit"] = number.unit
    if not is_missing(number.p):
        text = p_value(number.p)
        parts["p"] = part("p", text, number.p)
        parts["p_is"] = part("p_is", f"p {'' if text[0] in '<>' else '= '}{text}")
    parts["_measure"] = number.measure  # for what is written behind it
    return Part(name, number.text, number.value, evidence, **parts)


# A computed number is one, which refuses to be printed itself.
TEXTS_AND_NUMBERS = (str, int, float, Part)


class Lookup:
    """Names that a text may use, which refuse one that is not among them."""

    def __init__(self, what: str, content: Record) -> None:
        self._what = what
        self._content = content

    def part(self, name: str) -> object:
        """Return what stands under a name."""
        return self[name]

    def __getitem__(self, name: str) -> object:
        if name not in self._content:
            raise ReportError(*not_known(self._what, name, sorted(self._content)))
        return self._content[name]

    def units_of(self, name: str) -> tuple[str, str] | None:
        """Return the unit that a number names and the one that it has, which is that of
        its row if it names none; nothing where there is no such number.
        """
        number = self._content.get(name)
        if number is None:
            return None
        unit = str(vars(number).get("unit", ""))
        return unit, unit or str(vars(number).get("_measure", ""))


def printed(value: object) -> str:
    """Return what stands in the text of a page or paper for a value."""
    if isinstance(value, Mark):
        return value
    if isinstance(value, float):
        # Refused: a ``Value`` never prints, since only numbers of numbers.yaml do.
        return str(Value(value))
    text = as_text(value)
    if letters.hidden_letter(text, letters.IN_TABLES):
        raise ReportError(
            "a name with a hidden character is printed",
            letters.EXPECTED,
            "delete it in the tables",
        )
    if isinstance(value, Part) and value.evidence:
        return mark("number", value.evidence, value.name, text)
    return MARKED.sub(r"\\\1", text)  # so that a name is no emphasis or link


def as_text(value: object) -> str:
    """Return a text or a number as it is printed; anything else is refused."""
    placed = isinstance(value, Mark)
    if placed or isinstance(value, bool) or not isinstance(value, TEXTS_AND_NUMBERS):
        raise ReportError(
            f"{_kind_of(value)} is printed", "a number, a name or a text", "name one"
        )
    return str(value)


def _kind_of(value: object) -> str:
    kinds: dict[Any, str] = {
        bool: "a condition",
        Mark: "what a text places",
        Lookup: "all of a list",
        Mapping: "all of a list",
        Sequence: "a list",
        Callable: "a word that needs brackets",
    }
    named = [words for kind, words in kinds.items() if isinstance(value, kind)]
    return named[0] if named else f"'{type(value).__name__}'"


def word(value: object) -> str:
    """Write a count below a hundred as a word: ``six``, ``thirty-nine``."""
    text = value.text if isinstance(value, Part) else ""
    whole = int(text) if text.isdigit() else value
    if isinstance(whole, bool) or not isinstance(whole, int):
        raise ReportError(
            f"'{as_text(value)}' is no count",
            "a whole number",
            "print it without `word`",
        )
    # From twenty on a word has two parts.
    if not len(COUNTS) <= whole < 100:
        return COUNTS[whole] if 0 <= whole < 100 else str(whole)
    tens, ones = divmod(whole, 10)
    return TENS[tens - 2] + (f"-{COUNTS[ones]}" if ones else "")


def with_article(noun: str) -> str:
    """Return a noun with a or an: ``an area``, ``a unit``."""
    return f"{'an' if re.match(AN, noun, re.IGNORECASE) else 'a'} {noun}"


def noun(number: Part, one: str, many: str = "") -> str:
    """Return the noun that goes with a count: ``club`` with 1, else ``clubs``."""
    if not isinstance(number, Part):
        raise ReportError(
            f"'{number}' is no count", "a number that has a name", "name it"
        )
    return one if number.text == "1" else many or f"{one}s"
