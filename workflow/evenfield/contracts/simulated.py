"""Simulated input: one mark for everything that is computed from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evenfield.contracts.files import read_json

WATERMARK = "SIMULATED INPUT - NOT EVIDENCE"


def simulated_names(description: Mapping[str, Any]) -> list[str]:
    """Return the variables of a study that hold simulated figures.

    Parameters
    ----------
    description : mapping
        Content of ``results/ingest/description.json``.

    Returns
    -------
    list of str
        Empty for real data.
    """
    return [str(name) for name in description.get("simulated", [])]


def watermark_for(path: str | Path) -> str:
    """Return the mark that a file of the results folder must carry.

    Parameters
    ----------
    path : str or Path
        A file two levels below the results folder, such as ``results/tables/T6.csv``.

    Returns
    -------
    str
        Empty where the study's input is not simulated, or no description of it lies beside.

    Notes
    -----
    Every table and figure is made from the ingested tables, so a change of their flags reruns it.
    """
    description = Path(path).resolve().parents[1] / "ingest" / "description.json"
    return WATERMARK if description.exists() and simulated_names(read_json(description)) else ""
