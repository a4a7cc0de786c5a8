"""The families of spatial weights: each makes a non-negative matrix with a zero
diagonal from geography.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.numerics.spatial import (
    all_pairs,
    decay,
    exponential,
    near_pairs,
    nearest_units,
    pair_km,
    symmetric,
)
from evenfield.study.errors import WeightsError, counted, first_examples
from evenfield.study.files import Record
from evenfield.study.spatial_weights import check_same_units
from evenfield.study.weights.link_files import read_links

# n (n - 1) links of weights between all pairs: reached at about 3,160 units.
MOST_LINKS = 10_000_000


@dataclass(frozen=True, slots=True)
class Geography:
    """What weights are made from, under one unit scheme."""

    units: tuple[str, ...]  # order of rows and columns
    lat: np.ndarray  # (N,) coordinates in degrees; NaN where the study has none
    lon: np.ndarray
    links: (
        pd.DataFrame
    )  # undirected shared borders ``unit_i``, ``unit_j``, joins by hand included
    panel: pd.DataFrame  # ``unit``, ``year``, ``log_income``, for economic distance
    merged: dict[
        str, list[str]
    ]  # merged units and their parts, for weights files written for the parts

    def placed(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return coordinates that every unit has and no two share; two (N,)."""
        blank = [
            u
            for u, a, b in zip(self.units, self.lat, self.lon, strict=True)
            if not np.isfinite(a + b)
        ]
        if blank:
            raise WeightsError(
                f"weights {name} need coordinates and"
                f" {counted(len(blank), 'unit has', 'units have')} none"
                f" ({first_examples(blank)})",
                "lat and lon in units.csv",
                "fill them or drop these weights",
            )
        # Pairs at distance zero: an inverse distance between them would be infinite.
        same = sorted(zip(*near_pairs(self.lat, self.lon, 0.0)[:2], strict=True))
        if same:
            pair = " and ".join(self.units[i] for i in same[0])
            raise WeightsError(
                f"{counted(len(same), 'pair')} of units share their coordinates ({pair})",
                "distinct coordinates",
                "correct lat and lon in units.csv",
            )
        return self.lat, self.lon

    def of_pairs(
        self, name: str, value: Callable[[np.ndarray], np.ndarray]
    ) -> csr_array:
        """Return weights between all units as a function of their distances; shape (N,
        N).
        """
        n = len(self.units)
        where = self.placed(name)
        if n * (n - 1) > MOST_LINKS:
            raise WeightsError(
                f"weights {name} link all {n} units with each other, which are"
                f" {n * (n - 1):,} links",
                f"at most {MOST_LINKS:,}",
                "take nearest, band or contiguity",
            )
        # Each pair once; ``symmetric`` mirrors it, and the diagonal stays zero.
        i, j = all_pairs(n)
        return symmetric(n, i, j, value(pair_km(*where, i, j)))


def raw_weights(name: str, spec: Record, geography: Geography) -> csr_array:
    """Make the weights of one family before row standardisation; shape (N, N)."""
    makers: dict[str, Callable[[str, Record, Geography], csr_array]] = {
        "contiguity": contiguity,
        "nearest": nearest,
        "inverse_distance": lambda *_: geography.of_pairs(
            name, lambda d: decay(d, spec["power"])
        ),
        "exponential": lambda *_: geography.of_pairs(
            name, lambda d: exponential(d, spec["range_km"])
        ),
        "economic": economic,
        "band": band,
        "file": from_file,
    }
    out = makers[spec["kind"]](name, spec, geography)
    # A zero of a file, or of exp(-d / range) far away, is stored but is no link.
    out.eliminate_zeros()
    return out


def contiguity(_name: str, _spec: Record, geography: Geography) -> csr_array:
    """Return one for units that share a border or are joined by hand, else zero;
    arguments as ``raw_weights``.
    """
    row_of_unit = {unit: i for i, unit in enumerate(geography.units)}
    sides = [
        geography.links[side].map(row_of_unit).to_numpy().astype(int)
        for side in ("unit_i", "unit_j")
    ]
    links = symmetric(
        len(row_of_unit), sides[0], sides[1], np.ones(len(geography.links))
    )
    # A border written in both directions, or joined by hand as well, adds up to two.
    links.data[:] = 1.0
    return links


