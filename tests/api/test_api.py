"""The front: every estimator matches units by id, gives one class of results, and
agrees with other programs.
"""

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from docx import Document
from libpysal.weights import W as PysalWeights
from numpy.random import default_rng
from pandas.testing import assert_frame_equal, assert_series_equal
from scipy.sparse import csr_array
from spreg import ML_Error, ML_Lag
from statsmodels.tools.numdiff import approx_hess

import evenfield as ef
from made_panel import long, refused
from spatial_cases import dense_log_likelihood
from tolerances import close
from yaml_text import from_yaml

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
    data = long(names, np.arange(2000, 2000 + T), **columns)
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
SHOWN = "estimate std_error df p_value conf_low".split()


def cross(data):
    return data[data["year"] == 2005]


# Each function with its arguments; what is drawn for units by their order is "drawn".
CASES = from_yaml("""
    ols:
      call: ols
      formula: y ~ x + z
      inference: [HC3, HC1, classical, CR1, CR2, CR3, wild, wild33]
      data: cross
      drawn: true
    ols scpc:
      {call: ols, formula: y ~ x, inference: [SCPC, conley], cutoff_km: 99, data: cross}
    panel:
      call: ols
      formula: y ~ x + z | unit + year
      inference: [HC3, HC1, classical, CR1, CR2, CR3, wild, wild33, two_way, conley,
                  conley_all_dates, driscoll_kraay, randomisation]
      cutoff_km: 400
      draws: 99
      drawn: true
    ols lists: {call: ols, y: y, x: [x, z]}
    contrasts:
      {call: contrasts, y: y, group: group, controls: [x], data: cross, drawn: true}
    reference:
      {call: contrasts, y: y, group: group, reference: b, inference: CR2, data: cross}
    beta: {call: beta_convergence, formula: np.log(income) ~ z}
    curve:
      {call: specification_curve, y: [y, z], treatment: x, controls: [[], [rich]],
       draws: 9, drawn: true}
    dynamic fe: {call: dynamic_fe, y: rich}
    jackknife: {call: dynamic_fe, y: rich, method: half_panel_jackknife}
    gmm:
      {call: dynamic_gmm, formula: rich ~ x + z, endogenous: [x], instruments: [2, 3],
       last_lag: 3, collapse: true}
    log t: {call: log_t, y: rich, smoothing: null}
    clubs: {call: clubs, y: rich, smoothing: null}
    inequality: {call: inequality, y: income, groups: group, draws: 49, drawn: true}
    gini: {call: inequality, y: income, measure: gini, weights: lat}
    gini parts: {call: inequality, y: income, measure: gini, groups: group}
    growth: {call: growth_contributions, y: income, groups: group}
    markov: {call: markov, y: rich, k: 3}
    spatial markov: {call: markov, y: y, w: net, k: 2, draws: 49, drawn: true}
    spatial panel:
      {call: spatial_panel, formula: y ~ x + z, w: net, inference: [observed, unit]}
    random effects:
      {call: spatial_panel, formula: y ~ x, w: net, model: SAR, effects: random}
    pooled: {call: spatial_panel, formula: y ~ x, w: net, model: SEM, effects: pooled}
    dynamic spatial: {call: spatial_dynamic, formula: y ~ x, w: net}
    spatial cross-section:
      {call: spatial_cross_section, formula: y ~ x, w: net, data: cross}
    impacts:
      {call: spatial_panel, formula: y ~ x, w: net, impacts: {inference: unit}}
    dynamic impacts:
      {call: spatial_dynamic, formula: y ~ x, w: net, impacts: {draws: 200}, drawn: true}
    """)


def called(call, rows, net, drawn=False, impacts=None, data="", **options):
    """Call a function of the library as a case says."""
    keys = KEYS
    if data == "cross":
        rows = cross(rows)
        keys = {"unit": "unit"}
    if "w" in options:
        options["w"] = net
    fit = getattr(ef, call)(**options | keys | {"data": rows})
    return fit if impacts is None else fit.impacts(**impacts)


@cache
def fitted(name):
    return called(**CASES[name], rows=DATA, net=NET)


@pytest.mark.parametrize("name", CASES)
def test_shuffled_rows_and_links_change_nothing(name):
    fit = fitted(name)
    edges = EDGES.sample(frac=1, random_state=2).iloc[:, ::-1]
    rows = DATA.sample(frac=1, random_state=1)
    shuffled = called(**CASES[name], rows=rows, net=ef.weights(edges, symmetric=True))
    assert_frame_equal(shuffled.to_frame(), fit.to_frame(), check_exact=True)
    assert_series_equal(shuffled.resids.sort_index(), fit.resids.sort_index())


