"""Lines over years: never across the joint of two bases, proxy years shaded, names at
the end of lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from evenfield.shared.figures.labels import LETTER, spaced
from evenfield.study.figure_style import FAINT, PALE, SMALL, SOFT, Mark, in_points
from evenfield.study.files import Record

PROXY = "proxy"
YEAR = 5.5  # letters of a year with a gap
LONGEST = 22  # letters of a name on one line beside the axes


@dataclass(frozen=True, slots=True)
class Ending:
    """A name written at the right end of a line."""

    value: float
    name: str
    colour: str

    @classmethod
    def of(cls, values: pd.Series, name: str, mark: Mark) -> Ending:
        """Return the name of a line that ends with the last of some values."""
        return cls(float(values.iloc[-1]), name, mark.colour)


def stretches(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Cut a path where the basis of its output changes."""
    ordered = frame.sort_values("year", kind="stable")
    # A new number for each stretch of years with one basis.
    run = ordered["basis"].ne(ordered["basis"].shift()).cumsum()
    return [part for _, part in ordered.groupby(run, sort=True)]


def draw_path(
    axes: Axes, frame: pd.DataFrame, column: str, mark: Mark, width: float = 1.5
) -> None:
    """Draw one line per stretch of years."""
    for part in stretches(frame):
        draw_line(
            axes,
            part["year"],
            part[column],
            color=mark.colour,
            linestyle=mark.line,
            linewidth=width,
            marker="o" if len(part) == 1 else "",
        )


def draw_line(axes: Axes, x: object, y: object, **style: object) -> None:
    """Draw one line through points that are there already, nothing estimated, no axis
    named.
    """
    sns.lineplot(
        x=np.asarray(x),
        y=np.asarray(y),
        ax=axes,
        estimator=None,
        errorbar=None,
        legend=False,
        **style,
    )


def shade_proxy(axes: Axes, frame: pd.DataFrame, name: str = "proxy output") -> None:
    """Shade the years whose output is the proxy and mark the joint; nothing where there
    is no proxy.
    """
    years = frame.loc[frame["basis"].eq(PROXY), "year"]
    if years.empty:
        return
    first = years.min()
    last = years.max()
    left = min(first, axes.get_xlim()[0])
    right = last + 0.5  # the joint lies between two years
    axes.axvspan(left, right, color=PALE, zorder=0, linewidth=0)
    axes.axvline(right, color=FAINT, linewidth=0.8, zorder=1)
    words = f"{name}, {first:.0f}\u2013{last:.0f}" if name else ""
    # The words stand in the shade, on two lines where it is narrow.
    shade = float(np.ptp(axes.transData.transform([(left, 0), (right, 0)])[:, 0]))
    if letters_in(axes, shade) < len(words):
        words = words.replace(", ", "\n")
    axes.annotate(
        words,
        (right, 1.0),
        (-4, -4),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=SMALL,
        color=SOFT,
    )


def name_endings(
    axes: Axes,
    year: float,
    endings: Sequence[Ending],
    lines: int = 1,
) -> None:
    """Write names at the right of the last year without overlaps, long ones on two lines
    where there is room for so many.
    """
    to_pixel = axes.transData.transform
    back = axes.transData.inverted().transform
    pixels = [float(to_pixel((year, item.value))[1]) for item in endings]
    beside = float(axes.figure.bbox.x1 - to_pixel((year, 0.0))[0])
    longest = min(LONGEST, letters_in(axes, beside) - 1)
    # Names of so many lines, a quarter of a line apart and a fifth more.
    gap = in_points(SMALL) * (0.2 + 1.25 * lines) * axes.figure.dpi / 72
    # Names stay beside the axes, above the years beneath them.
    low = axes.bbox.y0 + gap / 2
    high = axes.bbox.y1 - gap / 2
    for item, pixel in zip(endings, spaced(pixels, gap, low, high), strict=True):
        one_line = lines == 1 or "\n" in item.name
        axes.annotate(
            item.name if one_line else fill(item.name, max(longest, 1)),
            (year, float(back((0.0, pixel))[1])),
            (5, 0),
            textcoords="offset points",
            va="center",
            color=item.colour,
            fontsize=SMALL,
            annotation_clip=False,
        )


def letters_in(axes: Axes, pixels: float) -> int:
    """Return how many small letters have room in so many pixels."""
    return int(72 * pixels / axes.figure.dpi / (LETTER * in_points(SMALL)))


def year_axis(axes: Axes, years: Sequence[int], ticks: int = 9) -> None:
    """Limit an axis to the years and tick so many whole ones at most, fewer where they
    have no room.
    """
    ticks = min(ticks, int(letters_in(axes, axes.bbox.width) / YEAR))
    span = max(float(np.ptp(years)), 1.0)
    axes.set_xlim(min(years) - 0.015 * span, max(years) + 0.015 * span)
    locator = MaxNLocator(ticks, integer=True, steps=[1, 2, 5, 10])
    axes.xaxis.set_major_locator(locator)


def with_basis(frame: pd.DataFrame, description: Record) -> pd.DataFrame:
    """Add the basis of output to a frame by year."""
    # Without a proxy every year is official: infinity to infinity holds none.
    proxy = (description.get("basis_years") or {}).get("proxy") or (np.inf, np.inf)
    years = frame["year"].astype(int)
    inside = years.between(*proxy)
    return frame.assign(year=years, basis=np.where(inside, PROXY, "official"))
