"""F2: new zones by type and year, and below it how many units are left to compare with."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from evenfield.shared.figures import (
    NARROW,
    SMALL,
    SOFT,
    Artwork,
    Ending,
    heading,
    key_below,
    name_endings,
    panels,
    series_mark,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import in_words, nothing_to_show, only, zone_types

ZONE_NAMES = {
    "sez": "special economic zones",
    "etdz": "economic and technological zones",
    "hidz": "high-tech zones (science parks)",
    "ftz": "free-trade zones",
    "new_area": "new areas",
}
SUPPORT_NAMES = {
    "not_yet_treated": "without a national zone",
    "far_controls": "of these, no neighbour with one",
}
PANELS = 4.6  # inches: height of both panels with their headings
LINE_OF_KEY = 0.21
MOST_PEAKS = 6


def f2(results: StudyResults) -> Artwork:
    """Draw the rollout of zones above the support of comparisons."""
    doses = results.table("doses")
    support = _support(results)
    kinds = zone_types(doses, ZONE_NAMES)
    by_year = doses.pivot_table(
        index="year", columns="zone_type", values="zones", aggfunc="sum", fill_value=0
    )
    stock = by_year[kinds]
    # What is in force in the first year of the data counts as new in it.
    new = stock.diff().fillna(stock)
    last = only(doses, year=doses["year"].max())
    held = last.loc[last["zone_type"].isin(kinds), ["zones", "zones_dated"]].sum()
    # Zones whose first year has no named source (grade C).
    unsure = int(held["zones"] - held["zones_dated"])
    memory = f"{unsure} of {int(held['zones'])} have no document of their year"
    below_them = 0.35 + LINE_OF_KEY * len(kinds)
    size = (NARROW, PANELS + below_them)
    edges = {"left": 0.09, "right": 0.75, "hspace": 0.24}
    edges |= {"top": 1 - 0.5 / size[1], "bottom": below_them / size[1]}
    figure, grid = panels(2, 1, size, edges, sharex=True, height_ratios=(1.5, 1.0))
    above, below = grid[:, 0]
    # A type of which zones were given up is drawn as if none were new.
    _draw_bars(above, new.clip(lower=0), stock, memory)
    keys, _ = above.get_legend_handles_labels()
    key_below(figure, keys, columns=1, handlelength=1.4)
    _draw_support(below, support, results.words["units_name"])
    data = new[sorted(kinds)].add_prefix("new_").reset_index()
    data = data.merge(support, on="year", how="left")
    listed = in_words(
        [f"{stock[kind].iloc[-1]:.0f} {zone_name(kind)}" for kind in kinds]
    )
    left = support.set_index("year")["not_yet_treated"]
    none_left = left.index[left.eq(0)]
    end = f" and {left.iloc[-1]:.0f} in {left.index[-1]}"
    if len(none_left):
        end = f" and none is left from {none_left.min()}"
    description = (
        f"Bars of new zones by type and year; in {stock.index[-1]} there are {listed}"
        f" ({memory}). Below, the number of {results.words['units_name']} without a"
        f" national zone falls: {left.iloc[0]:.0f} in {left.index[0]}{end}."
    )
    return Artwork(figure, data, description)


def zone_name(kind: str) -> str:
    """Return the name of a type of zones."""
    return ZONE_NAMES.get(kind, f"{kind.replace('_', ' ')} zones")


def _support(results: StudyResults) -> pd.DataFrame:
    """Return by year how many units are left to compare with."""
    rows = pd.DataFrame()
    if "design" in results.config.estimates:
        rows = only(results.series(topic="design"), block="support")
    if rows.empty:
        raise nothing_to_show("support of comparisons among the design diagnostics")
    wide = rows.pivot(
        index="year",
        columns="term",
        values="value",
    ).reset_index()
    return wide.astype({"year": int}).rename_axis(columns=None)


def _draw_bars(axes: Axes, new: pd.DataFrame, stock: pd.DataFrame, memory: str) -> None:
    years = new.index.to_numpy(int)
    tops = new.cumsum(axis=1)
    # From the whole height down, each type covers the ones beneath it.
    for number, kind in reversed(list(enumerate(new.columns.astype(str)))):
        mark = series_mark(number)
        sns.barplot(
            x=years,
            y=tops[kind].to_numpy(),
            width=0.82,
            native_scale=True,
            errorbar=None,
            ax=axes,
            label=f"{zone_name(kind)} ({stock[kind].iloc[-1]:.0f} in {years[-1]})",
            legend=False,
            color=mark.fill,
            saturation=1,
            hatch=mark.hatch,
            edgecolor="white",
            linewidth=0.0,
        )
    whole = tops.iloc[:, -1].to_numpy(float)
    heading(axes, f"New zones in each year, by type; {memory}")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.tick_params(axis="x", length=0)
    axes.set(
        xlim=(years[0] - 0.7, years[-1] + 0.7),
        ylim=(0, max(whole.max() * 1.2, 1)),
        xlabel="",
        ylabel="",
    )
    # The years of waves are named; the axis alone does not say them.
    for i in _peaks(whole):
        axes.annotate(
            f"{years[i]}: {whole[i]:.0f}",
            (years[i] - 0.41, whole[i]),
            (0, 2.5),
            textcoords="offset points",
            ha="left",
            fontsize=SMALL,
            color=SOFT,
        )


def _peaks(whole: np.ndarray) -> list[int]:
    """Return the highest years that no neighbour exceeds."""
    padded = np.concatenate([[0.0], whole, [0.0]])
    # Strict to the left alone: years of equal height are named once, by the first.
    local = np.flatnonzero((whole > padded[:-2]) & (whole >= padded[2:]))
    highest = sorted(local.tolist(), key=lambda i: (-whole[i], i))
    return sorted(highest[:MOST_PEAKS])


def _draw_support(axes: Axes, support: pd.DataFrame, units_name: str) -> None:
    # A study without neighbours has no far controls.
    names = [name for name in SUPPORT_NAMES if name in support]
    top = float(support[names].to_numpy(float).max())
    endings: list[Ending] = []
    for number, name in enumerate(names):
        mark = series_mark(number)
        endings.append(Ending.of(support[name], SUPPORT_NAMES[name], mark))
        sns.lineplot(
            x=support["year"],
            y=support[name],
            drawstyle="steps-mid",
            color=mark.colour,
            linestyle=mark.line,
            estimator=None,
            ax=axes,
        )
    axes.set_title(f"{units_name.capitalize()} left for comparison")
    axes.set(
        ylim=(-0.04 * top, 1.08 * top),
        xlabel="",
        ylabel="",
    )
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    name_endings(axes, float(support["year"].max()), endings[::-1], lines=3)
