"""Simulated input: one mark for everything that is computed from it."""

from pathlib import Path

from evenfield.study.files import Record, read_json

WATERMARK = "SIMULATED INPUT - NOT EVIDENCE"


def simulated_names(description: Record) -> list[str]:
    """Return the variables of a study that hold simulated figures."""
    return [str(name) for name in description.get("simulated", [])]


def watermark_for(path: str | Path) -> str:
    """Return the mark that a file of the results folder must carry.

    Notes
    -----
    Every table and figure is made from the ingested tables, so a change of their flags
    reruns it.
    """
    description = Path(path).resolve().parents[1] / "ingest" / "description.json"
    return (
        WATERMARK
        if description.exists() and simulated_names(read_json(description))
        else ""
    )
