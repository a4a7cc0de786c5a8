"""Parts of a policy: waves of first years, kinds of the first policy, numbers in force."""

from __future__ import annotations

import numpy as np

from evenfield.shared.policies import kinds_of, policy_table
from evenfield.shared.settings import check_names
from evenfield.study.errors import EstimateError
from evenfield.study.study import Study
from evenfield.topics.event_study.estimate_policies import Case, first_rows
from evenfield.topics.event_study.estimate_spec import PartSpec


def parts_of(study: Study, case: Case, spec: PartSpec) -> dict[str, np.ndarray]:
    """Return which cells under the policy belong to which part, (N, T) of bool by name;
    two parts at least.
    """
    if spec.waves:
        parts = _waves(case, spec)
    elif spec.column:
        parts = _kinds(study, case, spec)
    else:
        parts = _numbers(study, case, spec)
    before = np.asarray(case.panel.untreated.any(axis=1))
    used = case.panel.treated & before[:, None]
    parts = {name: part & used for name, part in parts.items()}
    seen = {name: part for name, part in parts.items() if part.any()}
    if len(seen) < 2:
        raise EstimateError(
            f"event study {case.spec.id}: parts by {spec.by}: units of {len(seen)} of"
            f" {len(parts)} parts have years before and under the policy",
            "two parts at least",
            "correct the parts, or drop them",
        )
    return seen


def _waves(case: Case, spec: PartSpec) -> dict[str, np.ndarray]:
    shape = case.panel.Y.shape
    parts = {}
    for low, high in spec.waves:
        own = (case.first_years >= low) & (case.first_years <= high)
        parts[f"first years {low} to {high}"] = np.broadcast_to(own[:, None], shape)
    return parts


def _kinds(study: Study, case: Case, spec: PartSpec) -> dict[str, np.ndarray]:
    """Return units by a column of policies.csv in the row of their first policy."""
    where = f"event study {case.spec.id}: parts"
    policies = policy_table(study)
    if spec.column not in policies:
        raise EstimateError(
            f"{where} name {spec.column}",
            "a column of policies.csv",
            "correct the name",
        )
    own = policies[policies["kind"].isin(kinds_of(policies, case.spec.kinds, where))]
    values = first_rows(own)[spec.column].reindex(case.units)
    later = values[case.panel.treated.any(axis=1) & (case.panel.first > 0)]
    names = sorted(later.dropna().astype(str).unique())
    return {
        name: np.broadcast_to(
            values.astype(str).eq(name).to_numpy()[:, None], case.panel.Y.shape
        )
        for name in names
    }


def _numbers(study: Study, case: Case, spec: PartSpec) -> dict[str, np.ndarray]:
    """Return cells by the number of policies in force, the first and further ones."""
    where = f"event study {case.spec.id}: parts"
    policies = policy_table(study)
    check_names(spec.further, policies["kind"].unique(), f"{where}: `further`")
    more = policies[policies["kind"].isin(spec.further)]
    second = more.groupby("unit")["first_year"].min().reindex(case.units)
    several = case.years >= second.fillna(np.inf).to_numpy(float)[:, None]
    return {"one in force": ~several, "two or more in force": several}
