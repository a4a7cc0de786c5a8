"""F1: a map of the groups, coloured and hatched by cell: outlines where a study has them
and no squares of its own, else one square per unit, the cases as letters.
"""

from textwrap import wrap

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evenfield.shared.figures import (
    ACCENT,
    INK,
    MARKS,
    SMALL,
    WIDTH,
    Artwork,
    use_style,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    CELLS,
    LETTERS,
    Row,
    cells_in,
    cells_of,
    count_of,
    in_words,
    last_main_period,
    records,
)
from evenfield.study.errors import ArtifactError
from evenfield.topics.groups.figure_outlines import HATCHED, draw_outlines
from evenfield.topics.groups.figure_rollout import f2

# Side of the coloured square in a square of the grid; the rest is a white gap.
TILE = 0.92
FLAT = 0.72  # height of a field in its width
# Most letters of a label, and its points where they fit.
SHORT = 4
MOST_NAMED = 100  # units whose squares hold names
LABEL = 9.0
# Inches between lines of the key, and letters of a case in one of its columns.
LINE = 0.19
WRAP = 42
COLUMNS = 2
# Names on squares: letters of a line, points of a letter, and its width in its height.
NAME_WRAP = 13
LARGEST_NAME = 7.8
SMALLEST_NAME = 7.2
LETTER_WIDTH = 0.6
GRID = ["tile_row", "tile_col"]
# What the caption says of the map.
SQUARES = (
    "One field for each {unit_name}, so that small ones are as visible as large ones"
    " and no boundary is drawn."
)
OUTLINES = "Outlines of {units_name} as the study's data draw them."


def f1(results: StudyResults) -> Artwork:
    """Draw the map of cells."""
    use_style()
    period = last_main_period(results.config.periods)
    taxonomy = results.config.taxonomy.primary
    cells = cells_of(results.table("cells"), taxonomy, period)
    cases = results.ingested("cases")
    features = results.outlines()["features"]
    # Squares that a study lays out itself go before its outlines.
    if features and "tile_row" not in results.ingested("units") and cases.empty:
        units = cells[["unit", "cell"]].merge(results.table("units")[["unit", "name"]])
        marked = dict(units[["unit", "cell"]].to_numpy())
        key = _key_inches(cases)
        figure = draw_outlines(features, marked, key)
        drawn = OUTLINES
    else:
        units = _tiles(cells, results.table("units"), cases)
        key = _key_inches(cases)
        figure = _tile_map(results, units, key)
        drawn = SQUARES
    share = key / figure.get_figheight()
    _draw_legend(figure.add_axes((0.0, 0.0, 1.0, share)), units, cases, key)
    said = drawn.format_map(results.words)
    return Artwork(figure, units, _describe(units, cases, results), said)


def _tile_map(results: StudyResults, tiles: pd.DataFrame, key: float) -> Figure:
    """Draw one field per unit, above the room for the key in inches."""
    first = tiles[GRID].min().astype(int)
    last = tiles[GRID].max().astype(int) + 1
    rows = range(first["tile_row"], last["tile_row"])
    columns = range(first["tile_col"], last["tile_col"])
    grid = tiles.assign(code=tiles["cell"].map(CELLS.index)).pivot(
        index="tile_row", columns="tile_col", values="code"
    )
    inches = max(FLAT * WIDTH * len(rows) / len(columns), 2.6)
    figure = plt.figure(figsize=(WIDTH, inches + key))
    axes = figure.add_axes((0.0, key / (inches + key), 1.0, inches / (inches + key)))
    # The white gap between fields, in points, from the width of one field.
    side = WIDTH / (len(columns) + 0.1)
    sns.heatmap(
        grid.reindex(index=rows, columns=columns),
        cmap=ListedColormap([MARKS[cell].fill for cell in CELLS]),
        # Codes are whole numbers: half a step on both sides gives each cell one colour.
        vmin=-0.5,
        vmax=len(CELLS) - 0.5,
        cbar=False,
        linewidths=(1 - TILE) * 72 * side,
        linecolor="white",
        ax=axes,
    )
    for tile in records(tiles):
        x = float(tile["tile_col"]) - columns[0] + 0.5
        y = float(tile["tile_row"]) - rows[0] + 0.5
        label = results.label(tile["unit"])[:SHORT]
        size = _letter_size([label], LABEL, 72 * TILE * side)
        # Among many, names would stand only where they happen to be short.
        few = len(tiles) <= MOST_NAMED
        _draw_tile(axes, tile, x, y, label if few and size else "", size)
        if few:
            _draw_name(axes, tile, x, y, 72 * TILE * side)
    axes.set(xlim=(-0.05, len(columns) + 0.05), ylim=(len(rows) + 0.05, -0.05))
    axes.axis("off")
    return figure


FIGURES = {"F1": f1, "F2": f2}


def _tiles(
    cells: pd.DataFrame, units: pd.DataFrame, cases: pd.DataFrame
) -> pd.DataFrame:
    """Return cell, tile and letters of the cases of each unit."""
    units = units[["unit", "name", *GRID]]
    tiles = cells[["unit", "cell"]].merge(units, on="unit", how="left")
    # Two units on one square would hide one of them.
    bare = tiles.loc[tiles[GRID].isna().any(axis=1), "unit"].tolist()
    shared = tiles.loc[tiles.duplicated(GRID), "unit"].tolist()
    if bare or shared:
        raise ArtifactError(
            f"{len(bare)} units without a tile, {len(shared)} on a tile already taken"
            f" ({(bare + shared)[0]})",
            "a tile_row and tile_col of its own for each unit",
            "correct units.csv or remove F1 from `figures` in config.yaml",
        )
    # A unit with two cases has two letters.
    letters = dict.fromkeys(tiles["unit"], "")
    for number, unit in enumerate(cases["unit"]):
        letters[unit] = letters.get(unit, "") + LETTERS[number % len(LETTERS)]
    return tiles.assign(letters=tiles["unit"].map(letters))


