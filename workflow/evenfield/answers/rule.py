"""The decision rule: from one deciding row, or several, to one word and the reasons for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from evenfield.answers.evidence import Evidence, value
from evenfield.answers.spec import Part, Thresholds
from evenfield.answers.words import (
    CONTRADICTED,
    INCONCLUSIVE,
    LEANS_AGAINST,
    LEANS_SUPPORT,
    NOT_BUILT,
    RANK,
    SUPPORTED,
    UNDERPOWERED,
    capped,
)

# An equivalence is shown by the interval of one minus twice the size of each one-sided test.
TWO_SIZES = 2
ROUNDING = 1e-9
UNCLEAN = "a placebo is not clean"
BELOW_INTEREST = "the interval lies below the smallest effect of interest"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict on one deciding row, and what kept it from a stronger word."""

    verdict: str  # one of the words
    limits: tuple[str, ...] = ()  # plain clauses: what is missing, what failed, what caps it


def judge_row(evidence: Evidence, part: Part, thresholds: Thresholds) -> Judged:
    """Judge one deciding row."""
    if not evidence.there:
        return Judged(NOT_BUILT, ("there is no estimate",))
    judged = JUDGES[part.kind](evidence, part, thresholds)
    # ASSUME: a number that rests on proxy output, in full or in part, leans at most, for or against.
    if evidence.proxy and thresholds.proxy == "capped" and capped(judged.verdict) != judged.verdict:
        return Judged(capped(judged.verdict), (*judged.limits, "it rests on PROXY output"))
    return judged


def judge_directional(evidence: Evidence, part: Part, thresholds: Thresholds) -> Judged:
    """Judge a claim about a sign.

    Notes
    -----
    In this order. A placebo with p < alpha: INCONCLUSIVE, because the same comparison sets apart what it should not.
    Right sign, adjusted p < alpha, share of specifications at least ``sign_share``, at most
    ``sign_flips`` units that turn the sign and clean placebos: SUPPORTED. Right sign and p < lean: LEANS SUPPORT. Wrong
    sign and p < alpha, or an interval wholly below the smallest effect of interest: CONTRADICTED. Wrong sign and
    p < lean: LEANS AGAINST. Otherwise INCONCLUSIVE, underpowered where mde > sesoi. All comparisons are strict: p equal
    to alpha is not below it, mde equal to sesoi is not above it.
    """
    row, estimate = evidence.row, part.sign * value(evidence.row, "estimate")
    # ASSUME: a comparison whose placebo is set apart from zero says nothing for or against, whatever its own p.
    if any(p < thresholds.alpha for p in evidence.placebos):
        return Judged(_undecided(value(row, "mde"), value(row, "sesoi")), (UNCLEAN,))
    weak, firm = _below(evidence, thresholds.lean), _below(evidence, thresholds.alpha)
    small = _excludes_interest(evidence, part)
    if estimate > 0 and weak:
        limits = _sign_limits(evidence, part, thresholds)
        return Judged(LEANS_SUPPORT if limits else SUPPORTED, limits)
    if (estimate < 0 and firm) or small:
        return Judged(CONTRADICTED, (BELOW_INTEREST,) if small else ())
    if estimate < 0 and weak:
        return Judged(LEANS_AGAINST)
    return Judged(_undecided(value(row, "mde"), value(row, "sesoi")))


def judge_equivalence(evidence: Evidence, _part: Part, thresholds: Thresholds) -> Judged:
    """Judge a claim that an effect is too small to matter."""
    row, sesoi = evidence.row, value(evidence.row, "sesoi")
    low, high = value(row, "conf_low"), value(row, "conf_high")
    level = value(row, "conf_level")
    inside = -sesoi < low and high < sesoi and level >= 1 - TWO_SIZES * thresholds.alpha - ROUNDING
    wide = evidence.interval or {}
    if value(wide, "conf_low") > sesoi or value(wide, "conf_high") < -sesoi:
        return Judged(CONTRADICTED)
    return Judged(SUPPORTED) if inside else Judged(_undecided(value(row, "mde"), sesoi))


def judge_level(evidence: Evidence, part: Part, _thresholds: Thresholds) -> Judged:
    """Judge a claim about the side of a bound on which a level lies."""
    row, sign = evidence.row, part.sign
    near, far = sorted((sign * value(row, "conf_low"), sign * value(row, "conf_high")), key=_nan_first)
    estimate, bound, against = sign * value(row, "estimate"), sign * part.value, sign * part.against
    if estimate >= bound:
        return (
            Judged(SUPPORTED)
            if near >= bound
            else Judged(LEANS_SUPPORT, ("no interval lies beyond the bound as a whole",))
        )
    if estimate < against:
        return Judged(CONTRADICTED) if far < against else Judged(LEANS_AGAINST)
    return Judged(INCONCLUSIVE)


JUDGES: dict[str, Callable[[Evidence, Part, Thresholds], Judged]] = {
    "directional": judge_directional, "equivalence": judge_equivalence, "level": judge_level,
}  # fmt: skip