@pytest.mark.parametrize("name", CASES)
def test_renamed_units_in_another_order_have_the_same_numbers(name):
    fit = fitted(name)
    data, edges = built([f"v{N - i:02d}" for i in range(N)])
    net = ef.weights(edges, symmetric=True)
    order = default_rng(4).permutation(N)
    units = [net.units[i] for i in order]
    net = ef.kernels.network(units, net.matrix[order][:, order])
    renamed = called(**CASES[name], rows=data, net=net)
    close(renamed.notes.get("Q", 0.0), fit.notes.get("Q", 0.0))
    columns = ["term", "estimate"]
    if not CASES[name].get("drawn"):
        columns += ["std_error", "p_value"]
    one, two = (result.to_frame()[columns] for result in (renamed, fit))
    assert_frame_equal(one, two, rtol=1e-6, atol=1e-8)
    if name != "beta":
        assert_series_equal(renamed.resids, fit.resids)


@pytest.mark.parametrize("name", CASES)
def test_every_estimator_gives_one_class_of_results(name):
    fit = fitted(name)
    assert isinstance(fit, ef.Fit)
    assert fit.nobs > 0
    assert fit.params.index.is_unique
    for column in (fit.std_errors, fit.tstats, fit.pvalues):
        assert column.index.equals(fit.params.index)
    if name != "beta":
        close(fit.fitted + fit.resids, DATA["y"][fit.resids.index])
    rows = fit.to_frame()
    shown = "term inference estimate std_error p_value law level nobs model"
    assert set(shown.split()) <= set(rows)
    last = fit.vcov(rows["inference"].iloc[-1])
    assert last.to_frame()["inference"].iloc[0] == rows["inference"].iloc[-1]
    close(np.sqrt(np.diag(last.cov)), last.std_errors[list(last.cov)])
    if np.isfinite(fit.loglik):
        close(fit.aic, 2 * fit.n_params - 2 * fit.loglik)
        assert fit.bic != fit.aic


@pytest.mark.parametrize("name", CASES)
def test_wider_levels_have_wider_intervals_around_the_estimate(name):
    fit = fitted(name)
    ends = fit.conf_int()
    wide = fit.conf_int(0.99)
    known = np.isfinite(ends).all(axis=1)
    assert ends["lower"][known].le(fit.params[known]).all()
    assert ends["upper"][known].ge(fit.params[known]).all()
    width = (wide["upper"] - wide["lower"])[known]
    assert (width >= (ends["upper"] - ends["lower"])[known] * (1 - 1e-12)).all()


