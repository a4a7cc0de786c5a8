"""Wages and foreign investment: planted elasticities, the ladder, unit labour cost, alignment, what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.ols import cov_cr3, fit_ols, t_quantile
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.topics.wages.estimate import estimate_wages
from evenfield.topics.wages.estimate_spec import parse_wages_specs
from unit.estimates.group_design import CLUSTER, NAMES, SEZ, YEARS, N, make_study, renamed, shuffled

T = np.array(list(YEARS))
SPEC = {"id": "stock", "wage": "wage", "employment": "workers", "output": "output", "investment": "fdi",
        "windows": [[1990, 2000]], "years": [1990, 2009], "sample": "all", "role": "primary"}  # fmt: skip


def planted(cluster: float = 0.6, sez: float = -0.4):
    rng = np.random.default_rng(9)
    log_wage = 6 + 0.1 * (T - 1990) + np.cumsum(0.1 * rng.normal(size=(N, len(T))), axis=1)
    slope = -0.5 + cluster * CLUSTER + sez * SEZ
    log_fdi = rng.normal(size=N)[:, None] + 0.05 * rng.normal(size=(N, len(T)))
    log_fdi[:, 1:] += slope[:, None] * log_wage[:, :-1]
    output = np.exp(8 + 0.08 * (T - 1990) - 0.03 * CLUSTER[:, None] * (T - 1990) + 0.02 * rng.normal(size=(N, len(T))))
    return make_study(wage=np.exp(log_wage), fdi=np.exp(log_fdi), output=output, workers=np.full((N, len(T)), 100.0))


def run(study, **changes):
    return estimate_wages(study, parse_wages_specs([{**SPEC, **changes}]), 0.2)


def rows(results, **where):
    frame = estimates_frame(results.estimates)
    for name, value in where.items():
        frame = frame[frame[name].eq(value)]
    return frame


def test_planted_elasticities_are_found_with_common_and_with_group_years() -> None:
    results = run(planted())
    row = rows(results, role="primary", effect_type="coef").iloc[0]
    assert row["estimate"] == pytest.approx(1.0, abs=0.1) and row["conf_low"] > 0
    assert row["hypothesis"] == "H15" and row["p_type"] == "t(G* - 1)" and row["n_obs"] == N * 20
    assert "formal employment only" in row["warning"]
    assert row["df"] == pytest.approx(row["g_star"] - 1)
    reach = t_quantile(0.975, row["df"]) + t_quantile(0.8, row["df"])
    assert row["mde"] == pytest.approx(reach * row["std_error"])
    apart = rows(results, spec_id="stock_group_years").iloc[0]
    assert apart["estimate"] == pytest.approx(1.0, abs=0.15)
    slopes = rows(results, estimator="panel_fe_slopes").iloc[0]
    assert slopes["estimate"] == pytest.approx(1.0, abs=0.2) and slopes["role"] == "ladder"
    ladder = rows(results, role="ladder", spec_id="stock")
    assert set(ladder["estimator"]) == {"panel_fe_wcr33", "panel_fe_driscoll_kraay", "panel_fe_slopes"}
    assert (ladder["p_value"] < 0.05).all()


def test_cr3_is_that_of_the_regression_with_year_effects() -> None:
    study = planted()
    row = rows(run(study), role="primary", effect_type="coef").iloc[0]
    wage, fdi = np.log(study.wide("wage")).to_numpy(), np.log(study.wide("fdi")).to_numpy()
    w, y = wage[:, :-1], fdi[:, 1:]
    dummies = np.tile(np.eye(20)[:, 1:], (N, 1)).reshape(N, 20, 19)
    X = np.concatenate(
        [w[..., None], (w * CLUSTER[:, None])[..., None], (w * SEZ[:, None])[..., None], dummies], axis=2
    )
    X, y = X - X.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    fit = fit_ols(y.ravel(), X.reshape(N * 20, -1))
    c = np.zeros(22)
    c[1], c[2] = 1.0, -1.0
    V = cov_cr3(fit, np.repeat(np.arange(N), 20))
    assert (row["estimate"], row["std_error"]) == pytest.approx((c @ fit.beta, np.sqrt(c @ V @ c)), rel=1e-7)


def test_unit_labour_cost_is_wage_growth_less_productivity_growth() -> None:
    found = rows(run(planted()), estimator="long_difference", treatment_def="main").set_index("outcome")["estimate"]
    assert found["unit_labour_cost_growth"] == pytest.approx(found["wage_growth"] - found["productivity_growth"])
    assert found["productivity_growth"] == pytest.approx(-3.0, abs=0.5)


def test_shuffled_and_renamed_units_give_the_same_numbers() -> None:
    study = planted()
    expected = rows(run(study))
    pd.testing.assert_frame_equal(rows(run(shuffled(study))), expected)
    kept = expected[expected["estimator"].ne("leave_pair_out")].reset_index(drop=True)
    columns = ["estimator", "outcome", "estimate", "std_error", "p_value"]
    pd.testing.assert_frame_equal(rows(run(renamed(study)))[columns].reset_index(drop=True), kept[columns], rtol=1e-7)


def test_what_is_missing_is_said() -> None:
    results = run(make_study(wage=np.ones((N, len(T)))))
    reasons = {item["part"]: item["reason"] for item in results.summary["left_out"]}
    assert results.estimates == []
    assert reasons == {"stock, elasticity": "no figures of fdi in the panel",
                       "stock, unit labour cost": "no figures of workers, output"}  # fmt: skip
    study = planted()
    study.panel.loc[study.panel["unit"].eq("u05") & study.panel["year"].eq(2000), "fdi"] = 0.0
    assert "holds zeros" in run(study, windows=[]).summary["left_out"][0]["reason"]
    few = planted()
    few.cells.loc[few.cells["unit"].isin(NAMES[:4]), "cluster"] = 0
    row = rows(run(few), role="primary").iloc[0]
    assert np.isnan(row["p_value"]) and "fewer than 4 units" in row["warning"]
    few.cells["sez"] = 0
    assert "does not vary or is collinear" in rows(run(few), role="primary").iloc[0]["warning"]


def test_bad_windows_are_refused() -> None:
    with pytest.raises(EstimateError, match="overlaps another"):
        run(planted(), windows=[[1990, 2000], [1995, 2005]])
