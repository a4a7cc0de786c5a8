"""Maps of units: numbers in shades, groups in colours, on outlines or points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from evenfield.api.figures.canvas import number
from evenfield.api.places import Places
from evenfield.study.figure_style import PALE, SERIES, SOFT

SHADES = "viridis_r"  # pale to dark, in grey and for the colour-blind too
EDGE: Any = {"edgecolor": "white", "linewidth": 0.4}
MARGIN = 0.03  # of the map around its units
MOST_GROUPS = 5


def draw_values(ax: Axes, values: pd.Series[Any], places: Places) -> str:
    """Draw numbers in shades with their bar, or text in colours with its key."""
    if not pd.api.types.is_numeric_dtype(values) or values.dtype == bool:
        groups = values.astype(str)
        names = sorted(set(groups))
        colours = {n: SERIES[i % len(SERIES)].fill for i, n in enumerate(names)}
        draw_groups(ax, groups, places, colours)
        counts = groups.value_counts()
        said = ", ".join(f"{counts[name]} {name}" for name in names)
        return f"Map of {len(groups)} units by group: {said}."
    known = values.dropna().astype(float)
    scale = Normalize(known.min(), known.max())
    shades = mpl.colormaps[SHADES]
    _draw_places(ax, places, {str(u): shades(scale(v)) for u, v in known.items()})
    bar = mpl.cm.ScalarMappable(norm=scale, cmap=shades)
    made = ax.figure.colorbar(bar, ax=ax, shrink=0.7, pad=0.02)
    made.outline.set_visible(False)
    return (
        f"Map of {len(known)} units, from {number(known.min())} ({known.idxmin()}) to"
        f" {number(known.max())} ({known.idxmax()})."
    )


def draw_groups(
    ax: Axes, groups: pd.Series[str], places: Places, colours: Mapping[str, Any]
) -> None:
    """Draw each unit in the colour of its group, with a key of those that there are."""
    _draw_places(ax, places, {str(u): colours[name] for u, name in groups.items()})
    present = [name for name in colours if (groups == name).any()]
    style: Any = {
        "marker": "s",
        "linestyle": "",
        "markersize": 6,
        "markeredgecolor": SOFT,
    }
    keys = [
        Line2D([], [], **style, markerfacecolor=colours[name], label=name)
        for name in present
    ]
    ax.legend(handles=keys, loc="upper left", bbox_to_anchor=(0, 0.02), ncols=3)


def _draw_places(ax: Axes, places: Places, colours: Mapping[str, Any]) -> None:
    """Draw places in their colours, those without one blank."""
    for unit, rings in places.rings.items():
        colour = colours.get(unit, PALE)
        if len(rings[0]) == 1:
            if unit in colours:
                ax.plot(*rings[0].T, "o", color=colour, markersize=4)
            continue
        path = Path.make_compound_path(*map(Path, rings))
        ax.add_patch(PathPatch(path, facecolor=colour, **EDGE))
    corners = np.concatenate(
        [ring for rings in places.rings.values() for ring in rings]
    )
    west, south = corners.min(axis=0)
    east, north = corners.max(axis=0)
    wide, high = MARGIN * (east - west), MARGIN * (north - south)
    ax.set(xlim=(west - wide, east + wide), ylim=(south - high, north + high))
    # A degree of longitude is cos(latitude) of one of latitude.
    ax.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
    ax.axis("off")
