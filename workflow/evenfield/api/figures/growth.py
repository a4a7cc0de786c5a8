"""Growth on the initial level: units, the line through them and its band."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from scipy.special import stdtrit

from evenfield.api.explain import Fit
from evenfield.api.figures.canvas import (
    BAND,
    HIGHLIGHT,
    farthest,
    interval,
    name_points,
)
from evenfield.study.figure_style import SOFT

POINTS_OF_LINE = 100


def growth_on_initial(fit: Fit, ax: Axes) -> str:
    """Draw growth of each unit on its initial level, both with controls at their means,
    and the line with its 95 % band by the first inference.

    Notes
    -----
    The line at x is g(x)'b with g(x) the mean of the regressors but for x itself (and its
    products, x times the mean of the control); its variance is g(x)'V g(x). A unit stands
    at g(x_i)'b + u_i: with no control, at its own growth.
    """
    names = list(fit._drawn["names"])
    X, beta = np.asarray(fit.raw.X), np.asarray(fit.raw.beta)
    initial = X[:, names.index("initial")]
    at_means = X.mean(axis=0)

    def regressors(x: np.ndarray) -> np.ndarray:
        rows = np.tile(at_means, (len(x), 1))
        rows[:, names.index("initial")] = x
        for product, control in fit._drawn["products"].items():
            mean = at_means[names.index(control)]
            rows[:, names.index(product)] = x * mean
        return rows

    grid = np.linspace(initial.min(), initial.max(), POINTS_OF_LINE)
    line = regressors(grid) @ beta
    units = np.asarray(fit._drawn["units"])
    growth = regressors(initial) @ beta + np.asarray(fit.raw.u_hat)
    rows = fit.to_frame()
    slope = rows[rows["term"] == "initial"].iloc[0]
    quantile = stdtrit(slope["df"], 0.975)
    # The wild bootstrap and permutations have intervals of their own, and no band.
    by_t = np.isclose(
        quantile * slope["std_error"], slope["conf_high"] - slope["estimate"]
    )
    if by_t:
        V = fit.cov.to_numpy()
        g = regressors(grid)
        half = quantile * np.sqrt(np.einsum("ij,jk,ik->i", g, V, g))
        label = f"95 % band by {slope['inference']}"
        ax.fill_between(grid, line - half, line + half, **BAND, label=label)
        ax.legend(loc="best")
    ax.plot(initial, growth, "o", color=SOFT)
    ax.plot(grid, line, **HIGHLIGHT)
    named = farthest(fit.raw.u_hat)
    name_points(ax, initial[named], growth[named], units[named])
    held = [name for name in names if name not in ("Intercept", "initial")]
    ax.set_xlabel(f"initial {fit._drawn['outcome']}")
    ax.set_ylabel("growth a year" + (", controls at their means" if held else ""))
    return (
        f"Growth a year of {len(units)} units on their initial level with the line of the"
        f" regression: its slope is {interval(slope)}, a speed of"
        f" {100 * float(fit.notes['speed']):.2f} % a year. Farthest from it:"
        f" {', '.join(map(str, units[named]))}."
    )
