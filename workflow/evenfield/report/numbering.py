"""What tables and figures are called in print: Table 1 and Figure 2 of the paper in the
order in which its text names them, Table A1 and Figure A2 of the appendix.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evenfield.report.prose import NAMING, Prose

KINDS = {"T": "Table", "F": "Figure", "m": "Figure"}
MAP = "map"  # stands for the map among the ids
UNNAMED = {"claims_table": "T0", "map": MAP}  # what a text places without an id
DOCUMENTS = ("paper", "appendix")


@dataclass(frozen=True, slots=True)
class Label:
    """What one table or figure is called in one document."""

    kind: str  # Table or Figure
    number: str  # such as 3 or A3

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


@dataclass(frozen=True, slots=True)
class Numbering:
    """The labels of both documents, by the id of the exhibit."""

    paper: Mapping[str, Label]
    appendix: Mapping[str, Label]

    def of(self, document: str) -> Mapping[str, Label]:
        """Return the labels of one document."""
        return self.paper if document == "paper" else self.appendix

    def seen_from(self, document: str, which: str) -> tuple[Label, bool]:
        """Return what an exhibit is called, and whether the document holds it itself."""
        own = self.of(document)
        if which in own:
            return own[which], True
        return self.of(other(document))[which], False


def other(document: str) -> str:
    """Return the other one of paper and appendix."""
    return "appendix" if document == "paper" else "paper"


def number_exhibits(
    prose: Prose, further: Sequence[str], *, has_map: bool
) -> Numbering:
    """Return the numbers of what the paper prints, in the order of mention, and of what
    the appendix prints, ``further``, in its order.
    """
    printed = {*prose.placed("abstract"), *prose.placed("paper")}
    printed |= {MAP} if has_map else set()
    mentioned = [
        name for name in _named(prose, ("abstract", "paper")) if name in printed
    ]
    return Numbering(
        paper=dict(_labels(mentioned, "")), appendix=dict(_labels(further, "A"))
    )


def map_mention(study: Mapping[str, str]) -> str:
    """Return what a text says of the map, behind the number that it has in print."""
    return f"maps the {study['units_name']}."


def _named(prose: Prose, texts: Iterable[str]) -> Iterator[str]:
    """Yield each exhibit that texts name or print, once, in their order."""
    seen = dict[str, None]()
    for text in texts:
        for kind, *arguments in prose.marks(text):
            if kind in NAMING:
                seen[UNNAMED.get(kind) or arguments[0]] = None
    yield from seen


def _labels(names: Iterable[str], letter: str) -> Iterator[tuple[str, Label]]:
    counts = Counter[str]()
    for name in names:
        kind = KINDS[name[0]]
        counts[kind] += 1
        yield name, Label(kind=kind, number=f"{letter}{counts[kind]}")
