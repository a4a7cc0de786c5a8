"""Formulas: what is a name stays a name, and what cannot be read is refused in words."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

import evenfield as ef
from evenfield.api.formula import _split
from made_panel import DATA as PANEL
from made_panel import KEYS, RING, refused
from tolerances import close
from yaml_text import from_yaml

RNG = default_rng(2)
DATA = pd.DataFrame(RNG.normal(size=(40, 3)), columns=["y", "x", "z"])
DATA["group"] = RNG.choice(list("abc"), 40)


def coefficients(formula, data):
    return ef.ols(formula, data, inference="classical").params


@pytest.mark.parametrize("name", ["1", "a|b", "np", "class", "a ~ b", "d'Ivoire", "C"])
@pytest.mark.parametrize(
    "formula",
    ["y ~ np.exp({}) + z", "y ~ z:{}", "np.exp({}) ~ z", "y ~ I({}**2)", "y ~ 0 + {}"],
)
def test_names_in_backticks_stand_in_expressions(formula, name):
    named = DATA.rename(columns={"x": name})
    result = coefficients(formula.format(f"`{name}`"), named)
    want = coefficients(formula.format("x"), DATA)
    close(result, want)
    assert [str(term).replace(name, "x") for term in result.index] == [
        str(term) for term in want.index.str.replace("I(x**2)", "I(x ** 2)")
    ] or name in {"C", "class", "np"}


@pytest.mark.parametrize("name", "np C I lag log scale".split())
def test_a_column_named_as_a_function_does_not_hide_it(name):
    formula = "y ~ np.exp(x) + C(group) + I(x * z) + log(z ** 2) + scale(x)"
    data = DATA.assign(**{name: 1.5})
    close(coefficients(formula, data), coefficients(formula, DATA))
    close(coefficients(f"{name} ~ x", data)["Intercept"], 1.5)


def test_a_column_and_a_function_of_one_name_need_backticks():
    data = DATA.assign(np=DATA["z"])
    refused("in backticks, `np`", coefficients, "y ~ np + np.exp(x)", data)
    result = coefficients("y ~ `np` + np.exp(x)", data)
    close(result, coefficients("y ~ z + np.exp(x)", DATA))


@pytest.mark.parametrize(
    "formula", ["y ~ Intercept + x", "y ~ `Intercept`", "y ~ 0 + Intercept + C(group)"]
)
def test_a_column_named_as_the_constant_is_refused_as_regressor(formula):
    refused(
        "a regressor named Intercept",
        coefficients,
        formula,
        DATA.assign(Intercept=DATA["z"]),
    )


def test_a_column_named_as_the_constant_may_stand_aside():
    data = DATA.assign(Intercept=DATA["z"])
    close(coefficients("y ~ x", data), coefficients("y ~ x", DATA))


def test_a_bar_in_brackets_is_no_effect():
    data = DATA.assign(a=DATA["x"] > 0, b=DATA["z"] > 0)
    result = coefficients("y ~ I((a | b) * 1)", data)
    want = coefficients("y ~ c", data.assign(c=(data["a"] | data["b"]) * 1))
    close(result, want)


def test_effects_behind_the_bar_may_be_pairs_in_backticks():
    data = DATA.assign(**{"a^b": DATA["group"], "half": DATA["z"] > 0})
    plain = data.assign(pair=data["group"] + data["half"].astype(str))
    result = coefficients("y ~ x | `a^b`^half", data)
    close(result, coefficients("y ~ x | pair", plain))
    result = coefficients("y ~ x | `a^b`", data)
    close(result, coefficients("y ~ x | group", data))


POSITIVE = DATA.assign(
    a=np.exp(DATA["x"]), b=np.exp(DATA["z"]), k=RNG.integers(1, 9, 40)
)
OUTCOMES = {
    "np.log(a) - np.log(b)": lambda d: np.log(d["a"]) - np.log(d["b"]),
    "log(a) - log(b)": lambda d: np.log(d["a"]) - np.log(d["b"]),
    "y - z": lambda d: d["y"] - d["z"],
    "(y - z)": lambda d: d["y"] - d["z"],
    "{y - z}": lambda d: d["y"] - d["z"],
    "`a b` - z": lambda d: d["a b"] - d["z"],
    "y - 1": lambda d: d["y"] - 1,
    "-y": lambda d: -d["y"],
    "y**2": lambda d: d["y"] ** 2,
    "k^3": lambda d: d["k"] ** 3,
    "a + b": lambda d: d["a"] + d["b"],
    "a / b": lambda d: d["a"] / d["b"],
    "a * b": lambda d: d["a"] * d["b"],
    "(a + b) / 2": lambda d: (d["a"] + d["b"]) / 2,
    "np.log(a/b)": lambda d: np.log(d["a"] / d["b"]),
    "a > b": lambda d: (d["a"] > d["b"]).astype(float),
    "(a > 1) + (b > 1)": lambda d: (d["a"] > 1) * 1.0 + (d["b"] > 1),
    "(a > 1) - (b > 1)": lambda d: (d["a"] > 1) * 1.0 - (d["b"] > 1),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_outcome_is_evaluated_as_arithmetic(outcome):
    data = POSITIVE.assign(**{"a b": POSITIVE["x"] ** 3})
    fit = ef.ols(f"{outcome} ~ x + I(k^2)", data)
    by_hand = data.assign(left=OUTCOMES[outcome], k2=data["k"] ** 2)
    want = ef.ols("left ~ x + k2", by_hand)
    close(fit.params, want.params)
    close(fit.std_errors, want.std_errors)
    close(fit.fitted, want.fitted)
    assert f" of {outcome}, controlling for the other" in fit.interpret()
    assert f"{outcome} ~ x" in fit.explain()


def test_products_of_large_whole_numbers_are_not_cut():
    gdp = (POSITIVE["a"] * 5e9).astype("int64")
    data = POSITIVE.assign(gdp=gdp, **{"gdp of all": gdp})
    want = ef.ols("left ~ right", data.assign(left=gdp * 1e10, right=gdp * 1.0 * gdp))
    for left in ("gdp * 10000000000", "`gdp of all` * 10000000000"):
        for right in ("I(gdp**2)", "I(`gdp of all`^2)"):
            fit = ef.ols(f"{left} ~ {right}", data)
            close(fit.params.to_numpy(), want.params.to_numpy(), rtol=1e-8)
    labels = data.assign(code=3_000_000 + data["k"])
    names = coefficients("y ~ C(code) + np.log(a)", labels).index
    assert "C(code)[T.3000002]" in names


TWO = PANEL.assign(
    other=RNG.uniform(1, 2, len(PANEL)),
    start=PANEL["unit"].map({"u00": 1996, "u01": 1999, "u04": 1996, "u05": 1999}),
    got=PANEL["unit"].isin(["u00", "u04", "u05"]).astype(int),
)
FITS = {
    "ols": lambda y, d: ef.ols(f"{y} ~ x | unit", d, **KEYS),
    "beta": lambda y, d: ef.beta_convergence(f"{y} ~ x", d, **KEYS),
    "gmm": lambda y, d: ef.dynamic_gmm(
        f"{y} ~ lag({y}, 1) + x", d, collapse=True, time_effects=False, **KEYS
    ),
    "panel": lambda y, d: ef.spatial_panel(f"{y} ~ x", d, RING, **KEYS),
    "map": lambda y, d: ef.spatial_cross_section(
        f"{y} ~ x", d[d["year"] == 1990], RING, unit="unit"
    ),
    "dynamic": lambda y, d: ef.spatial_dynamic(f"{y} ~ x", d, RING, **KEYS),
    "root": lambda y, d: ef.dynamic_fe(y, d, **KEYS),
    "log t": lambda y, d: ef.log_t(y, d, **KEYS),
    "clubs": lambda y, d: ef.clubs(y, d, **KEYS),
    "sigma": lambda y, d: ef.sigma(y, d, **KEYS),
    "inequality": lambda y, d: ef.inequality(y, d, draws=9, **KEYS),
    "markov": lambda y, d: ef.markov(y, d, k=2, **KEYS),
    "moran": lambda y, d: ef.moran(y, d, RING, draws=9, **KEYS),
    "events": lambda y, d: ef.event_study(
        f"{y} ~ 1", d, first="start", draws=9, **KEYS
    ),
    "rings": lambda y, d: ef.rings(
        f"{y} ~ 1",
        d,
        first="start",
        rings=[1],
        distance=RING,
        min_controls=0,
        draws=9,
        **KEYS,
    ),
    "synthetic control": lambda y, d: ef.synthetic_control(
        y, d, treated="u03", date=2000, **KEYS
    ),
    "placement": lambda y, d: ef.placement(
        f"{y} ~ got", d[d["year"] == 1990], unit="unit", draws=99
    ),
    "nearby": lambda y, d: ef.nearby(
        f"{y} ~ x",
        d[d["year"] == 1990],
        unit="unit",
        lists="got",
        radius=1,
        distance=RING,
        draws=99,
    ),
}


@pytest.mark.parametrize("estimator", FITS)
def test_every_estimator_takes_a_difference_for_one(estimator):
    fit = FITS[estimator]("rich - other", TWO)
    want = FITS[estimator]("less", TWO.assign(less=TWO["rich"] - TWO["other"]))
    close(fit.params, want.params)


REFUSED = from_yaml("""
    without a tilde: [y, with no ~]
    two tildes: [y ~ x ~ z, with 2 ~]
    two bars: [y ~ x | group | z, with 2 |]
    a single backtick: [y ~ `x, single backtick]
    an unknown name in backticks: [y ~ `nothing`, "no column 'nothing'"]
    an unknown effect: [y ~ x | nothing, "no column 'nothing'"]
    an unknown half of a pair: [y ~ x | group^nothing, "no column 'nothing'"]
    an interaction of effects: ['y ~ x | group:z', write group^z]
    no outcome: [' ~ x', no outcome]
    no regressors: ['y ~ ', no regressors]
    no regressors before the bar: [y ~ | group, no regressors]
    a plus too many: [y ~ x +, fails]
    no syntax: [y ~ x )( z, fails]
    an unknown function: [y ~ nothing(x), fails]
    a function of a text: [y ~ np.log(group), fails]
    a division by a text: [y ~ I(x / group), fails]
    a number for a formula: [3, a formula of type int]
    no formula: [null, a formula of type NoneType]
    an attribute that is none: [y ~ x.nothing, fails]
    a missing key: ["y ~ I(x['nothing'])", fails]
    an outcome that closes a bracket: [y) - (z ~ x, in its outcome]
    an outcome of two: ["y, z ~ x", fails]
    """)


@pytest.mark.parametrize(("formula", "words"), REFUSED.values(), ids=REFUSED)
def test_formulas_that_cannot_be_read_are_refused(formula, words):
    with pytest.raises(ef.EstimateError, match=re.escape(words)) as error:
        coefficients(formula, DATA)
    assert "\n" not in str(error.value) and "x1b" not in str(error.value)


def test_data_first_is_taken_with_names():
    fit = ef.ols(DATA, y="y", x=["x"])
    close(fit.params, ef.ols("y ~ x", DATA).params)


@pytest.mark.parametrize(
    "call",
    [
        lambda: ef.ols("y ~ x", DATA, y="y"),
        lambda: ef.ols(formula="y ~ x", data=DATA, x=["x"]),
        lambda: ef.ols(DATA, x=["x"]),
    ],
)
def test_a_formula_and_names_at_once_or_half_of_the_names_are_refused(call):
    refused(r"one of them|x without y", call)


@pytest.mark.parametrize("call", [lambda: ef.ols(DATA), lambda: ef.ols(data=DATA)])
def test_data_without_a_formula_are_refused(call):
    refused("a call without a formula", call)


def test_a_mark_in_quotes_divides_nothing():
    parts = _split("Q('a) + (b') + x", "+")
    assert [part.strip() for part in parts] == ["Q('a) + (b')", "x"]


def test_a_misspelt_column_is_answered_with_the_nearest():
    data = pd.DataFrame({"growth": [1.0, 2.0, 4.0], "income": [1.0, 3.0, 2.0]})
    refused("did you mean 'income'?", ef.ols, "growth ~ np.log(incme)", data)
    refused("; correct it", ef.ols, "growth ~ zzz", data)
    refused("; correct it", ef.ols, "growth ~ np.log(income +)", data)
    named = data.rename(columns={"growth": "GDP pc"}).assign(y=1.0)
    refused("did you mean 'income'?", ef.ols, "y ~ np.log(`GDP pc`) + incme", named)
