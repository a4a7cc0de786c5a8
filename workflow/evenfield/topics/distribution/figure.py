"""F9: stochastic kernels of relative income and the density that each would settle at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import ACCENT, FAINT, SOFT, WIDTH, series_mark, use_style
from evenfield.shared.tables.notes import period_with_basis
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import only, pick
from evenfield.shared.tables.units import in_words
from evenfield.study.errors import ArtifactError

SHADES = LinearSegmentedColormap.from_list("density", ["#FFFFFF", "#CFE0E3", "#5BA0AC", "#1F7A8C", "#3A2357"])
RATIOS = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 8.0)
LEVELS = np.linspace(0.04, 1.0, 9)


def draw_kernels(series: pd.DataFrame, estimates: pd.DataFrame, *, spec: str, periods: Mapping[str, Any]) -> Artwork:
    """Draw the kernels of one specification, conditioned ones too, and the ergodic densities."""
    mine = only(series, spec_id=spec)
    mine = mine[mine["kind"].isin(["kernel", "conditioned", "ergodic_density"])]
    surfaces = [(f"{_span(step)} later", only(mine, kind="kernel", step=step))
                for step in sorted(only(mine, kind="kernel")["step"].unique())]  # fmt: skip
    if not surfaces:
        raise ArtifactError(f"no stochastic kernel of specification {spec}", "kernel_steps in estimates.distribution",
                            "add kernel_steps to it or remove F9 from `figures`")  # fmt: skip
    given = [(str(name), part) for name, part in only(mine, kind="conditioned").groupby("group", sort=True)]
    use_style()
    number = len(surfaces) + len(given) + 1
    wide = min(3, number)
    high = -(-number // wide)
    size = (WIDTH, 0.25 + 2.35 * high)
    figure, grid = plt.subplots(high, wide, figsize=size, squeeze=False)
    figure.subplots_adjust(
        left=0.075, right=0.99, top=1 - 0.25 / size[1], bottom=0.36 / size[1], wspace=0.3, hspace=0.36
    )
    panels = list(grid.ravel())
    for axes, (name, part) in zip(panels, [*surfaces, *given], strict=False):
        _draw_surface(axes, part)
        axes.set_title(name.replace(" (", "\n("), fontsize=7.0)
        axes.set_xlabel("income relative to the mean", fontsize=6.5, labelpad=1.5)
    for axes, (name, _) in zip(panels, [*surfaces, *given], strict=False):
        axes.set_ylabel(name.partition(" (")[0], fontsize=6.5, labelpad=1.0)
    _draw_long_run(panels[len(surfaces) + len(given)], only(mine, kind="ergodic_density"))
    for axes in panels[number:]:
        axes.axis("off")
    return Artwork(figure, mine, _describe(mine, estimates, spec, periods))


def _span(step: Any) -> str:
    return "1 year" if int(step) == 1 else f"{int(step)} years"


def _ticks(low: float, high: float) -> list[float]:
    shown = [ratio for ratio in RATIOS if low <= np.log(ratio) <= high]
    return shown[:: 2 if len(shown) > 7 else 1]


def _scale(axes: Axes, low: float, high: float, which: str) -> None:
    ticks = _ticks(low, high)
    names = [f"{tick:g}" for tick in ticks]
    if "x" in which:
        axes.set_xticks(np.log(ticks), names)
        axes.set_xlim(low, high)
    if "y" in which:
        axes.set_yticks(np.log(ticks), names)
        axes.set_ylim(low, high)


def _draw_surface(axes: Axes, part: pd.DataFrame) -> None:
    square = part.pivot(index="y", columns="x", values="value").sort_index().sort_index(axis=1)
    x, y = square.columns.to_numpy(float), square.index.to_numpy(float)
    height = square.to_numpy(float)
    # ASSUME: each column of the kernel is drawn relative to its own peak, so that thin tails are seen as well.
    peak = np.nanmax(height, axis=0)
    shown = np.where(peak > 0, height / np.where(peak > 0, peak, 1.0), np.nan)
    axes.contourf(x, y, shown, levels=LEVELS, cmap=SHADES)
    axes.plot([x[0], x[-1]], [x[0], x[-1]], color=ACCENT, linewidth=0.8)
    axes.axvline(0.0, color=FAINT, linewidth=0.6)
    axes.axhline(0.0, color=FAINT, linewidth=0.6)
    _scale(axes, float(x[0]), float(x[-1]), "xy")


def _draw_long_run(axes: Axes, density: pd.DataFrame) -> None:
    axes.axvline(0.0, color=FAINT, linewidth=0.6)
    for place, step in enumerate(sorted(density["step"].unique())):
        line, mark = only(density, step=step).sort_values("x"), series_mark(place)
        axes.plot(line["x"], line["value"], color=mark.colour, linestyle=mark.line, linewidth=1.4,
                  label=f"{_span(step)}")  # fmt: skip
    if len(density):
        _scale(axes, float(density["x"].min()), float(density["x"].max()), "x")
        axes.legend(loc="upper left", handlelength=2.2, fontsize=6.5, borderaxespad=0.2)
    axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
    axes.set_title("Long run, if nothing changed", fontsize=7.0)
    axes.set_xlabel("income relative to the mean", fontsize=6.5, labelpad=1.5)
    axes.set_ylabel("density of log income", fontsize=6.5, color=SOFT, labelpad=1.0)


def _describe(mine: pd.DataFrame, estimates: pd.DataFrame, spec: str, periods: Mapping[str, Any]) -> str:
    first = pick(only(estimates, spec_id=spec, estimator="stochastic_kernel"))
    lines = [only(mine, kind="ergodic_density", step=step)
             for step in sorted(only(mine, kind="ergodic_density")["step"].unique())]  # fmt: skip
    peaks = [f"{_peak(line)} (steps of {_span(line['step'].iloc[0])})" for line in lines]
    where = period_with_basis(first["period"], first["output_basis"], periods) if first else ""
    highest = f" Highest, in multiples of the mean, at {in_words(peaks)}." if peaks else ""
    return f"Stochastic kernels of income relative to the mean, {where}; the line marks no change.{highest}"


def _peak(density: pd.DataFrame) -> str:
    top = float(density.sort_values("value")["x"].iloc[-1])
    end = ", an end of the range seen" if top in (density["x"].min(), density["x"].max()) else ""
    return f"{fixed(float(np.exp(top)), 2)}{end}"
