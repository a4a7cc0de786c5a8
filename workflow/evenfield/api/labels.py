"""Permutation of group labels: who could have had whose labels, and how often a contrast
as large as that of the data comes up.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evenfield.api.data import Table, matched_weights, names_of, reported, table
from evenfield.api.formula import Columns
from evenfield.api.regression import TIE_DIGITS
from evenfield.api.results import Fit, chosen, t_rows
from evenfield.models.labels import Dealing, LabelTests, labels_dealt_out
from evenfield.study.errors import EstimateError

USES = ("subtract", "control")
LAG = "W "  # before the name of a label: the average of it over the neighbours


@reported("label-permutation")
def label_permutation(
    y: str | Sequence[str],
    data: pd.DataFrame,
    labels: str | Sequence[str],
    *,
    contrast: Mapping[str, float] | None = None,
    controls: str | Sequence[str] = (),
    unit: str | None = None,
    time: str | None = None,
    w: object = None,
    expected: str | None = None,
    strata: str | None = None,
    links: Sequence[tuple[str, str]] | None = None,
    exact: bool = False,
    draws: int = 9999,
    seed: int | Sequence[int] = 0,
) -> Fit:
    """Test a contrast of groups by dealing out the rows of their labels to other units,
    which keep their outcome and controls.

    Parameters
    ----------
    y : str or sequence of str
        Outcome; of several each is tested on the same draws, and the first p-values
        allow for their number (Romano and Wolf 2005).
    data : DataFrame
        One row a unit; with ``time`` one at each of two dates: tested is then how much
        the contrast changes, the labels of both dates dealt out together.
    labels : str or sequence of str
        Columns that move together, such as 1 for members of a group and 0 for others.
    contrast : mapping of str to float, optional
        Weights of the coefficients, ``{"cluster": 1, "zone": -1}``; the coefficient of
        the first label by default. With ``w``, ``"W cluster"`` is that of the
        neighbours' average of a label.
    controls : str or sequence of str
        Columns that stay with their unit.
    unit, time : str, optional
        As for ``ols``.
    w : optional
        Weights as for ``weights``: neighbours' averages of the labels are then
        regressors too, formed anew in each draw.
    expected : str, optional
        What is done with the regressors that the draws let expect: ``subtract`` them
        (recentring), or ``control`` for them (Borusyak and Hull 2023).
    strata, links, exact : optional
        Who can have whose labels. All units by default; those of the same ``strata`` (a
        column); or places that hang together as those of the first label do: ``links``
        are pairs of units that touch. ``exact`` takes every way to deal within strata,
        where there are no more than 50,000.
    draws, seed : optional
        Number of draws and their seed.

    Returns
    -------
    Fit
        The contrast in units of the outcome, its t statistic and two-sided p; no
        interval. ``notes``: how many different patterns were drawn. Of several outcomes
        a row each, ``tables["joint"]`` the largest |t| with the p of all together.

    Raises
    ------
    EstimateError
        If there are fewer than 20 patterns, or labels are collinear with the controls.

    Notes
    -----
    The statistic is studentised by least squares (Chung and Romano 2013); p = (1 + draws
    at least as extreme) / (1 + draws), or their share where all are taken.
    """
    if expected is not None:
        chosen("use of the expectation", expected, USES)
    outcomes = names_of(y)
    held = names_of(controls)
    tables = [
        table(Columns(name, tuple(held)), data, unit, time, of_one_date=True)
        for name in outcomes
    ]
    rows = tables[0]
    moved = names_of(labels)
    neighbours = None if w is None else matched_weights(w, rows.units.names)
    lags = [] if w is None else [LAG + name for name in moved]
    regressors = [*moved, *lags]
    weights = dict(contrast or {moved[0]: 1.0})
    for name in weights:
        chosen("coefficient", name, regressors, "name labels")
    dealt = np.column_stack([rows.column(name).astype(float) for name in moved])
    fixed = rows.X.drop(columns="Intercept", errors="ignore").to_numpy(float)
    tests = labels_dealt_out(
        np.array([_by_date(each, each.y)[..., 0] for each in tables]),
        _by_date(rows, dealt),
        _by_date(rows, np.column_stack([np.ones(len(fixed)), fixed])),
        np.array([weights.get(name, 0.0) for name in regressors]),
        _dealing(rows, strata, links, exact=exact, draws=draws),
        np.random.default_rng(seed),
        neighbours=neighbours,
        expected=expected or "",
    )
    name = _contrast_name(weights)
    return _fit(tests, outcomes if len(outcomes) > 1 else [name], len(rows.y), name)


def _by_date(rows: Table, columns: object) -> np.ndarray:
    """Arrange columns by date and unit, (R, K) -> (T, N, K): one date, or the two of a
    change.
    """
    values = np.asarray(columns, dtype=float).reshape(len(rows.y), -1)
    grid = rows.balanced(values)
    if grid.shape[1] > 2:
        raise EstimateError(
            f"{grid.shape[1]} dates",
            "one, or two for a change",
            "leave out the others",
        )
    return grid.swapaxes(0, 1)


def _contrast_name(weights: Mapping[str, float]) -> str:
    """Return a contrast as a term: ``cluster``, ``cluster - zone``."""
    signs = {name: "-" if weight < 0 else "+" for name, weight in weights.items()}
    text = " ".join(f"{sign} {name}" for name, sign in signs.items())
    return text.removeprefix("+ ")


def _dealing(
    rows: Table,
    strata: str | None,
    links: Sequence[tuple[str, str]] | None,
    *,
    exact: bool,
    draws: int,
) -> Dealing:
    """Return who can have whose labels, by positions of the units."""
    if links is not None and (strata is not None or exact):
        raise EstimateError(
            "strata or exact beside links", "one of them", "leave out the other"
        )
    groups = pairs = None
    if strata is not None:
        first = np.unique(rows.units.codes, return_index=True)[1]
        values = rows.column(strata).astype(str).to_numpy(dtype=str)[first]
        groups = np.unique(values, return_inverse=True)[1]
    if links is not None:
        position = {str(name): i for i, name in enumerate(rows.units.names)}
        # Links of other units mean nothing here; each pair counts once, either way.
        known = {
            tuple(sorted((position[str(one)], position[str(other)])))
            for one, other in links
            if str(one) in position and str(other) in position
        }
        pairs = np.array(sorted(known), dtype=int).reshape(-1, 2)
    return Dealing(strata=groups, links=pairs, exact=exact, draws=draws)


def _fit(tests: LabelTests, names: list[str], nobs: int, term: str) -> Fit:
    """Return the tests as a result, several outcomes adjusted for their number first."""
    p_values = {"permuted labels": tests.p_value}
    tables = {}
    if len(names) > 1:
        p_values = {"Romano-Wolf": tests.adjusted} | p_values
        # In a step-down the adjusted p of the largest |t| is that of all together.
        largest = int(np.abs(np.round(tests.statistic, TIE_DIGITS)).argmax())
        of_largest = names[largest], tests.statistic[largest], tests.adjusted[largest]
        columns = ["outcome", "statistic", "p_value"]
        tables["joint"] = pd.DataFrame([of_largest], ["largest"], columns)
    blank = np.full(len(names), np.nan)

    def rows(level: float) -> pd.DataFrame:
        parts = [
            t_rows(
                names,
                tests.estimate,
                blank,
                kind,
                np.nan,
                statistic=tests.statistic,
                p_value=p,
                law=f"{tests.scheme} permutation of labels",
            )(level)
            for kind, p in p_values.items()
        ]
        return pd.concat(parts, ignore_index=True)

    return Fit(
        f"{term}, labels permuted",
        rows,
        nobs,
        notes={"patterns": tests.patterns},
        tables=tables,
        raw=tests,
    )
