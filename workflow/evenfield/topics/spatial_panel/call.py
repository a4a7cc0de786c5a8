"""Spatial panels as calls of the library."""

import pandas as pd

from evenfield.shared.calls import (
    Call,
    NoCallError,
    Place,
    same,
    section_of,
    seed_of,
    specification,
    square,
)
from evenfield.shared.study_panel import study_panel
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.spatial_panel.estimate import Section
from evenfield.topics.spatial_panel.estimate_rows import DRAWS

EFFECTS = ("direct", "indirect", "total")
# Errors by the end of an estimator's name.
ERRORS = {"": "unit_t", "observed": "observed", "expected": "expected", "qml": "qml"}
CRITERIA = {"log likelihood": "loglik", "AIC": "aic", "BIC": "bic"}


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a parameter, an effect or the likelihood."""
    section = section_of(study, Section, "spatial_panel")
    spec = specification(section.specifications, row)
    model, _, kind = row["estimator"].partition("_")
    drawn = kind.endswith("_draws")
    errors = ERRORS[kind.removesuffix("_draws")]
    panel, *_ = study_panel(study, section, spec, spec.sample)
    matrix, _ = study.all_weights[row["w_id"]].among(panel.units)
    pairs = pd.MultiIndex.from_product(
        [panel.units, panel.periods], names=["unit", "year"]
    )
    values = panel.values.reshape(len(pairs), -1)
    data = pairs.to_frame(index=False)
    data[[spec.outcome, *panel.names]] = values
    if row["term"] in ("AIC", "BIC") and spec.approach == "direct":
        raise NoCallError(
            "the library counts the effects as parameters, the row does not"
        )
    then = None
    if row["effect_type"] in EFFECTS:
        of_effects: dict[str, object] = {
            "inference": "unit" if errors == "unit_t" else errors
        }
        if drawn:
            stream = f"spatial_panel:{spec.id}:{row['w_id']}:{model.upper()}:draws"
            seed = seed_of(study.config.inference.seed, stream)
            of_effects |= {"draws": DRAWS, "seed": seed}
        then = ("impacts", of_effects)
    return Call(
        function="spatial_panel",
        data=data,
        arguments={
            "y": spec.outcome,
            "x": list(panel.names),
            "unit": "unit",
            "time": "year",
            "model": model.upper(),
            "effects": spec.effects,
            "approach": spec.approach,
            "inference": "observed" if then and errors == "unit_t" else errors,
        },
        places=(_place(row, drawn=drawn),),
        weights=square(matrix, panel.units),
        then=then,
    )


def _place(row: Row, *, drawn: bool) -> Place:
    term = row["term"]
    if row["effect_type"] in EFFECTS:
        name = f"{row['effect_type']} {term}"
        if drawn:  # percentiles take the place of the t statistic
            return Place(
                term=name,
                columns=same(
                    "estimate", "std_error", "p_value", "conf_low", "conf_high"
                ),
            )
        return Place(term=name)
    if row["effect_type"] == "coef":
        return Place(term=term)
    # The row counts the error variance as a parameter, the library does not.
    return Place(attribute=CRITERIA[term], parameters=1)
