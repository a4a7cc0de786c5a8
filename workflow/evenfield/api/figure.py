"""Pictures of results."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evenfield.api.explain import Fit

MOST_TICKS = 40  # names that can be read at an axis


def draw(fit: Fit, ax: Axes | None = None) -> Axes:
    """Draw lines over time or horizons where a fit has them, else estimates with their
    intervals; return the axes.
    """
    ax = plt.subplots(layout="constrained")[1] if ax is None else ax
    effects = fit.tables.get("event study", pd.DataFrame())
    # Rings and spans have names that are no single horizon.
    horizons = pd.to_numeric(effects.index.to_series(), errors="coerce").dropna()
    if len(horizons):
        draw_horizons(effects.loc[horizons.index], horizons.to_numpy(), ax)
    elif "gaps" in fit.tables:
        draw_gaps(fit.tables["gaps"], fit.tables["path"]["of"] == "effect", ax)
    elif "over time" in fit.tables:
        over_time = fit.tables["over time"]
        dates = _on_axis(over_time.index)
        for name, column in over_time.items():
            ax.plot(dates, column, label=str(name))
        if len(ax.lines) <= MOST_TICKS // 4:
            ax.legend(frameon=False)
    else:
        ends = fit.conf_int()
        at = np.arange(len(fit.params))
        ax.hlines(at, ends["lower"], ends["upper"])
        ax.plot(fit.params, at, "o")
        ax.axvline(0, color="0.7", zorder=0)
        ax.set_yticks(at, fit.params.index if len(at) <= MOST_TICKS else [""] * len(at))
        ax.invert_yaxis()
    ax.set_title(fit.title)
    return ax


def draw_horizons(rows: pd.DataFrame, at: np.ndarray, ax: Axes) -> None:
    """Draw leads and horizons with pointwise and joint bands, and the number of units."""
    ax.axhline(0, color="0.7", zorder=0)
    ax.axvline(-0.5, color="0.7", linestyle=":", zorder=0)
    ax.vlines(
        at, rows["joint_low"], rows["joint_high"], color="0.6", label="joint 95 %"
    )
    ax.vlines(at, rows["conf_low"], rows["conf_high"], linewidth=3, label="95 %")
    ax.plot(at, rows["estimate"], "o", color="black")
    for place, units in zip(at, rows["units"], strict=True):
        ax.annotate(
            f"{units}",
            (place, 0.01),
            xycoords=("data", "axes fraction"),
            ha="center",
            fontsize="small",
        )
    ax.set_xlabel("dates since the policy; below: units")
    ax.legend(frameon=False, loc="upper left")


def draw_gaps(gaps: pd.DataFrame, effect: pd.Series, ax: Axes) -> None:
    """Draw the gaps of the first unit by date above those of all others, in grey, and
    where the effect begins; effect (T,) of bool.
    """
    dates = _on_axis(gaps.index)
    treated, *donors = gaps
    for donor in donors:
        ax.plot(dates, gaps[donor], color="0.8", linewidth=0.7, zorder=1)
    ax.plot(dates, gaps[treated], color="black", zorder=2, label=str(treated))
    ax.axhline(0, color="0.7", zorder=0)
    ax.axvline(dates[int(effect.argmax())], color="0.7", linestyle=":", zorder=0)
    ax.set_ylabel("gap to the synthetic control; grey: donors")
    ax.legend(frameon=False)


def _on_axis(dates: pd.Index) -> pd.Index:
    """Return dates as an axis takes them."""
    return dates.to_timestamp() if isinstance(dates, pd.PeriodIndex) else dates
