"""Which call of the library gives a row of synthetic controls."""

from dataclasses import asdict

import numpy as np
import pytest

from evenfield.shared.calls import NoCallError
from evenfield.topics.synthetic_control import call as topic
from evenfield.topics.synthetic_control.estimate import estimate
from refusals import fails
from shared.test_contrast_calls import hold
from topics.synthetic_control.test_estimate import CASE, make_study

LEVELS = {**CASE, "id": "levels", "demeaned": False, "placebo": None}
EARLY_END = {**CASE, "id": "early_end", "fit": [1981, 1987], "effect": [1990, 1996]}
FEWER = {**CASE, "id": "fewer", "exclude": ["U05", "U06"], "placebo": None}


@pytest.mark.parametrize("case", [CASE, LEVELS, EARLY_END, FEWER], ids=str)
def test_every_row_of_a_case_is_a_synthetic_control_of_the_library(case):
    study = make_study(case, effect=0.1)
    rows = [asdict(row) for row in estimate(study).estimates]
    for row in rows:
        made_call = topic.call(study, row)
        assert made_call.function == "synthetic_control"
        hold(made_call, row)
    kinds = {(row["estimator"], row["effect_type"]) for row in rows}
    assert len(kinds) == len(rows) == (8 if case["placebo"] else 7)
    assert all(np.isfinite(row["estimate"]) for row in rows)


def test_years_that_a_study_of_every_other_year_lacks_are_those_after_them():
    every_other = {**CASE, "fit": [1981, 1993], "effect": [1994, 1999], "placebo": 1992}
    study = make_study(every_other, effect=0.1)
    study.described["step"] = 2
    rows = [asdict(row) for row in estimate(study).estimates]
    for row in rows:
        made_call = topic.call(study, row)
        hold(made_call, row)
        assert made_call.arguments["date"] == 1995
        assert made_call.arguments["placebo"] == 1993


def test_the_call_has_the_donors_and_years_of_the_case_alone():
    study = make_study(FEWER)
    row = asdict(estimate(study).estimates[0])
    data = topic.call(study, row).data
    assert not data["unit"].isin(["U05", "U06", "U23"]).any()
    assert data["year"].unique().tolist() == list(range(1980, 2000))


def test_a_row_of_a_case_that_is_gone_is_refused():
    study = make_study(CASE)
    row = {**asdict(estimate(study).estimates[0]), "spec_id": "gone"}
    fails(NoCallError, "no specification gone", topic.call, study, row)
