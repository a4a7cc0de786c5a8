"""The floors of the house and the library files that each of them rests on."""

from __future__ import annotations

from pathlib import Path

LIBRARY = Path(__file__).parents[1]
FLOORS = ("contracts", "ingest", "panel", "weights", "numerics", "estimates", "artifacts", "report")
BELOW = {
    "contracts": (),
    "ingest": ("contracts",),
    "panel": ("contracts",),
    "weights": ("contracts", "numerics"),
    "numerics": (),
    "estimates": ("contracts", "numerics"),
    "artifacts": ("contracts",),
    "report": ("contracts",),
}


def library_files(room: str) -> list[str]:
    """List the library files whose change must rerun a rule of one room."""
    floor = room.split("/", maxsplit=1)[0]
    folders = (*BELOW[floor], room)
    files = {path for folder in folders for path in (LIBRARY / folder).rglob("*.py")}
    files |= set((LIBRARY / floor).glob("*.py"))
    return sorted(path.relative_to(LIBRARY).as_posix() for path in files)
