"""What a policy did to units nearby, on a DataFrame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from evenfield.api.arguments import whole
from evenfield.api.data import Table, is_square, links_of, reported
from evenfield.api.policies import (
    POWER,
    Part,
    Policy,
    described,
    of_units,
    read_policy,
    tidy_rows,
)
from evenfield.api.results import Fit
from evenfield.numerics.event_study.estimates import (
    policy_effects,
    ring_effects,
    ring_permutation_p,
)
from evenfield.numerics.event_study.rings import RingDesign, neighbourhood
from evenfield.numerics.spatial import haversine_km
from evenfield.numerics.spatial_panel.network import Network
from evenfield.study.errors import EstimateError, counted

COORDS = ("lat", "lon")
FEWEST = 10  # units far away


@reported("rings")
def rings(
    formula: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    first: str,
    rings: float | Sequence[float],
    coords: tuple[str, str] = COORDS,
    distance: object = None,
    effects: str | None = None,
    cluster: str | None = None,
    controls: str | Sequence[str] = (),
    horizons: int = 5,
    min_controls: int = FEWEST,
    draws: int = 999,
    seed: int = 0,
) -> Fit:
    """Estimate what a policy did to units nearby that did not have it themselves.

    Parameters
    ----------
    formula, data, unit, time, first, effects, cluster, controls, draws, seed
        As for ``event_study``.
    rings : float or sequence of float
        Outer ends of the rings, rising: 75 and 150 are 0 to 75 and 75 to 150 km. A unit
        stands in the ring of the nearest unit under the policy.
    coords, distance : tuple of str; optional
        Columns of latitude and longitude. Or three columns unit, neighbour and
        distance, or a square table of distances. Or contiguity of any form that
        ``weights`` takes, whose numbers are all one or sum to one in each row: rings
        are then steps from neighbour to neighbour. Other weights, distances of zero or
        below, and blank ones, are refused.
    horizons : int
        Dates after a unit came inside the outermost ring over which effects are
        averaged, and dates after the own policy for the own effect.
    min_controls : int
        Number of units that never have the policy nor one nearby, below which the
        rings are refused.

    Returns
    -------
    Fit
        ``own``, the effect on units with the policy, and one row a ring; controls are
        units without the policy and with none nearby. ``tables["event study"]`` as for
        ``event_study``.

    Notes
    -----
    Butts (2021): units nearby are no controls where a policy spills over.
    """
    whole("draws", draws, lowest=1)
    radii = radii_of(rings)
    policy = read_policy(formula, data, unit, time, first, effects, cluster, controls)
    return around(policy, radii, horizons, draws, seed, coords, distance, min_controls)


def radii_of(rings: Any) -> tuple[float, ...]:
    """Return the ends of rings as numbers; one number is one ring."""
    if rings is None:
        return ()
    several = isinstance(rings, Iterable) and not isinstance(rings, str)
    try:
        return tuple(map(float, rings if several else [rings]))
    except (TypeError, ValueError) as error:
        raise EstimateError(
            f"rings={rings!r}",
            "outer ends of rings, in km or steps",
            "give numbers, rings=[75, 150] for example",
        ) from error


def around(
    policy: Policy,
    radii: tuple[float, ...],
    horizons: int,
    draws: int,
    seed: int,
    coords: tuple[str, str] | None,
    distance: object,
    min_controls: int | None,
) -> Fit:
    """Fit the own effect and those on rings, with far units as controls."""
    apart = _distances(policy.rows, coords or COORDS, distance)
    design = RingDesign(policy.panel, neighbourhood(apart, radii))
    fewest = FEWEST if min_controls is None else min_controls
    if design.far_units < fewest:
        raise EstimateError(
            f"{counted(design.far_units, 'unit')} without the policy and beyond {radii[-1]:g}",
            f"{fewest} at least to compare with",
            "take smaller rings, or min_controls if so few are enough",
        )
    own = policy_effects(
        policy.panel, [(0, horizons)], policy.clusterings, clean=design.far
    )
    near = ring_effects(design, horizons, policy.clusterings)
    dealt = ring_permutation_p(design, horizons, np.random.default_rng(seed), draws)
    parts = [Part(own._replace(names=["own"]), None), Part(near, dealt)]
    rng = np.random.default_rng(seed)
    shown = [described(part, rng, draws, POWER) for part in parts]
    return Fit(
        "Rings around a policy",
        lambda level: tidy_rows(parts, draws, level),
        policy.nobs,
        notes={**policy.notes, "far units": design.far_units},
        tables={"event study": pd.concat(shown)},
        raw=design,
    )


def _distances(rows: Table, coords: tuple[str, str], distance: object) -> np.ndarray:
    """Return distances between units: km, as given, or steps between neighbours; (N,
    N), infinite where units are not linked.
    """
    if distance is None:
        lat, lon = (of_units(rows, name).astype(float) for name in coords)
        return haversine_km(lat, lon)
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


WEIGHTS = {"w", "weight", "weights"}  # names of a third column that is no distance
ROUNDING = 1e-3  # of the sums of rows, which files print with a few digits


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
