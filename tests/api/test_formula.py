"""Formulas: what is a name stays a name, and what cannot be read is refused in words."""

import re

import pandas as pd
import pytest
from numpy.random import default_rng

import evenfield as ef
from evenfield.api.formula import _split
from made_panel import refused
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
    """)


@pytest.mark.parametrize(("formula", "words"), REFUSED.values(), ids=REFUSED)
def test_formulas_that_cannot_be_read_are_refused(formula, words):
    with pytest.raises(ef.EstimateError, match=re.escape(words)) as error:
        coefficients(formula, DATA)
    assert "\n" not in str(error.value)


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
