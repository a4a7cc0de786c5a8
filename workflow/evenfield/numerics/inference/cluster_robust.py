"""Covariances clustered by unit: CR1, CR2, CR3, two ways, and the cluster products they
share.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr

from evenfield.numerics.arrays import quotient
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import OlsFit, gram_basis, t_quantile


class RobustInference(NamedTuple):
    """A linear combination of coefficients with its test and interval."""

    # the usual numbers; the interval is estimate -/+ critical value times standard
    # error
    estimate: float
    std_error: float
    statistic: float
    critical_value: float  # of the two-sided test at level ``1 - level``
    df: float  # degrees of freedom of Student's t; infinity where another law was used
    p_value: float
    conf_low: float
    conf_high: float
    level: float  # confidence level
    factor: float  # multiple of the variance that the small-sample correction adds
    # its formula, for example ``"G/(G-1)"``; ``"none"`` when ``factor`` is one
    factor_name: str
    law: str  # reference law of the statistic


def robust_inference(
    estimate: float,
    variance: float,
    df: float,
    factor: float,
    factor_name: str,
    level: float,
) -> RobustInference:
    """Test an estimate against zero with Student's t and a named small-sample factor."""
    if not df > 0:
        raise NumericsError(f"a t test needs positive degrees of freedom, not {df:g}")
    std_error = standard_error(factor * variance)
    cv = t_quantile(0.5 + checked_level(level) / 2, df)
    statistic = estimate / std_error
    p_value = float(2 * stdtr(df, -abs(statistic)))
    return RobustInference(
        estimate=estimate,
        std_error=std_error,
        statistic=statistic,
        critical_value=cv,
        df=df,
        p_value=p_value,
        conf_low=estimate - cv * std_error,
        conf_high=estimate + cv * std_error,
        level=level,
        factor=factor,
        factor_name=factor_name,
        law=f"t({df:g})",
    )


def standard_error(variance: float) -> float:
    """Return the square root of a variance."""
    if not (np.isfinite(variance) and variance > 0):
        raise NumericsError(
            f"the estimated variance is {variance:g}, not positive: choose another"
            " kernel or cut-off"
        )
    return float(np.sqrt(variance))


def checked_level(level: float) -> float:
    """Return a confidence level that lies between 0 and 1."""
    if not 0 < level < 1:
        raise NumericsError(f"a confidence level lies between 0 and 1, not {level:g}")
    return level


LEVERAGE_ONE = 1e-10
NOTHING_LEFT = 1e-8


class Clusters(NamedTuple):
    """Cluster labels, encoded once for every fit and coefficient that uses them."""

    names: np.ndarray  # (G,) in sorted order
    codes: np.ndarray  # (N,) place of each row's label among the names


def encoded(labels: np.ndarray | Clusters, rows: int | None = None) -> Clusters:
    """Encode labels; ``rows`` given, there must be as many labels, and two clusters at
    least.
    """
    codes = labels if isinstance(labels, Clusters) else _encoded(np.asarray(labels))
    if rows is not None and codes.codes.shape != (rows,):
        raise NumericsError(
            f"{codes.codes.size} cluster labels do not fit {rows} observations"
        )
    if rows is not None and len(codes.names) < 2:
        raise NumericsError("inference by cluster needs at least two clusters")
    return codes


def _encoded(labels: np.ndarray) -> Clusters:
    """Encode labels; whole numbers in a narrow range by counting, which is faster than
    sorting.
    """
    if labels.dtype.kind != "i" or not labels.size:
        return Clusters(*np.unique(labels, return_inverse=True))
    first = int(labels.min())
    if int(labels.max()) - first >= labels.size:
        return Clusters(*np.unique(labels, return_inverse=True))
    shifted = labels.astype(np.int64) - first  # a difference of int8 may overflow
    present = np.bincount(shifted) > 0
    names = np.flatnonzero(present) + first
    return Clusters(names, (np.cumsum(present) - 1)[shifted])


def in_order(labels: np.ndarray) -> Clusters:
    """Encode labels in the order of their first rows; labels (N,)."""
    names, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.argsort(order)
    return Clusters(names[order], rank[codes])


MANY_PRODUCTS = 1e9


