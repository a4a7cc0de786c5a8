"""Few-unit inference of a panel regression: against refits and the formulas."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.stats import norm
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

from evenfield.numerics.inference.cluster_robust import encoded
from evenfield.numerics.inference.wild_bootstrap import (
    wild_bootstrap,
    wild_draws,
    wild_inference,
)
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for
from evenfield.shared.few_units import PANEL, few_unit_design, method_fields
from evenfield.study.study_config import InferenceSettings

C = np.array([0.0, 1.0, -1.0])


def make_panel(units=13, years=4):
    rng = default_rng(5)
    names = np.repeat([f"u{i:02d}" for i in range(units)][::-1], years)
    x = (
        rng.normal(size=(units * years, 2))
        * np.repeat(np.arange(1, units + 1), years)[:, None]
    )
    X = np.column_stack([np.ones(len(names)), x])
    shocks = np.repeat(rng.normal(size=units), years)
    return X @ [1, 0.2, 0.1] + shocks + rng.normal(size=len(names)), X, names


def make_design(y, X, names):
    inference = InferenceSettings.of({"permutations": 199, "seed": 7})
    return few_unit_design(
        fit_ols(y, X), names, inference, "some:id", power=0.7, **PANEL
    )


def test_cr3_is_the_jackknife_by_unit_with_effective_clusters_less_one():
    y, X, names = make_panel()
    fields = method_fields("CR3", make_design(y, X, names), C, 0.9)
    estimate = OLS(y, X).fit().params @ C
    units = np.unique(names)
    without = [OLS(y[names != u], X[names != u]).fit().params @ C for u in units]
    std_error = np.sqrt(12 / 13 * ((np.array(without) - estimate) ** 2).sum())
    weights = X @ np.linalg.inv(X.T @ X) @ C
    # Carter, Schnepel and Steigerwald (2017) with a correlation of .999 within units.
    parts = [weights[names == u] for u in units]
    shares = np.array([0.001 * (a @ a) + 0.999 * a.sum() ** 2 for a in parts])
    df = shares.sum() ** 2 / (shares**2).sum() - 1
    half = student.ppf(0.95, df) * std_error
    expected = {
        "estimate": estimate,
        "std_error": std_error,
        "df": df,
        "g_star": df + 1,
        "p_value": 2 * student.sf(abs(estimate / std_error), df),
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "mde": half + student.ppf(0.7, df) * std_error,
    }
    assert {name: fields[name] for name in expected} == pytest.approx(expected)
    leverage = {u: (weights[names == u] ** 2).sum() for u in units}
    assert fields["max_leverage_unit"] == max(leverage, key=leverage.get)


def test_the_law_of_many_dates_takes_normal_quantiles_for_its_reach():
    y, X, names = make_panel()
    years = encoded(np.tile(np.arange(4), 13))
    design = replace(make_design(y, X, names), dates=years)
    fields = method_fields("driscoll_kraay", design, C, 0.95)
    half = (fields["conf_high"] - fields["conf_low"]) / 2
    assert fields["mde"] == pytest.approx(
        half + norm.ppf(0.7) * fields["std_error"], rel=1e-5
    )
    assert np.isnan(fields["df"])


def test_a_unit_that_decides_alone_leaves_the_estimate_without_an_interval():
    y, X, names = make_panel(units=4)
    alone = np.column_stack([X, names == "u00"])
    fields = method_fields("CR3", make_design(y, alone, names), np.eye(4)[3], 0.95)
    assert np.isfinite(fields["estimate"])
    assert "no interval" in fields["warning"]
    assert "conf_low" not in fields


@pytest.mark.parametrize(("units", "kind"), [(12, "webb"), (13, "rademacher")])
def test_the_wild_bootstrap_draws_units_in_the_order_of_their_rows(units, kind):
    y, X, names = make_panel(units)
    fit = fit_ols(y, X)
    fields = method_fields("wild33", make_design(y, X, names), C, 0.9)
    codes = np.repeat(np.arange(units), 4)
    drawn = wild_draws(codes, kind, 199, generator_for(7, "some:id"))
    expected = wild_inference(wild_bootstrap(fit, C, codes, drawn), 0.9)
    for name in ("estimate", "std_error", "statistic", "p_value", "conf_low"):
        assert fields[name] == getattr(expected, name)
    assert (fields["seed"], fields["conf_level"]) == ("7:some:id", 0.9)
    assert kind in fields["p_type"]
