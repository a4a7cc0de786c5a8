"""The families of spatial weights: each makes a non-negative matrix with a zero diagonal from geography."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.spatial import decay_matrix, exponential_matrix, haversine_km, nearest_matrix
from evenfield.study.errors import WeightsError, first_examples
from evenfield.study.spatial_weights import check_same_units


@dataclass(frozen=True, slots=True)
class Geography:
    """What weights are made from, under one unit scheme."""

    units: tuple[str, ...]  # order of rows and columns
    lat: np.ndarray  # (N,) coordinates in degrees; NaN where the study has none
    lon: np.ndarray
    links: pd.DataFrame  # undirected shared borders ``unit_i``, ``unit_j``, joins by hand included
    panel: pd.DataFrame  # ``unit``, ``year``, ``log_income``, for economic distance
    merged: dict[str, list[str]]  # merged units and their parts, for weights files written for the parts

    def distance_km(self, name: str) -> np.ndarray:
        """Return distances between the units; shape (N, N)."""
        blank = [u for u, a, b in zip(self.units, self.lat, self.lon, strict=True) if not np.isfinite(a + b)]
        if blank:
            raise WeightsError(
                f"weights {name} need coordinates and {len(blank)} units have none ({first_examples(blank)})",
                "lat and lon in units.csv",
                "fill them or drop these weights",
            )
        distance = haversine_km(self.lat, self.lon)
        same = np.argwhere(np.triu(distance == 0, 1))
        if len(same):
            pair = " and ".join(self.units[i] for i in same[0])
            raise WeightsError(
                f"{len(same)} pairs of units share their coordinates ({pair})",
                "distinct coordinates",
                "correct lat and lon in units.csv",
            )
        return distance


def raw_weights(name: str, spec: Mapping[str, Any], geography: Geography) -> np.ndarray:
    """Make the weights of one family before row standardisation; shape (N, N)."""
    makers: dict[str, Callable[[str, Mapping[str, Any], Geography], np.ndarray]] = {
        "contiguity": contiguity,
        "nearest": nearest,
        "inverse_distance": inverse_distance,
        "exponential": exponential,
        "economic": economic,
        "band": band,
        "file": from_file,
    }
    return makers[spec["kind"]](name, spec, geography)


def contiguity(_name: str, _spec: Mapping[str, Any], geography: Geography) -> np.ndarray:
    """Return one for units that share a border or are joined by hand, else zero; arguments as ``raw_weights``."""
    place = {unit: i for i, unit in enumerate(geography.units)}
    out = np.zeros((len(place), len(place)))
    i, j = geography.links["unit_i"].map(place).to_numpy(), geography.links["unit_j"].map(place).to_numpy()
    out[i.astype(int), j.astype(int)] = out[j.astype(int), i.astype(int)] = 1.0
    return out


def nearest(name: str, spec: Mapping[str, Any], geography: Geography) -> np.ndarray:
    """Return one for the k nearest units; arguments as ``raw_weights``."""
    if spec["neighbours"] >= len(geography.units):
        raise WeightsError(
            f"weights {name} ask for {spec['neighbours']} neighbours among {len(geography.units)} units",
            "fewer neighbours than units",
            "lower neighbours",
        )
    return nearest_matrix(geography.distance_km(name), spec["neighbours"])


def inverse_distance(name: str, spec: Mapping[str, Any], geography: Geography) -> np.ndarray:
    """Return 1/d^power; arguments as ``raw_weights``."""
    return decay_matrix(geography.distance_km(name), spec["power"])


def exponential(name: str, spec: Mapping[str, Any], geography: Geography) -> np.ndarray:
    """Return exp(-d/range); arguments as ``raw_weights``."""
    return exponential_matrix(geography.distance_km(name), spec["range_km"])


def band(name: str, spec: Mapping[str, Any], geography: Geography) -> np.ndarray:
    """Return one for units within the range; arguments as ``raw_weights``."""
    distance = geography.distance_km(name)
    return np.asarray(((distance <= spec["range_km"]) & (distance > 0)).astype(float))


def economic(name: str, spec: Mapping[str, Any], geography: Geography) -> np.ndarray:
    """Return inverse distance of base-year log incomes, times a geographic weight; arguments as ``raw_weights``."""
    # ASSUME: economic distance is measured at base-year values only, so that it is predetermined.
    first, last = spec["base_years"]
    base = geography.panel[geography.panel["year"].between(first, last)]
    mean = base.groupby("unit")["log_income"].mean().reindex(list(geography.units)).to_numpy()
    if not np.isfinite(mean).all():
        raise WeightsError(
            f"weights {name} need income in {first} to {last} and some unit has none",
            "income in the base years",
            "choose other base_years",
        )
    gap = np.abs(mean[:, None] - mean)
    if (gap + np.eye(len(mean)) == 0).any():
        raise WeightsError(
            f"weights {name} meet two units of equal income in {first} to {last}",
            "distinct incomes",
            "choose other base_years",
        )
    near = contiguity if spec["times"] == "contiguity" else inverse_distance
    return np.asarray(decay_matrix(gap, 1.0) * near(name, {"power": 1.0}, geography))


def from_file(name: str, spec: Mapping[str, Any], geography: Geography) -> np.ndarray:
    """Return a user's own weights from a file in one of four forms; arguments as ``raw_weights``."""
    edges = _read_edges(name, Path(spec["path"]))
    # ASSUME: own weights written for the parts of a merged unit are added up; links inside a merged unit vanish.
    mapping = {part: unit for unit, parts in geography.merged.items() for part in parts}
    for side in ("unit_i", "unit_j"):
        edges = edges[~edges[side].isin(spec.get("leave_out", ()))]
        edges = edges.assign(**{side: edges[side].map(lambda unit: mapping.get(unit, unit))})
    named = sorted(set(edges["unit_i"]) | set(edges["unit_j"]))
    check_same_units(list(geography.units), named, f"weights {name} ({spec['path']})")
    outward = edges[edges["unit_i"].ne(edges["unit_j"])]
    edges = outward.groupby(["unit_i", "unit_j"])["weight"].sum().reset_index()
    place = {unit: i for i, unit in enumerate(geography.units)}
    out = np.zeros((len(place), len(place)))
    out[edges["unit_i"].map(place), edges["unit_j"].map(place)] = edges["weight"]
    return out


