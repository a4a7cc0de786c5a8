"""Spatial panels on frames: rows that can be read alone, numbers of the kernels, order-free, refusals in one line."""

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.spatial_panel import optimum
from evenfield.numerics.spatial_panel.impacts import clustered_impacts, delta_impacts
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.spatial_panel import estimate_ladder as panel_models_ladder
from evenfield.topics.spatial_panel.estimate import estimate_panel_models
from evenfield.topics.spatial_panel.estimate_ladder import PanelSettings
from evenfield.topics.spatial_panel.estimate_spec import parse_panel_specs
from tolerances import CLOSED_FORM
from unit.numerics.spatial_panel.cases import make_case, ring

N, T, FIRST = 14, 12, 2001
FEW = {"DRAWS": 500, "YEAR_DRAWS": 19, "UNIT_DRAWS": 39}
SETTINGS = PanelSettings(level=0.95, power=0.8, seed=7)
CASE = make_case(n=N, t=T, rho=0.3, matrix=ring(N))
VARIABLES = {
    "a": {"kind": "column", "column": "a"},
    "ratio": {"kind": "log_ratio", "numerator": "top", "denominator": "bottom"},
    "size": {"kind": "log", "column": "bottom"},
    "zones": {"kind": "zones", "zone_type": "state", "label": "zones in force"},
    "sure": {"kind": "zones_dated", "zone_type": "state"},
}


def make_frames():
    years = np.repeat(np.arange(FIRST, FIRST + T), N)
    bottom = np.exp(np.random.default_rng(4).normal(size=N * T))
    b = CASE.X[..., 1].ravel()
    frame = pd.DataFrame({"unit": CASE.units * T, "year": years, "basis": "official", "log_income": CASE.y.ravel(),
                          "a": CASE.X[..., 0].ravel(), "top": bottom * np.exp(b), "bottom": bottom})  # fmt: skip
    zones = np.random.default_rng(5).integers(0, 9, N * T)
    doses = pd.DataFrame({"unit": CASE.units * T, "year": years, "zone_type": "state", "zones": zones,
                          "zones_dated": zones - (years > FIRST + 8)})  # fmt: skip
    return frame, doses


def study(samples=None):
    return {"unit_scheme": "s", "samples": {"all": CASE.units, **(samples or {})}}


def weights(**more):
    return {"near": SpatialWeights(tuple(CASE.units), CASE.matrix, {"weights": "near"}), **more}


def specs(**changes):
    item = {"id": "p", "regressors": ["a", "ratio"], "years": [FIRST, FIRST + T - 1], **changes}
    return parse_panel_specs({"variables": VARIABLES, "specifications": [item]}, "near")


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    for name, draws in FEW.items():
        monkeypatch.setattr(panel_models_ladder, name, draws)


def run(frame=None, doses=None, networks=None, description=None, **changes):
    made, made_doses = make_frames()
    return estimate_panel_models(made if frame is None else frame, made_doses if doses is None else doses,
                                 networks or weights(), description or study(), specs(**changes), SETTINGS)  # fmt: skip


@pytest.fixture(scope="module")
def result():
    with pytest.MonkeyPatch.context() as patch:
        for name, draws in FEW.items():
            patch.setattr(panel_models_ladder, name, draws)
        return run()


def picked(result, **wanted):
    table = estimates_frame(result.estimates)
    for name, value in wanted.items():
        table = table[table[name] == value]
    return table


