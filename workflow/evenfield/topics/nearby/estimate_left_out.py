"""Growth nearby with the units of each group left out in turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import infer
from evenfield.shared.estimates import Estimate, asking
from evenfield.shared.few_units import fields_of
from evenfield.shared.unit_columns import group_codes
from evenfield.topics.nearby.estimate_beside_spec import LeftOut
from evenfield.topics.nearby.estimate_case import Case, term_of

ENDS = (
    "lowest",
    "highest",
)  # behind the estimator: the row that is lowest, and highest
WITHOUT = "without"


def check_left_out(case: Case, asked: LeftOut) -> None:
    """Refuse groups that cannot be read."""
    groups_of(case, asked.column)


def groups_of(case: Case, column: str) -> np.ndarray:
    """Return the groups of the units by name, (N,)."""
    where = f"nearby {case.spec.id}: groups"
    group_codes(case.unit_rows, column, where, case.nearby.sample)
    return case.unit_rows[column].astype(str).to_numpy(dtype=str)


def left_out_rows(case: Case, asked: LeftOut) -> list[Estimate]:
    """Return growth near the first list, by itself and less that near the second, without
    each group that has a unit in the regression, and the lowest and highest of each.
    """
    groups = groups_of(case, asked.column)
    compared = case.nearby.near_model(list(case.spec.named)).rows
    names = sorted(set(groups[compared]))
    by_group = [_without(case, asked, groups, name) for name in names]
    rows = [row for found in by_group for row in found]
    for of_all_groups in zip(*by_group, strict=True):
        known = [row for row in of_all_groups if np.isfinite(row.estimate)]
        if not known:
            continue
        in_order = sorted(known, key=lambda row: row.estimate)
        for end, row in zip(ENDS, (in_order[0], in_order[-1]), strict=True):
            rows.append(
                replace(row, role="description", estimator=f"{row.estimator}_{end}")
            )
    return rows


def _without(
    case: Case, asked: LeftOut, groups: np.ndarray, name: str
) -> list[Estimate]:
    """Return the rows without a group, whose units still count as neighbours."""
    kept = case.compared_among(groups != name)
    terms = [term_of(own, near=True) for own in case.spec.named]
    asked_of = [("", np.eye(len(terms))[0])]
    if len(terms) > 1:
        asked_of.append((" - ".join(terms), np.array([1.0, -1.0])))
    rows = []
    for contrast, _ in asked_of:
        row = kept.row(terms[0], contrast, near=True)
        rows.append(
            replace(
                row,
                role="robustness",
                spec_id=asked.id,
                sample_id=f"{row.sample_id}, {WITHOUT} {name}",
                asked=asking(row.asked, without=name, inference=case.spec.deciding),
            )
        )
    try:
        model = kept.nearby.near_model(terms)
        design = kept.design(model, [case.spec.deciding])
    except NumericsError as error:
        return [replace(row, warning=f"not defined: {error}") for row in rows]
    out = []
    for row, (_, c) in zip(rows, asked_of, strict=True):
        test = infer(case.spec.deciding, design, model.weights(c), kept.level)
        marked = model.regressors[:, 0] > 0
        n = len(model.rows)
        found = replace(row, n_obs=n, n_units=n, n_treated=int(marked.sum()))
        if test.reason:
            out.append(replace(found, warning=f"not defined: {test.reason}"))
            continue
        out.append(replace(found, **fields_of(test, kept.level)))
    return out
