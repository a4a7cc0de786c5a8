"""F5c: the convergence clock, the speed of convergence in rolling windows with two bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import ACCENT, FAINT, SOFT, WIDTH, series_mark, use_style
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import only, records
from evenfield.study.errors import ArtifactError


def draw_clock(series: pd.DataFrame, *, spec: str, study: Mapping[str, Any]) -> Artwork:
    """Draw the speed of convergence by the last year of rolling windows, one panel for each length."""
    mine = only(series, spec_id=spec)
    windows = mine[mine["kind"].eq("window") & mine["speed"].notna()]
    if windows.empty:
        raise ArtifactError(f"no rolling windows of specification {spec}", "its series in the clock family",
                            "add it to estimates.clock, shorten its windows or remove F5c from `figures`")  # fmt: skip
    use_style()
    spans = sorted(windows["span"].unique())
    figure, panels = plt.subplots(1, len(spans), figsize=(WIDTH, 2.9), sharey=True, squeeze=False)
    figure.subplots_adjust(left=0.06, right=0.985, top=0.90, bottom=0.145, wspace=0.06)
    breaks = only(mine, kind="slope_break")
    for axes, span in zip(panels.ravel(), spans, strict=True):
        _draw(axes, only(windows, span=span).sort_values("end_year"))
        axes.set_title(f"windows of {int(span)} years")
        axes.set_xlabel("last year of the window", fontsize=7.0)
    _limit(panels[0, 0], windows)
    panels[0, 0].set_ylabel("speed, % a year", fontsize=7.0)
    told = [_told(only(windows, span=span)) for span in spans]
    data = pd.concat([windows, breaks]).sort_values(["kind", "span", "end_year"])
    head = f"Speed of convergence across {int(windows['n_units'].iloc[0])} {study['units_name']} in rolling windows. "
    return Artwork(figure, data, head + " ".join(told))


def _limit(axes: Axes, windows: pd.DataFrame) -> None:
    ends = np.concatenate([windows[name].to_numpy(float) for name in ("speed", "pointwise_low", "pointwise_high")])
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    # ASSUME: the axis follows the pointwise intervals; a band over all windows that is much wider runs off it.
    axes.set_ylim(low - 0.12 * (high - low), high + 0.22 * (high - low))


def _draw(axes: Axes, line: pd.DataFrame) -> None:
    mark = series_mark(0)
    axes.axhline(0.0, color=FAINT, linewidth=0.9, zorder=1)
    for part in _runs(line):
        at = part["end_year"]
        axes.fill_between(at, _end(part["band_low"], -1e3), _end(part["band_high"], 1e3), color=mark.colour, alpha=0.10,
                          linewidth=0)  # fmt: skip
        axes.fill_between(at, _end(part["pointwise_low"], -1e3), _end(part["pointwise_high"], 1e3), color=mark.colour,
                          alpha=0.20, linewidth=0)  # fmt: skip
        lone = "o" if len(part) == 1 else ""
        style: Any = {"official": "-", "proxy": (0, (1.2, 1.2))}.get(str(part["basis"].iloc[0]), (0, (5.0, 1.6)))
        axes.plot(at, part["speed"], color=mark.colour, linewidth=1.7, linestyle=style, marker=lone)
    for basis, words in (("proxy", "PROXY"), ("spliced", "spliced")):
        found = line[line["basis"].eq(basis)]
        if len(found):
            middle = float(found["end_year"].mean())
            axes.axvspan(found["end_year"].min() - 0.5, found["end_year"].max() + 0.5, color=ACCENT,
                         alpha=0.05 if basis == "proxy" else 0.025, linewidth=0, zorder=0)  # fmt: skip
            axes.annotate(words, (middle, 1.0), (0, -3), xycoords=axes.get_xaxis_transform(), ha="center", va="top",
                          textcoords="offset points", fontsize=6.5, color=SOFT)  # fmt: skip
    axes.set_xlim(line["end_year"].min() - 0.6, line["end_year"].max() + 0.6)


def _runs(line: pd.DataFrame) -> Sequence[pd.DataFrame]:
    return [part for _, part in line.groupby(line["basis"].ne(line["basis"].shift()).cumsum(), sort=True)]


def _end(values: pd.Series, where_open: float) -> pd.Series:
    return values.fillna(where_open)


def _told(line: pd.DataFrame) -> str:
    rows = records(line.sort_values("end_year"))
    top, bottom = max(rows, key=lambda row: row["speed"]), min(rows, key=lambda row: row["speed"])
    clear = int((line["band_low"].gt(0) | line["band_high"].lt(0)).sum())
    proxy = int(line["basis"].ne("official").sum())
    shaded = f", {proxy} of them on PROXY output in full or in part" if proxy else ""
    return (
        f"Windows of {int(rows[0]['span'])} years: from {fixed(bottom['speed'], 1)}% a year in "
        f"{int(bottom['start_year'])}\u2013{int(bottom['end_year'])} to {fixed(top['speed'], 1)}% in "
        f"{int(top['start_year'])}\u2013{int(top['end_year'])}; the band over all windows leaves out zero in {clear} of"
        f" {len(rows)}{shaded}."
    )
