"""The policies of a study by unit of its main scheme."""

from collections.abc import Sequence

import pandas as pd

from evenfield.shared.settings import check_names
from evenfield.study.study import Study


def policy_table(study: Study) -> pd.DataFrame:
    """Return the policies with the units of the main scheme in place of their parts."""
    policies = study.ingested("policies", ("unit", "kind", "grade"))
    units = policies["unit"].replace(merged_units(study))
    return policies.assign(unit=units, grade=policies["grade"].fillna(""))


def merged_units(study: Study) -> dict[str, str]:
    """Return the unit of the main scheme that each part is merged into."""
    scheme = study.config.panel.unit_schemes[study.main]
    merged: dict[str, str] = {}
    for unit, parts in scheme.items():
        if unit != "replace":
            merged |= dict.fromkeys(parts, unit)
    return merged


def kinds_of(policies: pd.DataFrame, kinds: Sequence[str], where: str) -> list[str]:
    """Return the kinds that are asked for, all where none is named."""
    known = sorted(policies["kind"].unique())
    check_names(kinds, known, f"{where}: `kinds`")
    return list(kinds) or known
