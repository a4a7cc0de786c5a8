"""The same comparison under every taxonomy: smallest, largest, and how many agree in
sign.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from evenfield.shared.estimates import NAN, Estimate, Fields

# All that two rows of one comparison share; `treatment_def`, the taxonomy, differs.
KEYS = (
    "spec_id",
    "estimator",
    "outcome",
    "term",
    "contrast",
    "sample_id",
    "unit_scheme",
    "period",
)
SHARED = (
    *(
        "hypothesis",
        "family",
        "spec_id",
        "outcome",
        "term",
        "contrast",
        "sample_id",
        "unit_scheme",
        "period",
    ),
    *("n_units", "unit_of_measure", "output_basis", "data_hash"),
)
DECIDING = ("primary", "robustness", "exploratory")


def taxonomy_range_rows(rows: Iterable[Estimate], primary: str) -> list[Estimate]:
    """Return the range of each comparison over all taxonomies that define it."""
    groups: dict[tuple[str, ...], list[Estimate]] = {}
    for row in rows:
        if (
            row.role in DECIDING
            and row.effect_type == "coef"
            and np.isfinite(row.estimate)
        ):
            groups.setdefault(
                tuple(str(getattr(row, name)) for name in KEYS), []
            ).append(row)
    return [
        estimates for group in groups.values() for estimates in _range(group, primary)
    ]


def _range(group: list[Estimate], primary: str) -> list[Estimate]:
    main = [row for row in group if row.treatment_def == primary]
    if not main or len(group) < 2:
        return []
    group = sorted(
        group, key=lambda row: (row.treatment_def != primary, row.treatment_def)
    )
    low, high = (pick(group, key=lambda row: row.estimate) for pick in (min, max))
    agree = sum(np.sign(row.estimate) == np.sign(main[0].estimate) for row in group)
    shared = {name: getattr(main[0], name) for name in SHARED}
    labels: Fields = {
        "role": "robustness",
        "estimator": "taxonomy_range",
        "treatment_def": f"{len(group)} taxonomies",
    }
    base = Estimate(
        **shared,
        **labels,
        estimate=NAN,
        n_obs=len(group),
    )
    ends = [
        replace(
            base,
            effect_type=name,
            estimate=row.estimate,
            warning=f"taxonomy {row.treatment_def}",
        )
        for name, row in (("stat_range_low", low), ("stat_range_high", high))
    ]
    return [
        *ends,
        replace(
            base,
            effect_type="stat_range_sign",
            estimate=float(agree),
            unit_of_measure="count",
        ),
    ]
