"""F4: growth against initial income, one panel per period, units named where there is room."""

from collections.abc import Sequence
from textwrap import shorten, wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator

from evenfield.shared.figures import (
    INK,
    MARKS,
    NARROW,
    SMALL,
    SOFT,
    WIDTH,
    Artwork,
    cell_key,
    label_points,
    padded,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    cells_in,
    fixed,
    interval,
    is_missing,
    nothing_to_show,
    only,
    pick,
)

PANEL_HEIGHT = 2.5
MANTISSAS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
END_SHARE = 0.05  # of the width of a panel, half the width of a sum of money
TICK_SHARE = 0.16  # of the width of a panel, between two ticks of money
WHOLE = 1e6  # sums from here on have no decimals
LETTERS = 7  # of a sum that has room there, as 100,000
# Columns drawn; the last ones are blank in rows of units.
DATA = (
    "period kind unit cell log_income_start growth_pct_per_year"
    " fitted conf_low conf_high"
).split()
MOST_NAMES = 40
FEW_MARKS = 100  # more of them are drawn smaller
# More units than these lie on each other: bins are shaded by how many they hold.
LONGEST_UNIT = 130  # letters of a unit that fit below the figure in two lines
LONGEST_LINE = 103  # letters
LEFT = 0.09
LEFT_OF_SIGNS = 0.105  # where numbers at the ticks are as wide as −0.5
MOST_MARKS = 300
BINS = (42, 24)


