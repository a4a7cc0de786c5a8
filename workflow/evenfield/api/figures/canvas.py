"""What all pictures of results share: the style of the pages on axes of anyone's, and the
marks that stand in several of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import fill
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from evenfield.study.figure_style import (
    ACCENT,
    FAINT,
    INK,
    REFERENCE,
    SETTINGS,
    SMALL,
    SOFT,
)

SIZE = (5.6, 3.5)  # inches
LONGEST = 40  # letters of a title on one line
MOST_TICKS = 40  # names that can be read at an axis
BAND: Any = {"color": FAINT, "alpha": 0.5, "linewidth": 0}
POINT: Any = {"marker": "o", "linestyle": "", "color": INK}
# A line that the policy, or a break, begins at.
ONSET: Any = {"color": SOFT, "linestyle": ":", "linewidth": 0.8, "zorder": 1}
HIGHLIGHT: Any = {"color": ACCENT, "linewidth": 1.6, "zorder": 3}


def drawn_on(ax: Axes | None, draw: Callable[[Axes], str], title: str) -> Axes:
    """Return axes, new ones where there are none, on which something is drawn in the style
    of the pages; ``ax.alt_text`` says what.

    Notes
    -----
    The style holds inside this call alone: the settings of the user stay as they are.
    """
    with mpl.rc_context(SETTINGS):
        if ax is None:
            ax = plt.subplots(figsize=SIZE, layout="constrained")[1]
        described = draw(ax)
        ax.set_title(fill(title, LONGEST))
        # Ticks are made when the picture is, by then with the settings of the user.
        ax.tick_params(
            color=SOFT, labelcolor=INK, labelsize=SMALL, width=0.6, length=2.5
        )
        for label in (ax.xaxis.label, ax.yaxis.label):
            label.set_fontsize(SMALL)
        ax.spines[:].set(linewidth=0.6, color=SOFT)
        ax.spines[["top", "right"]].set_visible(False)
    ax.alt_text = described  # type: ignore[attr-defined]
    return ax


def interval(row: Any) -> str:
    """Return an estimate with its interval in words, without where there is none."""
    if not np.isfinite([row["conf_low"], row["conf_high"]]).all():
        return number(row["estimate"])
    ends = f"{number(row['conf_low'])} to {number(row['conf_high'])}"
    return f"{number(row['estimate'])} ({ends})"


def number(value: float) -> str:
    """Return a number with three digits."""
    return f"{value:.3g}"


def zero_line(ax: Axes, axis: str = "y") -> None:
    """Draw the line at zero."""
    draw = ax.axhline if axis == "y" else ax.axvline
    draw(0, **REFERENCE)


def dates_on_axis(dates: pd.Index[Any]) -> Any:
    """Return dates as an axis takes them."""
    return dates.to_timestamp() if isinstance(dates, pd.PeriodIndex) else dates


def whole_dates(ax: Axes, dates: pd.Index[Any]) -> None:
    """Tick whole numbers where dates are whole numbers."""
    if pd.api.types.is_integer_dtype(dates):
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))


def name_lines(ax: Axes, names: Sequence[str], axis: str = "y") -> None:
    """Write a name at each whole number of an axis, none where there are too many."""
    shown = list(names) if len(names) <= MOST_TICKS else [""] * len(names)
    if axis == "y":
        ax.set_yticks(range(len(names)), shown)
        ax.set_ylim(len(names) - 0.4, -0.6)
    else:
        ax.set_xticks(range(len(names)), shown)
        ax.set_xlim(-0.6, len(names) - 0.4)


def key_below(ax: Axes) -> None:
    """Draw the key beneath the axes, where intervals leave no room inside."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)


def name_points(ax: Axes, x: Any, y: Any, names: Sequence[object]) -> None:
    """Write names at the upper right of points."""
    for across, up, name in zip(x, y, names, strict=True):
        ax.annotate(
            str(name),
            (across, up),
            (3, 3),
            textcoords="offset points",
            fontsize=SMALL,
            color=SOFT,
        )


def farthest(distances: Any, most: int = 5) -> np.ndarray:
    """Return the places of the largest distances, the largest first."""
    return np.argsort(-np.abs(np.asarray(distances)), kind="stable")[:most]
