"""Methods of the registry for one outcome and many sets of regressors at once, one row a
unit: whether each rejects.

With one row a cluster the cross-products of a cluster have rank one, so that nothing is
decomposed cluster by cluster: leverages say it all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtr

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import (
    LEVERAGE_ONE,
    NOTHING_LEFT,
    cr1_factor,
)
from evenfield.numerics.inference.methods import Design, infer
from evenfield.numerics.inference.wild_bootstrap import TIE, BootstrapType
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols
from evenfield.numerics.scpc import LARGER_CORRELATION, scpc_inference

ROUNDING = 1e-12


class Verdicts(NamedTuple):
    """What a method says of each design."""

    statistic: Array  # (B,) NaN where the method is not defined
    rejected: np.ndarray  # (B,) of bool

    @classmethod
    def of(cls, statistic: Array, p_value: Array, level: float) -> Verdicts:
        """Return verdicts by p-values, (B,); what is not finite defines nothing."""
        defined = np.isfinite(statistic) & np.isfinite(p_value)
        rejected = p_value <= 1 - level + ROUNDING
        return cls(np.where(defined, statistic, np.nan), rejected & defined)


@dataclass(frozen=True)
class ManyFits:
    """Fits of one outcome by least squares, the regressors turned to orthonormal ones."""

    y: Array  # (N,) outcome
    X: Array  # (B, N, K) regressors
    c: Array  # (K,) the combination that is tested
    Q: Array  # (B, N, K) orthonormal regressors
    d: Array  # (B, K) the combination in these coordinates

    @property
    def count(self) -> int:
        """Number of fits B."""
        return len(self.X)

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
    def gaps(self) -> Array:
        """1 - h; one for a row that alone determines something else than c'beta, which
        takes no part, and NaN throughout where it determines c'beta; (B, N).
        """
        alone = self.leverage > 1 - LEVERAGE_ONE
        length = np.linalg.norm(self.d, axis=1, keepdims=True)
        needed = alone & (np.abs(self.weights) > NOTHING_LEFT * length)
        gaps = np.where(alone, 1.0, 1 - self.leverage)
        return np.where(needed.any(axis=1, keepdims=True), np.nan, gaps)

    @cached_property
    def pulls(self) -> Array:
        """Minus the change of c'beta without a row, per residual: a / (1 - h); (B, N)."""
        alone = self.leverage > 1 - LEVERAGE_ONE
        return np.where(alone, 0.0, self.weights) / self.gaps

    def restricted(self, *, left_out: bool) -> Array:
        """Return residuals of the fit under c'beta = 0, each of the fit without its row
        if ``left_out``; (B, N).
        """
        # d points where the restriction takes variation away: the restricted fit has
        # theta - d (d'theta) / d'd, and a row's leverage is less by a^2 / d'd.
        squares = np.einsum("bk,bk->b", self.d, self.d)[:, None]
        shrunk = self.theta - self.d * self.estimate[:, None] / squares
        residuals = self.y - _times(self.Q, shrunk)
        if not left_out:
            return np.asarray(residuals)
        gaps = 1 - self.leverage + self.weights**2 / squares
        return np.where(gaps < LEVERAGE_ONE, self.y, residuals / gaps)


def fit_many(y: Array, X: Array, c: Array) -> tuple[ManyFits, np.ndarray]:
    """Fit y = X_b beta_b + u_b for each b with regressors that can be told apart, and
    return which have; y (N,), X (B, N, K), c (K,).
    """
    scale = np.sqrt((X**2).sum(axis=1))
    scale = np.where(scale > 0, scale, 1.0)
    Q, R = np.linalg.qr(X / scale[:, None])
    pivots = np.abs(np.diagonal(R, axis1=1, axis2=2))
    regular = pivots.min(axis=1) >= RANK_TOLERANCE
    sides = (c / scale[regular])[..., None]
    d = np.linalg.solve(R[regular].mT, sides)[..., 0]
    return ManyFits(y=y, X=X[regular], c=c, Q=Q[regular], d=d), regular


