"""Spatial lag and error panels of US states against what R splm printed."""

import json
from pathlib import Path

import numpy as np
import pytest

from evenfield.numerics.spatial_panel.lm_tests import bsk_tests, lm_tests
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects
from golden.munnell.panel import NAMES, munnell_panel
from tolerances import CLOSED_FORM

EXPECTED = json.loads((Path(__file__).parent / "expected.json").read_text())
# Half a unit of the last digit that splm printed.
SIX, SEVEN, THREE, TWO = 6e-7, 6e-8, 6e-4, 6e-3


@pytest.fixture(scope="module")
def study():
    return munnell_panel()


def fitted(study, model, approach="direct"):
    return fit_spatial_panel(*study, PanelModel(model, "unit", approach))


@pytest.mark.parametrize(("model", "spatial"), [("SAR", "rho"), ("SEM", "lambda")])
def test_unit_effects_equal_splm(study, model, spatial):
    fit, expected = fitted(study, model), EXPECTED[f"{model.lower()}_unit"]
    errors = dict(zip(fit.names, fit.std_errors("expected"), strict=True))
    assert fit[spatial] == pytest.approx(expected[spatial], abs=SIX)
    assert errors[spatial] == pytest.approx(expected[f"{spatial}_se"], abs=SIX)
    np.testing.assert_allclose([fit[name] for name in NAMES], expected["beta"], rtol=0, atol=SEVEN)
    if "beta_se" in expected:
        np.testing.assert_allclose([errors[name] for name in NAMES], expected["beta_se"], rtol=0, atol=SEVEN)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], abs=THREE)


@pytest.mark.parametrize(("model", "spatial", "atol"), [("SAR", "rho", SIX), ("SEM", "lambda", 6e-6)])
def test_random_effects_equal_splm(study, model, spatial, atol):
    fit, expected = fit_random_effects(*study, PanelModel(model)), EXPECTED[f"{model.lower()}_random"]
    assert fit[spatial] == pytest.approx(expected[spatial], abs=atol)
    assert fit["phi"] == pytest.approx(expected["phi"], abs=6e-5)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], abs=THREE)


def test_tests_equal_splm_and_the_transformation_keeps_coefficients(study):
    found = {test.name: test.statistic for test in [*lm_tests(*study, "unit", "direct"), *bsk_tests(*study)]}
    for name, value in EXPECTED["tests"].items():
        assert found[name] == pytest.approx(value, abs=TWO if "SLM" in name else THREE), name
    t = 17
    for model in ("SAR", "SEM", "SDM", "SDEM", "SAC"):
        direct, transformed = fitted(study, model), fitted(study, model, "lee_yu")
        np.testing.assert_allclose(transformed.estimates[:-1], direct.estimates[:-1], rtol=1e-7, atol=1e-9)
        for kind in ("observed", "expected"):
            ratio = transformed.std_errors(kind)[:-1] / direct.std_errors(kind)[:-1]
            np.testing.assert_allclose(ratio, np.sqrt(t / (t - 1)), rtol=1e-5 if model == "SAC" else CLOSED_FORM * 100)
