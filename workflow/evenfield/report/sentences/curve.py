"""Specification curves in words: how many, how often the predicted sign, and what chance alone would give."""

from __future__ import annotations

from evenfield.report.numbers import fixed, p_text
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence

WHAT = {
    "own": "the coefficient of own {}",
    "exposure": "the coefficient of neighbours' {}",
    "regime": "the coefficient of initial income times neighbours' {}",
}
SIGNS = {"+": "positive", "-": "negative"}


def curve_sentences(facts: Facts) -> list[Sentence]:
    """Summarise each curve over all periods."""
    section = facts.config["estimates"].get("specification_curve") or {"curves": []}
    found = [_sentence(curve, facts) for curve in section["curves"]]
    return [sentence for sentence in found if sentence is not None]


def _sentence(curve: Row, facts: Facts) -> Sentence | None:
    rows = {kind: first(facts.rows(family="specification_curve", spec_id=curve["id"], period="all", effect_type=kind))
            for kind in ("share", "share_significant", "median")}  # fmt: skip
    values = {kind: number(row, "estimate") for kind, row in rows.items() if row is not None}
    share = rows["share"]
    if share is None or any(values.get(kind) is None for kind in rows):
        return None
    what = WHAT[curve["kind"]].format(curve["contrast"].replace("sez", "zones").replace("cluster", "clusters"))
    parts = {kind: f"{100 * (values[kind] or 0.0):.0f} percent" for kind in ("share", "share_significant")}
    text = (
        f"{share['hypothesis']}: in {share['n_obs']} specifications {what.replace(' - ', ' minus ')} is "
        f"{SIGNS[curve['predicted']]}, as predicted, in {parts['share']}, and significantly so in "
        f"{parts['share_significant']}; the median is {fixed(values['median'] or 0.0)}."
    )
    p = number(share, "p_value")
    basis = f"joint permutation {p_text(p)} for the share" if p is not None else ""
    return Sentence(text, basis=basis)
