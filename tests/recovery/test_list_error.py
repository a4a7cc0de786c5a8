"""Growth near units of a list that lacks many and names some wrongly: what is printed, and
what it stands for by the right list and by errors at random; what two searches missed.
"""

from functools import cache

import numpy as np
import pandas as pd

import evenfield as ef
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import haversine_km

SAMPLES = 400
UNITS = 300
RADIUS = 40.0  # km
SIDE = 5.2  # degrees of latitude of the map
OWN, NEAR = 0.8, 1.0  # planted on units of the right list and near them
MISSING, WRONG = 0.4, 0.1
TERMS = ["near_seen", "near_seen - near_zone"]
RIGHT = "right"
AT_RANDOM = "40% missing, 10% wrong"
KINDS = ["seen", RIGHT, AT_RANDOM]


@cache
def a_map(parents):
    """One map for all samples: parents side by side, units anywhere in theirs."""
    across = {12: 4, 25: 5}[parents]
    down = parents // across
    rng = generator_for(2026, f"recovery:list-error:map:{parents}")
    parent = np.repeat(np.arange(parents), UNITS // parents)
    east, north = rng.random((2, UNITS))
    lat = SIDE * (parent // across + north) / down
    lon = SIDE * (parent % across + east) / across
    km = haversine_km(lat, lon)
    names = [f"u{i:03d}" for i in range(UNITS)]
    near = (km <= RADIUS) & ~np.eye(UNITS, dtype=bool)
    return parent, names, pd.DataFrame(km, names, names), near


def drawn(rng, parents, own, near):
    """Units whose parents differ in growth and in how many of them are on lists."""
    parent, names, _, reach = a_map(parents)
    rank = (rng.permutation(parents) / (parents - 1))[parent]
    right = rng.random(UNITS) < 0.1 + 0.15 * rank
    zone = rng.random(UNITS) < 0.2 - 0.1 * rank
    # The list in hand lacks 40 % of the right one, and 10 % of its own units are wrong.
    seen = right & (rng.random(UNITS) >= MISSING)
    per_right = WRONG / (1 - WRONG) * (1 - MISSING)
    listed = np.bincount(parent[right], minlength=parents)
    others = np.bincount(parent[~right], minlength=parents)
    by_mistake = (per_right * listed / others)[parent]
    seen |= ~right & (rng.random(UNITS) < by_mistake)
    start = rng.normal(size=UNITS) + rank
    growth = 3 * rank - 0.5 * start + rng.normal(size=UNITS)
    growth += own * right + near * (reach @ right.astype(float) > 0)
    columns = {"unit": names, "parent": parent, "growth": growth, "start": start}
    lists = {"right": right, "zone": zone, "seen": seen}
    return pd.DataFrame({**columns, **lists})


def fitted(data, parents, own, draws=99):
    fit = ef.list_shrinkage(
        "growth ~ start | parent",
        data,
        unit="unit",
        lists=["seen", "zone"],
        truths=RIGHT,
        missing=MISSING,
        wrong=WRONG,
        own=own,
        radius=RADIUS,
        distance=a_map(parents)[2],
        inference="CR3",
        draws=draws,
    )
    rows = fit.to_frame()
    return rows[rows["inference"] == "CR3"].set_index("term"), fit


@cache
def study(parents, own, near, samples):
    """Estimates and interval ends by sample, list that is right, and term; (S, 3, 2, 3),
    with the factors (S, 3, 2).
    """
    rng = generator_for(2026, f"recovery:list-error:{parents}:{own}:{near}")
    labels = [f"{term} if {kind}" for kind in KINDS for term in TERMS]
    numbers, factors = [], []
    for _ in range(samples):
        rows, fit = fitted(drawn(rng, parents, own, near), parents, own)
        ends = rows.loc[labels, ["estimate", "conf_low", "conf_high"]].to_numpy()
        numbers.append(ends.reshape(len(KINDS), len(TERMS), 3))
        of_truth = fit.tables["factors"].set_index(["truth", "term"])["factor"]
        factors.append([[of_truth[kind, term] for term in TERMS] for kind in KINDS])
    return np.array(numbers), np.array(factors)


def shares(parents, own, near, samples):
    """Means, factors, share of intervals and of upper ends that hold what is planted;
    by list that is right and term, (3, 2) each.
    """
    numbers, factors = study(parents, own, near, samples)
    estimate, low, high = np.moveaxis(numbers, 3, 0)
    return {
        "mean": np.nanmean(estimate, axis=0),
        "factor": factors.mean(axis=0),
        "defined": np.isfinite(estimate).mean(axis=0),
        "held": ((low <= near) & (near <= high)).sum(axis=0)
        / np.isfinite(estimate).sum(axis=0),
        "bounded": (near <= high).sum(axis=0) / np.isfinite(estimate).sum(axis=0),
    }
