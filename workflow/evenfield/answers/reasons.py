"""The reason of a verdict: one sentence built from its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from evenfield.answers.evidence import Evidence, value
from evenfield.answers.rule import Judged
from evenfield.answers.words import ORDER, RANK, SUPPORTED

MINUS = "\u2212"
SMALL = 0.001
DIGITS = 3
SIZES = (("mde", "smallest detectable"), ("sesoi", "smallest of interest"))


def describe_row(evidence: Evidence, labels: Mapping[str, str]) -> str:
    """Write the numbers of a deciding row."""
    row = evidence.row
    period = " less ".join(labels.get(name, name) for name in evidence.period.split(" less "))
    opening = f"{period}: " if period else ""
    if not evidence.there:
        return f"{opening}no estimate"
    unit = str(row.get("unit_of_measure", ""))
    inner = [_interval(evidence), _p("p", value(row, "p_value")), _p("adjusted p", value(row, "p_adjusted"))]
    bracket = f" ({', '.join(part for part in inner if part)})" if any(inner) else ""
    sizes = [f"{words} {number(value(row, name))}" for name, words in SIZES if not math.isnan(value(row, name))]
    after = f", {', '.join(sizes)}" if sizes else ""
    return f"{opening}{number(value(row, 'estimate'))}{f' {unit}' if unit else ''}{bracket}{after}"


def explain(verdict: str, cases: Sequence[tuple[Evidence, Judged]], labels: Mapping[str, str]) -> str:
    """Write why several judged rows give one verdict."""
    evidence, judged = deciding(verdict, cases)
    limits = f"; short of {SUPPORTED} as {', '.join(judged.limits)}" if judged.limits and _leans(judged) else ""
    limits = limits or (f"; {', '.join(judged.limits)}" if judged.limits and evidence.there else "")
    told = f"{describe_row(evidence, labels)}{limits}"
    if len(cases) == 1:
        return f"{told}."
    return f"Of {len(cases)} estimates {tally([item.verdict for _, item in cases])}; the one that decides: {told}."


def deciding(verdict: str, cases: Sequence[tuple[Evidence, Judged]]) -> tuple[Evidence, Judged]:
    """Return the row that holds the verdict where it is: with its word, and the largest p-value among those."""

    def distance(case: tuple[Evidence, Judged]) -> tuple[bool, bool, float, float]:
        evidence, judged = case
        p = value(evidence.row, "p_value")
        far = abs(RANK.get(judged.verdict, 9) - RANK.get(verdict, 0))
        return (not evidence.there, judged.verdict != verdict, far, 0.0 if math.isnan(p) else -p)

    return min(cases, key=distance)


def tally(verdicts: Sequence[str]) -> str:
    """Count words."""
    counts = [(verdicts.count(word), word) for word in ORDER]
    return ", ".join(f"{count} {word}" for count, word in counts if count)


def number(value_: float) -> str:
    """Write a number with three significant digits, without an exponent where that is short."""
    if math.isnan(value_):
        return "unbounded"
    return f"{float(f'{value_:.{DIGITS - 1}e}'):,.10g}".replace("-", MINUS)


def _interval(evidence: Evidence) -> str:
    row = evidence.row
    low, high, level = (value(row, name) for name in ("conf_low", "conf_high", "conf_level"))
    if math.isnan(low) and math.isnan(high):
        return ""
    return f"{level:.0%} interval {number(low)} to {number(high)}"


def _p(name: str, p: float) -> str:
    if math.isnan(p):
        return ""
    if p < SMALL:
        return f"{name} < .001"
    return f"{name} > .999" if p > 1 - SMALL else f"{name} = {p:.3f}".replace("0.", ".", 1)


def _leans(judged: Judged) -> bool:
    return RANK.get(judged.verdict, 0) == 1
