"""Pictures of results."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

MOST_TICKS = 40  # names that can be read at an axis


def draw(fit: Any, ax: Any = None) -> Any:
    """Draw lines over time where a fit has them, else estimates with their intervals;
    return the axes.
    """
    ax = plt.subplots(layout="constrained")[1] if ax is None else ax
    if "over time" in fit.tables:
        over_time = fit.tables["over time"]
        dates = over_time.index
        if isinstance(dates.dtype, pd.PeriodDtype):
            dates = dates.to_timestamp()
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
