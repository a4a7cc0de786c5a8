"""Effects against a dense inverse, by hand on three units, and against draws."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import norm
from statsmodels.tools.numdiff import approx_fprime

from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.impacts import (
    delta_impacts,
    drawn_impacts,
    multipliers,
)
from evenfield.numerics.spatial_panel.models import PanelModel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects
from evenfield.numerics.spatial_panel.reach import partition, reach
from golden.anchors import munnell_panel
from numerics.refusals import refused
from spatial_cases import contiguity_line, make_case, mean_effects, ring
from tolerances import MACHINE, close

MODELS = ("SLX", "SAR", "SEM", "SDM", "SDEM", "SAC")


def test_multipliers_of_many_values_are_those_of_each():
    net = network(range(12), CASES["uneven rows"])
    rho = np.linspace(-0.5, 0.6, 200)
    many = multipliers(net, rho)
    for i in (0, 77, 199):
        one = multipliers(net, rho[i : i + 1])
        for field in ("own", "own_lag", "all", "all_lag"):
            close(getattr(many, field)[i], getattr(one, field)[0], rtol=1e-9)


def test_draws_that_leave_the_range_of_rho_are_refused():
    fit = make_case(n=12, t=4).fit("SAR", "unit")
    fit._stored["observed"] = fit.covariance() + 1e4 * np.eye(len(fit.names))
    refused("leave its range", drawn_impacts, fit, generator_for(1, "x"), 1000)


def test_effects_of_random_effects_and_of_partly_lagged_models_are_dense():
    panel, net = munnell_panel()
    for fit in (
        make_case().fit("SDM", lagged=("b",)),
        fit_random_effects(panel, net, PanelModel("SDM")),
    ):
        close(delta_impacts(fit).estimate, dense_effects(fit, fit.estimates), rtol=1e-9)


def dense_effects(fit, vector):
    values = dict(zip(fit.names, vector, strict=True))
    n = fit.network.n
    W = fit.network.matrix.toarray()
    effects = []
    for name in fit.regressors:
        inner = values[name] * np.eye(n) + values.get(f"W {name}", 0.0) * W
        M = np.linalg.solve(np.eye(n) - values.get("rho", 0.0) * W, inner)
        effects.append(mean_effects(M))
    return np.array(effects).T


CASES = {
    "row-standardised": ring(12),
    "line": contiguity_line(12),
    "uneven rows": ring(12) * np.linspace(0.5, 1.5, 12)[:, None],
}


@pytest.mark.parametrize("matrix", CASES.values(), ids=CASES)
@pytest.mark.parametrize("model", MODELS)
def test_effects_and_their_errors_equal_a_dense_inverse_and_numeric_gradient(
    model, matrix
):
    lam = 0.3 if model in ("SEM", "SDEM", "SAC") else 0.0
    rho = 0.3 if model in ("SAR", "SDM", "SAC") else 0.0
    fit = make_case(matrix=matrix, rho=rho, lam=lam).fit(model, "unit")
    result = delta_impacts(fit, "expected")
    close(result.estimate, dense_effects(fit, fit.estimates), rtol=1e-9, atol=MACHINE)
    gradient = approx_fprime(
        fit.estimates, lambda v: dense_effects(fit, v).ravel(), 1e-6, centered=True
    )
    variance = np.diag(gradient @ fit.covariance("expected") @ gradient.T)
    errors = np.sqrt(variance).reshape(3, 2)
    close(result.std_error, errors, rtol=1e-6, atol=1e-9)
    assert_array_equal(result.estimate[2], result.estimate[0] + result.estimate[1])
    width = 2 * norm.ppf(0.975) * result.std_error
    close(result.conf_high - result.conf_low, width, rtol=1e-12)


@pytest.mark.parametrize(
    "matrix",
    [CASES["line"], CASES["uneven rows"]],
    ids=["row-standardised", "uneven rows"],
)
def test_draws_agree_with_the_delta_method_and_repeat(matrix):
    case = make_case(
        n=12,
        t=30,
        matrix=matrix,
        rho=0.3,
    )
    fit = case.fit("SDM", "unit")
    delta = delta_impacts(fit)
    drawn = drawn_impacts(fit, generator_for(1, "x"), 20_000)
    close(drawn.std_error, delta.std_error, rtol=0.05)
    assert_array_equal(drawn.estimate, delta.estimate)
    # Ends of a 95% interval: 2.5% of the draws beyond each.
    for end, share in ((drawn.conf_low, 0.025), (drawn.conf_high, 0.975)):
        errors_away = (end - delta.estimate) / delta.std_error
        close(errors_away, norm.ppf(share), rtol=0.15)
    assert_array_equal(
        drawn_impacts(fit, generator_for(1, "x"), 20_000).conf_low, drawn.conf_low
    )
    assert drawn.draws + drawn.dropped == 20_000


@pytest.mark.parametrize("matrix", CASES.values(), ids=CASES)
def test_sent_received_and_partition_add_up(matrix):
    case = make_case(matrix=matrix, rho=0.3)
    fit = case.fit("SDM", "unit")
    effects = delta_impacts(fit).estimate
    for k, name in enumerate(fit.regressors):
        result = reach(fit, name)
        own = result.own.mean()
        sums = [own, result.received.mean(), own + result.sent.mean()]
        close(sums, effects[:, k], rtol=1e-9)
        total = np.zeros(3)
        for q, row in enumerate(partition(fit, name, 500)):
            load = fit[name]
            if q:
                load = fit.rho**q * load + fit.rho ** (q - 1) * fit[f"W {name}"]
            M = np.linalg.matrix_power(matrix, q) * load
            close(row[[0, 2]], mean_effects(M)[::2], atol=MACHINE)
            total += row
        close(total, effects[:, k], rtol=1e-8)
    refused("not a regressor", reach, fit, "W a")
