"""Change of a group contrast between two spans of years: the regressions of both spans as
one, and a permutation test in which the labels of both spans move together.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.linalg import block_diag

from evenfield.numerics.label_permutation import (
    AT_ONCE,
    EXACT,
    LabelDraws,
    LabelRegression,
    PermutationTest,
    control_basis,
    label_scale,
    permutation_test,
)
from evenfield.numerics.ols import RANK_TOLERANCE, OlsFit, fit_ols


class _FreedSpan(NamedTuple):
    """A span freed from its controls, which no draw moves."""

    span: LabelRegression
    basis: np.ndarray  # (N, K) orthonormal, of the controls
    outcome: np.ndarray  # (N,) residual of the outcome on the controls


class _DrawnFits(NamedTuple):
    """The regression of a span under B draws of its labels."""

    weights: np.ndarray  # (B, N) of the outcomes in c'beta
    estimate: np.ndarray  # (B,) c'beta; NaN where the labels are collinear
    residuals: np.ndarray  # (B, N)
    df: int


def stacked_change(
    first: LabelRegression, later: LabelRegression
) -> tuple[OlsFit, np.ndarray]:
    """Fit two spans as one regression and return it with the weights of the change.

    Notes
    -----
    y = (y_1, y_2) on blocks X_1 and X_2, so that each span keeps the coefficients that
    it has alone; the change is c_2'b_2 - c_1'b_1. A unit has a row in each span and is
    one cluster.
    """
    X = block_diag(first.X, later.X)
    y = np.concatenate([first.y, later.y])
    return fit_ols(y, X), np.concatenate([-first.combination, later.combination])


def label_change(
    first: LabelRegression, later: LabelRegression, draws: LabelDraws
) -> PermutationTest:
    """Test the change of a contrast by permuting the rows of labels of both spans alike;
    units of both spans in one order.

    Notes
    -----
    The statistic is the change c_2'b_2 - c_1'b_1 over its standard error by seemingly
    unrelated regressions (Zellner 1962), v_11 + v_22 - 2 v_12 its square, v_st the
    covariance of the contrasts of spans s and t. A p-value is never below one over the
    number of different patterns.
    """
    # ASSUME: labels may have an effect, as long as it is the same in both spans. Such an
    # effect cancels in the change, and nearly so in the variance of the change, because
    # it enters the residuals of both spans alike.
    freed_first = _freed(first)
    freed_later = _freed(later)

    def changes(source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the change and its statistic under each draw; source (B, N)."""
        of_first = _drawn_fits(freed_first, source)
        of_later = _drawn_fits(freed_later, source)
        change = of_later.estimate - of_first.estimate
        variance = (
            _covariance(of_first, of_first)
            + _covariance(of_later, of_later)
            - 2 * _covariance(of_first, of_later)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            return change, change / np.sqrt(variance)

    def tested(source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = np.array_split(source, math.ceil(len(source) / AT_ONCE))
        change, statistic = zip(*map(changes, parts), strict=True)
        return np.concatenate(change), np.concatenate(statistic)

    labels_of_both = np.column_stack([first.labels, later.labels])
    return permutation_test(tested, labels_of_both, draws)


def _freed(span: LabelRegression) -> _FreedSpan:
    """Free the outcome of a span from its controls."""
    basis = control_basis(span.controls)
    outcome = span.y - basis @ (basis.T @ span.y)
    return _FreedSpan(span=span, basis=basis, outcome=outcome)


def _drawn_fits(freed: _FreedSpan, source: np.ndarray) -> _DrawnFits:
    """Fit a span under draws; source (B, N).

    Notes
    -----
    With e and D the residuals of the outcome and of the labels' regressors on the
    controls (Frisch and Waugh 1933): b = (D'D)^-1 D'e, c'b = a'e, a = D (D'D)^-1 c.
    """
    span, basis, e = freed
    regressors = span.label_design.drawn(span.labels, source)
    D = regressors - (regressors @ basis) @ basis.T
    DD = np.einsum("rbn,sbn->brs", D, D)
    De = np.einsum("rbn,n->br", D, e)
    scale = label_scale(span.label_design.regressors(span.labels))
    scaled = DD / np.outer(scale, scale)
    collinear = np.linalg.eigvalsh(scaled)[:, 0] <= RANK_TOLERANCE
    # All draws are solved at once: those without an estimate need some inverse.
    DD[collinear] = np.eye(len(span.c))
    beta = np.linalg.solve(DD, De[..., None])[..., 0]
    c_of_draws = np.broadcast_to(span.c, beta.shape)
    DD_inverse_c = np.linalg.solve(DD, c_of_draws[..., None])[..., 0]
    weights = np.einsum("br,rbn->bn", DD_inverse_c, D)
    estimate = weights @ e
    estimate[collinear] = np.nan
    residuals = e - np.einsum("br,rbn->bn", beta, D)
    # Of an outcome that labels and controls explain rounding is left over.
    of_outcome = max(e @ e, EXACT * (span.y @ span.y))
    residuals[(residuals**2).sum(axis=1) <= EXACT * of_outcome] = np.nan
    return _DrawnFits(
        weights=weights,
        estimate=estimate,
        residuals=residuals,
        df=len(e) - basis.shape[1] - len(span.c),
    )


def _covariance(one: _DrawnFits, other: _DrawnFits) -> np.ndarray:
    """Return the covariance of two contrasts under each draw, shape (B,).

    Notes
    -----
    v_st = s_st a_s'a_t, s_st = u_s'u_t / sqrt(df_s df_t) the covariance of the errors.
    """
    products = (one.residuals * other.residuals).sum(axis=1)
    of_errors = products / np.sqrt(one.df * other.df)
    covariance: np.ndarray = (one.weights * other.weights).sum(axis=1) * of_errors
    return covariance
