"""Leads: what happened in the last dates before a policy, on cells without it only."""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.panel import EventPanel
from evenfield.numerics.inference.cluster_robust import cr1_factor
from evenfield.numerics.ols import NOT_IDENTIFIED


class Leads(NamedTuple):
    """Coefficients of the last dates before the policy."""

    horizons: np.ndarray  # (K,) rising to -1
    estimate: Array  # (K,)
    by_unit: Array  # (K, N) what each unit adds to the error
    present: np.ndarray  # (K, N) units that are observed so long before their policy


def estimated_leads(panel: EventPanel, count: int) -> Leads:
    """Regress outcomes without the policy on dummies of the last dates before it.

    Notes
    -----
    Borusyak, Jaravel and Spiess (2024), section 4.4: a test of the assumptions that does
    not use treated cells, so that it says nothing of the effect and does not bias it.
    Dates more than ``count`` before the policy are what leads are compared with. A lead
    that no unit has, or that effects and later leads determine, is left out.
    """
    cells = panel.untreated
    horizons = np.arange(-count, 0)
    dummies = cells & (panel.horizon == horizons[:, None, None])
    rest = dummies - panel.before.fitted(dummies.astype(float))
    L = np.where(cells, rest, 0.0).reshape(count, cells.size)
    size = np.sqrt(np.maximum(dummies.sum(axis=(1, 2)), 1))
    gram = L @ L.T / np.outer(size, size)
    estimable: list[int] = []
    for k in range(count)[::-1]:
        tried = [k, *estimable]
        if np.linalg.eigvalsh(gram[np.ix_(tried, tried)])[0] > NOT_IDENTIFIED:
            estimable = tried
    if not estimable:
        raise NumericsError("no date before a policy can be compared with earlier ones")
    L = L[estimable]
    y = np.where(cells, Imputation.of(panel).gaps, 0.0)
    weights = np.linalg.solve(L @ L.T, L)
    estimate = weights @ y.ravel()
    residuals = y.ravel() - estimate @ L
    scores = (weights * residuals).reshape(-1, *cells.shape)
    return Leads(
        horizons=horizons[estimable],
        estimate=estimate,
        by_unit=scores.sum(axis=2),
        present=dummies[estimable].any(axis=2),
    )


def lead_factor(panel: EventPanel, leads: int, clusters: np.ndarray) -> float:
    """Return CR1's factor of the variance of leads; clusters (N,).

    Notes
    -----
    Coefficients are the leads, the slopes of controls by date, and the effects that are
    not nested in clusters: the dates of a group beside its units, of which one is not
    free.
    """
    cells = panel.untreated
    coefficients = leads + panel.before.slopes_determined
    for group in np.unique(panel.groups):
        members = panel.groups == group
        if len(np.unique(clusters[members])) > 1:
            coefficients += max(int(cells[members].any(axis=0).sum()) - 1, 0)
    present = np.unique(clusters[cells.any(axis=1)])
    return cr1_factor(len(present), int(cells.sum()), coefficients)
