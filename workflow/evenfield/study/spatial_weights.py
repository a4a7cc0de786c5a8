"""Spatial weights as the topics read them: units in a fixed order and a matrix."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.numerics.spatial import Weights, multiplier, sparse
from evenfield.study.errors import WeightsError, counted, first_examples


@dataclass(frozen=True)
class SpatialWeights:
    """Who is a neighbour of whom: units in a fixed order and a read-only matrix."""

    units: tuple[str, ...]  # unit ids, one per row and column
    # (N, N) weights, zero diagonal; row i holds the weights that unit i gives to its
    # neighbours
    matrix: csr_array
    spec: dict[str, Any] = field(default_factory=dict)  # description

    def __post_init__(self) -> None:
        """Freeze the matrix."""
        # One matrix serves every topic that asks: nobody may write into it.
        frozen = sparse(self.matrix)
        for part in (frozen.data, frozen.indices, frozen.indptr):
            part.setflags(write=False)
        object.__setattr__(self, "matrix", frozen)

    def aligned(self, units: list[str] | tuple[str, ...]) -> csr_array:
        """Return the matrix in the order of ``units``; shape (N, N)."""
        check_same_units(
            list(units), list(self.units), str(self.spec.get("weights", "the weights"))
        )
        return self._ordered(units)

    def _ordered(self, units: Sequence[str]) -> csr_array:
        if tuple(units) == self.units:
            return sparse(self.matrix)
        row_of_unit = {unit: i for i, unit in enumerate(self.units)}
        order = [row_of_unit[unit] for unit in units]
        return sparse(self.matrix[order][:, order])

    def among(self, units: Sequence[str]) -> tuple[csr_array, str]:
        """Return the weights among some of the units, in their order, and a note if
        some are left out; shape (N, N).
        """
        name = str(self.spec.get("weights", "the weights"))
        if unknown := sorted(set(units) - set(self.units)):
            fault = (
                f"{len(unknown)} units of a sample are not in {name}"
                f" ({first_examples(unknown)})"
            )
            raise WeightsError(
                fault, "weights for every unit of the unit scheme", "remake the weights"
            )
        matrix = self._ordered(units)
        if len(units) == len(self.units):
            return matrix, ""
        # ASSUME: in a smaller sample, weights to units outside it are dropped and the
        # others scaled up to sum to one.
        alone = int((matrix.sum(axis=1) == 0).sum())
        islands = f", {alone} left without neighbour" if alone else ""
        return (
            row_standardised(matrix),
            f"{name} cut to {len(units)} units and row-standardised again{islands}",
        )


def check_same_units(units: list[str], known: list[str], name: str) -> None:
    """Refuse units that are not exactly those of the weights."""
    if len(set(units)) != len(units):
        twice = sorted({unit for unit in units if units.count(unit) > 1})
        doubled = counted(len(twice), "unit appears", "units appear")
        raise WeightsError(
            f"{doubled} twice ({first_examples(twice)})",
            "one row per unit",
            "remove the duplicates",
        )
    missing = sorted(set(units) - set(known))
    extra = sorted(set(known) - set(units))
    if missing:
        raise WeightsError(
            f"{len(missing)} units of the panel are not in {name}"
            f" ({first_examples(missing)})",
            "the same units in panel and weights",
            "add them to the weights or drop them",
        )
    if extra:
        raise WeightsError(
            f"{len(extra)} units of {name} are not in the panel"
            f" ({first_examples(extra)})",
            "the same units in panel and weights",
            "rebuild the weights for this set of units",
        )


def row_standardised(matrix: Weights) -> csr_array:
    """Divide each row by its sum; empty rows stay zero; matrix (N, N) -> (N, N)."""
    out = sparse(matrix)
    # w_ij / sum_j w_ij, each sum as often as its row has links: never for empty rows.
    out.data = out.data / np.repeat(multiplier(out).sum(axis=1), np.diff(out.indptr))
    return out


def weights_from_edges(
    edges: pd.DataFrame, units: list[str], spec: dict[str, object]
) -> SpatialWeights:
    """Rebuild spatial weights from their edge list."""
    row_of_unit = {unit: i for i, unit in enumerate(units)}
    unknown = sorted((set(edges["unit_i"]) | set(edges["unit_j"])) - set(units))
    if unknown:
        raise WeightsError(
            f"{len(unknown)} units of an edge list are unknown"
            f" ({first_examples(unknown)})",
            "only units of the study",
            "correct the ids in the weights file",
        )
    i = edges["unit_i"].map(row_of_unit).to_numpy()
    j = edges["unit_j"].map(row_of_unit).to_numpy()
    matrix = csr_array(
        (edges["weight"].to_numpy(float), (i, j)), shape=(len(units), len(units))
    )
    return SpatialWeights(tuple(units), matrix, spec)
