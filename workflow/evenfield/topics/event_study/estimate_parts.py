"""Parts of a policy, by one of three rules: the wave of the first year, the kind of the
first policy, or whether one policy is in force or several.
"""

from __future__ import annotations

import numpy as np

from evenfield.shared.policies import kinds_of, policy_table
from evenfield.shared.settings import check_names
from evenfield.study.errors import EstimateError
from evenfield.study.study import Study
from evenfield.topics.event_study.estimate_policies import Case, first_rows
from evenfield.topics.event_study.estimate_spec import PartSpec


def parts_of(study: Study, case: Case, spec: PartSpec) -> dict[str, np.ndarray]:
    """Return the unit-years under the policy of each part, (N, T) of bool by name of the
    part; parts without any are left out.

    Raises
    ------
    EstimateError
        If fewer than two parts are left.
    """
    if spec.waves:
        parts = _by_wave(case, spec)
    elif spec.column:
        parts = _by_first_policy(study, case, spec)
    else:
        parts = _by_number_in_force(study, case, spec)
    parts = {name: cells & case.panel.with_effect for name, cells in parts.items()}
    filled = {name: cells for name, cells in parts.items() if cells.any()}
    if len(filled) < 2:
        raise EstimateError(
            f"event study {case.spec.id}: parts by {spec.by}: units of {len(filled)} of"
            f" {len(parts)} parts have years before and under the policy",
            "two parts at least",
            "correct the parts, or drop them",
        )
    return filled


def _by_wave(case: Case, spec: PartSpec) -> dict[str, np.ndarray]:
    """Return all years of the units whose first year lies in each span, (N, T) of bool."""
    parts = {}
    for low, high in spec.waves:
        in_wave = (case.first_years >= low) & (case.first_years <= high)
        parts[f"first years {low} to {high}"] = _every_year(in_wave, case)
    return parts


def _by_first_policy(study: Study, case: Case, spec: PartSpec) -> dict[str, np.ndarray]:
    """Return all years of the units with each value of a column of policies.csv, read in
    the row of their first policy; (N, T) of bool.
    """
    where = f"event study {case.spec.id}: parts"
    policies = policy_table(study)
    if spec.column not in policies:
        raise EstimateError(
            f"{where} name {spec.column}",
            "a column of policies.csv",
            "correct the name",
        )
    kinds = kinds_of(policies, case.spec.kinds, where)
    own_policies = policies[policies["kind"].isin(kinds)]
    values = first_rows(own_policies)[spec.column].reindex(case.units)
    # Units under the policy from the first year of the panel have no year before it.
    with_years_before = case.panel.treated.any(axis=1) & (case.panel.first > 0)
    names = sorted(values[with_years_before].dropna().astype(str).unique())
    value_names = values.astype(str)
    return {name: _every_year(value_names.eq(name).to_numpy(), case) for name in names}


def _by_number_in_force(
    study: Study, case: Case, spec: PartSpec
) -> dict[str, np.ndarray]:
    """Return the unit-years before the first policy of a further kind, and those from it
    on; (N, T) of bool.
    """
    where = f"event study {case.spec.id}: parts"
    policies = policy_table(study)
    check_names(spec.further, policies["kind"].unique(), f"{where}: `further`")
    further = policies[policies["kind"].isin(spec.further)]
    first_further = further.groupby("unit")["first_year"].min().reindex(case.units)
    since = first_further.fillna(np.inf).to_numpy(float)
    several = case.years >= since[:, None]
    return {"one in force": ~several, "two or more in force": several}


def _every_year(units: np.ndarray, case: Case) -> np.ndarray:
    """Return all years of some units, (N,) -> (N, T) of bool."""
    return np.broadcast_to(units[:, None], case.panel.Y.shape)
