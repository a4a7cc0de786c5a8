"""The interaction under a moderator that is dealt out to the units at random: all deals at
once where psi is a ratio of quadratic forms, one by one beside trends.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for
from evenfield.topics.linkages.estimate_panel import (
    NEIGHBOURS_X,
    OWN_X,
    LinkagePanel,
    regressors,
    within,
)


def permuted_estimates(
    panels: Mapping[str, LinkagePanel], draws: int, seed: int, draw_id: str
) -> dict[str, np.ndarray]:
    """Estimate the interaction with the moderator dealt out to the units at random, the
    same deals for every panel.
    """
    rng = generator_for(seed, draw_id)
    size = len(next(iter(panels.values())).units)
    orders = np.array([rng.permutation(size) for _ in range(draws)])
    return {name: _psi_by_order(panel, orders) for name, panel in panels.items()}


def _psi_by_order(panel: LinkagePanel, orders: np.ndarray) -> np.ndarray:
    """Return psi for every order of the moderator: a quadratic form in it, because each
    column is linear in it.
    """
    # L by year would have to be partialled out anew for each deal: psi is then no
    # ratio of quadratic forms in L.
    if panel.trends:
        return np.array([_psi(replace(panel, L=panel.L[order])) for order in orders])
    columns = panel.columns
    # F, WF, a rival and the years do not change with the deal: taken out once.
    fixed = [columns[term] for term in columns if term not in (OWN_X, NEIGHBOURS_X)]
    y = within(panel, panel.y.ravel())
    Q = np.linalg.qr(within(panel, regressors(panel, fixed)))[0]
    # F L = A L and (WF) L = B L; A and B free of all other regressors.
    A = _unit_columns(panel.F)
    B = _unit_columns(panel.WF)
    A = A - Q @ (Q.T @ A)
    B = B - Q @ (Q.T @ B)
    L = panel.L[orders]
    own = L @ (A.T @ y)
    near = L @ (B.T @ y)
    # Two regressors are left: psi by Cramer's rule from their cross-products.
    a = np.einsum("bi,ij,bj->b", L, A.T @ A, L)
    b = np.einsum("bi,ij,bj->b", L, A.T @ B, L)
    d = np.einsum("bi,ij,bj->b", L, B.T @ B, L)
    return np.asarray((a * near - b * own) / (a * d - b**2))


def _psi(panel: LinkagePanel) -> float:
    """Return psi beside trends: every unit's mean, every year's mean and slope on the
    moderator are taken out.
    """
    wide = np.stack([panel.y, *panel.columns.values()])
    wide = wide - wide.mean(axis=2, keepdims=True)
    # Year effects and the moderator by year are a constant and L within each year.
    yearly = np.column_stack([np.ones(len(panel.L)), panel.L])
    basis = np.linalg.qr(yearly)[0]
    free = wide - basis @ (basis.T @ wide)
    y, *columns = free.reshape(len(wide), -1)
    fit = fit_ols(y, np.column_stack(columns))
    return float(fit.beta[list(panel.columns).index(NEIGHBOURS_X)])


def _unit_columns(values: np.ndarray) -> np.ndarray:
    """Return values in deviation from the unit's mean, a column for each unit; values
    (N, T) -> (N T, N).
    """
    N, T = values.shape
    units = np.arange(N)
    out = np.zeros((N, T, N))
    # Column i holds the rows of unit i only: out @ L stacks F_it L_i less unit means.
    out[units, :, units] = values - values.mean(axis=1, keepdims=True)
    return out.reshape(N * T, N)
