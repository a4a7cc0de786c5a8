"""Rows of the estimates: chosen by equality of texts, exactly one; Holm over the primary ones, q for the explored."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import pandas as pd
from statsmodels.stats.multitest import multipletests

from evenfield.numerics.inference.multiple_testing import sharpened_q
from evenfield.shared.tables.rows import Row, records
from evenfield.study.errors import ClaimsError, first_examples

# Two rows that differ only here hold different numbers of one question; the columns that identify come first.
TOLD_APART = (
    "estimator effect_type term contrast period sample_id treatment_def controls_id w_id outcome spec_id".split()
)


def matching(estimates: pd.DataFrame, select: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows whose columns hold the wanted texts."""
    for column, text in select.items():
        estimates = estimates[estimates[column].eq(text)]
    return estimates


def one_row(estimates: pd.DataFrame, select: Mapping[str, str], where: str) -> Row:
    """Return the one row that a selection names, or say why there is none or more than one."""
    found = matching(estimates, select)
    if len(found) == 1:
        return records(found)[0]
    if len(found):
        apart = [name for name in [*TOLD_APART, *found.columns] if name not in select and found[name].nunique() > 1]
        column = apart[0] if apart else "estimate_id"
        values = first_examples(sorted(map(repr, found[column].astype(str).unique())), 5)
        matched = f"{where} selects {len(found)} rows; they differ in {column} ({values})"
        raise ClaimsError(matched, "exactly one row", f"name the {column}")
    for column, text in select.items():
        left = estimates[estimates[column].eq(text)]
        if left.empty:
            there = sorted(estimates[column].unique())
            near = difflib.get_close_matches(text, there, n=3) or there
            empty = f"{where} selects 0 rows, none from {column} '{text}' on"
            raise ClaimsError(empty, f"{column} {first_examples(list(map(repr, near)), 3)}", f"correct the {column}")
        estimates = left
    raise AssertionError("a selection without a column is refused when claims.yaml is read")


def adjusted(estimates: pd.DataFrame, primary: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Fill ``p_adjusted`` of the primary row of each hypothesis and ``q_value`` of every exploratory row."""
    out = estimates.copy()
    # ASSUME: Holm over the primary rows of all hypotheses, because their null laws differ and share no draws.
    found = [matching(out, select) for select in primary.values()]
    # A selection that does not name one row is refused where the claims are answered, with these estimates at hand.
    tested = sorted({rows.index[0] for rows in found if len(rows) == 1 and rows["p_value"].notna().all()})
    if tested:
        out.loc[tested, "p_adjusted"] = multipletests(out.loc[tested, "p_value"].to_numpy(), method="holm")[1]
    explored = out["role"].eq("exploratory") & out["p_value"].notna()
    if explored.any():
        out.loc[explored, "q_value"] = sharpened_q(out.loc[explored, "p_value"].to_numpy()).q_values
    return out
