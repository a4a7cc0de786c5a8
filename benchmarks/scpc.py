"""An SCPC test with stored components, and the components: no peer in Python."""

from typing import Any

import numpy as np

from evenfield.numerics.ols import fit_ols
from evenfield.numerics.scpc import scpc_inference, spatial_components
from evenfield.numerics.spatial import haversine_km

TITLE = "Spatial correlation robust inference (SCPC)"


def cases(smoke: bool) -> Any:
    for n in (300,) if smoke else (300, 2800):
        rng = np.random.default_rng(n)
        distance = haversine_km(rng.uniform(0, 30, n), rng.uniform(0, 30, n))
        fit = fit_ols(
            rng.normal(size=n), np.column_stack([np.ones(n), rng.normal(size=n)])
        )
        space = spatial_components(distance)
        label = {"check": lambda _: None, "units": n}
        yield {"what": f"components, {n:,} units", "ours": lambda d=distance: spatial_components(d), **label,
               "grows": "SCPC components"}  # fmt: skip
        yield {
            "what": f"test, {n:,} units",
            **label,
            "grows": "SCPC test with stored components",
            "ours": lambda f=fit, s=space: scpc_inference(f, np.array([0.0, 1.0]), s),
        }
