"""A map of values by unit: ``evenfield.map``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from evenfield.api.places import places_of
from evenfield.api.results import drawing
from evenfield.study.errors import EstimateError, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def map(  # noqa: A001 - ``ef.map``; a star import leaves it out
    values: pd.Series[Any],
    outlines: object,
    *,
    ax: Axes | None = None,
    title: str = "",
    unit: str = "unit",
) -> Axes:
    """Draw values of units on a map (needs matplotlib); numbers in shades, text in
    colours.

    Parameters
    ----------
    values : Series
        Numbers or text by unit, as an index; a blank is drawn as units without values.
    outlines : path, dict, GeoDataFrame or DataFrame
        GeoJSON of areas in degrees, read or as a path; whatever says in
        ``__geo_interface__`` what it is; or columns ``lat`` and ``lon``, for points.
    ax : Axes, optional
        Axes to draw on; new ones by default.
    title : str
        Title of the map; the name of the values by default.
    unit : str
        Property or column of the outlines that names the unit; where there is none, the
        id of the outline or the index.

    Returns
    -------
    Axes
        ``ax.alt_text`` says what is drawn, for those who cannot see it.

    Raises
    ------
    EstimateError
        If a unit has two values, or no place on the map.
    """
    if not isinstance(values, pd.Series):
        raise EstimateError(
            f"values of type {type(values).__name__}",
            "a Series with units as its index",
            "write data.set_index('unit')['income']",
        )
    twice = values.index[values.index.duplicated()]
    if len(twice):
        raise EstimateError(
            f"{counted(len(twice), 'value')} of a unit that has one, first {twice[0]}",
            "one for each unit",
            "choose a date",
        )
    if values.isna().all():
        raise EstimateError("no values", "one at least", "choose another column")
    places = places_of(outlines, unit).of(values.index)
    named = "" if values.name is None else str(values.name)
    made = drawing().value_map(ax, values, places, title or named)
    return cast("Axes", made)
