"""Wild cluster bootstrap with its draws and intervals by inversion of the test."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.inference.cluster_robust import (
    ClusterProducts,
    Clusters,
    Labels,
    changes_without,
    checked_level,
    cluster_products,
    cr1_factor,
    encoded,
    solve_each_without,
    standard_error,
)
from evenfield.numerics.ols import OlsFit

WebbOrRademacher = Literal["rademacher", "webb"]
WEBB_POINTS = np.sqrt(np.array([1.5, 1.0, 0.5, 0.5, 1.0, 1.5])) * np.array(
    [-1, -1, -1, 1, 1, 1]
)


@dataclass(frozen=True)
class WildDraws:
    """Bootstrap weights."""

    clusters: np.ndarray  # (G,) names in sorted order
    weights: np.ndarray  # (B, G) rademacher as -1 and 1 in bytes, Webb as numbers
    kind: WebbOrRademacher  # ``"rademacher"`` or ``"webb"``
    # whether the rows are all 2^G Rademacher vectors, each once, instead of a sample
    enumerated: bool

    @property
    def count(self) -> int:
        """Number of draws B."""
        return len(self.weights)

    def columns(self, names: np.ndarray) -> np.ndarray:
        """Return the weights of some clusters in the order of their names; names (g,)
        -> (B, g).
        """
        if np.array_equal(names, self.clusters):
            return self.weights
        missing = np.setdiff1d(names, self.clusters)
        if len(missing):
            lacking = counted(len(missing), "cluster has", "clusters have")
            raise NumericsError(
                f"{lacking} no bootstrap weights, for example {missing[0]}"
            )
        return self.weights[:, np.searchsorted(self.clusters, names)]


def wild_draws(
    clusters: Iterable[object],
    kind: WebbOrRademacher,
    count: int,
    rng: np.random.Generator,
) -> WildDraws:
    """Draw weights for the clusters, or list all Rademacher vectors when there are no
    more than ``count``.

    Notes
    -----
    Webb (2014), "Reworking wild bootstrap based inference for clustered errors".
    """
    names = encoded(
        clusters
        if isinstance(clusters, (np.ndarray, Clusters))
        else np.array(list(clusters))
    ).names
    if len(names) < 2 or count < 1:
        raise NumericsError(
            f"{count} draws for {len(names)} clusters: both must be positive, two"
            " clusters at least"
        )
    if kind not in {"rademacher", "webb"}:
        raise NumericsError(f"bootstrap weights are rademacher or webb, not {kind}")
    if kind == "webb":
        return WildDraws(
            names,
            WEBB_POINTS[rng.integers(0, 6, (count, len(names)))],
            kind,
            enumerated=False,
        )
    if len(names) < count.bit_length():
        return WildDraws(names, _all_signs(len(names)), kind, enumerated=True)
    size = count * len(names)
    bits = np.unpackbits(np.frombuffer(rng.bytes(-(-size // 8)), dtype=np.uint8))[:size]
    return WildDraws(
        names,
        bits.astype(np.int8).reshape(count, -1) * np.int8(2) - np.int8(1),
        kind,
        enumerated=False,
    )


def _all_signs(G: int) -> np.ndarray:
    numbers = np.arange(2**G)[:, None]
    return np.asarray(1 - 2 * (numbers >> np.arange(G) & 1), dtype=np.int8)


DOUBLINGS = 10
HALVINGS = 44
ROUNDING = 1e-12


def inverted_interval(
    p_value: Callable[[float], float], estimate: float, scale: float, level: float
) -> tuple[float, float]:
    """Return the interval of nulls around the estimate whose p-value exceeds 1 - level."""
    alpha = 1 - level + ROUNDING
    return _end(p_value, estimate, -scale, alpha), _end(p_value, estimate, scale, alpha)


def _end(
    p_value: Callable[[float], float], estimate: float, step: float, alpha: float
) -> float:
    inside = estimate
    outside = estimate + step
    for _ in range(DOUBLINGS):
        if p_value(outside) <= alpha:
            break
        inside = outside
        outside = estimate + 2 * (outside - estimate)
    else:
        return float(np.copysign(np.inf, step))
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        inside, outside = (
            (inside, middle) if p_value(middle) <= alpha else (middle, outside)
        )
    return float(outside)


BootstrapType = Literal["11", "33"]
TIE = 1e-9
IN_CACHE = 1 << 15
FEWEST_ROWS = 64


@dataclass(frozen=True)
class WildBootstrap:
    """Bootstrap distribution of the t statistic under every null c'beta = r, restricted
    to that null.

    Everything is linear in r: the numerators are ``n0 + r n1`` and the terms of the
    variance those of scores S0 + r S1.
    """

    products: ClusterProducts  # cross-products by cluster
    draws: WildDraws  # weights
    # WCR-11: restricted residuals and CR1. WCR-33: restricted jackknife residuals and
    # CR3
    kind: BootstrapType
    std_error: float  # of the estimate, with the factor
    factor: float  # multiple of the variance; it cancels in the p-value
    n0: np.ndarray  # (G,) numerator of a draw v: v'(n0 + r n1)
    n1: np.ndarray
    # (K, G) restricted scores; the terms of the variance are L S v + e * v, squared and
    # added
    S0: np.ndarray
    S1: np.ndarray
    L: np.ndarray  # (G, K)
    e0: np.ndarray  # (G,)
    e1: np.ndarray

    @cached_property
    def _weights(self) -> np.ndarray:
        return self.draws.columns(self.products.names)

    @cached_property
    def _at_zero(self) -> tuple[np.ndarray, np.ndarray]:
        numerators, squares = np.empty((2, self.draws.count))
        for rows in _blocks(self._weights.shape):
            V = self._weights[rows].astype(float)
            Z = self._terms(V, self.S0, self.e0)
            numerators[rows], squares[rows] = (V @ self.n0, np.einsum("bg,bg->b", Z, Z))
        return numerators, squares

    @cached_property
    def _around_estimate(self) -> np.ndarray:
        """Coefficients of numerators (2) and sums of squares (3) in r - estimate, so
        that no large numbers cancel.
        """
        centre = self.products.estimate
        n = self.n0 + centre * self.n1
        S = self.S0 + centre * self.S1
        e = self.e0 + centre * self.e1
        out = np.empty((5, self.draws.count))
        for rows in _blocks(self._weights.shape):
            V = self._weights[rows].astype(float)
            Z = self._terms(V, S, e)
            slope = self._terms(V, self.S1, self.e1)
            out[0, rows], out[1, rows] = V @ n, V @ self.n1
            out[2, rows], out[4, rows] = (
                np.einsum("bg,bg->b", Z, Z),
                np.einsum("bg,bg->b", slope, slope),
            )
            out[3, rows] = 2 * np.einsum("bg,bg->b", Z, slope)
        return out

    def _terms(self, V: np.ndarray, S: np.ndarray, e: np.ndarray) -> np.ndarray:
        return np.asarray((V @ S.T) @ self.L.T + V * e)

    def statistic(self, null: float = 0.0) -> float:
        """Return the t statistic of the data for c'beta = null."""
        return (self.products.estimate - null) / self.std_error

    def statistics(self, null: float = 0.0) -> np.ndarray:
        """Return the bootstrap t statistics with c'beta = null imposed on the bootstrap
        samples; shape (B,).
        """
        numerators, squares = self._parts(null)
        variance = self.factor * np.maximum(squares, 0.0)
        signs = np.where(numerators < 0, -1.0, 1.0)
        ratio = np.divide(
            numerators, np.sqrt(variance), out=signs * np.inf, where=variance > 0
        )
        return np.asarray(ratio)

    def _parts(self, null: float) -> tuple[np.ndarray, np.ndarray]:
        """Return numerators and sums of squares of all draws, each (B,)."""
        return self._at_zero if null == 0.0 else self._at(null - self.products.estimate)

    def _at(self, distance: float) -> tuple[np.ndarray, np.ndarray]:
        n, n1, squares, cross, s1 = self._around_estimate
        return n + distance * n1, squares + distance * (cross + distance * s1)

    def p_value(self, null: float = 0.0) -> float:
        """Return the symmetric two-sided p-value of c'beta = null."""
        numerators, squares = self._parts(null)
        # |t*| >= |t| without a division: a draw without variance is extreme.
        bound = self.factor * (self.statistic(null) * (1 - TIE)) ** 2
        extreme = int(np.count_nonzero(numerators**2 >= bound * squares))
        if self.draws.enumerated and self.kind == "11":
            return extreme / self.draws.count
        return (1 + extreme) / (1 + self.draws.count)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the values of c'beta that the bootstrap does not reject."""
        return inverted_interval(
            self.p_value, self.products.estimate, self.std_error, checked_level(level)
        )


