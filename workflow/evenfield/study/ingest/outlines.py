"""Outlines of the units for a map, where a study has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evenfield.study.errors import IngestError, first_examples
from evenfield.study.ingest.dictionary import read_resources

EMPTY: dict[str, Any] = {"type": "FeatureCollection", "features": []}


def read_outlines(package: str | Path) -> dict[str, Any]:
    """Read the GeoJSON outlines that the dictionary names."""
    paths = [r.path for r in read_resources(package).values() if r.path.endswith(".geojson")]
    if not paths:
        return EMPTY
    file = Path(package).parent / paths[0]
    try:
        features = json.loads(file.read_text(encoding="utf-8"))["features"]
        ordered = sorted(features, key=lambda feature: str(feature["properties"]["unit"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise IngestError(
            f"{paths[0]} holds no outlines",
            "a GeoJSON feature collection whose properties name `unit`",
            "correct the file or drop its resource",
        ) from None
    return {"type": "FeatureCollection", "features": ordered}


def check_outlines(outlines: dict[str, Any], units: list[str]) -> None:
    """Refuse outlines of units that the study does not have."""
    unknown = sorted({feature["properties"]["unit"] for feature in outlines["features"]} - set(units))
    if unknown:
        raise IngestError(
            f"the outlines name {len(unknown)} unknown unit ({first_examples(unknown)})",
            "units of units.csv",
            "correct the id",
        )
