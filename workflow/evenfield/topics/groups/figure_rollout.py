"""F2: new zones by type and year, and below it how many units are left to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import SOFT, WIDTH, series_mark, use_style
from evenfield.shared.tables.units import in_words
from evenfield.study.errors import ArtifactError

ZONE_NAMES = {
    "sez": "special economic zones", "etdz": "economic and technological zones",
    "hidz": "high-tech zones (science parks)", "ftz": "free-trade zones", "new_area": "new areas",
}  # fmt: skip
SUPPORT_NAMES = {"not_yet_treated": "without a state zone", "far_controls": "of these, no neighbour with one"}


def new_zones(doses: pd.DataFrame) -> pd.DataFrame:
    """Count the zones that came into force, by type and year."""
    kinds = doses[doses["zone_type"].isin(list(ZONE_NAMES))]
    total = kinds.groupby(["zone_type", "year"], sort=True)["zones"].sum().rename("in_force").reset_index()
    before = total.groupby("zone_type")["in_force"].shift(1).fillna(0)
    return total.assign(new=total["in_force"] - before)


def draw_rollout(doses: pd.DataFrame, support: pd.DataFrame, study: Mapping[str, Any]) -> Artwork:
    """Draw the rollout of zones above the support of comparisons."""
    use_style()
    zones = new_zones(doses)
    figure, (above, below) = plt.subplots(2, 1, figsize=(WIDTH, 4.6), sharex=True, height_ratios=(1.5, 1.0))
    _draw_bars(above, zones)
    _draw_support(below, support, study)
    figure.subplots_adjust(left=0.065, right=0.985, top=0.94, bottom=0.065, hspace=0.24)
    wide = zones.pivot(index="year", columns="zone_type", values="new").add_prefix("new_").reset_index()
    data = wide.merge(support, on="year", how="left")
    return Artwork(figure, data, _describe(zones, support, study))


def _draw_bars(axes: Axes, zones: pd.DataFrame) -> None:
    years = np.sort(zones["year"].unique())
    floor = np.zeros(len(years))
    for place, kind in enumerate([kind for kind in ZONE_NAMES if kind in set(zones["zone_type"])]):
        mine = zones[zones["zone_type"].eq(kind)].sort_values("year")
        height, mark = mine["new"].clip(lower=0).to_numpy(float), series_mark(place)
        name = f"{ZONE_NAMES[kind]} ({mine['in_force'].iloc[-1]:.0f} in {years[-1]})"
        axes.bar(years, height, 0.82, floor, label=name, facecolor=mark.fill, hatch=mark.hatch, edgecolor="white",
                 linewidth=0.0)  # fmt: skip
        floor = floor + height
    axes.set_title("New zones in each year, by type")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.tick_params(axis="x", length=0)
    axes.set(xlim=(years[0] - 0.7, years[-1] + 0.7), ylim=(0, max(floor.max() * 1.12, 1)))
    for i in _peaks(floor):
        axes.annotate(f"{years[i]}: {floor[i]:.0f}", (years[i], floor[i]), (0, 2.5), textcoords="offset points",
                      ha="center", fontsize=6.5, color=SOFT)  # fmt: skip
    handles, names = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], names[::-1], loc="upper left", bbox_to_anchor=(0.0, 1.0), handlelength=1.4)


def _peaks(height: np.ndarray, most: int = 6) -> list[int]:
    padded = np.concatenate([[0.0], height, [0.0]])
    local = [i for i in range(len(height)) if height[i] > padded[i] and height[i] >= padded[i + 2]]
    return sorted(sorted(local, key=lambda i: (-height[i], i))[:most])


def _draw_support(axes: Axes, support: pd.DataFrame, study: Mapping[str, Any]) -> None:
    names = [name for name in SUPPORT_NAMES if name in support]
    top = float(support[names].to_numpy(float).max())
    for place, name in enumerate(names):
        mark = series_mark(place)
        axes.step(support["year"], support[name], where="mid", color=mark.colour, linestyle=mark.line,
                  label=SUPPORT_NAMES[name])  # fmt: skip
    axes.legend(loc="upper right", handlelength=2.6)
    axes.set_title(f"{study['units_name'].capitalize()} left for comparison")
    axes.set(ylim=(-0.04 * top, 1.08 * top))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_locator(MaxNLocator(9, integer=True))


def support_by_year(series: pd.DataFrame) -> pd.DataFrame:
    """Arrange the support of comparisons by year."""
    rows = series[series["block"].eq("support")]
    if rows.empty:
        raise ArtifactError("no support of comparisons among the design diagnostics", "a study with zones",
                            "remove F2 from `figures` in config.yaml")  # fmt: skip
    wide = rows.pivot(index="year", columns="term", values="value").reset_index()
    return wide.astype({"year": int}).rename_axis(columns=None)


def _describe(zones: pd.DataFrame, support: pd.DataFrame, study: Mapping[str, Any]) -> str:
    last = int(zones["year"].max())
    stock = zones[zones["year"].eq(last)].set_index("zone_type")["in_force"]
    listed = in_words([f"{stock[kind]:.0f} {ZONE_NAMES[kind]}" for kind in ZONE_NAMES if kind in stock.index])
    left = support.set_index("year")["not_yet_treated"]
    gone = left.index[left.eq(0)]
    end = f" and none is left from {gone.min()}" if len(gone) else f" and {left.iloc[-1]:.0f} in {left.index[-1]}"
    return (
        f"Bars of new zones by type and year; in {last} there are {listed}. Below, the number of "
        f"{study['units_name']} without a state zone falls: {left.iloc[0]:.0f} in {left.index[0]}{end}."
    )
