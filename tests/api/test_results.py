"""Results of the library: levels of intervals."""

from dataclasses import replace
from html import escape
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

import evenfield as ef
from made_panel import refused, ring
from yaml_text import from_yaml

RNG = default_rng(4)
DATA = pd.DataFrame(RNG.normal(size=(60, 2)).cumsum(axis=0), columns=["y", "x"])
UNITS = [f"u{i}" for i in range(6)]
DATA["unit"] = np.repeat(UNITS, 10)
DATA["year"] = np.tile(np.arange(10), 6)
KEYS = {"unit": "unit", "time": "year"}
RING = ring(UNITS)
FITS = {
    "least squares": ef.ols("y ~ x", DATA, inference=["HC3", "CR2", "wild"], **KEYS),
    "root": ef.dynamic_fe(DATA, "y", method="half_panel_jackknife", **KEYS),
    "spatial": ef.spatial_panel("y ~ x", DATA, RING, **KEYS),
    "impacts": ef.spatial_panel("y ~ x", DATA, RING, **KEYS).impacts(),
}


@pytest.mark.parametrize("level", [95, 0, 1, -0.5, np.nan, "wide", None, 1.5])
@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_a_level_that_is_no_share_is_refused(fit, level):
    for table in (fit.conf_int, fit.to_frame):
        refused("between 0 and 1", table, level)


def test_a_level_in_percent_is_named_as_a_share():
    with pytest.raises(ef.EstimateError, match=r"95 percent is 0\.95"):
        FITS["root"].conf_int(95)


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_intervals_widen_with_the_level(fit):
    widths = [
        (ends["upper"] - ends["lower"]).to_numpy()
        for ends in map(fit.conf_int, (0.5, 0.9, 0.99))
    ]
    assert (np.diff(widths, axis=0) > 0).all()


@pytest.mark.parametrize(
    ("method", "rows"),
    from_yaml("""
    - [bias_corrected, 54]
    - [half_panel_jackknife, 54]
    - [anderson_hsiao, 48]
    """),
)
def test_a_root_counts_the_rows_of_its_regression(method, rows):
    fit = ef.dynamic_fe(DATA, "y", method=method, **KEYS)
    assert fit.nobs == rows
    assert fit.notes["transitions"] == rows / 6


@pytest.mark.parametrize("level", [0, 1, 100])
def test_a_level_that_is_no_percentage_either_has_no_hint(level):
    with pytest.raises(ef.EstimateError) as refusal:
        FITS["root"].conf_int(level)
    assert "percent" not in str(refusal.value)


def test_a_summary_breaks_its_lines_between_words():
    notes = {"design": "one-way-clustered " * 20}
    lines = str(replace(FITS["root"], notes=notes).summary).splitlines()
    assert not [line for line in lines if line.rstrip().endswith("-")]


def test_what_is_no_fit_is_not_compared():
    refused(r"\(1\) of type str", ef.compare, ["fit"])


def test_a_single_fit_is_a_column_of_its_own():
    fit = FITS["root"]
    pd.testing.assert_frame_equal(ef.compare(fit).frame, ef.compare([fit]).frame)


@pytest.mark.parametrize("digits", ["a", -1, 1.5, True])
def test_digits_of_a_comparison_are_a_whole_number(digits):
    refused("digits", ef.compare, [FITS["root"]], digits=digits)


def test_names_of_any_characters_stand_in_latex_and_typst():
    data = DATA.assign(**{"a^b~c\\d": DATA["x"], "y//2": DATA["x"] ** 2})
    fit = ef.ols(data=data, y="y", x=["a^b~c\\d", "y//2"], **KEYS)
    table = ef.compare(fit)
    name = r"a\textasciicircum{}b\textasciitilde{}c\textbackslash{}d"
    assert f"\n{name} & " in table.latex()
    # Two strokes begin a comment.
    assert r"[y\/\/2]" in table.typst()


@pytest.mark.parametrize("level", [[0.9], np.array([0.9, 0.95])])
def test_several_levels_are_refused_in_one_line(level):
    refused("a confidence level of .*0.9", FITS["least squares"].conf_int, level)


def test_an_inference_that_is_no_name_is_refused():
    options = {"inference": [["CR2"]], **KEYS}
    refused(r"no inference \['CR2'\]", ef.ols, "y ~ x", DATA, **options)


def test_a_mean_alone_is_put_in_words():
    fit = ef.ols("y ~ 1", DATA, **KEYS)
    assert fit.interpret() == fit.interpret("Intercept")


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_a_notebook_shows_the_rows_and_folds_the_explanation(fit):
    html = fit._repr_html_()
    [table] = pd.read_html(StringIO(html))
    assert table["term"].tolist() == fit.to_frame()["term"].tolist()[: len(table)]
    folded = html[html.index("<details>") :]
    assert escape(str(fit.explain())) in folded
    assert 'style="color' not in html


def test_a_summary_shows_degrees_of_freedom_that_differ_from_row_to_row():
    fit = ef.ols("y ~ x", DATA, inference=["CR2", "HC3"], **KEYS)
    lines = [line.split() for line in str(fit).splitlines()]
    [head] = [line for line in lines if line[:2] == ["term", "inference"]]
    shown = next(line for line in lines if line[:2] == ["x", "CR2"])
    df = fit.to_frame().set_index(["term", "inference"])["df"]
    assert float(shown[head.index("df")]) == pytest.approx(df["x", "CR2"], rel=1e-3)
    assert lines[-1] == ["inference:", "CR2,", "t;", "HC3,", "t(58)"]
    alone = str(ef.ols("y ~ x", DATA, inference="HC3", **KEYS))
    assert "df" not in alone.split()


def test_why_there_is_no_test_is_said_to_its_end():
    fit = FITS["root"]
    reason = "none: a level (of y) has no error"

    def rows(level):
        return fit.rows(level).assign(law=["t(5)", reason])

    assert str(replace(fit, rows=rows)).endswith(f"t(5); {reason}")


def test_tables_are_folded_under_their_names_in_a_notebook():
    html = FITS["root"].tables._repr_html_()
    names = list(FITS["root"].tables)
    assert html.count("<details>") == html.count("<table") == len(names)
    assert f"<summary>{names[0]}</summary>" in html
    side_by_side = ef.compare([FITS["least squares"]])
    shown = side_by_side._repr_html_()
    assert shown.startswith(side_by_side.html()) and escape(side_by_side.note) in shown
