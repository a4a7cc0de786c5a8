"""The dynamic spatial panel: its score, its special cases, its effects and its Monte
Carlo.
"""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics.dynamic_panel.bias_corrected import (
    Variance,
    bias_corrected_root,
)
from evenfield.numerics.spatial_panel import dynamic as dyn
from evenfield.numerics.spatial_panel.dynamic import (
    DYNAMICS,
    dynamic_moments,
    fit_dynamic,
)
from evenfield.numerics.spatial_panel.dynamic_effects import (
    dynamic_effects,
    stability,
)
from evenfield.numerics.spatial_panel.dynamic_moments import transformed_roots
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import BalancedPanel, panel_from_arrays
from numerics.refusals import refused
from spatial_cases import contiguity_line, ring
from tolerances import ITERATIVE, close

NAMES = ("a", "b")
B = np.array([1.0, -0.5])
THETA = np.array([0.3, -0.2])


def simulated(n=20, t=12, rho=0.3, tau=0.6, eta=-0.1, matrix=None, seed=5, sd=0.5):
    rng = default_rng(seed)
    W = ring(n) if matrix is None else matrix
    S = np.linalg.inv(np.eye(n) - rho * W)
    mu = rng.normal(size=n)
    X = rng.normal(size=(t + 1, n, 2))
    y = [2 * rng.normal(size=n)]
    for s in range(1, t + 1):
        shock = mu + rng.normal() + sd * rng.normal(size=n)
        y.append(
            S @ (tau * y[-1] + eta * W @ y[-1] + X[s] @ B + W @ X[s] @ THETA + shock)
        )
    units = [f"u{i:02d}" for i in range(n)]
    return panel_from_arrays(np.array(y), X, units, NAMES), network(units, W)


@pytest.fixture(scope="module")
def case():
    return simulated()


@pytest.fixture(scope="module")
def fit(case):
    return fit_dynamic(*case)


def log_likelihood(panel, net, theta):
    """Lee and Yu's likelihood with time effects transformed away and unit effects
    demeaned, from dense matrices.
    """
    W = net.matrix.toarray()
    n = net.n
    values = panel.ordered(net.units)
    rho, tau, eta, slopes = *theta[:3], theta[3:]
    y = values[..., 0]
    X = values[:, 1:, 1:]
    XX = np.concatenate([X, np.einsum("ij,jtk->itk", W, X)], axis=2)
    e = (
        (np.eye(n) - rho * W) @ y[:, 1:]
        - (tau * np.eye(n) + eta * W) @ y[:, :-1]
        - XX @ slopes
    )
    e = e - e.mean(axis=1, keepdims=True)
    e = e - e.mean(axis=0)
    t = e.shape[1]
    logdet = np.linalg.slogdet(np.eye(n) - rho * W)[1] - np.log(1 - rho)
    return t * logdet - (n - 1) * t / 2 * np.log((e**2).sum())


def test_likelihood_is_at_its_maximum_and_derivatives_are_exact(case, fit):
    top = log_likelihood(*case, fit.likelihood)
    for position in range(len(fit.names)):
        step = np.zeros(len(fit.names))
        step[position] = 1e-4
        assert log_likelihood(*case, fit.likelihood + step) < top
        assert log_likelihood(*case, fit.likelihood - step) < top
    m, _ = dynamic_moments(*case, None, DYNAMICS)
    theta = np.array([0.25, 0.5, -0.05])
    step = 1e-6
    whole = m.slope_matrix(theta, 1.0)
    exact = whole[:3, :3] - whole[:3, 3:] @ np.linalg.solve(
        whole[3:, 3:], whole[3:, :3]
    )
    for j in range(3):
        up = theta.copy()
        down = theta.copy()
        up[j], down[j] = theta[j] + step, theta[j] - step
        slope = (m.score(up, 1.0) - m.score(down, 1.0)) / (2 * step)
        close(exact[:, j], slope, rtol=1e-6, atol=1e-4)


def expected_score_gap(W, t, rho, tau, eta):
    """Return minus the expected score's bias by dense powers of A, with the variance's
    degrees of freedom.
    """
    n = len(W)
    J = np.eye(n) - 1 / n
    S = np.linalg.inv(np.eye(n) - rho * W)
    A = S @ (tau * np.eye(n) + eta * W)
    powers = [np.linalg.matrix_power(A, j) @ S for j in range(t)]
    lagged = [np.trace(J @ m @ p) for p in powers for m in (np.eye(n), W)]
    own = np.array(lagged[::2])
    near = np.array(lagged[1::2])
    weights = np.arange(t - 1, 0, -1) / t
    at_rho = ((t - np.arange(t)) / t) @ near - np.trace(J @ W @ S)
    return np.array([at_rho, weights @ own[:-1], weights @ near[:-1]])


@pytest.mark.parametrize("matrix", [ring(11), contiguity_line(11)])
def test_adjustment_equals_dense_traces(matrix):
    panel, net = simulated(n=11, t=6, matrix=matrix)
    m, _ = dynamic_moments(panel, net, None, DYNAMICS)
    theta = np.array([0.35, 0.7, -0.2])
    close(m.adjustment(theta), expected_score_gap(matrix, 6, *theta))


