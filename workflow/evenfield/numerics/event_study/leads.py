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
    by_unit: Array  # (K, N) what each unit adds to the error of a lead
    present: np.ndarray  # (K, N) of bool: units with an outcome at that lead


def estimated_leads(panel: EventPanel, count: int) -> Leads:
    """Regress outcomes without the policy on dummies of the last ``count`` dates before
    it, beside the effects and controls of the panel.

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
    # Frisch, Waugh and Lovell: L and y are what effects and controls leave of dummies
    # and outcomes, (K, cells) and (cells,); the leads are (LL')^-1 L y.
    unexplained = dummies - panel.before.fitted(dummies.astype(float))
    L = np.where(cells, unexplained, 0.0).reshape(count, cells.size)
    y = np.where(cells, Imputation.of(panel).gaps, 0.0).ravel()
    size = np.sqrt(np.maximum(dummies.sum(axis=(1, 2)), 1))
    gram = L @ L.T / np.outer(size, size)
    # The last date before the policy first: where two leads determine each other, the
    # one nearer to the policy stays.
    estimable: list[int] = []
    for k in reversed(range(count)):
        tried = [k, *estimable]
        smallest_eigenvalue = np.linalg.eigvalsh(gram[np.ix_(tried, tried)])[0]
        if smallest_eigenvalue > NOT_IDENTIFIED:
            estimable = tried
    if not estimable:
        raise NumericsError("no date before a policy can be compared with earlier ones")
    L = L[estimable]
    weights = np.linalg.solve(L @ L.T, L)
    estimate = weights @ y
    residuals = y - estimate @ L
    scores = (weights * residuals).reshape(-1, *cells.shape)
    return Leads(
        horizons=horizons[estimable],
        estimate=estimate,
        by_unit=scores.sum(axis=2),
        present=dummies[estimable].any(axis=2),
    )


def cr1_factor_of_leads(
    panel: EventPanel, lead_count: int, clusters: np.ndarray
) -> float:
    """Return CR1's factor of the variance of leads; clusters (N,), each of whole units.

    Notes
    -----
    G/(G-1) (N-1)/(N-K), over the N cells without the policy and the G clusters that have
    one. K counts leads, slopes of controls by date, and effects that are not nested in
    clusters. Effects of units are nested. So are effects of the dates of a group that
    lies in one cluster; of another group they count, but for one, which its units
    determine.
    """
    cells = panel.untreated
    coefficients = lead_count + panel.before.slopes_determined
    for group in np.unique(panel.groups):
        members = panel.groups == group
        in_one_cluster = len(np.unique(clusters[members])) == 1
        if not in_one_cluster:
            dates = int(cells[members].any(axis=0).sum())
            coefficients += max(dates - 1, 0)
    with_cells = np.unique(clusters[cells.any(axis=1)])
    return cr1_factor(G=len(with_cells), n=int(cells.sum()), k=coefficients)