def _draw_tile(
    axes: Axes, tile: Row, x: float, y: float, label: str, size: float
) -> None:
    mark = MARKS[tile["cell"]]
    letters = tile["letters"]
    if mark.hatch:
        corner = (x - TILE / 2, y - TILE / 2)
        axes.add_patch(Rectangle(corner, TILE, TILE, hatch=mark.hatch, **HATCHED))
    axes.text(
        x,
        y - (0.24 if letters else 0.1),
        label,
        color=mark.ink,
        ha="center",
        va="center_baseline",
        fontsize=size,
        fontweight="bold",
    )
    for i, letter in enumerate(letters):
        _draw_letter(axes, x + (i - (len(letters) - 1) / 2) * 0.27, y + 0.32, letter)


def _letter_size(lines: list[str], largest: float, side: float) -> float:
    """Return the points of letters that fit a square of so many; zero where they could
    not be read.
    """
    size = min(largest, side / (LETTER_WIDTH * max(map(len, lines))))
    return size if size >= SMALLEST_NAME else 0.0


def _draw_name(axes: Axes, tile: Row, x: float, y: float, side: float) -> None:
    """Spell a unit's name beneath its label, in two lines at most, where it can be read;
    side of the square in points.
    """
    lines = wrap(str(tile["name"]), NAME_WRAP)
    size = _letter_size(lines, LARGEST_NAME, side)
    if len(lines) > 2 or not size:
        return
    axes.text(
        x,
        y + (-0.1 if tile["letters"] else 0.06),
        "\n".join(lines),
        color=MARKS[tile["cell"]].ink,
        ha="center",
        va="top",
        fontsize=size,
        linespacing=1.0,
    )


def _draw_letter(axes: Axes, x: float, y: float, letter: str) -> None:
    axes.annotate(
        letter,
        (x, y),
        color=ACCENT,
        fontsize=SMALL,
        ha="center",
        va="center_baseline",
        zorder=5,
        bbox={
            "boxstyle": "circle,pad=0.15",
            "facecolor": "white",
            "edgecolor": ACCENT,
            "linewidth": 0.6,
        },
    )


def _case_lines(cases: pd.DataFrame) -> list[list[str]]:
    return [
        wrap(f"{case['place']}: {case['industry']}", WRAP) for case in records(cases)
    ]


def _key_inches(cases: pd.DataFrame) -> float:
    """Return how high the key is: a line for the cells, then the cases in columns."""
    lines = [len(words) for words in _case_lines(cases)]
    rows = [max(lines[i : i + COLUMNS]) for i in range(0, len(lines), COLUMNS)]
    return LINE * (2 + sum(rows) + (0.5 if rows else 0))


def _draw_legend(
    axes: Axes, tiles: pd.DataFrame, cases: pd.DataFrame, inches: float
) -> None:
    """Draw the key of cells with their counts in a line, beneath it the cases."""
    # In inches from the top down, as lines of a text are set.
    axes.set(xlim=(0, WIDTH), ylim=(inches, 0))
    axes.axis("off")
    counts = tiles["cell"].value_counts()
    shown = cells_in(tiles["cell"])
    for i, cell in enumerate(shown):
        _draw_key(axes, 0.1 + i * WIDTH / len(shown), cell, int(counts[cell]))
    names = _case_lines(cases)
    at = 2.5 * LINE
    for i in range(0, len(names), COLUMNS):
        for column, lines in enumerate(names[i : i + COLUMNS]):
            left = 0.15 + column * WIDTH / COLUMNS
            _draw_letter(axes, left, at, LETTERS[(i + column) % len(LETTERS)])
            for k, line in enumerate(lines):
                place = (left + 0.16, at + LINE * k)
                axes.text(*place, line, va="center_baseline", fontsize=SMALL)
        at += LINE * max(map(len, names[i : i + COLUMNS]))


def _draw_key(axes: Axes, left: float, cell: str, count: int) -> None:
    mark = MARKS[cell]
    corner = (left, LINE - 0.065)
    axes.add_patch(Rectangle(corner, 0.17, 0.13, facecolor=mark.fill, edgecolor="none"))
    if mark.hatch:
        axes.add_patch(Rectangle(corner, 0.17, 0.13, hatch=mark.hatch, **HATCHED))
    words = f"{cell} ({count:,})"
    axes.text(left + 0.24, LINE, words, va="center_baseline", fontsize=SMALL, color=INK)


def _describe(tiles: pd.DataFrame, cases: pd.DataFrame, results: StudyResults) -> str:
    parts = []
    for cell in cells_in(tiles["cell"]):
        names = sorted(tiles.loc[tiles["cell"].eq(cell), "name"])
        listed = f" ({in_words(names)})" if len(names) <= 6 else ""
        parts.append(f"{len(names):,} {cell}{listed}")
    lettered = f" {len(cases)} cases are marked by letters." if len(cases) else ""
    return (
        f"Map of {count_of(len(tiles), results.words)} by cell:"
        f" {'; '.join(parts)}.{lettered}"
    )
