"""Spatial panels of the library: parameters that AIC and BIC count, and the constant
beside random effects.
"""

import numpy as np
import pandas as pd
import pytest
from libpysal.weights import W as PysalWeights
from numpy.random import default_rng
from scipy.stats import t as student
from spreg import ML_Lag
from statsmodels.tools.numdiff import approx_fprime, approx_hess

import evenfield as ef
from made_panel import long, refused, ring
from spatial_cases import dense_log_likelihood
from tolerances import close
from yaml_text import from_yaml

N = 8
T = 5
UNITS = [f"u{i}" for i in range(N)]
RING = ring(UNITS) | {"u0": ["u7", "u1", "u3"], "u3": ["u2", "u4", "u0"]}
NET = ef.weights(RING)
KEYS = {"unit": "unit", "time": "year"}


def made_panel():
    """A panel with random unit effects and errors that spread to neighbours."""
    rng = default_rng(11)
    W = NET.matrix.toarray()
    x = rng.normal(size=(N, T)) + rng.normal(size=(N, 1))
    v = np.linalg.solve(np.eye(N) - 0.4 * W, rng.normal(size=(N, T)))
    y = 3 + x + 1.2 * rng.normal(size=(N, 1)) + v
    return long(UNITS, np.arange(T), y=y, x=x)


DATA = made_panel()


def fitted(model, effects, **options):
    return ef.spatial_panel(
        "y ~ x", DATA, NET, model=model, effects=effects, **options, **KEYS
    )


def log_density(parameters, names, data):
    of = dict(zip(names, parameters, strict=True))
    W = NET.matrix.toarray()
    y, x = (data[name].to_numpy().reshape(N, T).T for name in ("y", "x"))
    mean = of["Intercept"] + of["x"] * x + of.get("W x", 0.0) * x @ W.T
    more = {"sigma2": of["sigma2"], "lam": of["lambda"], "phi": of["phi"]}
    return dense_log_likelihood(y, mean, W, **more)


@pytest.mark.parametrize("model", ["SEM", "SDEM"])
def test_random_effects_beside_spatial_errors_report_the_constant_and_its_error(model):
    fit = fitted(model, "random")
    names = list(fit.params.index)
    assert names[0] == "Intercept"
    result = fit.params.to_numpy()
    close(fit.loglik, log_density(result, names, DATA), atol=1e-8)
    slope = approx_fprime(result, log_density, args=(names, DATA), centered=True)
    close(slope, 0.0, atol=1e-4)
    V = np.linalg.inv(-approx_hess(result, log_density, args=(names, DATA)))
    close(fit.std_errors, np.sqrt(np.diag(V)), rtol=1e-4)
    close(fit.cov.to_numpy()[0], V[0], rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("model", "effects", "parameters"),
    from_yaml("""
    - [OLS, pooled, [Intercept, x]]
    - [SAR, pooled, [Intercept, x, rho]]
    - [SDM, pooled, [Intercept, x, W x, rho]]
    - [SAR, random, [Intercept, x, rho, phi]]
    - [SEM, random, [Intercept, x, lambda, phi]]
    - [SAC, two_way, [x, rho, lambda]]
    """),
)
def test_criteria_count_all_parameters_but_the_error_variance(
    model, effects, parameters
):
    fit = fitted(model, effects)
    assert set(fit.params.index) == {*parameters, "sigma2"}
    close(fit.aic, 2 * len(parameters) - 2 * fit.loglik)
    count = np.log(fit.nobs) * len(parameters)
    close(fit.bic, count - 2 * fit.loglik)


@pytest.mark.parametrize(
    ("effects", "bar"),
    from_yaml("""
    - [pooled, '']
    - [unit, unit]
    - [time, year]
    - [two_way, unit + year]
    """),
)
def test_criteria_of_least_squares_are_those_of_the_panel_without_links(effects, bar):
    fit = fitted("OLS", effects, approach="direct")
    want = ef.ols(f"y ~ x | {bar}", DATA, inference="classical", **KEYS)
    close((fit.loglik, fit.aic, fit.bic), (want.loglik, want.aic, want.bic))


@pytest.mark.filterwarnings("ignore")
def test_criteria_of_a_spatial_lag_are_those_of_spreg():
    data = DATA[DATA["year"] == 2]
    w = PysalWeights(RING)
    w.transform = "r"
    w = PysalWeights(w.neighbors, w.weights, id_order=UNITS)
    want = ML_Lag(data[["y"]].to_numpy(), data[["x"]].to_numpy(), w)
    fit = ef.spatial_cross_section("y ~ x", data, NET, model="SAR", unit="unit")
    close((fit.aic, fit.bic), (want.aic, want.schwarz), atol=1e-5)


