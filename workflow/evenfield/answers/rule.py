"""The rule: from the rows of one claim to one answer, in the order of
docs/methods/answers.md.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from evenfield.answers.spec import Document, Rule, Threshold
from evenfield.numerics.power import smallest_visible
from evenfield.shared.estimates import NAN
from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row
from evenfield.study.errors import ClaimsError, counted

HOLDS = "HOLDS"
IN_PART = "HOLDS IN PART"
DOES_NOT_HOLD = "DOES NOT HOLD"
AGREE = "STAND-INS AGREE"
AGREE_IN_PART = "STAND-INS AGREE IN PART"
DISAGREE = "STAND-INS DISAGREE"
DOCUMENTED = "DOCUMENTED"
DOCUMENTS_DIFFER = "DOCUMENTS DIFFER"
CONTRADICTED = "CONTRADICTED"
SUPPORTED = "SUPPORTED"
SUGGESTIVE = "SUGGESTIVE"
NEGLIGIBLE = "NEGLIGIBLE"
SUGGESTIVE_AGAINST = "SUGGESTIVE AGAINST"
AGAINST = "AGAINST"
NO_ANSWER = "NO ANSWER"
OUT_OF_REACH = "OUT OF REACH"
NOT_EMPIRICAL = "NOT EMPIRICAL"
WORDS = (
    HOLDS,
    IN_PART,
    DOES_NOT_HOLD,
    AGREE,
    AGREE_IN_PART,
    DISAGREE,
    DOCUMENTED,
    DOCUMENTS_DIFFER,
    CONTRADICTED,
    SUPPORTED,
    SUGGESTIVE,
    NEGLIGIBLE,
    SUGGESTIVE_AGAINST,
    AGAINST,
    NO_ANSWER,
    OUT_OF_REACH,
    NOT_EMPIRICAL,
)
CLOSE = 1e-9  # of two levels


class Judged(NamedTuple):
    """An answer and a plain clause that says why, with the names of the checks or
    variants that speak against it.
    """

    answer: str
    because: str
    failed: tuple[str, ...] = ()  # names of those that speak against it


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one association or effect is judged by."""

    row: Row
    sign: int  # 1 or -1: the predicted sign
    interest: float = NAN  # effect of interest, in the row's unit, if there is one
    adjusted: float = NAN  # p after adjusting over the primary rows; NaN outside them
    questions: int = 0  # number of primary rows that it was adjusted over
    # the same question asked otherwise
    checks: Mapping[str, Row] = field(default_factory=dict)
    placebos: Mapping[str, Row] = field(default_factory=dict)  # where no effect can be


def judge_fact(
    holds: Threshold,
    row: Row,
    variants: Mapping[str, Row],
) -> Judged:
    """Hold an observed quantity, and its named variants, against the threshold beside
    the claim.
    """
    if is_missing(row["estimate"]):
        return Judged(NO_ANSWER, _undefined(row))
    met = [name for name, variant in variants.items() if holds.met(variant["estimate"])]
    failed = tuple(name for name in variants if name not in met)
    words = holds.words
    if holds.met(row["estimate"]):
        if failed:
            because = f"{words}, but not with: {', '.join(failed)}"
            return Judged(IN_PART, because, failed)
        also = f", also in {counted(len(met), 'variant')}" if met else ""
        return Judged(HOLDS, f"{words}{also}")
    # Most variants outvote the main figure, but do not make it hold.
    if len(met) > len(failed):
        because = f"not {words} in the main figure, but with: {', '.join(met)}"
        return Judged(IN_PART, because, failed)
    only = f"; only with: {', '.join(met)}" if met else ""
    return Judged(DOES_NOT_HOLD, f"not {words}{only}", failed)


# ASSUME: where units stand in for what lies inside them, their figures neither bear a
# statement out nor refute it: they agree with it or not.
STAND_INS = {HOLDS: AGREE, IN_PART: AGREE_IN_PART, DOES_NOT_HOLD: DISAGREE}


def judge_stand_in(
    holds: Threshold,
    row: Row,
    variants: Mapping[str, Row],
) -> Judged:
    """Say whether figures of whole units agree with a statement on what lies inside
    them.
    """
    judged = judge_fact(holds, row, variants)
    return judged._replace(answer=STAND_INS.get(judged.answer, judged.answer))


def judge_documents(documents: Sequence[Document]) -> Judged:
    """Say what documents say of a statement; one that contradicts it is enough to leave
    it open.
    """
    passages = {"bears out": list[str](), "contradicts": list[str]()}
    for item in documents:
        passages[item.says].append(f"{item.what} ({item.document})")
    parts = [
        f"{words} by: {'; '.join(passages[says])}"
        for says, words in (("bears out", "borne out"), ("contradicts", "contradicted"))
        if passages[says]
    ]
    answer = DOCUMENTED if passages["bears out"] else CONTRADICTED
    if len(parts) > 1:
        answer = DOCUMENTS_DIFFER
    return Judged(answer, ". ".join(part[:1].upper() + part[1:] for part in parts))


