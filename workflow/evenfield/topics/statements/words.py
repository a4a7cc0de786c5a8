"""Claims that can only be described: how many, and how many rows have the predicted sign."""

from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.words import Findings, Sentence, capital, count, listing, underpowered

CLEAR = 0.05


def sentences(facts: Findings) -> list[Sentence]:
    """Count the claims described, the tested rows by sign, and what chance alone would give."""
    rows = facts.rows(role="exploratory")
    if not rows:
        return []
    claims = {str(row["hypothesis"]) for row in rows}
    without = listing(sorted({str(spec["claim"]) for spec in facts.specs()} - claims))
    text = f"{capital(count(len(claims)))} claims are described by {len(rows)} rows; none is decided by them."
    rest = f" These data cannot carry {without}." if without else ""
    signs = {str(spec["id"]): {"+": 1, "-": -1}.get(spec.get("predicted", ""), 0) for spec in facts.specs()}
    tested = [row for row in rows if signs.get(row["spec_id"]) and not is_missing(row["p_value"])]
    clear = [row["estimate"] * signs[row["spec_id"]] > 0 for row in tested if row["p_value"] < CLEAR]
    told = (
        f"Of {len(tested)} tested rows with a predicted sign, {sum(clear)} have it with p below .05 and "
        f"{len(clear) - sum(clear)} the opposite sign with p below .05; about {CLEAR * len(tested):.1f} below .05 are "
        f"expected when nothing is there. UNDERPOWERED rows: {sum(map(underpowered, rows))}."
    )
    return [Sentence(text + rest), Sentence(told, "no correction for looking this often", caution=True)]
