"""Regressions of pairs, whose errors are related where pairs share a unit or a cluster."""

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.inference.cluster_robust import (
    CR3_FACTOR,
    RobustInference,
    robust_inference,
)
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.numerics.power import contrast_weights


def two_end_inference(
    fit: OlsFit, c: Array, ends: np.ndarray, level: float = 0.95
) -> RobustInference:
    """Test c'beta against zero where pairs that have an end in one cluster may share
    errors; c (K,), ends (P, 2) clusters of both units of each pair.

    Notes
    -----
    V = (G - 1) / G sum_g (c'beta_g - c'beta)^2, beta_g without the pairs that have an
    end in cluster g: CR3 where both ends are of one cluster. A pair of two clusters is
    left out with either, so that its own variance counts twice: the jackknife of Frank
    and Snijders (1994) without their factor of one half, on the side of caution
    (Aronow, Samii and Assenova 2015 subtract it). t(G* - 1).
    """
    clusters = np.unique(ends)
    estimate = float(c @ fit.beta)
    changes = np.empty(len(clusters))
    for position, cluster in enumerate(clusters):
        others = (ends != cluster).all(axis=1)
        changes[position] = c @ fit_ols(fit.y[others], fit.X[others]).beta - estimate
    G = len(clusters)
    return robust_inference(
        estimate,
        float(changes @ changes),
        _effective(fit, c, ends) - 1,
        (G - 1) / G,
        CR3_FACTOR,
        level,
    )


def _effective(fit: OlsFit, c: Array, ends: np.ndarray) -> float:
    """Return the effective number of clusters, a pair of two in each of them.

    Notes
    -----
    Which unit of a pair comes first is arbitrary: each is turned so that its weight in
    the combination is positive, as if the unit on the list came first.
    """
    turned = fit.X * np.where(contrast_weights(fit.X, c, fit.bread) < 0, -1, 1)[:, None]
    two = ends[:, 0] != ends[:, 1]
    rows = np.concatenate([turned, turned[two]])
    owners = np.concatenate([ends[:, 0], ends[two, 1]])
    return effective_clusters(rows, owners, c, bread=fit.bread)
