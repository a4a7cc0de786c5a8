"""Pictures of moves in a distribution: between classes, and without classes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from evenfield.api.explain import Fit
from evenfield.api.figures.canvas import ONSET, number
from evenfield.study.figure_style import INK, SMALL, SOFT

SHADES = "Greys"
LEVELS = 8


def transition_matrix(fit: Fit, ax: Axes) -> str:
    """Draw the probabilities of moving from each class to each."""
    table = fit.tables["transitions"]
    P = table.to_numpy(dtype=float)
    ax.imshow(P, cmap=SHADES, vmin=0, vmax=1, aspect="auto")
    for (start, end), share in np.ndenumerate(P):
        ink = "white" if share > 0.6 else INK
        ax.text(
            end, start, f"{share:.2f}", ha="center", va="center", color=ink, size=SMALL
        )
    ax.set_xticks(range(P.shape[1]), list(map(str, table.columns)))
    ax.set_yticks(range(P.shape[0]), list(map(str, table.index)))
    ax.set_xlabel("class at the next date")
    ax.set_ylabel("class")
    ax.spines[:].set_visible(False)
    stays = [
        f"{name} {number(share)}"
        for name, share in zip(table.index, np.diag(P), strict=True)
    ]
    return (
        f"{fit.title}: probabilities of moving from class to class. Of staying:"
        f" {', '.join(stays)}."
    )


def kernel(fit: Fit, ax: Axes) -> str:
    """Draw the density of the later value at each earlier one, with the diagonal on which
    nothing moves.
    """
    table = fit.tables["kernel"]
    grid = np.asarray(table.columns, dtype=float)
    starts = np.asarray(table.index, dtype=float)
    # A row is the density of the end given its start.
    ax.contourf(starts, grid, table.to_numpy(float).T, levels=LEVELS, cmap=SHADES)
    ends = [max(starts.min(), grid.min()), min(starts.max(), grid.max())]
    ax.plot(ends, ends, **ONSET)
    ax.set_xlabel(f"{table.index.name}")
    ax.set_ylabel("at the later date")
    peaks = grid[table.to_numpy(float).argmax(axis=1)]
    low, high = peaks[[0, -1]]
    return (
        f"{fit.title}: density of the later value given the earlier one. From"
        f" {number(starts[0])} it peaks at {number(low)}, from {number(starts[-1])} at"
        f" {number(high)}; the dotted diagonal is no move."
    )


def long_run(fit: Fit, ax: Axes) -> str:
    """Draw the density that does not change any more."""
    density = fit.tables["ergodic"]["density"]
    ax.fill_between(density.index, 0, density, color=SOFT, alpha=0.3, linewidth=0)
    ax.plot(density.index, density, color=INK)
    ax.set_xlabel(f"{density.index.name}")
    ax.set_ylabel("density in the long run")
    highest = float(density.index.to_numpy(dtype=float)[int(density.argmax())])
    return f"{fit.title}: the density in the long run is highest at {number(highest)}."
