"""Effects and coefficients with intervals that allow errors of a unit to hang together over all years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.spatial_panel.impacts import Impacts, delta_impacts, effect_gradients
from evenfield.numerics.spatial_panel.models import SpatialPanelFit
from evenfield.numerics.spatial_panel.normal import student_quantile, student_two_sided_p


@dataclass(frozen=True)
class ClusteredImpacts:
    """Effects with t intervals by unit."""

    impacts: Impacts  # estimates, standard errors, intervals and p-values
    effective_units: np.ndarray  # (3, K) G*; the intervals use t with G* - 1 degrees of freedom, at least one

    @property
    def df(self) -> np.ndarray:
        """Degrees of freedom of each interval."""
        return degrees_of_freedom(self.effective_units)


def degrees_of_freedom(effective: np.ndarray) -> np.ndarray:
    """Return the degrees of freedom of t for an effective number of units."""
    return np.maximum(effective - 1.0, 1.0)


def clustered_impacts(fit: SpatialPanelFit, level: float = 0.95) -> ClusteredImpacts:
    """Return effects with the sandwich by unit and t(G* - 1).

    Parameters
    ----------
    fit : SpatialPanelFit
        A fit.
    level : float
        Level of the intervals.

    Returns
    -------
    ClusteredImpacts

    Raises
    ------
    NumericsError
        If the spatial parameter is at the edge of its range.

    Notes
    -----
    Delta method on ``fit.covariance("unit")``, see ``clustered.unit_score_covariance``. G* as in Carter, Schnepel and
    Steigerwald (2017): how many equal units the variation behind an effect is worth.
    """
    found, gradients = delta_impacts(fit, "unit", level), effect_gradients(fit)
    effective = np.array([[fit.effective_units(line) for line in row] for row in gradients])
    df = degrees_of_freedom(effective)
    half = student_quantile(df, 0.5 + level / 2) * found.std_error
    spread = found.std_error
    ratio = np.divide(found.estimate, spread, out=np.full_like(spread, np.nan), where=spread > 0)
    impacts = Impacts(found.regressors, found.estimate, spread, found.estimate - half, found.estimate + half,
                      student_two_sided_p(ratio, df), "delta")  # fmt: skip
    return ClusteredImpacts(impacts, effective)
