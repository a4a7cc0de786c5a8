"""The dynamic spatial panel: its score, its special cases, its effects and its Monte
Carlo.
"""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng
from statsmodels.tools.numdiff import approx_fprime

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
from evenfield.numerics.spatial_panel.dynamic_effects import dynamic_effects, stability
from evenfield.numerics.spatial_panel.dynamic_moments import transformed_roots
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import BalancedPanel, panel_from_arrays
from numerics.refusals import refused
from spatial_cases import contiguity_line, log_det, mean_effects, ring
from tolerances import ITERATIVE, close

NAMES = ("a", "b")
B = np.array([1.0, -0.5])
THETA = np.array([0.3, -0.2])


def dynamics_of(W, rho, tau, eta):
    """S = (I - rho W)^-1 and A = S (tau I + eta W)."""
    S = np.linalg.inv(np.eye(len(W)) - rho * W)
    return S, S @ (tau * np.eye(len(W)) + eta * W)


def simulated(n=20, t=12, rho=0.3, tau=0.6, eta=-0.1, matrix=None, seed=5, sd=0.5):
    rng = default_rng(seed)
    W = ring(n) if matrix is None else matrix
    S, A = dynamics_of(W, rho, tau, eta)
    mu = rng.normal(size=n)
    X = rng.normal(size=(t + 1, n, 2))
    y = [2 * rng.normal(size=n)]
    for x in X[1:]:
        shock = mu + rng.normal() + sd * rng.normal(size=n)
        y.append(A @ y[-1] + S @ (x @ B + W @ x @ THETA + shock))
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
    lagged = tau * y[:, :-1] + eta * W @ y[:, :-1]
    e = y[:, 1:] - rho * W @ y[:, 1:] - lagged - XX @ slopes
    e = e - e.mean(axis=1, keepdims=True)
    e = e - e.mean(axis=0)
    t = e.shape[1]
    return t * (log_det(W, rho) - np.log(1 - rho)) - (n - 1) * t / 2 * np.log(
        (e**2).sum()
    )


def test_likelihood_is_at_its_maximum(case, fit):
    top = log_likelihood(*case, fit.likelihood)
    for step in 1e-4 * np.eye(len(fit.names)):
        assert log_likelihood(*case, fit.likelihood + step) < top
        assert log_likelihood(*case, fit.likelihood - step) < top


def test_derivatives_of_the_score_are_exact(case):
    m, _ = dynamic_moments(*case, None, DYNAMICS)
    theta = np.array([0.25, 0.5, -0.05])
    whole = m.slope_matrix(theta, 1.0)
    own, cross = whole[:3, :3], whole[:3, 3:]
    exact = own - cross @ np.linalg.solve(whole[3:, 3:], whole[3:, :3])
    slope = approx_fprime(theta, lambda v: m.score(v, 1.0), 1e-6, centered=True)
    close(exact, slope, rtol=1e-6, atol=1e-4)


def expected_score_gap(W, t, *dynamics):
    """Return minus the expected score's bias by dense powers of A, with the variance's
    degrees of freedom.
    """
    J = np.eye(len(W)) - 1 / len(W)
    S, A = dynamics_of(W, *dynamics)
    powers = [np.linalg.matrix_power(A, j) @ S for j in range(t)]
    own = np.array([np.trace(J @ power) for power in powers])
    near = np.array([np.trace(J @ W @ power) for power in powers])
    weights = np.arange(t, 0, -1) / t
    at_rho = weights @ near - np.trace(J @ W @ S)
    return np.array([at_rho, weights[1:] @ own[:-1], weights[1:] @ near[:-1]])


@pytest.mark.parametrize("matrix", [ring(11), contiguity_line(11)])
def test_adjustment_equals_dense_traces(matrix):
    panel, net = simulated(n=11, t=6, matrix=matrix)
    m, _ = dynamic_moments(panel, net, None, DYNAMICS)
    theta = np.array([0.35, 0.7, -0.2])
    close(m.adjustment(theta), expected_score_gap(matrix, 6, *theta))


def test_without_lags_it_is_the_static_model(case):
    panel, net = case
    result = fit_dynamic(panel, net, free=("rho",))
    values = panel.values[:, 1:]
    later = BalancedPanel(panel.units, panel.periods[1:], panel.names, values)
    static = fit_spatial_panel(later, net, PanelModel("SDM"))
    ours = dict(zip(result.names, result.estimates, strict=True))
    for name in ("rho", *NAMES, "W a", "W b"):
        close(ours[name], static[name], ITERATIVE)
    close(result.sigma2, static.sigma2, ITERATIVE)


