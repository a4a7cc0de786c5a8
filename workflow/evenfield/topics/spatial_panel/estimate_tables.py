"""Figure-ready tables of fitted spatial panels: effects by unit, by pair of units and by power of W."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evenfield.numerics.spatial_panel.models import SpatialPanelFit
from evenfield.numerics.spatial_panel.reach import partition, reach
from evenfield.topics.spatial_panel.estimate_rows import RowContext

POWERS = 6
MAPPED = ("SLX", "SDM", "SDEM")
KEY = ["spec_id", "w_id", "estimator", "term"]
COLUMNS = {
    "reach": [*KEY, "unit", "own", "received", "sent"],
    "links": [*KEY, "unit_i", "unit_j", "effect"],
    "powers": [*KEY, "power", "direct", "indirect", "total"],
}


@dataclass(frozen=True)
class EffectTables:
    """Tables under construction, one list of frames each."""

    mapped: str = ""

    frames: dict[str, list[pd.DataFrame]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def add(self, context: RowContext, fit: SpatialPanelFit) -> None:
        """Add a fit: effects by unit; for the main model by power; by pair of units for the main model and weights."""
        for term in () if fit.at_bound else fit.regressors:
            found = reach(fit, term)
            key = dict(zip(KEY, (context.spec.id, context.weights, fit.model.model.lower(), term), strict=True))
            by_unit = {"unit": found.units, "own": found.own, "received": found.received, "sent": found.sent}
            self.frames["reach"].append(pd.DataFrame({**key, **by_unit}))
            if fit.model.model == context.spec.model:
                parts = partition(fit, term, POWERS)
                self.frames["powers"].append(pd.DataFrame({**key, "power": np.arange(POWERS + 1), "direct": parts[:, 0],
                                                           "indirect": parts[:, 1], "total": parts[:, 2]}))  # fmt: skip
            if context.main(fit.model.model) or (context.spec.id == self.mapped and fit.model.model in MAPPED):
                n = len(found.units)
                pairs = {"unit_i": np.repeat(found.units, n), "unit_j": found.units * n, "effect": found.matrix.ravel()}
                self.frames["links"].append(pd.DataFrame({**key, **pairs}))

    def table(self, name: str) -> pd.DataFrame:
        """Return one table, sorted by its key."""
        frames, columns = self.frames[name], COLUMNS[name]
        if not frames:
            return pd.DataFrame(columns=columns)
        keys = [column for column in columns if column in {*KEY, "unit", "unit_i", "unit_j", "power"}]
        return pd.concat(frames, ignore_index=True)[columns].sort_values(keys, ignore_index=True)
