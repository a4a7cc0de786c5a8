"""Specification curves: how many, how often the predicted sign, and what chance alone would give."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, p

WHAT = {"own": "own {}", "exposure": "neighbours' {}", "regime": "initial income times neighbours' {}"}
SIGNS = {"+": "positive", "-": "negative"}


def sentences(facts: Findings) -> list[Sentence]:
    """Summarise each curve over all periods."""
    section = facts.config["estimates"].get(facts.topic) or {}
    found: list[Sentence] = []
    for curve in section.get("curves", []):
        rows = {row["effect_type"]: row for row in facts.rows(spec_id=str(curve["id"]), period="all")}
        if rows.keys() >= {"share", "share_significant", "median"}:
            marks = curve["contrast"].replace("sez", "zones").replace("cluster", "clusters").replace(" - ", " minus ")
            share, clear, median = (rows[name] for name in ("share", "share_significant", "median"))
            text = (
                f"{share['hypothesis']}: the coefficient of {WHAT[curve['kind']].format(marks)} is "
                f"{SIGNS[curve['predicted']]}, as predicted, in {share['estimate']:.0%} of {share['n_obs']:.0f} "
                f"specifications, with p below .05 in {clear['estimate']:.0%}; median {fixed(median['estimate'])}."
            )
            found.append(Sentence(text, f"joint permutation {p(share)} for the share"))
    return found
