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
    """Test c'beta against zero with CR1 and t(G - 1).

    Parameters
    ----------
    fit : OlsFit
        A fit.
    c : ndarray, shape (K,)
        Weights of the combination of coefficients.
    clusters : ndarray, shape (N,)
        Cluster of each observation.
    absorbed : int
        Coefficients taken out of y and X beforehand and counted in K; effects nested in clusters are not counted.
    level : float
        Confidence level.

    Returns
    -------
    RobustInference
        sum_g (c'(X'X)^-1 X_g'u_g)^2 times G/(G-1) (N-1)/(N-K).

    Raises
    ------
    NumericsError
        If lengths differ, there are fewer than two clusters, or N <= K.
    """
    products = cluster_products(fit, c, clusters)
    factor = cr1_factor(products, absorbed)
    variance = float(((products.residual_scores @ products.d) ** 2).sum())
    return robust_inference(products.estimate, variance, products.G - 1, factor, CR1_FACTOR, level)


def cr1_factor(products: ClusterProducts, absorbed: int = 0) -> float:
    """Return G/(G-1) x (N-1)/(N-K).

    Parameters
    ----------
    products : ClusterProducts
        Cross-products by cluster.
    absorbed : int
        Coefficients counted in K beside the columns of X.

    Returns
    -------
    float
    """
    G, n, k = products.G, products.n, products.k + absorbed
    return G / (G - 1) * (n - 1) / (n - k)
