"""Effects behind the bar of panel estimators are honoured or refused."""

import numpy as np
import pytest
from numpy.random import default_rng
from pandas.testing import assert_frame_equal

import evenfield as ef
from made_panel import long, refused, ring
from yaml_text import from_yaml

N = 10
T = 6
RNG = default_rng(8)
UNITS = [f"u{i}" for i in range(N)]
Y, X = np.moveaxis(RNG.normal(size=(N, T, 2)), -1, 0)
DATA = long(UNITS, np.arange(T), y=Y, x=X)
DATA["region"] = np.repeat(np.arange(N) % 2, T)
DATA["y"] += DATA["x"] + np.repeat(np.arange(N), T) / 5
NET = ef.weights(ring(UNITS))
KEYS = {"unit": "unit", "time": "year"}


def spatial(formula, **options):
    return ef.spatial_panel(formula, DATA, NET, model="SAR", **options, **KEYS)


def gmm(formula, **options):
    few = {"instruments": (2, 3), "collapse": True}
    return ef.dynamic_gmm(formula, DATA, **few, **options, **KEYS)


@pytest.mark.parametrize(
    ("bar", "effects"),
    from_yaml("""
    - [unit, unit]
    - [year, time]
    - [year + unit, two_way]
    - ['', two_way]
    """),
)
def test_effects_behind_the_bar_of_a_spatial_panel_are_its_effects(bar, effects):
    fit = spatial(f"y ~ x | {bar}")
    want = spatial("y ~ x", effects=effects)
    assert_frame_equal(fit.to_frame(), want.to_frame())
    assert fit.title == want.title


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: spatial("y ~ x | unit", effects="two_way"), "beside unit effects"),
        (lambda: spatial("y ~ x | unit", effects="random"), "beside unit effects"),
        (lambda: spatial("y ~ x | unit + region"), "an effect of region"),
        (lambda: spatial("y ~ x | region^year"), r"an effect of region\^year"),
        (lambda: spatial("y ~ x", effects="units"), "no effects 'units'"),
        (
            lambda: ef.spatial_cross_section(
                "y ~ x | unit", DATA[DATA["year"] == 1], NET, unit="unit"
            ),
            "of a pooled model",
        ),
        (
            lambda: ef.spatial_cross_section(
                "y ~ x | region", DATA[DATA["year"] == 1], NET, unit="unit"
            ),
            "an effect of region",
        ),
        (
            lambda: ef.spatial_dynamic("y ~ x | unit", DATA, NET, **KEYS),
            "unit effects alone",
        ),
        (lambda: gmm("y ~ x | year"), "time effects alone"),
        (lambda: gmm("y ~ x | unit + region"), "an effect of region"),
        (lambda: gmm("y ~ x | unit", time_effects=True), "time_effects=True beside"),
        (lambda: ef.dynamic_fe(DATA, "y | unit", **KEYS), "a bar before the ~"),
    ],
)
def test_effects_that_an_estimator_does_not_have_are_refused(call, words):
    refused(words, call)


@pytest.mark.parametrize(
    ("bar", "time_effects"),
    from_yaml("""
    - [unit, false]
    - [unit + year, true]
    - ['', true]
    """),
)
def test_effects_behind_the_bar_of_gmm_say_whether_dates_have_dummies(
    bar, time_effects
):
    fit = gmm(f"y ~ x | {bar}")
    want = gmm("y ~ x", time_effects=time_effects)
    assert_frame_equal(fit.to_frame(), want.to_frame())
    # None is what is not given.
    fit = gmm(f"y ~ x | {bar}", time_effects=None)
    assert_frame_equal(fit.to_frame(), want.to_frame())


def test_both_effects_behind_the_bar_of_a_dynamic_spatial_panel_are_its_own():
    fit = ef.spatial_dynamic("y ~ x | unit + year", DATA, NET, **KEYS)
    want = ef.spatial_dynamic("y ~ x", DATA, NET, **KEYS)
    assert_frame_equal(fit.to_frame(), want.to_frame())


@pytest.mark.parametrize("name", ["income per head", "1", "a|b", "np"])
def test_outcomes_of_panel_estimators_are_columns_of_any_name(name):
    data = DATA.assign(rich=np.exp(DATA["y"])).rename(columns={"rich": name})
    plain = DATA.assign(rich=np.exp(DATA["y"]))
    for estimate in (ef.dynamic_fe, ef.inequality, ef.markov):
        result = estimate(data, name, **KEYS)
        assert_frame_equal(
            result.to_frame(), estimate(plain, "rich", **KEYS).to_frame()
        )