def judge_tested(given: Evidence, rule: Rule) -> Judged:
    """Judge an association or effect; for and against carry the same burden."""
    low, high = interval(given.row, given.sign, rule.alpha)
    # 1. A failed placebo ends it: the same comparison sets apart what it should not.
    broken = [
        name
        for name, row in given.placebos.items()
        if _placebo_p(name, row) < rule.alpha
    ]
    if broken:
        return Judged(NO_ANSWER, f"its placebo fails: {', '.join(broken)}")
    # 2. An interval inside plus or minus the effect of interest, whether or not it
    # holds zero.
    if -given.interest < low and high < given.interest:
        return Judged(
            NEGLIGIBLE,
            "the whole interval is smaller than the effect of interest,"
            f" {given.interest:g}",
        )
    side = side_of(given.row, given.sign, rule.alpha)
    lost = tuple(
        name
        for name, row in given.checks.items()
        if side_of(row, given.sign, rule.alpha) != side
    )
    # 3. The interval leaves out zero, the adjusted p is small and no check takes it
    # away.
    questions = counted(given.questions, "question")
    if side and given.adjusted < rule.alpha and not lost:
        checks = counted(len(given.checks), "check")
        also = f" and in {checks}" if given.checks else ""
        because = f"also after adjusting for {questions}{also}"
        return Judged(SUPPORTED if side > 0 else AGAINST, because)
    # 4. The interval leaves out zero and at most half of the checks take it away.
    if side and 2 * len(lost) <= len(given.checks):
        missing = [] if given.adjusted < rule.alpha else [_not_adjusted(given)]
        missing += [f"not with: {', '.join(lost)}"] if lost else []
        return Judged(
            SUGGESTIVE if side > 0 else SUGGESTIVE_AGAINST, "; ".join(missing), lost
        )
    # 5. What is left says nothing, for or against.
    if side:
        return Judged(
            NO_ANSWER,
            f"more than half of its checks take it away: {', '.join(lost)}",
            lost,
        )
    # 6. One that could not have shown what matters is no test of the claim at all.
    # ASSUME: ten effects of interest (rule.coarse). An effect of the size that matters
    # is then seen in six samples of a hundred, and of those one in five has the wrong
    # sign (Gelman and Carlin 2014).
    multiple = visible(given.row, rule) / given.interest
    if multiple > rule.coarse:
        return Judged(
            OUT_OF_REACH,
            f"the smallest effect that it could show is {multiple:.0f} times what would"
            " matter",
        )
    undefined = is_missing(given.row["estimate"])
    return Judged(
        NO_ANSWER,
        _undefined(given.row) if undefined else "its interval does not leave out zero",
    )


def interval(
    row: Row,
    sign: int,
    alpha: float,
) -> tuple[float, float]:
    """Return the interval at 1 - alpha, turned so that + is as claimed; a missing end
    is unbounded.
    """
    if abs(row["conf_level"] + alpha - 1) > CLOSE:
        raise ClaimsError(
            f"estimate {row['estimate_id']} has an interval at level"
            f" {row['conf_level']:g}",
            f"a level of {1 - alpha:g}, 1 - rule.alpha",
            "select another row",
        )
    low = -math.inf if is_missing(row["conf_low"]) else row["conf_low"]
    high = math.inf if is_missing(row["conf_high"]) else row["conf_high"]
    return (low, high) if sign > 0 else (-high, -low)


def side_of(row: Row, sign: int, alpha: float) -> int:
    """Return 1 or -1 where a row leaves out zero on the side claimed or the other, else
    0.
    """
    low, high = interval(row, sign, alpha)
    # ASSUME: a test without an interval (a permutation) leaves out zero where its p is
    # below alpha.
    if (low, high) == (-math.inf, math.inf):
        tested = not is_missing(row["estimate"]) and not is_missing(row["p_value"])
        clear = tested and row["p_value"] < alpha
        low = high = sign * row["estimate"] if clear else 0.0
    return int(low > 0) - int(high < 0)


def visible(row: Row, rule: Rule) -> float:
    """Return the smallest effect that a row could show; where it has no interval, what
    its topic says of its test.
    """
    low = row["conf_low"]
    high = row["conf_high"]
    own = smallest_visible(
        low,
        high,
        row["std_error"],
        rule.power,
        1 - rule.alpha,
    )
    if all(map(is_missing, (own, low, high))):
        return float(row["mde"])
    return own


def _not_adjusted(given: Evidence) -> str:
    if not given.questions:
        return "it is not one of the primary questions, so its p-value is not adjusted"
    questions = counted(given.questions, "question")
    if is_missing(given.row["p_value"]):
        return f"it has no p-value that could be adjusted for {questions}"
    return f"only before adjusting for {questions}"


def _placebo_p(name: str, row: Row) -> float:
    if is_missing(row["p_value"]):
        raise ClaimsError(
            f"placebo '{name}' has no p-value",
            "a placebo that is tested",
            "select another row",
        )
    return float(row["p_value"])


def _undefined(row: Row) -> str:
    return f"its number is not defined ({row['warning'] or 'no reason given'})"
