"""From the estimates to a verdict on every hypothesis and every claim of the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evenfield.answers.evidence import Evidence, Row, gather
from evenfield.answers.reasons import deciding, explain, tally
from evenfield.answers.rule import Judged, combine, judge_count, judge_row
from evenfield.answers.spec import Hypothesis, Part, Rule, Thresholds
from evenfield.answers.words import NOT_BUILT, NOT_RUN, NOT_STATISTICAL, NOT_TESTABLE, RANK, described

Case = tuple[Evidence, Judged]


@dataclass(frozen=True, slots=True)
class PartVerdict:
    """A part of a hypothesis: its word and the rows behind it."""

    part: Part
    verdict: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class HypothesisVerdict:
    """A hypothesis: its word, its reason and its parts."""

    id: str
    verdict: str
    reason: str
    parts: tuple[PartVerdict, ...]

    @property
    def cases(self) -> tuple[Case, ...]:
        """Deciding rows of all parts."""
        return tuple(case for part in self.parts for case in part.cases)

    @property
    def deciding(self) -> Case | None:
        """The row that holds the verdict where it is; None without estimates."""
        there = [case for case in self.cases if case[0].there]
        return deciding(self.verdict, there) if there else None


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """A claim of the ledger: its word, its reason and the hypotheses behind it."""

    claim: Mapping[str, str]
    verdict: str
    reason: str
    behind: tuple[HypothesisVerdict, ...]


def judge_hypothesis(
    rows: Sequence[Row], hypothesis: Hypothesis, thresholds: Thresholds, labels: Mapping[str, str]
) -> HypothesisVerdict:
    """Judge one hypothesis from the rows of the estimates."""
    parts = tuple(_judge_part(rows, part, thresholds) for part in hypothesis.parts)
    cases = [case for part in parts for case in part.cases]
    if not any(evidence.there for evidence, _ in cases):
        return _without_rows(hypothesis, parts)
    verdict = combine([part.verdict for part in parts], hypothesis.holds, hypothesis.fails)
    return HypothesisVerdict(hypothesis.id, verdict, explain(verdict, _spoken(parts, cases), labels), parts)


def judge_claims(
    rows: Sequence[Row],
    claims: Sequence[Mapping[str, str]],
    reasons: Mapping[str, str],
    rule: Rule,
    labels: Mapping[str, str],
    provenance: str,
) -> tuple[list[ClaimVerdict], dict[str, HypothesisVerdict]]:
    """Judge every claim of the ledger."""
    judged = {name: _judge_or_not(rows, item, rule, labels, provenance) for name, item in rule.hypotheses.items()}
    return [_judge_claim(claim, judged, reasons, provenance) for claim in claims], judged


def _judge_or_not(
    rows: Sequence[Row], item: Hypothesis, rule: Rule, labels: Mapping[str, str], provenance: str
) -> HypothesisVerdict:
    if provenance != "complete":
        return HypothesisVerdict(item.id, NOT_RUN, _not_run(provenance), ())
    return judge_hypothesis(rows, item, rule.thresholds, labels)


def _judge_part(rows: Sequence[Row], part: Part, thresholds: Thresholds) -> PartVerdict:
    found = gather(rows, part)
    if part.kind == "count":
        judged = judge_count(found, part, thresholds)
        return PartVerdict(part, judged.verdict, tuple((evidence, judged) for evidence in found))
    cases = tuple((evidence, judge_row(evidence, part, thresholds)) for evidence in found)
    word = combine([judged.verdict for _, judged in cases], part.holds, part.fails) if cases else NOT_BUILT
    return PartVerdict(part, word, cases)


def _spoken(parts: Sequence[PartVerdict], cases: Sequence[Case]) -> list[Case]:
    return [*cases, *((Evidence(row={}, period=""), Judged(NOT_BUILT)) for part in parts if not part.cases)]


def _without_rows(hypothesis: Hypothesis, parts: tuple[PartVerdict, ...]) -> HypothesisVerdict:
    if hypothesis.lacks:
        data = f" What would decide it: {hypothesis.lacks_data}." if hypothesis.lacks_data else ""
        codes = f" ({', '.join(hypothesis.lacks_codes)})" if hypothesis.lacks_codes else ""
        return HypothesisVerdict(hypothesis.id, NOT_TESTABLE, f"{hypothesis.lacks}{codes}.{data}", parts)
    return HypothesisVerdict(hypothesis.id, NOT_BUILT, "Its estimates are not part of this release.", parts)


def _judge_claim(
    claim: Mapping[str, str], judged: Mapping[str, HypothesisVerdict], reasons: Mapping[str, str], provenance: str
) -> ClaimVerdict:
    if provenance != "complete":
        return ClaimVerdict(claim, NOT_RUN, _not_run(provenance), ())
    if claim["class"] == "D":
        return ClaimVerdict(claim, NOT_STATISTICAL, claim["route"], ())
    if claim["class"] == "C":
        return ClaimVerdict(claim, NOT_TESTABLE, _why_not(claim, reasons), ())
    behind = _behind(claim, judged)
    if not any(item.verdict in RANK for item in behind):
        return _unjudged(claim, behind, reasons)
    word = behind[0].verdict if len(behind) == 1 else combine([item.verdict for item in behind])
    word = described(word) if claim["class"] == "B" else word
    told = behind[0].reason if len(behind) == 1 else _parts_in_words(behind)
    return ClaimVerdict(claim, word, told, behind)


def _behind(claim: Mapping[str, str], judged: Mapping[str, HypothesisVerdict]) -> tuple[HypothesisVerdict, ...]:
    own = judged.get(claim["claim_id"])
    if own is not None and own.verdict in RANK:
        return (own,)
    named = tuple(judged[name] for name in claim["hypotheses"].split() if name in judged)
    return named or ((own,) if own is not None else ())


def _unjudged(
    claim: Mapping[str, str], behind: tuple[HypothesisVerdict, ...], reasons: Mapping[str, str]
) -> ClaimVerdict:
    lacking = [item for item in behind if item.verdict == NOT_TESTABLE]
    if lacking and len(lacking) == len(behind):
        return ClaimVerdict(claim, NOT_TESTABLE, " ".join(item.reason for item in lacking), behind)
    if claim["reason_codes"] and not claim["hypotheses"]:
        return ClaimVerdict(claim, NOT_TESTABLE, _why_not(claim, reasons), behind)
    named = f" ({claim['hypotheses'].replace(' ', ', ')})" if claim["hypotheses"] else ""
    return ClaimVerdict(claim, NOT_BUILT, f"Its estimates{named} are not part of this release.", behind)


def _parts_in_words(behind: Sequence[HypothesisVerdict]) -> str:
    parts = "; ".join(f"{item.id} {item.verdict}" for item in behind)
    return f"A composite of {len(behind)} hypotheses, shown by its parts and never as one number: {parts}."


def _why_not(claim: Mapping[str, str], reasons: Mapping[str, str]) -> str:
    codes = re.findall(r"R\d+", claim["reason_codes"])
    told = " ".join(f"{reasons.get(code, code)} ({code})" for code in codes)
    data = f" What would decide it: {claim['deciding_data'].rstrip('.')}." if claim.get("deciding_data") else ""
    return f"{told}{data}"


def _not_run(provenance: str) -> str:
    return f"No verdict: {provenance}."


def counts(claims: Sequence[ClaimVerdict]) -> str:
    """Count the words over the ledger."""
    return tally([item.verdict for item in claims])
