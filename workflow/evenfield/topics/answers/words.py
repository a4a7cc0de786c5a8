"""How many claims got which answer, and how firm the estimates behind them are."""

from evenfield.shared.words import Findings, Sentence, listing


def sentences(facts: Findings) -> list[Sentence]:
    """Count the answers, the estimates made for them, and the deciding ones that are underpowered or fragile."""
    content = facts.verdicts
    if not content.get("claims"):
        return []
    counts, made = content["counts"], content["estimates"]
    told = listing([f"{counts[word]} {word}" for word in content["words"] if counts[word]])
    found = [
        Sentence(
            f"Of {len(content['claims'])} claims: {told}. INCONCLUSIVE is not evidence that nothing is there.",
            "one rule for all claims, thresholds in the config",
        )
    ]
    found.append(
        Sentence(
            f"{made['all']} estimates were made for this run, {made.get('exploratory', 0)} of them exploratory. Evidence "
            "that was not gathered counts as missing, and numbers that rest on PROXY output lean at most.",
            "Holm within a family of hypotheses, sharpened q-values for exploratory rows",
        )
    )
    return found + _firmness(facts)


def _firmness(facts: Findings) -> list[Sentence]:
    rows = [
        row
        for item in facts.verdicts["hypotheses"].values()
        for part in item["parts"]
        for row in part["rows"]
        if row.get("estimate") is not None
    ]
    if not rows:
        return []
    known = [row for row in rows if row["mde"] is not None and row["sesoi"] is not None]
    weak = sum(row["mde"] > row["sesoi"] for row in known)
    left = [row["flips"] for row in rows if row["flips"] is not None]
    return [
        Sentence(
            f"{weak} of {len(known)} deciding estimates with a known power are UNDERPOWERED: the smallest detectable "
            f"effect exceeds the smallest one of interest. Of {len(left)} that were made again without each {facts.unit}, "
            f"{sum(flips > 0 for flips in left)} can change sign.",
            "table T28, figure F21",
            caution=weak > 0,
        )
    ]
