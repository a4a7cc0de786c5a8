"""Fixed effects and bias-corrected fixed effects of 48 US states against the research design."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.dynamic_panel.bias_corrected import Variance, bias_corrected_root
from tolerances import ITERATIVE

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "expected.json").read_text())


def levels(name):
    data = pd.read_csv(HERE.parent / "us_states" / "data.csv")
    wide = np.log(data.pivot(index="state", columns="year", values="income_per_head_usd"))
    start, end = map(int, name.removeprefix("five_year_").split("-"))
    return wide.loc[:, start : end : 5 if name.startswith("five") else 1].to_numpy()


def speed(rho, years=1):
    return -100 * np.log(rho) / years


@pytest.mark.parametrize("name", EXPECTED["annual"])
def test_annual_roots(name):
    found, expected = levels(name), EXPECTED["annual"][name]
    fit = bias_corrected_root(found, Variance.CONSTANT)
    assert fit.fixed_effects == pytest.approx(expected["fixed_effects"], abs=ITERATIVE)
    assert fit.rho == pytest.approx(expected["bias_corrected"], abs=ITERATIVE) and not fit.no_root


@pytest.mark.parametrize("name", EXPECTED["speeds_pct"])
def test_printed_speeds(name):
    found, expected = levels(name), EXPECTED["speeds_pct"][name]
    years = 5 if name.startswith("five") else 1
    constant = bias_corrected_root(found, Variance.CONSTANT)
    assert speed(constant.fixed_effects, years) == pytest.approx(expected["fixed_effects"], abs=0.05)
    assert speed(constant.rho, years) == pytest.approx(expected["bias_corrected"], abs=0.05)
    assert bias_corrected_root(found).rho > constant.rho, "the heteroskedastic score lowers the speed"
