"""Regression tables: R2 of other programs, rows of what is held, and every writer."""

import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from docx import Document
from linearmodels.panel import PanelOLS
from statsmodels.datasets import grunfeld

import evenfield as ef
from evenfield.api.nearby import nearby
from made_panel import refused
from tolerances import close
from yaml_text import from_yaml

FIRMS = grunfeld.load_pandas().data.astype({"year": int})
KEYS = {"unit": "firm", "time": "year", "inference": ["CR2", "HC3"]}
FITS = {
    "pooled": ef.ols("invest ~ value + capital", FIRMS, **KEYS),
    "firm": ef.ols("invest ~ value + capital | firm", FIRMS, **KEYS),
    "both": ef.ols("invest ~ value | firm + year", FIRMS, **KEYS),
}


def cells(name, table):
    """Return the cells of the one row of a name."""
    (found,) = [row for label, *row in table.frame.itertuples() if label == name]
    return found


def test_r2_and_mean_are_those_of_statsmodels_and_linearmodels():
    table = ef.compare(FITS, digits=10)
    panel = FIRMS.set_index(["firm", "year"])
    effects = {
        "firm": "invest ~ value + capital + EntityEffects",
        "both": "invest ~ value + EntityEffects + TimeEffects",
    }
    theirs = {
        name: PanelOLS.from_formula(formula, panel).fit()
        for name, formula in effects.items()
    }
    pooled = smf.ols("invest ~ value + capital", FIRMS).fit()
    inclusive = [fit.rsquared_inclusive for fit in theirs.values()]
    close([float(cell) for cell in cells("R2", table)], [pooled.rsquared, *inclusive])
    first, *within = cells("R2 within", table)
    # What linearmodels calls rsquared is of the outcome without its effects.
    assert first == ""
    close([float(cell) for cell in within], [fit.rsquared for fit in theirs.values()])
    close(float(within[0]), theirs["firm"].rsquared_within)
    mean = FIRMS["invest"].mean()
    close([float(cell) for cell in cells("mean of outcome", table)], [mean] * 3)


def test_r2_within_is_the_same_where_effects_are_dummies_of_the_fit():
    formula = "invest ~ value + capital | firm + year"
    for inference in ("CR1", "CR2", "HC3", "wild"):
        fit = ef.ols(formula, FIRMS, **KEYS | {"inference": inference, "draws": 99})
        panel = FIRMS.set_index(["firm", "year"])
        theirs = "invest ~ value + capital + EntityEffects + TimeEffects"
        within = cells("R2 within", ef.compare(fit, digits=10))
        close(float(within[0]), PanelOLS.from_formula(theirs, panel).fit().rsquared)


def test_an_interval_stands_beneath_its_estimate():
    table = ef.compare(FITS, below="interval", level=0.9, stars=False, digits=2)
    rows = list(table.frame.itertuples())
    at = [row[0] for row in rows].index("value")
    assert rows[at + 1][0] == ""
    for name, above, beneath in zip(FITS, rows[at][1:], rows[at + 1][1:], strict=True):
        low, high = FITS[name].conf_int(0.9).loc["value"]
        assert above == f"{FITS[name].params['value']:.2f}"
        assert beneath == f"[{low:.2f}, {high:.2f}]"
    assert table.note == "90% confidence intervals in brackets."
    assert "*" not in str(table)


def test_controls_and_effects_are_rows_of_yes_and_no():
    controls = {"Capital stock": "capital", "Both": ["value", "capital"]}
    table = ef.compare(FITS, controls=controls, keep="Intercept")
    assert table.frame.index[0] == "Intercept" and "value" not in table.frame.index
    assert cells("Capital stock", table) == ["Yes", "Yes", "No"]
    assert cells("Both", table) == ["Yes", "Yes", "in part"]
    assert cells("firm fixed effects", table) == ["No", "Yes", "Yes"]
    assert cells("year fixed effects", table) == ["No", "No", "Yes"]
    assert cells("clusters", table) == ["firm (11)"] * 3


def test_a_categorical_is_named_by_its_column():
    fit = ef.ols("invest ~ value + C(year)", FIRMS, **KEYS)
    for name in ("year", "C(year)"):
        table = ef.compare([fit, FITS["both"]], controls={"Years": [name]})
        assert cells("Years", table) == ["Yes", "No"]
        assert not [label for label in table.frame.index if "C(year)" in label]
    kept = ef.compare(fit, keep=["C(year)", "value"]).frame.index
    assert kept[0].startswith("C(year)[") and list(kept).index("value") > 2


def test_an_effect_does_not_take_the_label_of_a_regressor_of_its_name():
    trend = ef.ols("invest ~ value + year", FIRMS, **KEYS)
    labels = {"year": "Trend", "year fixed effects": "Year effects"}
    table = ef.compare([trend, FITS["both"]], labels=labels)
    assert cells("Year effects", table) == ["No", "Yes"]
    assert cells("Trend", table)[1] == ""


