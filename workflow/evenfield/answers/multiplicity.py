"""Multiplicity: adjusted p-values of deciding rows by family of hypotheses, q-values of exploratory rows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from statsmodels.stats.multitest import multipletests

from evenfield.answers.evidence import ROMANO_WOLF, SAME_ESTIMAND
from evenfield.numerics.inference.multiple_testing import sharpened_q


def adjust_estimates(frame: pd.DataFrame, families: Mapping[str, str]) -> pd.DataFrame:
    """Fill ``p_adjusted`` of deciding rows and ``q_value`` of exploratory rows."""
    out = frame.copy()
    # ASSUME: Holm over deciding rows: their null laws differ (SCPC, permutation, bootstrap) and share no draws.
    entering = _entering(out)
    named = out["hypothesis"].map(dict(families)).where(out["role"].eq("primary"))
    for family in sorted(set(named.dropna())):
        here = named.eq(family) & entering.notna()
        if here.any():
            out.loc[here, "p_adjusted"] = multipletests(entering[here].to_numpy(), method="holm")[1]
    explored = out["role"].eq("exploratory") & out["p_value"].notna()
    if explored.any():
        out.loc[explored, "q_value"] = sharpened_q(out.loc[explored, "p_value"].to_numpy()).q_values
    return out


def families_of(hypotheses: pd.DataFrame) -> dict[str, str]:
    """Return the family of multiplicity by hypothesis."""
    if "family" not in hypotheses.columns:
        return {}
    return dict(zip(hypotheses["hypothesis"].astype(str), hypotheses["family"].astype(str), strict=True))


def _entering(frame: pd.DataFrame) -> pd.Series:
    inside = frame[frame["estimator"].str.endswith(ROMANO_WOLF)]
    key = [*SAME_ESTIMAND, "estimator"]
    base = inside.assign(estimator=inside["estimator"].str.removesuffix(ROMANO_WOLF))
    joint = base.drop_duplicates(key).set_index(key)["p_value"]
    wanted = pd.MultiIndex.from_frame(frame[key])
    found = pd.Series(joint.reindex(wanted).to_numpy(dtype=float), index=frame.index)
    return found.where(found.notna(), frame["p_value"].astype(float))
