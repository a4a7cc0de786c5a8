"""One path or several: log t on levels of relative income, and the clubs it leads to."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, count

CRITICAL = -1.65


def sentences(facts: Findings) -> list[Sentence]:
    """Quote log t on levels and the number of clubs after merging."""
    found: list[Sentence] = []
    for row in facts.rows(role="primary", term="b", outcome="relative_income"):
        word = "rejects" if row["statistic"] < CRITICAL else "does not reject, which is no evidence for,"
        clubs = [item for item in facts.rows(spec_id=row["spec_id"], term="clubs") if "merged" in item["contrast"]][:1]
        merged = "".join(f" Merging leaves {count(round(item['estimate']))} clubs." for item in clubs)
        text = f"Log t on levels of relative income ({fixed(row['statistic'], 1)} in {facts.label(row)}) {word}"
        found.append(Sentence(f"{text} convergence to one path.{merged}", f"{facts.basis(row)}"))
    return found
