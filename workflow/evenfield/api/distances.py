"""Distances between units from coordinates, a table, or steps from neighbour to neighbour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from evenfield.api.data import Table, is_square, links_of
from evenfield.api.policies import coordinates
from evenfield.numerics.spatial import haversine_km
from evenfield.numerics.spatial_panel.network import Network
from evenfield.study.errors import EstimateError, counted

COORDS = ("lat", "lon")
WEIGHTS = {"w", "weight", "weights"}  # names of a third column that is no distance
ROUNDING = 1e-3  # of the sums of rows, which files print with a few digits


def distances(rows: Table, coords: tuple[str, str], distance: object) -> np.ndarray:
    """Return distances between units: km, as given, or steps between neighbours; (N,
    N), infinite where units are not linked.
    """
    if distance is None:
        return haversine_km(*coordinates(rows, coords))
    if isinstance(distance, Network):
        names = list(distance.units)
        links = distance.matrix
    else:
        names, links = links_of(distance, None)
    lacking = sorted({*rows.units.names.tolist()} - {*names})
    if lacking:
        raise EstimateError(
            f"{counted(len(lacking), 'unit')} without a distance, first {lacking[0]}",
            "every unit of the data",
            "add them",
        )
    order = np.searchsorted(names, rows.units.names)
    links = _links(links, names)
    if _are_neighbours(links):
        links.eliminate_zeros()
        out = shortest_path(links, directed=False, unweighted=True)
    elif isinstance(distance, pd.DataFrame) and not _has_weights(distance):
        out = _as_given(links, names, square=is_square(distance))
    else:
        value = next(value for value in links.data if value not in (0, 1))
        raise EstimateError(
            f"{value:g} among the links of units, by name or form no distance",
            "1 for neighbours, or rows that sum to 1; or distances",
            "leave the weights out, or give columns unit, neighbour and distance",
        )
    return np.asarray(out[np.ix_(order, order)])


def _links(links: csr_array, names: Sequence[str]) -> csr_array:
    """Return links of different units, none of them blank or below zero."""
    pairs = links.tocoo()
    apart = pairs.row != pairs.col
    rows, columns, values = pairs.row[apart], pairs.col[apart], pairs.data[apart]
    _refuse(~(values >= 0), rows, columns, names)
    return csr_array((values, (rows, columns)), shape=links.shape)


def _are_neighbours(links: csr_array) -> bool:
    """Say whether links say who is next to whom, and not how far.

    Notes
    -----
    ASSUME: numbers that are all one, or sum to one in each row, are weights of
    neighbours. One kilometre between all who are linked counts as one step.
    """
    sums = np.asarray(links.sum(axis=1)).ravel()
    alike = bool(np.isin(links.data, (0, 1)).all())
    return alike or bool(np.allclose(sums[sums > 0], 1, rtol=0, atol=ROUNDING))


def _has_weights(distance: pd.DataFrame) -> bool:
    """Say whether the name of a third column speaks of weights."""
    listed = distance.shape[1] == 3 and not is_square(distance)
    return listed and str(distance.columns[2]).lower() in WEIGHTS


def _as_given(links: csr_array, names: Sequence[str], *, square: bool) -> np.ndarray:
    """Return distances of a table, (N, N), infinite where a list does not name a pair."""
    pairs = links.tocoo()
    _refuse(pairs.data == 0, pairs.row, pairs.col, names)
    given = links.toarray()
    if square:
        rows, columns = np.nonzero((given == 0) & ~np.eye(len(given), dtype=bool))
        _refuse(np.ones(len(rows), dtype=bool), rows, columns, names)
    # A pair may be named once; what is not named is out of reach.
    out = np.where(given > 0, given, np.inf)
    return np.minimum(out, out.T)


def _refuse(
    wrong: np.ndarray, rows: np.ndarray, columns: np.ndarray, names: Sequence[str]
) -> None:
    """Refuse distances that are blank, zero or negative by their first pair."""
    if wrong.any():
        first = wrong.argmax()
        pair = f"{names[rows[first]]} to {names[columns[first]]}"
        raise EstimateError(
            f"distances of {counted(wrong.sum(), 'pair')} not above zero, first {pair}",
            "positive numbers",
            "correct them; leave out pairs out of reach, or write inf in a square table",
        )