def test_effects_are_those_of_the_kernel_and_the_main_ones_carry_the_role(result):
    fit = fit_spatial_panel(CASE.panel, CASE.network, PanelModel("SDM"))
    found, naive = clustered_impacts(fit), delta_impacts(fit)
    for i, effect in enumerate(("direct", "indirect", "total")):
        rows = picked(result, estimator="sdm", effect_type=effect).set_index("term").loc[["a", "ratio"]]
        assert rows["role"].tolist() == ["exploratory"] * 2
        np.testing.assert_allclose(rows["estimate"], found.impacts.estimate[i], rtol=1e-7)
        np.testing.assert_allclose(rows["std_error"], found.impacts.std_error[i], rtol=1e-7)
        np.testing.assert_allclose(rows["df"], found.effective_units[i] - 1, rtol=1e-7)
        np.testing.assert_allclose(rows["conf_high"], found.impacts.conf_high[i], rtol=1e-7)
        plain = picked(result, estimator="sdm_observed", effect_type=effect).set_index("term").loc[["a", "ratio"]]
        assert plain["role"].tolist() == ["ladder"] * 2
        np.testing.assert_allclose(plain["std_error"], naive.std_error[i], rtol=1e-7)
        np.testing.assert_allclose(plain["mde"] / plain["std_error"], 1.959964 + 0.8416212, rtol=1e-6)
    assert set(picked(result, estimator="sar", effect_type="direct")["role"]) == {"robustness"}


def test_no_row_decides_a_hypothesis(result):
    table = estimates_frame(result.estimates)
    assert set(table["hypothesis"]) == {""} and "primary" not in set(table["role"])
    assert table["estimate_id"].is_unique


def test_rho_is_called_dependence_and_never_a_spillover(result):
    rows = picked(result, term="rho")
    assert rows["warning"].str.contains("not the effect of a policy").all()
    text = estimates_frame(result.estimates).to_csv() + str(result.summary)
    assert "spillover" not in text


def test_slx_indirect_is_theta_and_sem_indirect_is_zero_by_construction(result):
    theta = picked(result, estimator="slx", effect_type="coef").set_index("term")["estimate"]
    indirect = picked(result, estimator="slx", effect_type="indirect").set_index("term")["estimate"]
    assert indirect.tolist() == theta[[f"W {name}" for name in indirect.index]].tolist()
    nothing = picked(result, estimator="sem", effect_type="indirect")
    assert not nothing["estimate"].any() and nothing["std_error"].isna().all()
    assert set(nothing["se_type"]) == {"zero by construction"}


def test_every_row_names_what_it_rests_on(result):
    table = estimates_frame(result.estimates)
    assert set(table["fe_id"]) == {"two_way, lee_yu"} and set(table["w_id"]) == {"near"}
    assert set(table["period"]) == {f"{FIRST}-{FIRST + T - 1}"} and set(table["n_obs"]) == {N * T}
    assert (table["data_hash"] != "").all() and set(table["controls_id"]) == {"a+ratio"}
    inferred = table[table["std_error"].notna()]
    assert (inferred["se_type"] != "").all() and (inferred["conf_low"] < inferred["conf_high"]).all()
    assert set(picked(result, effect_type="test")["term"]) >= {"LM lag", "robust LM error", "LR SDM -> SEM"}
    for name in ("observed_draws", "observed", "expected", "qml", "units", "years", "factors_1", "factors_2"):
        assert len(picked(result, estimator=f"sdm_{name}")), name
    assert picked(result, term="Wald SDM -> SAR, by unit")["p_type"].tolist() == ["F(q, N - 1)"]
    assert picked(result, term="spatial Hausman")["warning"].str.contains("random effects differ by less").all()
    assert picked(result, term="residual Moran")["p_value"].between(1 / 1000, 1).all()


def test_bootstrap_by_unit_gives_an_interval_around_the_same_estimate(result):
    wild = picked(result, estimator="sdm_units", effect_type="indirect").set_index("term")
    main = picked(result, estimator="sdm", effect_type="indirect").set_index("term")
    assert wild["estimate"].tolist() == main["estimate"].tolist()
    assert ((wild["conf_low"] < wild["estimate"]) & (wild["estimate"] < wild["conf_high"])).all()
    assert wild["se_type"].str.startswith("wild bootstrap-t by unit").all() and set(wild["seed"]) == {"7"}


def test_probabilities_sum_to_one_over_models_and_weights():
    far = np.roll(ring(N), 6, axis=1) * (1 - np.eye(N))
    networks = weights(far=SpatialWeights(tuple(CASE.units), far / far.sum(axis=1, keepdims=True), {"weights": "far"}))
    rows = picked(run(networks=networks, models=["SAR", "SDM"]), effect_type="probability")
    assert len(rows) == 4 and rows["estimate"].sum() == pytest.approx(1.0)
    assert rows.loc[rows["w_id"] == "near", "estimate"].sum() > 0.9


