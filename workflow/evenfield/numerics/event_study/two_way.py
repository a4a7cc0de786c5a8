"""The coefficient of the policy in a regression with unit effects and effects of group
and date: what is often printed, and how far from the mean effect it can be.
"""

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.effects import CellEquations
from evenfield.numerics.event_study.panel import EventPanel
from evenfield.numerics.ols import NOT_IDENTIFIED


def two_way_coefficient(panel: EventPanel) -> float:
    """Return the coefficient of the policy in force, on all cells.

    Notes
    -----
    Goodman-Bacon (2021): a weighted sum of effects in which late effects of early
    cohorts can have negative weights.
    """
    cells = panel.observed
    D = panel.treated.astype(float)
    fitted = CellEquations(cells, panel.groups, panel.columns).fitted(D)
    rest = np.where(cells, D - fitted, 0.0)
    squares = float((rest**2).sum())
    if squares <= NOT_IDENTIFIED * float(D.sum()):
        raise NumericsError("the effects of unit, group and date determine the policy")
    return float((rest * np.where(cells, panel.Y, 0.0)).sum()) / squares