def nearest(name: str, spec: Record, geography: Geography) -> csr_array:
    """Return one for the k nearest units; arguments as ``raw_weights``."""
    n = len(geography.units)
    k = spec["neighbours"]
    if k >= n:
        raise WeightsError(
            f"weights {name} ask for {k} neighbours among {n} units",
            "fewer neighbours than units",
            "lower neighbours",
        )
    # Not symmetric: j may be among the nearest of i, and i not among those of j.
    neighbours = nearest_units(*geography.placed(name), k)
    return csr_array(
        (np.ones(n * k), (np.repeat(np.arange(n), k), neighbours.ravel())), shape=(n, n)
    )


def band(name: str, spec: Record, geography: Geography) -> csr_array:
    """Return one for units within the range; arguments as ``raw_weights``."""
    i, j, _ = near_pairs(*geography.placed(name), spec["range_km"])
    return symmetric(len(geography.units), i, j, np.ones(len(i)))


def economic(name: str, spec: Record, geography: Geography) -> csr_array:
    """Return inverse distance of base-year log incomes, times a geographic weight;
    arguments as ``raw_weights``.
    """
    # ASSUME: economic distance is measured at base-year values only, so that it is
    # predetermined.
    first, last = spec["base_years"]
    base = geography.panel[geography.panel["year"].between(first, last)]
    mean = (
        base.groupby("unit")["log_income"]
        .mean()
        .reindex(list(geography.units))
        .to_numpy()
    )
    if not np.isfinite(mean).all():
        raise WeightsError(
            f"weights {name} need income in {first} to {last} and some unit has none",
            "income in the base years",
            "choose other base_years",
        )
    # A gap of zero has no inverse.
    if len(np.unique(mean)) < len(mean):
        raise WeightsError(
            f"weights {name} meet two units of equal income in {first} to {last}",
            "distinct incomes",
            "choose other base_years",
        )
    # w_ij = g_ij / |mean ln y_i - mean ln y_j|, with g_ij contiguity or 1 / d_ij
    near = raw_weights(name, {"kind": spec["times"], "power": 1.0}, geography).tocoo()
    gap = np.abs(mean[near.row] - mean[near.col])
    return csr_array(
        (decay(gap, 1.0) * near.data, (near.row, near.col)), shape=near.shape
    )


def from_file(name: str, spec: Record, geography: Geography) -> csr_array:
    """Return a user's own weights from a file in one of four forms; arguments as
    ``raw_weights``.
    """
    edges = read_links(name, Path(spec["path"]))
    # ASSUME: own weights written for the parts of a merged unit are added up; links
    # inside a merged unit vanish.
    mapping = {part: unit for unit, parts in geography.merged.items() for part in parts}
    for side in ("unit_i", "unit_j"):
        edges = edges[~edges[side].isin(spec.get("leave_out", ()))]
        edges = edges.assign(
            **{side: edges[side].map(lambda unit: mapping.get(unit, unit))}
        )
    named = sorted(set(edges["unit_i"]) | set(edges["unit_j"]))
    # Checked after merging, so that one file for the parts fits every scheme.
    check_same_units(list(geography.units), named, f"weights {name} ({spec['path']})")
    outward = edges[edges["unit_i"].ne(edges["unit_j"])]
    edges = outward.groupby(["unit_i", "unit_j"])["weight"].sum().reset_index()
    row_of_unit = {unit: i for i, unit in enumerate(geography.units)}
    sides = (edges["unit_i"].map(row_of_unit), edges["unit_j"].map(row_of_unit))
    return csr_array(
        (edges["weight"].to_numpy(float), sides),
        shape=(len(row_of_unit), len(row_of_unit)),
    )