def test_without_space_and_regressors_it_is_the_bias_corrected_root():
    panel, net = simulated(
        rho=0.0,
        eta=0.0,
        tau=0.7,
        seed=9,
    )
    m, _ = dynamic_moments(panel, net, (), ("tau",))
    alone = replace(m, gram=m.gram[:4, :4])  # without regressors
    fit = dyn.fit_moments(alone, net, (), ())
    expected = bias_corrected_root(panel.values[..., 0], Variance.CONSTANT)
    assert fit.converged
    close(fit.estimates[1], expected.rho, ITERATIVE)
    close(fit.likelihood[1], expected.fixed_effects)


def test_what_is_not_free_is_zero_without_error(case):
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


def test_effects_equal_dense_algebra(case, fit):
    W = case[1].matrix.toarray()
    I = np.eye(len(W))  # noqa: E741
    result = dynamic_effects(fit, (1, 5), default_rng(1), draws=200)
    rho, tau, eta = fit.dynamics
    S, A = dynamics_of(W, rho, tau, eta)
    powers = np.array([np.linalg.matrix_power(A, j) for j in range(6)]).cumsum(axis=0)
    settled = np.linalg.inv((1 - tau) * I - (rho + eta) * W) @ (I - rho * W)
    for k in range(2):
        impulse = S @ (fit.estimates[3 + k] * I + fit.estimates[5 + k] * W)
        for h, path in enumerate([I, powers[1], powers[5], settled]):
            close(result.estimate[h, :, k], mean_effects(path @ impulse))
    assert result.horizons == ("short_run", "after_1", "after_5", "long_run")
    assert (result.conf_low[0] < result.estimate[0]).all()
    assert (result.estimate[0] < result.conf_high[0]).all()
    # Draws of a law near the normal: 95 % lie within 1.96 errors of the middle.
    width = (result.conf_high - result.conf_low)[0] / (2 * 1.96)
    close(result.std_error[0], width, rtol=0.25)


def test_stability_is_that_of_the_roots_beside_the_constant(case, fit):
    W = case[1].matrix.toarray()
    result = stability(fit)
    roots = np.linalg.eigvals(dynamics_of(W, *fit.dynamics)[1])
    rest = np.delete(roots, np.argmin(np.abs(roots - result.constant_root)))
    radius = np.abs(rest).max()
    close([result.radius, result.slowest], [radius, -100 * np.log(radius)])
    assert len(transformed_roots(case[1])) == len(W) - 1


def with_dynamics(fit, *dynamics):
    return replace(fit, estimates=np.concatenate([dynamics, fit.estimates[3:]]))


def test_an_unstable_path_has_no_long_run(fit):
    wild = with_dynamics(fit, 0.3, 1.05, -0.2)
    assert not stability(wild).stable
    result = dynamic_effects(wild, (1,), default_rng(1), draws=200)
    assert np.isnan(result.estimate[-1]).all()
    assert np.isfinite(result.estimate[:-1]).all()


def test_a_constant_root_above_one_leaves_no_long_run(fit):
    common = stability(with_dynamics(fit, 0.5, 0.6, 0.0))
    assert common.constant_root > 1
    assert not common.long_run


def test_bad_input_is_named(case):
    panel, net = case
    refused("sums to one", fit_dynamic, panel, network(net.units, 2 * net.matrix))
    refused("neither a regressor nor one of", fit_dynamic, panel, net, lagged=("c",))
    refused("neither a regressor nor one of", fit_dynamic, panel, net, free=("lambda",))
    values = panel.values[:, :4]
    short = BalancedPanel(panel.units, panel.periods[:4], panel.names, values)
    refused("3 periods with a lag are too few", fit_dynamic, short, net)
    for words, column, changed in (
        ("regressor a does not vary", 1, np.arange(len(panel.periods))),
        ("dependent", 2, panel.values[..., 1]),
        ("outcome does not vary", 0, 1.0),
    ):
        values = panel.values.copy()
        values[..., column] = changed
        refused(words, fit_dynamic, replace(panel, values=values), net)
    refused(
        "without weights", fit_dynamic, panel, network(net.units[:-1], ring(net.n - 1))
    )
