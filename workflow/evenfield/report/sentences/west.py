"""Growth before and after regional programmes."""

from __future__ import annotations

from evenfield.report.numbers import in_unit, p_text
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence, capital, proxy_mark
from evenfield.report.sentences.policy import dashed, deciding_sentence, defined, parts_text
from evenfield.report.words import excludes_zero


def west_sentences(facts: Facts) -> list[Sentence]:
    """Give each programme's difference, what growth after alone says, border pairs and placebo dates."""
    deciding = defined(facts.rows(family="programmes", role="primary", effect_type="coef"))
    order = [str(spec["id"]) for spec in facts.specs("programmes")]
    sentences: list[Sentence] = []
    for row in sorted(deciding, key=lambda row: order.index(row["spec_id"])):
        opening = f"{_name(row)}: the change of growth in its {facts.units} minus that elsewhere is"
        sentences += [
            deciding_sentence(row, facts, opening),
            *_proxy(row),
            *_beside(row, facts),
            *_placebos(row, facts),
        ]
    return sentences


def _name(row: Row) -> str:
    return capital(row["term"].replace("_", " "))


def _proxy(row: Row) -> list[Sentence]:
    if "DESCRIPTIVE" not in row.get("warning", ""):
        return []
    return [Sentence(
        "Growth before the programme rests on the proxy, so whether paths were alike before cannot be checked: the "
        "difference is descriptive, whatever its interval.", dashed(row["period"]), "", proxy_mark(row), caution=True,
    )]  # fmt: skip


def _beside(row: Row, facts: Facts) -> list[Sentence]:
    same = {"family": "programmes", "spec_id": row["spec_id"], "period": row["period"]}
    after = first(facts.rows(role="mechanism", effect_type="coef", **same))
    border = first(facts.rows(estimator="border_pairs", **same))
    parts = []
    if after is not None and number(after, "estimate") is not None:
        parts.append(f"Growth after alone differs by {parts_text(after)} percentage points a year")
    if border is not None and number(border, "estimate") is not None:
        parts.append(f"among neighbours on two sides of its line the change differs by {parts_text(border)}")
    if not parts:
        return []
    text = "; ".join(parts)
    return [Sentence(f"{text[:1].upper()}{text[1:]}.", dashed(row["period"]), "table T24", proxy_mark(row))]


def _placebos(row: Row, facts: Facts) -> list[Sentence]:
    found = defined(facts.rows(family="programmes", role="placebo", spec_id=row["spec_id"], effect_type="coef"))
    if not found:
        return []
    parts = [f"{in_unit(number(one, 'estimate') or 0.0, one['unit_of_measure'])} in {dashed(one['period'])} "
             f"({p_text(number(one, 'p_value') or 0.0)})" for one in found]  # fmt: skip
    apart = sum(excludes_zero(one) for one in found)
    doubt = " A difference where no such programme began speaks against the reading above." if apart else ""
    return [Sentence(f"At placebo dates the same difference is {'; '.join(parts)}.{doubt}", dashed(row["period"]),
                     "table T24", proxy_mark(found[0]), caution=bool(apart))]  # fmt: skip