@pytest.mark.parametrize("effects", ["random", "pooled", "unit"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_an_outcome_that_is_constant_is_refused(effects):
    refused(
        "the outcome does not vary once the effects are removed",
        ef.spatial_panel,
        "y ~ x",
        DATA.assign(y=2.0),
        NET,
        model="SAR",
        effects=effects,
        **KEYS,
    )


@pytest.mark.parametrize("model", ["SLX", "SAR", "SEM", "SDM"])
@pytest.mark.parametrize("value", [0.0, "unit"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_an_outcome_that_effects_take_away_is_refused(model, value):
    y = DATA.groupby(value)["x"].transform("mean") if value else value
    words = "the outcome does not vary once the effects are removed"
    call = {"model": model, "effects": "unit", **KEYS}
    refused(words, ef.spatial_panel, "y ~ x", DATA.assign(y=y), NET, **call)


@pytest.mark.parametrize("model", ["SAR", "SEM", "SDM", "SDEM"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_an_outcome_made_of_a_regressor_is_refused_before_it_is_fitted(model):
    call = {"model": model, "effects": "unit", **KEYS}
    data = DATA.assign(y=2 * DATA["x"])
    refused("fit the outcome exactly", ef.spatial_panel, "y ~ x", data, NET, **call)


@pytest.mark.parametrize("name", ["rho", "lambda", "sigma2", "phi", "tau", "W x"])
def test_regressors_named_as_parameters_are_refused(name):
    data = DATA.assign(**{name: np.sin(np.arange(len(DATA)))})
    for estimate in (ef.spatial_panel, ef.spatial_dynamic):
        refused(
            f"a regressor named {name}",
            estimate,
            f"y ~ x + `{name}`",
            data,
            NET,
            **KEYS,
        )


def test_an_outcome_may_be_named_as_a_parameter():
    data = DATA.rename(columns={"y": "rho"})
    result = ef.spatial_panel("rho ~ x", data, NET, **KEYS)
    want = ef.spatial_panel("y ~ x", DATA, NET, **KEYS)
    pd.testing.assert_series_equal(result.params, want.params)


def test_t_by_unit_has_the_errors_by_unit_and_the_degrees_of_freedom_of_its_units():
    fit = fitted("SDM", "two_way", inference=["unit", "unit_t"])
    frame = fit.to_frame().set_index(["inference", "term"])
    normal, by_t = frame.loc["unit"], frame.loc["unit_t"]
    assert (normal["std_error"] == by_t["std_error"]).all()
    # No more units carry a coefficient than there are.
    assert (by_t["df"] >= 1).all()
    assert (by_t["df"] <= N - 1).all()
    assert np.isinf(normal["df"]).all()
    close(by_t["p_value"], 2 * student.sf(by_t["statistic"].abs(), by_t["df"]))
    half = student.ppf(0.975, by_t["df"]) * by_t["std_error"]
    close(by_t["conf_high"], by_t["estimate"] + half)
    # Effects of the same model have that law, too.
    impacts = fit.impacts(inference="unit").to_frame().set_index("term")
    assert (impacts["df"] <= N - 1).all()


@pytest.mark.parametrize(
    ("effects", "bar"), [("pooled", ""), ("two_way", "| unit + year")]
)
def test_errors_for_few_observations_are_those_of_least_squares(effects, bar):
    fit = fitted("SLX", effects, approach="direct", inference="observed_t")
    x = DATA["x"].to_numpy().reshape(N, T)
    beside = DATA.assign(lagged=(NET.matrix @ x).ravel())
    want = ef.ols(f"y ~ x + lagged {bar}", beside, inference="classical", **KEYS)
    own = ["x", "W x"]
    close(fit.std_errors[own], want.std_errors[["x", "lagged"]])
    close(fit.pvalues[own], want.pvalues[["x", "lagged"]])
    close(fit.conf_int().loc["x"], want.conf_int().loc["x"])
    effects = fit.impacts()
    close(effects.std_errors["direct x"], want.std_errors["x"])
    close(effects.conf_int().loc["direct x"], want.conf_int().loc["x"])


@pytest.mark.parametrize(
    ("effects", "kind"),
    [("pooled", "observed"), ("pooled", "expected"), ("random", "observed")],
)
def test_the_constant_has_the_errors_for_few_observations_too(effects, kind):
    fit = fitted("SAR", effects, inference=[kind, f"{kind}_t"])
    normal, student_t = fit.vcov(kind), fit.vcov(f"{kind}_t")
    n = fit.nobs
    widening = np.sqrt(n / (n - fit.n_params))
    assert np.isfinite(normal.std_errors["Intercept"])
    close(student_t.std_errors, normal.std_errors * widening)
    close(student_t.cov, normal.cov * widening**2)


def test_drawn_effects_for_few_observations_are_wider_than_those_of_the_normal_law():
    fit = fitted("SLX", "two_way", inference=["observed", "observed_t"])
    normal, student_t = (
        fit.impacts(inference=kind, draws=200) for kind in ("observed", "observed_t")
    )
    # Effects are linear without rho: the same draws, farther from the estimate.
    widening = np.sqrt(fit.nobs / (fit.nobs - fit.n_params))
    close(student_t.std_errors, normal.std_errors * widening)


def test_too_few_observations_for_student_are_refused():
    few = DATA[DATA["year"] == 2]
    data = few.assign(**{f"z{i}": np.sin(np.arange(N) * (i + 1)) for i in range(3)})
    refused(
        "observations leave nothing",
        ef.spatial_cross_section,
        "y ~ x + z0 + z1",
        data,
        NET,
        model="SDM",
        inference="observed_t",
        unit="unit",
    )


def test_a_total_effect_implies_a_speed_of_convergence():
    data = DATA[DATA["year"] == 2]
    data = data.assign(y=data["y"] / 20 - data["x"] / 10)
    fit = ef.spatial_cross_section("y ~ x", data, NET, model="SDM", unit="unit")
    effects = fit.impacts(years=2)
    total = effects.params["total x"]
    ends = effects.conf_int().loc["total x"]
    speed = effects.tables["speed"].loc["total x"]
    # b = -(1 - exp(-speed T)) / T, solved by hand; beyond -1/T there is none.
    for value, slope in {
        "estimate": total,
        "conf_low": ends["upper"],
        "conf_high": ends["lower"],
    }.items():
        if slope > -0.5:
            close(-(1 - np.exp(-2 * speed[value])) / 2, slope)
        else:
            assert np.isnan(speed[value])
    assert -0.5 < total < -1e-6
    none = fit.impacts(years=1e6).tables["speed"].loc["total x", "estimate"]
    assert np.isnan(none)
    assert not fit.impacts().tables
    for years in (0, "20"):
        refused("years=", fit.impacts, years=years)
