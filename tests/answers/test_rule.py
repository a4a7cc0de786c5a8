"""The rule: every branch, every boundary, the mirror image, and the smallest effect
that a row could show.
"""

import math
from statistics import NormalDist

import pytest
from pydantic import ValidationError

from evenfield.answers.rule import Evidence, judge_fact, judge_tested, visible
from evenfield.answers.spec import Rule, Threshold
from evenfield.study.errors import ClaimsError
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

RULE = Rule()
NAN = math.nan
CLEAR = (0.5, 3.5)  # leaves out zero, on the side claimed
FLAT = (-0.5, 3.5)
LEVELS = {
    "conf_level": 0.95,
    "std_error": NAN,
    "mde": NAN,
    "warning": "",
    "estimate_id": "abc",
}


def row(ends, p=0.01, **more):
    middle = (ends[0] + ends[1]) / 2
    return {
        **LEVELS,
        "estimate": middle,
        "conf_low": ends[0],
        "conf_high": ends[1],
        "p_value": p,
        **more,
    }


def checks(*retained):
    return {
        f"check {i}": row(CLEAR if keeps else FLAT)
        for i, keeps in enumerate(retained, 1)
    }


QUESTION = {"adjusted": 0.04, "questions": 12}
# name: the row, what is known beside it, the answer, a part of the reason
TESTED = {
    "everything holds": (
        row(CLEAR),
        QUESTION,
        "SUPPORTED",
        "after adjusting for 12 questions",
    ),
    "checks kept": (
        row(CLEAR),
        QUESTION | {"checks": checks(True, True)},
        "SUPPORTED",
        "and in 2 checks",
    ),
    "adjusted p equal to alpha": (
        row(CLEAR),
        {"adjusted": 0.05, "questions": 12},
        "SUGGESTIVE",
        "only before",
    ),
    "adjusted p just below": (
        row(CLEAR),
        {"adjusted": 0.0499, "questions": 12},
        "SUPPORTED",
        "",
    ),
    "own evidence": (row(CLEAR), {}, "SUGGESTIVE", "not one of the primary questions"),
    "no p to adjust": (
        row(CLEAR, NAN),
        {"questions": 12},
        "SUGGESTIVE",
        "no p-value that could be adjusted for 12",
    ),
    "p above, adjusted below": (row(CLEAR, 0.5), QUESTION, "SUPPORTED", ""),
    "one check of three": (
        row(CLEAR),
        QUESTION | {"checks": checks(True, False, True)},
        "SUGGESTIVE",
        "with: check 2",
    ),
    "exactly half of the checks": (
        row(CLEAR),
        QUESTION | {"checks": checks(True, False)},
        "SUGGESTIVE",
        "check 2",
    ),
    "more than half": (
        row(CLEAR),
        QUESTION | {"checks": checks(True, False, False)},
        "NO ANSWER",
        "check 2, check 3",
    ),
    "the only check": (
        row(CLEAR),
        QUESTION | {"checks": checks(False)},
        "NO ANSWER",
        "more than half",
    ),
    "both missing": (
        row(CLEAR),
        {"checks": checks(True, False)},
        "SUGGESTIVE",
        "not adjusted; not with: check 2",
    ),
    "a check on the other side": (
        row(CLEAR),
        QUESTION | {"checks": {"other": row((-3.0, -1.0)), **checks(True)}},
        "SUGGESTIVE",
        "with: other",
    ),
    "a check that is not defined": (
        row(CLEAR),
        QUESTION | {"checks": {"gone": row((NAN, NAN), NAN), **checks(True)}},
        "SUGGESTIVE",
        "with: gone",
    ),
    "interval touches zero": (
        row((0.0, 3.0)),
        QUESTION,
        "NO ANSWER",
        "does not leave out zero",
    ),
    "interval just above zero": (row((1e-9, 3.0)), QUESTION, "SUPPORTED", ""),
    "interval holds zero": (
        row(FLAT),
        QUESTION,
        "NO ANSWER",
        "does not leave out zero",
    ),
    "inside the interest": (
        row((-0.9, 0.9)),
        QUESTION | {"interest": 1.0},
        "NEGLIGIBLE",
        "effect of interest, 1",
    ),
    "inside, without zero": (
        row((0.1, 0.9)),
        QUESTION | {"interest": 1.0},
        "NEGLIGIBLE",
        "",
    ),
    "inside, a check lost": (
        row((0.1, 0.9)),
        {"interest": 1.0, "checks": checks(False)},
        "NEGLIGIBLE",
        "",
    ),
    "interval equal to interest": (
        row((-1.0, 1.0)),
        QUESTION | {"interest": 1.0},
        "NO ANSWER",
        "",
    ),
    "one end equal to interest": (
        row((0.1, 1.0)),
        QUESTION | {"interest": 1.0},
        "SUPPORTED",
        "",
    ),
    "a placebo fails": (
        row(CLEAR),
        QUESTION | {"placebos": {"before": row(CLEAR, 0.049)}},
        "NO ANSWER",
        ": before",
    ),
    "placebo p equal to alpha": (
        row(CLEAR),
        QUESTION | {"placebos": {"before": row(CLEAR, 0.05)}},
        "SUPPORTED",
        "",
    ),
    "a placebo before the interest": (
        row((-0.1, 0.1)),
        {"interest": 1.0, "placebos": {"before": row(CLEAR, 0.01)}},
        "NO ANSWER",
        "placebo",
    ),
    "open above": (row((0.5, NAN), estimate=2.0), QUESTION, "SUPPORTED", ""),
    "open below": (row((NAN, 3.5), estimate=2.0), QUESTION, "NO ANSWER", ""),
    "open, inside the interest": (
        row((-0.1, NAN), estimate=0.0),
        {"interest": 1.0},
        "NO ANSWER",
        "",
    ),
    "permutation alone": (
        row((NAN, NAN), 0.049, estimate=2.0),
        QUESTION,
        "SUPPORTED",
        "",
    ),
    "permutation, p equal to alpha": (
        row((NAN, NAN), 0.05, estimate=2.0),
        QUESTION,
        "NO ANSWER",
        "",
    ),
    "not defined": (
        row((NAN, NAN), NAN, warning="no figures"),
        QUESTION,
        "NO ANSWER",
        "not defined (no figures)",
    ),
}
MIRROR = {"SUPPORTED": "AGAINST", "SUGGESTIVE": "SUGGESTIVE AGAINST"}


