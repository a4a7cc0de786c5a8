"""Fixed effects and bias-corrected fixed effects of 48 US states against the research design."""

import json
from pathlib import Path

import numpy as np
import pytest

from evenfield.numerics.dynamic_panel.bias_corrected import Variance, bias_corrected_root
from golden.anchors import us_states
from tolerances import ITERATIVE

EXPECTED = json.loads((Path(__file__).parent / "expected.json").read_text())


def levels(name):
    first, last = map(int, name.split("-"))
    return np.log(us_states().loc[:, first:last]).to_numpy()


@pytest.mark.parametrize("name", EXPECTED["annual"])
def test_annual_roots(name):
    found, expected = levels(name), EXPECTED["annual"][name]
    fit = bias_corrected_root(found, Variance.CONSTANT)
    assert fit.fixed_effects == pytest.approx(expected["fixed_effects"], abs=ITERATIVE)
    assert fit.rho == pytest.approx(expected["bias_corrected"], abs=ITERATIVE) and not fit.no_root


@pytest.mark.parametrize("name", EXPECTED["annual"])
def test_the_heteroskedastic_score_lowers_the_speed(name):
    found = levels(name)
    assert bias_corrected_root(found).rho > bias_corrected_root(found, Variance.CONSTANT).rho
