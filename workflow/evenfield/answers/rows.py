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
    selected = [matching(out, select) for select in primary.values()]
    # A selection that does not name one row is refused where the claims are answered,
    # with these estimates at hand.
    tested = sorted(
        {
            rows.index[0]
            for rows in selected
            if len(rows) == 1 and rows["p_value"].notna().all()
        }
    )
    if tested:
        out.loc[tested, "p_adjusted"] = multipletests(
            out.loc[tested, "p_value"].to_numpy(), method="holm"
        )[1]
    explored = out["role"].eq("exploratory") & out["p_value"].notna()
    if explored.any():
        out.loc[explored, "q_value"] = sharpened_q(
            out.loc[explored, "p_value"].to_numpy()
        ).q_values
    return out
