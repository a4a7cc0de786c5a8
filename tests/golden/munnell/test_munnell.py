"""Spatial lag and error panels of US states by two approaches."""

import numpy as np
import pytest

from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from golden.anchors import munnell_panel
from tolerances import CLOSED_FORM


@pytest.fixture(scope="module")
def study():
    return munnell_panel()


def fitted(study, model, approach="direct"):
    return fit_spatial_panel(*study, PanelModel(model, "unit", approach))


def test_the_transformation_keeps_coefficients(study):
    t = 17
    for model in ("SAR", "SEM", "SDM", "SDEM", "SAC"):
        direct, transformed = fitted(study, model), fitted(study, model, "lee_yu")
        np.testing.assert_allclose(transformed.estimates[:-1], direct.estimates[:-1], rtol=1e-7, atol=1e-9)
        for kind in ("observed", "expected"):
            ratio = transformed.std_errors(kind)[:-1] / direct.std_errors(kind)[:-1]
            np.testing.assert_allclose(ratio, np.sqrt(t / (t - 1)), rtol=1e-5 if model == "SAC" else CLOSED_FORM * 100)
