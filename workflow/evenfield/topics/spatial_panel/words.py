"""Spatial panels: the range of indirect effects, and what rho is not."""

from evenfield.shared.tables.numbers import by_unit, fixed
from evenfield.shared.tables.rows import Row
from evenfield.shared.words import Findings, Sentence, crossed, in_unit, listing

MODELS = ("slx", "sdm", "sdem")


def sentences(facts: Findings) -> list[Sentence]:
    """Give the range of indirect effects over weights and models, rho with and without factors, and its bounds."""
    section = facts.config["estimates"].get(facts.topic) or {}
    for spec in section.get("specifications", [])[:1]:
        term, weights = spec["regressors"][0], spec.get("weights", facts.config["weights"]["primary"])
        rows = facts.rows(spec_id=spec["id"], estimator=MODELS, term=term, effect_type="indirect")
        return [*_range(facts, rows, term), *_rho(facts, spec, weights)]
    return []


def _range(facts: Findings, rows: list[Row], term: str) -> list[Sentence]:
    if not rows:
        return []
    low, high = (choose(rows, key=lambda row: row["estimate"]) for choose in (min, max))
    unit = low["unit_of_measure"]
    text = (
        f"One unit more of {term.replace('_', ' ')} in every other {facts.unit} goes with "
        f"{by_unit(low['estimate'], unit)} to {in_unit(high['estimate'], unit)} of {low['outcome'].replace('_', ' ')}"
        f" in a {facts.unit}, by weights and model; {crossed(rows)}."
    )
    return [
        Sentence(
            text,
            f"indirect effects, {len(rows)} pairs of weights and model, {facts.label(low)}; exploratory",
            caution=crossed(rows).startswith("no"),
        )
    ]


def _rho(facts: Findings, spec: dict[str, object], weights: str) -> list[Sentence]:
    model = str(spec.get("model", "SDM")).lower()
    term = "lambda" if model in ("sem", "sdem") else "rho"
    rows = [
        row
        for suffix in ("", "_factors_1", "_factors_2")
        for row in facts.rows(spec_id=spec["id"], w_id=weights, term=term, estimator=model + suffix)[:1]
    ]
    if len(rows) < 3:
        return []
    values = [fixed(row["estimate"]) for row in rows]
    ends = sorted(
        {
            row["w_id"].replace("_", " ")
            for row in facts.rows(spec_id=spec["id"], effect_type="coef")
            if "end of its range" in row["warning"] or "edge of its range" in row["warning"]
        }
    )
    bounds = f" Nothing can be read from {listing(ends)} weights: {term} is at the edge of its range." * bool(ends)
    return [
        Sentence(
            f"Neighbours move together ({term} {values[0]}); with one common factor taken out it is {values[1]}, with two "
            f"{values[2]}. Alone this is no evidence that zones reach the neighbours.{bounds}",
            f"{model.upper()}, {weights.replace('_', ' ')} weights",
            caution=True,
        )
    ]
