"""How well groupings of units describe growth, as calls of the library."""

import numpy as np

from evenfield.shared.calls import Call, Place, section_of, specification
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.taxonomies.estimate import (
    DICHOTOMY,
    GROWTH,
    MIXED,
    NONE,
    PLANE,
    Section,
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
    grouping, or its information criterion.
    """
    spec = specification(section_of(study, Section, "taxonomies"), row)
    period = row["period"]
    grouping = row["term"]
    table, _ = growth_of(study, spec, period)
    if grouping == PLANE:
        periods = study.description()["periods"]
        item = next(item for item in periods if str(item["period"]) == period)
        table, _ = plane_of(study, spec, item, table)
        axes = AXES
    else:
        cells = cells_of(study, row["treatment_def"], period).reindex(table.index)
        table = table.assign(**{name: cells[name].astype(float) for name in LABELS})
        axes = LABELS
    table = table.assign(**{PRODUCT: table[axes[0]] * table[axes[1]]})
    names = REGRESSORS[grouping]
    data = table[[GROWTH, *names]].rename_axis("unit").reset_index()
    number = Place(attribute="prediction_error")
    if row["estimator"] == "bic":
        # The constant of normal errors is the same for all groupings.
        constant = len(data) * (np.log(2 * np.pi) + 1)
        number = Place(attribute="bic", plus=-constant)
    return Call(
        function="ols",
        data=data,
        arguments={
            "formula": f"{GROWTH} ~ {' + '.join(names) or '1'}",
            "unit": "unit",
            "inference": ["classical"],
        },
        places=(Place(count=True, name="df"), number),
        note=CRITERION if row["estimator"] == "bic" else "",
    )
