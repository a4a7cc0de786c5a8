"""Words chosen by rule: what an estimate may be said to show, and which words may never appear."""

from __future__ import annotations

import re
from collections.abc import Mapping

from evenfield.report.numbers import bare, in_unit, p_text
from evenfield.report.rows import Row, number

# A provincial panel without a clean control group licenses none of these.
FORBIDDEN = (
    r"\bcause[sd]?\b", r"\bcausing\b", r"\bprove[sdn]?\b", r"\bproof\b", r"\bno effects?\b", r"\bno impacts?\b",
    r"\bno spillovers?\b", r"\bconfirm(s|ed)\b", r"\bdemonstrate[sd]?\b", r"\bsignificant(ly)?\b", r"\bled to\b",
    r"\bdue to\b", r"\bdrive[sn]?\b", r"\bbecause of\b", r"\bthanks to\b",
)  # fmt: skip
SE_WORDS = (
    (r"(HC[123]|CR[123])", r"\1 standard errors"),
    (r"SCPC avc (\S+)", r"SCPC inference for correlated shocks (average at most \1)"),
)


def forbidden_words(text: str) -> list[str]:
    """Find words that a sentence of this report must not use."""
    return [found.group() for rule in FORBIDDEN for found in re.finditer(rule, text, re.IGNORECASE)]


def excludes_zero(row: Row) -> bool:
    """Say whether an estimate's interval (or, without one, its p-value) sets it apart from zero."""
    low, high = number(row, "conf_low"), number(row, "conf_high")
    if low is not None and high is not None:
        return low > 0 or high < 0
    p_value = number(row, "p_value")
    return p_value is not None and p_value < 0.05


def underpowered(row: Row) -> bool:
    """Say whether the smallest effect the design could see exceeds the smallest effect of interest."""
    mde, sesoi = number(row, "mde"), number(row, "sesoi")
    return mde is not None and sesoi is not None and mde > sesoi


def value_text(row: Row) -> str:
    """Write an estimate with its unit and interval."""
    value, unit = number(row, "estimate"), row.get("unit_of_measure", "")
    if value is None:
        return "not defined"
    interval = interval_text(row)
    return f"{in_unit(value, unit)} ({interval})" if interval else in_unit(value, unit)


def interval_text(row: Row) -> str:
    """Write an interval in words; an end that does not exist is said so."""
    low, high = number(row, "conf_low"), number(row, "conf_high")
    level, unit = number(row, "conf_level"), row.get("unit_of_measure", "")
    if level is None or (low is None and high is None):
        return ""
    ends = ["unbounded" if end is None else bare(end, unit) for end in (low, high)]
    return f"{level:.0%} interval {ends[0]} to {ends[1]}"


def sample_text(row: Row, study: Mapping[str, str], periods: Mapping[str, str]) -> str:
    """Write sample and inference of an estimate."""
    p_value = number(row, "p_value")
    parts = [
        f"{row['n_units']} {study['units_name']}" if row.get("n_units") not in {"", "0", None} else "",
        periods.get(row.get("period", ""), row.get("period", "")),
        basis_words(row.get("output_basis", "")),
        inference_words(row.get("se_type", "")),
        p_text(p_value) if p_value is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def inference_words(kind: str) -> str:
    """Write a kind of standard error in words."""
    for pattern, words in SE_WORDS:
        if re.fullmatch(pattern, kind, re.IGNORECASE):
            return re.sub(pattern, words, kind, flags=re.IGNORECASE)
    return kind


def basis_words(basis: str) -> str:
    """Say on which output series a number rests, where that needs a warning."""
    return {"proxy": "PROXY output", "spliced": "PROXY output joined with official output"}.get(basis, "")


def seen_text(row: Row) -> str:
    """Say how an estimate that cannot be told from zero is to be read."""
    mde, unit = number(row, "mde"), row.get("unit_of_measure", "")
    if excludes_zero(row):
        return "its interval leaves out zero"
    if mde is None:
        return "not distinguishable from zero"
    return f"not distinguishable from zero; the smallest effect this design could see is {in_unit(mde, unit)}"
