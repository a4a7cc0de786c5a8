"""The rule: every branch, every boundary, the mirror image, and the smallest effect
that a row could show.
"""

import math
import re
from statistics import NormalDist

import pytest
from pydantic import ValidationError

from evenfield.answers.rule import (
    Evidence,
    LaterYears,
    fact_side,
    judge_documents,
    judge_fact,
    judge_later,
    judge_later_fact,
    judge_no_gain,
    judge_stand_in,
    judge_tested,
    visible,
)
from evenfield.answers.spec import Document, Rule, Threshold
from evenfield.study.errors import ClaimsError
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

RULE = Rule()
NAN = math.nan
CLEAR = (0.5, 3.5)  # excludes zero, on the side claimed
FLAT = (-0.5, 3.5)
LEVELS = {
    "conf_level": 0.95,
    "std_error": NAN,
    "mde": NAN,
    "warning": "",
    "estimate_id": "abc",
    "se_type": "SCPC avc 0.03",
    "p_type": "",
    "unit_of_measure": "pp/yr",
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


def fact(value):
    """An observed figure, which has no interval."""
    return row((NAN, NAN), p=NAN, estimate=value)


def checks(*retained):
    return {
        f"check {i}": row(CLEAR if keeps else FLAT)
        for i, keeps in enumerate(retained, 1)
    }


# name: the row, what is known beside it, the answer, a part of the reason. Checks are
# rows by name, or for each whether the answer is seen in it.
TESTED = from_yaml("""
    asked: &asked {adjusted: 0.04, questions: 12}
    inside: &inside {<<: *asked, interest: 1.0}
    clear: &clear {ends: [0.5, 3.5]}
    flat: &flat {ends: [-0.5, 3.5]}
    none: &none {ends: [.nan, .nan], p: .nan}
    cases:
      everything holds: [*clear, *asked, SUPPORTED, also with 12 questions asked at once]
      checks kept:
        [*clear, {<<: *asked, checks: [true, true]}, SUPPORTED, and in 2 checks]
      adjusted p equal to alpha:
        [*clear, {adjusted: 0.05, questions: 12}, SUGGESTIVE, may be luck]
      adjusted p just below: [*clear, {adjusted: 0.0499, questions: 12}, SUPPORTED, '']
      own evidence: [*clear, {}, SUGGESTIVE, not one of the primary questions]
      no p to adjust:
        - {<<: *clear, p: .nan}
        - {questions: 12}
        - SUGGESTIVE
        - no p-value, so that among 12
      p above, adjusted below: [{<<: *clear, p: 0.5}, *asked, SUPPORTED, '']
      one check of three:
        [*clear, {<<: *asked, checks: [true, false, true]}, SUGGESTIVE, 'not show in the check check 2 (']
      exactly half of the checks:
        [*clear, {<<: *asked, checks: [true, false]}, SUGGESTIVE, check 2]
      more than half:
        - *clear
        - {<<: *asked, checks: [true, false, false]}
        - NO ANSWER
        - check 3 (
      the only check:
        - *clear
        - {<<: *asked, checks: [false]}
        - NO ANSWER
        - 'more than half of its checks overturn what its interval, 0.5 to 3.5, shows: check 1 ('
      both missing:
        [*clear, {checks: [true, false]}, SUGGESTIVE, 'luck; it does not show in the check check 2 (']
      a check on the other side:
        - *clear
        - {<<: *asked, checks: {other: {ends: [-3.0, -1.0]}, check 1: *clear}}
        - SUGGESTIVE
        - 'the check other (the other way: '
      a check that is not defined:
        - *clear
        - {<<: *asked, checks: {gone: *none, check 1: *clear}}
        - SUGGESTIVE
        - 'gone (not defined)'
      interval touches zero:
        [{ends: [0.0, 3.0]}, *asked, NO ANSWER, 'its interval, 0.0 to 3.0, includes zero']
      interval just above zero: [{ends: [1.0e-9, 3.0]}, *asked, SUPPORTED, '']
      interval holds zero: [*flat, *asked, NO ANSWER, includes zero]
      inside the interest:
        [{ends: [-0.9, 0.9]}, *inside, NEGLIGIBLE, ', is smaller than what would matter, 1']
      inside, without zero: [{ends: [0.1, 0.9]}, *inside, NEGLIGIBLE, '']
      inside, the only check beyond:
        [{ends: [-0.1, 0.9]}, {interest: 1.0, checks: [false]}, NO ANSWER, '']
      # For and against an effect, and against its size, the burden is one.
      inside, one check of two beyond:
        - {ends: [-0.1, 0.9]}
        - {<<: *inside, checks: {check 1: {ends: [-0.9, 0.9]}, check 2: *flat}}
        - NO ANSWER
        - ', is smaller than what would matter, 1, but reaches beyond it in the check check 2 ('
      inside, one check of three not defined:
        - {ends: [-0.1, 0.9]}
        - {<<: *inside, checks: {a: {ends: [-0.9, 0.9]}, b: {ends: [-0.9, 0.9]}, gone: *none}}
        - NO ANSWER
        - gone (not defined)
      inside, every check inside:
        - {ends: [-0.1, 0.9]}
        - {<<: *inside, checks: {a: {ends: [-0.9, 0.9]}, b: {ends: [0.1, 0.9]}}}
        - NEGLIGIBLE
        - 'matter, 1; in 2 checks'
      inside, without zero, a check beyond:
        - {ends: [0.1, 0.9]}
        - {<<: *inside, checks: [true]}
        - SUPPORTED
        - in 1 check
      interval equal to interest: [{ends: [-1.0, 1.0]}, *inside, NO ANSWER, '']
      one end equal to interest: [{ends: [0.1, 1.0]}, *inside, SUPPORTED, '']
      a placebo fails:
        - *clear
        - {<<: *asked, placebos: {before: {<<: *clear, p: 0.049}}}
        - NO ANSWER
        - ': before'
      placebo p equal to alpha:
        [*clear, {<<: *asked, placebos: {before: {<<: *clear, p: 0.05}}}, SUPPORTED, '']
      a placebo before the interest:
        [{ends: [-0.1, 0.1]}, {interest: 1.0, placebos: {before: *clear}}, NO ANSWER, where nothing can be]
      open above: [{ends: [0.5, .nan], estimate: 2.0}, *asked, SUPPORTED, '']
      open below: [{ends: [.nan, 3.5], estimate: 2.0}, *asked, NO ANSWER, '']
      open, inside the interest:
        [{ends: [-0.1, .nan], estimate: 0.0}, {interest: 1.0}, NO ANSWER, '']
      permutation alone: [{<<: *none, p: 0.049, estimate: 2.0}, *asked, SUPPORTED, '']
      permutation, p equal to alpha:
        [{<<: *none, p: 0.05, estimate: 2.0}, *asked, NO ANSWER, 'p-value, .050, is not below 0.05']
      not defined:
        [{<<: *none, warning: no figures}, *asked, NO ANSWER, not defined (no figures)]
      too coarse for what matters:
        - {ends: [-1.0, 1.5], std_error: 0.5}
        - {interest: 0.1}
        - NO ANSWER
        - 'an effect 17 times what would matter could be seen; its interval is '
      just fine enough:
        [{ends: [-1.0, 1.5], std_error: 0.5}, {interest: 0.168}, NO ANSWER, '']
      coarse and clear all the same:
        [{ends: [0.5, 3.0], std_error: 0.5}, {interest: 0.1}, SUGGESTIVE, '']
    """)["cases"]


def rows_of(given):
    """Rows by name, or as many checks as there are answers."""
    if isinstance(given, list):
        return checks(*given)
    return {name: row(**fields) for name, fields in given.items()}


MIRROR = {"SUPPORTED": "AGAINST", "SUGGESTIVE": "SUGGESTIVE AGAINST"}


def turned(result):
    """The same evidence with every number turned to the other side of zero."""
    ends = {
        "estimate": -result["estimate"],
        "conf_low": -result["conf_high"],
        "conf_high": -result["conf_low"],
    }
    return {**result, **ends}


def plain(because):
    """A reason without the numbers of checks and the ends of the interval."""
    because = re.sub(r" \([^()]*\)", "", because)
    end = r"(?:unbounded|\N{MINUS SIGN}?[\d.]+)"
    return re.sub(f"{end} to {end}", "", because)


@pytest.mark.parametrize("name", TESTED)
def test_every_branch_its_boundary_and_its_mirror_images(name):
    first, known, answer, why = TESTED[name]
    first = row(**first)
    both = {kind: rows_of(known.get(kind, {})) for kind in ("checks", "placebos")}
    known = known | both
    result = judge_tested(Evidence(row=first, sign=1, **known), RULE)
    assert result.answer == answer
    assert why in result.because
    placed = {
        kind: {key: turned(value) for key, value in rows.items()}
        for kind, rows in both.items()
    }
    mirrored = Evidence(row=turned(first), sign=-1, **{**known, **placed})
    same = judge_tested(mirrored, RULE)
    # Numbers in brackets are printed as they are, on either side of zero.
    assert (same.answer, plain(same.because), same.failed) == (
        result.answer,
        plain(result.because),
        result.failed,
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
        Evidence(
            row=strict,
            sign=1,
            adjusted=0.02,
            questions=3,
        ),
        Rule(alpha=0.01),
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


@pytest.mark.parametrize(
    ("check", "words"),
    [
        # The main estimate is 2 and its arms 1.5: around 1.6 they leave out zero, around
        # 1.4 not; nor do arms of 2 or more around 2.
        ((-0.4, 3.6), "(less precise: 1.6 [\N{MINUS SIGN}0.4, 3.6])"),
        ((-0.1, 2.9), "(lower: 1.4 [\N{MINUS SIGN}0.1, 2.9])"),
        ((-6.0, 14.0), "(less precise: 4 [\N{MINUS SIGN}6, 14])"),
        ((-3.0, -1.0), "(the other way: \N{MINUS SIGN}2.0 [\N{MINUS SIGN}3.0, "),
        ((-1.6, 4.4), "(lower and less precise: 1.4 ["),
        ((-0.1, 3.5), "(lower and less precise: 1.7 ["),
        ((-0.1, 0.7), "(lower: 0.30 [\N{MINUS SIGN}0.10, 0.70])"),
    ],
)
def test_a_lost_check_moves_the_estimate_or_widens_the_interval(check, words):
    lost = {"a": row(CLEAR), "b": row(check)}
    given = Evidence(row=row(CLEAR), sign=1, adjusted=0.01, checks=lost)
    assert words in judge_tested(given, RULE).because


def test_a_denied_gain_loses_a_check_upwards_or_by_its_width():
    for check, words in (
        ((-0.05, 1.25), "(higher: 0.60 ["),
        ((-9.0, 5.0), "(less precise: "),
    ):
        lost = {"a": row((-3.0, 0.9)), "b": row(check)}
        given = Evidence(row=row((-0.5, 0.9)), sign=1, interest=1.0, checks=lost)
        assert words in judge_no_gain(given, RULE).because


@pytest.mark.parametrize(
    ("agree", "answer", "why"),
    from_yaml("""
    - [[true, true], SUPPORTED, with 12 questions asked at once and by 2 other]
    - [[true, false], SUGGESTIVE, '(SCPC avc 0.03), which decides, and not when check']
    - [[false, false], SUGGESTIVE, 'not when check 1, or check 2']
    - [[], SUPPORTED, with 12 questions asked at once]
    """),
)
def test_support_needs_the_other_methods_on_both_sides(agree, answer, why):
    known = {"adjusted": 0.04, "questions": 12, "methods": checks(*agree)}
    for sign, word in ((1, answer), (-1, MIRROR[answer])):
        result = judge_tested(Evidence(row=row(CLEAR), sign=sign, **known), RULE)
        assert result.answer == word
        assert why in result.because
        assert result.failed == ()


def test_what_is_negligible_is_so_by_every_method_that_has_an_interval():
    for ends, answer in (
        ((-0.8, 0.8), "NEGLIGIBLE"),
        ((-0.8, 1.0), "NO ANSWER"),
        ((NAN, NAN), "NEGLIGIBLE"),
    ):
        other = {"Conley": row(ends, p=0.5, estimate=0.0)}
        given = Evidence(row=row((-0.9, 0.9)), sign=1, interest=1.0, methods=other)
        result = judge_tested(given, RULE)
        assert result.answer == answer
        assert ("reaches beyond it when Conley" in result.because) == (ends[1] == 1.0)


def test_a_permutation_agrees_by_its_p_value_and_the_side_of_its_estimate():
    none = (NAN, NAN)
    for p, estimate, answer in (
        (0.04, 2.0, "SUPPORTED"),
        (0.05, 2.0, "SUGGESTIVE"),
        (0.04, -2.0, "SUGGESTIVE"),
    ):
        permuted = {"permutation": row(none, p, estimate=estimate)}
        given = Evidence(row=row(CLEAR), sign=1, adjusted=0.01, methods=permuted)
        assert judge_tested(given, RULE).answer == answer


# The interval with + as a gain, what is known beside it, the answer, part of the reason.
NO_GAIN = from_yaml("""
    bounded: [[-3.0, 0.9], {}, SUPPORTED, 'ends below 1, which would matter']
    bounded, above zero: [[0.1, 0.9], {}, SUPPORTED, ends below 1]
    the bound touches: [[-3.0, 1.0], {}, NO ANSWER, ', includes both zero and 1, which']
    a gain: [[0.1, 3.0], {adjusted: 0.01, questions: 3}, AGAINST, a gain also with 3 questions]
    a gain, not adjusted: [[0.1, 3.0], {}, SUGGESTIVE AGAINST, so that it may be luck]
    zero touches: [[0.0, 3.0], {}, NO ANSWER, '']
    wide: [[-3.0, 3.0], {}, NO ANSWER, '']
    open above: [[-3.0, .nan], {}, NO ANSWER, '']
    none: [[.nan, .nan], {}, NO ANSWER, '']
    a check kept: [[-3.0, 0.9], {checks: [[-2.0, 0.5]]}, SUPPORTED, and in 1 check]
    a check lost of two:
      [[-3.0, 0.9], {checks: [[-2.0, 0.5], [-2.0, 5.0]]}, SUGGESTIVE, 'not show in the check row 2 (']
    the only check lost: [[-3.0, 0.9], {checks: [[-2.0, 5.0]]}, NO ANSWER, more than half]
    a method agrees: [[-3.0, 0.9], {methods: [[-2.0, 0.5]]}, SUPPORTED, by 1 other method]
    a method does not: [[-3.0, 0.9], {methods: [[-2.0, 1.5]]}, SUGGESTIVE, not when row 1]
    a permutation has no bound: [[-3.0, 0.9], {methods: [[.nan, .nan]]}, SUPPORTED, '']
    """)


def no_gain(ends, known, turn=1):
    """A denied gain with its evidence, or the same turned to the other side of zero."""
    side = turned if turn < 0 else dict
    beside = {
        kind: {f"row {i}": side(row(other)) for i, other in enumerate(rows, 1)}
        for kind, rows in known.items()
        if kind in ("checks", "methods")
    }
    first = side(row(ends, estimate=0.0 if NAN in ends else sum(ends) / 2))
    return Evidence(row=first, sign=turn, interest=1.0, **{**known, **beside})


@pytest.mark.parametrize("name", NO_GAIN)
@pytest.mark.parametrize("turn", [1, -1])
def test_a_denied_gain_is_judged_by_the_ends_of_the_interval(name, turn):
    ends, known, answer, why = NO_GAIN[name]
    result = judge_no_gain(no_gain(ends, known, turn), RULE)
    assert result.answer == answer
    assert why in result.because


# The main interval, the later one, the change with what is known of it, the word, part
# of the reason. Other methods and checks of the change are intervals of their own.
LATER = from_yaml("""
    same side: [[0.5, 3.5], [0.1, 1.0], null, HELD UP, on the same side]
    same side, fell: [[3.0, 5.0], [0.1, 1.0], {ends: [-4.0, -2.0]}, HELD UP, the same side]
    same side, not by all:
      [[0.5, 3.5], [0.1, 1.0], {later: [-0.1, 1.1]}, CANNOT TELL, was not estimated]
    no change: [[0.5, 3.5], [-3.0, -0.1], null, CANNOT TELL, was not estimated]
    below the estimate: [[0.5, 3.5], [-0.5, 1.9], {ends: [-3.0, 0.1]}, CANNOT TELL, may be none]
    touches zero: [[0.5, 3.5], [-0.5, 1.9], {ends: [-3.0, 0.0]}, CANNOT TELL, may be none]
    fell: [[0.5, 3.5], [-0.5, 1.9], {ends: [-3.0, -0.1]}, FADED, ', excludes zero']
    fell, by all:
      [[0.5, 3.5], [-2.0, 1.9], {ends: [-3.0, -0.1], methods: [[-4.0, -0.2]]}, FADED, 'with: method 1']
    fell, not by all:
      - [0.5, 3.5]
      - [-0.5, 1.9]
      - {ends: [-3.0, -0.1], methods: [[-4.0, -0.2], [-4.0, 0.2]]}
      - CANNOT TELL
      - '(CR3), which decides it, and not when or with: method 2'
    fell, not in a check:
      - [0.5, 3.5]
      - [-0.5, 1.9]
      - {ends: [-3.0, -0.1], checks: [[-4.0, 0.2]]}
      - CANNOT TELL
      - 'not when or with: check 1'
    rose: [[0.5, 3.5], [-0.5, 9.0], {ends: [0.1, 3.0]}, CANNOT TELL, makes it clearer]
    small: [[0.5, 3.5], [-0.5, 3.5], {ends: [-0.9, 0.9]}, HELD UP, is smaller than what]
    small, one end: [[0.5, 3.5], [-0.5, 3.5], {ends: [-1.0, 0.9]}, CANNOT TELL, '']
    small, not by all:
      [[0.5, 3.5], [-0.5, 3.5], {ends: [-0.9, 0.9], methods: [[-2.0, 0.9]]}, CANNOT TELL, '']
    nothing before: [[-0.5, 3.5], [0.5, 3.5], {ends: [0.5, 3.5]}, CANNOT TELL, shows nothing]
    no interval: [[0.5, 3.5], [.nan, .nan], null, CANNOT TELL, '']
    """)


def later_years(later, known, turn=dict):
    """Later years and the change, or both turned to the other side of zero."""

    def named(kind):
        ends = (known or {}).get(f"{kind}s", [])
        return {f"{kind} {i}": turn(row(one)) for i, one in enumerate(ends, 1)}

    known = known or {}
    # A row without an interval is a permutation, here one that says nothing.
    estimate = 0.0 if later[0] != later[0] else sum(later) / 2
    ends = known.get("ends")
    return LaterYears(
        row=turn(row(later, p=0.5, estimate=estimate)),
        methods={"CR3": turn(row(known["later"]))} if "later" in known else {},
        change=turn(row(ends, se_type="CR3")) if ends else None,
        change_methods=named("method"),
        change_checks=named("check"),
    )


@pytest.mark.parametrize("name", LATER)
@pytest.mark.parametrize("sign", [1, -1])
def test_later_years_hold_an_answer_up_or_not(name, sign):
    first, later, known, word, why = LATER[name]
    side = dict if sign > 0 else turned
    for turn in (dict, turned):
        # What held up on one side holds up on the other, and by the other sign.
        def both(one, turn=turn):
            return turn(side(one))

        given = Evidence(row=both(row(first)), sign=sign, interest=1.0)
        result = judge_later(
            given, later_years(later, known, both), "association", RULE
        )
        assert result.answer == word
        assert why in result.because


@pytest.mark.parametrize(
    ("first", "later", "change", "word"),
    from_yaml("""
    - [[-3.0, 0.9], [-2.0, 0.5], null, HELD UP]
    - [[-3.0, 0.9], [0.5, 2.0], [0.2, 4.0], FADED]
    - [[-3.0, 0.9], [0.5, 2.0], [-0.2, 4.0], CANNOT TELL]
    - [[-3.0, 0.9], [-2.0, 1.5], [-4.0, -0.2], CANNOT TELL]
    - [[-3.0, 3.0], [-2.0, 0.5], [-4.0, -0.2], CANNOT TELL]
    - [[0.5, 3.0], [0.5, 2.0], null, HELD UP]
    - [[0.5, 3.0], [-2.0, 0.5], [-4.0, -0.2], FADED]
    - [[0.5, 3.0], [-2.0, 0.5], [-4.0, 0.2], CANNOT TELL]
    """),
)
def test_a_denied_gain_fades_as_the_gain_rises(first, later, change, word):
    given = Evidence(row=row(first), sign=1, interest=1.0)
    known = {"ends": change} if change else None
    found = judge_later(given, later_years(later, known), "no gain", RULE)
    assert found.answer == word


@pytest.mark.parametrize(
    ("value", "later", "word"),
    [
        (1.0, 0.5, "HELD UP"),
        (1.0, 0.0, "FADED"),
        (-1.0, 0.5, "CANNOT TELL"),
        (1.0, NAN, "CANNOT TELL"),
    ],
)
def test_a_fact_holds_up_where_later_figures_meet_its_threshold(value, later, word):
    found = judge_later_fact(Threshold(above=0), fact(value), fact(later), RULE)
    assert found.answer == word


# The threshold, the figure above it or not, its variants, the answer, part of the reason.
# The margin of 2 is 0.1.
FACTS = from_yaml("""
    all: [0, 1.0, [1.0, 2.0], HOLDS, 'above 0, also in 2 variants']
    alone: [0, 1.0, [], HOLDS, above 0]
    some variants not: [0, 1.0, [1.0, 0.0], HOLDS IN PART, 'but not with: v2']
    no variant: [0, 1.0, [-1.0], HOLDS IN PART, 'but not with: v1']
    equal to the threshold: [0, 0.0, [], DOES NOT HOLD, not above 0]
    the reverse:
      [0, -1.0, [1.0, 1.0, -1.0], HOLDS IN PART, 'in the main figure, but with: v1, v2']
    half of the variants: [0, -1.0, [1.0, -1.0], DOES NOT HOLD, 'only with: v1']
    neither: [0, -1.0, [-1.0], DOES NOT HOLD, not above 0]
    a variant not defined: [0, 1.0, [.nan], HOLDS IN PART, v1]
    not defined: [0, .nan, [1.0], NO ANSWER, not defined]
    clear: [2, 2.11, [], HOLDS, above 2]
    just above: [2, 2.05, [], HOLDS IN PART, 'should be above 2 and is too close to call']
    just below: [2, 1.95, [], HOLDS IN PART, too close]
    at the margin: [2, 2.1, [], HOLDS IN PART, too close]
    beyond the margin below: [2, 1.89, [], DOES NOT HOLD, not above 2]
    a close variant: [2, 3.0, [2.05], HOLDS IN PART, 'above 2, but barely with: v1']
    both: [2, 3.0, [2.05, 1.0], HOLDS IN PART, 'but not with: v2; barely with: v1']
    close, variants met: [2, 2.05, [3.0, 1.0], HOLDS IN PART, 'so with: v1; not so with: v2']
    missed, variants close: [2, 1.0, [2.05, 2.05], DOES NOT HOLD, not above 2]
    """)


def variants(values, sign=1):
    return {f"v{i}": fact(sign * value) for i, value in enumerate(values, 1)}


@pytest.mark.parametrize("name", FACTS)
def test_every_branch_of_a_fact_and_figures_near_its_threshold(name):
    bound, value, others, answer, why = FACTS[name]
    found = judge_fact(Threshold(above=bound), fact(value), variants(others), RULE)
    assert found.answer == answer
    assert why in found.because
    # The same below a threshold, all numbers turned.
    below = Threshold(below=-bound)
    turned = judge_fact(below, fact(-value), variants(others, -1), RULE)
    assert turned.answer == answer


@pytest.mark.parametrize(
    ("ends", "answer"),
    [((1.0, 3.0), "HOLDS IN PART"), ((1.6, 2.4), "HOLDS"), ((NAN, NAN), "HOLDS")],
)
def test_the_margin_is_half_the_interval_where_there_is_one(ends, answer):
    """At 2.5 against 2: arms of 1 reach the threshold, those of .4 do not."""
    figure = row(ends, estimate=2.5)
    assert judge_fact(Threshold(above=2), figure, {}, RULE).answer == answer


def test_later_figures_within_the_margin_cannot_be_told():
    words = [
        judge_later_fact(Threshold(above=2), fact(main), fact(later), RULE).answer
        for main, later in ((3.0, 2.05), (3.0, 1.95), (3.0, 1.8), (2.05, 3.0))
    ]
    assert words == ["CANNOT TELL", "CANNOT TELL", "FADED", "CANNOT TELL"]


def test_a_margin_reaches_no_further_than_the_middle_of_two_thresholds():
    between = Threshold(between=(100, 101))
    sides = [
        fact_side(between, fact(value), RULE) for value in (98, 99.6, 100.5, 101.6)
    ]
    assert sides == [-1, 0, 0, -1]
    assert fact_side(Threshold(between=(1, 1)), fact(1.0), RULE) == 1
    assert fact_side(Threshold(above=0), fact(1e-9), RULE) == 1


@pytest.mark.parametrize(
    ("value", "others", "answer"),
    [
        (1.0, [1.0], "STAND-INS AGREE"),
        (1.0, [-1.0], "STAND-INS AGREE IN PART"),
        (-1.0, [-1.0], "STAND-INS DISAGREE"),
        (NAN, [1.0], "NO ANSWER"),
    ],
)
def test_stand_ins_agree_or_not_by_the_rule_of_a_fact(value, others, answer):
    given = Threshold(above=0), fact(value), variants(others), RULE
    result = judge_stand_in(*given)
    assert (result.answer, result.because) == (answer, judge_fact(*given).because)


@pytest.mark.parametrize(
    ("says", "answer", "because"),
    from_yaml("""
    - [[bears out], DOCUMENTED, 'Borne out by: item 1 (A)']
    - [[bears out, bears out], DOCUMENTED, 'Borne out by: item 1 (A); item 2 (A)']
    - [[contradicts], CONTRADICTED, 'Contradicted by: item 1 (A)']
    - - [contradicts, bears out]
      - DOCUMENTS DIFFER
      - 'Borne out by: item 2 (A). Contradicted by: item 1 (A)'
    """),
)
def test_documents_decide_unless_they_differ(says, answer, because):
    documents = [
        Document(document="A", says=word, what=f"item {number}")
        for number, word in enumerate(says, 1)
    ]
    result = judge_documents(documents)
    assert (result.answer, result.because) == (answer, because)


def test_thresholds_are_strict_except_between():
    met = {"above": 2, "below": 2, "between": (1, 2)}
    values = {
        name: [Threshold(**{name: bound}).met(x) for x in (0.9, 1.0, 2.0, 2.1, NAN)]
        for name, bound in met.items()
    }
    assert values == from_yaml("""
        above: [false, false, false, true, false]
        below: [true, true, false, false, false]
        between: [false, true, true, false, false]
        """)
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
    met = [Threshold(between=(1, 1)).met(x) for x in (0.9, 1, 1.1)]
    assert met == [False, True, False]
    fails(ValidationError, "smaller number first", Threshold, between=(2, 1))