def judge_count(found: Sequence[Evidence], part: Part, thresholds: Thresholds) -> Judged:
    """Judge a claim that at least so many of several outcomes have the predicted sign."""
    there = [evidence for evidence in found if evidence.there]
    if not there:
        return Judged(NOT_BUILT, ("there is no estimate",))
    right = [e for e in there if part.sign * value(e.row, "estimate") > 0]
    wrong = [e for e in there if part.sign * value(e.row, "estimate") < 0]
    needed = part.holds or len(found)
    if len(right) >= needed and _joint(right, len(there)) < thresholds.lean:
        limits = tuple(dict.fromkeys(limit for e in right for limit in _evidence_limits(e, part, thresholds)))
        adjusted = min((value(e.row, "p_adjusted") for e in right), key=_nan_last)
        limits = limits if adjusted < thresholds.alpha else (*limits, f"no adjusted p is below {thresholds.alpha:g}")
        return _capped_by_proxy(right, Judged(LEANS_SUPPORT if limits else SUPPORTED, limits), thresholds)
    if len(wrong) >= needed and _joint(wrong, len(there)) < thresholds.lean:
        firm = _joint(wrong, len(there)) < thresholds.alpha
        return _capped_by_proxy(wrong, Judged(CONTRADICTED if firm else LEANS_AGAINST), thresholds)
    weak = any(value(e.row, "mde") > value(e.row, "sesoi") for e in there)
    return Judged(UNDERPOWERED if weak else INCONCLUSIVE, _counted(right, there, needed))


def combine(verdicts: Sequence[str], holds: int = 0, fails: int = 0) -> str:
    """Combine the verdicts on several parts or periods."""
    # ASSUME: a part that is missing supports nothing and contradicts nothing.
    ranks = [RANK[verdict] for verdict in verdicts if verdict in RANK]
    if not ranks:
        return verdicts[0] if len(set(verdicts)) == 1 else NOT_BUILT
    needed, against = holds or len(verdicts), fails or len(verdicts)
    support = [word for word in (SUPPORTED, LEANS_SUPPORT) if sum(rank >= RANK[word] for rank in ranks) >= needed]
    contra = [word for word in (CONTRADICTED, LEANS_AGAINST) if sum(rank <= RANK[word] for rank in ranks) >= against]
    if bool(support) != bool(contra):
        return (support or contra)[0]
    return UNDERPOWERED if UNDERPOWERED in verdicts else INCONCLUSIVE


def _sign_limits(evidence: Evidence, part: Part, thresholds: Thresholds) -> tuple[str, ...]:
    adjusted = value(evidence.row, "p_adjusted")
    checks = (
        (math.isnan(adjusted), "no adjusted p is there"),
        (adjusted >= thresholds.alpha, f"the adjusted p is not below {thresholds.alpha:g}"),
        # ASSUME: the right sign with an interval below the smallest effect of interest leans, and no more.
        (_excludes_interest(evidence, part), BELOW_INTEREST),
    )
    return (*_kept(checks), *_evidence_limits(evidence, part, thresholds))


def _evidence_limits(evidence: Evidence, part: Part, thresholds: Thresholds) -> tuple[str, ...]:
    # ASSUME: evidence that was not gathered counts as evidence that failed: without it a verdict only leans.
    return _kept(
        (
            (math.isnan(evidence.share), "no specification curve was run"),
            (evidence.share < thresholds.sign_share, "too few specifications share its sign"),
            (math.isnan(evidence.flips), "no leave-one-out was run"),
            (evidence.flips > thresholds.sign_flips, "leaving out one unit can turn its sign"),
            (part.placebo == "expected" and not evidence.placebos, "no placebo was run"),
            (any(p < thresholds.alpha for p in evidence.placebos), UNCLEAN),
        )
    )


def _kept(checks: Iterable[tuple[bool, str]]) -> tuple[str, ...]:
    return tuple(words for holds, words in checks if holds)


def _below(evidence: Evidence, level: float) -> bool:
    p = value(evidence.row, "p_value")
    if not math.isnan(p):
        return p < level
    low, high = value(evidence.row, "conf_low"), value(evidence.row, "conf_high")
    return value(evidence.row, "conf_level") >= 1 - level - ROUNDING and (low > 0 or high < 0)


def _excludes_interest(evidence: Evidence, part: Part) -> bool:
    row = evidence.row
    upper = value(row, "conf_high") if part.sign > 0 else -value(row, "conf_low")
    return upper < value(row, "sesoi")


def _undecided(mde: float, sesoi: float) -> str:
    return UNDERPOWERED if mde > sesoi else INCONCLUSIVE


def _joint(found: Sequence[Evidence], tests: int) -> float:
    p_values = [e.joint_p if not math.isnan(e.joint_p) else min(1.0, tests * value(e.row, "p_value")) for e in found]
    return min(p_values, key=_nan_last)


def _capped_by_proxy(found: Sequence[Evidence], judged: Judged, thresholds: Thresholds) -> Judged:
    if thresholds.proxy == "capped" and any(e.proxy for e in found) and capped(judged.verdict) != judged.verdict:
        return Judged(capped(judged.verdict), (*judged.limits, "it rests on PROXY output"))
    return judged


def _counted(right: Sequence[Evidence], there: Sequence[Evidence], needed: int) -> tuple[str, ...]:
    return (f"{len(right)} of {len(there)} signs are as claimed, {needed} are needed",)


def _nan_last(number: float) -> float:
    return math.inf if math.isnan(number) else number


def _nan_first(number: float) -> float:
    return -math.inf if math.isnan(number) else number