class WildInference(NamedTuple):
    """Numbers of a wild bootstrap for a table."""

    estimate: float  # the usual numbers; the interval inverts the test
    std_error: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    level: float
    kind: str  # ``"11"`` or ``"33"``; ``"rademacher"`` or ``"webb"``
    weights: str
    draws: int  # B
    clusters: int  # G
    enumerated: bool  # whether all sign vectors were used


def wild_bootstrap(
    fit: OlsFit,
    c: np.ndarray,
    clusters: Labels,
    draws: WildDraws,
    kind: BootstrapType = "33",
    absorbed: int = 0,
) -> WildBootstrap:
    """Prepare the restricted wild cluster bootstrap of c'beta; c (K,), clusters (N,).

    Notes
    -----
    Bootstrap samples X beta_r + v_g u_rg have scores v_g s_g with s_g = X_g'u_rg,
    restricted residuals for "11" and residuals of the restricted fit without cluster g
    for "33". Numerator sum_g v_g c'(X'X)^-1 s_g. Terms of the variance: c'(X'X)^-1
    X_g'u*_g for "11", c'(beta*_(g) - beta*) for "33". All are linear in v and in the
    null.
    """
    products = cluster_products(fit, c, clusters)
    if kind not in _TERMS:
        raise NumericsError(f"the bootstrap type is 11 or 33, not {kind}")
    draws.columns(products.names)
    return _TERMS[kind](products, draws, absorbed)


