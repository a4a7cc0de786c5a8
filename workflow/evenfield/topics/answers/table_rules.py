"""T36 and T37: what the rule rests on, all methods of inference and what would matter."""

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    NOT_CAUSAL,
    Row,
    Table,
    left,
    p_value,
    right,
    significant,
)
from evenfield.study.files import Record, read_json

METHODS_NOTE = """
p-values of one estimate by every method that it has. An answer is supported only where the
method that decides and those that must agree find it on the same side at
{content[rule][alpha]:g}; permutations by their p-value, the others by their interval.
Other methods are only reported. Corrected: for how often the method rejects placebo lists,
where such lists were used; agreement then uses the corrected p.
"""
INTEREST_NOTE = """
The answer by the same rule with half and with twice the effect of interest. What changes
with it: whether an interval counts as negligible, whether it bounds a gain that is denied,
and whether the
detectable effects are so large that there is no answer.
"""


def answers_of(results: StudyResults) -> Row:
    """Return the answers of a study with every row behind them."""
    return dict(read_json(results.root / "answers.json"))


def tested(content: Record) -> list[Record]:
    """Return the primary questions, then the claims with evidence of their own."""
    own = [claim for claim in content["claims"] if not claim["hypothesis"]]
    named = [{**claim, "statement": claim["claim"]} for claim in own]
    return [*content["hypotheses"], *named]


def t36(results: StudyResults) -> Table:
    """Return the p-values of each tested estimate by every method of inference."""
    content = answers_of(results)
    rows = []
    for item in tested(content):
        if len(item["methods"]) < 2:
            continue
        parts: dict[str, list[str]] = {}
        for method in item["methods"]:
            written = f"{method_name(method)} {p_value(method['p_value'])}"
            if method["p_corrected"] is not None:
                written += f" (corrected {p_value(method['p_corrected'])})"
            parts.setdefault(method["part"], []).append(written)
        words = {part: ", ".join(names) for part, names in parts.items()}
        rows.append(
            {
                "statement": item["statement"],
                "decides": words["decides"],
                "must_agree": words.get("must agree", ""),
                "beside": words.get("beside", ""),
                "answer": item["answer"].lower(),
                "estimate_id": item["estimate_id"],
            }
        )
    columns = (
        left("Question", "statement", width_cm=4.4),
        left("Decides: p", "decides", width_cm=2.4),
        left("Must agree: p", "must_agree", width_cm=3.4),
        left("Beside: p", "beside", width_cm=4.6),
        left("Answer", "answer", width_cm=1.8),
    )
    note = (*results.text(METHODS_NOTE, content=content), NOT_CAUSAL)
    return Table.of(columns, rows, note)


def method_name(method: Record) -> str:
    """Return a method in words, from what its row says of errors and law."""
    law = str(method["p_type"] or "")
    if "wild" in law:
        return "wild bootstrap"
    if "permut" in law:
        return law.partition(" of labels")[0].partition(",")[0]
    return str(method["se_type"] or law).partition(",")[0].removesuffix(" by unit")


def t37(results: StudyResults) -> Table:
    """Return each answer with half and with twice the effect of interest."""
    content = answers_of(results)
    rows = [
        {
            "statement": item["statement"],
            "interest": item["interest"],
            "unit": item["unit"],
            "half": item["at_interest"]["half"].lower(),
            "answer": item["answer"].lower(),
            "double": item["at_interest"]["double"].lower(),
            "estimate_id": item["estimate_id"],
        }
        for item in tested(content)
        if item["at_interest"] and item["interest"] is not None
    ]
    columns = (
        left("Question", "statement", width_cm=5.6),
        right("Of interest", "interest", show=significant),
        left("Unit", "unit", width_cm=2.6),
        left("With half", "half", width_cm=2.2),
        left("Answer", "answer", width_cm=2.2),
        left("With twice", "double", width_cm=2.2),
    )
    return Table.of(columns, rows, (*results.text(INTEREST_NOTE), NOT_CAUSAL))
