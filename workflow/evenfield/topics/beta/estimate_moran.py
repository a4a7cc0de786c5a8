"""Moran's I of the residuals of a beta regression, on weights cut to its sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.moran import MoranTest, morans_i_test
from evenfield.numerics.ols import OlsFit
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import CONSTANT, joined, not_defined
from evenfield.shared.settings import InferenceSpec
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.spatial_weights import SpatialWeights, row_standardised
from evenfield.topics.beta.estimate_regression import CrossSection, SlopeFit


def moran_row(
    section: CrossSection, fit: SlopeFit, weights: SpatialWeights, labels: Mapping[str, Any], inference: InferenceSpec
) -> Estimate:
    """Test the residuals of a regression for spatial autocorrelation."""
    matrix, note = cut_weights(weights, list(section.rows["unit"]))
    note = joined(section.note, note)
    row = {**labels, "w_id": str(weights.spec.get("weights", "")), "seed": f"{inference.seed}:{section.draw_id}"}
    rng = generator_for(inference.seed, section.draw_id)
    try:
        _check_residuals(fit.ols)
        test = morans_i_test(fit.ols.u_hat, matrix, rng, inference.permutations, fit.ols.X)
    except NumericsError as error:
        return not_defined([row], note, error)[0]
    return Estimate(**row, **_moran_fields(test), warning=note)


def _moran_fields(test: MoranTest) -> dict[str, Any]:
    return {
        "estimate": test.statistic, "std_error": test.std_error, "statistic": test.z, "p_value": test.p_value,
        "se_type": "Cliff-Ord, independent normal errors",
        "p_type": f"permutation of residuals re-regressed on X, two-sided, {test.permutations} draws",
    }  # fmt: skip


def _check_residuals(ols: OlsFit) -> None:
    if np.linalg.norm(ols.u_hat) <= CONSTANT * np.linalg.norm(ols.y):
        raise NumericsError("the fit is perfect, no residual is left")


def cut_weights(weights: SpatialWeights, units: Sequence[str]) -> tuple[np.ndarray, str]:
    """Return the weights among some of the units, in their order; shape (N, N)."""
    name = str(weights.spec.get("weights", "the weights"))
    place = {unit: i for i, unit in enumerate(weights.units)}
    unknown = sorted(set(units) - set(place))
    if unknown:
        raise EstimateError(
            f"{len(unknown)} units of a sample are not in {name} ({first_examples(unknown)})",
            "weights for every unit of the unit scheme",
            "rebuild the weights floor",
        )
    order = [place[unit] for unit in units]
    matrix = weights.matrix[np.ix_(order, order)]
    if len(units) == len(weights.units):
        return np.asarray(matrix), ""
    # ASSUME: in a smaller sample, weights to units outside it are dropped and the others scaled up to sum to
    # one.
    alone = int((matrix.sum(axis=1) == 0).sum())
    islands = f", {alone} left without neighbour" if alone else ""
    return row_standardised(matrix), f"{name} cut to {len(units)} units and row-standardised again{islands}"
