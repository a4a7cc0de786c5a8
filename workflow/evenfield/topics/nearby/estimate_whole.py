"""R2, clusters and mean growth of a regression near lists: what T48 prints beneath its
coefficients.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evenfield.models.nearby import WholeFit
from evenfield.shared.estimates import NAN, Estimate

WHOLE = "whole_fit"  # estimator of these rows
# Column of the library's table of both regressions by term.
COLUMNS = {
    "near_r2": "R2",
    "near_r2_within": "R2 within",
    "near_clusters": "clusters",
    "near_mean": "mean",
}


def whole_rows(base: Estimate, whole: WholeFit) -> list[Estimate]:
    """Return R2, R2 within groups where there are some, the number of clusters and mean
    growth as rows that describe; ``base`` is a coefficient of the regression.
    """
    values = {
        "near_r2": (whole.r2, "share"),
        "near_r2_within": (whole.r2_within, "share"),
        "near_clusters": (float(whole.clusters), "count"),
        "near_mean": (whole.mean, base.unit_of_measure),
    }
    return [
        replace(
            base,
            role="description",
            term=term,
            estimator=WHOLE,
            effect_type="stat",
            estimate=value,
            sesoi=NAN,
            unit_of_measure=unit,
            n_obs=whole.units,
            n_units=whole.units,
        )
        for term, (value, unit) in values.items()
        if np.isfinite(value)
    ]
