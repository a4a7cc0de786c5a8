"""Ordinary least squares on a cross-section with small-sample inference.

Regressors that cannot be told apart are refused at once, by name, and not dropped. Columns
are scaled before they are decomposed, so that their units do not decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.fixed_effects import EffectSpan

RANK_TOLERANCE = 1e-10
WELL_CONDITIONED = 30.0  # of X scaled: X'X then keeps all digits but three
MANY_ROWS = 10_000  # above, a decomposition of X costs more than X'X
NOT_IDENTIFIED = 1e-9
SHARE_IN_A_SUM = 1e-6
NOTHING_OF_A_ROW = 1e-8
ALONE = "one observation determines a coefficient alone (leverage 1)"


@dataclass(frozen=True)
class OlsFit:
    """A least-squares fit and what its covariance estimators need."""

    X: Array  # (N, K) regressors, the constant included by the caller
    y: Array  # (N,) outcome
    beta: Array  # (K,) coefficients
    bread: Array  # (K, K) inverse of X'X
    # (K, K) B with X B orthonormal and B B' the inverse of X'X: the hat matrix is X B (X
    # B)'. By X (X'X)^-1 X' a regressor with a mean of 1e8 standard deviations would lose
    # all digits; so it loses half of them.
    basis: Array
    u_hat: Array  # (N,) residuals
    taken: EffectSpan | None = None  # effects that were taken out of X and y

    @property
    def df(self) -> int:
        """Residual degrees of freedom N - K."""
        return int(self.X.shape[0] - self.X.shape[1])

    @cached_property
    def leverage(self) -> Array:
        """Diagonal of the hat matrix, effects that were taken out included; (N,)."""
        own = ((self.X @ self.basis) ** 2).sum(axis=1)
        if self.taken is None:
            return np.asarray(own)
        # Leverages of orthogonal spans add up.
        return np.asarray(own + self.taken.leverage())

    @property
    def sigma2(self) -> float:
        """Residual variance u'u / (N - K)."""
        return float(self.u_hat @ self.u_hat / self.df)


def fit_ols(
    y: Array, X: Array, names: Sequence[str] = (), taken: EffectSpan | None = None
) -> OlsFit:
    """Fit y = X beta + u by least squares; y (N,), X (N, K), the names of its first
    columns, and the effects that were taken out.
    """
    y = np.asarray(y, dtype=float)
    X = np.asarray(X, dtype=float)
    if not (np.isfinite(y).all() and np.isfinite(X).all()):
        raise NumericsError("the regression holds a missing or infinite value")
    if X.shape[0] <= X.shape[1]:
        raise NumericsError(
            f"{counted(X.shape[0], 'observation')} cannot carry"
            f" {counted(X.shape[1], 'coefficient')}"
        )
    basis = gram_basis(X) if len(X) > MANY_ROWS else None
    if basis is None:
        scale = np.sqrt((X**2).sum(axis=0))
        zero = np.flatnonzero(scale == 0)
        if len(zero):
            named = zero[0] < len(names)
            which = f"the regressor {names[zero[0]]}" if named else "a regressor"
            raise NumericsError(f"{which} is zero everywhere")
        # A pivot is the share of a column that the columns before it leave.
        q, r = np.linalg.qr(X / scale)
        if np.abs(np.diag(r)).min() < RANK_TOLERANCE:
            raise NumericsError(_collinear(r, names))
        basis = np.linalg.inv(r) / scale[:, None]
        beta = basis @ (q.T @ y)
    else:
        beta = basis @ (basis.T @ (X.T @ y))
        # One step of refinement brings back the digits that X'X loses.
        beta = beta + basis @ (basis.T @ (X.T @ (y - X @ beta)))
    return OlsFit(
        X=X,
        y=y,
        beta=beta,
        bread=basis @ basis.T,
        basis=basis,
        u_hat=y - X @ beta,
        taken=taken,
    )


def _collinear(r: Array, names: Sequence[str]) -> str:
    """Say which coefficients are not identified: those that a vector b with r b = 0
    holds; r (K, K).
    """
    singular, directions = np.linalg.svd(r)[1:]
    lost = singular < NOT_IDENTIFIED * singular.max()
    lost[-1] = True
    held = np.abs(directions[lost]).max(axis=0)[: len(names)] > SHARE_IN_A_SUM
    which = [name for name, here in zip(names, held, strict=True) if here]
    if not which:
        return "the regressors are collinear"
    return f"the regressors are collinear: {', '.join(which)}"


def gram_basis(X: Array) -> Array | None:
    """Return B (K, K) with X B orthonormal by way of X'X, or nothing where that would
    cost digits; X (N, K).
    """
    gram = X.T @ X
    scale = np.sqrt(np.diag(gram))
    if not scale.all():
        return None
    try:
        R = np.linalg.cholesky(gram / np.outer(scale, scale)).T
    except np.linalg.LinAlgError:
        return None
    if np.linalg.cond(R) > WELL_CONDITIONED:
        return None
    return np.asarray(np.linalg.inv(R) / scale[:, None])


