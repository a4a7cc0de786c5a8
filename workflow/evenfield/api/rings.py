"""What a policy did to units nearby, on a DataFrame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import reported
from evenfield.api.distances import COORDS, distances
from evenfield.api.policies import POWER, Policy, described, read_policy, tidy_effects
from evenfield.api.results import Fit, refuse_undefined
from evenfield.models import rings as model
from evenfield.study.errors import EstimateError

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
    leave_one_out: bool = False,
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
    leave_one_out : bool
        Whether ``tables["one unit left out"]`` has the smallest and the largest effect
        on each ring without one of its units, or without those that are near one unit
        under the policy.

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
    return around(
        policy,
        radii,
        horizons,
        draws,
        seed,
        coords,
        distance,
        min_controls,
        leave_one_out=leave_one_out,
    )


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
    *,
    leave_one_out: bool = False,
) -> Fit:
    """Fit the own effect and those on rings, with far units as controls."""
    result = model.rings(
        policy.panel,
        distance=distances(policy.rows, coords or COORDS, distance),
        radii=radii,
        span=(0, horizons),
        fewest=FEWEST if min_controls is None else min_controls,
    )
    refuse_undefined(result.reason)
    permuted = result.permuted(np.random.default_rng(seed), draws)
    parts = [result.own._replace(names=["own"]), result.near]
    rng = np.random.default_rng(seed)
    shown = [described(part, rng, draws, POWER) for part in parts]
    tables = {"event study": pd.concat(shown)}
    if leave_one_out:
        smallest, largest = result.left_out()
        ends = {"estimate": result.near.estimate, "smallest": smallest}
        tables["one unit left out"] = pd.DataFrame(
            {**ends, "largest": largest}, index=pd.Index(result.near.names, name="term")
        )
    return Fit(
        "Rings around a policy",
        tidy_effects(parts, permuted),
        policy.nobs,
        notes={**policy.notes, "far units": result.design.far_units},
        tables=tables,
        raw=result.design,
    )
