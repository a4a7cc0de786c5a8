"""Tests of one outcome and many sets of regressors at once, one row a unit: whether each
rejects.

With one row a cluster the cross-products of a cluster have rank one, so that nothing is
decomposed cluster by cluster: leverages say it all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr

from evenfield.numerics.arrays import Array
from evenfield.numerics.inference.cluster_robust import (
    LEVERAGE_ONE,
    NOTHING_LEFT,
    cr1_factor,
)
from evenfield.numerics.inference.design import Design
from evenfield.numerics.inference.wild_bootstrap import ROUNDING, TIE, BootstrapType
from evenfield.numerics.ols import RANK_TOLERANCE
from evenfield.numerics.scpc import scpc_rejects_conditionally


class Verdicts(NamedTuple):
    """What a method says of each design."""

    statistic: Array  # (B,) NaN where the method is not defined
    rejected: np.ndarray  # (B,) of bool

    @classmethod
    def of(cls, statistic: Array, p_value: Array, level: float) -> Verdicts:
        """Return verdicts by p-values, (B,); what is not finite defines nothing."""
        defined = np.isfinite(statistic) & np.isfinite(p_value)
        rejected = rejects(p_value, level) & defined
        return cls(np.where(defined, statistic, np.nan), rejected)


def rejects(p_value: Array | float, level: float) -> np.ndarray:
    """Say whether p-values reject at a confidence level, one that is equal to 1 - level
    but for rounding included.
    """
    return np.asarray(p_value <= 1 - level + ROUNDING)


@dataclass(frozen=True)
class ManyFits:
    """Fits of one outcome by least squares, the regressors turned to orthonormal ones.

    Notes
    -----
    y = X beta + u = Q theta + u with Q'Q = I, so that theta = Q'y, and the combination
    is c'beta = d'theta = a'y with a = Q d. The hat matrix is H = Q Q', its diagonal h.
    """

    y: Array  # (N,) outcome
    X: Array  # (B, N, K) regressors
    c: Array  # (K,) the combination that is tested
    Q: Array  # (B, N, K) orthonormal regressors
    d: Array  # (B, K) the combination in these coordinates

    @property
    def count(self) -> int:
        """Number of fits B."""
        return len(self.X)

    @property
    def df(self) -> int:
        """Residual degrees of freedom, N - K."""
        return int(self.X.shape[1] - self.X.shape[2])

    @cached_property
    def weights(self) -> Array:
        """Weight a of each outcome in c'beta, (B, N)."""
        return _times(self.Q, self.d)

    @cached_property
    def estimate(self) -> Array:
        """c'beta, (B,)."""
        return np.asarray(self.weights @ self.y)

    @cached_property
    def theta(self) -> Array:
        """Coefficients of the orthonormal regressors, (B, K)."""
        return np.asarray(self.y @ self.Q)

    @cached_property
    def residuals(self) -> Array:
        """Residuals u, (B, N)."""
        return np.asarray(self.y - _times(self.Q, self.theta))

    @cached_property
    def leverage(self) -> Array:
        """Diagonals h of the hat matrices, (B, N)."""
        return np.asarray(np.einsum("bnk,bnk->bn", self.Q, self.Q))

    @cached_property
    def alone(self) -> np.ndarray:
        """Whether a row alone determines some combination of coefficients, h = 1;
        (B, N) of bool.
        """
        return np.asarray(self.leverage > 1 - LEVERAGE_ONE)

    @cached_property
    def gaps(self) -> Array:
        """1 - h; one for a row that alone determines something else than c'beta, which
        takes no part, and NaN for all rows where one determines c'beta; (B, N).
        """
        length = np.linalg.norm(self.d, axis=1, keepdims=True)
        needed = self.alone & (np.abs(self.weights) > NOTHING_LEFT * length)
        gaps = np.where(self.alone, 1.0, 1 - self.leverage)
        return np.where(needed.any(axis=1, keepdims=True), np.nan, gaps)

    @cached_property
    def pulls(self) -> Array:
        """Minus the change of c'beta without a row, per residual: a / (1 - h); (B, N)."""
        return np.where(self.alone, 0.0, self.weights) / self.gaps

    def restricted_residuals(self, *, left_out: bool) -> Array:
        """Return residuals of the fit under c'beta = 0, each of the fit without its row
        if ``left_out``; (B, N).

        Notes
        -----
        The restricted fit has theta_r = theta - d (d'theta) / d'd and the hat matrix
        H - a a' / d'd; without row i its residual is r_i / (1 - h_i + a_i^2 / d'd).
        """
        dd = _squares(self.d)[:, None]
        theta_r = self.theta - self.d * self.estimate[:, None] / dd
        residuals = self.y - _times(self.Q, theta_r)
        if not left_out:
            return np.asarray(residuals)
        gaps = 1 - self.leverage + self.weights**2 / dd
        # A row that alone determines a direction is predicted as zero by the others.
        return np.where(gaps < LEVERAGE_ONE, self.y, residuals / gaps)


