"""What the section on spatial panels prints: what a regressor goes with at home and next
door, by model.
"""

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.sections import finding
from evenfield.shared.tables import Row, only, pick, term_name

MODELS = {
    "sdm": "spatial Durbin",
    "sar": "spatial lag",
    "sdem": "spatial Durbin error",
}

MOST = 8


def section(facts: Facts) -> Row:
    """Return direct and indirect effects under the main weights, or those that come
    first where a specification has others.
    """
    rows = facts.estimates(estimator=list(MODELS))
    found = []
    for spec in rows["spec_id"].unique():
        own = only(rows, spec_id=spec)
        own = own[
            own["estimate"].notna() & own["effect_type"].isin(["direct", "indirect"])
        ]
        if own.empty:
            continue
        model = next(name for name in MODELS if own["estimator"].eq(name).any())
        own = only(own, estimator=model)
        main = facts.config.weights.primary
        weights = main if own["w_id"].eq(main).any() else own["w_id"].iloc[0]
        own = only(own, w_id=weights)
        found += [
            _effects(own, str(spec), term, MODELS[model], weights)
            for term in own["term"].unique()
        ]
    # Of many models the first are named; the table holds all.
    found = [item for item in found if item][:MOST]
    return {"effects": found, "level": facts.level} if found else {}


def _effects(rows: pd.DataFrame, spec: str, term: str, model: str, weights: str) -> Row:
    direct = pick(rows, term=term, effect_type="direct")
    indirect = pick(rows, term=term, effect_type="indirect")
    parts = {
        "own": finding(direct, "own", "0.000"),
        "spill": finding(indirect, "spill", "0.000"),
    }
    if not all(parts.values()):
        return {}
    return {
        "id": f"{spec}_{term}",
        "term": term_name(term),
        "outcome": direct["outcome"].replace("_", " "),
        "unit": direct["unit_of_measure"],
        "model": model,
        "weights": weights.replace("_", " "),
        **parts,
    }
