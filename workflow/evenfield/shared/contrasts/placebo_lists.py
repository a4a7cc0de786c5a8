"""Rows about placebo lists (models/placebo_lists.py): the size of each method of a
contrast, its corrected p, and how many methods agree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from evenfield.models.placebo_lists import PlaceboCase, Size, agreed, rejecting
from evenfield.numerics.errors import NumericsError
from evenfield.shared.contrasts.designs import ContrastDesign
from evenfield.shared.estimates import NAN, Estimate, Fields, asking, what_is_asked

ROLE = "design"
SIZE = "stat_size"
NUMBER = "stat_lists"
REJECTING = "stat_rejecting"
ALL_LISTS = "all placebo lists"
DRAWN_LISTS = "placebo lists drawn"
CORRECTED_P = "p corrected by placebo lists"
OWN_P = "p of each method"
# What of placebo lists a row is about, but for the size of a method: columns of `sizes()`.
LISTS = "lists"
REJECTS = "rejects"
REJECTS_UNCORRECTED = "rejects_uncorrected"


def placebo_rows(
    row: Estimate, design: ContrastDesign, methods: Mapping[str, str]
) -> list[Estimate]:
    """Return the size of each method of a contrast on placebo lists, with its corrected
    p; ``methods`` are names of the registry and what their rows are called. As many
    lists as the settings say are drawn where they are not all tried.
    """
    blank = _about(row, "placebo", NUMBER, "different lists", LISTS)
    units = design.units.names
    geographies = design.geographies
    case = PlaceboCase(
        regression=design.regression,
        design=design,
        dealt=design.label_draws,
        strata=lambda: geographies.strata(units),
        level=geographies.inference.level,
    )
    try:
        draw_id = design.contrast.draw_id
        lists = geographies.lists(units, design.regression.labels, draw_id)
        found = case.sizes(lists, list(methods))
    except NumericsError as error:
        return [replace(blank, warning=f"no placebo lists: {error}")]
    which = ALL_LISTS if found.every else DRAWN_LISTS
    counts: Fields = {"estimate": found.different, "n_obs": found.tried}
    rows = [replace(blank, **counts, p_type=which)]
    for name, suffix in methods.items():
        size = found.of_method[name]
        of_method = replace(
            blank,
            estimator=f"{blank.estimator}_{suffix}",
            asked=asking(blank.asked, lists=name),
            effect_type=SIZE,
            unit_of_measure="share of placebo lists",
            statistic=size.statistic,
        )
        rows.append(_calibrated(of_method, size, name, every=found.every))
    return rows


def agreement_rows(
    row: Estimate,
    p_values: Mapping[str, float],
    tried: Iterable[Estimate],
    level: float,
) -> list[Estimate]:
    """Return how many methods reject for one contrast, of how many that have a p: by
    the corrected p of ``placebo_rows`` where a method has one, and by its own beside
    it; ``p_values`` by method.
    """
    corrected = {
        what_is_asked(one.asked)["lists"]: one.p_value
        for one in tried
        if one.effect_type == SIZE and np.isfinite(one.p_value)
    }
    own = {name: p for name, p in p_values.items() if np.isfinite(p)}
    law = CORRECTED_P if corrected else OWN_P
    return [
        _rejecting(row, "methods", agreed(own, corrected), level, law, REJECTS),
        _rejecting(row, "methods_uncorrected", own, level, OWN_P, REJECTS_UNCORRECTED),
    ]


def _rejecting(
    row: Estimate,
    ending: str,
    p_values: Mapping[str, float],
    level: float,
    law: str,
    about: str,
) -> Estimate:
    """Return the row of how many p-values reject."""
    blank = _about(row, ending, REJECTING, "methods", about)
    count = rejecting(p_values, level)
    return replace(blank, estimate=count, n_obs=len(p_values), p_type=law)


def _about(
    row: Estimate, ending: str, effect_type: str, unit: str, about: str
) -> Estimate:
    """Return an empty row about the inference of a contrast."""
    return replace(
        row,
        hypothesis="",
        role=ROLE,
        estimator=f"{row.estimator}_{ending}",
        effect_type=effect_type,
        estimate=NAN,
        sesoi=NAN,
        g_star=NAN,
        max_leverage_unit="",
        unit_of_measure=unit,
        warning="",
        asked=asking(row.asked, lists=about),
    )


def _calibrated(row: Estimate, size: Size, name: str, *, every: bool) -> Estimate:
    """Return the row of a method, which holds the t of the data, with the method's size
    and corrected p.
    """
    if not np.isfinite(size.size):
        return replace(row, warning=f"{name} is not defined for these labels")
    lacking = f"not defined for {size.undefined} lists" if size.undefined else ""
    return replace(
        row,
        estimate=size.size,
        std_error=size.std_error,
        se_type="" if every else "Monte Carlo",
        p_value=size.p_value,
        p_type=f"rank of |t| among {'all ' if every else ''}placebo lists",
        n_obs=size.lists,
        warning=lacking,
    )
