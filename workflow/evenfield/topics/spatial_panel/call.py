"""Spatial panels as calls of the library."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.numerics.spatial_panel.probabilities import COMPARED
from evenfield.shared.calls import (
    Call,
    asked_of,
    section_of,
    seed_of,
    specification,
    weights_table,
)
from evenfield.shared.places import Attribute, Coefficient, Place, TableRow, same
from evenfield.shared.study_panel import study_panel
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.spatial_panel.estimate import (
    PERMUTATIONS,
    Section,
    SpatialPanelSpec,
)
from evenfield.topics.spatial_panel.estimate_rows import (
    DRAWS,
    UNIT_DRAWS,
    YEAR_DRAWS,
    years_together,
)

EFFECTS = ("direct", "indirect", "total")
CRITERIA = {"log likelihood": "loglik", "AIC": "aic", "BIC": "bic"}
# Lines of the table of residuals by term.
RESIDUALS = {
    "residual autocorrelation": "autocorrelation",
    "residual Moran": "Moran's I",
}
OF_TEST = {"estimate": "statistic", **same("statistic", "df", "p_value")}
Then = tuple[str, Mapping[str, Any]]


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a parameter, an effect, a test, the likelihood
    or the probability of a model.
    """
    section = section_of(study, Section, "spatial_panel")
    spec = specification(section.specifications, row)
    panel, *_ = study_panel(study, section, spec, spec.sample)
    pairs = pd.MultiIndex.from_product(
        [panel.units, panel.periods], names=["unit", "year"]
    )
    values = panel.values.reshape(len(pairs), -1)
    data = pairs.to_frame(index=False)
    data[[spec.outcome, *panel.names]] = values
    arguments: dict[str, Any] = {
        "y": spec.outcome,
        "x": list(panel.names),
        "unit": "unit",
        "time": "year",
        "effects": spec.effects,
        "approach": spec.approach,
    }
    if row["effect_type"] == "probability":
        models = dict.fromkeys((*spec.models, spec.model))
        return Call(
            function="spatial_model_probabilities",
            data=data,
            arguments={**arguments, "models": [m for m in models if m in COMPARED]},
            places=(TableRow(line=row["term"], columns={"estimate": row["w_id"]}),),
            weights={
                name: weights_table(one.among(panel.units)[0], panel.units)
                for name, one in study.all_weights.items()
            },
        )
    asked = asked_of(row)
    model, errors = asked.get("model"), asked.get("errors")
    if model is None:  # a test
        # Without SDM a study has multiplier tests, which need no spatial term.
        model = "SDM" if "SDM" in (*spec.models, spec.model) else "OLS"
        if row["term"] == "Mundlak":
            model = spec.model
    then = _then(study, spec, row, model, len(panel.periods))
    if errors is None:  # by unit
        errors = "observed" if then else "unit_t"
    matrix, _ = study.all_weights[row["w_id"]].among(panel.units)
    arguments |= {"model": model, "inference": errors}
    if "factors" in asked:
        arguments["factors"] = asked["factors"]
    return Call(
        function="spatial_panel",
        data=data,
        arguments=arguments,
        places=(_place(spec, row, panel.values.shape[:2]),),
        weights=weights_table(matrix, panel.units),
        then=then,
    )


def _then(
    study: Study,
    spec: SpatialPanelSpec,
    row: Row,
    model: str,
    n_periods: int,
) -> Then | None:
    """Return the method of the fit that has a row, none where the fit itself has it."""
    stream = f"spatial_panel:{spec.id}:{row['w_id']}:{model}"

    def seed(name: str) -> list[int]:
        return seed_of(study.config.inference.seed, f"{stream}:{name}")

    if row["effect_type"] == "test":
        return "specification_tests", {}
    if row["term"] in RESIDUALS:
        return "residual_tests", {"draws": PERMUTATIONS, "seed": seed("moran")}
    drawn = asked_of(row).get("drawn")
    if drawn == "units":
        return "bootstrap", {"draws": UNIT_DRAWS, "seed": seed(drawn)}
    if drawn == "years":
        together = years_together(n_periods)
        draws = {"draws": YEAR_DRAWS, "years": together, "seed": seed(drawn)}
        return "bootstrap", {"by": "date", **draws}
    if row["effect_type"] not in EFFECTS:
        return None
    of_effects: dict[str, Any] = {"inference": asked_of(row).get("errors", "unit")}
    if drawn:
        of_effects |= {"draws": DRAWS, "seed": seed("draws")}
    return "impacts", of_effects


def _place(spec: SpatialPanelSpec, row: Row, shape: tuple[int, ...]) -> Place:
    term = row["term"]
    if row["effect_type"] == "test":
        return TableRow(line=term, columns=OF_TEST)
    if term in RESIDUALS:
        columns = {"estimate": "statistic", "p_value": "p_value"}
        return TableRow(line=RESIDUALS[term], columns=columns)
    if row["effect_type"] in EFFECTS:
        name = f"{row['effect_type']} {term}"
        # Percentiles of drawn parameters take the place of the t statistic.
        if asked_of(row).get("drawn") == "parameters":
            return Coefficient(
                term=name,
                columns=same(
                    "estimate", "std_error", "p_value", "conf_low", "conf_high"
                ),
            )
        return Coefficient(term=name)
    if row["effect_type"] == "coef":
        return Coefficient(term=term)
    # The row counts the error variance as a parameter, the library the constant and what
    # effects are estimated.
    uncounted = 1 - _effects_counted(spec, *shape)
    return Attribute(attribute=CRITERIA[term], parameters=uncounted)


def _effects_counted(spec: SpatialPanelSpec, units: int, periods: int) -> int:
    """Return how many effects are parameters of the library's AIC and BIC."""
    if spec.effects == "pooled":
        return 1
    if spec.approach == "lee_yu":
        return 0
    dummies = {"unit": units, "time": periods, "two_way": units + periods - 1}
    return dummies[spec.effects]
