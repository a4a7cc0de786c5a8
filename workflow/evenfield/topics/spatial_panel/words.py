"""Spatial panels: the range of indirect effects, and what rho is not."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, over_choices, plain

MODELS = ("slx", "sdm", "sdem")


def sentences(facts: Findings) -> list[Sentence]:
    """Give the range of indirect effects over weights and models, and rho with and without common factors."""
    specs = (facts.config["estimates"].get(facts.topic) or {}).get("specifications") or []
    if not specs:
        return []
    spec, term = str(specs[0]["id"]), str(specs[0]["regressors"][0])
    rows = facts.rows(spec_id=spec, estimator=MODELS, term=term, effect_type="indirect")
    what = f"The indirect effect of one unit more of {plain(term)} in every other {facts.unit}"
    found = over_choices(rows, what, ("w_id", "estimator"), "pairs of weights and model")
    weights = str(specs[0].get("weights") or facts.config["weights"]["primary"])
    ladder = ("sdm", "sdm_factors_1", "sdm_factors_2")
    rho = {row["estimator"]: row for row in facts.rows(spec_id=spec, w_id=weights, term="rho", estimator=ladder)}
    if set(rho) == set(ladder):
        plainly, one, two = (fixed(rho[name]["estimate"]) for name in ladder)
        text = (
            f"Neighbours move together (rho {plainly}); with one common factor taken out rho is {one}, with two {two}. "
            "Alone this is no evidence that zones reach the neighbours."
        )
        found.append(Sentence(text, f"SDM, {plain(weights)} weights", caution=True))
    return found
