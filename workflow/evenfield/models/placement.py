"""Who got a policy: levels before it, against policies dealt out again within groups."""

from collections.abc import Sequence

import numpy as np

from evenfield.models.rows import NAN, Row
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.label_permutation import (
    LabelRegression,
    label_permutation,
    stratified_label_draws,
)

PERMUTED = "permuted policies"


def permuted_policies(
    y: Array,
    policies: Array,
    names: Sequence[str],
    controls: Array,
    groups: np.ndarray,
    rng: np.random.Generator,
    draws: int,
) -> list[Row]:
    """Return a row for each policy: the coefficient in a regression of levels on all
    policies, earlier ones and groups, against those of policies of units moved within
    groups.

    Parameters
    ----------
    y, policies : (N,), (N, K)
        Levels before any policy, and zeros and ones.
    names : of the policies
    controls : (N, H)
        Policies that were there already, zeros and ones.
    groups : codes, (N,)
    rng, draws : generator and number of the permutations

    Notes
    -----
    The policies of a unit stay together; the statistic is the coefficient over its
    classical error, whatever levels are tested with besides.
    """
    # ASSUME: policies are dealt out among units of a group that had the same before.
    alike = np.column_stack([groups, controls])
    strata = np.unique(alike, axis=0, return_inverse=True)[1].ravel()
    drawn = stratified_label_draws(strata, draws, rng)
    dummies = groups[:, None] == np.unique(groups)
    held = np.hstack([controls, dummies])
    rows = []
    for name, c in zip(names, np.eye(len(names)), strict=True):
        try:
            regression = LabelRegression(y=y, labels=policies, controls=held, c=c)
            permuted = label_permutation(regression, drawn)
        except NumericsError as error:
            test = Tested(estimate=NAN, reason=str(error))
        else:
            test = Tested(
                estimate=permuted.estimate,
                statistic=permuted.statistic,
                p_value=permuted.p_value,
                se_type="none: permutation",
                p_type=f"{draws} permutations of policies in groups",
                law=f"{draws} permutations",
            )
        rows.append(Row(name, test, PERMUTED))
    return rows
