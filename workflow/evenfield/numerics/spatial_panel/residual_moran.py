"""Moran's I of the residuals of a panel, units reshuffled over the map with their whole paths."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.spatial_panel.models import SpatialPanelFit


def residual_moran(fit: SpatialPanelFit, rng: np.random.Generator, permutations: int = 999) -> tuple[float, float]:
    """Return Moran's I of residuals over all years and its permutation p-value."""
    e, dense = fit.residuals, fit.network.matrix.toarray()
    products, n = e.T @ e, fit.n_units
    scale = n / (dense.sum() * np.trace(products))
    i, j = np.nonzero(dense)
    weights = dense[i, j] * scale
    order = np.lexsort(e)  # units by their residuals, so that the draws do not depend on ids or rows
    value = float(weights @ products[i, j])
    drawn = np.empty(permutations)
    place = np.empty(n, dtype=int)
    for b in range(permutations):
        place[order] = order[rng.permutation(n)]
        drawn[b] = weights @ products[place[i], place[j]]
    far = np.abs(drawn - drawn.mean()) >= abs(value - drawn.mean()) - 1e-12
    return value, float((1 + far.sum()) / (1 + permutations))