@dataclass(frozen=True)
class Gaps:
    """What each cluster leaves of the regressors to the others, I - M_g."""

    matrices: np.ndarray  # (G, K, K)

    @cached_property
    def safe(self) -> bool:
        """Whether no cluster alone informs a direction."""
        try:
            roots = np.linalg.cholesky(self.matrices)
        except np.linalg.LinAlgError:
            return False
        least = np.diagonal(roots, axis1=1, axis2=2).min()
        return bool(least**2 > NOTHING_LEFT)

    @cached_property
    def roots(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues, (G, K), and their vectors, (G, K, K)."""
        values, vectors = np.linalg.eigh(self.matrices)
        return values, vectors

    def solved(self, sides: np.ndarray, names: np.ndarray) -> np.ndarray:
        """Return x_g with (I - M_g) x_g = d_g, without directions that only cluster g
        informs; sides (G, K, R), names (G,).
        """
        if self.safe:
            return np.asarray(np.linalg.solve(self.matrices, sides))
        values, vectors = self.roots
        parts = vectors.mT @ sides
        lost = values < LEVERAGE_ONE
        size = np.abs(parts).max(axis=2)
        needed = np.where(lost, size, 0.0).max(axis=1) > NOTHING_LEFT * size.max(axis=1)
        if needed.any():
            raise NumericsError(
                f"cluster {names[needed.argmax()]} alone determines the combination"
                " (leverage 1)"
            )
        inverse = quotient(np.ones_like(values), values, otherwise=0.0, defined=~lost)
        return np.asarray(vectors @ (parts * inverse[:, :, None]))


@dataclass(frozen=True)
class ClusterRows:
    """The regressors of each cluster, and their cross-products in coordinates in which
    all regressors are orthonormal: Q = X turn.
    """

    blocks: list[np.ndarray]  # (n_g, K) for each cluster
    turn: np.ndarray  # (K, K)

    @cached_property
    def products(self) -> np.ndarray:
        """Q_g'Q_g, shape (G, K, K)."""
        squares = np.array([x.T @ x for x in self.blocks])
        return np.asarray(self.turn.T @ squares @ self.turn)

    @cached_property
    def few(self) -> bool:
        """Whether clusters have so few rows and so many coefficients that the roots of
        Q_g Q_g' are much cheaper than those of Q_g'Q_g.
        """
        k = len(self.turn)
        many = len(self.blocks) * float(k) ** 3 > MANY_PRODUCTS
        return many and max(map(len, self.blocks)) < k

    @cached_property
    def roots(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Positive eigenvalues of Q_g'Q_g, (r,), and their vectors, (r, K), for each
        cluster.
        """
        factors = (
            np.linalg.svd(x @ self.turn, full_matrices=False) for x in self.blocks
        )
        return [(singular**2, vectors) for _, singular, vectors in factors]

    @cached_property
    def product_roots(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues of Q_g'Q_g, (G, K), and their vectors, (G, K, K)."""
        values, vectors = np.linalg.eigh(self.products)
        return values, vectors

    @cached_property
    def gaps(self) -> Gaps:
        """I - Q_g'Q_g, factored once for all combinations."""
        return Gaps(np.eye(len(self.turn)) - self.products)

    def times(self, vectors: np.ndarray) -> np.ndarray:
        """Return Q_g'Q_g v_g for each cluster; vectors (G, K) or (K,) -> (G, K)."""
        if not self.few:
            if vectors.ndim == 1:
                return np.asarray(self.products @ vectors)
            return np.asarray(np.einsum("gij,gj->gi", self.products, vectors))
        each = np.broadcast_to(vectors, (len(self.blocks), len(self.turn)))
        turned = each @ self.turn.T
        back = [x.T @ (x @ v) for x, v in zip(self.blocks, turned, strict=True)]
        return np.asarray(np.array(back) @ self.turn)


@dataclass(frozen=True)
class ClusterProducts:
    """Cross-products of a regression by cluster, in coordinates in which the regressors
    are orthonormal.
    """

    names: np.ndarray  # (G,) clusters in sorted order
    rows: ClusterRows  # the regressors, with X = Q R
    # (G, K) Q_g'y_g; they add up to theta, the coefficients in these coordinates
    m: np.ndarray
    d: np.ndarray  # (K,) the combination in these coordinates: c'beta = d'theta
    n: int  # number of rows
    basis: np.ndarray  # (K, K) with Q = X basis, so that d = basis'c

    @property
    def M(self) -> np.ndarray:
        """Q_g'Q_g, shape (G, K, K)."""
        return self.rows.products

    @property
    def G(self) -> int:
        """Number of clusters."""
        return len(self.names)

    @property
    def k(self) -> int:
        """Number of coefficients."""
        return len(self.d)

    @cached_property
    def theta(self) -> np.ndarray:
        """Coefficients in the orthonormal coordinates, shape (K,)."""
        return np.asarray(self.m.sum(axis=0))

    @property
    def estimate(self) -> float:
        """The combination c'beta."""
        return float(self.d @ self.theta)

    @cached_property
    def residual_scores(self) -> np.ndarray:
        """Q_g'u_g, shape (G, K)."""
        return np.asarray(self.m - self.rows.times(self.theta))

    @cached_property
    def left_out(self) -> np.ndarray:
        """D_g = (I - M_g)^-1 d, shape (G, K): d'theta without cluster g is D_g'(theta -
        m_g).

        Directions that only cluster g informs and that do not matter to the combination
        are left out (a unit's own dummy, for example).
        """
        if self.rows.few:
            return _powers_by_rows(self, -1.0)
        sides = np.broadcast_to(self.d[:, None], (self.G, self.k, 1))
        return self.rows.gaps.solved(sides, self.names)[:, :, 0]


Labels = np.ndarray | Clusters | ClusterProducts


def cluster_products(fit: OlsFit, c: np.ndarray, clusters: Labels) -> ClusterProducts:
    """Form the cross-products of every cluster in one pass over the rows; c (K,),
    clusters (N,).

    ``clusters`` are labels, or the products of another combination of the same fit,
    which then serve again.
    """
    c = np.asarray(c, dtype=float)
    if c.shape != fit.beta.shape or not c.any():
        raise NumericsError(
            f"the combination needs {fit.beta.size} weights, not all zero; it has"
            f" {c.size}"
        )
    if isinstance(clusters, ClusterProducts):
        d = clusters.basis.T @ c
        return clusters if np.array_equal(d, clusters.d) else replace(clusters, d=d)
    names, owner = encoded(clusters, fit.y.size)
    X = fit.X
    y = fit.y
    if (np.diff(owner) < 0).any():
        order = np.argsort(owner.astype(np.min_scalar_type(len(names))), kind="stable")
        X = X[order]
        y = y[order]
        owner = owner[order]
    basis = gram_basis(X)
    turn = np.eye(len(c))
    if basis is None:
        scale = np.sqrt(np.einsum("nk,nk->k", X, X))
        X, R = np.linalg.qr(X / scale)
        basis = np.linalg.inv(R) / scale[:, None]
    else:
        turn = basis
    if len(names) == len(y):
        # One row a cluster, as in every cross-section: nothing to add up.
        blocks = list(X[:, None, :])
        sums = X * y[:, None]
    else:
        cuts = np.searchsorted(owner, np.arange(1, len(names)))
        blocks = np.split(X, cuts)
        outcomes = np.split(y, cuts)
        sums = np.array([x.T @ y_g for x, y_g in zip(blocks, outcomes, strict=True)])
    m = sums @ turn
    return ClusterProducts(
        names=names,
        rows=ClusterRows(blocks, turn),
        m=m,
        d=basis.T @ c,
        n=len(y),
        basis=basis,
    )


def solve_each_without(
    M: np.ndarray, sides: np.ndarray, names: np.ndarray
) -> np.ndarray:
    """Solve (I - M_g) x_g = d_g for every cluster, ignoring directions that only cluster
    g informs when d_g does not need them; M (G, K, K), sides (G, K, R), names (G,).
    """
    return Gaps(np.eye(M.shape[1]) - M).solved(sides, names)


def solve_without(M_g: np.ndarray, d: np.ndarray, name: object) -> np.ndarray:
    """Solve (I - M_g) x = d for one cluster; M_g (K, K), d (K,)."""
    return solve_each_without(M_g[None], d[None, :, None], np.array([name]))[0, :, 0]


CR1_FACTOR = "G/(G-1) x (N-1)/(N-K)"


def cr1_inference(
    fit: OlsFit,
    c: np.ndarray,
    clusters: np.ndarray | Clusters,
    absorbed: int = 0,
    level: float = 0.95,
) -> RobustInference:
    """Test c'beta against zero with CR1 and t(G - 1); c (K,), clusters (N,)."""
    names, codes = encoded(clusters, fit.y.size)
    sums = np.bincount(codes, fit.X @ (fit.bread @ c) * fit.u_hat)
    factor = cr1_factor(len(names), fit.y.size, len(c) + absorbed)
    return robust_inference(
        float(c @ fit.beta),
        float(sums @ sums),
        len(names) - 1,
        factor,
        CR1_FACTOR,
        level,
    )


def cr1_factor(G: int, n: int, k: int) -> float:
    """Return G/(G-1) x (N-1)/(N-K)."""
    return G / (G - 1) * (n - 1) / (n - k)


CR2_FACTOR = "none (residuals times (I - H_gg)^-1/2)"


def cr2_inference(
    fit: OlsFit, c: np.ndarray, clusters: Labels, level: float = 0.95
) -> RobustInference:
    """Test c'beta against zero with CR2 and Bell-McCaffrey degrees of freedom; c (K,),
    clusters (N,).

    Notes
    -----
    Bell and McCaffrey (2002); Imbens and Kolesar (2016); Pustejovsky and Tipton (2018).
    Only the K x K products of the clusters are used: with Q_g'Q_g = V L V' the vector
    w_g is Q_g V (1 - L)^-1/2 V'd, so a cluster may be large.
    """
    products = cluster_products(fit, c, clusters)
    # (I - M_g)^-1/2 d: residuals of a cluster are stretched by what its own leverage took
    # from them, so that the variance has no bias under independent equal variances.
    weights = _stretched(products)
    terms = (weights * products.residual_scores).sum(axis=1)
    images = products.rows.times(weights)
    # Terms w_g'u_g have covariance B = w'(I - H)w up to the variance of the errors; with
    # Satterthwaite's df the sum of their squares has the first two moments of a chi-square.
    B = np.diag((weights * images).sum(axis=1)) - images @ images.T
    df = float(np.trace(B) ** 2 / (B**2).sum())
    return robust_inference(
        products.estimate, float(terms @ terms), df, 1.0, CR2_FACTOR, level
    )


def _stretched(products: ClusterProducts) -> np.ndarray:
    if products.rows.few:
        return _powers_by_rows(products, -0.5)
    values, vectors = products.rows.product_roots
    parts = np.einsum("gij,i->gj", vectors, products.d)
    alone = values > 1 - LEVERAGE_ONE
    needed = alone & (np.abs(parts) > NOTHING_LEFT * np.abs(parts).max())
    if needed.any():
        name = products.names[int(needed.any(axis=1).argmax())]
        raise NumericsError(
            f"cluster {name} alone determines the combination (leverage 1)"
        )
    scaled = np.where(alone, 0.0, parts / np.sqrt(np.where(alone, 1.0, 1 - values)))
    return np.asarray(np.einsum("gij,gj->gi", vectors, scaled))


def _powers_by_rows(products: ClusterProducts, power: float) -> np.ndarray:
    """Return (I - M_g)^power d, shape (G, K), by the roots of few rows.

    Notes
    -----
    With M_g = V'L V, V (r, K): d + V'((1 - L)^power - 1) V d. Directions that only
    cluster g informs are left out.
    """
    d = products.d
    out = np.tile(d, (products.G, 1))
    for number, (values, vectors) in enumerate(products.rows.roots):
        parts = vectors @ d
        alone = values > 1 - LEVERAGE_ONE
        if (np.abs(parts[alone]) > NOTHING_LEFT * np.linalg.norm(d)).any():
            raise NumericsError(
                f"cluster {products.names[number]} alone determines the combination"
                " (leverage 1)"
            )
        factors = np.where(alone, 0.0, np.where(alone, 1.0, 1 - values) ** power)
        out[number] += ((factors - 1) * parts) @ vectors
    return out


CR3_FACTOR = "(G-1)/G"


def cr3_inference(
    fit: OlsFit,
    c: np.ndarray,
    clusters: Labels,
    df: float | None = None,
    level: float = 0.95,
) -> RobustInference:
    """Test c'beta against zero with the cluster jackknife; c (K,), clusters (N,).

    Notes
    -----
    Bell and McCaffrey (2002); MacKinnon, Nielsen and Webb (2023), centred at the
    full-sample estimate.
    """
    products = cluster_products(fit, c, clusters)
    changes = changes_without(products)
    G = products.G
    freedom = G - 1 if df is None else df
    return robust_inference(
        products.estimate,
        float(changes @ changes),
        freedom,
        (G - 1) / G,
        CR3_FACTOR,
        level,
    )


def changes_without(products: ClusterProducts) -> np.ndarray:
    """Return how the estimate changes when each cluster is left out; shape (G,)."""
    return np.asarray(
        ((products.theta - products.m) * products.left_out).sum(axis=1)
        - products.estimate
    )


TWO_WAY_FACTOR = "m/(m-1), m the smaller number of clusters"


def two_way_inference(
    fit: OlsFit,
    c: np.ndarray,
    first: np.ndarray | Clusters,
    second: np.ndarray | Clusters,
    level: float = 0.95,
) -> RobustInference:
    """Test c'beta against zero with errors clustered in two ways; c (K,), first, second
    (R,).

    Notes
    -----
    Cameron, Gelbach and Miller (2011). V_1 + V_2 - V_12 need not be positive; taking
    the largest of the three is the careful choice of MacKinnon, Nielsen and Webb
    (2024).
    """
    ways = [encoded(way, fit.y.size) for way in (first, second)]
    counts = [len(names) for names, _ in ways]
    if len(np.unique(ways[0][1] * counts[1] + ways[1][1])) < fit.y.size:
        raise NumericsError("a pair of clusters holds more than one observation")
    scores = fit.X @ (fit.bread @ np.asarray(c, dtype=float)) * fit.u_hat
    V_1, V_2 = (float((np.bincount(codes, scores) ** 2).sum()) for _, codes in ways)
    variance = max(V_1 + V_2 - float(scores @ scores), V_1, V_2)
    m = min(counts)
    return robust_inference(
        float(c @ fit.beta), variance, m - 1, m / (m - 1), TWO_WAY_FACTOR, level
    )
