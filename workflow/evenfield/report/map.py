"""The map of the page: outlines or tiles, income relative to the nation as colour,
zones as circles, by year.
"""

import json
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.rows import TEXT, records
from evenfield.shared.tables.units import count_of, in_words

Place = tuple[float, float]
# Path by unit, centre by unit, height of the drawing.
Drawn = tuple[dict[str, str], dict[str, Place], float]
WIDTH = 720.0
TILE = 60.0
GRID = 0.5
BREAKS = (60, 80, 100, 150)  # income in percent of the nation's
RADIUS = 3.2  # of the circle of one zone
ALL_ZONES = "state"
MOST_NAMED = 20


def map_view(facts: Facts) -> dict[str, Any]:
    """Return shapes, numbers by year and the sentence of each year; nothing where the
    study has no places.
    """
    units = records(facts.table("units", text=TEXT))
    shapes, points, map_height = (
        _outlines(facts, units) or _tiles(units) or ({}, {}, 0.0)
    )
    if not shapes:
        return {}
    income, zones, listed, clusters = _income(facts), _zones(facts), *_listed(facts)
    years = sorted(map(int, income.columns))
    has_zones = bool(zones.to_numpy().any())
    sentences = (
        [_sentence(facts, year, zones, listed) for year in years] if has_zones else []
    )
    drawn = [
        {
            **{"id": unit["unit"], "name": unit["name"], "path": shapes[unit["unit"]]},
            **dict(zip(("x", "y"), points[unit["unit"]], strict=True)),
            "cluster": unit["unit"] in clusters,
            "income": _by_year(income, unit["unit"], years),
            "zones": _by_year(zones, unit["unit"], years),
            "listed": _by_year(listed, unit["unit"], years),
        }
        for unit in units
        if unit["unit"] in shapes
    ]
    known = [
        position
        for position in range(len(years))
        if any(unit["income"][position] is not None for unit in drawn)
    ]
    data = {"years": years, "said": sentences, "breaks": BREAKS, "radius": RADIUS}
    data |= {
        "units": [
            {key: unit[key] for key in ("name", "income", "zones", "listed")}
            for unit in drawn
        ]
    }
    return {
        "units": drawn,
        "years": years,
        "last": known[-1] if known else len(years) - 1,
        "said": sentences,
        "clusters": len(clusters),
        "size": f"{WIDTH:g} {map_height:.0f}",
        "zones": has_zones,
        "keys": _keys(),
        "data": (
            json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace(
                "<", "\\u003c"
            )
        ),
        "shade": shade,
        "radius": lambda number: f"{RADIUS * math.sqrt(number or 0):.1f}",
    }


def shade(percent: float | None) -> int:
    """Return the class of an income in percent of the nation's, 0 where it is not
    known.
    """
    return 0 if percent is None else 1 + sum(percent >= end for end in BREAKS)


def _keys() -> list[str]:
    inner = [f"{a}\u2013{b}" for a, b in pairwise(BREAKS)]
    return [f"under {BREAKS[0]}", *inner, f"{BREAKS[-1]} or more"]


def _by_year(frame: pd.DataFrame, unit: str, years: list[int]) -> list[int | None]:
    row = frame.reindex(index=[unit], columns=years).iloc[0]
    return [None if pd.isna(value) else round(value) for value in row]


def _income(facts: Facts) -> pd.DataFrame:
    """Return income per head in percent of the whole's by unit and year, at current
    prices where there are any.
    """
    panel = facts.table("panel").dropna(subset=["income"])
    # Without people every unit counts alike.
    panel = (
        panel.assign(population=1.0)
        if panel["population"].isna().all()
        else panel.dropna(subset=["population"])
    )
    current = facts.config["panel"]["income"].get("output", "")
    output = (
        panel[current] if current in panel else panel["income"] * panel["population"]
    )
    totals = panel.assign(output=output).groupby("year")[["output", "population"]].sum()
    share = (
        output
        / panel["population"]
        / panel["year"].map(totals["output"] / totals["population"])
    )
    return panel.assign(share=100 * share).pivot(
        index="unit", columns="year", values="share"
    )


def _zones(facts: Facts) -> pd.DataFrame:
    doses = facts.table("doses", text=TEXT)
    return doses[doses["zone_type"].eq(ALL_ZONES)].pivot(
        index="unit", columns="year", values="zones"
    )


def _listed(facts: Facts) -> tuple[pd.DataFrame, set[str]]:
    """Return by year whether a unit holds a zone of the main list, and the units of its
    clusters.
    """
    cells = facts.table("yearly_cells", text=TEXT)
    cells = cells[
        cells["taxonomy"].eq(facts.config.get("taxonomy", {}).get("primary", ""))
    ]
    clusters = set(cells.loc[cells["cluster"].eq(1), "unit"])
    return cells.pivot(index="unit", columns="year", values="sez"), clusters


