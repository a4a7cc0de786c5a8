"""The same comparison under every taxonomy: smallest, largest, and how many agree in
sign.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter

import numpy as np

from evenfield.shared.estimates import NAN, Estimate, asking, what_is_asked

# All that two rows of one comparison share; `treatment_def`, the taxonomy, differs.
COMPARISON = attrgetter(
    *"spec_id estimator outcome term contrast sample_id unit_scheme period".split()
)
SHARED = """
    hypothesis family spec_id outcome term contrast sample_id unit_scheme period n_units
    unit_of_measure output_basis data_hash
""".split()
DECIDING = ("primary", "robustness", "exploratory")


def taxonomy_range_rows(rows: Iterable[Estimate], primary: str) -> list[Estimate]:
    """Return the range of each comparison over all taxonomies that define it."""
    comparisons = defaultdict[tuple[str, ...], list[Estimate]](list)
    for row in rows:
        decides = row.role in DECIDING and row.effect_type == "coef"
        if decides and np.isfinite(row.estimate):
            comparisons[COMPARISON(row)].append(row)
    ranges = list[Estimate]()
    for group in comparisons.values():
        ranges += _range(group, primary)
    return ranges


def _range(group: list[Estimate], primary: str) -> list[Estimate]:
    """Return the range of one comparison, where the primary taxonomy and another one
    define it.
    """
    # The primary taxonomy comes first, then the others by name.
    group = sorted(
        group, key=lambda row: (row.treatment_def != primary, row.treatment_def)
    )
    main = group[0]
    if main.treatment_def != primary or len(group) == 1:
        return []
    low, high = (pick(group, key=lambda row: row.estimate) for pick in (min, max))
    agree = sum(np.sign(row.estimate) == np.sign(main.estimate) for row in group)
    base = Estimate(
        **{name: getattr(main, name) for name in SHARED},
        role="robustness",
        estimator="taxonomy_range",
        treatment_def=f"{len(group)} taxonomies",
        estimate=NAN,
        n_obs=len(group),
        # Those of a mean over periods.
        asked=asking(periods=what_is_asked(main.asked).get("periods", [])),
    )
    ends = [
        replace(
            base,
            effect_type=f"stat_range_{end}",
            estimate=row.estimate,
            warning=f"taxonomy {row.treatment_def}",
        )
        for end, row in {"low": low, "high": high}.items()
    ]
    same_sign = replace(
        base,
        effect_type="stat_range_sign",
        estimate=float(agree),
        unit_of_measure="count",
    )
    return [*ends, same_sign]
