"""How many estimates were made: Holm over the primary rows, q for the explored ones."""

from collections.abc import Mapping

import pandas as pd

from evenfield.numerics.inference.multiple_testing import sharpened_q
from evenfield.shared.second_studies import OWN_STUDY
from evenfield.shared.tables.rows import matching


def adjusted(
    estimates: pd.DataFrame, primary: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """Fill ``p_adjusted`` of the primary row of each hypothesis that rests on the study
    itself, over those rows, and ``q_value`` of every exploratory row.
    """
    out = estimates.copy()
    tested = set[int]()
    for select in primary.values():
        # Rows of studies beside are not among these estimates.
        if select.get("study", OWN_STUDY) != OWN_STUDY:
            continue
        own = {name: text for name, text in select.items() if name != "study"}
        rows = matching(out, own)
        # A selection that does not name one row is refused where the claims are
        # answered, with these estimates at hand.
        if len(rows) == 1 and rows["p_value"].notna().all():
            tested.add(rows.index[0])
    first = holm(out.loc[sorted(tested), "p_value"])
    out.loc[first.index, "p_adjusted"] = first
    explored = out["role"].eq("exploratory") & out["p_value"].notna()
    if explored.any():
        p_values = out.loc[explored, "p_value"].to_numpy()
        out.loc[explored, "q_value"] = sharpened_q(p_values).q_values
    return out


def holm(p_values: pd.Series) -> pd.Series:
    """Return the p-values of several questions, by name, adjusted for their number.

    Notes
    -----
    The k-th smallest of m is multiplied by m - k + 1, and none is below one before it
    (Holm 1979).
    """
    # ASSUME: Holm over the primary rows of all hypotheses, because their null laws
    # differ and share no draws.
    if p_values.empty:
        return p_values
    from statsmodels.stats.multitest import multipletests

    return pd.Series(multipletests(p_values, method="holm")[1], p_values.index)
