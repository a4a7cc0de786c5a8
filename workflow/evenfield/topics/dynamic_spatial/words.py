"""The dynamic spatial panel: persistence, neighbours, and which numbers are withheld."""

from evenfield.shared.words import Findings, Sentence, capital, count, listing, number, proxy

PARTS = {
    "tau": "its own value a year before",
    "rho": "the neighbours' value now",
    "eta": "the neighbours' value a year before",
}


def sentences(facts: Findings) -> list[Sentence]:
    """Quote the dynamics of the first printed specification of each outcome, and count those that are withheld."""
    section = facts.config["estimates"].get(facts.topic) or {}
    specs = [str(spec["id"]) for spec in section.get("specifications", [])]
    rows = facts.rows(estimator="dynamic_sdm", effect_type="coef", term=tuple(PARTS))
    printed = {row["spec_id"] for row in rows}
    found: dict[tuple[str, str], Sentence] = {}
    for spec in specs:
        mine = {row["term"]: row for row in rows if row["spec_id"] == spec}
        if len(mine) == len(PARTS):
            row = mine["tau"]
            told = listing([f"{words} with {number(mine[term])}" for term, words in PARTS.items()])
            text = f"{row['outcome'].replace('_', ' ')} goes with {told} in {row['period'].replace('-', chr(0x2013))}"
            basis = facts.basis(row, f"{row['w_id'].replace('_', ' ')} weights, bias-corrected")
            found.setdefault((row["outcome"], row["output_basis"]), Sentence(f"{capital(text)}{proxy(row)}.", basis))
    gone = [spec for spec in specs if spec not in printed]
    withheld = (
        f"The numbers of {count(len(gone))} of {count(len(specs))} specifications are withheld: in panels drawn at"
    )
    told = (
        [Sentence(f"{withheld} the study's own size the correction leaves too much bias.", caution=True)]
        if gone
        else []
    )
    return [*found.values(), *told] if facts.rows() else []
