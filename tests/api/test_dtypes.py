"""Numbers of any type: a column gives what it gives as float64, or is refused."""

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

import evenfield as ef
from api.calls import CALLS
from made_panel import KEYS, refused
from tolerances import close
from yaml_text import from_yaml

RNG = default_rng(4)
UNITS = 12
DATA = pd.DataFrame(
    {
        "unit": np.repeat([f"u{i:02d}" for i in range(UNITS)], 10),
        "year": np.tile(np.arange(1990, 2000), UNITS),
        "small": RNG.integers(1, 101, 10 * UNITS).astype(float),
        "other": RNG.integers(1, 101, 10 * UNITS).astype(float),
        "a": RNG.random(10 * UNITS) > 0.4,
        "b": RNG.random(10 * UNITS) > 0.4,
    }
)
DATA["y"] = RNG.normal(size=len(DATA)) + 0.01 * DATA["small"]
NARROW = "int8 uint8 int16 int32 int64 Int8 UInt8 Int16 Int64 float16 float32 Float32"
FORMULAS = [
    "y ~ small + other",
    "y ~ I(small**2) + I(small * other)",
    "small * small ~ other",
    "small + other ~ a",
    "-small ~ other",
    "np.log(small) ~ np.sqrt(other) + log(other) + np.exp(small / 50)",
    "y ~ small:other + lag(small * small, 1)",
    "y ~ small.pow(2) + np.multiply(other, small) + np.square(other)",
    "y ~ bs(small, df=4) + scale(other)",
    "y ~ poly(small, 2) + center(other)",
    "y ~ np.where(small > 50, small * small, other) + small.clip(0, 90)",
    "y ~ I(small * 3.7 > 100.2) + I((small > 50) + (other > 50))",
    "y ~ C(small > 50) + I(np.maximum(small, other) ** 2)",
]


def params(formula, data):
    return ef.ols(formula, data, inference="classical", **KEYS).params


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("kind", NARROW.split())
def test_formulas_compute_in_float64(kind, formula):
    narrow = DATA.astype({"small": kind, "other": kind})
    found, want = params(formula, narrow), params(formula, DATA)
    assert found.index.equals(want.index)
    assert found.to_numpy().tobytes() == want.to_numpy().tobytes()


@pytest.mark.parametrize("kind", ["bool", "boolean", "object"])
@pytest.mark.parametrize(
    ("formula", "by_hand"),
    from_yaml("""
    - ["y ~ I(a + b)", "a + b"]
    - ["y ~ lag(a + b, 1)", "lag(ab, 1)"]
    - ["y ~ I(-a)", "-a"]
    - ["y ~ I(a - b)", "a - b"]
    - ["y ~ I(a * b)", "a * b"]
    - ["y ~ I(a / (1 + b))", "a / (1 + b)"]
    - ["y ~ I((small > 50) + (other > 50))", "(small > 50) * 1.0 + (other > 50)"]
    - ["y ~ np.exp(a)", "np.exp(a)"]
    - ["y ~ a:b", "a * b"]
    - ["y ~ a", "a"]
    """),
)
def test_truth_values_are_zero_and_one(formula, by_hand, kind):
    numbers = DATA.astype({"a": float, "b": float})
    by_lag = numbers.assign(ab=numbers["a"] + numbers["b"])
    want = params(f"y ~ {by_hand}" if "lag" in by_hand else f"y ~ I({by_hand})", by_lag)
    found = params(formula, DATA.astype({"a": kind, "b": kind}))
    close(found.to_numpy(), want.to_numpy())


@pytest.mark.parametrize("kind", ["bool", "boolean"])
def test_conditions_stay_conditions(kind):
    data = DATA.astype({"a": kind, "b": kind})
    both = DATA.assign(both=(~DATA["a"] & DATA["b"]) * 1.0)
    close(params("y ~ I(~a & b)", data).to_numpy(), params("y ~ both", both).to_numpy())
    assert list(params("y ~ C(a)", data).index) == ["Intercept", "C(a)[T.True]"]
    refused("fails", params, "y ~ I(~small)", DATA)


