"""How many estimates were made: Holm over the primary rows, q for the explored ones."""

from collections.abc import Mapping

import pandas as pd
from statsmodels.stats.multitest import multipletests

from evenfield.numerics.inference.multiple_testing import sharpened_q
from evenfield.shared.tables.rows import matching


def adjusted(
    estimates: pd.DataFrame, primary: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """Fill ``p_adjusted`` of the primary row of each hypothesis and ``q_value`` of
    every exploratory row.
    """
    out = estimates.copy()
    # ASSUME: Holm over the primary rows of all hypotheses, because their null laws
    # differ and share no draws.
    tested = set[int]()
    for select in primary.values():
        rows = matching(out, select)
        # A selection that does not name one row is refused where the claims are
        # answered, with these estimates at hand.
        if len(rows) == 1 and rows["p_value"].notna().all():
            tested.add(rows.index[0])
    first = sorted(tested)
    if first:
        p_values = out.loc[first, "p_value"].to_numpy()
        out.loc[first, "p_adjusted"] = multipletests(p_values, method="holm")[1]
    explored = out["role"].eq("exploratory") & out["p_value"].notna()
    if explored.any():
        p_values = out.loc[explored, "p_value"].to_numpy()
        out.loc[explored, "q_value"] = sharpened_q(p_values).q_values
    return out
