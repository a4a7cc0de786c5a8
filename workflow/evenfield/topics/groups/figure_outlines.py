"""The map of F1 from outlines: each unit in the colour and hatching of its cell."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from evenfield.shared.figures import INK, MARKS, WIDTH
from evenfield.shared.tables import Row
from evenfield.study.longitudes import Cut, outline_rings

HATCHED: Row = {
    "facecolor": "none",
    "edgecolor": "white",
    "alpha": 0.45,
    "linewidth": 0.0,
}
LOWEST = 2.0  # inches
TALLEST = 5.5
NO_CELL = "#e8e6e0"  # a unit whose cell is not known
BORDER: Row = {"edgecolor": INK, "linewidth": 0.35}


def draw_outlines(
    features: Sequence[dict[str, Any]], cells: Mapping[str, str], key: float
) -> Figure:
    """Draw GeoJSON features by the cell of their unit, above the room for the key in
    inches.
    """
    shapes = {str(f["properties"]["unit"]): f["geometry"] for f in features}
    cut = Cut.around(chain.from_iterable(map(outline_rings, shapes.values())))
    rings = {unit: cut.rings(shape) for unit, shape in shapes.items()}
    places = np.concatenate([*chain.from_iterable(rings.values())])
    west, south = places.min(axis=0)
    east, north = places.max(axis=0)
    # A degree of longitude is as wide as one of latitude times the cosine of latitude.
    narrower = float(np.cos(np.radians((south + north) / 2)))
    height = WIDTH * (north - south) / max((east - west) * narrower, 1e-9)
    inches = min(max(height, LOWEST), TALLEST)
    figure = plt.figure(figsize=(WIDTH, inches + key))
    axes = figure.add_axes((0.0, key / (inches + key), 1.0, inches / (inches + key)))
    for unit, parts in sorted(rings.items()):
        path = Path.make_compound_path(*map(Path, parts))
        mark = MARKS.get(cells.get(unit, ""))
        fill = mark.fill if mark else NO_CELL
        axes.add_patch(PathPatch(path, facecolor=fill, **BORDER))
        if mark and mark.hatch:
            axes.add_patch(PathPatch(path, hatch=mark.hatch, **HATCHED))
    margin = 0.01 * (north - south)
    axes.set(xlim=(west - margin, east + margin), ylim=(south - margin, north + margin))
    axes.set_aspect(1 / narrower)
    axes.axis("off")
    return figure
