"""Difference and system GMM on the employment data of Arellano and Bond (1991), against pydynpd."""

import json
from pathlib import Path

import numpy as np
import pytest

from evenfield.numerics.dynamic_panel.gmm import Equations, GmmSpec, Layout, dynamic_gmm
from golden.anchors import firms
from tolerances import ITERATIVE

EXPECTED = json.loads((Path(__file__).parent / "expected.json").read_text())
SPECS = {
    "difference_full": GmmSpec(2, 2, 4, Equations.DIFFERENCE, Layout.FULL),
    "difference_collapsed": GmmSpec(2, 2, 4),
    "system_collapsed": GmmSpec(1, 2, 3, Equations.SYSTEM),
    "system_full": GmmSpec(1, 2, 4, Equations.SYSTEM, Layout.FULL),
}


@pytest.mark.parametrize("name", SPECS)
def test_pydynpd(name):
    logs = firms()
    X = np.stack([logs["w"], logs["k"]], axis=-1)
    if name.startswith("system"):
        X = np.concatenate([X, np.where(np.isfinite(logs["n"]), 1.0, np.nan)[..., None]], axis=-1)
    fit, expected = dynamic_gmm(logs["n"], SPECS[name], X), EXPECTED["pydynpd"][name]
    assert fit.beta == pytest.approx(expected["beta"], abs=1e-6)
    assert fit.std_errors == pytest.approx(expected["std_errors"], abs=1e-6)
    assert fit.hansen.statistic == pytest.approx(expected["hansen"], rel=ITERATIVE) and fit.hansen.df == expected["df"]
    assert [test.statistic for test in fit.serial] == pytest.approx(expected["serial"], rel=ITERATIVE)
    assert fit.n_instruments == expected["instruments"] and bool(fit.level_rows) == name.startswith("system")
