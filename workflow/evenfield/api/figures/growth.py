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
    name_points,
    number,
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
        for column, name in enumerate(names):
            control = name.removeprefix("initial_x_")
            if control != name and control in names:
                rows[:, column] = x * at_means[names.index(control)]
        return rows

    grid = np.linspace(initial.min(), initial.max(), POINTS_OF_LINE)
    line = regressors(grid) @ beta
    units = np.asarray(fit._drawn["units"])
    growth = regressors(initial) @ beta + np.asarray(fit.raw.u_hat)
    first = fit.to_frame().iloc[0]
    # Inferences without a covariance, such as the wild bootstrap, have no band.
    if fit.cov.shape == (len(names), len(names)):
        V = fit.cov.to_numpy()
        half = stdtrit(float(first["df"]), 0.975) * np.sqrt(
            np.einsum("ij,jk,ik->i", regressors(grid), V, regressors(grid))
        )
        label = f"95 % band by {first['inference']}"
        ax.fill_between(grid, line - half, line + half, **BAND, label=label)
        ax.legend()
    ax.plot(initial, growth, "o", color=SOFT)
    ax.plot(grid, line, **HIGHLIGHT)
    named = farthest(fit.raw.u_hat)
    name_points(ax, initial[named], growth[named], units[named])
    held = [name for name in names if name not in ("Intercept", "initial")]
    ax.set_xlabel(f"initial {fit.model.partition('~')[0].strip()}")
    ax.set_ylabel("growth a year" + (", controls at their means" if held else ""))
    slope = fit.params["initial"]
    return (
        f"Growth a year of {len(units)} units on their initial level with the line of the"
        f" regression: its slope is {number(slope)}, a speed of"
        f" {100 * float(fit.notes['speed']):.2f} % a year. Farthest from it:"
        f" {', '.join(map(str, units[named]))}."
    )
