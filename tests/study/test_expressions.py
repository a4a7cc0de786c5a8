"""Expressions of the config: closed forms, rows in any order, and everything that is
not on the list.
"""

import numpy as np
import pandas as pd
import pytest

from evenfield.study.errors import ConfigError
from evenfield.study.expressions import columns_of, evaluate
from refusals import fails
from tolerances import close

PANEL = pd.DataFrame(
    {
        "unit": list("aaabb"),
        "year": [2000, 2001, 2002, 2000, 2002],
        "x": [1.0, 2, 4, 8, 0],
        "y": 2.0,
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", [1, 2, 4, 8, 0]),
        (
            "100 * log(x / y)",
            [100 * np.log(0.5), 0, 100 * np.log(2), 100 * np.log(4), np.nan],
        ),
        ("-x + 2 * (y - 1)", [1, 0, -2, -6, 2]),
        ("x - lag(x)", [np.nan, 1, 2, np.nan, np.nan]),
        ("lag(x, 2)", [np.nan, np.nan, 1, np.nan, 8]),
        ("mean(x, 2000, 2001)", [1.5, 1.5, 1.5, 8, 8]),
        ("y / x", [2, 1, 0.5, 0.25, np.nan]),
        ("exp(log(x)) + exp(0)", [2, 3, 5, 9, np.nan]),
    ],
)
def test_values_by_unit_and_year_in_any_order_of_rows(text, expected):
    close(evaluate(text, PANEL), expected)
    shuffled = PANEL.sample(frac=1, random_state=1)
    close(evaluate(text, shuffled).sort_index(), expected)


def test_columns_are_named_and_an_unknown_one_with_the_nearest():
    assert columns_of("log(x / lag(y, 2)) * mean(x, 1, 2)") == ["x", "y"]
    fails(ConfigError, "'gdq'", evaluate, "log(gdq)", PANEL.assign(gdp=1.0))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "x.__class__",
        "x[0]",
        "sin(x)",
        "log(x, 2)",
        "lag(x, y)",
        "lag(x, 1.5)",
        "x if y else 1",
        "lambda: x",
        "x ** 9",
        "x; y",
        "",
        "'x'",
        "True",
        "log(x=x)",
        "[x]",
        "x < y",
        "(" * 400,
    ],
)
def test_everything_else_is_refused_in_one_line(text):
    with pytest.raises(ConfigError) as error:
        columns_of(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("exp(1000) * a", r"exp\(1000\)"),
        ("1 / 0 * a", "1 / 0"),
        ("log(0) + a", r"log\(0\)"),
        ("1e400 * a", "1e309"),
        ("lag(5)", r"lag\(5\)"),
    ],
)
def test_a_part_that_names_no_column_and_is_no_finite_number_is_refused(text, part):
    fails(ConfigError, f"`{part}` in .* is no finite number", columns_of, text)


def test_a_lag_beyond_any_panel_is_refused():
    fails(
        ConfigError,
        r"asks for 1e\+20 years; expected at most",
        columns_of,
        "lag(a, 100000000000000000000)",
    )


INDEX = pd.DataFrame(
    {
        "unit": ["a"] * 4 + ["b"] * 4,
        "year": [2000, 2001, 2002, 2003] * 2,
        "index": [110.0, 120, 50, 100, 100, 200, np.nan, 100],
        "people": [1.0, 9, 9, 8, 4, 9, 9, 4],
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chain(index, 2001)", [1 / 1.2, 1, 0.5, 0.5, 0.5, 1, np.nan, np.nan]),
        ("chain(index, 2000)", [1, 1.2, 0.6, 0.6, 1, 2, np.nan, np.nan]),
        ("bridge(people, 2000, 2003)", [1, 2, 4, 8, 4, 4, 4, 4]),
        ("bridge(people, 2000, 2002)", [1, 3, 9, 8, 4, 6, 9, 4]),
        ("bridge(people, 1999, 2003)", [np.nan] * 8),
    ],
)
def test_indices_are_chained_and_counts_are_bridged(text, expected):
    close(evaluate(text, INDEX), expected)
    mixed = INDEX.sample(frac=1, random_state=1)
    close(evaluate(text, mixed).sort_index(), expected)


@pytest.mark.parametrize("kind", ["int8", "Int8", "uint8", "float16", "float32"])
def test_an_expression_computes_in_float64(kind):
    narrow = PANEL.assign(x=PANEL["x"] * 15).astype({"x": kind, "y": kind})
    wide = narrow.astype({"x": float, "y": float})
    texts = "x * x + y|lag(x * x)|log(x * x * x)|mean(x * x, 2000, 2002)|-x|exp(x / 20)"
    for text in texts.split("|"):
        assert evaluate(text, narrow).equals(evaluate(text, wide))
    flags = PANEL.assign(a=PANEL["x"] > 1, b=PANEL["x"] > 3)
    assert evaluate("a + b", flags).tolist() == [0, 1, 2, 2, 0]
    assert evaluate("-a", flags.astype({"a": "boolean"})).tolist() == [0, -1, -1, -1, 0]
