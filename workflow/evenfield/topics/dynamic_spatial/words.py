"""The dynamic spatial panel: persistence, neighbours, and which numbers are withheld."""

from evenfield.shared.words import Findings, Sentence, capital, count, listing, number, plain

PARTS = {"tau": "its own value a year before", "rho": "the neighbours' value now", "eta": "theirs a year before"}


def sentences(facts: Findings) -> list[Sentence]:
    """Quote the dynamics of the first printed specification of each outcome, and count those that are withheld."""
    rows = facts.rows(estimator="dynamic_sdm", effect_type="coef", term=tuple(PARTS))
    found: dict[tuple[str, str], Sentence] = {}
    specs = [str(spec["id"]) for spec in (facts.config["estimates"].get(facts.topic) or {}).get("specifications", [])]
    for spec in specs:
        mine = {row["term"]: row for row in rows if row["spec_id"] == spec}
        if mine.keys() >= PARTS.keys():
            row = mine["tau"]
            told = listing([f"{words} with {number(mine[term])}" for term, words in PARTS.items()])
            text = capital(f"{plain(row['outcome'])} goes with {told} in {facts.label(row)}.")
            key = (row["outcome"], row["output_basis"])
            found.setdefault(key, Sentence(text, facts.basis(row, f"{plain(row['w_id'])} weights, bias-corrected")))
    gone = set(specs) - {row["spec_id"] for row in rows}
    text = f"Withheld: {count(len(gone))} of {count(len(specs))} specifications, whose correction leaves too much bias."
    return [*found.values(), *([Sentence(text, "panels drawn at the study's own size", caution=True)] if gone else [])]