def test_special_cases_without_lags_and_without_space(case):
    panel, net = case
    result = fit_dynamic(panel, net, free=("rho",))
    later = BalancedPanel(
        panel.units, panel.periods[1:], panel.names, panel.values[:, 1:]
    )
    static = fit_spatial_panel(later, net, PanelModel("SDM"))
    close(result.estimates[0], static.rho, ITERATIVE)
    names = list(static.names)
    for name in (*NAMES, "W a", "W b"):
        selected = result.estimates[result.names.index(name)]
        close(selected, static.estimates[names.index(name)], ITERATIVE)
    close(result.sigma2, static.sigma2, ITERATIVE)
    panel, net = simulated(rho=0.0, eta=0.0, tau=0.7, seed=9)
    y = panel.values[..., 0]
    m, _ = dynamic_moments(panel, net, (), ("tau",))
    alone = replace(m, gram=m.gram[:4, :4])  # without regressors
    fit = dyn.fit_moments(alone, net, (), ())
    expected = bias_corrected_root(y, Variance.CONSTANT)
    assert fit.converged
    close(fit.estimates[1], expected.rho, ITERATIVE)
    close(fit.likelihood[1], expected.fixed_effects)
    result = fit_dynamic(*case, free=("rho", "tau"))
    assert result.estimates[2] == 0
    assert result.std_errors[2] == 0
    assert result.std_errors[:2].min() > 0


def test_effects_of_units_and_years_do_not_matter(case, fit):
    panel, net = case
    values = panel.values.copy()
    rng = default_rng(4)
    # A common path in levels is a time effect of the equation because the rows of W sum
    # to one.
    values[..., 0] += rng.normal(size=len(panel.periods))
    values[..., 1:] += rng.normal(size=(len(panel.units), 1, 2)) + rng.normal(
        size=(1, len(panel.periods), 2)
    )
    again = fit_dynamic(replace(panel, values=values), net)
    close(again.estimates, fit.estimates, rtol=1e-7)


def test_effects_and_stability_equal_dense_algebra_or_have_no_long_run(case, fit):
    W = case[1].matrix.toarray()
    n = case[1].n
    result = dynamic_effects(fit, (1, 5), default_rng(1), draws=200)
    rho, tau, eta = fit.dynamics
    S = np.linalg.inv(np.eye(n) - rho * W)
    A = S @ (tau * np.eye(n) + eta * W)
    for k in range(2):
        impulse = S @ (fit.estimates[3 + k] * np.eye(n) + fit.estimates[5 + k] * W)
        long_run = (
            np.linalg.inv((1 - tau) * np.eye(n) - (rho + eta) * W)
            @ (np.eye(n) - rho * W)
            @ impulse
        )
        after = [
            sum(np.linalg.matrix_power(A, j) for j in range(h + 1)) @ impulse
            for h in (0, 1, 5)
        ]
        for h, matrix in enumerate([*after, long_run]):
            direct = np.trace(matrix) / n
            total = matrix.sum() / n
            close(result.estimate[h, :, k], [direct, total - direct, total])
    assert result.horizons == ("short_run", "after_1", "after_5", "long_run")
    assert (result.conf_low[0] < result.estimate[0]).all()
    assert (result.estimate[0] < result.conf_high[0]).all()
    result = stability(fit)
    W = case[1].matrix.toarray()
    A = np.linalg.solve(
        np.eye(len(W)) - fit.dynamics[0] * W,
        fit.dynamics[1] * np.eye(len(W)) + fit.dynamics[2] * W,
    )
    roots = np.linalg.eigvals(A)
    rest = np.delete(roots, np.argmin(np.abs(roots - result.constant_root)))
    close(result.radius, np.abs(rest).max(), rtol=1e-9)
    close(result.slowest, -100 * np.log(np.abs(rest).max()), rtol=1e-8)
    assert len(transformed_roots(case[1])) == len(W) - 1
    wild = replace(
        fit, estimates=np.concatenate([[0.3, 1.05, -0.2], fit.estimates[3:]])
    )
    assert not stability(wild).stable
    result = dynamic_effects(wild, (1,), default_rng(1), draws=200)
    assert np.isnan(result.estimate[-1]).all()
    assert np.isfinite(result.estimate[:-1]).all()
    common = replace(
        fit, estimates=np.concatenate([[0.5, 0.6, 0.0], fit.estimates[3:]])
    )
    assert stability(common).constant_root > 1
    assert not stability(common).long_run


def test_bad_input_is_named(case):
    panel, net = case
    refused("sums to one", fit_dynamic, panel, network(net.units, 2 * net.matrix))
    refused("neither a regressor nor one of", fit_dynamic, panel, net, lagged=("c",))
    refused("neither a regressor nor one of", fit_dynamic, panel, net, free=("lambda",))
    short = BalancedPanel(
        panel.units, panel.periods[:4], panel.names, panel.values[:, :4]
    )
    refused("3 periods with a lag are too few", fit_dynamic, short, net)
    still = panel.values.copy()
    still[..., 1] = np.arange(len(panel.periods))
    refused("regressor a does not vary", fit_dynamic, replace(panel, values=still), net)
    twins = panel.values.copy()
    twins[..., 2] = twins[..., 1]
    refused("dependent", fit_dynamic, replace(panel, values=twins), net)
    flat = panel.values.copy()
    flat[..., 0] = 1.0
    refused("outcome does not vary", fit_dynamic, replace(panel, values=flat), net)
    refused("no weights", fit_dynamic, panel, network(net.units[:-1], ring(net.n - 1)))