def _sentence(
    facts: Facts, year: int, zones: pd.DataFrame, listed: pd.DataFrame
) -> str:
    names = dict(
        zip(
            *(facts.table("units", text=TEXT)[name] for name in ("unit", "name")),
            strict=True,
        )
    )
    in_force = zones.get(year, pd.Series(dtype=float)).dropna()
    where = int((in_force > 0).sum())
    if not where:
        return "No zone yet."
    total = count_of(int(in_force.sum()), {"unit_name": "zone", "units_name": "zones"})
    text = f"{total} in {where} of {len(names)} {facts.words['units_name']}."
    inside = [
        names[str(unit)]
        for unit, value in listed.get(year, pd.Series(dtype=float)).items()
        if value == 1
    ]
    named = str(facts.words["zones_name"])
    sentence = f"{text} {named[0].upper()}{named[1:]} in {in_words(sorted(inside))}."
    return sentence if 0 < len(inside) <= MOST_NAMED else text


def _tiles(units: list[dict[str, Any]]) -> Drawn | None:
    if any(
        pd.isna(unit.get(name, np.nan))
        for unit in units
        for name in ("tile_row", "tile_col")
    ):
        return None
    rows, cols = (
        [int(unit[name]) for unit in units] for name in ("tile_row", "tile_col")
    )
    size = min(TILE, WIDTH / (max(cols) - min(cols) + 1))
    left = (WIDTH - size * (max(cols) - min(cols) + 1)) / 2
    corners = [
        (left + size * (col - min(cols)), size * (row - min(rows)))
        for row, col in zip(rows, cols, strict=True)
    ]
    side = size - min(3, size / 4)
    box = f"h{side:.1f}v{side:.1f}h-{side:.1f}z"
    shapes = {
        u["unit"]: f"M{x:.1f} {y:.1f}{box}"
        for u, (x, y) in zip(units, corners, strict=True)
    }
    points = {
        u["unit"]: (x + side / 2, y + side / 2)
        for u, (x, y) in zip(units, corners, strict=True)
    }
    return shapes, points, size * (max(rows) - min(rows) + 1)


def _outlines(facts: Facts, units: list[dict[str, Any]]) -> Drawn | None:
    """Project outlines on an equal-area cone and snap them to a grid, so that
    neighbours keep a common border.
    """
    features = facts.outlines()["features"]
    rings = {str(f["properties"]["unit"]): _rings(f["geometry"]) for f in features}
    every = [ring for parts in rings.values() for ring in parts]
    if not every:
        return None
    turn = _cone(np.concatenate(every))
    flat = {unit: [turn(ring) for ring in parts] for unit, parts in rings.items()}
    points = np.concatenate([ring for parts in flat.values() for ring in parts])
    left, bottom = points.min(axis=0)
    right, top = points.max(axis=0)
    scale = (WIDTH - 8) / (right - left)

    def place(xy: Any) -> Any:
        return np.column_stack(
            (4 + scale * (xy[:, 0] - left), 4 + scale * (top - xy[:, 1]))
        )

    shapes = {
        unit: "".join(_path(place(ring)) for ring in parts)
        for unit, parts in flat.items()
    }
    centres = {
        unit: _centre(max((place(ring) for ring in parts), key=len))
        for unit, parts in flat.items()
    }
    for unit in units:
        if unit["unit"] in flat and not any(
            pd.isna(unit.get(name, np.nan)) for name in ("lat", "lon")
        ):
            x, y = place(turn(np.array([[unit["lon"], unit["lat"]]], float)))[0]
            centres[unit["unit"]] = (float(x), float(y))
    return shapes, centres, 8 + scale * (top - bottom)


def _rings(geometry: Mapping[str, Any]) -> list[Any]:
    parts = (
        geometry["coordinates"]
        if geometry["type"] == "MultiPolygon"
        else [geometry["coordinates"]]
    )
    return [np.array(ring, float)[:, :2] for part in parts for ring in part]


def _cone(points: Any) -> Any:
    """Return Albers' projection with its parallels at a sixth of the way from the
    southern and the northern end.
    """
    west, south = np.radians(points.min(axis=0))
    east, north = np.radians(points.max(axis=0))
    first = south + (north - south) / 6
    second = north - (north - south) / 6
    middle = (west + east) / 2
    n = (math.sin(first) + math.sin(second)) / 2 or 1e-6
    c = math.cos(first) ** 2 + 2 * n * math.sin(first)

    def project(ring: Any) -> Any:
        lon, lat = np.radians(ring).T
        radius = np.sqrt(np.maximum(c - 2 * n * np.sin(lat), 0)) / n
        angle = n * (lon - middle)
        return np.column_stack((radius * np.sin(angle), -radius * np.cos(angle)))

    return project


def _path(ring: Any) -> str:
    """Write a ring as relative moves on the grid; what shrinks to a line is left out."""
    snapped = np.round(ring / GRID).astype(int)
    points = snapped[np.r_[True, (np.diff(snapped, axis=0) != 0).any(axis=1)]]
    if len(points) < 4:
        return ""
    steps = " ".join(
        f"{dx * GRID:g} {dy * GRID:g}" for dx, dy in np.diff(points[:-1], axis=0)
    )
    return f"M{points[0][0] * GRID:g} {points[0][1] * GRID:g}l{steps}z"


def _centre(ring: Any) -> tuple[float, float]:
    middle = (ring.min(axis=0) + ring.max(axis=0)) / 2
    return float(middle[0]), float(middle[1])