def wild_inference(
    boot: WildBootstrap, level: float = 0.95, *, interval: bool = True
) -> WildInference:
    """Read the test against zero and the interval off a prepared bootstrap."""
    low, high = boot.interval(level) if interval else (np.nan, np.nan)
    return WildInference(
        estimate=boot.products.estimate,
        std_error=boot.std_error,
        statistic=boot.statistic(),
        p_value=boot.p_value(),
        conf_low=low,
        conf_high=high,
        level=level,
        kind=boot.kind,
        weights=boot.draws.kind,
        draws=boot.draws.count,
        clusters=boot.products.G,
        enumerated=boot.draws.enumerated,
    )


def _bootstrap_11(
    products: ClusterProducts, draws: WildDraws, absorbed: int
) -> WildBootstrap:
    d = products.d
    M = products.M
    # theta_r = theta - d (d'theta - r) / d'd meets the null; S_g(r) = m_g - M_g theta_r.
    direction = d / (d @ d)
    S0 = (products.m - M @ (products.theta - direction * products.estimate)).T
    S1 = -(M @ direction).T
    n0 = d @ S0
    n1 = d @ S1
    factor = cr1_factor(products.G, products.n, products.k + absorbed)
    variance = factor * float(((products.residual_scores @ d) ** 2).sum())
    # Terms of CR1: d'(S_g v_g - M_g sum_h S_h v_h).
    return WildBootstrap(
        products=products,
        draws=draws,
        kind="11",
        std_error=standard_error(variance),
        factor=factor,
        n0=n0,
        n1=n1,
        S0=S0,
        S1=S1,
        L=-M @ d,
        e0=n0,
        e1=n1,
    )


def _bootstrap_33(
    products: ClusterProducts,
    draws: WildDraws,
    absorbed: int,  # noqa: ARG001 - one signature for all variants
) -> WildBootstrap:
    d = products.d
    D = products.left_out
    G = products.G
    S0, S1 = _restricted_jackknife_scores(products)
    changes = changes_without(products)
    factor = (G - 1) / G
    # Terms of CR3, changes without a cluster: D_g'(sum_h S_h v_h - S_g v_g) - d'sum_h S_h v_h,
    # D_g = (I - M_g)^-1 d.
    return WildBootstrap(
        products=products,
        draws=draws,
        kind="33",
        std_error=standard_error(factor * float(changes @ changes)),
        factor=factor,
        n0=d @ S0,
        n1=d @ S1,
        S0=S0,
        S1=S1,
        L=D - d,
        e0=-np.einsum("gk,kg->g", D, S0),
        e1=-np.einsum("gk,kg->g", D, S1),
    )


def _restricted_jackknife_scores(
    products: ClusterProducts,
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of cluster g from the fit without it that meets the null: at a null
    of zero, and their slope in the null; each (K, G).

    Notes
    -----
    MacKinnon, Nielsen and Webb (2023): theta_r(g) = d r / d'd + Z phi_g with Z orthogonal
    to d, and (Z'(I - M_g)Z) phi_g = Z'(theta - m_g - r (I - M_g) d / d'd).
    """
    d = products.d
    M = products.M
    m = products.m
    weights = M @ (d / (d @ d))
    Z = np.linalg.qr(d[:, None], mode="complete")[0][:, 1:]
    if not Z.shape[1]:
        return m.T, -weights.T
    sides = Z.T @ np.stack([products.theta - m, weights], axis=2)
    phi = solve_each_without(Z.T @ M @ Z, sides, products.names)
    scores = np.stack([m, -weights], axis=2) - M @ (Z @ phi)
    return scores[:, :, 0].T, scores[:, :, 1].T


_TERMS = {"11": _bootstrap_11, "33": _bootstrap_33}


def _blocks(shape: tuple[int, ...]) -> list[slice]:
    step = max(FEWEST_ROWS, IN_CACHE // shape[1])
    return [
        slice(start, min(start + step, shape[0])) for start in range(0, shape[0], step)
    ]
