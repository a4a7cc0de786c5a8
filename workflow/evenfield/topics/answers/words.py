"""How many claims got which answer, and how firm the estimates behind them are."""

from evenfield.shared.words import Findings, Sentence, listing


def sentences(facts: Findings) -> list[Sentence]:
    """Count the answers, the estimates made for them, and the deciding ones that are underpowered or fragile."""
    content = facts.verdicts
    if not content.get("claims"):
        return []
    counts, made = content["counts"], content["estimates"]
    told = listing([f"{counts[word]} {word}" for word in content["words"] if counts[word]])
    text = f"Of {len(content['claims'])} claims: {told}. INCONCLUSIVE is not evidence that nothing is there."
    found = [Sentence(text, "one rule for all claims, thresholds in the config")]
    text = (
        f"{made['all']} estimates were made for this run, {made.get('exploratory', 0)} of them exploratory. Evidence "
    )
    text += "that was not gathered counts as missing, and numbers that rest on PROXY output lean at most."
    found.append(Sentence(text, "Holm within a family of hypotheses, sharpened q-values for exploratory rows"))
    parts = [part for item in content["hypotheses"].values() for part in item["parts"]]
    rows = [row for part in parts for row in part["rows"] if row.get("estimate") is not None]
    known = [row for row in rows if row["mde"] is not None and row["sesoi"] is not None]
    weak = sum(row["mde"] > row["sesoi"] for row in known)
    left = [row["flips"] for row in rows if row["flips"] is not None]
    if known:
        text = (
            f"{weak} of {len(known)} deciding estimates with a known power are UNDERPOWERED: the smallest detectable "
            f"effect exceeds the smallest one of interest. Of {len(left)} that were made again without each "
            f"{facts.unit}, {sum(flips > 0 for flips in left)} can change sign."
        )
        found.append(Sentence(text, "table T28, figure F21", caution=weak > 0))
    return found