def test_effects_by_unit_pair_and_power_add_up(result):
    effects = picked(result, estimator="sdm").set_index(["term", "effect_type"])["estimate"]
    reach = result.reach[result.reach["estimator"] == "sdm"].groupby("term")[["own", "received", "sent"]].mean()
    np.testing.assert_allclose(reach["own"], effects[:, "direct"][reach.index], rtol=CLOSED_FORM)
    np.testing.assert_allclose(reach["received"], effects[:, "indirect"][reach.index], rtol=CLOSED_FORM)
    np.testing.assert_allclose(reach["sent"], reach["received"], rtol=CLOSED_FORM)
    links = result.links[result.links["estimator"] == "sdm"].groupby("term")["effect"].sum() / N
    np.testing.assert_allclose(links, effects[:, "total"][links.index], rtol=CLOSED_FORM)
    assert set(result.links["estimator"]) == {"slx", "sdm", "sdem"}
    assert result.powers.groupby("term")["power"].max().tolist() == [6, 6]


def test_order_of_rows_and_of_units_in_the_weights_does_not_matter(result):
    frame, doses = make_frames()
    order = np.random.default_rng(2).permutation(N)
    moved = SpatialWeights(tuple(CASE.units[i] for i in order), CASE.matrix[np.ix_(order, order)], {"weights": "near"})
    again = run(frame.sample(frac=1, random_state=3), doses.sample(frac=1, random_state=4), {"near": moved})
    pd.testing.assert_frame_equal(estimates_frame(again.estimates), estimates_frame(result.estimates), rtol=1e-12)
    pd.testing.assert_frame_equal(again.links, result.links, rtol=1e-12)


def test_other_names_of_units_change_no_number(result):
    frame, doses = make_frames()
    names = {unit: f"z{(5 * i + 3) % N:02d}" for i, unit in enumerate(CASE.units)}
    renamed = {"near": SpatialWeights(tuple(names[unit] for unit in CASE.units), CASE.matrix, {"weights": "near"})}
    again = run(frame.assign(unit=frame["unit"].map(names)), doses.assign(unit=doses["unit"].map(names)), renamed,
                {"unit_scheme": "s", "samples": {"all": list(names.values())}})  # fmt: skip
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "p_value", "g_star"]
    pd.testing.assert_frame_equal(estimates_frame(again.estimates)[numbers], estimates_frame(result.estimates)[numbers],
                                  rtol=1e-9, atol=1e-12)  # fmt: skip
    sent = again.reach.sort_values(["estimator", "term", "sent"])["sent"].to_numpy()
    np.testing.assert_allclose(sent, result.reach.sort_values(["estimator", "term", "sent"])["sent"], rtol=1e-9)


def test_zones_of_unsure_date_are_counted_in_the_warning():
    rows = picked(run(regressors=["zones"], models=["SLX"], model="SLX"), estimator="slx", effect_type="direct")
    assert rows["warning"].str.contains(f"GRADE C: {3 * N} of {N * T} unit-years").all()
    sure = picked(run(regressors=["sure"], models=["SLX"], model="SLX"), estimator="slx", effect_type="direct")
    assert not sure["warning"].str.contains("GRADE C").any()


def test_a_smaller_sample_cuts_and_restandardises_the_weights():
    units = CASE.units[:9]
    rows = picked(run(description=study({"few": units}), sample="few", models=["SDM"]), estimator="sdm")
    assert set(rows["n_units"]) == {9}


def test_correlation_over_years_is_warned_of():
    frame, _ = make_frames()
    drift = np.cumsum(np.random.default_rng(6).normal(size=(T, N)), axis=0)
    rows = picked(run(frame.assign(log_income=frame["log_income"] + 3 * drift.ravel()), models=["SDM"]),
                  estimator="sdm", effect_type="direct")  # fmt: skip
    assert rows["warning"].str.contains("correlated over years").all()


