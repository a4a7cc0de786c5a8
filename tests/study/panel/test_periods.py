"""One row per unit and period: growth between end points, means of three, bases that
may not be joined, controls.
"""

import numpy as np
import pandas as pd
import pytest

from evenfield.study.errors import PanelError
from evenfield.study.panel.controls import PeriodFrames, control_columns, evaluated_once
from evenfield.study.panel.periods import period_basis, period_frame
from evenfield.study.study_config import Period
from refusals import fails
from tolerances import MACHINE, close
from yaml_text import from_yaml

UNITS = pd.DataFrame(
    from_yaml("{unit: [A, B], coastal: [1, 0], region: [East, West], nation: [X, X]}")
)


def panel(years, step=0.1):
    i = np.repeat([0, 1], len(years))
    t = np.tile(np.array(years) - years[0], 2)
    frame = pd.DataFrame(
        {
            "unit": np.array(["A", "B"])[i],
            "year": t + years[0],
            "gdp": 10.0 + i,
            "trade": 2.0 + t,
        }
    )
    frame["basis"] = np.where(frame["year"] < 1999, "proxy", "official")
    return frame.assign(
        log_income=1.0 + i + step * (1 + i) * t, population=100.0 * np.exp(0.02 * i * t)
    )


ANNUAL = panel(list(range(1990, 2011)))


def frame(start, end, controls=None, data=ANNUAL, **options):
    period = Period(name="P", start=start, end=end, **options)
    return period_frame(data, UNITS, [period], controls or {}).set_index("unit")


def by_unit(frame, column, A, B):
    """Assert the values of a column."""
    expected = {"A": A, "B": B}
    assert frame[column].to_dict() == pytest.approx(expected, rel=MACHINE, abs=MACHINE)


def test_growth_is_the_slope_of_log_income_per_year_in_annual_and_decennial_panels():
    out = frame(2000, 2010)
    by_unit(out, "growth_pct_per_year", 10.0, 20.0)
    close(
        out.loc["A", "log_income_end"] - out.loc["A", "log_income_start"], 1.0, MACHINE
    )
    by_unit(out, "population_growth_per_year", 0.0, 0.02)
    last = out.loc["B", ["start_year", "end_year", "basis"]]
    assert last.tolist() == [2000, 2010, "official"]
    data = panel([2000, 2010, 2020, 2030, 2040, 2050], 0.01)
    start = {"start": {"kind": "initial", "expression": "trade"}}
    out = frame(2000, 2050, start, data)
    by_unit(out, "growth_pct_per_year", 1.0, 2.0)
    by_unit(out, "growth_mean3_pct_per_year", 1.0, 2.0)
    by_unit(out, "population_growth_per_year", 0.0, 0.02)
    assert out["control_start"].tolist() == [2.0, 2.0]


def test_mean_of_three_shortens_the_span_and_needs_five_years():
    data = ANNUAL.copy()
    data.loc[data["unit"].eq("A") & data["year"].eq(2010), "log_income"] += 0.3
    out = frame(2000, 2010, data=data)
    close(out.loc["A", "log_income_start_mean3"], 1.0 + 0.1 * 11, MACHINE)
    close(out.loc["A", "growth_mean3_pct_per_year"], 100 * (0.8 + 0.1) / 8, MACHINE)
    close(out.loc["B", "growth_mean3_pct_per_year"], 20.0, MACHINE)
    names = [
        "log_income_start_mean3",
        "log_income_end_mean3",
        "growth_mean3_pct_per_year",
    ]
    assert frame(2000, 2004)[names].isna().all(axis=None)
    assert frame(2000, 2005)[names].notna().all(axis=None)


def test_only_a_period_marked_spliced_joins_the_bases():
    words = r"period P \(1995 to 2005\) joins proxy and official output.*spliced"
    fails(PanelError, words, frame, 1995, 2005)
    assert frame(1995, 2005, spliced=True)["basis"].eq("spliced").all()
    assert frame(1990, 1998)["basis"].eq("proxy").all()
    assert frame(1999, 2010, spliced=True)["basis"].eq("official").all()
    inside = pd.DataFrame({"basis": ["official", "", "official"]})
    assert period_basis(inside, Period(name="P", start=2000, end=2002)) == "official"


@pytest.mark.parametrize("year", [2000, 2010])
def test_missing_income_at_an_end_is_refused(year):
    data = ANNUAL.copy()
    data.loc[data["unit"].eq("B") & data["year"].eq(year), "log_income"] = np.nan
    words = r"income at the ends of P \(2000, 2010\) is missing for 1 unit \(B\)"
    fails(PanelError, words, frame, 2000, 2010, data=data)


def columns(control, data=ANNUAL):
    growth = pd.Series({"A": 0.01, "B": -0.06})
    years = PeriodFrames(2000, 2010, evaluated_once(data), UNITS, growth)
    frames = control_columns("x", years, control)
    return {name: series.to_dict() for name, series in frames.items()}


def values(control, data=ANNUAL):
    return columns(control, data)["control_x"]


def test_controls_in_closed_form_and_with_a_missing_first_year():
    grown = values({"kind": "population_growth", "plus": 0.05})
    close(grown["A"], np.log(0.06), MACHINE)
    assert np.isnan(grown["B"])
    assert values({"kind": "unit", "column": "coastal"}) == {"A": 1.0, "B": 0.0}
    for kind, trade in (("initial", 12), ("mean", 17)):
        ratio = values({"kind": kind, "expression": "trade / gdp * 0.5"})
        expected = {"A": trade / 20, "B": trade / 22}
        assert ratio == pytest.approx(expected, rel=MACHINE)
    for last_blank, expected in ((2001, 14.0), (2002, np.nan)):
        data = ANNUAL.assign(
            trade=ANNUAL["trade"].where(~ANNUAL["year"].between(2000, last_blank))
        )
        early = values({"kind": "initial", "expression": "trade"}, data)
        assert early["A"] == pytest.approx(expected, nan_ok=True)


def test_groups_are_columns_of_zeros_and_ones_but_for_the_first():
    units = {"kind": "groups", "column": "region"}
    assert columns(units) == {"control_x=West": {"A": 0.0, "B": 1.0}}
    (later,) = columns({**units, "from": 2005}).values()
    assert np.isnan(list(later.values())).all()


@pytest.mark.parametrize(
    ("control", "message"),
    [
        (
            {"kind": "initial", "expression": "trad"},
            r"1 column that panel.csv lacks \(trad\)",
        ),
        (
            {"kind": "unit", "column": "coast"},
            r"1 column that units.csv lacks \(coast\)",
        ),
        (
            {"kind": "mean", "expression": "x / y"},
            r"2 columns that panel.csv lacks \(x, y\)",
        ),
        ({"kind": "groups", "column": "nation"}, "it has one group only"),
        (
            {"kind": "unit", "column": "region"},
            r"from region of units.csv, and it holds text \('East'\)",
        ),
    ],
)
def test_control_that_cannot_be_made_is_one_line(control, message):
    fails(PanelError, message, values, control)
