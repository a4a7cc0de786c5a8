"""Pictures of results: what is drawn of each estimator, said once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evenfield.api.explain import Fit
from evenfield.api.figures import (
    estimates,
    growth,
    moves,
    neighbours,
    paths,
    policies,
)
from evenfield.api.figures.canvas import SIZE, drawn_on
from evenfield.api.figures.maps import draw_values
from evenfield.api.places import Places
from evenfield.study.errors import EstimateError, nearest

MAP = "map"  # the kind that needs outlines


class Drawing(NamedTuple):
    """A function that draws a fit on axes and returns what it drew in words, and the
    table, or what else a fit keeps to be drawn, without which it cannot.
    """

    draw: Callable[..., str]
    needs: str = ""


# By page of the estimator and name of the picture; the first that a fit has what it needs
# for is drawn where none is named.
PICTURES: dict[str, dict[str, Drawing]] = {
    "beta-convergence": {"growth": Drawing(growth.growth_on_initial, "units")},
    "beta-windows": {
        "windows": Drawing(estimates.windows, "windows"),
        "break": Drawing(estimates.break_dates, "dates"),
    },
    "border-difference": {"pairs": Drawing(estimates.pairs, "pairs")},
    "clubs": {"paths": Drawing(paths.transition, "paths")},
    "common-support": {"values": Drawing(estimates.common_values, "thirds")},
    "event-study": {"horizons": Drawing(policies.horizons, "event study")},
    "growth-contributions": {"groups": Drawing(estimates.bars, "groups")},
    "inequality": {"dates": Drawing(paths.over_time, "over time")},
    "leave-one-out": {"units": Drawing(estimates.without_each, "range")},
    "log-t": {"paths": Drawing(paths.transition, "paths")},
    "markov": {"transitions": Drawing(moves.transition_matrix, "transitions")},
    "moran": {
        "scatter": Drawing(neighbours.moran_scatter, "scatter"),
        "dates": Drawing(paths.moran_by_date, "over time"),
        MAP: Drawing(neighbours.local_map, "local"),
    },
    "nearby": {"lists": Drawing(policies.near_lists, "lists")},
    "rings": {"rings": Drawing(policies.rings, "event study")},
    "sigma": {"dispersion": Drawing(paths.dispersion, "over time")},
    "sigma-path": {"segments": Drawing(paths.segments, "segments")},
    "specification-curve": {"curve": Drawing(estimates.specifications, "choices")},
    "stochastic-kernel": {
        "kernel": Drawing(moves.kernel, "kernel"),
        "long run": Drawing(moves.long_run, "ergodic"),
    },
    "synthetic-control": {
        "placebos": Drawing(policies.placebos, "gaps"),
        "paths": Drawing(policies.both_paths, "path"),
    },
}
# Of every estimator.
ALWAYS = {"estimates": Drawing(estimates.coefficients)}


def draw(fit: Fit, ax: Axes | None, kind: str | None, outlines: object) -> Axes:
    """Draw a fit, or the picture of it that is named, and return the axes."""
    kept = {*fit.tables, *fit._drawn, ""}
    every = {**PICTURES.get(fit.page, {}), **ALWAYS}
    kinds = {name: one.draw for name, one in every.items() if one.needs in kept}
    if kind is None:
        kind = next(iter(kinds)) if outlines is None else MAP
    if kind not in kinds:
        raise EstimateError(
            f"no picture {kind!r} of this fit",
            f"one of {', '.join(kinds)}",
            nearest(kind, list(kinds), "choose one"),
        )
    options: dict[str, Any] = {} if outlines is None else {"outlines": outlines}
    if (kind == MAP) != bool(options):
        raise EstimateError(
            "a map without outlines" if kind == MAP else f"outlines for {kind!r}",
            "outlines for a map, and for nothing else",
            "give outlines='places.geojson', or leave them out",
        )
    return drawn_on(ax, partial(kinds[kind], fit, **options), fit.title)


def described(fit: Fit, kind: str | None, outlines: object) -> str:
    """Return what a picture shows in words; nothing is left open."""
    axes = draw(fit, Figure(SIZE).subplots(), kind, outlines)
    return str(axes.alt_text)  # type: ignore[attr-defined]


def value_map(
    ax: Axes | None, values: pd.Series[Any], places: Places, title: str
) -> Axes:
    """Draw values of units on a map and return the axes."""
    return drawn_on(ax, lambda axes: draw_values(axes, values, places), title)
