"""F17: paths of the urban-rural income ratio by cell, broken where the definition of income changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import FAINT, MARKS, SOFT, WIDTH, use_style
from evenfield.shared.figures.timeline import Ending, draw_path, name_endings, year_axis
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import pick
from evenfield.shared.tables.units import CELLS, count_of
from evenfield.study.errors import ArtifactError

LABEL_SHARE = 0.17


def gap_paths(series: pd.DataFrame, spec: str) -> pd.DataFrame:
    """Return the paths that the figure shows."""
    chosen = series[series["spec_id"].eq(spec)]
    if chosen.empty:
        raise ArtifactError(f"no path of the urban-rural gap for specification {spec}", "incomes in the panel",
                            "add them or remove F17 from `figures`")  # fmt: skip
    return chosen.assign(basis=chosen["window"]).sort_values(["cell", "year"], ignore_index=True)


def draw_balance(paths: pd.DataFrame, study: Mapping[str, Any]) -> Artwork:
    """Draw the ratio of urban to rural income by cell."""
    use_style()
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    figure.subplots_adjust(left=0.075, right=1 - LABEL_SHARE, top=0.92, bottom=0.075)
    cells = [cell for cell in CELLS if cell in set(paths["cell"])]
    for cell in cells:
        path = paths[paths["cell"].eq(cell)]
        draw_path(axes, path, "ratio", MARKS[cell])
        ends = path[path["year"].isin(_edges(path))]
        axes.plot(ends["year"], ends["ratio"], MARKS[cell].marker, color=MARKS[cell].colour, markersize=4.5)
    low, high = float(paths["ratio"].min()), float(paths["ratio"].max())
    axes.set_ylim(low - 0.08 * (high - low) - 0.02, high + 0.14 * (high - low) + 0.02)
    year_axis(axes, paths["year"].tolist())
    _mark_breaks(axes, paths)
    axes.set_title("Urban over rural income per head (mean of the group, ratio)")
    last = [pick(paths, year=paths["year"].max(), cell=cell) for cell in cells]
    endings = [Ending(row["ratio"], f"{row['cell']}\n{count_of(row['n_units'], study)}", MARKS[row["cell"]].colour)
               for row in last if row]  # fmt: skip
    name_endings(axes, float(paths["year"].max()), endings, lines=2)
    return Artwork(figure, paths, _describe(paths, cells, study))


def _edges(path: pd.DataFrame) -> list[int]:
    years = path.groupby("basis")["year"]
    return [*years.min().tolist(), *years.max().tolist()]


def _mark_breaks(axes: Any, paths: pd.DataFrame) -> None:
    starts = sorted(paths.groupby("basis")["year"].min())[1:]
    for start in starts:
        axes.axvline(start - 0.5, color=FAINT, linewidth=0.8, zorder=1)
        axes.annotate(f"new definition from {start:.0f}", (start - 0.5, 1.0), (4, -4), textcoords="offset points",
                      xycoords=axes.get_xaxis_transform(), va="top", fontsize=6.5, color=SOFT)  # fmt: skip


def _describe(paths: pd.DataFrame, cells: list[str], study: Mapping[str, Any]) -> str:
    parts = []
    for cell in cells:
        path = paths[paths["cell"].eq(cell)]
        ends = [f"{row['window']}: {fixed(first['ratio'], 2)} to {fixed(row['ratio'], 2)}"
                for row, first in _window_ends(path)]  # fmt: skip
        parts.append(f"{cell} ({count_of(path['n_units'].iloc[-1], study)}) {', '.join(ends)}")
    return f"Ratio of urban to rural income, mean of each cell, first and last year of each window: {'; '.join(parts)}."


def _window_ends(path: pd.DataFrame) -> list[tuple[Any, Any]]:
    return [(part.iloc[-1], part.iloc[0]) for _, part in path.sort_values("year").groupby("window", sort=True)]
