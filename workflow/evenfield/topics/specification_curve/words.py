"""Specification curves: how many, how often the predicted sign, and what chance alone would give."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, p

WHAT = {
    "own": "the coefficient of own {}",
    "exposure": "the coefficient of neighbours' {}",
    "regime": "the coefficient of initial income times neighbours' {}",
}
SIGNS = {"+": "positive", "-": "negative"}


def sentences(facts: Findings) -> list[Sentence]:
    """Summarise each curve over all periods."""
    section = facts.config["estimates"].get(facts.topic) or {}
    found: list[Sentence] = []
    for curve in section.get("curves", []):
        rows = {row["effect_type"]: row for row in facts.rows(spec_id=str(curve["id"]), period="all")}
        if {"share", "share_significant", "median"} <= set(rows):
            contrast = (
                curve["contrast"].replace("sez", "zones").replace("cluster", "clusters").replace(" - ", " minus ")
            )
            share = rows["share"]
            found.append(
                Sentence(
                    f"{share['hypothesis']}: {WHAT[curve['kind']].format(contrast)} is {SIGNS[curve['predicted']]}, as "
                    f"predicted, in {share['estimate']:.0%} of {share['n_obs']:.0f} specifications, with p below .05 in "
                    f"{rows['share_significant']['estimate']:.0%}; the median is {fixed(rows['median']['estimate'])}.",
                    f"joint permutation {p(share)} for the share",
                )
            )
    return found
