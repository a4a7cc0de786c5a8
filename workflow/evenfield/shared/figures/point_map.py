"""A map of points with the coast beneath them."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evenfield.study.figure_style import FAINT
from evenfield.study.land import land_around
from evenfield.study.longitudes import side_by_side

EDGE = 0.03  # share of the map around its points
LAND: Any = {"facecolor": "none", "edgecolor": FAINT, "linewidth": 0.5, "zorder": 0}


def placed_units(units: pd.DataFrame) -> pd.DataFrame:
    """Return unit, lat, lon and x, longitudes side by side, of units with coordinates."""
    placed = units[["unit", "lat", "lon"]].dropna()
    return placed.assign(x=side_by_side(placed["lon"].to_numpy(float)))


def height_over_width(placed: pd.DataFrame) -> float:
    """Return how high a map of places is in its width."""
    width = np.ptp(placed["x"]) * _degree_of_lon(placed)
    return float(np.ptp(placed["lat"]) / max(width, 1e-9))


def draw_land(axes: Axes, placed: pd.DataFrame) -> None:
    """Draw the coast beneath points and cut the map around them."""
    x, lat = placed["x"], placed["lat"]
    wide = EDGE * max(np.ptp(x), 1e-9)
    high = EDGE * max(np.ptp(lat), 1e-9)
    frame = (x.min() - wide, lat.min() - high, x.max() + wide, lat.max() + high)
    points = placed[["x", "lat"]].to_numpy(float)
    # The land is cut farther out, where the cut is not seen.
    cut = (frame[0] - wide, frame[1] - high, frame[2] + wide, frame[3] + high)
    for ring in land_around(points, lambda places: places, cut):
        axes.fill(ring[:, 0], ring[:, 1], **LAND)
    axes.set_xlim(frame[0], frame[2])
    axes.set_ylim(frame[1], frame[3])
    axes.set_aspect(1 / _degree_of_lon(placed))
    axes.axis("off")


def _degree_of_lon(placed: pd.DataFrame) -> float:
    """Return how long a degree of longitude is: cos(latitude) of one of latitude."""
    return float(np.cos(np.radians(placed["lat"].mean())))