@pytest.mark.parametrize("name", CASES)
def test_every_result_prints_and_plots_itself(name):
    fit = fitted(name)
    labels = str(fit)
    assert labels == str(fit.summary) == repr(fit)
    assert labels.count("\n") < 60
    assert str(fit.params.index[0]) in labels
    title = fit.plot().get_title(loc="left")
    assert title.replace("\n", " ") == fit.title
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
        of_dummies = b.conf_int().loc[["I(x)", "z"]]
        close(a.conf_int().loc[["x", "z"]], of_dummies, rtol=1e-9)
    close((taken.aic, taken.notes["R2"]), (dummies.aic, dummies.notes["R2"]))
    close(taken.resids.sort_index(), dummies.resids, atol=1e-9)
    for kind in ("CR1", "CR2"):
        refused(
            "are collinear: x, same",
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

        def log_likelihood(p, link="rho" if model == "SAR" else "lam"):
            mean = np.column_stack([np.ones(N), X]) @ p[:3]
            more = {"sigma2": p[4], link: p[3]}
            return dense_log_likelihood(y.T, mean, net.matrix.toarray(), **more)

        V = np.linalg.inv(
            -approx_hess(observed.params[[*names, "sigma2"]].to_numpy(), log_likelihood)
        )
        close(observed.std_errors[names], np.sqrt(np.diag(V))[:4], rtol=1e-4)


def test_the_constant_beside_random_effects_has_the_error_of_the_dense_likelihood():
    net = ef.weights(EDGES[3:], symmetric=True)
    options = {"model": "SAR", "effects": "random", **KEYS}
    fit = ef.spatial_panel("y ~ x + z", DATA, net, **options)
    names = ["Intercept", "x", "z", "rho", "sigma2", "phi"]
    rows = DATA.set_index(["year", "unit"]).sort_index()
    X = np.column_stack([np.ones(len(rows)), rows[["x", "z"]]]).reshape(-1, N, 3)
    y = rows["y"].to_numpy().reshape(-1, N)

    def log_likelihood(p):
        more = {"rho": p[3], "sigma2": p[4], "phi": p[5]}
        return dense_log_likelihood(y, X @ p[:3], net.matrix.toarray(), **more)

    V = np.linalg.inv(-approx_hess(fit.params[names].to_numpy(), log_likelihood))
    close(fit.std_errors[names], np.sqrt(np.diag(V)), rtol=1e-3)


CHANGED = {
    "as they are": DATA,
    "a hole": DATA.drop(index=5),
    "no first date": DATA[1:],
    "no first units": DATA[DATA["unit"] > "u03"],
    "no x": DATA.assign(x=DATA["x"].mask(DATA.index == 3)),
    "no group": DATA.assign(group=DATA["group"].mask(DATA.index == 3)),
    "zeros": DATA.assign(x=0.0),
    "a row twice": pd.concat([DATA, DATA[:1]]),
    "growth": DATA.assign(growth=DATA["z"]),
    "none": None,
}
# What is refused: the words of the error, and a call.
BAD = from_yaml("""
    first u00 in 2005: {call: dynamic_fe, y: rich, rows: a hole}
    .*first u00 in 2005: {call: spatial_panel, formula: y ~ x, w: net, rows: a hole}
    x of u00 in 2003: {call: ols, formula: y ~ x, rows: no x}
    infinite, first np.log: {call: ols, formula: np.log(x) ~ z, rows: zeros}
    infinite, first lag: {call: ols, formula: "z ~ lag(np.log(x), 1)", rows: zeros}
    nothing: {call: ols, formula: y ~ nothing}
    first u00 in 2000: {call: ols, formula: y ~ x, rows: a row twice}
    u00: {call: ols, formula: y ~ C(group), rows: no group}
    an outcome of .*, group: {call: ols, formula: group ~ x}
    lat does not vary within unit: {call: ols, formula: y ~ lat | unit}
    no column 'nothing': {call: ols, formula: y ~ x, cluster: nothing}
    fixed effects: {call: beta_convergence, formula: y ~ 1 | group}
    leverage 1: {call: ols, formula: y ~ 0 + I((unit == 'u03') * 1), data: cross}
    other: {call: ols, formula: y ~ x | year + group, inference: randomisation}
    named: {call: beta_convergence, formula: y ~ growth, rows: growth}
    lat does not vary within .nit:
      {call: specification_curve, y: y, treatment: lat, effects: [unit]}
    "'z' is not": {call: spatial_panel, formula: y ~ x, w: net, reach: z}
    a dynamic panel: {call: spatial_dynamic, formula: y ~ x, w: net, reach: x}
    expected one of classical: {call: ols, formula: y ~ x, inference: HC9}
    no weights: {call: spatial_panel, formula: y ~ x}
    first u00 with weights: {call: markov, y: y, w: net, rows: no first units}
    several rows a unit: {call: ols, formula: y ~ x, inference: SCPC}
    cutoff_km: {call: ols, formula: y ~ x, inference: conley}
    12 dates: {call: spatial_cross_section, formula: y ~ x, w: net}
    first u00: {call: beta_convergence, formula: y ~ 1, rows: no first date}
    expected a DataFrame: {call: ols, formula: y ~ x, rows: none}
    """)
BAD_WEIGHTS = {
    "without ids": np.eye(3),
    "appears twice": EDGES.iloc[[0, 1, 0]],
    "in columns": pd.DataFrame(np.eye(4), list("abcd"), list("abce")),
    "first b": {"a": ["b"], "b": []},
}


@pytest.mark.parametrize("words", BAD)
def test_what_is_refused_says_what_was_found_expected_and_the_remedy(words):
    case = dict(BAD[words])
    reach = case.pop("reach", None)
    rows = CHANGED[case.pop("rows", "as they are")]
    with pytest.raises(ef.EstimateError, match=words) as error:
        called(**case, rows=rows, net=NET).reach(reach)
    assert error.value.expected
    assert error.value.action


@pytest.mark.parametrize(("words", "weights"), BAD_WEIGHTS.items())
def test_weights_that_are_refused_say_what_is_expected_and_the_remedy(words, weights):
    with pytest.raises(ef.WeightsError, match=words) as error:
        ef.weights(weights)
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
    instruments = [y[:, dates - 2], x[:, dates - lag]]
    Z = np.stack(instruments, axis=2).reshape(-1, 2)
    lagged_change = y[:, dates - 1] - y[:, dates - 2]
    change = [lagged_change, x[:, dates] - x[:, dates - 1]]
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


@pytest.mark.parametrize("unit_of_income", [1.0, 1e3])
def test_growth_of_levels_is_refused_and_that_of_their_logarithm_taken(unit_of_income):
    income = np.exp(DATA["rich"] + 0.02 * (DATA["year"] - 1990)) / unit_of_income
    data = DATA.assign(income=income, lnincome=np.log(income), rise=np.log(income))
    words = r"income that changes by .*; write np.log\(income\) ~"
    refused(words, ef.beta_convergence, "income ~ 1", data, **KEYS)
    refused(words, ef.beta_convergence, data=data, y="income", **KEYS)
    fit = ef.beta_convergence("np.log(income) ~ 1", data, **KEYS)
    assert not fit.notes["outcome"]
    for name, said in {"lnincome": "", "rise": "rise as it stands"}.items():
        same = ef.beta_convergence(f"{name} ~ 1", data, **KEYS)
        close(same.params, fit.params)
        assert same.notes["outcome"].startswith(said)


def test_growth_of_what_has_no_logarithm_is_taken_as_it_stands():
    data = DATA.assign(fast=100 * DATA["y"])
    fit = ef.beta_convergence("fast ~ 1", data, **KEYS)
    assert fit.notes["outcome"] == "fast as it stands, taken for a logarithm"
