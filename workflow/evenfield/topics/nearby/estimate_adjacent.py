"""Growth differences between neighbours, inside groups and over their borders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from evenfield.models.neighbour_pairs import NeighbourPairs, neighbours
from evenfield.numerics.errors import NumericsError
from evenfield.shared.distances import STEPS
from evenfield.shared.estimates import Estimate, untested
from evenfield.shared.few_units import fields_of
from evenfield.topics.nearby.estimate_beside_spec import Adjacent
from evenfield.topics.nearby.estimate_case import Case, term_of
from evenfield.topics.nearby.estimate_left_out import groups_of

ESTIMATOR = "first_differences"


def check_adjacent(case: Case, asked: Adjacent) -> None:
    """Refuse groups and borders that cannot be read."""
    groups_of(case, asked.column)
    touching(case)


def touching(case: Case) -> np.ndarray:
    """Return which units share a border, (N, N) of bool."""
    distance = case.cases.distance(STEPS)
    return np.asarray(distance == 1)


def adjacent_rows(case: Case, asked: Adjacent) -> list[Estimate]:
    """Return growth on each list and near it as differences between neighbours: of pairs
    inside groups, and of pairs over the borders of groups.
    """
    groups = groups_of(case, asked.column)
    border = touching(case)
    rows = []
    for inside in (True, False):
        for near in (True, False):
            chosen = case.nearby.sample.copy()
            if near:
                chosen &= ~case.nearby.lists.any(axis=1)
            pairs = neighbours(border, chosen)
            same = groups[pairs[:, 0]] == groups[pairs[:, 1]]
            rows += _rows(case, asked, pairs[same == inside], inside=inside, near=near)
    return rows


def _rows(
    case: Case, asked: Adjacent, pairs: np.ndarray, *, inside: bool, near: bool
) -> list[Estimate]:
    nearby = case.nearby
    lists = nearby.exposure(nearby.lists) if near else nearby.lists
    names = [term_of(own, near=near) for own in case.spec.named]
    side = f"inside one {asked.column}" if inside else f"over borders of {asked.column}"
    asked_of = list(_combinations(names))
    rows = []
    for term, contrast, _ in asked_of:
        row = case.row(term, contrast, near=near)
        rows.append(
            replace(
                row,
                role="robustness",
                estimator=ESTIMATOR,
                spec_id=asked.id(inside=inside),
                sample_id=f"{row.sample_id}, neighbours {side}",
                fe_id="pairs",
            )
        )
    try:
        model = NeighbourPairs.of(
            nearby.growth,
            np.column_stack([lists, nearby.held]),
            names,
            pairs,
            case.clusters,
        )
    except NumericsError as error:
        return [replace(row, warning=f"not defined: {error}") for row in rows]
    out = []
    for row, (_, _, of_lists) in zip(rows, asked_of, strict=True):
        weights = np.concatenate([of_lists, np.zeros(nearby.held.shape[1])])
        test = model.tested(weights, case.level)
        counted = replace(
            row,
            n_obs=len(pairs),
            n_units=model.units,
            n_treated=int(model.differ[np.flatnonzero(of_lists)[0]]),
        )
        if test.reason:
            out.append(replace(counted, **untested(test.reason, counted.asked)))
            continue
        out.append(replace(counted, **fields_of(test, case.level)))
    return out


def _combinations(names: list[str]) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield each list by itself, and the first less the second: term, contrast, weights."""
    for name, own in zip(names, np.eye(len(names)), strict=True):
        yield name, "", own
    if len(names) > 1:
        yield names[0], " - ".join(names), np.array([1.0, -1.0])
