"""A contrast of made tables for the tests of contrasts. Import: ``from
shared.toy_contrasts import toy_contrast``.
"""

from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.estimates import NAN, Estimate


def toy_contrast(table, weights, labels=("cluster", "sez"), more=None, **row):
    """A contrast of coefficients of labels, given x; ``row`` are fields of its row and
    ``more`` those of the contrast.
    """
    named = {"term": next(iter(weights)), "outcome": "y", **row}
    if len(weights) > 1:
        named.setdefault("contrast", " - ".join(weights))
    return GroupContrast(
        row=Estimate(estimator="ols", spec_id="toy", estimate=NAN, **named),
        table=table,
        outcome=named["outcome"],
        labels=labels,
        controls=("x",),
        weights=weights,
        **(more or {}),
    )
