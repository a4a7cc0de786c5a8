"""Convergence by regime without inference: speeds within groups, and the support of initial income by exposure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.numerics.convergence import speed_from_slope
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import fit_ols
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import joined
from evenfield.topics.regime.estimate_data import (
    EXPOSURES,
    INITIAL,
    OUTCOME,
    OWN,
    RegimeSection,
    common_support,
    income_support,
)
from evenfield.topics.regime.estimate_job import Job, base_fields, basis_note

WITHIN_UNITS = 3
GROUPS = ("cluster", "sez", "neither")


def within_rows(section: RegimeSection, job: Job) -> list[Estimate]:
    """Return the speed among cluster units, among SEZ units and among the others, without inference."""
    base = {**base_fields(section, job), "estimator": "within_group", "term": "speed", "effect_type": "lambda",
            "role": "description", "unit_of_measure": "% per year"}  # fmt: skip
    members = (section.table[OWN[0]] > 0, section.table[OWN[1]] > 0, ~(section.table[list(OWN)] > 0).any(axis=1))
    rows = []
    for group, inside in zip(GROUPS, members, strict=True):
        n = int(inside.sum())
        speed, reason = _within_speed(section.table[inside], section.years)
        note = joined(basis_note(section), f"description only: {n} units", reason)
        rows.append(Estimate(**{**base, "n_obs": n, "n_units": n}, contrast=group, estimate=speed, warning=note))
    return rows


def _within_speed(table: pd.DataFrame, years: int) -> tuple[float, str]:
    if len(table) < WITHIN_UNITS:
        return NAN, f"not defined: a slope needs at least {WITHIN_UNITS} units"
    try:
        fit = fit_ols(table[OUTCOME].to_numpy(float), np.column_stack([np.ones(len(table)), table[INITIAL]]))
    except NumericsError as error:
        return NAN, f"not defined: {error}"
    speed = 100 * speed_from_slope(float(fit.beta[1]) / 100, years)
    return speed, "" if np.isfinite(speed) else "not defined: 1 + bT is not positive"


def support_rows(section: RegimeSection, job: Job) -> list[Estimate]:
    """Return the initial incomes that all thirds of an exposure share."""
    base = {**base_fields(section, job), "estimator": "common_support", "effect_type": "stat", "role": "description"}
    initial, rows = section.table[INITIAL].to_numpy(float), []
    for exposure in EXPOSURES:
        support = income_support(section, exposure)
        empty = f"{3 - len(support)} thirds are empty because exposures are tied" if len(support) < 3 else ""
        values = zip(("low", "high", "share"), common_support(support, initial), strict=True)
        for term, value in values:
            lost = "" if np.isfinite(value) else "not defined: the thirds share no initial income"
            rows.append(Estimate(**base, term=f"initial_income_{term}", contrast=exposure, estimate=value,
                                 unit_of_measure="share of units" if term == "share" else "log points from the mean",
                                 warning=joined(basis_note(section), empty, lost)))  # fmt: skip
    return rows
