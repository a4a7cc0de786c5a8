"""Harvesting the modelling decisions that the library marks where they are taken."""

from collections.abc import Iterator
from dataclasses import dataclass
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


def harvest_assumptions(library: str | Path = LIBRARY) -> list[Assumption]:
    """Collect the assumption comments of every module."""
    root = Path(library)
    files = sorted(
        root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()
    )
    return [
        _assumption(path.relative_to(root), text)
        for path in files
        for text in _marked(path)
    ]


def _assumption(path: Path, text: str) -> Assumption:
    floor = path.parts[path.parts[0] == "topics"] if len(path.parts) > 1 else ""
    return Assumption(floor, path.as_posix(), text)


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
