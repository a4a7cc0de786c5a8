"""F27: the density of relative income in five years above each other, and the matrix of
moves between its classes.
"""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from evenfield.shared.figures import (
    INK,
    MARKS,
    NARROW,
    REFERENCE,
    SMALL,
    Artwork,
    names_for_rows,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import TEXT, nothing_to_show, only

EDGES = {
    "left": 0.22,
    "right": 0.98,
    "top": 0.95,
    "bottom": 0.1,
    "hspace": 0.42,
}
HEIGHT = 5.8
OVERLAP = 1.6  # height of the highest density, in distances between two years
SHARES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # ticks of relative income
# What income is over, by `relative_to`.
AVERAGES = {
    "mean": "the mean",
    "population_mean": "the mean over people",
    "log_mean": "the geometric mean",
    "median": "the median",
}
FAINTEST = 0.02  # share of moves below which a cell holds no number


def f27(results: StudyResults) -> Artwork:
    """Draw densities and moves of the primary specification, moves over its longest
    step.
    """
    primary = results.primary()
    spec = str(primary["id"])
    series = only(results.series(text=(*TEXT, "group")), spec_id=spec)
    density = only(series, kind="density")
    moves = series[series["kind"].isin(["transition", "ergodic"])]
    if density.empty or moves.empty:
        raise nothing_to_show(f"densities and moves of specification {spec}")
    moves = only(moves, step=moves["step"].max())
    figure, grid = panels(2, 1, (NARROW, HEIGHT), EDGES, height_ratios=(1.0, 1.1))
    average = AVERAGES[primary.get("relative_to", "mean")]
    _draw_densities(grid[0, 0], density, average)
    _draw_moves(grid[1, 0], moves)
    data = pd.concat([density, moves], ignore_index=True)
    # A chain that parts into several has no class that all settle in.
    settles = only(moves, kind="ergodic")["value"].notna().any()
    settled = ", with the class that they would settle in if they went on like this"
    return Artwork(figure, data, _describe(density, moves), settled if settles else "")


FIGURES = {"F27": f27}


def _draw_densities(axes: Axes, density: pd.DataFrame, average: str) -> None:
    years = sorted(density["y"].astype(int).unique())
    scale = OVERLAP / density["value"].max()
    fill = MARKS["cluster only"].fill
    for number, year in enumerate(years):
        own = only(density, y=year).sort_values("x")
        foot = -float(number)
        # A later year stands before an earlier one.
        order = 2 + number
        top = foot + scale * own["value"]
        axes.fill_between(
            own["x"], foot, top, color=fill, alpha=0.35, lw=0, zorder=order
        )
        axes.plot(own["x"], top, color=INK, linewidth=0.9, zorder=order)
    axes.axvline(0.0, **REFERENCE)
    low = float(density["x"].min())
    high = float(density["x"].max())
    axes.set_xlim(low, high)
    ticks = [np.log(share) for share in SHARES if low <= np.log(share) <= high]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: f"{100 * np.exp(x):.3g}%")
    )
    axes.set_yticks([-float(number) for number in range(len(years))], years)
    names_for_rows(axes)
    axes.set_title("Density by year")
    axes.set_xlabel(f"income per head over {average} (log scale)")


def _draw_moves(axes: Axes, moves: pd.DataFrame) -> None:
    matrix = only(moves, kind="transition").pivot(
        index="x", columns="y", values="value"
    )
    settled = only(moves, kind="ergodic").set_index("x")["value"]
    shares = matrix.to_numpy()
    # The long run stands as one row more beneath the starts.
    long_run = ["settled"] if settled.notna().any() else []
    if long_run:
        shares = np.vstack([shares, settled.reindex(matrix.index).to_numpy()])
    classes = [f"{number:.0f}" for number in matrix.index]
    classes[0] += "\npoorest"
    classes[-1] += "\nrichest"
    texts = np.vectorize(
        lambda share: f"{100 * share:.0f}%" if share >= FAINTEST else ""
    )
    sns.heatmap(
        shares,
        cmap=sns.light_palette(MARKS["cluster only"].fill, as_cmap=True),
        vmin=0.0,
        vmax=1.0,
        annot=texts(shares),
        fmt="",
        cbar=False,
        linewidths=1.5,
        linecolor="white",
        annot_kws={"fontsize": SMALL},
        ax=axes,
    )
    axes.axhline(len(matrix), color=INK, linewidth=0.8)
    axes.set_xticklabels(classes)
    axes.set_yticklabels([*classes, *long_run], rotation=0)
    axes.tick_params(length=0)
    axes.set_title(f"Class {_later(moves)}")
    axes.set_xlabel("class at the end")
    axes.set_ylabel("class at the start")


def _later(moves: pd.DataFrame) -> str:
    years = int(moves["step"].max())
    return f"{years} year{'s' if years > 1 else ''} later"


def _describe(density: pd.DataFrame, moves: pd.DataFrame) -> str:
    years = density["y"].astype(int)
    matrix = only(moves, kind="transition")
    stay = matrix.loc[matrix["x"].eq(matrix["y"]), "value"]
    return (
        f"Densities of relative income in {years.nunique()} years from {years.min()} to"
        f" {years.max()}. Of the classes of income, from {100 * stay.min():.0f} to"
        f" {100 * stay.max():.0f} percent of those that start in one are still in it"
        f" {_later(moves)}."
    )
