"""CR1: the ordinary cluster-robust standard error, printed on the ladder to show what the others correct."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.inference.cluster_products import ClusterProducts, cluster_products
from evenfield.numerics.inference.result import RobustInference, robust_inference
from evenfield.numerics.ols import OlsFit

CR1_FACTOR = "G/(G-1) x (N-1)/(N-K)"


def cr1_inference(
    fit: OlsFit, c: np.ndarray, clusters: np.ndarray, absorbed: int = 0, level: float = 0.95
) -> RobustInference:
    """Test c'beta against zero with CR1 and t(G - 1); c (K,), clusters (N,)."""
    products = cluster_products(fit, c, clusters)
    factor = cr1_factor(products, absorbed)
    variance = float(((products.residual_scores @ products.d) ** 2).sum())
    return robust_inference(products.estimate, variance, products.G - 1, factor, CR1_FACTOR, level)


def cr1_factor(products: ClusterProducts, absorbed: int = 0) -> float:
    """Return G/(G-1) x (N-1)/(N-K)."""
    G, n, k = products.G, products.n, products.k + absorbed
    return G / (G - 1) * (n - 1) / (n - k)
