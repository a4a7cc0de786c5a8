"""F1: a tile-grid map, one square per unit, coloured and hatched by cell, with the cases as letters."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import ACCENT, CELLS, INK, MARKS, SOFT, WIDTH, use_style
from evenfield.shared.tables.rows import Row, records
from evenfield.shared.tables.table import LETTERS
from evenfield.shared.tables.units import count_of, in_words, short_name
from evenfield.study.errors import ArtifactError

TILE = 0.92
SHADE: dict[str, Any] = {"facecolor": "none", "edgecolor": "white", "alpha": 0.45, "linewidth": 0.0}
LEGEND_SHARE = 0.36
LINE, SECOND_LINE, WRAP = 0.19, 0.13, 36


def draw_tile_map(cells: pd.DataFrame, units: pd.DataFrame, cases: pd.DataFrame, study: Mapping[str, Any]) -> Artwork:
    """Draw the tile-grid map of cells."""
    use_style()
    tiles = _tiles(cells, units, cases)
    rows, cols = (np.ptp(tiles[name]) + 1 for name in ("tile_row", "tile_col"))
    height = max(WIDTH * (1 - LEGEND_SHARE) * rows / cols, 2.6)
    figure = plt.figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0.0, 0.0, 1 - LEGEND_SHARE, 1.0))
    for tile in records(tiles):
        _draw_tile(axes, tile)
    axes.set(xlim=(tiles["tile_col"].min() - 0.55, tiles["tile_col"].max() + 0.55),
             ylim=(tiles["tile_row"].max() + 0.55, tiles["tile_row"].min() - 0.55), aspect="equal")  # fmt: skip
    axes.axis("off")
    legend = figure.add_axes((1 - LEGEND_SHARE + 0.015, 0.0, LEGEND_SHARE - 0.015, 1.0))
    draw_legend(legend, tiles, cases, study)
    return Artwork(figure, tiles, describe_cells(tiles, cases, study))


def _tiles(cells: pd.DataFrame, units: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    tiles = cells[["unit", "cell"]].merge(units[["unit", "name", "tile_row", "tile_col"]], on="unit", how="left")
    bare = tiles.loc[tiles[["tile_row", "tile_col"]].isna().any(axis=1), "unit"].tolist()
    shared = tiles.loc[tiles.duplicated(["tile_row", "tile_col"]), "unit"].tolist()
    if bare or shared:
        raise ArtifactError(f"{len(bare)} units without a tile, {len(shared)} on a tile already taken "
                            f"({(bare + shared)[0]})", "a tile_row and tile_col of its own for each unit",
                            "correct units.csv or remove F1 from `figures` in config.yaml")  # fmt: skip
    letters = case_letters(cases)
    return tiles.assign(letters=[letters.get(unit, "") for unit in tiles["unit"]])


def case_letters(cases: pd.DataFrame) -> dict[str, str]:
    """Give each case a letter in the order of the rows."""
    letters: dict[str, str] = {}
    for place, unit in enumerate(cases["unit"]):
        letters[unit] = letters.get(unit, "") + LETTERS[place % len(LETTERS)]
    return letters


def _draw_tile(axes: Axes, tile: Row) -> None:
    mark, letters = MARKS[tile["cell"]], tile["letters"]
    centre_x, centre_y = float(tile["tile_col"]), float(tile["tile_row"])
    x, y = centre_x - TILE / 2, centre_y - TILE / 2
    axes.add_patch(Rectangle((x, y), TILE, TILE, facecolor=mark.fill, edgecolor="none"))
    if mark.hatch:
        axes.add_patch(Rectangle((x, y), TILE, TILE, hatch=mark.hatch, **SHADE))
    drop = -0.14 if letters else 0.0
    axes.text(centre_x, centre_y + drop, short_name(tile["unit"]), color=mark.ink, ha="center",
              va="center_baseline", fontsize=8.5, fontweight="bold")  # fmt: skip
    for i, letter in enumerate(letters):
        draw_letter(axes, (centre_x + (i - (len(letters) - 1) / 2) * 0.27, centre_y + 0.25), letter)


def draw_letter(axes: Axes, centre: tuple[float, float], letter: str, radius: float = 0.125) -> None:
    """Draw a case letter in a white disc."""
    axes.add_patch(Circle(centre, radius, facecolor="white", edgecolor=ACCENT, linewidth=0.6, zorder=4))
    axes.text(*centre, letter, color=ACCENT, fontsize=6.0, ha="center", va="center_baseline", zorder=5)


def draw_legend(axes: Axes, tiles: pd.DataFrame, cases: pd.DataFrame, study: Mapping[str, Any]) -> None:
    """Draw the key of cells with their counts, then the names of the cases, centred from top to bottom."""
    box = axes.get_window_extent()
    width, height = box.width / axes.figure.dpi, box.height / axes.figure.dpi
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    counts = tiles["cell"].value_counts()
    shown = [cell for cell in CELLS if cell in counts]
    names = [wrap(case_name(case), WRAP) for case in records(cases)]
    tall = LINE * (1 + len(shown)) + (2 * LINE + sum(_tallness(lines) for lines in names) if names else 0)
    top = max((height - tall) / 2, 0.12)
    axes.text(0, top, study["units_name"].capitalize(), fontweight="bold", va="center_baseline")
    for i, cell in enumerate(shown):
        _draw_key(axes, top + LINE * (i + 1), cell, int(counts[cell]))
    if names:
        _draw_cases(axes, top + LINE * (len(shown) + 2), names)


def _tallness(lines: list[str]) -> float:
    return LINE + SECOND_LINE * (len(lines) - 1)


def _draw_cases(axes: Axes, top: float, names: list[list[str]]) -> None:
    axes.text(0, top, "Cases", fontweight="bold", va="center_baseline")
    at = top + LINE
    for i, lines in enumerate(names):
        draw_letter(axes, (0.085, at), LETTERS[i % len(LETTERS)], radius=0.075)
        for k, line in enumerate(lines):
            axes.text(0.24, at + SECOND_LINE * k, line, va="center_baseline", fontsize=7.0)
        at += _tallness(lines)


def _draw_key(axes: Axes, top: float, cell: str, count: int) -> None:
    mark = MARKS[cell]
    corner = (0.0, top - 0.065)
    axes.add_patch(Rectangle(corner, 0.17, 0.13, facecolor=mark.fill, edgecolor="none"))
    if mark.hatch:
        axes.add_patch(Rectangle(corner, 0.17, 0.13, hatch=mark.hatch, **SHADE))
    axes.text(0.24, top, cell, va="center_baseline", color=INK)
    axes.text(1.2, top, f"{count}", va="center_baseline", ha="right", color=SOFT)


def case_name(case: Row) -> str:
    """Return a case as the legend prints it."""
    return f"{case['place']}: {case['industry']}"


def describe_cells(tiles: pd.DataFrame, cases: pd.DataFrame, study: Mapping[str, Any]) -> str:
    """Describe the map in one or two sentences."""
    parts = []
    for cell in CELLS:
        names = sorted(tiles.loc[tiles["cell"].eq(cell), "name"])
        if names:
            listed = f" ({in_words(names)})" if len(names) <= 6 else ""
            parts.append(f"{len(names)} {cell}{listed}")
    text = f"Map of {count_of(len(tiles), study)} by cell: {'; '.join(parts)}."
    return text + (f" {len(cases)} cases are marked by letters." if len(cases) else "")
