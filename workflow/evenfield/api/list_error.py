"""Errors in lists of units, from a DataFrame: agreement of lists, and what a spread prints
where another list is the right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arguments import finite
from evenfield.api.data import Table, names_of, reported, table
from evenfield.api.formula import Columns
from evenfield.api.nearby import PERMUTED, members, names_of_lists, nearby
from evenfield.api.results import NUMBERS, Fit, chosen, tidy
from evenfield.models.list_error import (
    AT_RANDOM,
    LEAST_FACTOR,
    Attenuation,
    ListRegression,
    Pair,
    if_right,
    random_shrinkage,
)
from evenfield.models.rows import Row
from evenfield.numerics.arrays import Array
from evenfield.study.errors import EstimateError


@reported("list-agreement")
def list_agreement(
    lists: Sequence[str],
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    searches: Sequence[Any] = (),
) -> Fit:
    """Say how far lists of the same units agree, and how many units two searches missed.

    Parameters
    ----------
    lists : sequence of str
        Columns that are 1 for units on a list and 0 for others, two at least.
    data : DataFrame
        One row a unit.
    unit : str, optional
        As for ``ols``.
    searches : pair of str, or sequence of pairs
        Lists that two independent searches for the same units gave.

    Returns
    -------
    Fit
        ``kappa: A, B`` of each two lists, with an interval for any kappa and a test of
        zero; of two searches how many units ``exist``, and the ``recall`` of each and
        of either, the share of these that it names. ``tables["pairs"]`` has who names
        whom for each list and each other one, ``tables["searches"]`` the numbers behind
        recall.

    Notes
    -----
    Cohen (1960), with the standard errors of Fleiss, Cohen and Everitt (1969). M = (a +
    1)(b + 1) / (m + 1) - 1 units exist where searches name a and b units and m both
    (Chapman 1951), with Seber's (1970) error and the exact interval of the
    hypergeometric law. Searches that tend to name the same units make M too small and
    recall too large.

    Raises
    ------
    EstimateError
        If two lists name the same units.
    """
    rows, columns = read_lists("lists", lists, data, unit)
    on = dict(zip(map(str, names_of(lists)), columns.T, strict=True))
    if len(on) < 2:
        raise EstimateError(
            f"one list, {next(iter(on))}", "two or more", "give lists=['a', 'b']"
        )
    pairs = [Pair.of((a, b), on[a], on[b]) for a, b in combinations(on, 2)]
    for pair in pairs:
        if pair.both == pair.either:
            a, b = pair.names
            raise EstimateError(
                f"the same {pair.both} units on {a} and {b}",
                "lists that differ",
                "leave one of them out",
            )
    searched = [Pair.of((a, b), on[a], on[b]) for a, b in _searches(searches, on)]

    def lines(level: float) -> pd.DataFrame:
        kappas = [
            Row(f"kappa: {', '.join(pair.names)}", pair.kappa(level), "kappa")
            for pair in pairs
        ]
        found = [row for pair in searched for row in pair.searched(level)]
        return tidy([*kappas, *found])

    tables = {"pairs": _who_names_whom(on)}
    if searched:
        tables["searches"] = pd.DataFrame(map(_numbers_of_searches, searched))
    return Fit(
        "Agreement of lists",
        lines,
        len(rows.y),
        notes={
            "units": len(rows.y),
            **{f"on {name}": int(column.sum()) for name, column in on.items()},
            "interval of what exists": "hypergeometric" if searched else "",
        },
        tables=tables,
        raw=pairs,
    )


def read_lists(
    what: str, lists: Any, data: pd.DataFrame, unit: str | None
) -> tuple[Table, Array]:
    """Read columns of zeros and ones, (N, K), units in the order of their names; refuse
    other columns, and lists with no unit or every one.
    """
    names = names_of_lists(lists, what)
    for name in names if isinstance(data, pd.DataFrame) else ():
        chosen("column", name, data)
    rows = table(Columns(str(names[0]), ()), data, unit, None, of_one_date=True)
    return rows, np.column_stack([members(rows, name) for name in names])


def _searches(searches: Any, known: dict[str, Array]) -> list[tuple[str, str]]:
    """Return the pairs of searches, one or several, and refuse what is no pair."""
    given = list(searches) if isinstance(searches, Sequence) else [searches]
    one_pair = len(given) == 2 and all(isinstance(name, str) for name in given)
    pairs = [given] if one_pair and not isinstance(searches, str) else given
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise EstimateError(
                f"searches={searches!r}",
                "two lists, or several pairs of them",
                "give searches=('first', 'second'), for example",
            )
        for name in pair:
            chosen("list", name, known)
        if pair[0] == pair[1]:
            raise EstimateError(
                f"{pair[0]} twice among searches", "two lists", "name another one"
            )
    return [(str(a), str(b)) for a, b in pairs]


def _who_names_whom(on: dict[str, Array]) -> pd.DataFrame:
    """Count for each list and each other one who is on both, one and neither."""
    lines = []
    for a, b in permutations(on, 2):
        pair = Pair.of((a, b), on[a], on[b])
        kappa = pair.kappa(0.95)
        lines.append(
            {
                "first": a,
                "second": b,
                "both": pair.both,
                "only first": pair.first_only,
                "only second": pair.second_only,
                "neither": pair.neither,
                "share of first on second": pair.both / pair.first,
                "agreement": pair.agreement,
                "by chance": pair.by_chance,
                "kappa": kappa.estimate,
                "kappa, low": kappa.conf_low,
                "kappa, high": kappa.conf_high,
            }
        )
    return pd.DataFrame(lines)


def _numbers_of_searches(pair: Pair) -> dict[str, object]:
    """Return what two searches found, and how many units exist by both estimators."""
    a, b = pair.names
    return {
        "first": a,
        "second": b,
        "by first": pair.first,
        "by second": pair.second,
        "both": pair.both,
        "either": pair.either,
        "Lincoln-Petersen": pair.petersen,
        "Chapman": pair.chapman,
    }


@reported("list-shrinkage", passes_to=nearby)
def list_shrinkage(
    formula: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    lists: str | Sequence[str],
    truths: str | Sequence[str] = (),
    missing: float = 0.0,
    wrong: float = 0.0,
    own: float = 0.0,
    near: float = 0.0,
    draws: int = 9999,
    seed: int = 0,
    **options: Any,
) -> Fit:
    """Say what growth nearby means where the list by which it is measured has errors.

    Parameters
    ----------
    formula, data, unit, lists
        As for ``nearby``; the first of the lists is the one with errors.
    truths : str or sequence of str
        Lists, each of which may be the right one in its place: columns that are 1 for
        units on it and 0 for others.
    missing, wrong : float
        Share of the right list that is missing on the first one, and share of the
        first one that is wrong, both at random: a further list that may be right.
    own, near : float
        What units on the right list grow by themselves, taken off ``near_LIST``, and
        what units near one of it grow by, taken off ``own_LIST``.
    draws, seed : int
        As for ``nearby``, and of the lists with errors at random.
    **options
        As for ``nearby``: ``radius`` and others.

    Returns
    -------
    Fit
        Rows of ``nearby`` that hold the first list, by each list that may be right, the
        first one among them: ``near_LIST if TRUTH`` is growth near units of TRUTH.
        ``tables["factors"]`` has what one point prints, how many units are compared and
        how many of these are on the right list; ``tables["bounds"]`` the ends of the
        95% intervals over all lists that may be right.

    Notes
    -----
    Where units near the right list grow by c and those on it by b, the expected row of
    nearness is c k + b q: k is the coefficient in the same regression with nearness to
    the right list as the outcome, q that with the right list itself. Returned is
    (estimate - b q) / k, with its interval: two-stage least squares with one list as
    the instrument of the other. Where k is below 0.1 no number is given, and no p where
    something is taken off. At random k and q are means over draws of the right list.
    """
    finite("own", own)
    finite("near", near)
    _check_share("missing", missing)
    _check_share("wrong", wrong)
    names = [] if truths == () else names_of_lists(truths, "truths")
    if not (names or missing or wrong):
        raise EstimateError(
            "no other list that may be right",
            "truths=, missing= or wrong=",
            "give truths=['other'], for example",
        )
    first = str(names_of(lists)[0])
    if first in map(str, names):
        raise EstimateError(
            f"{first} among truths, too",
            "other lists than the one with errors",
            "leave it out: its own rows stand first",
        )
    fit = nearby(
        formula, data, unit=unit, lists=lists, draws=draws, seed=seed, **options
    )
    regressions = [ListRegression(design=design) for design in fit.raw.values()]
    right = {first: regressions[0].on_list}
    if names:
        _, columns = read_lists("truths", names, data, unit)
        right |= dict(zip(map(str, names), columns.T, strict=True))
    factors = [_factors(one, right, own, near) for one in regressions]
    absent: object = ""
    if missing or wrong:
        rng = np.random.default_rng(seed)
        drawn, absent = random_shrinkage(regressions, missing, wrong, draws, rng)
        label = f"{100 * missing:g}% missing, {100 * wrong:g}% wrong"
        factors += [
            _random_factors(one, shrinkage, label, own, near)
            for one, shrinkage in zip(regressions, drawn, strict=True)
        ]
    table_of_factors = pd.concat(factors, ignore_index=True)

    def lines(level: float) -> pd.DataFrame:
        return _if_right(fit.rows(level), table_of_factors)

    kept = ("units", "parents", "on no list", "reach")
    return Fit(
        "Growth on lists and nearby, by the list that is right",
        lambda level: lines(level).drop(columns=["printed", "truth"]),
        nobs=fit.nobs,
        notes={**{name: fit.notes[name] for name in kept}, "missing in draws": absent},
        tables={
            "factors": table_of_factors.drop(columns="taken_off"),
            "bounds": _bounds(lines(0.95)),
        },
        raw=fit.raw,
    )


def _check_share(name: str, share: float) -> None:
    """Refuse what is no share below one."""
    finite(name, share)
    if not 0 <= share < 1:
        raise EstimateError(
            f"{name}={share!r}", "a share from 0 to below 1", f"give {name}=0.2, say"
        )


def _other_effect(regression: ListRegression, own: float, near: float) -> float:
    """Return the effect that leaks into the rows of a regression: of being on the right
    list into those of units near it, and the other way round.
    """
    return own if regression.design.model.near else near


def _factors(
    regression: ListRegression, right: dict[str, Array], own: float, near: float
) -> pd.DataFrame:
    """Return what one point prints by each list that may be right and term."""
    other = _other_effect(regression, own, near)
    truths = np.array([*right.values()])
    found = regression.shrinkage(truths)
    compared = truths[:, regression.design.model.rows]
    lines = [
        {
            "term": term,
            "truth": truth,
            "factor": found.factor[d, k],
            "bias": found.bias[d, k],
            "taken_off": other * found.bias[d, k],
            "units": compared.shape[1],
            "on truth": int(compared[d].sum()),
        }
        for d, truth in enumerate(right)
        for k, term in enumerate(regression.terms)
    ]
    return pd.DataFrame(lines)


def _random_factors(
    regression: ListRegression, drawn: Attenuation, label: str, own: float, near: float
) -> pd.DataFrame:
    """Return the means over draws, with the range of 95% of them."""
    bias = drawn.bias.mean(axis=0)
    low, high = np.quantile(drawn.factor, AT_RANDOM, axis=0)
    return pd.DataFrame(
        {
            "term": regression.terms,
            "truth": label,
            "factor": drawn.factor.mean(axis=0),
            "factor, low": low,
            "factor, high": high,
            "bias": bias,
            "taken_off": _other_effect(regression, own, near) * bias,
            "units": len(regression.design.model.rows),
        }
    )


def _if_right(printed: pd.DataFrame, factors: pd.DataFrame) -> pd.DataFrame:
    """Return rows of ``nearby`` divided by what one point prints, by each list that may
    be right.
    """
    rows = printed.merge(factors, on="term")
    says_something = rows["factor"] >= LEAST_FACTOR
    factor, taken_off = rows[["factor", "taken_off"]].to_numpy(float).T
    for name in ("estimate", "conf_low", "conf_high"):
        rows[name] = if_right(rows[name].to_numpy(float), factor, taken_off)
    rows["std_error"] = if_right(rows["std_error"].to_numpy(float), factor)
    # The test of the printed row is of a true spread of zero only if nothing is off.
    tested = says_something & (rows["taken_off"] == 0)
    for name in ("statistic", "p_value"):
        rows[name] = rows[name].where(tested)
    prints = rows["factor"].map("none: one point prints as {:.2f}".format)
    rows["law"] = rows["law"].where(says_something, prints)
    rows["printed"] = rows["term"]
    rows["term"] = rows["printed"] + " if " + rows["truth"]
    return rows[["term", "inference", *NUMBERS, "law", "printed", "truth"]]


def _bounds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the lowest and the highest end of the intervals over all lists that may be
    right, by term and inference, and the lists by which nothing can be said.
    """
    of_intervals = rows[rows["inference"] != PERMUTED]
    lines = []
    by_row = of_intervals.groupby(["printed", "inference"], sort=False)
    for (term, inference), found in by_row:
        unknown = found["conf_low"].isna()
        lines.append(
            {
                "term": term,
                "inference": inference,
                "low": np.nan if unknown.any() else found["conf_low"].min(),
                "high": np.nan if unknown.any() else found["conf_high"].max(),
                "nothing if": ", ".join(found["truth"][unknown]),
            }
        )
    return pd.DataFrame(lines)
