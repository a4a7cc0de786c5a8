"""The map of the page: outlines or tiles, income relative to the nation as colour,
zones as circles, by year.
"""

import json
import math
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.rows import TEXT, Row, records
from evenfield.shared.tables.units import in_words
from evenfield.study.errors import counted
from evenfield.study.files import Record

Point = tuple[float, float]
WIDTH = 720.0
TILE = 60.0  # largest side of a tile
GRID = 0.5  # on which outlines are drawn
BREAKS = (60, 80, 100, 150)  # income in percent of the nation's
RADIUS = 3.2  # of the circle of one zone
ALL_ZONES = "state"
MOST_NAMED = 20
BY_YEAR = ("income", "zones", "listed")  # numbers of a unit


class Drawing(NamedTuple):
    """The units as they are drawn."""

    paths: dict[str, str]
    centres: dict[str, Point]
    height: float


def map_view(facts: Facts) -> dict[str, Any]:
    """Return shapes, numbers by year and the sentence of each year; nothing where the
    study has no outlines and no tiles.
    """
    units = records(facts.table("units", text=TEXT))
    drawing = _outlines(facts, units) or _tiles(units)
    if drawing is None:
        return {}
    income = _income(facts)
    zones = _zones(facts)
    listed, clusters = _listed(facts)
    years = sorted(map(int, income.columns))
    has_zones = bool(zones.to_numpy().any())
    sentences = [
        _sentence(
            facts,
            year,
            zones,
            listed,
        )
        for year in years
        if has_zones
    ]
    drawn = []
    for unit in units:
        name = unit["unit"]
        if name in drawing.paths:
            x, y = drawing.centres[name]
            entry = {
                "id": name,
                "name": unit["name"],
                "path": drawing.paths[name],
            }
            entry |= {"x": x, "y": y, "cluster": name in clusters}
            for key, frame in zip(
                BY_YEAR,
                (income, zones, listed),
                strict=True,
            ):
                entry[key] = _by_year(frame, name, years)
            drawn.append(entry)
    # The map opens at the last year with an income.
    by_year = zip(*(unit["income"] for unit in drawn), strict=True)
    with_income = [i for i, row in enumerate(by_year) if set(row) != {None}]
    data = {
        "years": years,
        "said": sentences,
        "breaks": BREAKS,
        "radius": RADIUS,
        "units": [{key: unit[key] for key in ("name", *BY_YEAR)} for unit in drawn],
    }
    text = json.dumps(
        data,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return {
        "units": drawn,
        "years": years,
        "last": with_income[-1] if with_income else len(years) - 1,
        "said": sentences,
        "clusters": len(clusters),
        "size": f"{WIDTH:g} {drawing.height:.0f}",
        "zones": has_zones,
        "keys": _keys(),
        "data": text.replace("<", "\\u003c"),  # so that no name can end the script
        "shade": shade,
        # The area of a circle, not its radius, grows with the number of zones.
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


def _by_year(
    frame: pd.DataFrame,
    unit: str,
    years: list[int],
) -> list[int | None]:
    row = frame.reindex(index=[unit], columns=years).iloc[0]
    return [None if pd.isna(value) else round(value) for value in row]


def _income(facts: Facts) -> pd.DataFrame:
    """Return income per head in percent of the whole's by unit and year, at current
    prices where there are any.
    """
    panel = facts.table("panel").dropna(subset=["income"])
    # Without people every unit counts alike.
    if panel["population"].isna().all():
        panel = panel.assign(population=1.0)
    panel = panel.dropna(subset=["population"])
    people = panel["population"]
    current = facts.config.panel.income.output or ""
    output = panel[current] if current in panel else panel["income"] * people
    # The nation's income is all output over all people, no mean of the units.
    totals = panel.assign(output=output).groupby("year")[["output", "population"]].sum()
    of_nation = panel["year"].map(totals["output"] / totals["population"])
    share = output / people / of_nation
    return _by_unit(panel.assign(share=100 * share), "share")


def _by_unit(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return frame.pivot(index="unit", columns="year", values=column)


def _zones(facts: Facts) -> pd.DataFrame:
    doses = facts.table("doses", text=TEXT)
    return _by_unit(doses[doses["zone_type"].eq(ALL_ZONES)], "zones")


def _listed(facts: Facts) -> tuple[pd.DataFrame, set[str]]:
    """Return by year whether a unit holds a zone of the main list, and the units of its
    clusters.
    """
    cells = facts.table("yearly_cells", text=TEXT)
    taxonomy = facts.config.get("taxonomy", {}).get("primary", "")
    cells = cells[cells["taxonomy"].eq(taxonomy)]
    return _by_unit(cells, "sez"), set(cells.loc[cells["cluster"].eq(1), "unit"])


def _sentence(
    facts: Facts, year: int, zones: pd.DataFrame, listed: pd.DataFrame
) -> str:
    names = facts.table("units", text=TEXT).set_index("unit")["name"]
    in_force = zones.get(year, pd.Series(dtype=float)).dropna()
    units = int((in_force > 0).sum())
    if not units:
        return "No zone yet."
    text = (
        f"{counted(int(in_force.sum()), 'zone')} in {units} of {len(names)}"
        f" {facts.words['units_name']}."
    )
    on_list = listed.get(year, pd.Series(dtype=float)).eq(1)
    inside = sorted(names[on_list.index[on_list]])
    if not 0 < len(inside) <= MOST_NAMED:
        return text
    zone = str(facts.words["zones_name"])
    return f"{text} {zone[0].upper()}{zone[1:]} in {in_words(inside)}."


def _numbers(unit: Row, *names: str) -> list[float] | None:
    """Return some figures of a unit, or nothing where it lacks one."""
    figures = [unit.get(name, np.nan) for name in names]
    return None if any(map(pd.isna, figures)) else figures


def _tiles(units: list[Row]) -> Drawing | None:
    positions = [_numbers(unit, "tile_row", "tile_col") for unit in units]
    if None in positions:
        return None
    grid = np.array(positions, int)
    grid -= grid.min(axis=0)
    rows, columns = grid.max(axis=0) + 1
    size = min(TILE, WIDTH / columns)
    left = (WIDTH - size * columns) / 2
    side = size - min(3, size / 4)
    drawing = Drawing({}, {}, float(size * rows))
    for unit, (row, column) in zip(
        units,
        grid.tolist(),
        strict=True,
    ):
        x = left + size * column
        y = size * row
        box = f"M{x:.1f} {y:.1f}h{side:.1f}v{side:.1f}h-{side:.1f}z"
        drawing.paths[unit["unit"]] = box
        drawing.centres[unit["unit"]] = (x + side / 2, y + side / 2)
    return drawing


def _outlines(facts: Facts, units: list[Row]) -> Drawing | None:
    """Project outlines on an equal-area cone and snap them to a grid, so that
    neighbours keep a common border.
    """
    features = facts.outlines()["features"]
    rings = {str(f["properties"]["unit"]): _rings(f["geometry"]) for f in features}
    every = list(chain.from_iterable(rings.values()))
    if not every:
        return None
    project = _cone(np.concatenate(every))
    flat = np.concatenate([project(ring) for ring in every])
    left, bottom = flat.min(axis=0)
    right, top = flat.max(axis=0)
    scale = (WIDTH - 8) / (right - left)

    def on_page(ring: Any) -> Any:
        # On a page y grows downwards, on a map northwards.
        x, y = project(ring).T
        return np.column_stack((4 + scale * (x - left), 4 + scale * (top - y)))

    drawing = Drawing(
        {},
        {},
        8 + scale * (top - bottom),
    )
    for unit, parts in rings.items():
        drawn = list(map(on_page, parts))
        drawing.paths[unit] = "".join(map(_path, drawn))
        # The ring with the most points is taken for the main land, not an island.
        drawing.centres[unit] = _centre(max(drawn, key=len))
    # Where a unit has coordinates, its zones stand there and not in its middle.
    for row in units:
        point = _numbers(row, "lon", "lat")
        if point and row["unit"] in rings:
            x, y = on_page(np.array([point], float))[0]
            drawing.centres[row["unit"]] = (float(x), float(y))
    return drawing


def _rings(geometry: Record) -> list[Any]:
    parts = geometry["coordinates"]
    if geometry["type"] != "MultiPolygon":
        parts = [parts]
    return [np.array(ring, float)[:, :2] for ring in chain.from_iterable(parts)]


def _cone(points: Any) -> Any:
    """Return Albers' projection with its parallels at a sixth of the way from the
    southern and the northern end.
    """
    west, south = np.radians(points.min(axis=0))
    east, north = np.radians(points.max(axis=0))
    first = south + (north - south) / 6
    second = north - (north - south) / 6
    middle = (west + east) / 2
    # Snyder (1987), 14: n = (sin first + sin second) / 2, radius = sqrt(C - 2 n sin lat) / n.
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
    if len(points) < 4:  # a triangle ends where it starts
        return ""
    steps = " ".join(
        f"{dx * GRID:g} {dy * GRID:g}" for dx, dy in np.diff(points[:-1], axis=0)
    )
    return f"M{points[0][0] * GRID:g} {points[0][1] * GRID:g}l{steps}z"


def _centre(ring: Any) -> Point:
    middle = (ring.min(axis=0) + ring.max(axis=0)) / 2
    return float(middle[0]), float(middle[1])
