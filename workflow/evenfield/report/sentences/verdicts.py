"""What became of the claims, by the rule, and how many estimates stand behind it."""

from __future__ import annotations

from evenfield.report.numbers import listing
from evenfield.report.sentences.base import Facts, Sentence

JUDGED = ("SUPPORTED", "LEANS SUPPORT", "INCONCLUSIVE", "INCONCLUSIVE (UNDERPOWERED)", "LEANS AGAINST", "CONTRADICTED",
          "CONSISTENT", "MIXED", "NOT CONSISTENT")  # fmt: skip
HASH_LETTERS = 12


def verdict_sentences(facts: Facts) -> list[Sentence]:
    """Count the verdicts and name the rule and the number of estimates.

    Parameters
    ----------
    facts : Facts
        With the verdicts.

    Returns
    -------
    list of Sentence
        Empty for a study without claims.
    """
    if not facts.verdicts.get("claims"):
        return []
    counts = facts.verdicts["counts"]
    total = len(facts.verdicts["claims"])
    told = [f"{counts[word]} {word}" for word in JUDGED if counts[word]]
    rest = [f"{count} {word}" for word, count in counts.items() if count and word not in JUDGED]
    text = f"Of {total} claims: {listing(told + rest)}."
    return [Sentence(text, basis=_basis(facts), caution=not told), *_family(facts)]


def _basis(facts: Facts) -> str:
    return f"rule {facts.verdicts['rule']['hash'][:HASH_LETTERS]}, thresholds in the config"


def _family(facts: Facts) -> list[Sentence]:
    made = facts.verdicts["estimates"]
    return [Sentence(
        f"{made['all']} estimates were made for this run, {made.get('exploratory', 0)} of them exploratory. The "
        "p-values of rows that decide a hypothesis are adjusted within their family of hypotheses, those of "
        "exploratory rows become q-values.",
        basis="Holm within families, Romano-Wolf inside a hypothesis with several outcomes, sharpened q",
    )]  # fmt: skip
