"""The golden data through other programs and by two approaches: pydynpd, linearmodels,
the numbers of the design.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linearmodels import PanelOLS
from linearmodels.datasets import munnell

from evenfield.models.synthetic_control import weights_and_gaps
from evenfield.models.trends import hp_trend
from evenfield.numerics.dynamic_panel.gmm import dynamic_gmm
from evenfield.numerics.dynamic_panel.instruments import Equations, GmmSpec, Layout
from evenfield.numerics.inference.driscoll_kraay import (
    default_lags,
    driscoll_kraay_inference,
)
from evenfield.numerics.logt import fit_logt, regression_periods, transition_variance
from evenfield.numerics.ols import fit_ols
from golden.anchors import expected, firms, us_states
from tolerances import ITERATIVE, close
from yaml_text import from_yaml

SPECS = {
    "difference_full": GmmSpec(2, 2, 4, Equations.DIFFERENCE, Layout.FULL),
    "difference_collapsed": GmmSpec(2, 2, 4),
    "system_collapsed": GmmSpec(1, 2, 3, Equations.SYSTEM),
    "system_full": GmmSpec(1, 2, 4, Equations.SYSTEM, Layout.FULL),
}


@pytest.mark.parametrize("name", SPECS)
def test_employment_of_140_firms_by_pydynpd(name):
    logs = firms()
    label = expected("arellano_bond")["pydynpd"][name]
    X = np.stack([logs["w"], logs["k"]], axis=-1)
    if name.startswith("system"):
        X = np.concatenate(
            [X, np.where(np.isfinite(logs["n"]), 1.0, np.nan)[..., None]], axis=-1
        )
    fit = dynamic_gmm(logs["n"], SPECS[name], X)
    close(fit.beta, label["beta"], atol=1e-6)
    close(fit.std_errors, label["std_errors"], atol=1e-6)
    close(fit.hansen.statistic, label["hansen"], ITERATIVE)
    assert fit.hansen.df == label["df"]
    close([test.statistic for test in fit.serial], label["serial"], ITERATIVE)
    assert fit.n_instruments == label["instruments"]
    assert bool(fit.level_rows) == name.startswith("system")


def test_driscoll_kraay_by_linearmodels_and_fixed_b_asks_for_more_than_the_normal_law():
    data = munnell.load()
    label = expected("driscoll_kraay")
    table = np.log(data[["GSP", "P_CAP", "PC", "EMP"]]).assign(UNEMP=data["UNEMP"])
    table.index = [data["STATE"].factorize()[0], data["YR"].to_numpy()]
    within = (table - table.groupby(level=0).transform("mean")).to_numpy()
    case = (
        fit_ols(within[:, 0], within[:, 1:]),
        np.eye(4)[0],
        data["YR"].to_numpy(),
        label["lags"],
    )
    model = PanelOLS(
        table["GSP"], table[["P_CAP", "PC", "EMP", "UNEMP"]], entity_effects=True
    )
    for factor, debiased in (("N/(N-A-K)", True), ("N/(N-A)", False)):
        theirs = model.fit(
            cov_type="kernel",
            kernel="bartlett",
            bandwidth=label["lags"],
            debiased=debiased,
        )
        ours = driscoll_kraay_inference(*case, factor, label["absorbed"])
        close(ours.std_error, theirs.std_errors["P_CAP"])
        close(ours.estimate, theirs.params["P_CAP"])
        assert ours.factor_name == factor
    ours = driscoll_kraay_inference(*case, "none", label["absorbed"])
    assert ours.law == "fixed-b, Bartlett, b = 3/17"
    assert 2.4 < ours.critical_value < 2.7
    assert default_lags(17) == label["lags"]


def test_log_t_of_the_states_depends_on_the_currency_unless_in_levels():
    y = np.log(us_states().loc[:, 1949:2009].to_numpy())
    label = expected("us_markov")["log_t"]
    for smoothing, dollars, cents in label["t"]:
        trend = hp_trend(y, smoothing)
        periods = regression_periods(trend.shape[1], label["discard"])
        result = [
            fit_logt(transition_variance(trend + shift), periods).t[0]
            for shift in (0.0, np.log(100))
        ]
        close(result, [dollars, cents], atol=6e-3)


@pytest.mark.parametrize(
    ("demeaned", "printed", "distance"),
    from_yaml("""
    - [true, -11.1, 0.05]
    - [false, -19.6, 0.15]
    """),
)
def test_the_printed_effects_of_the_programme(demeaned, printed, distance):
    data = pd.read_csv(
        Path(__file__).with_name("prop99") / "data.csv", index_col="year"
    )
    before = data.index.to_numpy() < 1989
    treated = data["California"].to_numpy()
    donors = data.drop(columns="California")
    weights, gaps = weights_and_gaps(treated, donors.to_numpy(), before, demeaned)
    assert weights.min() >= 0
    close(weights.sum(), 1)
    close(gaps[~before].mean(), printed, atol=distance)
    if not demeaned:
        largest = pd.Series(weights, donors.columns).nlargest(4).round(3).to_dict()
        assert largest == pytest.approx(
            {"Utah": 0.394, "Montana": 0.232, "Nevada": 0.205, "Connecticut": 0.109}
        )
