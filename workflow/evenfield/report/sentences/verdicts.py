"""What became of the claims, by the rule, and how many estimates stand behind it."""

from __future__ import annotations

from evenfield.report.numbers import listing
from evenfield.report.sentences.base import Facts, Sentence

JUDGED = ("SUPPORTED", "LEANS SUPPORT", "INCONCLUSIVE", "INCONCLUSIVE (UNDERPOWERED)", "LEANS AGAINST", "CONTRADICTED",
          "CONSISTENT", "MIXED", "NOT CONSISTENT")  # fmt: skip
HASH_LETTERS = 12


def verdict_sentences(facts: Facts) -> list[Sentence]:
    """Count the verdicts and name the rule and the number of estimates."""
    if not facts.verdicts.get("claims"):
        return []
    counts = facts.verdicts["counts"]
    total = len(facts.verdicts["claims"])
    told = [f"{counts[word]} {word}" for word in JUDGED if counts[word]]
    rest = [f"{counts[word]} {word}" for word in facts.verdicts["words"] if counts[word] and word not in JUDGED]
    text = f"Of {total} claims: {listing(told + rest)}."
    return [Sentence(text, basis=_basis(facts), caution=not told), *_family(facts)]


def credibility_sentences(facts: Facts) -> list[Sentence]:
    """Count the deciding rows that are underpowered, and those whose sign one unit can turn."""
    rows = [row for item in facts.verdicts.get("hypotheses", {}).values() for part in item["parts"]
            for row in part["rows"] if row.get("estimate") is not None]  # fmt: skip
    if not rows:
        return []
    known = [row for row in rows if row["mde"] is not None and row["sesoi"] is not None]
    weak = [row for row in known if row["mde"] > row["sesoi"]]
    left = [row for row in rows if row["flips"] is not None]
    turned = [row for row in left if row["flips"] > 0]
    power = (f"{len(weak)} of {len(known)} deciding estimates with a known power are underpowered: the smallest effect "
             "the test could see exceeds the smallest one of interest.")  # fmt: skip
    loo = f"Of {len(left)} that were made again without each {facts.unit}, {len(turned)} can change sign."
    missing = f"{len(rows) - len(left)} of {len(rows)} deciding estimates have no leave-one-out yet."
    return [Sentence(power, basis="tables T25 to T27, figure F21", caution=bool(weak)),
            Sentence(loo if left else missing, basis="table T28, figure F22")]  # fmt: skip


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
