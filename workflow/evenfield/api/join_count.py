"""Links between marked units of a map, on a DataFrame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import matched_weights, reported, table
from evenfield.api.formula import outcome_of
from evenfield.api.results import Fit, tidy
from evenfield.models.moran import marked_links


@reported("join-count")
def join_count(
    y: str,
    data: pd.DataFrame,
    w: object = None,
    *,
    unit: str | None = None,
    draws: int = 9999,
    seed: int = 0,
) -> Fit:
    """Count the links between units with a mark, and test whether they are more than
    chance gives.

    Parameters
    ----------
    y : str
        Column of marks, 1 or 0, or an expression such as ``income > 100``.
    data : DataFrame
        One row a unit.
    w : Network or what ``weights`` takes
        Matched to the units by id; two units are linked where a weight either way is
        not zero, each pair counts once.
    unit : str, optional
        As for ``ols``.
    draws, seed : int
        Placements of as many marks; where there are no more than 200,000 all of them
        are taken.

    Returns
    -------
    Fit
        Links of ``both`` (two marked units), with the probability of so many or more,
        ``one`` and ``neither``; ``notes`` hold how many of both chance gives.

    Notes
    -----
    Cliff and Ord (1981), sampling without replacement.
    """
    whole("draws", draws, lowest=1)
    rows = table(outcome_of(y, data), data, unit, None, of_one_date=True)
    W = matched_weights(w, rows.units.names)
    marks = np.asarray(rows.y, dtype=float)
    links = marked_links(marks, W, np.random.default_rng(seed), draws)
    lines = tidy(links.rows())
    return Fit(
        "Join counts",
        lambda _: lines,
        len(marks),
        notes={
            "units": len(marks),
            "marked": int(marks.sum()),
            "both by chance": links.counts.expected,
        },
        raw=links,
    )
