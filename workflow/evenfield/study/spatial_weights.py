"""What the floors hand each other in memory: the study's shape and its spatial weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.errors import WeightsError, first_examples


@dataclass(frozen=True, slots=True)
class Period:
    """One span of years of the study."""

    name: str  # key in config.yaml, for example ``P1``
    start: int  # first and last year; growth runs from the level in ``start`` to the level in ``end``
    end: int
    label: str  # how it is printed
    spliced: bool = False  # whether it may join the output proxy with official output
    role: str = "main"  # ``main``, ``span`` (the whole sample) or ``variant``

    @property
    def years(self) -> int:
        """Number of yearly steps between the end points."""
        return self.end - self.start


@dataclass(frozen=True)
class SpatialWeights:
    """Who is a neighbour of whom: units in a fixed order and a read-only matrix."""

    units: tuple[str, ...]  # unit ids, one per row and column
    matrix: np.ndarray  # (N, N) weights, zero diagonal; row i holds the weights that unit i gives to its neighbours
    spec: dict[str, Any] = field(default_factory=dict)  # description

    def __post_init__(self) -> None:
        """Freeze the matrix."""
        frozen = np.array(self.matrix, dtype=float)
        frozen.setflags(write=False)
        object.__setattr__(self, "matrix", frozen)

    def aligned(self, units: list[str] | tuple[str, ...]) -> np.ndarray:
        """Return the matrix in the order of ``units``; shape (N, N)."""
        check_same_units(list(units), list(self.units), str(self.spec.get("weights", "the weights")))
        place = {unit: i for i, unit in enumerate(self.units)}
        order = [place[unit] for unit in units]
        return np.asarray(self.matrix[np.ix_(order, order)])

    def among(self, units: Sequence[str]) -> tuple[np.ndarray, str]:
        """Return the weights among some of the units, in their order, and a note if some are left out; shape (N, N)."""
        name, place = str(self.spec.get("weights", "the weights")), {unit: i for i, unit in enumerate(self.units)}
        if unknown := sorted(set(units) - set(place)):
            found = f"{len(unknown)} units of a sample are not in {name} ({first_examples(unknown)})"
            raise WeightsError(found, "weights for every unit of the unit scheme", "remake the weights")
        order = [place[unit] for unit in units]
        matrix = np.asarray(self.matrix[np.ix_(order, order)])
        if len(units) == len(self.units):
            return matrix, ""
        # ASSUME: in a smaller sample, weights to units outside it are dropped and the others scaled up to sum to one.
        alone = int((matrix.sum(axis=1) == 0).sum())
        islands = f", {alone} left without neighbour" if alone else ""
        return row_standardised(matrix), f"{name} cut to {len(units)} units and row-standardised again{islands}"


def check_same_units(units: list[str], known: list[str], name: str) -> None:
    """Refuse units that are not exactly those of the weights."""
    if len(set(units)) != len(units):
        twice = sorted({unit for unit in units if units.count(unit) > 1})
        raise WeightsError(
            f"{len(twice)} units appear twice ({first_examples(twice)})", "one row per unit", "remove the duplicates"
        )
    missing, extra = sorted(set(units) - set(known)), sorted(set(known) - set(units))
    if missing:
        raise WeightsError(
            f"{len(missing)} units of the panel are not in {name} ({first_examples(missing)})",
            "the same units in panel and weights",
            "add them to the weights or drop them",
        )
    if extra:
        raise WeightsError(
            f"{len(extra)} units of {name} are not in the panel ({first_examples(extra)})",
            "the same units in panel and weights",
            "rebuild the weights for this set of units",
        )


def row_standardised(matrix: np.ndarray) -> np.ndarray:
    """Divide each row by its sum; empty rows stay zero; matrix (N, N) -> (N, N)."""
    sums = matrix.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(matrix, sums, out=np.zeros_like(matrix, dtype=float), where=sums > 0))


def weights_from_edges(edges: pd.DataFrame, units: list[str], spec: dict[str, Any]) -> SpatialWeights:
    """Rebuild spatial weights from their edge list."""
    place = {unit: i for i, unit in enumerate(units)}
    unknown = sorted((set(edges["unit_i"]) | set(edges["unit_j"])) - set(units))
    if unknown:
        raise WeightsError(
            f"{len(unknown)} units of an edge list are unknown ({first_examples(unknown)})",
            "only units of the study",
            "correct the ids in the weights file",
        )
    matrix = np.zeros((len(units), len(units)))
    matrix[edges["unit_i"].map(place), edges["unit_j"].map(place)] = edges["weight"]
    return SpatialWeights(tuple(units), matrix, spec)
