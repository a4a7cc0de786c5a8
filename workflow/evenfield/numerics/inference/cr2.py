"""CR2 with the degrees of freedom of Bell and McCaffrey: unbiased under equal variances, honest about few clusters."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_products import LEVERAGE_ONE, NOTHING_LEFT, ClusterProducts, cluster_products
from evenfield.numerics.inference.result import RobustInference, robust_inference
from evenfield.numerics.ols import OlsFit

CR2_FACTOR = "none (residuals times (I - H_gg)^-1/2)"


def cr2_inference(fit: OlsFit, c: np.ndarray, clusters: np.ndarray, level: float = 0.95) -> RobustInference:
    """Test c'beta against zero with CR2 and Bell-McCaffrey degrees of freedom; c (K,), clusters (N,).

    Notes
    -----
    Bell and McCaffrey (2002); Imbens and Kolesar (2016); Pustejovsky and Tipton (2018). Only the K x K products of the
    clusters are used: with Q_g'Q_g = V L V' the vector w_g is Q_g V (1 - L)^-1/2 V'd, so a cluster may be large.
    """
    products = cluster_products(fit, c, clusters)
    weights = _stretched(products)
    terms = (weights * products.residual_scores).sum(axis=1)
    images = np.einsum("gij,gj->gi", products.M, weights)
    B = np.diag((weights * images).sum(axis=1)) - images @ images.T
    df = float(np.trace(B) ** 2 / (B**2).sum())
    return robust_inference(products.estimate, float(terms @ terms), df, 1.0, CR2_FACTOR, level)


def _stretched(products: ClusterProducts) -> np.ndarray:
    values, vectors = np.linalg.eigh(products.M)
    parts, alone = np.einsum("gij,i->gj", vectors, products.d), values > 1 - LEVERAGE_ONE
    needed = alone & (np.abs(parts) > NOTHING_LEFT * np.abs(parts).max())
    if needed.any():
        name = products.names[int(needed.any(axis=1).argmax())]
        raise NumericsError(f"cluster {name} alone determines the combination (leverage 1)")
    scaled = np.where(alone, 0.0, parts / np.sqrt(np.where(alone, 1.0, 1 - values)))
    return np.asarray(np.einsum("gij,gj->gi", vectors, scaled))
