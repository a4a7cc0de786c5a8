"""F1b: a plain map of the units' outlines, coloured by cell, for readers who miss geography in the tile map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from evenfield.shared.figures.labels import label_points
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import ACCENT, MARKS, WIDTH, Mark, use_style
from evenfield.shared.tables.rows import records
from evenfield.shared.tables.table import LETTERS
from evenfield.shared.tables.units import short_name
from evenfield.study.errors import ArtifactError, first_examples
from evenfield.topics.groups.figure import LEGEND_SHARE, SHADE, describe_cells, draw_legend

OUTLINE_NOTE = "Outlines are statistical units and no claim on boundaries."
GRID = 19
SMALL_PIXELS = 5.5
HALO = [withStroke(linewidth=1.8, foreground="white")]
NAME: dict[str, Any] = {"fontsize": 5.5, "ha": "center", "va": "center"}


def draw_outline_map(
    cells: pd.DataFrame, units: pd.DataFrame, cases: pd.DataFrame, outlines: Mapping[str, Any], study: Mapping[str, Any]
) -> Artwork:
    """Draw the map of outlines."""
    use_style()
    shown = cells[["unit", "cell"]].merge(units[["unit", "name"]], on="unit", how="left")
    shapes = _shapes(outlines, shown["unit"].tolist())
    project = albers(np.concatenate([ring for rings in shapes.values() for ring in rings]))
    flat = {unit: [project(ring) for ring in rings] for unit, rings in shapes.items()}
    corners = np.concatenate([ring for rings in flat.values() for ring in rings])
    spans = np.ptp(corners, axis=0)
    figure = plt.figure(figsize=(WIDTH, WIDTH * (1 - LEGEND_SHARE) * spans[1] / spans[0] + 0.2))
    axes = figure.add_axes((0.0, 0.03, 1 - LEGEND_SHARE, 0.97))
    for row in records(shown):
        _draw_shape(axes, flat[row["unit"]], MARKS[row["cell"]])
    axes.set(xlim=_padded(corners[:, 0]), ylim=_padded(corners[:, 1]), aspect="equal")
    axes.axis("off")
    axes.apply_aspect()
    boxes = _draw_names(axes, flat, shown)
    _draw_places(axes, project(cases[["lon", "lat"]].to_numpy(float)), boxes)
    draw_legend(figure.add_axes((1 - LEGEND_SHARE + 0.015, 0.0, LEGEND_SHARE - 0.015, 1.0)), shown, cases, study)
    return Artwork(figure, shown, f"{describe_cells(shown, cases, study)} {OUTLINE_NOTE}")


def _shapes(outlines: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, list[np.ndarray]]:
    found = {_unit_of(feature): _rings(feature["geometry"]) for feature in outlines["features"]}
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise ArtifactError(f"{len(missing)} units have no outline ({first_examples(missing)})",
                            "one outline for each unit", "add them or remove F1b from `figures`")  # fmt: skip
    return {unit: found[unit] for unit in wanted}


def _unit_of(feature: Mapping[str, Any]) -> str:
    properties = feature["properties"]
    return str(properties.get("unit") or properties.get("iso") or "")


def _rings(geometry: Mapping[str, Any]) -> list[np.ndarray]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [np.asarray(ring, float)[:, :2] for part in parts for ring in part]


def albers(corners: np.ndarray) -> Any:
    """Return an equal-area conic projection fitted to a region; corners (n, 2)."""
    (west, south), (east, north) = np.radians(corners.min(axis=0)), np.radians(corners.max(axis=0))
    low, high = south + (north - south) / 6, north - (north - south) / 6
    cone = (np.sin(low) + np.sin(high)) / 2
    constant = np.cos(low) ** 2 + 2 * cone * np.sin(low)

    def project(points: np.ndarray) -> np.ndarray:
        lon, lat = np.radians(points).T
        radius = np.sqrt(constant - 2 * cone * np.sin(lat)) / cone
        angle = cone * (lon - (west + east) / 2)
        return np.column_stack([radius * np.sin(angle), -radius * np.cos(angle)])

    return project


def _draw_shape(axes: Axes, rings: list[np.ndarray], mark: Mark) -> None:
    path = Path.make_compound_path(*[Path(ring, closed=True) for ring in rings])
    axes.add_patch(PathPatch(path, facecolor=mark.fill, edgecolor="white", linewidth=0.6))
    if mark.hatch:
        axes.add_patch(PathPatch(path, hatch=mark.hatch, **SHADE))


def _padded(values: np.ndarray) -> tuple[float, float]:
    pad = 0.02 * np.ptp(values)
    return float(values.min() - pad), float(values.max() + pad)


def _draw_names(axes: Axes, flat: Mapping[str, list[np.ndarray]], shown: pd.DataFrame) -> list[Bbox]:
    edges = np.concatenate([ring for rings in flat.values() for ring in rings])
    rooms = {unit: _roomiest(max(rings, key=len), edges) for unit, rings in flat.items()}
    pixel = axes.transData.transform([(0.0, 0.0), (1.0, 0.0)])
    reach = {unit: room[2] * float(np.ptp(pixel[:, 0])) for unit, room in rooms.items()}
    boxes, small = [], []
    for row in records(shown):
        x, y, _ = rooms[row["unit"]]
        if reach[row["unit"]] < SMALL_PIXELS:
            small.append(row["unit"])
            continue
        text = axes.text(x, y, short_name(row["unit"]), color=MARKS[row["cell"]].ink, **NAME)
        boxes.append(text.get_window_extent())
    at = np.array([rooms[unit][:2] for unit in small]).reshape(-1, 2)
    beside = label_points(axes, at[:, 0], at[:, 1], [short_name(unit) for unit in small], avoid=boxes,
                          path_effects=HALO, **NAME)  # fmt: skip
    return boxes + [text.get_window_extent() for text in beside]


def _roomiest(ring: np.ndarray, edges: np.ndarray) -> tuple[float, float, float]:
    low, high = ring.min(axis=0), ring.max(axis=0)
    x, y = np.meshgrid(*[np.linspace(low[k], high[k], GRID) for k in (0, 1)])
    inside = np.column_stack([x.ravel(), y.ravel()])
    inside = inside[Path(ring).contains_points(inside)]
    room = np.linalg.norm(inside[:, None, :] - edges[None, :, :], axis=2).min(axis=1)
    best = int(np.argmax(np.round(room, 9)))
    return float(inside[best, 0]), float(inside[best, 1]), float(room[best])


def _draw_places(axes: Axes, at: np.ndarray, boxes: Sequence[Bbox]) -> None:
    if not len(at):
        return
    axes.scatter(at[:, 0], at[:, 1], s=9, color=ACCENT, edgecolor="white", linewidth=0.5, zorder=5)
    letters = [LETTERS[i % len(LETTERS)] for i in range(len(at))]
    label_points(axes, at[:, 0], at[:, 1], letters, avoid=boxes, fontsize=6.5, color=ACCENT, fontweight="bold",
                 path_effects=HALO)  # fmt: skip