def turned(result):
    """The same evidence with every number turned to the other side of zero."""
    ends = {
        "estimate": -result["estimate"],
        "conf_low": -result["conf_high"],
        "conf_high": -result["conf_low"],
    }
    return {**result, **ends}


@pytest.mark.parametrize("name", TESTED)
def test_every_branch_its_boundary_and_its_mirror_images(name):
    first, known, answer, why = TESTED[name]
    result = judge_tested(Evidence(row=first, sign=1, **known), RULE)
    assert result.answer == answer
    assert why in result.because
    both = {kind: known.get(kind, {}) for kind in ("checks", "placebos")}
    placed = {
        kind: {key: turned(value) for key, value in rows.items()}
        for kind, rows in both.items()
    }
    assert (
        judge_tested(Evidence(row=turned(first), sign=-1, **{**known, **placed}), RULE)
        == result
    )
    other = judge_tested(Evidence(row=first, sign=-1, **known), RULE)
    assert (other.answer, other.because, other.failed) == (
        MIRROR.get(answer, answer),
        result.because,
        result.failed,
    )


def test_the_order_of_checks_moves_nothing_and_alpha_moves_the_answer():
    named = checks(True, False, True)
    plain, back = (
        judge_tested(
            Evidence(
                row=row(CLEAR), sign=1, adjusted=0.01, questions=3, checks=dict(order)
            ),
            RULE,
        )
        for order in (list(named.items()), list(named.items())[::-1])
    )
    assert plain == back
    assert plain.failed == ("check 2",)
    strict = {**row(CLEAR), "conf_level": 0.99}
    result = judge_tested(
        Evidence(row=strict, sign=1, adjusted=0.02, questions=3), Rule(alpha=0.01)
    )
    assert result.answer == "SUGGESTIVE"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {"row": row(CLEAR, conf_level=0.9)},
            "interval at level 0.9; expected a level of 0.95",
        ),
        (
            {"row": row(CLEAR), "checks": {"wide": row(CLEAR, conf_level=0.9)}},
            "interval at level 0.9",
        ),
        (
            {"row": row(CLEAR), "placebos": {"before": row(CLEAR, NAN)}},
            "placebo 'before' has no p-value",
        ),
    ],
)
def test_rows_that_cannot_be_read_are_refused(given, text):
    fails(ClaimsError, text, judge_tested, Evidence(sign=1, **given), RULE)


