"""Difference and system GMM on the employment data of Arellano and Bond (1991), against other programs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.dynamic_panel.gmm import Equations, GmmSpec, Layout, dynamic_gmm, year_dummies
from tolerances import ITERATIVE

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "expected.json").read_text())
PRINTED = 5e-5
SPECS = {
    "difference_full": GmmSpec(2, 2, 4, Equations.DIFFERENCE, Layout.FULL),
    "difference_collapsed": GmmSpec(2, 2, 4),
    "system_collapsed": GmmSpec(1, 2, 3, Equations.SYSTEM),
    "system_full": GmmSpec(1, 2, 4, Equations.SYSTEM, Layout.FULL),
}


@pytest.fixture(scope="module")
def logs():
    data = pd.read_csv(HERE / "data.csv")
    return {
        name: np.log(data.pivot(index="firm", columns="year", values=column).to_numpy())
        for name, column in {"n": "emp", "w": "wage", "k": "capital", "ys": "output"}.items()
    }


def lag(values, by=1):
    out = np.full(values.shape, np.nan)
    out[:, by:] = values[:, :-by]
    return out


def table_4(logs, columns):
    X = np.concatenate([np.stack(columns, axis=-1), year_dummies(140, np.arange(3, 9), 9)], axis=-1)
    return dynamic_gmm(logs["n"], GmmSpec(2, 2, 0, Equations.DIFFERENCE, Layout.FULL), X)


def test_table_4(logs):
    w, k, ys = logs["w"], logs["k"], logs["ys"]
    fit, expected = table_4(logs, [w, lag(w), k, ys, lag(ys)]), EXPECTED["table_4b"]
    assert fit.beta[:7] == pytest.approx(expected["beta"], abs=PRINTED)
    assert fit.uncorrected[0] == pytest.approx(expected["uncorrected_first"], abs=PRINTED)
    assert fit.std_errors[0] == pytest.approx(expected["windmeijer_first"], abs=PRINTED)
    assert fit.hansen.statistic == pytest.approx(expected["hansen"], abs=5e-3) and fit.hansen.df == expected["df"]
    assert fit.hansen.p_value == pytest.approx(expected["p_value"], abs=5e-4)
    assert [test.statistic for test in fit.serial] == pytest.approx(expected["serial"], abs=5e-4)
    assert (fit.n_instruments, fit.n_rows, fit.n_units, fit.level_rows) == (38, 611, 140, "")
    fit, expected = table_4(logs, [w, lag(w), k, lag(k), lag(k, 2), ys, lag(ys), lag(ys, 2)]), EXPECTED["table_4a1"]
    assert fit.beta_one_step[0] == pytest.approx(expected["one_step_first"], abs=5e-4)
    assert fit.std_errors_one_step[0] == pytest.approx(expected["one_step_std_error_first"], abs=5e-4)
    assert fit.sargan.statistic == pytest.approx(expected["sargan"], abs=5e-4) and fit.sargan.df == expected["df"]
    assert fit.beta[0] == pytest.approx(expected["two_step_first"], abs=5e-4)
    assert fit.uncorrected[0] == pytest.approx(expected["two_step_uncorrected_first"], abs=5e-4)


@pytest.mark.parametrize("name", SPECS)
def test_pydynpd(logs, name):
    X = np.stack([logs["w"], logs["k"]], axis=-1)
    if name.startswith("system"):
        X = np.concatenate([X, np.where(np.isfinite(logs["n"]), 1.0, np.nan)[..., None]], axis=-1)
    fit, expected = dynamic_gmm(logs["n"], SPECS[name], X), EXPECTED["pydynpd"][name]
    assert fit.beta == pytest.approx(expected["beta"], abs=1e-6)
    assert fit.std_errors == pytest.approx(expected["std_errors"], abs=1e-6)
    assert fit.hansen.statistic == pytest.approx(expected["hansen"], rel=ITERATIVE) and fit.hansen.df == expected["df"]
    assert [test.statistic for test in fit.serial] == pytest.approx(expected["serial"], rel=ITERATIVE)
    assert fit.n_instruments == expected["instruments"] and bool(fit.level_rows) == name.startswith("system")
