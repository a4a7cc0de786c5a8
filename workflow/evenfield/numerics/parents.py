"""Inequality inside parents, such as cities inside provinces: its share of the whole, and
whether parents of one kind hold more of it than others.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import THEIL_T, decompose_theil, theil
from evenfield.numerics.label_permutation import (
    LabelRegression,
    exact_label_draws,
    label_permutation,
)


def within_shares(
    income: Array, weights: Array, parents: np.ndarray, measure: str = THEIL_T
) -> Array:
    """Return the share of a Theil index that lies within parents, of all units and with
    each parent left out; income, weights, parents (N,) -> (1 + G,).
    """
    shares = [1 - decompose_theil(income, weights, parents, measure).share]
    for parent in range(int(parents.max()) + 1):
        rest = parents != parent
        codes = np.unique(parents[rest], return_inverse=True)[1]
        if not codes.any():
            raise NumericsError("two parents: without one of them there is no between")
        part = decompose_theil(income[rest], weights[rest], codes, measure)
        shares.append(1 - part.share)
    return np.array(shares)


def jackknife_error(left_out: Array) -> float:
    """Return the jackknife standard error of a number from its values without each of G
    parents, (G,).

    Notes
    -----
    s^2 = (G - 1) / G sum_g (x_(g) - mean)^2 (Efron and Tibshirani 1993, section 11.5).
    """
    G = len(left_out)
    deviations = left_out - left_out.mean()
    return float(np.sqrt((G - 1) / G * (deviations @ deviations)))


def inside_parents(
    income: Array, weights: Array, parents: np.ndarray, measure: str = THEIL_T
) -> Array:
    """Return the Theil index inside each parent, NaN inside one of a single unit;
    income, weights, parents (N,) -> (G,).
    """
    indices = []
    for parent in range(int(parents.max()) + 1):
        own = parents == parent
        several = own.sum() > 1
        indices.append(theil(income[own], weights[own], measure) if several else np.nan)
    return np.array(indices)


class ExactDifference(NamedTuple):
    """Mean of marked parents less that of the others, against all relabellings."""

    estimate: float
    half: float  # of the interval
    std_error: float  # of the difference over all relabellings
    p_value: float
    ways: int
    smallest_visible: float


def exact_difference(
    values: Array, marked: np.ndarray, power: float, level: float
) -> ExactDifference:
    """Compare the mean of marked parents with that of the others over every choice of as
    many parents; values (G,), marked (G,) of bool.

    Notes
    -----
    With v_g less the difference in marked parents no relabelling is favoured: the level
    quantile of their absolute differences is half the interval, and z_power times their
    standard deviation more is the smallest difference that would be seen.
    """
    labels = marked.astype(float)[:, None]
    draws = exact_label_draws(labels, np.zeros(len(values), dtype=int))
    regression = LabelRegression(
        y=values, labels=labels, controls=np.ones_like(labels), c=np.ones(1)
    )
    test = label_permutation(regression, draws)
    drawn = labels[draws.source, 0]
    alike = values - test.estimate * labels[:, 0]
    count = drawn.sum(axis=1)
    sums = drawn @ alike
    differences = sums / count - (alike.sum() - sums) / (len(values) - count)
    half = float(np.quantile(np.abs(differences), level))
    error = float(differences.std())
    return ExactDifference(
        estimate=test.estimate,
        half=half,
        std_error=error,
        p_value=test.p_value,
        ways=len(drawn),
        smallest_visible=half + NormalDist().inv_cdf(power) * error,
    )
