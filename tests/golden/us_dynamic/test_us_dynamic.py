"""Fixed effects and bias-corrected fixed effects of 48 US states against the research design."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.dynamic_panel.bias_corrected import Variance, bias_corrected_root
from evenfield.numerics.dynamic_panel.within import fixed_effects_root
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
    assert fixed_effects_root(found).rho == pytest.approx(expected["fixed_effects"], abs=ITERATIVE)
    fit = bias_corrected_root(found, Variance.CONSTANT)
    assert fit.rho == pytest.approx(expected["bias_corrected"], abs=ITERATIVE)
    assert not fit.no_root


@pytest.mark.parametrize("name", EXPECTED["speeds_pct"])
def test_printed_speeds(name):
    found, expected = levels(name), EXPECTED["speeds_pct"][name]
    years = 5 if name.startswith("five") else 1
    assert speed(fixed_effects_root(found).rho, years) == pytest.approx(expected["fixed_effects"], abs=0.05)
    constant = bias_corrected_root(found, Variance.CONSTANT).rho
    assert speed(constant, years) == pytest.approx(expected["bias_corrected"], abs=0.05)
    assert bias_corrected_root(found).rho > constant, "the heteroskedastic score lowers the speed"