def fit_many(y: Array, X: Array, c: Array) -> tuple[ManyFits, np.ndarray]:
    """Fit y = X_b beta_b + u_b for each b with regressors that can be told apart, and
    return which have; y (N,), X (B, N, K), c (K,).

    Notes
    -----
    With S the lengths of the regressors on a diagonal, X = Q R S and theta = R S beta,
    so that c'beta = d'theta for R'd = S^-1 c.
    """
    scale = np.sqrt((X**2).sum(axis=1))
    scale = np.where(scale > 0, scale, 1.0)
    Q, R = np.linalg.qr(X / scale[:, None])
    pivots = np.abs(np.diagonal(R, axis1=1, axis2=2))
    regular = pivots.min(axis=1) >= RANK_TOLERANCE
    scaled_c = (c / scale[regular])[..., None]
    d = np.linalg.solve(R[regular].mT, scaled_c)[..., 0]
    return ManyFits(y=y, X=X[regular], c=c, Q=Q[regular], d=d), regular


def _student(
    fits: ManyFits, variance: Array, df: Array | float, level: float
) -> Verdicts:
    """Test with Student's t and the variance of each fit, (B,)."""
    statistic = _t_statistic(fits, np.where(df > 0, variance, np.nan))
    p_value = np.asarray(2 * stdtr(df, -np.abs(statistic)), dtype=float)
    return Verdicts.of(statistic, p_value, level)


def _t_statistic(fits: ManyFits, variance: Array) -> Array:
    """Return c'beta over its standard error; NaN where no variance is left; (B,)."""
    std_error = np.sqrt(np.where(variance > 0, variance, np.nan))
    return np.asarray(fits.estimate / std_error)


def _squares(values: Array) -> Array:
    """Return sums of squares, (B, N) -> (B,)."""
    return np.asarray(np.einsum("bn,bn->b", values, values))


# All methods have one signature, those too that need nothing but the fits.
def classical(fits: ManyFits, design: Design, level: float) -> Verdicts:  # noqa: ARG001
    """Test with the variance d'd sum u^2 / (N - K) and t(N - K)."""
    sigma2 = _squares(fits.residuals) / fits.df
    return _student(fits, sigma2 * _squares(fits.d), fits.df, level)


def hc1(fits: ManyFits, design: Design, level: float) -> Verdicts:  # noqa: ARG001
    """Test with the variance N / (N - K) sum (a u)^2 and t(N - K)."""
    variance = _squares(fits.weights * fits.residuals)
    return _student(fits, len(fits.y) / fits.df * variance, fits.df, level)


def hc3(fits: ManyFits, design: Design, level: float) -> Verdicts:  # noqa: ARG001
    """Test with the variance sum (a u / (1 - h))^2 and t(N - K)."""
    variance = _squares(fits.pulls * fits.residuals)
    return _student(fits, variance, fits.df, level)


def cr1(fits: ManyFits, design: Design, level: float) -> Verdicts:  # noqa: ARG001
    """Test with the variance N / (N - 1) (N - 1) / (N - K) sum (a u)^2 and t(N - 1)."""
    n, k = fits.X.shape[1:]
    variance = cr1_factor(n, n, k) * _squares(fits.weights * fits.residuals)
    return _student(fits, variance, n - 1, level)


def cr2(fits: ManyFits, design: Design, level: float) -> Verdicts:  # noqa: ARG001
    """Test with CR2 and Bell and McCaffrey's degrees of freedom.

    Notes
    -----
    Bell and McCaffrey (2002). With s = a (1 - h)^-1/2 the variance is sum (s u)^2. For
    errors with variance one the terms s u have the covariance C = diag(s^2) - s s' o H,
    and df = (tr C)^2 / |C|^2 with

        tr C = sum s^2 (1 - h),    |C|^2 = sum s^4 (1 - 2 h) + |Q' diag(s^2) Q|^2.
    """
    s = fits.pulls * np.sqrt(fits.gaps)
    s2 = s**2
    trace = (s2 * (1 - fits.leverage)).sum(axis=1)
    of_rows = (s2**2 * (1 - 2 * fits.leverage)).sum(axis=1)
    products = fits.Q.mT @ (s2[..., None] * fits.Q)
    of_pairs = (products**2).sum(axis=(1, 2))
    df = trace**2 / (of_rows + of_pairs)
    return _student(fits, _squares(s * fits.residuals), df, level)