@pytest.mark.parametrize("kind", "int8 Int16 uint8 int64".split())
def test_whole_numbers_stay_names_of_groups(kind):
    data = DATA.assign(code=(DATA["small"] // 40).astype(kind))
    names = ["Intercept", "C(code)[T.1]", "C(code)[T.2]"]
    assert list(params("y ~ C(code)", data).index) == names
    decades = params("y ~ C(code // 2)", data)
    assert list(decades.index) == ["Intercept", "C(code // 2)[T.1]"]
    fit = ef.ols_by("y ~ small", data, by="code", inference="HC1", **KEYS)
    assert {"0", "1", "2"} <= {
        word for term in map(str, fit.params.index) for word in re.split(r"\W+", term)
    }


def test_missing_values_of_nullable_columns_are_refused():
    for kind, name in (("Int8", "small"), ("boolean", "a"), ("Float32", "other")):
        data = DATA.astype({name: kind})
        data.loc[3, name] = pd.NA
        for term in (name, f"I({name} * 2)", f"np.exp({name})", f"I({name} > 0)"):
            refused("missing", params, f"y ~ {term}", data)


BEYOND = [2**53 + 1, 2**62, -(2**60)]


@pytest.mark.parametrize("number", BEYOND)
@pytest.mark.parametrize("formula", ["y ~ id", "id ~ small", "y ~ I(id * 2)"])
def test_whole_numbers_that_float64_rounds_are_refused(formula, number):
    data = DATA.assign(id=np.arange(len(DATA)) + number)
    refused("lose digits", params, formula, data)
    close(
        params("y ~ small | id", data.assign(id=data["id"] // 4 * 4)).to_numpy(),
        params("y ~ small | id", data.assign(id=data["id"] // 4 % 997)).to_numpy(),
    )


ODD = {
    "decimals": (lambda x: x.map(lambda v: Decimal(str(v))), None),
    "whole numbers as objects": (lambda x: x.astype(int).astype(object), None),
    "huge whole numbers as objects": (
        lambda x: pd.Series([10**20 + int(v) for v in x], dtype=object),
        "lose digits",
    ),
    "sparse": (lambda x: x.astype("Sparse[float64]"), None),
    "sparse whole": (lambda x: x.astype("Sparse[int8]"), None),
    "complex": (lambda x: x.astype(complex), "complex"),
    "complex as objects": (lambda x: x.astype(complex).astype(object), "complex"),
    "durations": (lambda x: pd.to_timedelta(x, unit="D"), "."),
    "days": (lambda x: pd.Timestamp("2000-01-01") + pd.to_timedelta(x, "D"), "."),
    "periods": (lambda x: pd.PeriodIndex.from_ordinals(x.astype(int), freq="M"), "."),
    "lists": (lambda x: x.map(lambda v: [v]), "."),
    "text": (lambda x: x.astype(str), "."),
    "categories": (lambda x: x.astype("category"), "."),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_columns_compute_as_numbers_or_are_refused(kind):
    change, words = ODD[kind]
    data = DATA.assign(odd=change(DATA["small"]))
    plain = DATA.assign(odd=DATA["small"])
    for formula in ("odd ~ other", "y ~ I(odd * 2)", "y ~ np.log(odd)", "y ~ odd"):
        if formula == "y ~ odd" and kind == "categories":
            continue  # groups, as in R
        if words is None:
            close(params(formula, data).to_numpy(), params(formula, plain).to_numpy())
        else:
            with pytest.raises(ef.EstimateError) as error:
                params(formula, data)
            assert re.search(words, str(error.value)) and "\n" not in str(error.value)


FOLLOWING = """
np.cumsum(small); small.shift(1); small.cumprod(); np.roll(small, 1); np.sort(small)
small.diff(); I(small[::-1]); np.arange(len(small)); I(small.index); np.diff(small)
np.maximum.accumulate(small); small.rolling(2).mean(); np.flip(small)
"""


@pytest.mark.parametrize("term", re.split(r"[;\n] *", FOLLOWING.strip()))
def test_terms_that_follow_the_order_of_rows_are_refused(term):
    words = "order of the rows|fails"
    data = DATA.sample(frac=1, random_state=1)
    refused(words, params, f"y ~ {term}", data)
    refused(words, params, f"{term} ~ other", data)


@pytest.mark.parametrize(
    "term", ["small.quantile([0.1, 0.5])", "np.unique(other)", "np.arange(3)"]
)
def test_terms_of_other_lengths_than_the_data_are_refused_as_those(term):
    words = f"the term {re.escape(term)}, .* order of the rows"
    refused(words, params, f"y ~ {term}", DATA)


@pytest.mark.parametrize(
    "term", ["small.rank()", "small.clip(1, 9)", "I(small - np.mean(small))"]
)
def test_terms_of_all_rows_together_are_taken(term):
    want = params(f"y ~ {term}", DATA)
    found = params(f"y ~ {term}", DATA.sample(frac=1, random_state=1))
    assert found.equals(want)


def test_a_lag_takes_a_number_of_steps():
    for steps in ("year", "1.5", "True", "small"):
        refused("whole number of steps", params, f"y ~ lag(small, {steps})", DATA)
    close(
        params("y ~ lag(small, by=2)", DATA),
        params("y ~ lag(small, 2)", DATA).to_numpy(),
    )


EXACT = {"x": 4, "y": 4, "lat": 1, "lon": 1}


@pytest.mark.parametrize(
    "kind", ["int8", "Int16", "float16", "float32", "uint8", "bool"]
)
@pytest.mark.parametrize("page", CALLS)
def test_every_estimator_computes_in_float64(page, kind):
    call = CALLS[page]
    whole = _whole_numbers(call.data)
    narrow = whole.astype(
        dict.fromkeys([*EXACT, "rich", "income"], kind)
        if kind != "bool"
        else {"got": bool}
    )
    assert _answer(call, narrow) == _answer(call, whole)


def _whole_numbers(data):
    """The table of a call with whole numbers, exact in every type."""
    scaled = {name: (data[name] * EXACT[name]).round() for name in EXACT}
    scaled["y"] = scaled["y"] + 20 + scaled["x"]
    scaled["x"] = scaled["x"] + 20
    scaled["income"] = (data["rich"] * 9).round()
    scaled["rich"] = (data["rich"] * 9).round()
    assert all(column.between(0, 120).all() for column in scaled.values())
    return data.assign(**scaled, got=data["got"].astype(float))


def _answer(call, data):
    """Estimates of a call, bit by bit, or the line that refuses it."""
    try:
        fit = call(data)
    except ef.EstimateError as error:
        return str(error)
    rows = fit.rows(0.95)
    numbers = rows.select_dtypes("number").to_numpy(float).tobytes()
    return list(map(str, rows["term"])), numbers


def test_text_of_whole_numbers_is_a_code_of_groups():
    codes = (DATA["small"] // 40).astype(int).astype(str)
    names = params("y ~ code", DATA.assign(code=codes)).index
    assert list(names) == ["Intercept", "code[T.1]", "code[T.2]"]
    decimals = DATA.assign(code=codes + ".5")
    refused("numbers as text, such as '.\\.5'", params, "y ~ code", decimals)
    assert len(params("y ~ C(code)", decimals)) == 3


def test_whole_numbers_beyond_all_types_are_no_dates_with_distances():
    huge = DATA.assign(year=[10**30 + int(year) for year in DATA["year"]])
    assert params("y ~ small", huge).size == 2
    refused("whose distance is not known", params, "y ~ lag(small, 1)", huge)


@pytest.mark.parametrize("kind", [object, "str", "category"])
def test_a_blank_group_is_a_blank(kind):
    panel = CALLS["dynamic-gmm"].data
    number = panel["year"] % 3 == 0
    blank = panel["unit"].isin(["u03", "u07"]) & (panel["year"] > 2000)
    numbers = panel.assign(late=number.astype(float).mask(blank))
    texts = pd.Series(np.where(number, "late", "early"), dtype=object).mask(blank)
    groups = panel.assign(late=texts.astype(kind))
    call = CALLS["dynamic-gmm"]
    found, want = (
        call.function("rich ~ late", data, **call.options) for data in (groups, numbers)
    )
    assert found.nobs == want.nobs
    close(found.params.abs().to_numpy(), want.params.abs().to_numpy())
    for nothing in (None, np.nan):
        none = panel.assign(late=pd.Series([nothing] * len(panel), dtype=kind))
        refused("no value of late", call.function, "rich ~ late", none, **call.options)


@pytest.mark.parametrize("page", ["event-study", "rings"])
def test_a_column_of_lists_names_nothing(page):
    call = CALLS[page]
    lists = pd.Series([[1]] * len(call.data), dtype=object)
    found = call(call.data.assign(aside=lists))
    assert found.rows(0.95).equals(call().rows(0.95))
    refused(r"start with \[1\]", call, call.data.assign(start=lists))
