"""The cross-section of a period: years between its ends, growth, controls, order."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.cross_section import cross_section
from evenfield.study.errors import EstimateError
from made_study import MadeStudy
from refusals import fails
from tolerances import close

SPEC = SimpleNamespace(unit_scheme="s", sample="all")
UNITS = ["a", "b", "c", "d"]


def make_study(step=1, **columns):
    start = np.array([8.0, 7.0, 9.0, 6.0])
    end = start + np.array([0.5, 1.0, 0.2, 1.4])
    table = pd.DataFrame(
        {
            "unit": UNITS,
            "period": "P",
            "start_year": 2000,
            "end_year": 2010,
            "basis": "proxy",
            "log_income_start": start,
            "log_income_end": end,
            "growth_pct_per_year": 10 * (end - start),
            "log_income_start_mean3": start + 0.1,
            "log_income_end_mean3": end - 0.1,
            "growth_mean3_pct_per_year": 100 * (end - start - 0.2) / (10 - 2 * step),
            "control_school": [1.0, 2, 3, 4],
            "control_none": np.nan,
        }
    )
    other = table.assign(period="Q", log_income_start=0.0)
    frame = pd.concat([table.assign(**columns), other])
    about = {"samples": {"all": UNITS}, "step": step}
    about |= {"basis_years": {"official": [2005, 2010]}}
    return MadeStudy({}, {"periods": frame}, **about)


def test_growth_is_the_difference_of_the_ends_over_the_years_between_them():
    data, years, basis, note, available = cross_section(make_study(), SPEC, "P", "x")
    assert (years, basis, available) == (10, "proxy", True)
    assert note == "PROXY output before 2005"
    assert list(data["unit"]) == ["d", "b", "a", "c"]  # from the poorest up
    close(data["growth"], [0.14, 0.1, 0.05, 0.02])


@pytest.mark.parametrize("step", [1, 2])
def test_means_of_three_dates_lie_two_steps_closer_together(step):
    result = cross_section(make_study(step), SPEC, "P", "x", ends="mean3")
    data, years, *_ = result
    assert years == 10 - 2 * step
    close(data["growth"], np.array([1.2, 0.8, 0.3, 0.0]) / years, atol=1e-12)


def test_controls_are_matched_by_unit_and_blank_ones_left_out():
    data, *_ = cross_section(make_study(), SPEC, "P", "x", ["school", "none"])
    assert list(data.columns) == "unit start end school growth".split()
    assert dict(zip(data["unit"], data["school"], strict=True)) == {
        "a": 1,
        "b": 2,
        "c": 3,
        "d": 4,
    }
    fails(
        EstimateError,
        r"1 value is missing .*\(b control_sch",
        cross_section,
        make_study(control_school=[1.0, np.nan, 3, 4]),
        SPEC,
        "P",
        "x",
        ["school"],
    )


def test_means_that_no_unit_has_are_not_available_and_growth_must_fit_the_ends():
    names = ("log_income_start_mean3", "log_income_end_mean3")
    blank = make_study(**dict.fromkeys(names, np.nan))
    assert cross_section(blank, SPEC, "P", "x", ends="mean3")[4] is False
    with pytest.raises(EstimateError, match="4 values are missing"):
        half = make_study(log_income_end_mean3=np.nan)
        cross_section(half, SPEC, "P", "x", ends="mean3")
    wrong = make_study(growth_pct_per_year=[5.0, 10, 2, 14.1])
    fails(
        EstimateError,
        r"growth of 1 unit is not .*\(d\)",
        cross_section,
        wrong,
        SPEC,
        "P",
        "x",
    )
