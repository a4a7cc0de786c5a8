"""Units and their neighbours: the scatter of Moran's I, and local Moran on a map."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evenfield.api.explain import Fit
from evenfield.api.figures.canvas import HIGHLIGHT, farthest, name_points, number
from evenfield.api.figures.maps import draw_groups
from evenfield.api.places import places_of
from evenfield.study.figure_style import ACCENT, PALE, REFERENCE, SOFT

RATE = 0.05  # of false discoveries at which a unit of the map is coloured
QUADRANTS = {
    "HH": ("high among high", ACCENT),
    "LL": ("low among low", "#1F7A8C"),
    "HL": ("high among low", "#EBA945"),
    "LH": ("low among high", "#7C8894"),
    "": ("as by chance", PALE),
}


def moran_scatter(fit: Fit, ax: Axes) -> str:
    """Draw the mean of the neighbours on the value of each unit, both in standard
    deviations from the mean, with the line whose slope is I.
    """
    scatter = fit._drawn["scatter"]
    z, lag = scatter["value"].to_numpy(), scatter["neighbours"].to_numpy()
    slope = float(z @ lag / (z @ z))
    ax.axhline(0, **REFERENCE)
    ax.axvline(0, **REFERENCE)
    ax.plot(z, lag, "o", color=SOFT)
    ends = np.array([z.min(), z.max()])
    ax.plot(ends, slope * ends, **HIGHLIGHT, label=f"slope {number(slope)}")
    named = farthest(np.hypot(z, lag))
    name_points(ax, z[named], lag[named], scatter.index[named])
    ax.set_xlabel("value, in standard deviations from the mean")
    ax.set_ylabel("mean of the neighbours")
    ax.legend()
    alike = float(np.mean(z * lag > 0))
    return (
        f"Mean of the neighbours on the value of each of {len(z)} units, with a line of"
        f" slope {number(slope)}; {alike:.0%} of the units lie on the same side of the"
        " mean as their neighbours."
    )


def local_map(fit: Fit, ax: Axes, outlines: object) -> str:
    """Draw on a map which units are like, or unlike, their neighbours beyond chance, at
    the last date.
    """
    local = fit.tables["local"]
    if "date" in local:
        local = local[local["date"] == local["date"].iloc[-1]]
    local = local.set_index("unit")
    quadrant = local["quadrant"].where(local["q"] < RATE, "")
    groups = pd.Series([QUADRANTS[name][0] for name in quadrant], index=local.index)
    colours = dict(QUADRANTS.values())
    # Places of other units are drawn blank, those of the fit have to be there.
    places = places_of(outlines).of(local.index)
    draw_groups(ax, groups, places, colours)
    counts = groups.value_counts()
    said = [f"{counts[name]} {name}" for name in colours if name in counts]
    return f"Map of {len(groups)} units by local Moran: {', '.join(said)}."