def r_squared(around: Array, u_hat: Array) -> float:
    """Return the share of the variation of an outcome that a fit explains, NaN where it
    does not vary; both (N,).

    Notes
    -----
    1 - u'u / v'v, v the outcome about its mean or, for R2 within effects, about these.
    """
    total = float(around @ around)
    return float(1 - u_hat @ u_hat / total) if total > 0 else np.nan


def cov_classical(fit: OlsFit) -> Array:
    """Return the covariance under equal variances, s^2 (X'X)^-1; shape (K, K)."""
    return fit.sigma2 * fit.bread


def cov_hc1(fit: OlsFit) -> Array:
    """Return White's covariance with the factor N/(N-K); shape (K, K)."""
    n, k = fit.X.shape
    scores = fit.X @ fit.basis * fit.u_hat[:, None]
    return np.asarray(n / (n - k) * fit.basis @ (scores.T @ scores) @ fit.basis.T)


def cov_hc3(fit: OlsFit) -> Array:
    """Return HC3: residuals divided by one minus leverage (MacKinnon and White 1985);
    shape (K, K).
    """
    if (fit.leverage > 1 - RANK_TOLERANCE).any():
        raise NumericsError(ALONE)
    scores = fit.X @ fit.basis * (fit.u_hat / (1 - fit.leverage))[:, None]
    return np.asarray(fit.basis @ (scores.T @ scores) @ fit.basis.T)


def leverage_variance(fit: OlsFit, c: Array, power: float = 1.0) -> float:
    """Return the variance of the combination c'beta by leverages: HC3, or HC2 with a
    power of one half; c (K,).

    Notes
    -----
    sum (a u / (1 - h)^power)^2 with a the weights of the rows in c'beta, u the residuals
    and h the leverages (MacKinnon and White 1985). A row of leverage one determines a
    coefficient alone, often that of its own dummy. Where the combination does not rest
    on the row it is the same without it, and the row adds nothing.
    """
    weights = fit.X @ (fit.bread @ c)
    gap = 1 - fit.leverage
    alone = gap < RANK_TOLERANCE
    nothing = NOTHING_OF_A_ROW * np.abs(weights).max()
    if (np.abs(weights[alone]) > nothing).any():
        raise NumericsError(ALONE)
    changes = weights[~alone] * fit.u_hat[~alone] / gap[~alone] ** power
    return float(changes @ changes)


def cov_cr3(fit: OlsFit, clusters: np.ndarray) -> Array:
    """Return CR3, the cluster jackknife: sum of squared changes of beta when a cluster
    is left out.

    Notes
    -----
    Bell and McCaffrey (2002); MacKinnon, Nielsen and Webb (2023), equation for the CV3
    estimator centred at the full-sample coefficients. With one observation a cluster it
    is HC3 times (N-1)/N.
    """
    names = np.unique(clusters)
    if len(names) < 2:
        raise NumericsError("CR3 needs at least two clusters")
    changes = np.array([_change_without(fit, clusters == name) for name in names])
    return np.asarray((len(names) - 1) / len(names) * changes.T @ changes)


def _change_without(fit: OlsFit, rows: np.ndarray) -> Array:
    q_g = fit.X[rows] @ fit.basis
    u_g = fit.u_hat[rows]
    # -(X'X)^-1 X_g'(I - H_gg)^-1 u_g, with H_gg = Q_g Q_g' and Q = X B
    hat = q_g @ q_g.T
    gap = np.eye(len(u_g)) - hat
    if np.linalg.eigvalsh(gap).min() < RANK_TOLERANCE:
        raise NumericsError("one cluster determines a coefficient alone (leverage 1)")
    return np.asarray(-fit.basis @ q_g.T @ np.linalg.solve(gap, u_g))


class Inference(NamedTuple):
    """A linear combination of coefficients with its t test and interval."""

    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    conf_low: float
    conf_high: float
    level: float  # confidence level


def t_inference(
    estimate: float, std_error: float, df: float, level: float = 0.95
) -> Inference:
    """Test an estimate against zero with Student's t."""
    statistic = estimate / std_error if std_error > 0 else np.nan
    half = t_quantile(0.5 + level / 2, df) * std_error
    return Inference(
        estimate=estimate,
        std_error=std_error,
        statistic=statistic,
        df=df,
        p_value=float(2 * stdtr(df, -abs(statistic))),
        conf_low=estimate - half,
        conf_high=estimate + half,
        level=level,
    )


def contrast_inference(
    fit: OlsFit, cov: Array, c: Array, df: float, level: float = 0.95
) -> Inference:
    """Test the linear combination c'beta against zero; cov (K, K), c (K,)."""
    std_error = float(np.sqrt(c @ cov @ c))
    return t_inference(float(c @ fit.beta), std_error, df, level)


def t_quantile(probability: float, df: float) -> float:
    """Return a quantile of Student's t."""
    return float(stdtrit(df, probability))
