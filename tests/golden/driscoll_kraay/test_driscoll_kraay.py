"""Driscoll-Kraay on Munnell's states: the numbers of R plm and linearmodels, each under the name of its factor."""

import json
from pathlib import Path

import numpy as np
import pytest
from linearmodels import PanelOLS
from linearmodels.datasets import munnell

from evenfield.numerics.inference.driscoll_kraay import default_lags, driscoll_kraay_inference
from evenfield.numerics.ols import fit_ols
from tolerances import CLOSED_FORM

EXPECTED = json.loads((Path(__file__).parent / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def table():
    data = munnell.load()
    frame = np.log(data[["GSP", "P_CAP", "PC", "EMP"]]).assign(UNEMP=data["UNEMP"])
    frame.index = [data["STATE"].factorize()[0], data["YR"].to_numpy()]
    return frame


@pytest.fixture(scope="module")
def fit(table):
    within = (table - table.groupby(level=0).transform("mean")).to_numpy()
    return fit_ols(within[:, 0], within[:, 1:])


def inference(fit, table, factor):
    c, times = np.array([1.0, 0.0, 0.0, 0.0]), table.index.get_level_values(1).to_numpy()
    return driscoll_kraay_inference(fit, c, times, EXPECTED["lags"], factor, EXPECTED["absorbed"])


@pytest.mark.parametrize(("factor", "debiased"), [("N/(N-A-K)", True), ("N/(N-A)", False)])
def test_linearmodels_on_this_machine(fit, table, factor, debiased):
    model = PanelOLS(table["GSP"], table[["P_CAP", "PC", "EMP", "UNEMP"]], entity_effects=True)
    theirs = model.fit(cov_type="kernel", kernel="bartlett", bandwidth=EXPECTED["lags"], debiased=debiased)
    ours = inference(fit, table, factor)
    assert ours.std_error == pytest.approx(theirs.std_errors["P_CAP"], rel=CLOSED_FORM) and ours.factor_name == factor
    assert ours.estimate == pytest.approx(theirs.params["P_CAP"], rel=CLOSED_FORM)


def test_fixed_b_asks_for_more_than_the_normal_law(fit, table):
    ours = inference(fit, table, "none")
    assert ours.law == "fixed-b, Bartlett, b = 3/17" and 2.4 < ours.critical_value < 2.7
    assert default_lags(17) == EXPECTED["lags"]
