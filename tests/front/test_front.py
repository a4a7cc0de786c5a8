"""The front: every estimator matches units by id, gives one class of results, and agrees with other programs."""

import warnings
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from docx import Document
from libpysal.weights import W as PysalWeights
from linearmodels import PanelOLS
from scipy.sparse import csr_array
from scipy.stats import t as student
from spreg import ML_Error, ML_Lag
from statsmodels.tools.numdiff import approx_hess

import evenfield as ef
from evenfield.numerics.scpc import spatial_components
from evenfield.numerics.spatial import haversine_km

N, T = 14, 12
LINKS = [(i, (i + step) % N) for i in range(N) for step in (1, 2)]


def made(names=None):
    """A panel with a common trend, unit effects and a neighbour to each side, and its links."""
    rng = np.random.default_rng(5)
    names = [f"u{i:02d}" for i in range(N)] if names is None else names
    W = np.zeros((N, N))
    for i, j in LINKS:
        W[i, j] = W[j, i] = 0.25
    x, e, unit = rng.normal(size=(N, T)), rng.normal(size=(N, T)), rng.normal(size=N)
    y = np.linalg.solve(np.eye(N) - 0.4 * W, x + unit[:, None] + 0.5 * e)
    rich = 9 + unit[:, None] * 0.9 ** np.arange(T) / 4 + 0.02 * rng.normal(size=(N, T)).cumsum(axis=1)
    columns = {"y": y, "x": x, "z": rng.normal(size=(N, T)), "rich": rich, "income": np.exp(rich)}
    data = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    data["unit"], data["year"] = np.repeat(names, T), np.tile(np.arange(2000, 2000 + T), N)
    group, lat = np.array(list("aabbccaabbccab")), rng.uniform(30, 40, N)
    data["group"], data["lat"], data["lon"] = np.repeat(group, T), np.repeat(lat, T), np.repeat(-lat * 2 + unit, T)
    edges = pd.DataFrame([(names[i], names[j]) for i, j in LINKS], columns=["from", "to"])
    return data, edges


KEYS, SPACE = {"unit": "unit", "time": "year"}, {"cutoff_km": 400, "draws": 99}
FEW_LAGS = {"instruments": (2, 3), "last_lag": 3, "collapse": True}
FEW = ["HC3", "HC1", "classical", "CR1", "CR2", "CR3", "wild", "wild33"]
PANEL = [*FEW, "two_way", "conley", "conley_all_dates", "driscoll_kraay", "randomisation"]


def cross(data):
    return data[data["year"] == 2005]


# What each estimator is called with: data and weights. The third entry says that nothing is drawn.
CASES = {
    "ols": (lambda d, w: ef.ols("y ~ x + z", cross(d), unit="unit", inference=FEW), False),
    "ols scpc": (lambda d, w: ef.ols("y ~ x", cross(d), unit="unit", inference=["SCPC", "conley"], cutoff_km=99), True),
    "panel": (lambda d, w: ef.ols("y ~ x + z | unit + year", d, inference=PANEL, **SPACE, **KEYS), False),
    "ols lists": (lambda d, w: ef.ols(data=d, y="y", x=["x", "z"], **KEYS), True),
    "contrasts": (lambda d, w: ef.contrasts(cross(d), "y", "group", unit="unit", controls=["x"]), False),
    "reference": (lambda d, w: ef.contrasts(cross(d), "y", "group", reference="b", unit="unit", inference="CR2"), True),
    "beta": (lambda d, w: ef.beta_convergence("np.log(income) ~ z", d, **KEYS), True),
    "curve": (lambda d, w: ef.specification_curve(d, ["y", "z"], "x", controls=[(), ["rich"]], draws=9, **KEYS), False),
    "dynamic fe": (lambda d, w: ef.dynamic_fe(d, "rich", **KEYS), True),
    "jackknife": (lambda d, w: ef.dynamic_fe(d, "rich", method="half_panel_jackknife", **KEYS), True),
    "gmm": (lambda d, w: ef.dynamic_gmm("rich ~ x + z", d, endogenous=["x"], **FEW_LAGS, **KEYS), True),
    "log t": (lambda d, w: ef.log_t(d, "rich", smoothing=None, **KEYS), True),
    "clubs": (lambda d, w: ef.clubs(d, "rich", smoothing=None, **KEYS), True),
    "inequality": (lambda d, w: ef.inequality(d, "income", groups="group", draws=49, **KEYS), False),
    "gini": (lambda d, w: ef.inequality(d, "income", measure="gini", weights="lat", **KEYS), True),
    "markov": (lambda d, w: ef.markov(d, "rich", k=3, **KEYS), True),
    "spatial markov": (lambda d, w: ef.markov(d, "y", w, k=2, draws=49, **KEYS), False),
    "spatial panel": (lambda d, w: ef.spatial_panel("y ~ x + z", d, w, inference=["observed", "unit"], **KEYS), True),
    "random effects": (lambda d, w: ef.spatial_panel("y ~ x", d, w, model="SAR", effects="random", **KEYS), True),
    "pooled": (lambda d, w: ef.spatial_panel("y ~ x", d, w, model="SEM", effects="pooled", **KEYS), True),
    "dynamic spatial": (lambda d, w: ef.spatial_dynamic("y ~ x", d, w, **KEYS), True),
    "spatial cross-section": (lambda d, w: ef.spatial_cross_section("y ~ x", cross(d), w, unit="unit"), True),
    "impacts": (lambda d, w: ef.spatial_panel("y ~ x", d, w, **KEYS).impacts(inference="unit"), True),
    "dynamic impacts": (lambda d, w: ef.spatial_dynamic("y ~ x", d, w, **KEYS).impacts(draws=200), False),
}


