"""Neighbours on two sides of a line, on a DataFrame."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.api.arguments import whole
from evenfield.api.data import matched_weights, reported, table
from evenfield.api.formula import outcome_of
from evenfield.api.results import Fit, tidy
from evenfield.models.border import border
from evenfield.study.errors import EstimateError


@reported("border-difference")
def border_difference(
    y: str,
    data: pd.DataFrame,
    w: object,
    group: str,
    *,
    unit: str | None = None,
    draws: int = 9999,
    seed: int = 0,
) -> Fit:
    """Compare the units of a group with their neighbours outside it: the mean difference
    over pairs that touch across the line.

    Parameters
    ----------
    y : str
        Column, or an expression such as ``np.log(income)``.
    data : DataFrame
        One row a unit.
    w : Network or what ``weights`` takes
        Matched to the units by id; two units touch where a weight either way is not
        zero. Units may lack neighbours: they are in no pair.
    group : str
        Column of bool, or of one for the units inside and zero for those outside.
    unit : str, optional
        As for ``ols``.
    draws, seed : int
        Permutations that deal out the outcomes to all units anew; the pairs stay.

    Returns
    -------
    Fit
        ``difference``, inside less outside, in the unit of y: errors clustered by the
        units of both sides, t with the units of the smaller side less one, and p by
        permutation. ``tables["pairs"]`` has the two units of each pair and their
        difference; ``notes`` how many units of each side are in one.

    Raises
    ------
    EstimateError
        If no two neighbours lie on different sides, or fewer than four units stand on
        one.

    Notes
    -----
    The coefficient of the inside with pair effects (Cameron, Gelbach and Miller 2011,
    without subtracting the variance of the pairs; Davezies, D'Haultfoeuille and
    Guyonvarch 2021).
    """
    whole("draws", draws, lowest=1)
    rows = table(outcome_of(y, data), data, unit, None, of_one_date=True)
    inside = np.asarray(rows.numbers(group), dtype=float)
    odd = inside[~np.isin(inside, (0.0, 1.0))]
    if len(odd):
        raise EstimateError(
            f"a group of {odd[0]:g}, in {group}", "zero or one", "write x > 0, say"
        )
    W = matched_weights(w, rows.units.names, islands=True)
    line = border(np.asarray(rows.y, dtype=float), inside == 1, csr_array(W + W.T))
    p_value = line.permuted(np.random.default_rng(seed), draws)
    names = rows.units.names
    pairs = pd.DataFrame(
        {
            "inside": names[line.pairs.inside],
            "outside": names[line.pairs.outside],
            "difference": line.y[line.pairs.inside] - line.y[line.pairs.outside],
        }
    )
    inner, outer = line.sides
    return Fit(
        f"Border of {group}",
        lambda level: tidy(line.rows(level, p_value, draws)),
        len(pairs),
        notes={"units": inner + outer, "inside": inner, "outside": outer},
        tables={"pairs": pairs},
        raw=line,
    )