EDGES = ["unit_i", "unit_j", "weight"]


def _read_edges(name: str, path: Path) -> pd.DataFrame:
    """Read an edge list or a square matrix as CSV, or the GAL and GWT files of GeoDa, as one row a link."""
    forms = "a UTF-8 CSV with unit_i, unit_j, weight, a square CSV with ids at both sides, a .gal or a .gwt file"
    try:
        text = path.read_text(encoding="utf-8-sig")
        made = {".gal": _from_gal, ".gwt": _from_gwt}.get(path.suffix.lower(), _from_csv)(text)
    except (OSError, ValueError, IndexError, StopIteration):  # pandas' own faults are ValueErrors
        raise WeightsError(f"weights {name}: {path} cannot be read", forms, "correct the file or its path") from None
    edges = pd.DataFrame(made, columns=EDGES)
    number = pd.to_numeric(edges["weight"], errors="coerce")
    bad, twice = ~(np.isfinite(number) & (number >= 0)), edges.duplicated(["unit_i", "unit_j"])
    if bad.any() or twice.any():
        raise WeightsError(
            f"weights {name}: {path} has {int(bad.sum())} bad weights and {int(twice.sum())} duplicated links",
            "finite weights of at least 0, each link once",
            "correct the file",
        )
    own = edges[edges["unit_i"].eq(edges["unit_j"]) & (number > 0)]
    if len(own):
        raise WeightsError(
            f"weights {name}: {path} makes {len(own)} unit its own neighbour ({first_examples(list(own['unit_i']))})",
            "a zero diagonal",
            "remove these lines",
        )
    return edges.assign(weight=number.astype(float))


def _from_csv(text: str) -> list[tuple[str, ...]]:
    header, *lines = [[cell.strip() for cell in line] for line in csv.reader(io.StringIO(text)) if line]
    if header in (EDGES, EDGES[:2]):
        links = [(*line, "1")[:3] for line in lines]  # without a column of weights every link weighs the same
    elif header[1:] == [line[0] for line in lines]:
        links = [(line[0], unit, w) for line in lines for unit, w in zip(header[1:], line[1:], strict=True)]
    else:
        raise ValueError
    if any(len(link) < len(header[:3]) for link in links):
        raise ValueError
    return links


def _from_gal(text: str) -> list[tuple[str, ...]]:
    """Read a header, then for each unit a line with its id and number of neighbours and one with their ids."""
    words = iter(text.partition("\n")[2].split())
    return [(unit, next(words), "1") for unit in words for _ in range(int(next(words)))]


def _from_gwt(text: str) -> list[tuple[str, ...]]:
    """Read a header, then lines of unit, neighbour, weight."""
    links = [tuple(line.split()) for line in text.splitlines()[1:] if line.strip()]
    if any(len(link) != len(EDGES) for link in links):
        raise ValueError
    return links
