"""The rule: from the rows of one claim to one answer, in the order of
docs/methods/answers.md.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from evenfield.answers.spec import Rule, Threshold
from evenfield.numerics.power import smallest_visible
from evenfield.shared.estimates import NAN
from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row
from evenfield.study.errors import ClaimsError

HOLDS = "HOLDS"
IN_PART = "HOLDS IN PART"
DOES_NOT_HOLD = "DOES NOT HOLD"
SUPPORTED = "SUPPORTED"
SUGGESTIVE = "SUGGESTIVE"
NEGLIGIBLE = "NEGLIGIBLE"
SUGGESTIVE_AGAINST = "SUGGESTIVE AGAINST"
AGAINST = "AGAINST"
NO_ANSWER = "NO ANSWER"
OUT_OF_REACH = "OUT OF REACH"
NOT_EMPIRICAL = "NOT EMPIRICAL"
WORDS = (HOLDS, IN_PART, DOES_NOT_HOLD, SUPPORTED, SUGGESTIVE, NEGLIGIBLE, SUGGESTIVE_AGAINST, AGAINST, NO_ANSWER,
         OUT_OF_REACH, NOT_EMPIRICAL)  # fmt: skip
CLOSE = 1e-9  # of two levels


class Judged(NamedTuple):
    """An answer and a plain clause that says why, with the names of the checks or
    variants that speak against it.
    """

    answer: str
    because: str
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one association or effect is judged by."""

    row: Row
    sign: int  # 1 or -1: the predicted sign
    interest: float = (
        NAN  # effect of interest, in the row's unit; NaN where there is none
    )
    adjusted: float = NAN  # p after adjusting over the primary rows; NaN outside them
    questions: int = 0  # number of primary rows that it was adjusted over
    checks: Mapping[str, Row] = field(default_factory=dict)
    placebos: Mapping[str, Row] = field(default_factory=dict)


def judge_fact(holds: Threshold, row: Row, variants: Mapping[str, Row]) -> Judged:
    """Hold an observed quantity, and its named variants, against the threshold beside
    the claim.
    """
    if is_missing(row["estimate"]):
        return Judged(NO_ANSWER, _undefined(row))
    met = [name for name, variant in variants.items() if holds.met(variant["estimate"])]
    failed = tuple(name for name in variants if name not in met)
    if holds.met(row["estimate"]):
        if failed:
            return Judged(
                IN_PART, f"{holds.words}, but not with: {', '.join(failed)}", failed
            )
        return Judged(
            HOLDS,
            f"{holds.words}, also in {counted(met, 'variant')}" if met else holds.words,
        )
    if len(met) > len(failed):
        return Judged(
            IN_PART,
            f"not {holds.words} in the main figure, but with: {', '.join(met)}",
            failed,
        )
    return Judged(
        DOES_NOT_HOLD,
        f"not {holds.words}" + (f"; only with: {', '.join(met)}" if met else ""),
        failed,
    )


def judge_tested(given: Evidence, rule: Rule) -> Judged:
    """Judge an association or effect; for and against carry the same burden."""
    low, high = interval(given.row, given.sign, rule.alpha)
    # 1. A failed placebo ends it: the same comparison sets apart what it should not.
    if broken := [
        name
        for name, row in given.placebos.items()
        if _placebo_p(name, row) < rule.alpha
    ]:
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
    if side and given.adjusted < rule.alpha and not lost:
        checks_text = (
            f" and in {counted(given.checks, 'check')}" if given.checks else ""
        )
        because = (
            "also after adjusting for"
            f" {counted(range(given.questions), 'question')}{checks_text}"
        )
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
    undefined = is_missing(given.row["estimate"])
    return Judged(
        NO_ANSWER,
        _undefined(given.row) if undefined else "its interval does not leave out zero",
    )


def interval(row: Row, sign: int, alpha: float) -> tuple[float, float]:
    """Return the interval at 1 - alpha, turned so that + is as claimed; a missing end
    is unbounded.
    """
    low = row["conf_low"]
    high = row["conf_high"]
    low = -float("inf") if is_missing(low) else low
    high = float("inf") if is_missing(high) else high
    if abs(row["conf_level"] + alpha - 1) > CLOSE:
        fault = (
            f"estimate {row['estimate_id']} has an interval at level"
            f" {row['conf_level']:g}"
        )
        raise ClaimsError(
            fault, f"a level of {1 - alpha:g}, 1 - rule.alpha", "select another row"
        )
    return (low, high) if sign > 0 else (-high, -low)


def side_of(row: Row, sign: int, alpha: float) -> int:
    """Return 1 or -1 where a row leaves out zero on the side claimed or the other, else
    0.
    """
    low, high = interval(row, sign, alpha)
    # ASSUME: a test without an interval (a permutation) leaves out zero where its p is
    # below alpha.
    if is_missing(row["conf_low"]) and is_missing(row["conf_high"]):
        clear = (
            not is_missing(row["estimate"])
            and not is_missing(row["p_value"])
            and row["p_value"] < alpha
        )
        low = high = sign * row["estimate"] if clear else 0.0
    return int(low > 0) - int(high < 0)


def visible(row: Row, rule: Rule) -> float:
    """Return the smallest effect that a row could show; where it has no interval, what
    its topic says of its test.
    """
    own = smallest_visible(
        row["conf_low"], row["conf_high"], row["std_error"], rule.power, 1 - rule.alpha
    )
    return (
        float(row["mde"])
        if is_missing(own)
        and is_missing(row["conf_low"])
        and is_missing(row["conf_high"])
        else own
    )


def counted(items: Collection[object], name: str) -> str:
    """Write how many of something there are."""
    return f"{len(items)} {name}{'s' * (len(items) != 1)}"


def _not_adjusted(given: Evidence) -> str:
    if given.questions and is_missing(given.row["p_value"]):
        return (
            "it has no p-value that could be adjusted for"
            f" {counted(range(given.questions), 'question')}"
        )
    if given.questions:
        return (
            f"only before adjusting for {counted(range(given.questions), 'question')}"
        )
    return "it is not one of the primary questions, so its p-value is not adjusted"


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
