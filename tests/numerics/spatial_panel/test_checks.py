"""The year bootstrap, common factors and the sandwich."""

import numpy as np
import pytest

from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.bootstrap import year_bootstrap
from evenfield.numerics.spatial_panel.factors import fit_with_factors
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.panel import panel_from_arrays
from numerics.refusals import refused
from spatial_cases import NAMES, make_case, ring


@pytest.mark.parametrize("model", ["SDM", "SEM"])
def test_year_bootstrap_agrees_with_the_information_when_errors_are_independent(model):
    case = make_case(
        n=15, t=40, matrix=ring(15), rho=0.4 if model == "SDM" else 0.0, lam=0.0 if model == "SDM" else 0.4
    )
    fit = fit_spatial_panel(case.panel, case.network, PanelModel(model))
    drawn = year_bootstrap(case.panel, fit, generator_for(1, "years"), 300, 2)
    np.testing.assert_allclose(drawn.mean(axis=0)[:-1], fit.estimates[:-1], atol=0.03)
    np.testing.assert_allclose(drawn.std(axis=0)[:-1], fit.std_errors()[:-1], rtol=0.2)
    np.testing.assert_array_equal(year_bootstrap(case.panel, fit, generator_for(1, "years"), 2, 2), drawn[:2])


def with_factor(case, strength):
    rng, n = np.random.default_rng(9), len(case.units)
    paths, loadings = rng.normal(size=(case.y.shape[0], 1)), 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(n) / n)[None, :]
    return panel_from_arrays(case.y + strength * paths * loadings, case.X, case.units, NAMES)


def test_common_factors_and_the_sandwich():
    case = make_case(n=30, t=40, rho=0.0, theta=(0.0, 0.0), matrix=ring(30))
    found = fit_with_factors(with_factor(case, 3.0), case.network, PanelModel("SDM"), 1)
    assert found.converged and found.before.rho > 0.5 and abs(found.after.rho) < 0.15
    assert found.after.log_likelihood > found.before.log_likelihood
    np.testing.assert_allclose([found.after["a"], found.after["b"]], [1.0, -0.5], atol=0.06)
    assert np.isfinite(found.after.std_errors()).all()
    refused("0 factors", fit_with_factors, case.panel, case.network, PanelModel("SAR"), 0)
    rng, case = np.random.default_rng(1), make_case(n=15, t=40, matrix=ring(15))
    fat = np.linalg.solve(np.eye(15) - 0.4 * case.matrix, (case.X @ [1.0, -0.5] + rng.standard_t(5, (40, 15))).T).T
    fit = fit_spatial_panel(panel_from_arrays(fat, case.X, case.units, NAMES), case.network, PanelModel("SAR"))
    ratio = fit.std_errors("qml") / fit.std_errors("expected")
    assert ratio[-1] > 1.2 and np.abs(ratio[:-1] - 1).max() < 0.05
    normal = fit_spatial_panel(case.panel, case.network, PanelModel("SDM"))
    np.testing.assert_allclose(normal.std_errors("qml"), normal.std_errors("expected"), rtol=0.15)
