"""F3: income of each cell relative to the national mean, year by year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import FAINT, MARKS, SOFT, WIDTH, use_style
from evenfield.shared.figures.timeline import Ending, draw_path, name_endings, shade_proxy, year_axis
from evenfield.shared.tables.rows import pick
from evenfield.shared.tables.units import CELLS, count_of
from evenfield.study.errors import ArtifactError

LABEL_SHARE = 0.17
RELATIVE = (0.2, 0.25, 0.33, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0)


def cell_paths(series: pd.DataFrame, taxonomy: str, unit_scheme: str) -> pd.DataFrame:
    """Return the paths of relative income by cell."""
    chosen = series[series["kind"].eq("path") & series["taxonomy"].eq(taxonomy)
                    & series["unit_scheme"].eq(unit_scheme) & series["variable"].eq("relative_log_income")]  # fmt: skip
    if chosen.empty:
        raise ArtifactError(f"no path of relative income for taxonomy {taxonomy}", "one in the profile family",
                            "add the taxonomy to estimates.profile.taxonomies")  # fmt: skip
    columns = ["cell", "year", "basis", "n_units", "mean", "sd"]
    return chosen[columns].astype({"year": int}).sort_values(["cell", "year"], ignore_index=True)


def draw_relative_income(paths: pd.DataFrame, study: Mapping[str, Any]) -> Artwork:
    """Draw relative income by cell."""
    use_style()
    figure, axes = plt.subplots(figsize=(WIDTH, 3.7))
    figure.subplots_adjust(left=0.075, right=1 - LABEL_SHARE, top=0.92, bottom=0.075)
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    cells = [cell for cell in CELLS if cell in set(paths["cell"])]
    for cell in cells:
        path = paths[paths["cell"].eq(cell)]
        draw_path(axes, path, "mean", MARKS[cell])
        ends = path[path["year"].isin([path["year"].min(), path["year"].max()])]
        axes.plot(ends["year"], ends["mean"], MARKS[cell].marker, color=MARKS[cell].colour, markersize=4.5)
    _limit(axes, paths)
    axes.set_title("Income per head relative to the national mean (ratio scale)")
    last = [pick(paths, year=paths["year"].max(), cell=cell) for cell in cells]
    endings = [Ending(row["mean"], f"{row['cell']}\n{count_of(row['n_units'], study)}", MARKS[row["cell"]].colour)
               for row in last]  # fmt: skip
    name_endings(axes, float(paths["year"].max()), endings, lines=2)
    return Artwork(figure, paths, _describe(paths, cells, study))


def _limit(axes: Axes, paths: pd.DataFrame) -> None:
    low, high = min(paths["mean"].min(), 0.0), max(paths["mean"].max(), 0.0)
    pad = 0.1 * max(high - low, 0.1)
    axes.set_ylim(low - pad, high + 1.3 * pad)
    year_axis(axes, paths["year"].tolist())
    shade_proxy(axes, paths)
    shown = [ratio for ratio in RELATIVE if low - pad <= np.log(ratio) <= high + 1.3 * pad]
    axes.set_yticks(np.log(shown), [f"{100 * ratio:.0f}%" for ratio in shown])
    axes.annotate("national mean", (axes.get_xlim()[1], 0.0), (-3, 2.5), textcoords="offset points", ha="right",
                  color=SOFT, fontsize=6.5)  # fmt: skip


def _describe(paths: pd.DataFrame, cells: list[str], study: Mapping[str, Any]) -> str:
    first, last = int(paths["year"].min()), int(paths["year"].max())
    parts = []
    for cell in cells:
        rows = [pick(paths, cell=cell, year=year) for year in (first, last)]
        ends = [f"{100 * np.exp(row['mean']):.0f}%" for row in rows]
        parts.append(f"{cell} ({count_of(rows[1]['n_units'], study)}) {ends[0]} and {ends[1]}")
    proxy = paths.loc[paths["basis"].eq("proxy"), "year"]
    shaded = f" Years to {proxy.max()} rest on PROXY output; the lines break there." if len(proxy) else ""
    return (
        f"Income per head relative to the national mean in {first} and {last}, mean of each cell: "
        f"{'; '.join(parts)}.{shaded}"
    )
