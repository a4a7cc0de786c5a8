"""Unit effects against random unit effects when both models also have an effect for every period."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.lm_tests import SpatialTest
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects
from evenfield.numerics.spatial_panel.selection import spatial_hausman


def hausman_with_time_effects(panel: BalancedPanel, network: Network, model: PanelModel) -> SpatialTest:
    """Test random against fixed unit effects with dummies of all periods but the first in both models.

    Notes
    -----
    Mutl and Pfaffermayr (2011). Period dummies stand on both sides, so that the test is about the unit effects alone;
    their spatial lags are the dummies again and are left out.
    """
    lagged = model.lagged if model.lagged is not None else panel.names
    widened = _with_dummies(panel)
    durbin = lagged if model.model in ("SDM", "SDEM") else None
    fixed = fit_spatial_panel(widened, network, PanelModel(model.model, "unit", "lee_yu", durbin))
    other = fit_random_effects(widened, network, PanelModel(model.model, lagged=durbin))
    if fixed.at_bound or other.at_bound:
        raise NumericsError("a likelihood of the Hausman test ends at a bound")
    wanted = [name for name in fixed.names if name in panel.names or name.removeprefix("W ") in panel.names]
    here, there = ([fit.names.index(name) for name in wanted] for fit in (fixed, other))
    return spatial_hausman(
        {name: fixed[name] for name in wanted}, fixed.covariance()[np.ix_(here, here)],
        {name: other[name] for name in wanted}, other.covariance()[np.ix_(there, there)],
    )  # fmt: skip


def _with_dummies(panel: BalancedPanel) -> BalancedPanel:
    n, t, _ = panel.values.shape
    dummies = np.broadcast_to(np.eye(t)[:, 1:], (n, t, t - 1))
    names = (*panel.names, *(f"period {when}" for when in panel.periods[1:]))
    return replace(panel, names=names, values=np.concatenate([panel.values, dummies], axis=2))
