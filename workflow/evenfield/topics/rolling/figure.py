"""F5c: the speed of convergence in rolling windows with two bands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import ACCENT, FAINT, SOFT, WIDTH, series_mark, use_style
from evenfield.shared.figures.timeline import draw_line
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import only, records
from evenfield.study.errors import ArtifactError

LINES: dict[str, Any] = {"official": "-", "proxy": (0, (1.2, 1.2))}
DASHED: Any = (0, (5.0, 1.6))


def f5c(facts: Facts) -> Artwork:
    """Draw the speed of convergence by the last year of rolling windows, one panel for each length."""
    spec = str(facts.primary()["id"])
    mine = only(facts.series(), spec_id=spec)
    windows = mine[mine["kind"].eq("window") & mine["speed"].notna()]
    if windows.empty:
        remedy = "add it to estimates.rolling, shorten its windows or remove F5c from `figures`"
        raise ArtifactError(f"no rolling windows of specification {spec}", "its series in topic rolling", remedy)
    use_style()
    spans = sorted(windows["span"].astype(int).unique())
    lines = {span: only(windows, span=span).sort_values("end_year") for span in spans}
    figure, panels = plt.subplots(1, len(lines), figsize=(WIDTH, 2.9), sharey=True, squeeze=False)
    figure.subplots_adjust(left=0.06, right=0.985, top=0.90, bottom=0.145, wspace=0.06)
    for axes, (span, line) in zip(panels.ravel(), lines.items(), strict=True):
        _draw(axes, line)
        axes.set_title(f"windows of {span} years")
        axes.set_xlabel("last year of the window", fontsize=7.0)
    # ASSUME: the axis follows the pointwise intervals; a band over all windows that is much wider runs off it.
    ends = windows[["speed", "pointwise_low", "pointwise_high"]].to_numpy(float)
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    panels[0, 0].set_ylim(low - 0.12 * (high - low), high + 0.22 * (high - low))
    panels[0, 0].set_ylabel("speed, % a year", fontsize=7.0)
    units = f"{int(windows['n_units'].iloc[0])} {facts.words['units_name']}"
    told = [f"Speed of convergence across {units} in rolling windows.", *(_told(line) for line in lines.values())]
    data = pd.concat([windows, only(mine, kind="slope_break")]).sort_values(["kind", "span", "end_year"])
    return Artwork(figure, data, " ".join(told))


FIGURES = {"F5c": f5c}


def _draw(axes: Axes, line: pd.DataFrame) -> None:
    colour = series_mark(0).colour
    axes.axhline(0.0, color=FAINT, linewidth=0.9, zorder=1)
    for _, part in line.groupby(line["basis"].ne(line["basis"].shift()).cumsum(), sort=True):
        for name, alpha in (("band", 0.10), ("pointwise", 0.20)):
            low, high = part[f"{name}_low"].fillna(-1e3), part[f"{name}_high"].fillna(1e3)
            axes.fill_between(part["end_year"], low, high, color=colour, alpha=alpha, linewidth=0)
        look = {"linestyle": LINES.get(str(part["basis"].iloc[0]), DASHED), "marker": "o" if len(part) == 1 else ""}
        draw_line(axes, part["end_year"], part["speed"], color=colour, linewidth=1.7, **look)
    for basis, words, alpha in (("proxy", "PROXY", 0.05), ("spliced", "spliced", 0.025)):
        years = line.loc[line["basis"].eq(basis), "end_year"]
        if len(years):
            axes.axvspan(years.min() - 0.5, years.max() + 0.5, color=ACCENT, alpha=alpha, linewidth=0, zorder=0)
            place: Any = {
                "xycoords": axes.get_xaxis_transform(),
                "textcoords": "offset points",
                "ha": "center",
                "va": "top",
            }
            axes.annotate(words, (float(years.mean()), 1.0), (0, -3), **place, fontsize=6.5, color=SOFT)
    axes.set_xlim(line["end_year"].min() - 0.6, line["end_year"].max() + 0.6)


def _told(line: pd.DataFrame) -> str:
    rows = records(line)
    ends = [pick(rows, key=lambda row: row["speed"]) for pick in (min, max)]
    low, high = (f"{int(row['start_year'])}\u2013{int(row['end_year'])}" for row in ends)
    clear = int((line["band_low"].gt(0) | line["band_high"].lt(0)).sum())
    proxy = int(line["basis"].ne("official").sum())
    shaded = f", {proxy} of them on PROXY output in full or in part" if proxy else ""
    return (
        f"Windows of {int(rows[0]['span'])} years: from {fixed(ends[0]['speed'], 1)}% a year in {low} to "
        f"{fixed(ends[1]['speed'], 1)}% in {high}; the band over all windows leaves out zero in {clear} of "
        f"{len(rows)}{shaded}."
    )