@pytest.mark.parametrize("name", CASES)
def test_shuffled_rows_permuted_weights_and_renamed_units_change_nothing(name):
    estimate, exact = CASES[name]
    data, edges = made()
    first = estimate(data, ef.weights(edges, symmetric=True))
    fit = first.to_frame()
    shuffled = data.sample(frac=1, random_state=1)
    again = estimate(shuffled, ef.weights(edges.sample(frac=1, random_state=2).iloc[:, ::-1], symmetric=True))
    pd.testing.assert_frame_equal(again.to_frame(), fit, check_exact=True)
    data, edges = made([f"v{N - i:02d}" for i in range(N)])  # another order of the units
    net, turn = ef.weights(edges, symmetric=True), np.random.default_rng(4).permutation(N)
    turned = ef.network([net.units[i] for i in turn], net.matrix[turn][:, turn])
    last = estimate(data, turned)
    assert last.notes.get("Q", 0.0) == pytest.approx(first.notes.get("Q", 0.0))
    other = last.to_frame()
    columns = ["term", "estimate", "std_error", "p_value"] if exact else ["term", "estimate"]
    pd.testing.assert_frame_equal(other[columns], fit[columns], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_every_estimator_gives_the_same_class_of_results(name):
    data, edges = made()
    fit = CASES[name][0](data, ef.weights(edges, symmetric=True))
    assert isinstance(fit, ef.Fit) and fit.nobs > 0 and fit.params.index.is_unique
    for column in (fit.std_errors, fit.tstats, fit.pvalues):
        assert list(column.index) == list(fit.params.index)
    ends, wide = fit.conf_int(), fit.conf_int(0.99)
    known = ends.notna().all(axis=1) & np.isfinite(ends).all(axis=1)
    assert (ends["lower"] <= fit.params)[known].all() and (ends["upper"] >= fit.params)[known].all()
    assert ((wide["upper"] - wide["lower"]) >= (ends["upper"] - ends["lower"]) * (1 - 1e-12))[known].all()
    rows = fit.to_frame()
    assert {"term", "inference", "estimate", "std_error", "p_value", "law", "level", "nobs", "model"} <= set(rows)
    said = str(fit)
    assert said == str(fit.summary) == repr(fit) and said.count("\n") < 60 and str(fit.params.index[0]) in said
    last = rows["inference"].iloc[-1]
    assert fit.vcov(last).to_frame()["inference"].iloc[0] == last
    cov = fit.vcov(last).cov
    for term in cov:
        assert np.sqrt(cov.loc[term, term]) == pytest.approx(fit.vcov(last).std_errors[term], nan_ok=True)
    if np.isfinite(fit.loglik):
        assert fit.aic == pytest.approx(2 * fit.n_params - 2 * fit.loglik) and fit.bic != fit.aic
    if len(fit.resids) and name != "beta":
        y = data.set_index(fit.resids.index) if len(fit.resids) == len(data) else data.loc[fit.resids.index]
        assert (fit.fitted + fit.resids).to_numpy() == pytest.approx(y["y"].to_numpy())
    assert fit.plot().get_title() == fit.title
    plt.close()


def test_fits_side_by_side_in_five_formats(tmp_path):
    data, _ = made()
    fits = {"A & B": ef.ols("y ~ x | unit", data, **KEYS), "two": ef.ols("y ~ x + z", data, **KEYS)}
    table = ef.compare(fits)
    assert list(table.frame) == list(fits) and table.frame.loc["N"].tolist() == [str(N * T)] * 2
    assert str(table).splitlines()[1] == "| --- | --- | --- |" and r"\*\*\*" in table.markdown()
    assert r"A \& B" in table.latex() and "A &amp; B" in table.html() and "#table(columns: 3," in table.typst()
    table.word(tmp_path / "fits.docx")
    rows = [[cell.text for cell in row.cells] for row in Document(tmp_path / "fits.docx").tables[0].rows]
    assert rows == [["", *fits], *([name, *cells] for name, *cells in table.frame.itertuples())]
    value, error = fits["two"].params["z"], fits["two"].std_errors["z"]
    at = list(table.frame.index).index("z")
    assert table.frame["two"].iloc[[at, at + 1]].tolist() == [f"{value:.3f}", f"({error:.3f})"]


def test_weights_of_any_form_are_the_same_network():
    _, edges = made()
    told = ef.weights(edges, symmetric=True)
    dense = pd.DataFrame(told.matrix.toarray(), list(told.units), list(told.units))
    turned = dense.sample(frac=1, random_state=3)
    lists = {i: [j for j in dense if dense.loc[i, j]] for i in turned.index}
    valued = {i: {j: dense.loc[i, j] for j in row} for i, row in lists.items()}
    forms = [turned, valued, lists, PysalWeights(lists), edges.assign(weight=2.0)]
    both = [ef.weights(form, symmetric=isinstance(form, pd.DataFrame)) for form in forms]
    both += [ef.weights(csr_array(turned[turned.index].to_numpy()), turned.index)]
    for net in both:
        assert net.units == told.units and net.matrix.toarray() == pytest.approx(told.matrix.toarray())


@pytest.mark.parametrize(("ours", "theirs"), [("HC1", "HC1"), ("HC3", "HC3"), ("CR1", "cluster")])
def test_least_squares_by_statsmodels(ours, theirs):
    data, _ = made()
    data = data.sample(frac=0.8, random_state=1)  # unbalanced
    groups = {"cov_kwds": {"groups": data["unit"].factorize()[0]}} if theirs == "cluster" else {}
    want = smf.ols("y ~ x + C(group)", data).fit(cov_type=theirs, use_t=True, **groups)
    fit = ef.ols("y ~ x + C(group)", data, inference=ours, **KEYS)
    names = want.params.index
    assert fit.params[names].to_numpy() == pytest.approx(want.params.to_numpy())
    assert fit.std_errors[names].to_numpy() == pytest.approx(want.bse.to_numpy())
    assert fit.conf_int().loc[names].to_numpy() == pytest.approx(want.conf_int().to_numpy())
    assert fit.cov.loc[names, names].to_numpy() == pytest.approx(want.cov_params().to_numpy())
    assert (fit.loglik, fit.aic, fit.bic) == pytest.approx((want.llf, want.aic, want.bic))
    assert fit.resids.to_numpy() == pytest.approx(want.resid.to_numpy()) and (fit.resids.index == data.index).all()


def test_two_way_effects_of_an_unbalanced_panel_by_linearmodels():
    data, _ = made()
    data = data.drop(index=[3, 30, 77]).set_index(["unit", "year"])
    want = PanelOLS.from_formula("y ~ x + z + EntityEffects + TimeEffects", data).fit()
    fit = ef.ols("y ~ x + z | unit + year", data, inference=["classical", "CR2"])
    assert fit.params.to_numpy() == pytest.approx(want.params.to_numpy())
    assert fit.std_errors.to_numpy() == pytest.approx(want.std_errors.to_numpy())
    assert fit.resids.to_numpy() == pytest.approx(want.resids.to_numpy())


def test_effects_taken_out_change_no_inference_and_dummies_of_single_clusters_have_none():
    data, _ = made()
    data, kinds = data.drop(index=[3, 30, 77]), ["CR2", "CR3", "wild33", "conley", "driscoll_kraay"]
    how = {"inference": kinds, "cutoff_km": 300, "draws": 199, **KEYS}
    taken, dummies = (ef.ols(f"y ~ x {by}", data, **how).to_frame() for by in ("| unit + year", "+ C(unit) + C(year)"))
    columns = ["estimate", "std_error", "df", "p_value", "conf_low"]
    of_x = dummies[dummies["term"] == "x"]
    np.testing.assert_allclose(taken[columns].to_numpy(float), of_x[columns].to_numpy(float), rtol=1e-6)
    lost = dummies[dummies["std_error"].isna()]
    assert len(lost) and lost["law"].str.contains("leverage 1").all() and lost["estimate"].notna().all()


@pytest.mark.parametrize("effects", ["unit + year", "year", "unit + year + shift", "year + shift"])
def test_errors_by_scores_do_not_depend_on_whether_effects_are_dummies(effects):
    data, _ = made()
    data = data.drop(index=[3, 30, 77]).assign(shift=lambda d: d["z"].round(), same=lambda d: d["x"] + d["year"])
    kinds = ["CR1", "HC1", "classical", "two_way", "driscoll_kraay"]
    taken = ef.ols(f"y ~ x + z | {effects}", data.sample(frac=1, random_state=1), inference=kinds, **KEYS)
    dummies = ef.ols(f"y ~ z + I(x) | {effects}", data, inference=[*kinds, "CR2"], **KEYS)
    for kind in kinds:
        a, b = taken.vcov(kind), dummies.vcov(kind)
        np.testing.assert_allclose(a.conf_int().loc[["x", "z"]], b.conf_int().loc[["I(x)", "z"]], rtol=1e-9)
    assert (taken.aic, taken.notes["R2"]) == pytest.approx((dummies.aic, dummies.notes["R2"]))
    np.testing.assert_allclose(taken.resids.sort_index(), dummies.resids, atol=1e-9)
    for kind in ("CR1", "CR2"):
        for form in (f"y ~ x + same | {effects}", f"y ~ x | {effects} + month"):
            with pytest.raises(ef.EstimateError, match="collinear"):
                ef.ols(form, data.assign(month=data["year"] * 12), inference=kind, **KEYS)


def test_the_constant_of_spatial_models_by_spreg():
    data, edges = made()
    data, net = cross(data), ef.weights(edges[3:], symmetric=True)
    dense = pd.DataFrame(net.matrix.toarray(), net.units, net.units)
    w = PysalWeights({i: [j for j in dense if dense.loc[i, j]] for i in dense})
    w.transform = "r"
    y, X = data[["y"]].to_numpy(), data[["x", "z"]].to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = {"SAR": ML_Lag(y, X, w), "SEM": ML_Error(y, X, w)}
    for model, want in wanted.items():
        fit = ef.spatial_cross_section("y ~ x + z", data, net, model=model, unit="unit", inference="expected")
        names = ["Intercept", "x", "z", "rho" if model == "SAR" else "lambda"]
        assert fit.params[names].to_numpy() == pytest.approx(want.betas.ravel(), abs=1e-4)
        assert fit.std_errors[names].to_numpy() == pytest.approx(np.sqrt(np.diag(want.vm))[:4], rel=1e-3)
        assert fit.loglik == pytest.approx(want.logll, abs=1e-6)
        observed = ef.spatial_cross_section("y ~ x + z", data, net, model=model, unit="unit")

        def height(p, model=model):
            A, b = np.eye(N) - p[3] * net.matrix.toarray(), np.column_stack([np.ones(N), X]) @ p[:3]
            e = A @ y[:, 0] - b if model == "SAR" else A @ (y[:, 0] - b)
            return np.linalg.slogdet(A)[1] - N / 2 * np.log(2 * np.pi * p[4]) - e @ e / (2 * p[4])

        V = np.linalg.inv(-approx_hess(observed.params[[*names, "sigma2"]].to_numpy(), height))
        assert observed.std_errors[names].to_numpy() == pytest.approx(np.sqrt(np.diag(V))[:4], rel=1e-4)


def test_residuals_of_a_spatial_panel_stand_at_their_rows():
    data, edges = made()
    data = data.sample(frac=1, random_state=1)
    plain = ef.ols("y ~ x | unit + year", data, **KEYS)
    net, turn = ef.weights(edges, symmetric=True), np.random.default_rng(4).permutation(N)
    net = ef.network([net.units[i] for i in turn], net.matrix[turn][:, turn])
    fit = ef.spatial_panel("y ~ x", data, net, model="OLS", **KEYS)
    pd.testing.assert_series_equal(fit.resids, plain.resids)
    pd.testing.assert_series_equal(fit.fitted, plain.fitted)


def test_conley_over_all_dates_is_the_double_sum_and_clustering_by_unit_without_neighbours():
    data, _ = made()
    fit = ef.ols("y ~ x", data, inference="conley_all_dates", cutoff_km=500, **KEYS)
    X, e = np.column_stack([np.ones(len(data)), data["x"]]), fit.resids.to_numpy()
    first = data.groupby("unit").first()
    kernel = np.maximum(1 - haversine_km(first["lat"].to_numpy(), first["lon"].to_numpy()) / 500, 0).astype(float)
    code = data["unit"].factorize()[0]
    scores, bread = X * e[:, None], np.linalg.inv(X.T @ X)
    V = bread @ scores.T @ kernel[np.ix_(code, code)] @ scores @ bread
    assert fit.std_errors.to_numpy() == pytest.approx(np.sqrt(np.diag(V)))
    alone = ef.ols("y ~ x", data, inference="conley_all_dates", cutoff_km=1e-3, **KEYS)
    cluster = smf.ols("y ~ x", data).fit(cov_type="cluster", cov_kwds={"groups": code, "use_correction": False})
    assert alone.std_errors.to_numpy() == pytest.approx(cluster.bse.to_numpy())


def test_scpc_without_correlation_and_with_all_components_is_students_t():
    data, _ = made()
    data = cross(data)
    distance = haversine_km(data["lat"].to_numpy(), data["lon"].to_numpy())
    space = spatial_components(distance, 2e-5, most=N - 1)
    assert space.q == N - 1 and space.critical_value == pytest.approx(student.ppf(0.975, N - 1), rel=1e-3)
    assert spatial_components(distance, 2e-5, most=4).q == 4
    options = {"average_correlation": 2e-5, "most_components": N - 1, "unit": "unit"}
    fit = ef.ols("y ~ 1", data, inference=["SCPC", "classical"], **options)
    assert fit.std_errors.iloc[0] == pytest.approx(data["y"].std(ddof=1) / np.sqrt(N))
    assert fit.conf_int().to_numpy() == pytest.approx(fit.vcov("classical").conf_int().to_numpy(), rel=1e-3)


def test_contrasts_are_differences_of_means_and_the_speed_is_that_of_its_slope():
    data, _ = made()
    means = cross(data).groupby("group")["y"].mean()
    against = ef.contrasts(cross(data), "y", "group", reference="a", unit="unit", inference="HC3")
    assert against.params.to_numpy() == pytest.approx((means - means["a"]).drop("a").to_numpy())
    fit = ef.beta_convergence("rich ~ 1", data, start=2001, end=2009, **KEYS)
    wide = data.pivot(index="unit", columns="year", values="rich")
    slope = np.polyfit(wide[2001], (wide[2009] - wide[2001]) / 8, 1)[0]
    assert fit.params["initial"] == pytest.approx(slope)
    assert fit.tables["speed"]["estimate"].iloc[[0, 2]].tolist() == pytest.approx([-np.log1p(8 * slope) / 8] * 2)


def test_a_line_of_the_curve_is_least_squares():
    data, _ = made()
    curve = ef.specification_curve(data, "y", "x", controls=[("z",)], effects=["year"], draws=9, **KEYS)
    one = ef.ols("y ~ z + x | year", data, inference="CR1", **KEYS).to_frame().set_index("term").loc["x"]
    columns = ["estimate", "std_error", "df", "p_value", "conf_low"]
    assert curve.to_frame()[columns].iloc[0].to_numpy(float) == pytest.approx(one[columns].to_numpy(float))


HOLE = partial(pd.DataFrame.drop, index=5)
BAD = {
    "a hole in a balanced panel": (lambda d, w: ef.dynamic_fe(HOLE(d), "rich", **KEYS), "first u00 in 2005"),
    "a hole in a spatial panel": (lambda d, w: ef.spatial_panel("y ~ x", HOLE(d), w, **KEYS), "first u00 in 2005"),
    "missing value": (lambda d, w: ef.ols("y ~ x", d.assign(x=d["x"].mask(d.index == 3)), **KEYS), "x of u00 in 2003"),
    "the logarithm of zero": (lambda d, w: ef.ols("np.log(x) ~ z", d.assign(x=0.0), **KEYS), "infinite, first np.log"),
    "an unknown column": (lambda d, w: ef.ols("y ~ nothing", d, **KEYS), "nothing"),
    "a row twice": (lambda d, w: ef.ols("y ~ x", pd.concat([d, d[:1]]), **KEYS), "first u00 in 2000"),
    "no group": (lambda d, w: ef.ols("y ~ C(group)", d.assign(group=d["group"].mask(d.index == 3)), **KEYS), "u00"),
    "a text for an outcome": (lambda d, w: ef.ols("group ~ x", d, **KEYS), "outcome of 3 columns"),
    "an effect as regressor": (lambda d, w: ef.ols("y ~ lat | unit", d, **KEYS), "lat does not vary within unit"),
    "an unknown cluster": (lambda d, w: ef.ols("y ~ x", d, cluster="nothing", **KEYS), "no column 'nothing'"),
    "effects in a cross-section": (lambda d, w: ef.beta_convergence("y ~ 1 | group", d, **KEYS), "fixed effects"),
    "an inference that cannot be": (lambda d, w: ef.ols("y ~ I(unit == 'u03')", cross(d), unit="unit"), "leverage 1"),
    "a randomisation": (lambda d, w: ef.ols("y ~ x | year + group", d, inference="randomisation", **KEYS), "other"),
    "a control growth": (lambda d, w: ef.beta_convergence("y ~ growth", d.assign(growth=d["z"]), **KEYS), "named"),
    "a treatment": (lambda d, w: ef.specification_curve(d, "y", "lat", effects=["unit"], **KEYS), "collinear"),
    "an unknown regressor of a reach": (lambda d, w: ef.spatial_panel("y ~ x", d, w, **KEYS).reach("z"), "'z' is not"),
    "a dynamic reach": (lambda d, w: ef.spatial_dynamic("y ~ x", d, w, **KEYS).reach("x"), "a dynamic panel"),
    "an unknown inference": (lambda d, w: ef.ols("y ~ x", d, inference="HC9", **KEYS), "expected one of classical"),
    "no weights": (lambda d, w: ef.spatial_panel("y ~ x", d, **KEYS), "no weights"),
    "weights of other units": (lambda d, w: ef.markov(d[d["unit"] > "u03"], "y", w, **KEYS), "first u00 with weights"),
    "SCPC of a panel": (lambda d, w: ef.ols("y ~ x", d, inference="SCPC", **KEYS), "several rows a unit"),
    "Conley without a distance": (lambda d, w: ef.ols("y ~ x", d, inference="conley", **KEYS), "cutoff_km"),
    "two dates of a cross-section": (lambda d, w: ef.spatial_cross_section("y ~ x", d, w, **KEYS), "12 dates"),
    "a unit without the first date": (lambda d, w: ef.beta_convergence("y ~ 1", d[1:], **KEYS), "first u00"),
    "no DataFrame": (lambda d, w: ef.ols("y ~ x", None), "expected a DataFrame"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused_says_what_was_found_expected_and_the_remedy(name):
    data, edges = made()
    call, words = BAD[name]
    with pytest.raises(ef.EstimateError, match=".*".join(map(str, [words]))) as error:
        call(data, ef.weights(edges, symmetric=True))
    assert error.value.expected and error.value.action


@pytest.mark.parametrize(
    ("w", "words"),
    [
        (np.eye(3), "without ids"),
        (pd.DataFrame({"a": ["x", "x"], "b": ["y", "y"]}).iloc[[0, 1, 0]], "appears twice"),
        (pd.DataFrame(np.eye(4), list("abcd"), list("abce")), "other ids in rows than in columns"),
        ({"a": ["b"], "b": []}, "first b"),
    ],
)
def test_weights_that_cannot_be_are_refused(w, words):
    with pytest.raises(ef.WeightsError, match=words):
        ef.weights(w)


def test_gmm_takes_an_unbalanced_panel_and_names_its_coefficients():
    data, _ = made()
    gap = data.drop(index=[5, 40])
    fit = ef.dynamic_gmm("y ~ x + lag(x)", gap, equations="system", time_effects=False, collapse=True, **KEYS)
    assert list(fit.params.index) == ["lag(y, 1)", "x", "lag(x)", "Intercept"] and fit.nobs < N * (T - 1)
    assert {"Hansen p", "m1", "m2"} <= {name.split("(")[0] for name in fit.notes}
