"""The words a verdict may use, and their order."""

from __future__ import annotations

SUPPORTED = "SUPPORTED"
LEANS_SUPPORT = "LEANS SUPPORT"
INCONCLUSIVE = "INCONCLUSIVE"
UNDERPOWERED = "INCONCLUSIVE (UNDERPOWERED)"
LEANS_AGAINST = "LEANS AGAINST"
CONTRADICTED = "CONTRADICTED"
CONSISTENT = "CONSISTENT"
MIXED = "MIXED"
NOT_CONSISTENT = "NOT CONSISTENT"
NOT_TESTABLE = "NOT TESTABLE HERE"
NOT_STATISTICAL = "NOT A STATISTICAL CLAIM"
NOT_BUILT = "NOT YET BUILT"
NOT_RUN = "NOT RUN"

# How strongly a word speaks for the hypothesis; words without a rank say nothing about it.
RANK = {SUPPORTED: 2, LEANS_SUPPORT: 1, INCONCLUSIVE: 0, UNDERPOWERED: 0, LEANS_AGAINST: -1, CONTRADICTED: -2}
ORDER = (
    SUPPORTED, LEANS_SUPPORT, INCONCLUSIVE, UNDERPOWERED, LEANS_AGAINST, CONTRADICTED, CONSISTENT, MIXED,
    NOT_CONSISTENT, NOT_TESTABLE, NOT_STATISTICAL, NOT_BUILT, NOT_RUN,
)  # fmt: skip


def described(verdict: str) -> str:
    """Return the word that description or a proxy licenses in place of a verdict on a tested claim."""
    if verdict not in RANK:
        return verdict
    return CONSISTENT if RANK[verdict] > 0 else NOT_CONSISTENT if RANK[verdict] < 0 else MIXED


def capped(verdict: str) -> str:
    """Return the word with SUPPORTED and CONTRADICTED weakened to the leaning ones."""
    return {SUPPORTED: LEANS_SUPPORT, CONTRADICTED: LEANS_AGAINST}.get(verdict, verdict)
