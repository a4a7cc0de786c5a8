"""Least squares of the library: effects, their leverages and labels of any kind."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

import evenfield as ef
from made_panel import refused, ring
from tolerances import close

KEYS = {"unit": "unit", "time": "year"}
EFFECTS = ["unit", "year", "unit + year", "unit + region^year"]


def made_panel(n_dates, holes=False):
    """Twelve units in three regions; with holes, some rows are missing."""
    rng = default_rng(n_dates)
    unit = np.repeat(np.arange(12), n_dates)
    year = np.tile(np.arange(n_dates), 12) + 2000
    data = pd.DataFrame({"unit": unit, "year": year, "region": unit % 3})
    data["x"] = rng.normal(size=len(data)) + 0.3 * unit + 0.2 * (year - 2000)
    data["y"] = (
        data["x"] + unit**0.5 + rng.normal(size=len(data)) * (1 + data["x"] ** 2)
    )
    if holes:
        data = data.drop(index=[1, 2 * n_dates, 7 * n_dates + 1, len(data) - 1])
    return data


def dummies_of(data, effects):
    """Independent dummies of effects written as behind the bar."""
    blocks = []
    for name in effects.split(" + "):
        label = data[name.split("^")].astype(str).agg(" ".join, axis=1)
        blocks.append(pd.get_dummies(label, dtype=float).to_numpy())
    every = np.column_stack(blocks)
    retained = []
    for column in range(every.shape[1]):
        if np.linalg.matrix_rank(every[:, [*retained, column]]) > len(retained):
            retained.append(column)
    return every[:, retained]


def by_statsmodels(data, effects, regressors=("x",), **kind):
    X = np.column_stack([data[list(regressors)], dummies_of(data, effects)])
    return sm.OLS(data["y"].to_numpy(), X).fit(use_t=True, **kind)


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("n_dates", [2, 3, 5, 12])
@pytest.mark.parametrize("effects", EFFECTS)
def test_hc3_beside_effects_is_that_of_the_dummies(effects, n_dates, holes):
    data = made_panel(n_dates, holes)
    if holes:  # a unit or a region's year with one row has leverage one
        names = [name.split("^") for name in effects.split(" + ")]
        for _ in range(9):
            for name in names:
                data = data[data.groupby(name)["y"].transform("size") > 1]
    want = by_statsmodels(data, effects, cov_type="HC3")
    fit = ef.ols(f"y ~ x | {effects}", data, inference="HC3", **KEYS)
    close(fit.params["x"], want.params[0], rtol=1e-8)
    close(fit.std_errors["x"], want.bse[0], rtol=1e-8)
    close(fit.pvalues["x"], want.pvalues[0], rtol=1e-7)


@pytest.mark.parametrize("kind", ["classical", "HC1", "HC3"])
def test_errors_do_not_depend_on_the_other_inferences_asked_for(kind):
    data = made_panel(5, holes=True)
    alone = ef.ols("y ~ x | unit + year", data, inference=kind, **KEYS)
    both = ef.ols("y ~ x | unit + year", data, inference=[kind, "CR2"], **KEYS)
    close(both.std_errors["x"], alone.std_errors["x"], rtol=1e-10)
    close(both.aic, alone.aic)


@pytest.mark.parametrize("inference", ["HC3", ["HC3", "CR2"]])
@pytest.mark.parametrize("formula", ["y ~ x | unit", "y ~ x + C(unit)", "y ~ x | year"])
def test_hc3_is_the_same_without_a_row_that_has_a_dummy_for_itself(formula, inference):
    data = made_panel(5)
    retained = data[(data["unit"] > 0) & (data["year"] > 2000)]
    alone = data.head(1)
    fits = [
        ef.ols(formula, rows, inference=inference, **KEYS)
        for rows in (pd.concat([alone, retained]), retained)
    ]
    close(fits[0].std_errors["x"], fits[1].std_errors["x"], rtol=1e-9)


@pytest.mark.parametrize("inference", ["HC3", "HC1", "CR1", "CR2"])
def test_as_many_effects_as_rows_are_refused(inference):
    data = made_panel(2)[:8]
    refused(
        r"8 observations cannot carry 8 coefficients and effects",
        ef.ols,
        "y ~ x | unit + region^year",
        data,
        inference=inference,
        **KEYS,
    )


@pytest.mark.parametrize("inference", ["classical", "HC1", "HC3"])
@pytest.mark.parametrize("effects", ["unit + region^year", "unit + region_year"])
def test_a_regressor_beside_units_and_regions_by_year_is_estimated(effects, inference):
    data = made_panel(5, holes=True).assign(
        region_year=lambda d: d["region"].astype(str) + "-" + d["year"].astype(str)
    )
    fit = ef.ols(f"y ~ x | {effects}", data, inference=inference, **KEYS)
    kind = "nonrobust" if inference == "classical" else inference
    want = by_statsmodels(data, "unit + region^year", cov_type=kind)
    close(fit.params["x"], want.params[0], rtol=1e-8)
    close(fit.std_errors["x"], want.bse[0], rtol=1e-8)
    close(fit.aic, want.aic)


def clustered_by_brute_force(data, effects, cluster, kind):
    """Standard error of x by CR2 or CR3 with all dummies and the full hat matrix."""
    X = np.column_stack([data["x"], dummies_of(data, effects)])
    y = data["y"].to_numpy()
    bread = np.linalg.pinv(X.T @ X)
    residuals = y - X @ (bread @ X.T @ y)
    labels = data[cluster].to_numpy()
    power = {"CR2": -0.5, "CR3": -1.0}[kind]
    terms = []
    for label in np.unique(labels):
        rows = labels == label
        gap = np.eye(rows.sum()) - X[rows] @ bread @ X[rows].T
        roots, vectors = np.linalg.eigh(gap)
        known = roots > 1e-9
        inverse = (vectors[:, known] * roots[known] ** power) @ vectors[:, known].T
        terms.append((bread @ X[rows].T @ inverse @ residuals[rows])[0])
    factor = (len(terms) - 1) / len(terms) if kind == "CR3" else 1.0
    return np.sqrt(factor * np.sum(np.square(terms)))


@pytest.mark.parametrize("kind", ["CR2", "CR3"])
@pytest.mark.parametrize("cluster", ["unit", "region4"])
@pytest.mark.parametrize("effects", [*EFFECTS, "unit + region4^year + region"])
def test_jackknives_of_clusters_beside_effects_are_those_of_the_dummies(
    effects, cluster, kind
):
    data = made_panel(5, holes=True).assign(region4=lambda d: d["unit"] % 6)
    fit = ef.ols(f"y ~ x | {effects}", data, inference=kind, cluster=cluster, **KEYS)
    want = clustered_by_brute_force(data, effects, cluster, kind)
    close(fit.std_errors["x"], want, rtol=1e-8)


@pytest.mark.parametrize("inference", ["SCPC", "conley"])
def test_inference_over_space_beside_effects_nested_in_clusters_counts_them(inference):
    data = made_panel(2).query("year == 2001")
    rng = default_rng(3)
    data = data.assign(lat=rng.uniform(20, 50, 12), lon=rng.uniform(20, 50, 12))
    how = {"inference": inference, "cluster": "region", "unit": "unit"}
    taken = ef.ols("y ~ x | region", data, cutoff_km=900, **how)
    dummies = ef.ols("y ~ x + C(region)", data, cutoff_km=900, **how)
    close(taken.conf_int().loc["x"], dummies.conf_int().loc["x"], rtol=1e-8)


@pytest.mark.parametrize("inference", ["CR1", "CR2", "HC3"])
def test_regressors_that_cannot_be_told_apart_are_named(inference):
    data = made_panel(5).assign(
        z=lambda d: np.sin(np.arange(len(d))),
        same=lambda d: 2 * d["x"] + 7 * d["year"] + 1e3 * d["unit"],
    )
    with pytest.raises(ef.EstimateError, match="are collinear: x, same") as error:
        ef.ols("y ~ z + x + same | unit + year", data, inference=inference, **KEYS)
    assert "z," not in str(error.value)


@pytest.mark.parametrize("inference", ["CR1", "CR2", "HC3"])
def test_regressors_that_effects_absorb_are_named(inference):
    data = made_panel(5).assign(policy=lambda d: (d["region"] * d["year"]) ** 0.5)
    refused(
        "policy does not vary beside",
        ef.ols,
        "y ~ x + policy | unit + region^year",
        data,
        inference=inference,
        **KEYS,
    )


LABELS = ["1", "0", "-1", "const", "np", "C", "a|b", "a`b", "y ~ x", "lag(x)", "a+b"]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("reference", [None, "other", "third"])
def test_contrasts_are_differences_of_means_whatever_groups_are_named(label, reference):
    data = made_panel(2).query("year == 2001")
    names = np.array([label, "other", "third"])
    data = data.assign(g=names[data["region"]])
    fit = ef.contrasts(data, "y", "g", reference=reference, unit="unit")
    means = data.groupby("g")["y"].mean()
    for group in set(names) - {reference}:
        others = data.loc[data["g"] != group, "y"].mean()
        against = others if reference is None else means[reference]
        close(fit.params[group], means[group] - against)
    assert len(fit.params) == 3 - (reference is not None)


def test_contrasts_take_numbers_for_groups_and_for_the_reference():
    data = made_panel(2).query("year == 2001").assign(g=lambda d: d["region"] + 1)
    fit = ef.contrasts(data, "y", "g", reference=3, unit="unit", inference="HC3")
    means = data.groupby("g")["y"].mean()
    assert fit.params.to_dict() == pytest.approx(
        {"1": means[1] - means[3], "2": means[2] - means[3]}
    )


@pytest.mark.parametrize("label", ["Intercept", "y", "unit"])
def test_contrasts_refuse_a_group_named_as_the_constant_or_a_column(label):
    data = made_panel(2).query("year == 2001")
    data = data.assign(g=np.array([label, "b", "c"])[data["region"]])
    refused(f"a group of g named {label}", ef.contrasts, data, "y", "g", unit="unit")


@pytest.mark.parametrize("label", LABELS)
def test_columns_of_any_name_are_outcomes_regressors_controls_and_effects(label):
    data = made_panel(5)
    named = data.rename(columns={"x": label})
    want = ef.ols("y ~ x", data, **KEYS)
    fit = ef.ols(
        data=named,
        y="y",
        x=[label],
        **KEYS,
    )
    assert list(fit.params.index) == ["Intercept", label]
    close(fit.params, want.params)
    turned = ef.ols(
        data=named,
        y=label,
        x="y",
        **KEYS,
    ).params
    close(turned["y"], ef.ols("x ~ y", data, **KEYS).params["y"])
    curve = ef.specification_curve(named, "y", label, draws=9, **KEYS)
    close(curve.params.iloc[0], want.params["x"])
    if "`" not in label:
        quoted = ef.ols(f"y ~ `{label}`", named, **KEYS)
        pd.testing.assert_series_equal(quoted.params, fit.params)
        region = data.rename(columns={"region": label})
        by_region = ef.ols(f"y ~ x | `{label}`", region, **KEYS).params["x"]
        close(by_region, ef.ols("y ~ x | region", data, **KEYS).params["x"])


def test_a_speed_has_controls_of_any_name():
    data = made_panel(5).assign(**{"1": lambda d: np.sin(d["unit"])})
    data["z"] = data["1"]
    want = ef.beta_convergence("x ~ z", data, **KEYS).params["initial"]
    for model in ({"formula": "x ~ `1`"}, {"y": "x", "x": ["1"]}):
        fit = ef.beta_convergence(data=data, **model, **KEYS)
        close(fit.params["initial"], want)
        assert list(fit.params.index) == ["Intercept", "initial", "1"]


@pytest.mark.parametrize(
    "effects", [["unit"], ["unit", "year"], ["unit", "region^year"]]
)
def test_a_curve_is_least_squares_beside_effects_with_clustered_errors(effects):
    data = made_panel(5).assign(z=lambda d: np.sin(np.arange(len(d))))
    curve = ef.specification_curve(
        data, "y", "x", controls=[("z",)], effects=effects, draws=9, **KEYS
    )
    fit = ef.ols(f"y ~ z + x | {' + '.join(effects)}", data, inference="CR1", **KEYS)
    columns = ["estimate", "std_error", "p_value", "conf_low"]
    close(
        curve.to_frame()[columns].iloc[0].to_numpy(float),
        fit.to_frame().set_index("term").loc["x", columns].to_numpy(float),
        rtol=1e-9,
    )


@pytest.mark.parametrize("formula", ["y ~ 1 | unit", "y ~ 0"])
def test_a_model_without_regressors_is_refused(formula):
    refused("without regressors", ef.ols, formula, made_panel(3), **KEYS)


@pytest.mark.parametrize("formula", ["y ~ 0", "y ~ x - 1"])
def test_growth_without_a_constant_is_refused(formula):
    refused("without a constant", ef.beta_convergence, formula, made_panel(3), **KEYS)


def test_a_curve_of_one_unit_is_refused():
    data = made_panel(5).query("unit == 3")
    refused(
        "at least two clusters", ef.specification_curve, data, "y", "x", draws=9, **KEYS
    )


@pytest.mark.parametrize("inference", ["HC3", "CR2"])
def test_the_covariance_has_no_number_where_a_coefficient_has_none(inference):
    data = made_panel(5)
    data = pd.concat([data.head(1), data[data["unit"] > 0]])
    fit = ef.ols("y ~ x + C(unit)", data, inference=inference, **KEYS)
    close(fit.cov.loc["x", "x"], fit.std_errors["x"] ** 2)
    assert np.isnan(fit.cov.loc["Intercept", "Intercept"])


def test_a_group_may_stand_in_a_column_named_as_the_constant():
    data = made_panel(2).query("year == 2001").assign(Intercept=lambda d: d["region"])
    fit = ef.contrasts(data, "y", "Intercept", reference=0, unit="unit")
    want = ef.contrasts(data, "y", "region", reference=0, unit="unit")
    pd.testing.assert_series_equal(fit.params, want.params)


def test_errors_of_the_wild_bootstrap_are_those_of_cr1_whatever_else_is_asked_for():
    data = made_panel(2).query("year == 2001")
    rng = default_rng(3)
    data = data.assign(lat=rng.uniform(20, 50, 12), lon=rng.uniform(20, 50, 12))
    kinds = ["CR1", "wild", "SCPC"]
    how = {"cluster": "region", "unit": "unit", "draws": 19}
    fits = [
        ef.ols("y ~ x | region", data, inference=kinds[:count], **how)
        for count in (1, 2, 3)
    ]
    errors = [fit.vcov(kind).std_errors["x"] for fit in fits for kind in ("CR1",)]
    errors += [fit.vcov("wild").std_errors["x"] for fit in fits[1:]]
    close(errors, [errors[0]] * 5)


PATHS = made_panel(5).assign(
    stratum=lambda rows: rows["year"] % 2,
    lat=lambda rows: 40 + rows["year"] / 1000,
    lon=lambda rows: rows["unit"] / 10,
)


def test_strata_and_places_that_change_from_date_to_date_are_refused():
    words = "stratum of 0 differs from date to date"
    call = {"strata": "stratum", "draws": 9, **KEYS}
    kind = "randomisation_stratified"
    refused(words, ef.ols, "y ~ x | unit + year", PATHS, inference=kind, **call)
    refused(words, ef.specification_curve, "y", PATHS, "x", **call)
    words = "lat of 0 differs from date to date"
    call = {"inference": "conley", "cutoff_km": 100, **KEYS}
    refused(words, ef.ols, "y ~ x | unit + year", PATHS, **call)


def test_options_that_no_inference_reads_are_named():
    given = {"cutoff_km": 100, "lags": 2, "strata": "region", "most_components": 3}
    fit = ef.ols("y ~ x", PATHS, inference="CR1", **given, **KEYS)
    assert fit.notes["given and read by no inference"] == ", ".join(given)
    read = ef.ols("y ~ x", PATHS, inference=["CR1", "driscoll_kraay"], lags=2, **KEYS)
    assert not read.notes["given and read by no inference"]


@pytest.mark.parametrize(
    ("inference", "given", "unread"),
    [
        ("SCPC_06", {"average_correlation": 0.1}, "average_correlation"),
        ("SCPC", {"average_correlation": 0.1, "coords": ["lat", "lon"]}, ""),
        ("HC3", {"cluster": "region"}, "cluster"),
        ("wild", {"cluster": "region"}, ""),
        ("HC1", {"few_units": True}, "few_units"),
        ("CR3", {"few_units": True, "coords": ["lat", "lon"]}, ""),
        ("CR3", {"coords": ("lon", "lat")}, "coords"),
        ("conley_400", {"few_units": True, "coords": ("far", "lon")}, ""),
        ("SCPC_06", {"coords": ("far", "lon")}, ""),
    ],
)
def test_options_of_some_inferences_are_named_where_none_of_them_stands(
    inference, given, unread
):
    one = PATHS[PATHS["year"] == 2000].assign(lat=lambda rows: 40 + rows["unit"] / 7)
    one["far"] = 2 * one["lat"] - 60
    call = {"unit": "unit", "draws": 9, "inference": inference}
    fit = ef.ols("y ~ x", one, **call, **given)
    assert fit.notes["given and read by no inference"] == unread
    # Where it is not named it is read: numbers move, but by coordinates as by default.
    without = ef.ols("y ~ x", one, **call)
    same = fit.to_frame().equals(without.to_frame())
    assert same == bool(unread) or given.get("coords") == ["lat", "lon"]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("lags=2.5", {"lags": 2.5, "inference": "driscoll_kraay"}),
        ("few_units='no'", {"few_units": "no"}),
        ("most_components=2.5", {"most_components": 2.5}),
        ("cutoff_km='a'", {"cutoff_km": "a", "inference": "conley"}),
    ],
)
def test_options_of_another_kind_are_refused(words, options):
    refused(words, ef.ols, "y ~ x | unit + year", PATHS, **options, **KEYS)


@pytest.mark.parametrize("sign", [0, 2, True, "+"])
def test_a_predicted_sign_is_up_or_down(sign):
    call = {"sign": sign, "draws": 9, **KEYS}
    words = f"sign={sign!r}".replace("+", r"\+")
    refused(words, ef.specification_curve, "y", PATHS, "x", **call)


def test_a_sample_that_cannot_be_queried_is_named():
    call = {"samples": {"all": "", "coast": "coastal == 1"}, "draws": 9, **KEYS}
    words = "the sample 'coastal == 1' fails"
    refused(words, ef.specification_curve, "y", PATHS, "x", **call)
    call["samples"] = ["region == 1"]
    refused("samples of type list", ef.specification_curve, "y", PATHS, "x", **call)


def test_contrasts_stand_in_the_order_of_the_numbers_of_their_groups():
    one = PATHS[PATHS["year"] == 2000].assign(group=lambda rows: rows["region"] * 5.0)
    fit = ef.contrasts("y", one, "group", reference=0, unit="unit", inference="HC3")
    assert list(fit.params.index) == ["5", "10"]


def test_all_that_pass_options_on_name_those_that_no_inference_reads():
    one = PATHS[PATHS["year"] == 2000].assign(got=lambda rows: rows["unit"] % 2)
    given = {"inference": "HC3", "strata": "region"}
    rich = PATHS.assign(rich=np.exp(PATHS["y"]))
    for fit in (
        ef.contrasts("y", one, "got", unit="unit", **given),
        ef.placement("y ~ got", one, unit="unit", draws=99, **given),
        ef.ols_by("y ~ x", PATHS, "year", unit="unit", **given),
        ef.sigma("rich", rich, **given, **KEYS),
        ef.beta_convergence(
            "log_y ~ 1", PATHS.assign(log_y=PATHS["y"]), **given, **KEYS
        ),
    ):
        assert fit.notes["given and read by no inference"] == "strata"


def test_clusters_that_no_inference_reads_are_left_out_all_the_same():
    fit = ef.ols("y ~ x", PATHS, inference="HC3", cluster="region", **KEYS)
    assert fit.notes["given and read by no inference"] == "cluster"
    regions = PATHS["region"].astype(str).unique()
    assert set(fit.leave_one_out("x").params.index) == set(regions)
    assert "given and not used" not in fit.notes


@pytest.mark.parametrize("inference", ["classical", "HC3"])
def test_a_covariance_keeps_its_digits_beside_columns_of_other_sizes(inference):
    rng = np.random.default_rng(6)
    Z = np.column_stack([np.ones(40), rng.normal(size=(40, 2)) @ [[1, 0.4], [0, 1]]])
    y = Z @ [1.0, 2.0, 3.0] + rng.normal(size=40)
    # The sandwich of columns of one size; b = c / size where x = size z.
    bread = np.linalg.inv(Z.T @ Z)
    u = y - Z @ bread @ Z.T @ y
    leverage = np.einsum("ij,jk,ik->i", Z, bread, Z)
    squares = np.full(40, u @ u / 37)
    if inference == "HC3":
        squares = (u / (1 - leverage)) ** 2
    size = np.array([1.0, 1e7, 1e-7])
    want = bread @ (Z.T * squares) @ Z @ bread / np.outer(size, size)
    data = pd.DataFrame({"y": y, "large": 1e7 * Z[:, 1], "small": 1e-7 * Z[:, 2]})
    result = ef.ols("y ~ large + small", data, inference=inference)
    close(result.cov, want, rtol=1e-8)


def test_a_perfect_fit_has_no_covariance():
    data = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]}).assign(y=0.0)
    assert (ef.ols("y ~ x", data).cov == 0).all(axis=None)


PANEL = made_panel(6)


def test_a_curve_needs_an_outcome_and_a_set_of_controls():
    call = {"unit": "unit", "time": "year", "draws": 9}
    refused(
        "controls without", ef.specification_curve, "y", PANEL, "x", controls=[], **call
    )
    refused("y without", ef.specification_curve, [], PANEL, "x", **call)


def test_an_exact_fit_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = ef.ols("y ~ x", PANEL.assign(y=0.0))
    assert fit.loglik == np.inf


def test_an_inference_that_is_named_twice_is_shown_once():
    def fit_of(*kinds):
        return ef.ols("y ~ x", PANEL, inference=kinds, **KEYS).to_frame()

    pd.testing.assert_frame_equal(fit_of("CR1", "CR1"), fit_of("CR1"))

    def spatial(*kinds):
        call = {"inference": kinds, **KEYS}
        return ef.spatial_panel("y ~ x", PANEL, ring(range(12)), **call).to_frame()

    pd.testing.assert_frame_equal(spatial("unit", "unit"), spatial("unit"))

    def against_others(*kinds):
        one = PANEL[PANEL["year"] == 2000]
        call = {"inference": kinds, "unit": "unit"}
        return ef.contrasts("y", one, "region", **call).to_frame()

    pd.testing.assert_frame_equal(against_others("HC3", "HC3"), against_others("HC3"))


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("coords='x'", {"coords": "x"}),
        ("coords=", {"coords": ("lat", "lon", "x")}),
        ("lat with what is no number", {"lat": "north"}),
        ("average_correlation='a'", {"average_correlation": "a"}),
    ],
)
def test_places_are_two_columns_of_numbers(words, options):
    options = dict(options)
    places = {"lat": options.pop("lat", 35.0), "lon": 100.0}
    one = PANEL[PANEL["year"] == 2000].assign(**places)
    call = {"inference": "SCPC", "unit": "unit", **options}
    refused(words, ef.ols, "y ~ x", one, **call)


def test_complex_numbers_lose_no_part():
    refused("complex numbers", ef.ols, "y ~ x", PANEL.assign(x=PANEL["x"] + 1j), **KEYS)