FACTS = {
    "all": (1.0, [1.0, 2.0], "HOLDS", "above 0, also in 2 variants"),
    "alone": (1.0, [], "HOLDS", "above 0"),
    "some variants not": (1.0, [1.0, 0.0], "HOLDS IN PART", "but not with: v2"),
    "no variant": (1.0, [-1.0], "HOLDS IN PART", "but not with: v1"),
    "equal to the threshold": (0.0, [], "DOES NOT HOLD", "not above 0"),
    "the reverse": (
        -1.0,
        [1.0, 1.0, -1.0],
        "HOLDS IN PART",
        "in the main figure, but with: v1, v2",
    ),
    "half of the variants": (-1.0, [1.0, -1.0], "DOES NOT HOLD", "only with: v1"),
    "neither": (-1.0, [-1.0], "DOES NOT HOLD", "not above 0"),
    "a variant not defined": (1.0, [NAN], "HOLDS IN PART", "v1"),
    "not defined": (NAN, [1.0], "NO ANSWER", "not defined"),
}


@pytest.mark.parametrize("name", FACTS)
def test_every_branch_of_a_fact(name):
    value, others, answer, why = FACTS[name]
    variants = {
        f"v{i}": row((0, 0), estimate=other) for i, other in enumerate(others, 1)
    }
    result = judge_fact(Threshold(above=0), row((0, 0), estimate=value), variants)
    assert result.answer == answer
    assert why in result.because
    mirrored = {name: turned(other) for name, other in variants.items()}
    assert (
        judge_fact(Threshold(below=0), row((0, 0), estimate=-value), mirrored).answer
        == answer
    )


def test_thresholds_are_strict_except_between():
    assert [Threshold(above=2).met(x) for x in (1.9, 2.0, 2.1)] == [False, False, True]
    assert [Threshold(below=2).met(x) for x in (1.9, 2.0, 2.1, NAN)] == [
        True,
        False,
        False,
        False,
    ]
    assert [Threshold(between=(1, 2)).met(x) for x in (0.9, 1.0, 2.0, 2.1, NAN)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert [Threshold(above=0).words, Threshold(between=(1, 2)).words] == [
        "above 0",
        "between 1 and 2",
    ]


def test_smallest_visible_effect_is_that_of_the_row_itself():
    power = NormalDist().inv_cdf(0.8)
    half = NormalDist().inv_cdf(0.975)
    close(visible(row((-3.0, 5.0), std_error=1.6), RULE), 4 + power * 1.6)
    close(visible(row((-half, half)), RULE), half + power)
    more = half + NormalDist().inv_cdf(0.9)
    close(visible(row((-half, half), std_error=1.0), Rule(power=0.9)), more)
    assert math.isnan(visible(row((1.0, NAN), mde=7.0), RULE))
    assert visible(row((NAN, NAN), mde=7.0), RULE) == 7.0


@pytest.mark.parametrize(
    "numbers", from_yaml("[{alpha: 0}, {alpha: 0.5}, {power: 0.5}, {power: 1}]")
)
def test_a_size_or_power_outside_its_range_is_refused(numbers):
    with pytest.raises(ValidationError):
        Rule(**numbers)


def test_a_threshold_between_two_equal_numbers_is_that_number():
    assert [Threshold(between=(1, 1)).met(x) for x in (0.9, 1, 1.1)] == [
        False,
        True,
        False,
    ]
    fails(ValidationError, "smaller number first", Threshold, between=(2, 1))
