"""Two-regime spatial lag: a brute-force grid, planted pulls, equal pulls, relabelling, refusals."""

import numpy as np
import pytest

from china_design import read_design, weights_of
from evenfield.numerics.spatial_panel.two_regime import two_regime_durbin
from numerics.refusals import refused

UNITS, A, DISTANCE, C, S = read_design()
W = weights_of(A, DISTANCE)["contiguity"]
INSIDE = W @ C > 0


def planted(rng: np.random.Generator, one: float, two: float, W=W, inside=INSIDE, sd: float = 1.0):
    x = rng.normal(size=len(W))
    X, pull = np.column_stack([np.ones(len(W)), x, W @ x]), np.where(inside, one, two)[:, None] * W
    return np.linalg.solve(np.eye(len(W)) - pull, X @ [1.0, 2.0, -0.5] + sd * rng.normal(size=len(W))), X


def test_optimum_beats_brute_force_in_any_order_and_refusals():
    y, X = planted(np.random.default_rng(1), 0.5, -0.2)
    fit = two_regime_durbin(y, X, W, INSIDE)

    def height(one: float, two: float) -> float:
        gap = np.eye(31) - np.where(INSIDE, one, two)[:, None] * W
        e = gap @ y - X @ np.linalg.lstsq(X, gap @ y, rcond=None)[0]
        return float(np.linalg.slogdet(gap)[1] - 31 / 2 * np.log(e @ e / 31))

    best, grid = height(fit.rho_inside, fit.rho_outside), np.linspace(-0.98, 0.98, 41)
    assert best >= max(height(a, b) for a in grid for b in grid) - 1e-9
    common = max(height(a, a) for a in np.linspace(fit.rho - 0.05, fit.rho + 0.05, 41))
    assert fit.likelihood_ratio == pytest.approx(2 * (best - common), abs=1e-4)
    y, X = planted(np.random.default_rng(3), 0.3, 0.3)
    fit, swapped = two_regime_durbin(y, X, W, INSIDE), two_regime_durbin(y, X, W, ~INSIDE)
    order = np.random.default_rng(4).permutation(31)
    moved = two_regime_durbin(y[order], X[order], W[np.ix_(order, order)], INSIDE[order])
    for other in (moved.rho_inside, swapped.rho_outside):
        assert other == pytest.approx(fit.rho_inside, abs=1e-7)
    assert swapped.p_value == pytest.approx(fit.p_value, abs=1e-6)
    y, X = planted(np.random.default_rng(5), 0.0, 0.0)
    refused("inside and outside", two_regime_durbin, y, X, W, np.ones(31, dtype=bool))
    refused("collinear", two_regime_durbin, y, X[:, [0, 1, 1]], W, INSIDE)


def test_planted_pulls_are_found_in_a_large_ring():
    n = 90
    ring = np.zeros((n, n))
    for i in range(n):
        ring[i, (i + 1) % n] = ring[i, (i - 1) % n] = 0.5
    inside, rng = np.arange(n) < 45, np.random.default_rng(2)
    fits = [two_regime_durbin(*planted(rng, 0.6, 0.1, ring, inside, 0.5), ring, inside) for _ in range(12)]
    assert np.mean([fit.rho_inside for fit in fits]) == pytest.approx(0.6, abs=0.08)
    assert np.mean([fit.rho_outside for fit in fits]) == pytest.approx(0.1, abs=0.08)
    gaps = np.array([fit.rho_inside - fit.rho_outside for fit in fits])
    assert np.abs(gaps - 0.5).max() < 4 * np.mean([fit.std_error for fit in fits])
