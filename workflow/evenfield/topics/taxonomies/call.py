"""How well groupings of units describe growth, as calls of the library."""

import numpy as np
import pandas as pd

from evenfield.shared.calls import Call, asked_of, section_of, specification
from evenfield.shared.contrasts.calls import (
    differs_by_order,
    permutation_arguments,
    with_strata,
)
from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.shared.places import Attribute, NumberOfTerms, TableRow, same
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.taxonomies.estimate import (
    DICHOTOMY,
    GROWTH,
    MIXED,
    NONE,
    PLANE,
    Section,
    TaxonomiesSpec,
    cells_of,
    growth_of,
    plane_of,
)

LABELS = ["cluster", "sez"]
AXES = ["endogenous", "exogenous"]
PRODUCT = "product"
# Regressors of each grouping.
REGRESSORS = {
    NONE: [],
    DICHOTOMY: LABELS,
    MIXED: [*LABELS, PRODUCT],
    PLANE: [*AXES, PRODUCT],
}
CRITERION = (
    "bic of the library counts N (ln 2 pi + 1) besides, which the row leaves out"
)


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the error of predicting units left out from a
    grouping, its information criterion, or by how much it is better than two labels.
    """
    spec = specification(section_of(study, Section, "taxonomies"), row)
    names = REGRESSORS[row["term"]]
    table = _table(study, spec, row)
    if "gain" in asked_of(row):
        return _gain(study, row, table, names)
    data = table[[GROWTH, *names]].rename_axis("unit").reset_index()
    number = Attribute(attribute="prediction_error")
    if row["estimator"] == "bic":
        # The constant of normal errors is the same for all groupings.
        constant = len(data) * (np.log(2 * np.pi) + 1)
        number = Attribute(attribute="bic", plus=-constant)
    return Call(
        function="ols",
        data=data,
        arguments={
            "formula": f"{GROWTH} ~ {' + '.join(names) or '1'}",
            "unit": "unit",
            "inference": ["classical"],
        },
        places=(NumberOfTerms(name="df"), number),
        note=CRITERION if row["estimator"] == "bic" else "",
    )


def _table(study: Study, spec: TaxonomiesSpec, row: Row) -> pd.DataFrame:
    """Return growth and the columns of all groupings by unit."""
    period = row["period"]
    table, _ = growth_of(study, spec, period)
    axes = LABELS
    taxonomy = row["treatment_def"]
    if row["term"] == PLANE:
        periods = study.description()["periods"]
        item = next(item for item in periods if str(item["period"]) == period)
        table, _ = plane_of(study, spec, item, table)
        axes = AXES
        taxonomy = study.config.taxonomy.primary
    cells = cells_of(study, taxonomy, period).reindex(table.index)
    table = table.assign(**{name: cells[name].astype(float) for name in LABELS})
    return table.assign(**{PRODUCT: table[axes[0]] * table[axes[1]]})


def _gain(study: Study, row: Row, table: pd.DataFrame, names: list[str]) -> Call:
    """Return the call that compares a grouping with two labels, both dealt out."""
    geographies = study_geographies(study)
    units = table.index.to_numpy(str)
    columns = list(dict.fromkeys([*names, *LABELS]))
    data = table[[GROWTH, *columns]].astype(float).rename_axis("unit").reset_index()
    asked = asked_of(row)
    draw_id = f"{row['unit_scheme']}:{row['sample_id']}"
    arguments = {
        "y": GROWTH,
        "labels": names,
        "unit": "unit",
        **permutation_arguments(asked["scheme"], units, geographies, draw_id),
    }
    return Call(
        function="label_permutation",
        data=with_strata(data, arguments, units, geographies),
        arguments=arguments,
        places=(TableRow(line=asked["gain"], columns=same("estimate", "p_value")),),
        then=("gains", {"against": LABELS}),
        differs=differs_by_order(units),
    )
