"""CR3, the cluster jackknife, from cross-products: effects nested in clusters may be dummies."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.inference.cluster_products import ClusterProducts, cluster_products
from evenfield.numerics.inference.result import RobustInference, robust_inference
from evenfield.numerics.ols import OlsFit

CR3_FACTOR = "(G-1)/G"


def cr3_inference(
    fit: OlsFit, c: np.ndarray, clusters: np.ndarray, df: float | None = None, level: float = 0.95
) -> RobustInference:
    """Test c'beta against zero with the cluster jackknife; c (K,), clusters (N,).

    Notes
    -----
    Bell and McCaffrey (2002); MacKinnon, Nielsen and Webb (2023), centred at the full-sample estimate.
    """
    products = cluster_products(fit, c, clusters)
    changes = changes_without(products)
    G = products.G
    freedom = G - 1 if df is None else df
    return robust_inference(products.estimate, float(changes @ changes), freedom, (G - 1) / G, CR3_FACTOR, level)


def changes_without(products: ClusterProducts) -> np.ndarray:
    """Return how the estimate changes when each cluster is left out; shape (G,)."""
    return np.asarray(((products.theta - products.m) * products.left_out).sum(axis=1) - products.estimate)