def verdicts(name: str, fits: ManyFits, design: Design, level: float) -> Verdicts:
    """Test c'beta of each fit by a method of the registry; ``design`` holds what the
    fits share.
    """
    if name not in MANY:
        return _one_by_one(name, fits, design, level)
    try:
        return MANY[name](fits, design, level)
    except NumericsError:  # what the fits share does not allow it
        nothing = np.full(fits.count, np.nan)
        return Verdicts.of(nothing, nothing, level)


def _one_by_one(name: str, fits: ManyFits, design: Design, level: float) -> Verdicts:
    tests = []
    for X in fits.X:
        one = replace(design, fit=fit_ols(fits.y, X))
        test = infer(name, one, fits.c, level)
        tests.append((test.statistic, test.p_value))
    statistic, p_value = np.reshape(tests, (-1, 2)).T
    return Verdicts.of(statistic, p_value, level)


def _student(
    fits: ManyFits, variance: Array, df: Array | float, level: float
) -> Verdicts:
    """Test with Student's t and a variance by design, (B,)."""
    possible = (variance > 0) & (df > 0)
    std_error = np.sqrt(np.where(possible, variance, np.nan))
    statistic = fits.estimate / std_error
    p_value = np.asarray(2 * stdtr(df, -np.abs(statistic)), dtype=float)
    return Verdicts.of(statistic, p_value, level)


def _rows_less_coefficients(fits: ManyFits) -> int:
    return int(fits.X.shape[1] - fits.X.shape[2])


def _squares(values: Array) -> Array:
    return np.asarray(np.einsum("bn,bn->b", values, values))


def _classical(fits: ManyFits, design: Design, level: float) -> Verdicts:  # noqa: ARG001
    df = _rows_less_coefficients(fits)
    variance = _squares(fits.residuals) / df * _squares(fits.d)
    return _student(fits, variance, df, level)


def _hc1(fits: ManyFits, design: Design, level: float) -> Verdicts:  # noqa: ARG001
    df = _rows_less_coefficients(fits)
    variance = _squares(fits.weights * fits.residuals)
    return _student(fits, len(fits.y) / df * variance, df, level)


def _hc3(fits: ManyFits, design: Design, level: float) -> Verdicts:  # noqa: ARG001
    variance = _squares(fits.pulls * fits.residuals)
    return _student(fits, variance, _rows_less_coefficients(fits), level)


def _cr1(fits: ManyFits, design: Design, level: float) -> Verdicts:  # noqa: ARG001
    n, k = fits.X.shape[1:]
    variance = cr1_factor(n, n, k) * _squares(fits.weights * fits.residuals)
    return _student(fits, variance, n - 1, level)


def _cr2(fits: ManyFits, design: Design, level: float) -> Verdicts:  # noqa: ARG001
    """Test with CR2 and Bell and McCaffrey's degrees of freedom.

    Notes
    -----
    With s = a (1 - h)^-1/2 the terms s u have the covariance B = diag(s^2) - s s' o H,
    whose sum of squares is sum s^4 (1 - 2 h) + |Q' diag(s^2) Q|^2.
    """
    stretched = fits.pulls * np.sqrt(fits.gaps)
    squares = stretched**2
    trace = (squares * (1 - fits.leverage)).sum(axis=1)
    inner = fits.Q.mT @ (squares[..., None] * fits.Q)
    own = (squares**2 * (1 - 2 * fits.leverage)).sum(axis=1)
    df = trace**2 / (own + (inner**2).sum(axis=(1, 2)))
    return _student(fits, _squares(stretched * fits.residuals), df, level)


def _cr3(fits: ManyFits, design: Design, level: float) -> Verdicts:
    n = len(fits.y)
    df: Array | float = n - 1.0
    if design.effective_df:
        shares = fits.weights**2
        effective = shares.sum(axis=1) ** 2 / _squares(shares)
        df = np.maximum(effective - 1, design.least_df)
    variance = (n - 1) / n * _squares(fits.pulls * fits.residuals)
    return _student(fits, variance, df, level)


