"""A row as a call: where its number stands in a table that a function returns, several
weights by name, and what a fit depends on.
"""

import numpy as np
import pandas as pd
import pytest

import evenfield as ef
from evenfield.opened.fits import RowCall
from evenfield.shared.calls import Call
from evenfield.shared.places import Coefficient, SignsAsSaid, TableRow, same
from made_panel import DATA, KEYS, RING

TESTS = pd.DataFrame(
    {"statistic": [3.0, 5.0], "df": [1, 1], "p_value": [0.08, 0.03]},
    index=["LM lag", "LM error"],
)
OF_TEST = {"estimate": "statistic", **same("df", "p_value")}


def square(scale):
    units = sorted(RING)
    links = [[scale * (other in RING[unit]) for other in units] for unit in units]
    return pd.DataFrame(np.array(links, dtype=float), units, units)


def row_call(**changes):
    call = {
        "function": "spatial_model_probabilities",
        "data": DATA,
        "arguments": {"formula": "y ~ x", "models": ["SAR", "SDM"], **KEYS},
        "places": (TableRow(line="SDM", columns={"estimate": "near"}),),
        "weights": {"near": square(0.5), "far": square(0.5).T},
        **changes,
    }
    row = {"estimate": 0.5, "std_error": "", "statistic": "", "df": "", "p_value": ""}
    row |= {"conf_low": "", "conf_high": ""}
    return RowCall(name="share", row=row, call=Call(**call), folder=".", level=0.95)


def test_a_number_stands_in_the_line_of_a_table():
    place = TableRow(line="LM error", columns=OF_TEST)
    assert place.numbers(TESTS, 0.95) == {"estimate": 5.0, "df": 1.0, "p_value": 0.03}
    assert place.code == "fit.loc['LM error']"
    with pytest.raises(KeyError):
        TableRow(line="LR", columns=OF_TEST).numbers(TESTS, 0.95)


def test_several_weights_go_to_the_function_by_name():
    one = row_call()
    # Both are the same ring, so that neither is more probable.
    compared = one.compared(one.fit())
    expected = one.fit().loc["SDM", "near"]
    assert compared.loc["estimate", "fit"] == pytest.approx(expected)
    assert one.fit().loc["SDM", "far"] == pytest.approx(expected)
    assert "w=s.weights('share')," in one.code
    assert one.code.endswith("print(fit.loc['SDM'])")


def test_a_fit_depends_on_each_of_its_weights_and_on_what_is_called_on_it():
    keys = {
        row_call().key({}),
        row_call(weights={"near": square(0.5), "far": square(0.25)}).key({}),
        row_call(weights=square(0.5)).key({}),
        row_call(then=("residual_tests", {"seed": [1]})).key({}),
    }
    assert len(keys) == 4
    assert row_call().key({}) == row_call().key({})


def test_a_place_counts_signs_and_adds_what_the_row_is_against():
    fit = ef.ols("y ~ x + rich", DATA, **KEYS)
    signs = {name: int(np.sign(fit.params[name])) for name in ("x", "rich")}
    place = SignsAsSaid(signs=signs)
    assert place.numbers(fit, 0.95) == {"estimate": 2.0}
    assert eval(place.code, {"fit": fit}) == 2
    turned = SignsAsSaid(signs=signs | {"x": -signs["x"]})
    assert turned.numbers(fit, 0.95) == {"estimate": 1.0}
    plain = Coefficient(term="x").numbers(fit, 0.95)
    moved = Coefficient(term="x", plus=1.0).numbers(fit, 0.95)
    for name in ("estimate", "conf_low", "conf_high"):
        assert moved[name] == plain[name] + 1
    for name in ("std_error", "statistic", "p_value"):
        assert moved[name] == plain[name]