def cr3(fits: ManyFits, design: Design, level: float) -> Verdicts:
    """Test with the variance (N - 1) / N sum (a u / (1 - h))^2 and t(N - 1), or t(G* - 1)
    with effective clusters.

    Notes
    -----
    Carter, Schnepel and Steigerwald (2017): G* = (sum a^2)^2 / sum a^4 for one row a
    cluster.
    """
    n = len(fits.y)
    df: Array | float = n - 1.0
    if design.effective_df:
        shares = fits.weights**2
        effective = shares.sum(axis=1) ** 2 / _squares(shares)
        df = np.maximum(effective - 1, design.least_df)
    variance = (n - 1) / n * _squares(fits.pulls * fits.residuals)
    return _student(fits, variance, df, level)


def wild(fits: ManyFits, design: Design, level: float, kind: BootstrapType) -> Verdicts:
    """Test by the wild bootstrap, WCR-11 with CR1 or WCR-33 with the jackknife.

    Notes
    -----
    With restricted residuals r and weights v of a draw the coefficients are
    s = sum_i v_i r_i q_i, q_i the rows of Q, and the numerator is sum_i v_i r_i a_i.
    The variance is sum_i p_i^2 (q_i's - v_i r_i)^2, p = a for CR1 and a / (1 - h) for
    the jackknife. Multiplied out, with P = sum_i p_i^2 q_i q_i',

        sum_i (v_i r_i p_i)^2 + s'(P s - 2 sum_i v_i r_i p_i^2 q_i),

    it needs K numbers of each draw and not N.
    """
    n, k = fits.X.shape[1:]
    left_out = kind == "33"
    pulls = fits.pulls if left_out else fits.weights
    factor = (n - 1) / n if left_out else cr1_factor(n, n, k)
    statistic = _t_statistic(fits, factor * _squares(pulls * fits.residuals))
    r = fits.restricted_residuals(left_out=left_out)
    drawn = design.bootstrap_weights
    # (D, N): v of each draw, by rows.
    V = drawn.columns(design.clusters.names)[:, design.clusters.codes].astype(float)
    numerators = V @ (fits.weights * r).T
    pulled = pulls[..., None] ** 2 * fits.Q
    P = fits.Q.mT @ pulled
    scores = r[..., None] * fits.Q
    partners = r[..., None] * (fits.Q @ P - 2 * pulled)
    variance = V**2 @ ((pulls * r) ** 2).T
    # (B, N, K) -> (D, B, K): the K numbers of each draw, for all fits at once
    s, beside = (np.tensordot(V, one, axes=(1, 1)) for one in (scores, partners))
    variance += np.einsum("dbk,dbk->db", s, beside)
    # |t*| >= |t| without a division: a draw without variance is extreme.
    bound = np.abs(statistic) * (1 - TIE) * np.sqrt(factor * np.maximum(variance, 0.0))
    extreme = (np.abs(numerators) >= bound).sum(axis=0)
    # All sign vectors hold the data themselves, which otherwise count as one more draw.
    data = 0 if drawn.enumerated and kind == "11" else 1
    p_value = (data + extreme) / (data + drawn.count)
    return Verdicts.of(statistic, p_value, level)


def scpc(
    fits: ManyFits,
    design: Design,
    level: float,
    average_correlation: float | None = None,
) -> Verdicts:
    """Test by SCPC; its conditional test, which rejects less often, only where the test
    of a mean rejects, whose critical value is the same for all designs.

    Notes
    -----
    Mueller and Watson (2023): the variance is sum_j (R_j'(x u))^2 / (q N), x = N a,
    over the q leading eigenvectors R_j.
    """
    space = design.components(average_correlation, level)
    n = len(fits.y)
    scores = (n * fits.weights * fits.residuals) @ space.vectors
    statistic = _t_statistic(fits, _squares(scores) / space.q / n)
    rejected = np.abs(statistic) >= space.critical_value * (1 - TIE)
    asked = np.flatnonzero(rejected)
    rejected[asked] = scpc_rejects_conditionally(
        fits.Q[asked],
        n * fits.weights[asked],
        np.abs(statistic[asked]),
        space,
        1 - level + ROUNDING,
    )
    return Verdicts(statistic, rejected)


def conley(
    fits: ManyFits, design: Design, level: float, cutoff_km: float | None = None
) -> Verdicts:
    """Test with the variance sum_ij k_ij (a_i u_i) (a_j u_j) of Conley's kernel k."""
    kernel = design.kernel(cutoff_km)
    names, codes = design.units
    # Which unit of the kernel each row of the fits is.
    unit = np.searchsorted(kernel.units, names)[codes]
    scores = np.zeros((len(kernel.units), fits.count))
    scores[unit] = (fits.weights * fits.residuals).T
    factor = 1.0 if design.conley_factor == "none" else len(fits.y) / fits.df
    variance = (scores * (kernel.weights @ scores)).sum(axis=0)
    return _student(fits, factor * variance, fits.df, level)


def _times(columns: Array, coefficients: Array) -> Array:
    """Multiply columns (B, N, K) by their coefficients (B, K) -> (B, N)."""
    return np.asarray((columns @ coefficients[..., None])[..., 0])