def test_zones_come_from_the_doses():
    doses = make_frames()[1]
    rows = picked(run(regressors=["a", "zones"], models=["SDM"]), estimator="sdm", effect_type="coef")
    assert set(rows["term"]) == {"rho", "a", "zones", "W a", "W zones"}
    X = np.stack([CASE.X[..., 0], doses["zones"].to_numpy(float).reshape(T, N)], axis=2)
    from evenfield.numerics.spatial_panel.panel import panel_from_arrays

    fit = fit_spatial_panel(panel_from_arrays(CASE.y, X, CASE.units, ["a", "zones"]), CASE.network, PanelModel("SDM"))
    assert rows.set_index("term").loc["W zones", "estimate"] == pytest.approx(fit["W zones"], rel=1e-7)


def test_what_the_data_cannot_carry_is_said_in_one_line():
    frame, doses = make_frames()

    def said(words, frame=frame, doses=doses, networks=None, description=None, **changes):
        with pytest.raises(EstimateError, match=words) as caught:
            run(frame, doses, networks, description, **changes)
        assert "\n" not in str(caught.value)

    fewer = SpatialWeights(tuple(CASE.units[1:]), CASE.matrix[1:, 1:], {"weights": "near"})
    wider = SpatialWeights((*CASE.units, "ghost"), ring(N + 1), {"weights": "near"})
    blank = frame.copy()
    blank.loc[20, "a"] = np.nan
    said(r"a is blank 1 times in p \(u06 2002\)", blank)
    said("is not a variable", regressors=["b"])
    said("no rows between 1900", years=[1900, 1910])
    said("asks for column wealth", outcome="wealth")
    said("pairs of unit and period are missing", frame.drop(index=3))
    said("appear twice", pd.concat([frame, frame.iloc[:1]]))
    said("1 times twice for a unit and year", doses=pd.concat([doses, doses.iloc[:1]]), regressors=["a", "zones"])
    said("zones is blank", doses=doses.iloc[1:], regressors=["a", "zones"])
    said("units of the sample have no weights", networks={"near": fewer})
    said(
        "units of the weights are not in the panel, first ghost",
        description=study({"more": [*CASE.units, "ghost"]}),
        sample="more",
        networks={"near": wider},
    )
    said("zero or negative", frame.assign(top=frame["top"] - 50))
    said("no zones of type state", doses=doses.assign(zone_type="bonded"), regressors=["a", "zones"])
    said("asks for sample rich", sample="rich")
    said("collinear", frame.assign(top=frame["bottom"] * np.exp(frame["a"])))
    island = CASE.matrix.copy()
    island[3] = 0
    alone = {"near": SpatialWeights(tuple(CASE.units), island, {"weights": "near"})}
    said("u03 has no neighbour left", networks=alone)
    with pytest.raises(EstimateError, match="has no denominator"):
        parse_panel_specs({"variables": {"x": {"kind": "log_ratio", "numerator": "y"}}, "specifications": []}, "near")


def test_at_the_edge_of_its_range_rho_keeps_its_rows_and_gives_no_effect_error_or_wald_test(result, monkeypatch):
    monkeypatch.setattr(optimum, "EDGE_SHARE", 1.0)
    edge = run()
    wanted = {"estimator": "sdm", "term": "a"}
    for kind in ("direct", "indirect", "total"):
        row = picked(edge, effect_type=kind, **wanted).iloc[0]
        assert np.isnan(row["estimate"]) and "rho at the edge of its range" in row["warning"]
        assert row["estimate_id"] == picked(result, effect_type=kind, **wanted)["estimate_id"].iloc[0]
    tests = picked(edge, estimator="test")
    assert tests.loc[tests["term"].str.startswith("Wald"), "estimate"].isna().tolist() == [True] * 4
    rho = picked(edge, estimator="sdm", term="rho").iloc[0]
    assert np.isfinite(rho["estimate"]) and np.isnan(rho["std_error"])
    assert set(edge.reach["estimator"]) == {"slx"}
