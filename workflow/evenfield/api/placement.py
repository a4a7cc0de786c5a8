"""Who got a policy: levels before it, compared within groups of units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import names_of, reported, table
from evenfield.api.regression import UNREAD, ols
from evenfield.api.results import Fit, chosen, line_of
from evenfield.models.placement import permuted_policies
from evenfield.study.errors import EstimateError


@reported("placement", passes_to=ols)
def placement(
    formula: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    inference: str | Sequence[str] = "HC3",
    held: str | Sequence[str] = (),
    draws: int = 9999,
    seed: int = 0,
    **options: object,
) -> Fit:
    """Compare units that got a policy with others before it: who got it.

    Parameters
    ----------
    formula : str
        ``np.log(gdp) ~ zone + cluster | province``: an outcome before any policy, 0 or 1
        for each policy, and behind the bar groups within which units are compared.
    data : DataFrame
        One row a unit.
    unit, inference, **options
        As for ``ols``.
    held : str or sequence of str
        Which of the policies, 0 or 1, were there already: they are held, and others are
        dealt out among units that had the same ones.
    draws, seed : int
        Permutations of the policies of units within the groups.

    Returns
    -------
    Fit
        One row for each policy that is not held and inference, then ``permuted
        policies``.

    Notes
    -----
    Policies of a unit stay together when they are permuted; the statistic is the
    coefficient over its classical error, whatever ``inference`` is.
    """
    whole("draws", draws, lowest=1)
    kinds = names_of(inference)
    rows = table(formula, data, unit, None, of_one_date=True)
    fit = ols(formula, data, unit=unit, inference=kinds, seed=seed, **options)
    labels = rows.X.drop(columns="Intercept", errors="ignore")
    names = [str(name) for name in labels]
    other = [name for name in names if not labels[name].isin([0, 1]).all()]
    if other:
        raise EstimateError(
            f"values of {other[0]} beside 0 and 1",
            "1 for units that got the policy, 0 for others",
            "make such a column",
        )
    if not names:
        raise EstimateError(
            "a formula without a policy", "one at least", "write 'y ~ policy | group'"
        )
    earlier = names_of(held)
    for name in earlier:
        chosen("policy in the formula", name, names)
    names = [name for name in names if name not in earlier]
    if not names:
        raise EstimateError("all policies held", "one that is not", "leave it out")
    groups = np.zeros(len(labels), dtype=int)
    if rows.effects:
        within = pd.DataFrame({name: rows.effect(name) for name in rows.effects})
        groups = within.groupby(list(within)).ngroup().to_numpy()
    tests = permuted_policies(
        np.asarray(rows.y, dtype=float),
        labels[names].to_numpy(float),
        names,
        controls=labels[earlier].to_numpy(float),
        groups=groups,
        rng=np.random.default_rng(seed),
        draws=draws,
    )
    permuted = pd.DataFrame(map(line_of, tests))

    def lines(level: float) -> pd.DataFrame:
        of_policies = fit.rows(level)
        of_policies = of_policies[of_policies["term"].isin(names)]
        return pd.concat([of_policies, permuted], ignore_index=True)

    with_policy = {f"with {name}": int(labels[name].sum()) for name in names}
    return Fit(
        "Placement of policies",
        lines,
        fit.nobs,
        notes={
            **with_policy,
            "groups": int(groups.max()) + 1,
            UNREAD: fit.notes[UNREAD],
        },
        _in_tables=fit._in_tables,
        raw=fit,
    )