def _wild(
    fits: ManyFits, design: Design, level: float, kind: BootstrapType
) -> Verdicts:
    """Test by the wild bootstrap.

    Notes
    -----
    With restricted residuals r and weights v of a draw the coefficients are s = Q'(r v)
    and the numerator sum a r v. The variance is the sum of (p (q's - r v))^2 over rows
    q: p = a for CR1, and the pull of the row for the jackknife. Multiplied out it needs
    K numbers of each draw and not N.
    """
    n, k = fits.X.shape[1:]
    left_out = kind == "33"
    pulls = fits.pulls if left_out else fits.weights
    factor = (n - 1) / n if left_out else cr1_factor(n, n, k)
    r = fits.restricted(left_out=left_out)
    of_data = factor * _squares(pulls * fits.residuals)
    statistic = fits.estimate / np.sqrt(np.where(of_data > 0, of_data, np.nan))
    drawn = design.bootstrap_weights
    V = drawn.columns(design.clusters.names)[:, design.clusters.codes].astype(float)
    numerators = V @ (fits.weights * r).T
    squares = pulls[..., None] ** 2 * fits.Q
    inner = fits.Q.mT @ squares
    rows = r[..., None] * fits.Q
    others = r[..., None] * (fits.Q @ inner - 2 * squares)
    variance = V**2 @ ((pulls * r) ** 2).T
    for b in range(fits.count):
        variance[:, b] += np.einsum("dk,dk->d", V @ rows[b], V @ others[b])
    # |t*| >= |t| without a division: a draw without variance is extreme.
    bound = np.abs(statistic) * (1 - TIE) * np.sqrt(factor * np.maximum(variance, 0.0))
    extreme = (np.abs(numerators) >= bound).sum(axis=0)
    # All sign vectors hold the data themselves, which otherwise count as one more draw.
    more = 0 if drawn.enumerated and kind == "11" else 1
    return Verdicts.of(statistic, (more + extreme) / (more + drawn.count), level)


def _scpc(
    fits: ManyFits,
    design: Design,
    level: float,
    average_correlation: float | None = None,
) -> Verdicts:
    """Test by SCPC; its conditional test only where the one of a mean, which is the same
    for all designs, rejects.
    """
    space = design.components(average_correlation, level)
    n = len(fits.y)
    scores = (n * fits.weights * fits.residuals) @ space.vectors
    squares = _squares(scores) / space.q / n
    statistic = fits.estimate / np.sqrt(np.where(squares > 0, squares, np.nan))
    rejected = np.abs(statistic) >= space.critical_value * (1 - TIE)
    for b in np.flatnonzero(rejected):
        fit = fit_ols(fits.y, fits.X[b])
        test = scpc_inference(fit, fits.c, space, interval=False)
        rejected[b] = test.p_value <= 1 - level + ROUNDING
    return Verdicts(statistic, rejected)


def _conley(
    fits: ManyFits, design: Design, level: float, cutoff_km: float | None = None
) -> Verdicts:
    kernel = design.kernel(cutoff_km)
    names, codes = design.units
    # Rows of the kernel in the order of the fits.
    order = np.searchsorted(kernel.units, names)[codes]
    scores = np.zeros((len(kernel.units), fits.count))
    scores[order] = (fits.weights * fits.residuals).T
    df = _rows_less_coefficients(fits)
    factor = 1.0 if design.conley_factor == "none" else len(fits.y) / df
    variance = (scores * (kernel.weights @ scores)).sum(axis=0)
    return _student(fits, factor * variance, df, level)


def _times(columns: Array, coefficients: Array) -> Array:
    """Return (B, N, K) times (B, K) -> (B, N)."""
    return np.asarray((columns @ coefficients[..., None])[..., 0])


# The others of the registry are asked for each fit on its own.
MANY: dict[str, Callable[[ManyFits, Any, float], Verdicts]] = {
    "classical": _classical,
    "HC1": _hc1,
    "HC3": _hc3,
    "CR1": _cr1,
    "CR2": _cr2,
    "CR3": _cr3,
    "wild": partial(_wild, kind="11"),
    "wild33": partial(_wild, kind="33"),
    "SCPC": _scpc,
    "SCPC_06": partial(_scpc, average_correlation=LARGER_CORRELATION),
    "conley_400": partial(_conley, cutoff_km=400),
    "conley_800": partial(_conley, cutoff_km=800),
    "conley_1200": partial(_conley, cutoff_km=1200),
}
