"""The front: every estimator matches units by id, gives one class of results, and
agrees with other programs.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from docx import Document
from libpysal.weights import W as PysalWeights
from numpy.random import default_rng
from pandas.testing import assert_frame_equal
from scipy.sparse import csr_array
from spreg import ML_Error, ML_Lag
from statsmodels.tools.numdiff import approx_hess

import evenfield as ef
from made_panel import refused
from tolerances import close

N = 14
T = 12
LINKS = [(i, (i + step) % N) for i in range(N) for step in (1, 2)]


def built(names=tuple(f"u{i:02d}" for i in range(N))):
    """A panel with a common trend, unit effects and a neighbour to each side, and its
    links.
    """
    rng = default_rng(5)
    W = sum(np.roll(np.eye(N), step, axis=1) for step in (-2, -1, 1, 2)) / 4
    x = rng.normal(size=(N, T))
    e = rng.normal(size=(N, T))
    unit = rng.normal(size=N)
    y = np.linalg.solve(np.eye(N) - 0.4 * W, x + unit[:, None] + 0.5 * e)
    rich = (
        9
        + unit[:, None] * 0.9 ** np.arange(T) / 4
        + 0.02 * rng.normal(size=(N, T)).cumsum(axis=1)
    )
    columns = {
        "y": y,
        "x": x,
        "z": rng.normal(size=(N, T)),
        "rich": rich,
        "income": np.exp(rich),
    }
    data = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    data["unit"], data["year"] = (
        np.repeat(names, T),
        np.tile(np.arange(2000, 2000 + T), N),
    )
    group = np.array(list("aabbccaabbccab"))
    lat = rng.uniform(30, 40, N)
    data["group"], data["lat"], data["lon"] = (
        np.repeat(group, T),
        np.repeat(lat, T),
        np.repeat(-lat * 2 + unit, T),
    )
    return data, pd.DataFrame(
        [(names[i], names[j]) for i, j in LINKS], columns=["from", "to"]
    )


DATA, EDGES = built()
NET = ef.weights(EDGES, symmetric=True)
GAPS = DATA.drop(index=[3, 30, 77])
KEYS = {"unit": "unit", "time": "year"}
SPACE = {"cutoff_km": 400, "draws": 99}
FEW_LAGS = {"instruments": (2, 3), "last_lag": 3, "collapse": True}
FEW = "HC3 HC1 classical CR1 CR2 CR3 wild wild33".split()
SHOWN = "estimate std_error df p_value conf_low".split()
PANEL = [
    *FEW,
    "two_way",
    "conley",
    "conley_all_dates",
    "driscoll_kraay",
    "randomisation",
]


def cross(data):
    return data[data["year"] == 2005]


# What each estimator is called with: data and weights. The third entry says that
# nothing is drawn.
CASES = {
    "ols": (
        lambda d, w: ef.ols("y ~ x + z", cross(d), unit="unit", inference=FEW),
        False,
    ),
    "ols scpc": (
        lambda d, w: ef.ols(
            "y ~ x", cross(d), unit="unit", inference=["SCPC", "conley"], cutoff_km=99
        ),
        True,
    ),
    "panel": (
        lambda d, w: ef.ols(
            "y ~ x + z | unit + year", d, inference=PANEL, **SPACE, **KEYS
        ),
        False,
    ),
    "ols lists": (lambda d, w: ef.ols(data=d, y="y", x=["x", "z"], **KEYS), True),
    "contrasts": (
        lambda d, w: ef.contrasts(cross(d), "y", "group", unit="unit", controls=["x"]),
        False,
    ),
    "reference": (
        lambda d, w: ef.contrasts(
            cross(d), "y", "group", reference="b", unit="unit", inference="CR2"
        ),
        True,
    ),
    "beta": (lambda d, w: ef.beta_convergence("np.log(income) ~ z", d, **KEYS), True),
    "curve": (
        lambda d, w: ef.specification_curve(
            d, ["y", "z"], "x", controls=[(), ["rich"]], draws=9, **KEYS
        ),
        False,
    ),
    "dynamic fe": (lambda d, w: ef.dynamic_fe(d, "rich", **KEYS), True),
    "jackknife": (
        lambda d, w: ef.dynamic_fe(d, "rich", method="half_panel_jackknife", **KEYS),
        True,
    ),
    "gmm": (
        lambda d, w: ef.dynamic_gmm(
            "rich ~ x + z", d, endogenous=["x"], **FEW_LAGS, **KEYS
        ),
        True,
    ),
    "log t": (lambda d, w: ef.log_t(d, "rich", smoothing=None, **KEYS), True),
    "clubs": (lambda d, w: ef.clubs(d, "rich", smoothing=None, **KEYS), True),
    "inequality": (
        lambda d, w: ef.inequality(d, "income", groups="group", draws=49, **KEYS),
        False,
    ),
    "gini": (
        lambda d, w: ef.inequality(d, "income", measure="gini", weights="lat", **KEYS),
        True,
    ),
    "markov": (lambda d, w: ef.markov(d, "rich", k=3, **KEYS), True),
    "spatial markov": (lambda d, w: ef.markov(d, "y", w, k=2, draws=49, **KEYS), False),
    "spatial panel": (
        lambda d, w: ef.spatial_panel(
            "y ~ x + z", d, w, inference=["observed", "unit"], **KEYS
        ),
        True,
    ),
    "random effects": (
        lambda d, w: ef.spatial_panel(
            "y ~ x", d, w, model="SAR", effects="random", **KEYS
        ),
        True,
    ),
    "pooled": (
        lambda d, w: ef.spatial_panel(
            "y ~ x", d, w, model="SEM", effects="pooled", **KEYS
        ),
        True,
    ),
    "dynamic spatial": (lambda d, w: ef.spatial_dynamic("y ~ x", d, w, **KEYS), True),
    "spatial cross-section": (
        lambda d, w: ef.spatial_cross_section("y ~ x", cross(d), w, unit="unit"),
        True,
    ),
    "impacts": (
        lambda d, w: ef.spatial_panel("y ~ x", d, w, **KEYS).impacts(inference="unit"),
        True,
    ),
    "dynamic impacts": (
        lambda d, w: ef.spatial_dynamic("y ~ x", d, w, **KEYS).impacts(draws=200),
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_estimators_match_units_by_id_and_give_one_class_of_results(name):
    estimate, exact = CASES[name]
    fit = estimate(DATA, NET)
    edges = ef.weights(
        EDGES.sample(frac=1, random_state=2).iloc[:, ::-1], symmetric=True
    )
    shuffled = estimate(DATA.sample(frac=1, random_state=1), edges)
    assert_frame_equal(shuffled.to_frame(), fit.to_frame(), check_exact=True)
    data, edges = built(
        [f"v{N - i:02d}" for i in range(N)]
    )  # another order of the units
    net = ef.weights(edges, symmetric=True)
    order = default_rng(4).permutation(N)
    renamed = estimate(
        data, ef.network([net.units[i] for i in order], net.matrix[order][:, order])
    )
    close(renamed.notes.get("Q", 0.0), fit.notes.get("Q", 0.0))
    columns = (
        ["term", "estimate", "std_error", "p_value"] if exact else ["term", "estimate"]
    )
    assert_frame_equal(
        renamed.to_frame()[columns], fit.to_frame()[columns], rtol=1e-6, atol=1e-8
    )
    if len(fit.resids) and name != "beta":
        close(fit.fitted + fit.resids, DATA["y"][fit.resids.index])
        pd.testing.assert_series_equal(shuffled.resids.sort_index(), fit.resids)
        pd.testing.assert_series_equal(renamed.resids, fit.resids)
    assert isinstance(fit, ef.Fit)
    assert fit.nobs > 0
    assert fit.params.index.is_unique
    assert all(
        column.index.equals(fit.params.index)
        for column in (fit.std_errors, fit.tstats, fit.pvalues)
    )
    ends = fit.conf_int()
    wide = fit.conf_int(0.99)
    known = np.isfinite(ends).all(axis=1)
    assert ends["lower"][known].le(fit.params[known]).all()
    assert ends["upper"][known].ge(fit.params[known]).all()
    assert (
        (wide["upper"] - wide["lower"]) >= (ends["upper"] - ends["lower"]) * (1 - 1e-12)
    )[known].all()
    rows = fit.to_frame()
    assert {
        "term",
        "inference",
        "estimate",
        "std_error",
        "p_value",
        "law",
        "level",
        "nobs",
        "model",
    } <= set(rows)
    labels = str(fit)
    assert labels == str(fit.summary) == repr(fit)
    assert labels.count("\n") < 60
    assert str(fit.params.index[0]) in labels
    last = fit.vcov(rows["inference"].iloc[-1])
    assert last.to_frame()["inference"].iloc[0] == rows["inference"].iloc[-1]
    errors = last.std_errors[list(last.cov)].to_numpy()
    assert np.sqrt(np.diag(last.cov)) == pytest.approx(errors, nan_ok=True)
    if np.isfinite(fit.loglik):
        close(fit.aic, 2 * fit.n_params - 2 * fit.loglik)
        assert fit.bic != fit.aic
    assert fit.plot().get_title() == fit.title
    plt.close()


def test_fits_side_by_side_in_five_formats(tmp_path):
    fits = {
        "A & B": ef.ols("y ~ x | unit", DATA, **KEYS),
        "two": ef.ols("y ~ x + z", DATA, **KEYS),
    }
    table = ef.compare(fits)
    assert list(table.frame) == list(fits)
    assert table.frame.loc["N"].tolist() == [str(N * T)] * 2
    assert str(table).splitlines()[1] == "| --- | --- | --- |"
    assert r"\*\*\*" in table.markdown()
    assert r"A \& B" in table.latex()
    assert "A &amp; B" in table.html()
    assert "#table(columns: 3," in table.typst()
    table.word(tmp_path / "fits.docx")
    rows = [
        [cell.text for cell in row.cells]
        for row in Document(tmp_path / "fits.docx").tables[0].rows
    ]
    assert rows == [
        ["", *fits],
        *([name, *cells] for name, *cells in table.frame.itertuples()),
    ]
    z = f"{fits['two'].params['z']:.3f}", f"({fits['two'].std_errors['z']:.3f})"
    assert z in set(zip(table.frame["two"], table.frame["two"][1:], strict=False))


def test_weights_of_any_form_are_the_same_network():
    dense = pd.DataFrame(NET.matrix.toarray(), NET.units, NET.units)
    shuffled = dense.sample(frac=1, random_state=3)
    lists = {i: [j for j in dense if dense.loc[i, j]] for i in shuffled.index}
    valued = {i: {j: dense.loc[i, j] for j in row} for i, row in lists.items()}
    forms = [shuffled, valued, lists, PysalWeights(lists), EDGES.assign(weight=2.0)]
    both = [
        ef.weights(form, symmetric=isinstance(form, pd.DataFrame)) for form in forms
    ]
    both += [ef.weights(csr_array(shuffled[shuffled.index].to_numpy()), shuffled.index)]
    for net in both:
        assert net.units == NET.units
        close(net.matrix.toarray(), NET.matrix.toarray())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("HC1",) * 2,
        ("HC3",) * 2,
        ("CR1", "cluster"),
        ("conley_all_dates", "cluster"),
        ("classical", "nonrobust"),
    ],
)
def test_least_squares_by_statsmodels(ours, theirs):
    data = DATA.sample(frac=0.8, random_state=1)  # unbalanced
    by_unit = {"groups": data["unit"].factorize()[0], "use_correction": ours == "CR1"}
    kinds = {"cov_kwds": by_unit} if theirs == "cluster" else {}
    effects, dummies = (
        ("| unit + year", "+ C(unit) + C(year)")
        if ours == "classical"
        else ("+ C(group)", "+ C(group)")
    )
    want = smf.ols(f"y ~ x + z {dummies}", data).fit(
        cov_type=theirs, use_t=True, **kinds
    )
    fit = ef.ols(f"y ~ x + z {effects}", data, inference=ours, cutoff_km=1e-3, **KEYS)
    names = fit.params.index
    close(fit.params, want.params[names])
    close(fit.std_errors, want.bse[names])
    close(fit.conf_int(), want.conf_int().loc[names])
    close(fit.cov, want.cov_params().loc[names, names])
    close((fit.loglik, fit.aic, fit.bic), (want.llf, want.aic, want.bic))
    close(fit.resids, want.resid)
    assert (fit.resids.index == data.index).all()


def test_effects_taken_out_change_no_inference_and_dummies_of_single_clusters_have_none():
    how = {
        "inference": "CR2 CR3 wild33 conley driscoll_kraay".split(),
        "cutoff_km": 300,
        "draws": 199,
        **KEYS,
    }
    taken, dummies = (
        ef.ols(f"y ~ x {by}", GAPS, **how).to_frame()
        for by in ("| unit + year", "+ C(unit) + C(year)")
    )
    of_x = dummies[dummies["term"] == "x"]
    close(taken[SHOWN].to_numpy(float), of_x[SHOWN].to_numpy(float), rtol=1e-6)
    lost = dummies[dummies["std_error"].isna()]
    assert len(lost)
    assert lost["law"].str.contains("leverage 1").all()
    assert lost["estimate"].notna().all()


@pytest.mark.parametrize(
    "effects", ["unit + year", "year", "unit + year + shift", "year + shift"]
)
def test_errors_by_scores_do_not_depend_on_whether_effects_are_dummies(effects):
    data = GAPS.assign(
        shift=lambda d: d["z"].round(), same=lambda d: d["x"] + d["year"]
    )
    kinds = "CR1 HC1 classical two_way driscoll_kraay".split()
    taken = ef.ols(
        f"y ~ x + z | {effects}",
        data.sample(frac=1, random_state=1),
        inference=kinds,
        **KEYS,
    )
    dummies = ef.ols(
        f"y ~ z + I(x) | {effects}", data, inference=[*kinds, "CR2"], **KEYS
    )
    for kind in kinds:
        a = taken.vcov(kind)
        b = dummies.vcov(kind)
        close(a.conf_int().loc[["x", "z"]], b.conf_int().loc[["I(x)", "z"]], rtol=1e-9)
    close((taken.aic, taken.notes["R2"]), (dummies.aic, dummies.notes["R2"]))
    close(taken.resids.sort_index(), dummies.resids, atol=1e-9)
    for kind in ("CR1", "CR2"):
        refused(
            "x, same cannot be told apart",
            ef.ols,
            f"y ~ x + same | {effects}",
            data,
            inference=kind,
            **KEYS,
        )


@pytest.mark.filterwarnings("ignore")
def test_the_constant_of_spatial_models_by_spreg():
    data = cross(DATA)
    net = ef.weights(EDGES[3:], symmetric=True)
    dense = pd.DataFrame(net.matrix.toarray(), net.units, net.units)
    w = PysalWeights({i: [j for j in dense if dense.loc[i, j]] for i in dense})
    w.transform = "r"
    y = data[["y"]].to_numpy()
    X = data[["x", "z"]].to_numpy()
    for model, want in {"SAR": ML_Lag(y, X, w), "SEM": ML_Error(y, X, w)}.items():
        fit = ef.spatial_cross_section(
            "y ~ x + z", data, net, model=model, unit="unit", inference="expected"
        )
        names = ["Intercept", "x", "z", "rho" if model == "SAR" else "lambda"]
        close(fit.params[names], want.betas.ravel(), atol=1e-4)
        close(fit.std_errors[names], np.sqrt(np.diag(want.vm))[:4], rtol=1e-3)
        close(fit.loglik, want.logll, atol=1e-6)
        observed = ef.spatial_cross_section(
            "y ~ x + z", data, net, model=model, unit="unit"
        )

        def height(p, model=model):
            A = np.eye(N) - p[3] * net.matrix.toarray()
            b = np.column_stack([np.ones(N), X]) @ p[:3]
            e = A @ y[:, 0] - b if model == "SAR" else A @ (y[:, 0] - b)
            return (
                np.linalg.slogdet(A)[1]
                - N / 2 * np.log(2 * np.pi * p[4])
                - e @ e / (2 * p[4])
            )

        V = np.linalg.inv(
            -approx_hess(observed.params[[*names, "sigma2"]].to_numpy(), height)
        )
        close(observed.std_errors[names], np.sqrt(np.diag(V))[:4], rtol=1e-4)


def test_contrasts_are_differences_of_means_speeds_those_of_slopes_and_curves_least_squares():
    means = cross(DATA).groupby("group")["y"].mean()
    against = ef.contrasts(
        cross(DATA), "y", "group", reference="a", unit="unit", inference="HC3"
    )
    close(against.params, (means - means["a"]).drop("a"))
    fit = ef.beta_convergence("rich ~ 1", DATA, start=2001, end=2009, **KEYS)
    wide = DATA.pivot(index="unit", columns="year", values="rich")
    slope = np.polyfit(wide[2001], (wide[2009] - wide[2001]) / 8, 1)[0]
    close(fit.params["initial"], slope)
    close(fit.tables["speed"]["estimate"].iloc[[0, 2]], [-np.log1p(8 * slope) / 8] * 2)
    curve = ef.specification_curve(
        DATA, "y", "x", controls=[("z",)], effects=["year"], draws=9, **KEYS
    )
    one = (
        ef.ols("y ~ z + x | year", DATA, inference="CR1", **KEYS)
        .to_frame()
        .set_index("term")
        .loc["x"]
    )
    close(curve.to_frame()[SHOWN].iloc[0].to_numpy(float), one[SHOWN].to_numpy(float))


BAD = {
    "a hole in a balanced panel": (
        lambda d, w: ef.dynamic_fe(d.drop(index=5), "rich", **KEYS),
        "first u00 in 2005",
    ),
    "a hole in a spatial panel": (
        lambda d, w: ef.spatial_panel("y ~ x", d.drop(index=5), w, **KEYS),
        "first u00 in 2005",
    ),
    "missing value": (
        lambda d, w: ef.ols("y ~ x", d.assign(x=d["x"].mask(d.index == 3)), **KEYS),
        "x of u00 in 2003",
    ),
    "the logarithm of zero": (
        lambda d, w: ef.ols("np.log(x) ~ z", d.assign(x=0.0), **KEYS),
        "infinite, first np.log",
    ),
    "an unknown column": (lambda d, w: ef.ols("y ~ nothing", d, **KEYS), "nothing"),
    "a row twice": (
        lambda d, w: ef.ols("y ~ x", pd.concat([d, d[:1]]), **KEYS),
        "first u00 in 2000",
    ),
    "no group": (
        lambda d, w: ef.ols(
            "y ~ C(group)", d.assign(group=d["group"].mask(d.index == 3)), **KEYS
        ),
        "u00",
    ),
    "a text for an outcome": (
        lambda d, w: ef.ols("group ~ x", d, **KEYS),
        "an outcome of .*, group",
    ),
    "an effect as regressor": (
        lambda d, w: ef.ols("y ~ lat | unit", d, **KEYS),
        "lat does not vary within unit",
    ),
    "an unknown cluster": (
        lambda d, w: ef.ols("y ~ x", d, cluster="nothing", **KEYS),
        "no column 'nothing'",
    ),
    "effects in a cross-section": (
        lambda d, w: ef.beta_convergence("y ~ 1 | group", d, **KEYS),
        "fixed effects",
    ),
    "an inference that cannot be": (
        lambda d, w: ef.ols("y ~ 0 + I((unit == 'u03') * 1)", cross(d), unit="unit"),
        "leverage 1",
    ),
    "a randomisation": (
        lambda d, w: ef.ols(
            "y ~ x | year + group", d, inference="randomisation", **KEYS
        ),
        "other",
    ),
    "a control growth": (
        lambda d, w: ef.beta_convergence("y ~ growth", d.assign(growth=d["z"]), **KEYS),
        "named",
    ),
    "a treatment": (
        lambda d, w: ef.specification_curve(d, "y", "lat", effects=["unit"], **KEYS),
        "lat does not vary within unit",
    ),
    "an unknown regressor of a reach": (
        lambda d, w: ef.spatial_panel("y ~ x", d, w, **KEYS).reach("z"),
        "'z' is not",
    ),
    "a dynamic reach": (
        lambda d, w: ef.spatial_dynamic("y ~ x", d, w, **KEYS).reach("x"),
        "a dynamic panel",
    ),
    "an unknown inference": (
        lambda d, w: ef.ols("y ~ x", d, inference="HC9", **KEYS),
        "expected one of classical",
    ),
    "no weights": (lambda d, w: ef.spatial_panel("y ~ x", d, **KEYS), "no weights"),
    "weights of other units": (
        lambda d, w: ef.markov(d[d["unit"] > "u03"], "y", w, **KEYS),
        "first u00 with weights",
    ),
    "SCPC of a panel": (
        lambda d, w: ef.ols("y ~ x", d, inference="SCPC", **KEYS),
        "several rows a unit",
    ),
    "Conley without a distance": (
        lambda d, w: ef.ols("y ~ x", d, inference="conley", **KEYS),
        "cutoff_km",
    ),
    "two dates of a cross-section": (
        lambda d, w: ef.spatial_cross_section("y ~ x", d, w, **KEYS),
        "12 dates",
    ),
    "a unit without the first date": (
        lambda d, w: ef.beta_convergence("y ~ 1", d[1:], **KEYS),
        "first u00",
    ),
    "weights without ids": (lambda d, w: ef.weights(np.eye(3)), "without ids"),
    "a pair twice": (lambda d, w: ef.weights(EDGES.iloc[[0, 1, 0]]), "appears twice"),
    "other ids in columns": (
        lambda d, w: ef.weights(pd.DataFrame(np.eye(4), list("abcd"), list("abce"))),
        "in columns",
    ),
    "no neighbour": (lambda d, w: ef.weights({"a": ["b"], "b": []}), "first b"),
    "no DataFrame": (lambda d, w: ef.ols("y ~ x", None), "expected a DataFrame"),
}


@pytest.mark.parametrize(("call", "words"), BAD.values(), ids=BAD)
def test_what_is_refused_says_what_was_found_expected_and_the_remedy(call, words):
    with pytest.raises((ef.EstimateError, ef.WeightsError), match=words) as error:
        call(DATA, NET)
    assert error.value.expected
    assert error.value.action


def test_gmm_takes_an_unbalanced_panel_and_names_its_coefficients():
    fit = ef.dynamic_gmm(
        "y ~ x + lag(x)",
        GAPS,
        equations="system",
        time_effects=False,
        collapse=True,
        **KEYS,
    )
    assert list(fit.params.index) == ["lag(y, 1)", "x", "lag(x)", "Intercept"]
    assert fit.nobs < N * (T - 1)
    assert {"Hansen p", "m1", "m2"} <= {name.split("(")[0] for name in fit.notes}


@pytest.mark.parametrize(("kind", "lag"), [("predetermined", 1), ("endogenous", 2)])
def test_gmm_instruments_predetermined_columns_from_lag_one_and_endogenous_from_two(
    kind, lag
):
    # One instrument for each of two regressors, stacked over dates: Z'X has an inverse
    # and no weighting matters. Rows are differences at t = 3..T - 1.
    y, x = (
        DATA.pivot(index="unit", columns="year", values=name).to_numpy()
        for name in ("rich", "x")
    )
    dates = np.arange(2, T)
    Z = np.stack([y[:, dates - 2], x[:, dates - lag]], axis=2).reshape(-1, 2)
    change = [y[:, dates - 1] - y[:, dates - 2], x[:, dates] - x[:, dates - 1]]
    X = np.stack(change, axis=2).reshape(-1, 2)
    outcome = (y[:, dates] - y[:, dates - 1]).ravel()
    expected = np.linalg.solve(Z.T @ X, Z.T @ outcome)
    fit = ef.dynamic_gmm(
        "rich ~ x",
        DATA,
        **{kind: ["x"]},
        instruments=(2, 2),
        last_lag=lag,
        collapse=True,
        time_effects=False,
        **KEYS,
    )
    close(fit.params, expected, rtol=1e-8)
    assert fit.notes["instruments"] == 2


@pytest.mark.parametrize(("start", "end"), [(2000, 2011), (2003, 2008)])
def test_beta_convergence_takes_controls_at_the_first_date_and_growth_per_year(
    start, end
):
    first, last = (
        DATA[DATA["year"] == year].set_index("unit") for year in (start, end)
    )
    cross = first.assign(
        initial=first["rich"], growth=(last["rich"] - first["rich"]) / (end - start)
    )
    theirs = smf.ols("growth ~ initial + z", cross).fit(cov_type="HC3")
    ours = ef.beta_convergence("rich ~ z", DATA, start=start, end=end, **KEYS)
    for name in ("initial", "z"):
        close(ours.params[name], theirs.params[name])
    close(ours.std_errors["initial"], theirs.bse["initial"])
    speed = -np.log(1 + theirs.params["initial"] * (end - start)) / (end - start)
    close(ours.tables["speed"].loc["speed", "estimate"], speed)
