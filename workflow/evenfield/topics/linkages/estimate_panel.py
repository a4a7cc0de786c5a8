"""The balanced panel of a linkage regression, its fit with unit and year effects, and
its long difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.fixed_effects import NOTHING
from evenfield.numerics.ols import OlsFit, fit_ols

OWN = "own"
NEIGHBOURS = "neighbours"
OWN_X = "own_x_moderator"
NEIGHBOURS_X = "neighbours_x_moderator"
OWN_RIVAL = "own_x_rival"
NEIGHBOURS_RIVAL = "neighbours_x_rival"
TERMS = (OWN, NEIGHBOURS, OWN_X, NEIGHBOURS_X)


@dataclass(frozen=True, eq=False)
class LinkagePanel:
    """Arrays of one specification, units sorted by id and years in order."""

    units: tuple[str, ...]  # N units
    years: tuple[int, ...]  # T years
    # (N, T) outcome; intensity in deviation from the year's mean; neighbours' average
    # of it
    y: np.ndarray
    F: np.ndarray
    WF: np.ndarray
    L: np.ndarray  # (N,) moderator, mean zero and standard deviation one across units
    raw: np.ndarray  # (N,) moderator as it is
    rival: np.ndarray | None = None  # (N,) second moderator, standardised
    trends: bool = False  # whether L by year dummies enter

    @property
    def members(self) -> np.ndarray:
        """Unit of each row of the regression, shape (N T,)."""
        return np.repeat(np.asarray(self.units), len(self.years))

    @property
    def dates(self) -> np.ndarray:
        """Year of each row of the regression, shape (N T,)."""
        return np.tile(np.asarray(self.years), len(self.units))

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The regressors that are reported, each of shape (N, T), by term; they come
        first.
        """
        products = {
            OWN_X: self.F * self.L[:, None],
            NEIGHBOURS_X: self.WF * self.L[:, None],
        }
        columns_by_term = {OWN: self.F, NEIGHBOURS: self.WF, **products}
        if self.rival is not None:
            columns_by_term |= {
                OWN_RIVAL: self.F * self.rival[:, None],
                NEIGHBOURS_RIVAL: self.WF * self.rival[:, None],
            }
        return columns_by_term

    def contrast(self, weights: Mapping[str, float], width: int) -> np.ndarray:
        """Return c, shape (K,), for a combination of terms."""
        terms = list(self.columns)
        c = np.zeros(width)
        for term, weight in weights.items():
            c[terms.index(term)] = weight
        return c


def regressors(panel: LinkagePanel, columns: Sequence[np.ndarray]) -> np.ndarray:
    """Return columns (N, T), year dummies and, for trends, the moderator by year; shape
    (N T, K).

    Year effects stay among the regressors, so that leaving out a unit estimates them
    again.
    """
    N, T = panel.y.shape
    # Without the first year: unit effects already hold the constant.
    dates = np.eye(T)[:, 1:]
    parts = [
        np.column_stack([values.ravel() for values in columns]),
        np.tile(dates, (N, 1)),
    ]
    # Rows go unit by unit, so this is L_i times the dummies of its own years.
    return np.hstack(
        [*parts, np.kron(panel.L[:, None], dates)] if panel.trends else parts
    )


def within(panel: LinkagePanel, values: np.ndarray) -> np.ndarray:
    """Take out unit effects; values (N T,) or (N T, K)."""
    wide = values.reshape(len(panel.units), len(panel.years), -1)
    return np.asarray((wide - wide.mean(axis=1, keepdims=True)).reshape(values.shape))


def fit_panel(panel: LinkagePanel, columns: Sequence[np.ndarray] = ()) -> OlsFit:
    """Fit the outcome on the reported terms, or other columns, with unit and year
    effects.

    Notes
    -----
    y_it = mu_i + tau_t + a F_it + b (WF)_it + c F_it L_i + psi (WF)_it L_i + e_it.
    """
    X = regressors(panel, columns or list(panel.columns.values()))
    inside = within(panel, X)
    lengths = np.linalg.norm(X, axis=0)
    # What is constant within units has nothing left but rounding.
    if (np.linalg.norm(inside, axis=0) <= NOTHING * lengths).any():
        raise NumericsError("the regressors are collinear")
    # (X'X)^-1 of regressors less unit means, as if unit dummies were partialled out.
    return fit_ols(within(panel, panel.y.ravel()), inside)


def fit_long_difference(
    panel: LinkagePanel, change: np.ndarray | None = None
) -> OlsFit:
    """Fit the last year minus the first, one observation a unit; change (N,)."""
    if change is None:
        change = panel.y[:, -1] - panel.y[:, 0]
    columns = [values[:, -1] - values[:, 0] for values in panel.columns.values()]
    # mu_i drops out of the difference; tau_T - tau_1 is the constant.
    columns.append(np.ones(len(panel.units)))
    if panel.trends:
        # L by year dummies leave one coefficient of L in the difference.
        columns.append(panel.L)
    return fit_ols(change, np.column_stack(columns))
