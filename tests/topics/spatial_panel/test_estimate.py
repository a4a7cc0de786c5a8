"""Spatial panels: rows that can be read alone, numbers of the kernels, order-free,
refusals in one line.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

import evenfield as ef
from evenfield.numerics.spatial_panel import likelihood_maximum as optimum
from evenfield.numerics.spatial_panel.impacts import (
    KINDS,
    clustered_impacts,
    delta_impacts,
)
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.panel import panel_from_arrays
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EvenfieldError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.spatial_panel import estimate_rows
from evenfield.topics.spatial_panel.call import call
from evenfield.topics.spatial_panel.estimate import estimate
from made_study import (
    MadeStudy,
    of_units,
    order_and_names_do_not_matter,
    row,
    weights_named,
)
from refusals import fails
from spatial_cases import make_case, ring
from tolerances import close
from yaml_text import from_yaml

N = 14
T = 12
FIRST = 2001
CASE = make_case(
    n=N,
    t=T,
    rho=0.3,
    matrix=ring(N),
)
NEAR = weights_named("near", CASE.units, CASE.matrix)["near"]
EXPRESSIONS = from_yaml("""
    a: a
    ratio: log(top / bottom)
    zones: zones_state
    sure: zones_state_dated
    gone: x
    """)


def make_study(frame=None, doses=None, weights=None, samples=None, **changes):
    years = np.repeat(np.arange(FIRST, FIRST + T), N)
    bottom = np.exp(default_rng(4).normal(size=N * T))
    zones = default_rng(5).integers(0, 9, N * T)
    columns = {
        "log_income": CASE.y.ravel(),
        "a": CASE.X[..., 0].ravel(),
        "top": bottom * np.exp(CASE.X[..., 1].ravel()),
        "bottom": bottom,
    }
    panel = of_units(CASE.units * T, year=years, basis="official", **columns)
    sure = zones - (years > FIRST + 8)
    dose = of_units(CASE.units * T, year=years, zone_type="state", zones=zones)
    own = {"regressors": ["a", "ratio"], "years": [FIRST, FIRST + T - 1]}
    spec = {"id": "p", **own, **changes}
    variables = {
        name: {"expression": text, "label": name} for name, text in EXPRESSIONS.items()
    }
    tables = {
        "panel": frame(panel) if frame else panel,
        "doses": dose.assign(zones_dated=sure),
    }
    if doses:
        tables["doses"] = doses(tables["doses"])
    config = {
        "estimates": {
            "spatial_panel": {"variables": variables, "specifications": [spec]}
        }
    }
    about = {"samples": {"all": CASE.units, **(samples or {})}}
    return MadeStudy(config, tables, weights or {"near": NEAR}, **about)


def run(**estimates):
    return estimate(make_study(**estimates))


@pytest.fixture(scope="module", autouse=True)
def few_draws():
    with pytest.MonkeyPatch.context() as patch:
        for name, draws in {"DRAWS": 500, "YEAR_DRAWS": 19, "UNIT_DRAWS": 39}.items():
            patch.setattr(estimate_rows, name, draws)
        yield


@pytest.fixture(scope="module")
def result(few_draws):
    return run()


def picked(result, **wanted):
    table = estimates_frame(result.estimates)
    for name, value in wanted.items():
        table = table[table[name] == value]
    return table


def test_effects_are_those_of_the_kernel_and_the_main_ones_carry_the_role(result):
    fit = CASE.fit("SDM")
    outcome = clustered_impacts(fit)
    naive = delta_impacts(fit)
    for i, effect in enumerate(KINDS):
        rows = (
            picked(result, estimator="sdm", effect_type=effect)
            .set_index("term")
            .loc[["a", "ratio"]]
        )
        assert rows["role"].tolist() == ["exploratory"] * 2
        close(rows["estimate"], outcome.impacts.estimate[i], rtol=1e-7)
        close(rows["std_error"], outcome.impacts.std_error[i], rtol=1e-7)
        close(rows["df"], outcome.effective_units[i] - 1, rtol=1e-7)
        close(rows["conf_high"], outcome.impacts.conf_high[i], rtol=1e-7)
        close(rows["p_value"], outcome.impacts.p_value[i], rtol=1e-7)
        plain = (
            picked(result, estimator="sdm_observed", effect_type=effect)
            .set_index("term")
            .loc[["a", "ratio"]]
        )
        assert plain["role"].tolist() == ["ladder"] * 2
        close(plain["std_error"], naive.std_error[i], rtol=1e-7)
        close(plain["mde"] / plain["std_error"], 1.959964 + 0.8416212, rtol=1e-6)
    assert set(picked(result, estimator="sar", effect_type="direct")["role"]) == {
        "robustness"
    }


def test_probabilities_sum_to_one_and_slx_and_sem_effects_are_by_construction(result):
    theta = picked(result, estimator="slx", effect_type="coef").set_index("term")[
        "estimate"
    ]
    indirect = picked(result, estimator="slx", effect_type="indirect").set_index(
        "term"
    )["estimate"]
    assert indirect.tolist() == theta[[f"W {name}" for name in indirect.index]].tolist()
    nothing = picked(result, estimator="sem", effect_type="indirect")
    assert not nothing["estimate"].any()
    assert nothing["std_error"].isna().all()
    assert set(nothing["se_type"]) == {"zero by construction"}
    far = np.roll(ring(N), 6, axis=1) * (1 - np.eye(N))
    weights = {
        "near": NEAR,
        "far": SpatialWeights(NEAR.units, far / far.sum(axis=1, keepdims=True)),
    }
    rows = picked(
        run(weights=weights, models=["SAR", "SDM"]), effect_type="probability"
    )
    assert len(rows) == 4
    close(rows["estimate"].sum(), 1.0)
    assert rows.loc[rows["w_id"] == "near", "estimate"].sum() > 0.9


def test_resampled_units_and_years_give_intervals_around_the_same_estimate(result):
    main = picked(result, estimator="sdm", effect_type="indirect").set_index("term")
    for name, label in {
        "units": "wild bootstrap-t by unit",
        "years": "19 samples of residuals by blocks of 4",
    }.items():
        again = picked(
            result, estimator=f"sdm_{name}", effect_type="indirect"
        ).set_index("term")
        assert again["estimate"].tolist() == main["estimate"].tolist()
        assert (
            (again["conf_low"] < again["estimate"])
            & (again["estimate"] < again["conf_high"])
        ).all()
        assert again["se_type"].str.startswith(label).all()
        assert set(again["seed"]) == {"5"}
        assert (again["conf_low"] != main["conf_low"]).all()
        assert again["df"].isna().all()
    # No drawn statistic of 39 is as far from zero as the planted effect: the smallest
    # p-value there is.
    close(
        row(
            result,
            estimator="sdm_units",
            term="a",
            effect_type="direct",
        ).p_value,
        1 / 40,
    )


def test_effects_by_unit_pair_and_power_add_up(result):
    effects = picked(result, estimator="sdm").set_index(["term", "effect_type"])[
        "estimate"
    ]
    reach, links, powers = (
        result.series[name] for name in ("reach", "links", "powers")
    )
    means = (
        reach[reach["estimator"] == "sdm"]
        .groupby("term")[["own", "received", "sent"]]
        .mean()
    )
    close(means["own"], effects[:, "direct"][means.index])
    close(means["received"], effects[:, "indirect"][means.index])
    close(means["sent"], means["received"])
    sums = links[links["estimator"] == "sdm"].groupby("term")["effect"].sum() / N
    close(sums, effects[:, "total"][sums.index])
    pairs = links.query("estimator == 'sdm' and term == 'a'").pivot(
        index="unit_i", columns="unit_j", values="effect"
    )
    units = reach.query("estimator == 'sdm' and term == 'a'").set_index("unit")
    close(pairs.sum(axis=1), units["own"] + units["received"])
    close(pairs.sum(axis=0), units["own"] + units["sent"])
    assert np.ptp(units["sent"]) > 1e-3 * np.ptp(units["received"]) > 0
    assert set(links["estimator"]) == {"slx", "sdm", "sdem"}
    assert powers.groupby("term")["power"].max().tolist() == [6, 6]


def test_order_of_rows_and_of_weights_and_names_of_units_change_no_number(result):
    order_and_names_do_not_matter(estimate, make_study(), result)


def test_zones_come_from_the_doses_and_those_of_unsure_date_are_counted():
    study = make_study(regressors=["a", "zones"], models=["SDM"])
    rows = picked(estimate(study), estimator="sdm", effect_type="coef")
    assert set(rows["term"]) == {"rho", "a", "zones", "W a", "W zones"}
    zones = study.table("doses")["zones"].to_numpy(float).reshape(T, N)
    panel = panel_from_arrays(
        CASE.y, np.stack([CASE.X[..., 0], zones], axis=2), CASE.units, ["a", "zones"]
    )
    fit = fit_spatial_panel(panel, CASE.network, PanelModel("SDM"))
    close(rows.set_index("term").loc["W zones", "estimate"], fit["W zones"], rtol=1e-7)
    assert rows["warning"].str.contains(f"GRADE C: {3 * N} of {N * T} unit-years").all()
    sure = picked(
        run(regressors=["sure"], models=["SLX"], model="SLX"), estimator="slx"
    )
    assert not sure["warning"].str.contains("GRADE C").any()


def test_samples_proxy_and_correlation_over_years_are_warned_of():
    rows = picked(
        run(samples={"few": CASE.units[:9]}, sample="few", models=["SDM"]),
        estimator="sdm",
    )
    assert set(rows["n_units"]) == {9}
    assert (
        rows["warning"]
        .str.contains("near cut to 9 units and row-standardised again")
        .all()
    )
    drift = np.cumsum(default_rng(6).normal(size=(T, N)), axis=0).ravel()
    proxy = ["official"] * (N * T - N) + ["proxy"] * N
    changed = run(
        frame=lambda f: f.assign(log_income=f["log_income"] + 3 * drift, basis=proxy),
        models=["SDM"],
    )
    rows = picked(changed, estimator="sdm", effect_type="direct")
    assert rows["warning"].str.contains("correlated over years").all()
    assert rows["warning"].str.startswith("PROXY output").all()
    assert set(rows["output_basis"]) == {"spliced"}


def test_at_the_edge_of_its_range_rho_keeps_its_rows_and_gives_no_effect_error_or_wald_test(
    result, monkeypatch
):
    monkeypatch.setattr(optimum, "EDGE_SHARE", 1.0)
    edge = run()
    wanted = {"estimator": "sdm", "term": "a"}
    for kind in KINDS:
        outcome = picked(edge, effect_type=kind, **wanted).iloc[0]
        assert np.isnan(outcome["estimate"])
        assert "not defined: rho at the edge of its range" in outcome["warning"]
        assert (
            outcome["estimate_id"]
            == picked(result, effect_type=kind, **wanted)["estimate_id"].iloc[0]
        )
    tests = picked(edge, estimator="test")
    assert (
        tests.loc[tests["term"].str.startswith("Wald"), "estimate"].isna().tolist()
        == [True] * 4
    )
    rho = row(edge, estimator="sdm", term="rho")
    assert np.isfinite(rho.estimate)
    assert np.isnan(rho.std_error)
    assert set(edge.series["reach"]["estimator"]) == {"slx"}


ISLAND = np.where(np.arange(N)[:, None] == 3, 0.0, CASE.matrix)
SAME = {"top": lambda f: f["bottom"] * np.exp(f["a"])}
CHANGES = [
    (
        r"a is blank 1 times in p \(u06 2002\)",
        {"frame": lambda f: f.assign(a=f["a"].where(f.index != 20))},
    ),
    ("ratio is blank", {"frame": lambda f: f.assign(top=f["top"] - 50)}),
    ("no rows in 1900-1910", {"years": [1900, 1910]}),
    ("the years of p run from 2005 to 2005", {"years": [2005, 2005]}),
    ("regressor b of p is not one of a, ratio", {"regressors": ["b"]}),
    ("p: `wealth` names the column 'wealth'", {"outcome": "wealth"}),
    ("names the column 'x'", {"regressors": ["gone"]}),
    ("pair of unit and period missing", {"frame": lambda f: f.drop(index=3)}),
    ("given twice", {"frame": lambda f: pd.concat([f, f.iloc[:1]])}),
    ("zones is blank", {"doses": lambda f: f.iloc[1:], "regressors": ["a", "zones"]}),
    (
        "names the column 'zones_state'",
        {"doses": lambda f: f.assign(zone_type="bonded"), "regressors": ["zones"]},
    ),
    ("collinear", {"frame": lambda f: f.assign(**SAME)}),
    (
        "are not in near",
        {
            "weights": {
                "near": SpatialWeights(NEAR.units[1:], ring(N - 1), {"weights": "near"})
            }
        },
    ),
    (
        "no neighbour, first u03",
        {"weights": {"near": SpatialWeights(NEAR.units, ISLAND)}},
    ),
]


@pytest.mark.parametrize(("text", "changes"), CHANGES)
def test_what_the_data_cannot_carry_is_said_in_one_line(text, changes):
    study = make_study(**changes)
    if "far" in study.matrices:
        study.written["estimates"]["spatial_panel"]["specifications"][0]["weights"] = (
            "near"
        )
    fails(EvenfieldError, rf"\A.*{text}.*\Z", estimate, study)


def test_a_test_of_a_study_without_durbin_model_is_called_from_none(few_draws):
    study = make_study(models=["SAR", "SEM"], model="SAR")
    rows = estimates_frame(estimate(study).estimates)
    lagrange = rows[rows["term"].str.startswith("LM")]
    assert len(lagrange) > 1
    for line in lagrange.to_dict("records"):
        own = call(study, line)
        arguments = own.arguments
        assert arguments["model"] == "OLS"
        fit = ef.spatial_panel(
            data=own.data, **{own.weights_as: own.weights}, **arguments
        )
        found = fit.specification_tests().loc[line["term"]]
        close(found["statistic"], line["estimate"], rtol=1e-6)


def test_the_main_model_has_its_effects_by_unit_whatever_it_is():
    for model in ("SAR", "SLX"):
        series = run(model=model, models=["SAR", "SLX"]).series["links"]
        assert model.lower() in set(series["estimator"])
