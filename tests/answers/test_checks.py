"""A check that repeats the numbers of another row is named, and refuses the answers."""

import pytest

from evenfield.answers.checks import equal_checks
from evenfield.answers.spec import Claims
from evenfield.answers.study import answer_study
from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.study.errors import ClaimsError

CLAIMS = Claims.model_validate(
    {
        "hypotheses": {
            "H1": {
                "statement": "X grew.",
                "kind": "association",
                "sign": "+",
                "primary": {"family": "beta", "period": "P1"},
                "checks": {"second": {"period": "P2"}, "third": {"period": "P3"}},
            }
        }
    }
)


def estimates(**changes):
    """Three rows that differ, but for what is given by period."""
    rows = []
    for number, period in enumerate(("P1", "P2", "P3"), 1):
        numbers = {"estimate": number / 3, "std_error": 0.1, "p_value": number / 100}
        rows.append(
            Estimate(
                family="beta",
                estimator="ols",
                spec_id="s",
                outcome="y",
                term="x",
                period=period,
                conf_low=0.1,
                conf_high=2.0,
                conf_level=0.95,
                **{**numbers, **changes.get(period, {})},
            )
        )
    return estimates_frame(rows).assign(study="")


MAIN = {"estimate": 1 / 3, "std_error": 0.1, "p_value": 0.01}


def test_rows_that_differ_are_checks():
    assert list(equal_checks(estimates(), CLAIMS)) == []


def test_a_check_with_the_numbers_of_the_main_row_is_named():
    (fault,) = equal_checks(estimates(P2=MAIN), CLAIMS)
    assert "check 'second' has the numbers of hypothesis H1 (0.333333)" in str(fault)


def test_a_check_with_the_numbers_of_another_check_is_named():
    same = {"estimate": 2 / 3, "std_error": 0.1, "p_value": 0.02}
    (fault,) = equal_checks(estimates(P3=same), CLAIMS)
    assert "check 'third' has the numbers of hypothesis H1, check 'second'" in str(
        fault
    )


@pytest.mark.parametrize("name", MAIN)
def test_one_number_that_differs_in_its_sixth_digit_is_enough(name):
    near = {**MAIN, name: MAIN[name] * (1 + 1e-5)}
    assert list(equal_checks(estimates(P2=near), CLAIMS)) == []


def test_rows_without_numbers_repeat_nothing():
    empty = dict.fromkeys(MAIN, float("nan"))
    assert list(equal_checks(estimates(P2=empty, P3=empty), CLAIMS)) == []


def test_answers_that_rest_on_such_a_check_are_refused():
    with pytest.raises(ClaimsError, match="it cannot fail alone"):
        answer_study(estimates(P2=MAIN), CLAIMS, [])
