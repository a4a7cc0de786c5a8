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
    """Test c'beta against zero with the cluster jackknife.

    Parameters
    ----------
    fit : OlsFit
        A fit.
    c : ndarray, shape (K,)
        Weights of the combination of coefficients.
    clusters : ndarray, shape (N,)
        Cluster of each observation.
    df : float, optional
        Degrees of freedom, G - 1 by default; G* - 1 with ``influence.effective_clusters`` is the careful choice.
    level : float
        Confidence level.

    Returns
    -------
    RobustInference
        (G-1)/G sum_g (c'beta_(g) - c'beta)^2.

    Raises
    ------
    NumericsError
        If a cluster determines the combination alone, lengths differ or there are fewer than two clusters.

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
    """Return how the estimate changes when each cluster is left out.

    Parameters
    ----------
    products : ClusterProducts
        Cross-products by cluster.

    Returns
    -------
    ndarray, shape (G,)
        c'beta_(g) - c'beta.

    Raises
    ------
    NumericsError
        If a cluster determines the combination alone.
    """
    return np.asarray(((products.theta - products.m) * products.left_out).sum(axis=1) - products.estimate)
