"""Harvesting the modelling decisions that the library marks where they are taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).parents[1]
# The marker is written in two parts so that this file does not harvest itself.
MARKER = "# " + "ASSUME:"


@dataclass(frozen=True, slots=True)
class Assumption:
    """One modelling decision."""

    floor: str  # folder of the library, or topic, that takes it
    location: str  # file, from the library's folder
    text: str  # the decision in words


@cache
def harvest_assumptions(library: str | Path = LIBRARY) -> list[Assumption]:
    """Collect the assumption comments of every module."""
    root = Path(library)
    assumptions = []
    for path in sorted(root.rglob("*.py"), key=Path.as_posix):
        inside = path.relative_to(root)
        # A topic stands for itself, any other file for its room of the library.
        folder = inside.parts[inside.parts[0] == "topics"] if inside.parts[1:] else ""
        assumptions += [
            Assumption(folder, inside.as_posix(), text) for text in _marked(path)
        ]
    return assumptions


def _marked(path: Path) -> Iterator[str]:
    parts: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        before, marker, after = line.partition(MARKER)
        if marker and not before.count('"'):
            yield from _sentence(parts)
            parts = [after]
        elif parts and line.strip().startswith("#"):
            parts.append(line.strip().lstrip("# "))
        else:
            yield from _sentence(parts)
            parts = []
    yield from _sentence(parts)


def _sentence(parts: list[str]) -> Iterator[str]:
    text = " ".join(" ".join(parts).split())
    if text:
        yield text[0].upper() + text[1:].rstrip(".") + "."
