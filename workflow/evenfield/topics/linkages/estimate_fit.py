"""The linkage regression: yearly data with unit and year effects, and long differences."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.topics.linkages.estimate_data import LinkagePanel


def fit_panel(panel: LinkagePanel) -> OlsFit:
    """Fit the linkage regression with unit effects taken out and year dummies among the regressors.

    Notes
    -----
    y_it = mu_i + tau_t + a F_it + b (WF)_it + c F_it L_i + psi (WF)_it L_i + e_it.
    """
    return fit_columns(panel, list(term_columns(panel).values()))


def term_columns(panel: LinkagePanel) -> dict[str, np.ndarray]:
    """Return the regressors that are reported, each of shape (N, T), by term."""
    L = panel.L[:, None]
    columns = [panel.F, panel.WF, panel.F * L, panel.WF * L]
    if panel.rival is not None:
        columns += [panel.F * panel.rival[:, None], panel.WF * panel.rival[:, None]]
    return dict(zip(panel.terms, columns, strict=True))


def fit_columns(panel: LinkagePanel, columns: list[np.ndarray]) -> OlsFit:
    """Fit the outcome on some columns, with unit effects taken out and year dummies among the regressors."""
    N, T = panel.y.shape
    dates = np.eye(T)[:, 1:] - 1 / T
    X = [np.column_stack([_within(values) for values in columns]), np.tile(dates, (N, 1))]
    if panel.trends:
        X.append(np.kron(panel.L[:, None], dates))
    return fit_ols(_within(panel.y), np.hstack(X))


def _within(values: np.ndarray) -> np.ndarray:
    return np.asarray((values - values.mean(axis=1, keepdims=True)).ravel())


def fit_long_difference(panel: LinkagePanel, change: np.ndarray | None = None) -> OlsFit:
    """Fit the last year minus the first, one observation a unit; change (N,)."""
    dy, dF, dWF = (values[:, -1] - values[:, 0] for values in (panel.y, panel.F, panel.WF))
    columns = [dF, dWF, dF * panel.L, dWF * panel.L]
    if panel.rival is not None:
        columns += [dF * panel.rival, dWF * panel.rival]
    columns += [np.ones_like(dy), *([panel.L] if panel.trends else [])]
    return fit_ols(dy if change is None else change, np.column_stack(columns))