def test_clusters_stand_where_the_first_inference_is_by_cluster():
    by_row = FITS["pooled"].vcov("HC3")
    assert "clusters" not in ef.compare(by_row).frame.index
    both = ef.compare([by_row, FITS["pooled"]])
    assert cells("clusters", both) == ["", "firm (11)"]
    two = ef.ols("invest ~ value", FIRMS, **KEYS | {"inference": "two_way"})
    assert cells("clusters", ef.compare(two)) == ["firm (11), year (20)"]


def test_the_foot_is_what_is_asked_for_in_its_order():
    table = ef.compare(FITS, keep="value", foot=["R2", "N"])
    assert table.frame.index[-2:].tolist() == ["R2", "N"]


@pytest.mark.parametrize(
    ("words", "options"),
    from_yaml("""
    - ["no below 'errors'", {below: errors}]
    - ["no term 'valeu'.*did you mean 'value'", {keep: valeu}]
    - ["no control 'price'", {controls: {Price: [price]}}]
    - ["no row 'profit'", {labels: {profit: Profit}}]
    - ["no row of the foot 'R3'", {foot: [N, R3]}]
    - ["a confidence level of 95", {level: 95}]
    """),
)
def test_a_name_that_no_fit_has_is_refused(words, options):
    refused(words, ef.compare, FITS, **options)


def test_an_estimator_that_does_not_say_its_effects_leaves_them_blank():
    root = ef.dynamic_fe(
        "value", FIRMS, method="bias_corrected", unit="firm", time="year"
    )
    table = ef.compare([FITS["firm"], root])
    assert cells("firm fixed effects", table) == ["Yes", ""]


def test_growth_nearby_has_the_numbers_of_both_regressions():
    rng = np.random.default_rng(5)
    n = 120
    places = pd.DataFrame(
        {
            "town": [f"t{i:03}" for i in range(n)],
            "region": [f"r{i % 8}" for i in range(n)],
            "park": rng.random(n) < 0.2,
            "port": rng.random(n) < 0.2,
            "start": rng.normal(size=n),
            "growth": rng.normal(size=n),
            "lat": 40 + 4 * rng.random(n),
            "lon": 10 + 4 * rng.random(n),
        }
    ).astype({"park": int, "port": int})
    fit = nearby(
        "growth ~ start | region",
        places,
        unit="town",
        lists=["park", "port"],
        radius=60,
        inference="CR3",
        draws=99,
    )
    table = ef.compare(fit, controls={"Initial level": "start"}, digits=8)
    assert cells("Initial level", table) == ["Yes"]
    assert cells("region fixed effects", table) == ["Yes"]
    assert cells("clusters", table) == ["region (8)"]
    near = places[places["park"] + places["port"] == 0]
    assert cells("N, near", table) == [str(len(near))]
    own = smf.ols("growth ~ park + port + start + C(region)", places).fit()
    close(float(cells("R2", table)[0]), own.rsquared, 1e-6)
    without = smf.ols("growth ~ C(region)", places).fit()
    within = 1 - own.ssr / without.ssr
    close(float(cells("R2 within", table)[0]), within, 1e-6)
    found = fit.tables["regressions"]
    close(found.loc["own", "mean"], places["growth"].mean())
    close(found.loc["near", "mean"], near["growth"].mean())


def test_latex_is_a_tabular_of_booktabs_with_every_line_of_one_width():
    labels = {"value": "[Market] value & 5 %", "capital": "* capital_stock"}
    table = ef.compare(FITS, below="interval", labels=labels)
    begin, top, head, rule, *body, bottom, end = table.latex().splitlines()
    assert begin == r"\begin{tabular}{lccc}" and end == r"\end{tabular}"
    assert (top, rule, bottom) == (r"\toprule", r"\midrule", r"\bottomrule")
    # A rule before what is held, and one before the numbers of the whole fits.
    assert body.count(r"\midrule") == 2 and r"\hline" not in table.latex()
    for line in [head, *body]:
        if line != r"\midrule":
            assert line.endswith(r" \\")
            assert len(re.findall(r"(?<!\\)&", line)) == 3
            # An option of the line break before, which LaTeX would take it for.
            assert not re.match(r"\s*[\[*]", line)
    assert r"{}[Market] value \& 5 \% & " in table.latex()
    assert r" & [$-$" in table.latex() and "$R^2$ within" in table.latex()


def test_every_writer_prints_the_cells_of_the_frame(tmp_path):
    table = ef.compare(FITS, below="interval", controls={"Capital": "capital"})
    table.word(tmp_path / "table.docx")
    (word_table,) = Document(tmp_path / "table.docx").tables
    printed = [[cell.text for cell in row.cells] for row in word_table.rows]
    assert printed[1:] == [list(row) for row in table.frame.itertuples()]
    for text in (table.markdown(), table.html(), table.typst(), table.latex()):
        assert "Capital" in text and "Yes" in text and "firm fixed effects" in text
