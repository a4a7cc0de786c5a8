"""Claims that can only be described: how many, and how many rows have the predicted sign."""

from evenfield.shared.words import Findings, Sentence, capital, count, listing, underpowered

CLEAR = 0.05


def sentences(facts: Findings) -> list[Sentence]:
    """Count the claims described, the tested rows by sign, and what chance alone would give."""
    rows = facts.rows(facts.topic, "exploratory", role="exploratory")
    if not rows:
        return []
    without = sorted({str(spec["claim"]) for spec in facts.specs()} - {str(row["hypothesis"]) for row in rows})
    signs = {str(spec["id"]): {"+": 1, "-": -1}.get(spec.get("predicted", ""), 0) for spec in facts.specs()}
    tested = [row for row in rows if signs.get(row["spec_id"]) and row["p_value"] == row["p_value"]]
    clear = [row["estimate"] * signs[row["spec_id"]] for row in tested if row["p_value"] < CLEAR]
    described = count(len({row["hypothesis"] for row in rows}))
    rest = f" These data cannot carry {listing(without)}." if without else ""
    return [
        Sentence(f"{capital(described)} claims are described by {len(rows)} rows; none is decided by them.{rest}"),
        Sentence(
            f"Of {len(tested)} tested rows with a predicted sign, {sum(value > 0 for value in clear)} have it with p below "
            f".05 and {sum(value < 0 for value in clear)} the opposite sign with p below .05; about "
            f"{CLEAR * len(tested):.1f} below .05 are expected when nothing is there. UNDERPOWERED rows: "
            f"{sum(map(underpowered, rows))}.",
            "no correction for looking this often",
            caution=True,
        ),
    ]
