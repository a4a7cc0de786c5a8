"""Change of a group contrast between two spans of years: both regressions as one, and its
test when the labels of both spans move together.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import block_diag

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.label_permutation import (
    AT_ONCE,
    FEWEST_DRAWS,
    LABELS_ALONE,
    LabelDesign,
    LabelDraws,
    PermutationTest,
    share_as_extreme,
)
from evenfield.numerics.ols import RANK_TOLERANCE, OlsFit, fit_ols


@dataclass(frozen=True)
class Span:
    """One span's regression of an outcome on labels and controls, and the combination
    c'beta of its label coefficients.
    """

    y: np.ndarray  # (N,) outcome
    labels: np.ndarray  # (N, L)
    controls: np.ndarray  # (N, K) constant and controls
    c: np.ndarray  # (R,)
    label_design: LabelDesign = LABELS_ALONE

    @property
    def X(self) -> np.ndarray:
        """Regressors of the labels, then controls, shape (N, R + K)."""
        regressors = self.label_design.regressors(self.labels)
        return np.column_stack([regressors, self.controls])

    @property
    def contrast(self) -> np.ndarray:
        """Weights over all regressors, shape (R + K,)."""
        return np.concatenate([self.c, np.zeros(self.controls.shape[1])])


class _Fitted(NamedTuple):
    """A span under B draws of its labels."""

    weights: np.ndarray  # (B, N) of the outcomes in c'beta
    estimate: np.ndarray  # (B,) c'beta
    residuals: np.ndarray  # (B, N)
    df: int


def stacked_change(first: Span, later: Span) -> tuple[OlsFit, np.ndarray]:
    """Fit two spans as one regression and return it with the weights of the change.

    Notes
    -----
    y = (y_1, y_2) on blocks X_1 and X_2, so that each span keeps the coefficients that
    it has alone; the change is c_2'b_2 - c_1'b_1. A unit has a row in each span and is
    one cluster.
    """
    X = block_diag(first.X, later.X)
    y = np.concatenate([first.y, later.y])
    return fit_ols(y, X), np.concatenate([-first.contrast, later.contrast])


def label_change(first: Span, later: Span, draws: LabelDraws) -> PermutationTest:
    """Test the change of a contrast by permuting the rows of labels of both spans alike;
    units of both spans in one order.

    Notes
    -----
    c'b_t = a_t'y_t, a_t = M D_t (D_t'M D_t)^-1 c with D_t the regressors of the labels
    freed from controls (Frisch-Waugh). The change over its standard error by seemingly
    unrelated regressions (Zellner 1962): var = sum_st (+-) s_st a_s'a_t, s_st the
    products of residuals of spans s and t over the root of their degrees of freedom. A
    p-value is never below one over the number of different patterns.
    """
    # ASSUME: what labels do in both spans alike hardly enters the statistic: it leaves
    # the change, and residuals of both spans that it moves alike leave the variance.
    spans = (first, later)
    freed = [_freed(span) for span in spans]

    def tested(source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        one, two = (
            _fitted(span, basis, e, source)
            for span, (basis, e) in zip(spans, freed, strict=True)
        )
        variance = _product(one, one) + _product(two, two) - 2 * _product(one, two)
        change = two.estimate - one.estimate
        with np.errstate(divide="ignore", invalid="ignore"):
            return change, change / np.sqrt(variance)

    estimate, statistic = tested(np.arange(len(first.y))[None])
    if not np.isfinite(statistic[0]):
        raise NumericsError(
            "the labels are collinear with each other or with the controls"
        )
    labels_of_both = np.column_stack([span.labels for span in spans])
    distinct = draws.distinct(labels_of_both)
    if distinct < FEWEST_DRAWS:
        raise NumericsError(
            f"only {distinct} different label patterns exist: nothing to compare the"
            " data with"
        )
    parts = np.array_split(draws.source, -(-len(draws.source) // AT_ONCE))
    statistics = np.concatenate([tested(part)[1] for part in parts])
    p_value = float(share_as_extreme(statistics, statistic[0]))
    return PermutationTest(
        estimate=float(estimate[0]),
        p_value=max(p_value, 1 / distinct),
        statistics=statistics,
        statistic=float(statistic[0]),
        distinct=distinct,
    )


def _freed(span: Span) -> tuple[np.ndarray, np.ndarray]:
    """Return a basis of the controls and the outcome freed from them."""
    basis = np.linalg.qr(span.controls)[0]
    return basis, span.y - basis @ (basis.T @ span.y)


def _fitted(
    span: Span, basis: np.ndarray, e: np.ndarray, source: np.ndarray
) -> _Fitted:
    """Fit a span under draws; basis (N, K), e (N,), source (B, N)."""
    drawn = span.label_design.drawn(span.labels, source)
    D = drawn - (drawn @ basis) @ basis.T
    M = np.einsum("rbn,sbn->brs", D, D)
    singular = np.linalg.eigvalsh(M)[:, 0] <= RANK_TOLERANCE
    # Draws whose labels are collinear have no estimate; the rest is solved at once.
    M[singular] = np.eye(len(span.c))
    with_outcome = np.einsum("rbn,n->br", D, e)
    beta = np.linalg.solve(M, with_outcome[..., None])[..., 0]
    direction = np.linalg.solve(M, np.broadcast_to(span.c, beta.shape)[..., None])
    weights = np.einsum("br,rbn->bn", direction[..., 0], D)
    estimate = weights @ e
    estimate[singular] = np.nan
    return _Fitted(
        weights=weights,
        estimate=estimate,
        residuals=e - np.einsum("br,rbn->bn", beta, D),
        df=len(e) - basis.shape[1] - len(span.c),
    )


def _product(one: _Fitted, two: _Fitted) -> np.ndarray:
    """Return the covariance of two estimates under each draw, shape (B,)."""
    cross = (one.residuals * two.residuals).sum(axis=1) / np.sqrt(one.df * two.df)
    covariance: np.ndarray = (one.weights * two.weights).sum(axis=1) * cross
    return covariance
