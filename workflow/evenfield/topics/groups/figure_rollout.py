"""F2: new zones by type and year, and below it how many units are left to compare with."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import SOFT, WIDTH, series_mark, use_style
from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.units import in_words, zone_types
from evenfield.study.errors import ArtifactError

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


def f2(facts: Facts) -> Artwork:
    """Draw the rollout of zones above the support of comparisons."""
    use_style()
    doses = facts.table("doses", text=TEXT)
    support = _support(facts)
    kinds = zone_types(doses, ZONE_NAMES)
    stock = doses.pivot_table(
        index="year", columns="zone_type", values="zones", aggfunc="sum", fill_value=0
    )[kinds]
    new = stock.diff().fillna(stock)
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(WIDTH, 4.6), sharex=True, height_ratios=(1.5, 1.0)
    )
    shown = doses[
        doses["year"].eq(doses["year"].max()) & doses["zone_type"].isin(kinds)
    ]
    held, sure = (int(shown[column].sum()) for column in ("zones", "zones_dated"))
    memory = f"{held - sure} of {held} by a year from memory"
    _draw_bars(above, new.clip(lower=0), stock, memory)
    _draw_support(below, support, facts.words["units_name"])
    figure.subplots_adjust(left=0.065, right=0.985, top=0.94, bottom=0.065, hspace=0.24)
    data = (
        new[sorted(kinds)]
        .add_prefix("new_")
        .reset_index()
        .merge(support, on="year", how="left")
    )
    return Artwork(figure, data, _describe(stock, support, facts.words, memory))


def zone_name(kind: str) -> str:
    """Return the name of a type of zones."""
    return ZONE_NAMES.get(kind, f"{kind.replace('_', ' ')} zones")


def _support(facts: Facts) -> pd.DataFrame:
    series = (
        facts.series(topic="design")
        if "design" in facts.config["estimates"]
        else pd.DataFrame({"block": []})
    )
    rows = series[series["block"].eq("support")]
    if rows.empty:
        missing_text = "no support of comparisons among the design diagnostics"
        todo = "remove F2 from `figures`"
        raise ArtifactError(
            missing_text,
            "a study with zones and the topic design",
            f"{todo} in config.yaml",
        )
    wide = rows.pivot(index="year", columns="term", values="value").reset_index()
    return wide.astype({"year": int}).rename_axis(columns=None)


def _draw_bars(axes: Axes, new: pd.DataFrame, stock: pd.DataFrame, memory: str) -> None:
    years = new.index.to_numpy(int)
    tops = new.cumsum(axis=1)
    for number, kind in reversed(list(enumerate(new.columns.astype(str)))):
        mark = series_mark(number)
        name = f"{zone_name(kind)} ({stock[kind].iloc[-1]:.0f} in {years[-1]})"
        style = {
            "color": mark.fill,
            "saturation": 1,
            "hatch": mark.hatch,
            "edgecolor": "white",
            "linewidth": 0.0,
        }
        sns.barplot(
            x=years,
            y=tops[kind].to_numpy(),
            width=0.82,
            native_scale=True,
            errorbar=None,
            ax=axes,
            label=name,
            legend=False,
            **style,
        )
    tops_of_bars = tops.iloc[:, -1].to_numpy(float)
    axes.set_title(f"New zones in each year, by type; {memory}")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.tick_params(axis="x", length=0)
    axes.set(
        xlim=(years[0] - 0.7, years[-1] + 0.7),
        ylim=(0, max(tops_of_bars.max() * 1.12, 1)),
        xlabel="",
        ylabel="",
    )
    for i in _peaks(tops_of_bars):
        text = f"{years[i]}: {tops_of_bars[i]:.0f}"
        axes.annotate(
            text,
            (years[i], tops_of_bars[i]),
            (0, 2.5),
            textcoords="offset points",
            ha="center",
            fontsize=6.5,
            color=SOFT,
        )
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, 1.0), handlelength=1.4)


def _peaks(tops_of_bars: np.ndarray, most: int = 6) -> list[int]:
    padded = np.concatenate([[0.0], tops_of_bars, [0.0]])
    local = [
        i
        for i in range(len(tops_of_bars))
        if tops_of_bars[i] > padded[i] and tops_of_bars[i] >= padded[i + 2]
    ]
    return sorted(sorted(local, key=lambda i: (-tops_of_bars[i], i))[:most])


def _draw_support(axes: Axes, support: pd.DataFrame, units_name: str) -> None:
    names = [name for name in SUPPORT_NAMES if name in support]
    top = float(support[names].to_numpy(float).max())
    for number, name in enumerate(names):
        mark = series_mark(number)
        sns.lineplot(
            x=support["year"],
            y=support[name],
            drawstyle="steps-mid",
            color=mark.colour,
            linestyle=mark.line,
            label=SUPPORT_NAMES[name],
            estimator=None,
            ax=axes,
        )
    axes.legend(loc="upper right", handlelength=2.6)
    axes.set_title(f"{units_name.capitalize()} left for comparison")
    axes.set(ylim=(-0.04 * top, 1.08 * top), xlabel="", ylabel="")
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_locator(MaxNLocator(9, integer=True))


def _describe(
    stock: pd.DataFrame, support: pd.DataFrame, study: Mapping[str, Any], memory: str
) -> str:
    last = stock.index[-1]
    held = stock.iloc[-1]
    listed = in_words(
        [f"{held[kind]:.0f} {zone_name(kind)}" for kind in stock.columns.astype(str)]
    )
    left = support.set_index("year")["not_yet_treated"]
    without_support = left.index[left.eq(0)]
    end = (
        f" and none is left from {without_support.min()}"
        if len(without_support)
        else f" and {left.iloc[-1]:.0f} in {left.index[-1]}"
    )
    return (
        f"Bars of new zones by type and year; in {last} there are {listed} ({memory})."
        f" Below, the number of {study['units_name']} without a national zone falls:"
        f" {left.iloc[0]:.0f} in {left.index[0]}{end}."
    )