def f4(results: StudyResults) -> Artwork:
    """Draw the scatter of growth on initial income, one panel for each main period."""
    spec = str(results.primary()["id"])
    estimates = only(results.estimates(), spec_id=spec)
    series = only(results.series(), spec_id=spec)
    shown = results.shown("main")
    plotted = series[series["period"].isin(shown)]
    if not plotted["kind"].eq("unit").any():
        raise nothing_to_show(f"points of specification {spec}")
    cells = results.table("cells")
    cells = only(cells, taxonomy=results.config.taxonomy.primary)
    data = plotted.merge(
        cells[["unit", "period", "cell"]], on=["unit", "period"], how="left"
    )
    # Two columns: names of units stay legible in half the width.
    # Few panels stand one beneath the other, so that a phone shows them whole.
    wide = 1 if len(shown) <= 3 else 2
    high = -(-len(shown) // wide)
    size = (NARROW if wide == 1 else WIDTH, 0.62 + PANEL_HEIGHT * high)
    edges = {
        "left": _left_edge(data, shown[::wide]) * WIDTH / size[0],
        "right": 0.99,
        "top": 1 - 0.27 / size[1],
        "bottom": 0.75 / size[1],
        "hspace": 0.24,
        "wspace": 0.1,
    }
    figure, grid = panels(high, wide, size, edges)
    sentences = []
    for axes, period in zip(grid.flat, shown, strict=False):
        own = only(estimates, period=period)
        # The mark of proxy output stands in the heading of the panel, beside what it
        # qualifies.
        title = results.period(period, pick(own).get("output_basis", ""))
        headline = _headline(pick(own, estimator="ols", effect_type="lambda"))
        _draw_panel(axes, only(data, period=period), headline, results)
        axes.set_title(title)
        sentences.append(f"{title}: {headline}")
    for axes in grid.flat[len(shown) :]:
        axes.axis("off")
    figure.supylabel("growth, % a year", fontsize=SMALL, x=0.008, color=INK)
    words = _axis_words(results.description()["income_unit"])
    lines_high = 0.2 if "\n" in words else 0.31
    figure.supxlabel(words, fontsize=SMALL, y=lines_high / size[1], color=INK)
    bins = only(data, kind="unit")["unit"].nunique() > MOST_MARKS
    cell_key(
        figure,
        [] if bins else cells_in(data["cell"]),
        loc="lower center",
        bbox_to_anchor=(0.53, -0.004),
    )
    drawn = data[DATA].sort_values(["period", "kind", "unit", "log_income_start"])
    description = (
        "Growth against initial income by period with the fitted line and its band."
        f" {'; '.join(sentences)}."
    )
    return Artwork(figure, drawn, description, _drawn(results, len(shown), bins))


FIGURES = {"F4": f4}


def _axis_words(unit: str) -> str:
    """Return what the axis below measures, in lines no wider than the figure."""
    unit = shorten(unit, LONGEST_UNIT, placeholder=" \u2026")
    unit = f"in {unit}" if unit.startswith("a unit") else unit
    return "\n".join(
        wrap(f"income in the first year, {unit}, ratio scale", LONGEST_LINE)
    )


def _left_edge(data: pd.DataFrame, first_column: Sequence[str]) -> float:
    """Return where panels begin: further to the right where numbers beside them have a
    sign and a decimal.
    """
    for period in first_column:
        growth = only(data, period=period, kind="unit")["growth_pct_per_year"]
        low, high = _growth_limits(growth.to_numpy(float))
        ticks = np.asarray(_ticks().tick_values(low, high))
        ticks = ticks[(ticks >= low) & (ticks <= high)]
        if ticks.min() < 0 and not np.allclose(ticks, ticks.round()):
            return LEFT_OF_SIGNS
    return LEFT


def _ticks() -> MaxNLocator:
    return MaxNLocator(6, steps=[1, 2, 5, 10])


def _growth_limits(growth: np.ndarray) -> tuple[float, float]:
    return padded(growth, 0.09, floor=0.1, above=1.6)


def _drawn(results: StudyResults, periods: int, bins: bool) -> str:
    one = results.words["unit_name"]
    several = results.words["units_name"]
    panel = "One panel for each period; " if periods > 1 else ""
    marks = f"bins are darker the more {several} they hold" if bins else ""
    sentence = panel + (marks or f"one mark for each {one}")
    return f"{sentence[0].upper()}{sentence[1:]}."


def _draw_panel(
    axes: Axes, data: pd.DataFrame, headline: str, results: StudyResults
) -> None:
    line = only(data, kind="line").sort_values("log_income_start")
    points = only(data, kind="unit").sort_values("unit")
    x = points["log_income_start"].to_numpy(float)
    y = points["growth_pct_per_year"].to_numpy(float)
    axes.set_ylim(_growth_limits(y))
    axes.yaxis.set_major_locator(_ticks())
    axes.set_xlim(padded(x, 0.07, floor=0.05))
    at = line["log_income_start"]
    axes.fill_between(
        at, line["conf_low"], line["conf_high"], color=SOFT, alpha=0.13, linewidth=0
    )
    axes.plot(at, line["fitted"], color=SOFT, linewidth=1.0)
    many = len(points) > MOST_MARKS
    if many:
        axes.hexbin(
            x,
            y,
            gridsize=BINS,
            mincnt=1,
            cmap="Greys",
            # A single unit is still grey.
            norm=LogNorm(0.3),
            linewidths=0.1,
            zorder=0,
        )
    # The rarest cells are drawn last, on top.
    for cell in reversed(cells_in([] if many else points["cell"])):
        chosen = only(points, cell=cell)
        axes.scatter(
            chosen["log_income_start"],
            chosen["growth_pct_per_year"],
            s=13 if len(points) <= FEW_MARKS else 5,
            marker=MARKS[cell].marker,
            color=MARKS[cell].colour,
            edgecolor="white",
            linewidth=0.4,
            zorder=4,
        )
    # Ticks in money on a scale of logs: readers know sums, not their logarithms.
    ticks = _money_ticks(*axes.get_xlim())
    axes.set_xticks(np.log(ticks), money_labels(ticks))
    box = axes.text(
        0.985,
        0.985,
        headline,
        transform=axes.transAxes,
        ha="right",
        va="top",
        fontsize=SMALL,
        color=SOFT,
    )
    # Neighbours that the study compares are always named.
    in_pairs = points["unit"].isin(np.ravel(results.config.inference.pairs))
    named = in_pairs.to_numpy() | _ends(x, y, points["residual"].to_numpy(float))
    names = [results.label(unit) for unit in points["unit"][named]]
    if many:
        axes.plot(x[named], y[named], ".", color=INK, markersize=2.5)
    label_points(
        axes, x[named], y[named], names, avoid=[box.get_window_extent()], color=INK
    )


def _ends(*columns: np.ndarray) -> np.ndarray:
    """Mark all points if their names can be read, else the three at each end of every
    column; columns (n,).
    """
    n = len(columns[0])
    marked = np.full(n, n <= MOST_NAMES)
    for column in columns:
        # The inner sort gives an order, the outer one turns it into ranks from 0 up.
        rank = np.argsort(np.argsort(column))
        marked |= (rank < 3) | (rank >= n - 3)
    return marked


def _money_ticks(low: float, high: float) -> list[float]:
    """Return round sums of money between two log incomes, so far apart that they can be
    read.
    """
    first = int(np.floor(low / np.log(10)))
    last = int(np.ceil(high / np.log(10)))
    round_sums = np.outer(10.0 ** np.arange(first, last + 1), MANTISSAS).ravel()
    ticks: list[float] = []
    for tick in round_sums:
        # A sum at the end of the axis would be cut off.
        inside = low <= np.log(tick) <= high - END_SHARE * (high - low)
        # On an axis of logs equal ratios of sums are equal distances; a long sum needs
        # more of them.
        longest = max(map(len, money_labels([*ticks[-1:], tick])))
        room = TICK_SHARE * max(1.0, longest / LETTERS)
        if inside and (not ticks or np.log(tick / ticks[-1]) >= room * (high - low)):
            ticks.append(tick)
    return ticks


def money_labels(ticks: list[float]) -> list[str]:
    """Write sums of money with the decimals that they have."""
    return [f"{tick:,.0f}" if tick >= WHOLE else f"{tick:,.10g}" for tick in ticks]


def _headline(row: Row) -> str:
    if is_missing(row.get("estimate")):
        return "speed not defined"
    ends = interval(row["conf_low"], row["conf_high"], 1, sides=True)
    return f"speed {fixed(row['estimate'], 1)}% a year {ends}"
