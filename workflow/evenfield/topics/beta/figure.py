"""F4: growth against initial income, one panel per period, every unit named."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from evenfield.shared.facts import Facts
from evenfield.shared.figures.labels import label_points
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import CELLS, INK, MARKS, SOFT, WIDTH, use_style
from evenfield.shared.tables.notes import period_with_basis
from evenfield.shared.tables.numbers import fixed, interval, is_missing
from evenfield.shared.tables.rows import TEXT, pick
from evenfield.study.errors import ArtifactError

PANEL_HEIGHT = 2.9
MANTISSAS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
TICK_SHARE = 0.16
DATA = [
    "period",
    "kind",
    "unit",
    "cell",
    "log_income_start",
    "growth_pct_per_year",
    "fitted",
    "conf_low",
    "conf_high",
]


MOST_NAMES = 60


def f4(facts: Facts) -> Artwork:
    """Draw the scatter of growth on initial income, one panel for each main period."""
    series = facts.series()
    estimates = facts.estimates()
    spec = str(facts.primary()["id"])
    cells = facts.table("cells", text=TEXT)
    cells = cells[cells["taxonomy"].eq(facts.config["taxonomy"]["primary"])]
    shown = facts.shown("main")
    periods = facts.config["periods"]
    income_unit = facts.description()["income_unit"]
    use_style()
    plotted = series[series["spec_id"].eq(spec) & series["period"].isin(list(shown))]
    if not plotted["kind"].eq("unit").any():
        raise ArtifactError(
            f"no points of specification {spec}",
            "its series in the beta family",
            "add it to estimates.beta or remove F4 from `figures`",
        )
    data = plotted.merge(
        cells[["unit", "period", "cell"]], on=["unit", "period"], how="left"
    )
    wide = min(len(shown), 2)
    high = -(-len(shown) // wide)
    size = (WIDTH, 0.55 + PANEL_HEIGHT * high)
    figure, grid = plt.subplots(high, wide, figsize=size, squeeze=False)
    edges = {
        "left": 0.065,
        "right": 0.99,
        "top": 1 - 0.22 / size[1],
        "bottom": 0.68 / size[1],
    }
    figure.subplots_adjust(**edges, hspace=0.24, wspace=0.1)
    panels = list(grid.ravel())
    for axes, period in zip(panels, shown, strict=False):
        _limit_growth(axes, data[data["period"].eq(period)])
        _draw_panel(
            axes,
            data[data["period"].eq(period)],
            _headline(estimates, spec, period),
            facts,
        )
        axes.set_title(
            period_with_basis(period, _basis(estimates, spec, period), periods)
        )
    for axes in panels[len(shown) :]:
        axes.axis("off")
    figure.supylabel("growth, % a year", fontsize=7.5, x=0.008, color=INK)
    figure.supxlabel(
        f"income in the first year, {income_unit}, ratio scale",
        fontsize=7.5,
        y=0.31 / size[1],
        color=INK,
    )
    _draw_key(figure, sorted(set(data["cell"].dropna()), key=CELLS.index))
    described = _describe(estimates, spec, shown, periods)
    return Artwork(
        figure,
        data[DATA].sort_values(["period", "kind", "unit", "log_income_start"]),
        described,
    )


FIGURES = {"F4": f4}


def _limit_growth(axes: Axes, data: pd.DataFrame) -> None:
    points = data.loc[data["kind"].eq("unit"), "growth_pct_per_year"]
    pad = 0.09 * max(float(np.ptp(points)), 0.1)
    axes.set_ylim(points.min() - pad, points.max() + 1.6 * pad)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))


def _draw_panel(axes: Axes, data: pd.DataFrame, headline: str, facts: Facts) -> None:
    line = data[data["kind"].eq("line")].sort_values("log_income_start")
    points = data[data["kind"].eq("unit")].sort_values("unit")
    x = points["log_income_start"].to_numpy(float)
    y = points["growth_pct_per_year"].to_numpy(float)
    pad = 0.07 * max(float(np.ptp(x)), 0.05)
    axes.set_xlim(x.min() - pad, x.max() + pad)
    at = line["log_income_start"]
    axes.fill_between(
        at, line["conf_low"], line["conf_high"], color=SOFT, alpha=0.13, linewidth=0
    )
    axes.plot(at, line["fitted"], color=SOFT, linewidth=1.0)
    for cell in [cell for cell in CELLS[::-1] if cell in set(points["cell"])]:
        chosen = points[points["cell"].eq(cell)]
        axes.scatter(
            chosen["log_income_start"],
            chosen["growth_pct_per_year"],
            s=13,
            marker=MARKS[cell].marker,
            color=MARKS[cell].colour,
            edgecolor="white",
            linewidth=0.4,
            zorder=4,
        )
    ticks = _money_ticks(*axes.get_xlim())
    axes.set_xticks(np.log(ticks), [f"{tick:,.0f}" for tick in ticks])
    box = axes.text(
        0.985,
        0.985,
        headline,
        transform=axes.transAxes,
        ha="right",
        va="top",
        fontsize=6.5,
        color=SOFT,
    )
    named = {unit for pair in facts.config["inference"]["pairs"] for unit in pair}
    labelled = points["unit"].isin(named).to_numpy() | _ends(
        x, y, points["residual"].to_numpy(float)
    )
    names = [facts.label(unit) for unit in points["unit"][labelled]]
    label_points(
        axes,
        x[labelled],
        y[labelled],
        names,
        avoid=[box.get_window_extent()],
        color=INK,
    )


def _ends(*columns: np.ndarray) -> np.ndarray:
    """Mark all points if their names can be read, else the three at each end of every
    column; columns (n,).
    """
    ranks = [np.argsort(np.argsort(column)) for column in columns]
    n = len(ranks[0])
    return np.asarray(
        np.any(
            [(rank < 3) | (rank >= n - 3) | (n <= MOST_NAMES) for rank in ranks], axis=0
        )
    )


def _money_ticks(low: float, high: float) -> list[float]:
    decades = range(
        int(np.floor(low / np.log(10))), int(np.ceil(high / np.log(10))) + 1
    )
    ticks = [
        m * 10.0**k
        for k in decades
        for m in MANTISSAS
        if low <= np.log(m * 10.0**k) <= high
    ]
    spaced_ticks: list[float] = []
    for tick in ticks:
        if not spaced_ticks or np.log(tick / spaced_ticks[-1]) >= TICK_SHARE * (
            high - low
        ):
            spaced_ticks.append(tick)
    return spaced_ticks


def _basis(estimates: pd.DataFrame, spec: str, period: str) -> str:
    return str(pick(estimates, spec_id=spec, period=period).get("output_basis", ""))


def _headline(estimates: pd.DataFrame, spec: str, period: str) -> str:
    row = pick(
        estimates, spec_id=spec, period=period, estimator="ols", effect_type="lambda"
    )
    if is_missing(row.get("estimate")):
        return "speed not defined"
    return (
        f"speed {fixed(row['estimate'], 1)}% a year"
        f" {interval(row['conf_low'], row['conf_high'], 1)}"
    )


def _draw_key(figure: Any, cells: list[str]) -> None:
    if cells in ([], ["neither"]):
        return
    keys = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=MARKS[cell].marker,
            color=MARKS[cell].colour,
            label=cell,
        )
        for cell in cells
    ]
    figure.legend(
        handles=keys,
        loc="lower center",
        ncols=len(keys),
        bbox_to_anchor=(0.53, -0.004),
        handletextpad=0.2,
    )


def _describe(
    estimates: pd.DataFrame, spec: str, shown: Sequence[str], periods: Mapping[str, Any]
) -> str:
    parts = []
    for period in shown:
        name = period_with_basis(period, _basis(estimates, spec, period), periods)
        parts.append(f"{name}: {_headline(estimates, spec, period)}")
    return (
        "Growth against initial income by period with the fitted line and its band."
        f" {'; '.join(parts)}."
    )
