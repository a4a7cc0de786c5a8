"""Tests, bootstraps, factors and probabilities of a spatial panel on a DataFrame, against
other programs and their formulas.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from scipy.stats import chi2, f
from spreg import OLS, LMtests

import evenfield as ef
from libpysal_weights import pysal_weights
from made_panel import long, refused, ring
from tolerances import close

N = 12
T = 9
UNITS = [f"u{i:02d}" for i in range(N)]
RING = ring(UNITS) | {"u00": ["u11", "u01", "u05"], "u05": ["u04", "u06", "u00"]}
FAR = {unit: [UNITS[(i + 4) % N], UNITS[(i + 6) % N]] for i, unit in enumerate(UNITS)}
NET = ef.weights(RING)
W = NET.matrix.toarray()
KEYS = {"unit": "unit", "time": "year"}


def made_panel(rho=0.5, loading=0.0):
    """A spatial Durbin panel, and a common factor where ``loading`` is not zero."""
    rng = default_rng(5)
    x = rng.normal(size=(N, T)) + rng.normal(size=(N, 1))
    z = rng.normal(size=(N, T))
    # Loadings that are alike among neighbours are taken for rho.
    wave = np.cos(2 * np.pi * np.arange(N) / N)[:, None]
    common = loading * wave * rng.normal(size=(1, T))
    e = 0.5 * rng.normal(size=(N, T)) + common + rng.normal(size=(N, 1))
    y = np.linalg.solve(np.eye(N) - rho * W, x - 0.5 * z + 0.8 * W @ x + e)
    return long(UNITS, np.arange(T), y=y, x=x, z=z)


DATA = made_panel()


def fitted(model="SDM", data=DATA, **options):
    options = {"effects": "two_way", **KEYS, **options}
    return ef.spatial_panel("y ~ x + z", data, NET, model=model, **options)


@pytest.fixture(scope="module")
def durbin():
    return fitted(inference=["observed", "unit"])


def test_multiplier_tests_of_a_map_are_those_of_spreg():
    one = DATA[DATA["year"] == 3]
    fit = ef.spatial_cross_section("y ~ x + z", one, NET, model="SAR", unit="unit")
    found = fit.specification_tests()
    columns = one[["y"]].to_numpy(), one[["x", "z"]].to_numpy()
    want = LMtests(OLS(*columns), pysal_weights(RING, UNITS))
    pairs = {
        "LM lag": want.lml,
        "LM error": want.lme,
        "robust LM lag": want.rlml,
        "robust LM error": want.rlme,
    }
    assert list(found.index) == [*pairs, "LR SAR -> OLS"]
    close(found.loc[[*pairs], ["statistic", "p_value"]], list(pairs.values()))


def test_tests_of_a_durbin_panel_are_their_formulas(durbin):
    found = durbin.specification_tests()
    for model in ("SAR", "SEM"):
        ratio = 2 * (durbin.loglik - fitted(model).loglik)
        line = found.loc[f"LR SDM -> {model}"]
        close((line["statistic"], line["p_value"]), (ratio, chi2.sf(ratio, 2)))
    ratio = 2 * (durbin.loglik - fitted("OLS").loglik)
    line = found.loc["LR SDM -> OLS"]
    close((line["statistic"], line["p_value"]), (ratio, chi2.sf(ratio, 3)))
    theta = durbin.params[["W x", "W z"]]
    for kind, end in (("observed", ""), ("unit", ", by unit")):
        V = durbin.vcov(kind).cov.loc[theta.index, theta.index]
        wald = theta @ np.linalg.solve(V, theta)
        line = found.loc[f"Wald SDM -> SAR{end}"]
        p = chi2.sf(wald, 2) if not end else f.sf(wald / 2, 2, N - 1)
        close((line["statistic"], line["p_value"]), (wald / (2 if end else 1), p))
    # Both were planted, so that neither model is enough.
    assert (found.filter(like="LR", axis=0)["p_value"] < 0.01).all()


def test_mundlak_is_the_wald_test_of_means_beside_random_effects(durbin):
    means = DATA.groupby("unit")[["x", "z"]].transform("mean").add_prefix("mean_")
    wide = DATA.join(means)
    dummies = pd.get_dummies(wide["year"], prefix="year", dtype=float).iloc[:, 1:]
    wide = wide.join(dummies)
    held = ["x", "z", *means, *dummies]
    lagged = ["x", "z", *means]
    options = {"effects": "random", "lagged": lagged, **KEYS}
    beside = ef.spatial_panel(y="y", x=held, data=wide, w=NET, model="SDM", **options)
    own = [*means, *(f"W {name}" for name in means)]
    value = beside.params[own]
    V = beside.cov.loc[own, own]
    rest = N - len(own) - 1
    statistic = value @ np.linalg.solve(V, value) * rest / (N * len(own))
    line = durbin.specification_tests().loc["Mundlak"]
    close(line["statistic"], statistic, rtol=1e-5)
    close(line["p_value"], f.sf(statistic, len(own), rest), rtol=1e-5)


def test_a_durbin_model_without_all_lags_is_not_tested_against_the_error_model():
    found = fitted(lagged=["x"]).specification_tests()
    assert "LR SDM -> SAR" in found.index
    assert not [name for name in found.index if name.endswith("SEM")]


def test_what_is_left_in_residuals(durbin):
    found = durbin.residual_tests(draws=1999, seed=3)
    e = DATA.assign(e=durbin.resids).pivot(index="unit", columns="year", values="e")
    e = e.to_numpy()
    autocorrelation = (e[:, 1:] * e[:, :-1]).sum() / (e**2).sum()
    close(found.loc["autocorrelation", "statistic"], autocorrelation)
    moran = np.vdot(e, W @ e) / np.vdot(e, e)
    close(found.loc["Moran's I", "statistic"], moran)
    rng = default_rng(1)
    moved = [e[rng.permutation(N)] for _ in range(1999)]
    drawn = np.array([np.vdot(one, W @ one) for one in moved]) / np.vdot(e, e)
    far = np.abs(drawn - drawn.mean()) >= abs(moran - drawn.mean())
    close(found.loc["Moran's I", "p_value"], far.mean(), atol=0.04)


def test_rows_in_any_order_give_the_same_tests_and_bootstraps(durbin):
    shuffled = fitted(data=DATA.sample(frac=1, random_state=1))
    want, found = durbin.residual_tests(draws=99), shuffled.residual_tests(draws=99)
    close(found["statistic"], want["statistic"])
    assert found["p_value"].equals(want["p_value"])
    want = durbin.bootstrap("unit", draws=19).conf_int()
    close(shuffled.bootstrap("unit", draws=19).conf_int(), want)


def test_the_bootstrap_by_unit_has_errors_by_unit_and_quantiles_of_its_samples(durbin):
    fit = durbin.bootstrap("unit", draws=49, seed=2)
    rows = fit.to_frame().set_index("term")
    by_unit = durbin.vcov("unit").std_errors.drop("sigma2")
    close(rows.loc[by_unit.index, "std_error"], by_unit)
    panel, raw = durbin.panel, durbin.raw
    drawn = ef.kernels.unit_bootstrap(panel, raw, default_rng(2), 49).coefficients
    sizes = pd.DataFrame(np.abs(drawn), columns=by_unit.index)
    half = sizes.quantile(0.95) * by_unit
    close(rows.loc[by_unit.index, "conf_high"], durbin.params[by_unit.index] + half)
    beyond = (sizes >= durbin.vcov("unit").tstats.drop("sigma2").abs()).sum()
    close(rows.loc[by_unit.index, "p_value"], (1 + beyond) / 50)
    effects = durbin.impacts(inference="unit")
    close(rows.loc[effects.params.index, "estimate"], effects.params)
    close(rows.loc[effects.params.index, "std_error"], effects.std_errors)


def test_the_bootstrap_by_date_has_deviation_and_percentiles_of_its_samples(durbin):
    fit = durbin.bootstrap("date", draws=49, years=3, seed=2)
    rows = fit.to_frame(0.9).set_index("term")
    drawn = ef.kernels.year_bootstrap(durbin.panel, durbin.raw, default_rng(2), 49, 3)
    samples = pd.DataFrame(drawn, columns=durbin.params.index)
    # direct, total: by the multipliers of each sample
    inverses = np.linalg.inv(np.eye(N) - samples["rho"].to_numpy()[:, None, None] * W)
    slopes = samples["x"].to_numpy()[:, None, None] * np.eye(N)
    effects = inverses @ (slopes + samples["W x"].to_numpy()[:, None, None] * W)
    samples["total x"] = effects.sum(axis=(1, 2)) / N
    samples["direct x"] = np.trace(effects, axis1=1, axis2=2) / N
    for name in ("rho", "z", "W x", "direct x", "total x"):
        close(rows.loc[name, "std_error"], samples[name].std())
        close(rows.loc[name, "conf_low"], samples[name].quantile(0.05))
        close(rows.loc[name, "conf_high"], samples[name].quantile(0.95))
    assert rows["p_value"].isna().all()


def test_an_effect_that_is_zero_by_construction_has_no_bootstrap():
    rows = fitted("SEM").bootstrap("unit", draws=19).to_frame().set_index("term")
    line = rows.loc["indirect x"]
    assert line["estimate"] == line["std_error"] == 0
    assert line[["p_value", "conf_low", "conf_high"]].isna().all()


def test_a_common_factor_that_is_taken_out_leaves_the_neighbours():
    data = made_panel(rho=0.0, loading=4.0)
    plain = fitted("SAR", data)
    held = fitted("SAR", data, factors=1)
    assert "1 common factor" in held.title
    assert abs(held.params["rho"]) < abs(plain.params["rho"])
    model = ef.kernels.PanelModel("SAR")
    want = ef.kernels.fit_with_factors(plain.panel, NET, model, 1).after
    close(held.params, want.estimates)
    close(held.std_errors, want.std_errors())
    # What is left is orthogonal to no factor: one more is smaller than the first.
    assert held.resids.std() < plain.resids.std()
    assert np.isnan(held.aic)
    # Samples and nested models would be fitted without the factor.
    refused("without common factors", held.specification_tests)
    for by in ("unit", "date"):
        refused("without common factors", held.bootstrap, by, draws=9)
    assert "Moran's I" in held.residual_tests(draws=9).index


def test_probabilities_of_models_and_weights_sum_to_one_and_find_the_true_ones():
    found = ef.spatial_model_probabilities(
        "y ~ x + z",
        DATA,
        {"near": NET, "far": FAR},
        models=["SAR", "SDM", "SEM"],
        **KEYS,
    )
    close(found.to_numpy().sum(), 1.0)
    assert found.stack().idxmax() == ("SDM", "near")
    panel = fitted().panel
    networks = {"near": NET, "far": ef.weights(FAR)}
    want = ef.kernels.model_probabilities(
        panel, networks, ef.kernels.PanelModel(), ["SAR", "SDM", "SEM"]
    )
    for (model, name), share in want.items():
        close(found.loc[model, name], share)


def test_what_cannot_be_tested_or_drawn_is_refused(durbin):
    random = fitted("SAR", effects="random")
    refused("static panel with fixed effects", random.specification_tests)
    refused("no bootstrap 'year'", durbin.bootstrap, "year")
    refused("draws=1", durbin.bootstrap, "unit", draws=1)
    refused("blocks of 10 years", durbin.bootstrap, "date", years=10)
    refused("common factors beside random", fitted, "SAR", effects="random", factors=1)
    refused("factors=-1", fitted, "SAR", factors=-1)
    refused("a mapping of names", probabilities, NET)
    refused("no model 'SAC'", probabilities, {"near": NET}, models="SAC")
    refused("no effects 'random'", probabilities, {"near": NET}, effects="random")


def test_one_date_says_nothing_of_dependence_over_time():
    one = DATA[DATA["year"] == 3]
    fit = ef.spatial_cross_section("y ~ x + z", one, NET, unit="unit")
    found = fit.residual_tests(draws=9)
    assert np.isnan(found.loc["autocorrelation", "statistic"])
    assert found.loc["autocorrelation", "law"] == "none: one date"
    assert np.isfinite(found.loc["Moran's I", "statistic"])
    refused("blocks of 1 years of 1", fit.bootstrap, "date", years=1)


def test_one_block_of_all_dates_is_always_the_same(durbin):
    refused("of which shorter ones", durbin.bootstrap, "date", years=T)


def probabilities(w, **options):
    return ef.spatial_model_probabilities("y ~ x", DATA, w, **KEYS, **options)


@pytest.mark.parametrize("by", ["unit", "date"])
def test_bootstraps_and_factors_say_of_themselves_what_they_are(durbin, by):
    fit = durbin.bootstrap(by, draws=9)
    assert "Inference by" in fit.explain()
    assert "rho" in fit.interpret()
    assert "Student's t" in fitted(inference="unit_t").explain()


@pytest.mark.parametrize(
    ("effects", "units", "dates", "own"),
    [
        ("two_way", N - 1, T - 1, 3),
        ("unit", N, T - 1, 3),
        ("time", N - 1, T, 3),
        ("pooled", N, T, 4),
    ],
)
def test_loadings_and_paths_of_factors_count_among_the_parameters(
    effects, units, dates, own
):
    fit = fitted(
        "SAR", factors=2, effects=effects, inference=["observed", "observed_t"]
    )
    left = fit.rows(0.95).query("inference == 'observed_t'")["df"]
    # A residual of rank two is taken out of rows and columns; rho, x and z, the constant.
    assert set(left) == {(units - 2) * (dates - 2) - own}
    widened = fit.vcov("observed_t").std_errors / fit.std_errors
    close(widened, np.sqrt(fit.nobs / left.iloc[0]))
    close(fit.impacts(inference="observed_t").rows(0.95)["df"], left.iloc[0])


def test_lags_of_regressors_and_an_approach_that_a_model_does_not_have_are_refused():
    refused("lagged beside SAR", fitted, "SAR", lagged="x")
    words = "approach='lee_yu' beside random effects"
    refused(words, fitted, "SAR", effects="random", approach="lee_yu")


def test_a_model_named_twice_is_compared_once():
    call = {"effects": "two_way", "models": ["SAR", "SAR", "SEM"], **KEYS}
    shares = ef.spatial_model_probabilities("y ~ x", DATA, {"near": NET}, **call)
    assert list(shares.index) == ["SAR", "SEM"]
    close(shares.to_numpy().sum(), 1)


def test_what_a_bootstrap_or_the_effects_of_a_dynamic_panel_do_not_read_is_refused(
    durbin,
):
    refused("years=3 of a bootstrap by unit", durbin.bootstrap, years=3, draws=9)
    dynamic = ef.spatial_dynamic("y ~ x", DATA, NET, **KEYS)
    refused("inference='unit' of a dynamic panel", dynamic.impacts, inference="unit")


def test_years_of_a_speed_are_finite_and_models_some():
    fit = ef.spatial_panel("y ~ x", DATA, NET, **KEYS)
    refused("years=inf", fit.impacts, years=np.inf)
    w = {"near": NET}
    call = {"models": [], **KEYS}
    refused("one at least", ef.spatial_model_probabilities, "y ~ x", DATA, w, **call)


def test_residuals_of_a_map_are_regressed_again_where_it_is_asked_for():
    one = DATA[DATA["year"] == 3]
    fit = ef.spatial_cross_section("y ~ x + z", one, NET, model="SDM", unit="unit")
    found = fit.residual_tests(draws=4999, regressed=True).loc["Moran's I"]
    plain = one[["x", "z"]].to_numpy()
    X = np.column_stack([np.ones(N), plain, W @ plain])
    y = one["y"].to_numpy() - fit.params["rho"] * W @ one["y"].to_numpy()
    M = np.eye(N) - X @ np.linalg.pinv(X)
    e = M @ y
    moran = e @ W @ e / (e @ e)
    assert found["statistic"] == pytest.approx(moran, rel=1e-5)
    rng = default_rng(8)
    drawn = []
    for _ in range(5000):
        moved = M @ rng.permutation(e)
        drawn.append(moved @ W @ moved / (moved @ moved))
    tail = min(np.mean(drawn <= moran), np.mean(drawn >= moran))
    assert found["p_value"] == pytest.approx(min(1, 2 * tail), abs=0.03)
    # As they are, permuted residuals hang together less by chance.
    assert fit.residual_tests(draws=999).loc["Moran's I", "p_value"] != found["p_value"]
    renamed = {unit: f"v{N - number:02d}" for number, unit in enumerate(UNITS)}
    other = {renamed[unit]: [renamed[j] for j in RING[unit]] for unit in UNITS}
    again = ef.spatial_cross_section(
        "y ~ x + z",
        one.assign(unit=one["unit"].map(renamed)),
        other,
        model="SDM",
        unit="unit",
    ).residual_tests(draws=4999, regressed=True)
    assert again.loc["Moran's I", "p_value"] == found["p_value"]


def test_residuals_that_are_not_regressed_again_are_refused(durbin):
    refused("9 dates: .* one date alone", durbin.residual_tests, regressed=True)
    one = DATA[DATA["year"] == 3]
    fit = ef.spatial_cross_section("y ~ x", one, NET, model="SEM", unit="unit")
    refused("residuals of SEM", fit.residual_tests, regressed=True)
