"""Whether one grouping of units tells an outcome better than another, against both dealt
out to other units.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.ols import RANK_TOLERANCE, OlsFit
from evenfield.numerics.prediction_error import (
    Predictor,
    prediction_gain,
    predictor,
    schwarz_gain,
    upper_p_value,
)

GAINS = {"loo_gain": prediction_gain, "bic_gain": schwarz_gain}


def prediction_error(fit: OlsFit) -> float:
    """Return the mean squared error of predicting each row from all others; NaN where one
    is alone in its group.
    """
    # u_i / (1 - h_i) is the error of the fit without row i, h_i its leverage.
    room = 1 - fit.leverage
    if (room <= RANK_TOLERANCE).any():
        return float("nan")
    return float(np.mean((fit.u_hat / room) ** 2))


class Gain(NamedTuple):
    """By how much a grouping is better than another, and how often as much by chance."""

    estimate: float
    p_value: float
    draws: int


def tested_gain(
    name: str, y: Array, small: Predictor, large: Predictor, labels_from: np.ndarray
) -> Gain:
    """Test one of ``GAINS`` by dealing out the labels of both groupings together; y (N,),
    labels_from (B, N): whose labels each unit gets.
    """
    gain = GAINS[name]
    # Above zero the larger grouping predicts units left out better (or has the smaller
    # BIC).
    observed = float(gain(y, small, large))
    # Outcomes move the opposite way instead of labels: argsort inverts a permutation, so
    # that one hat matrix serves all draws.
    permuted = y[np.argsort(labels_from, axis=1)]
    p_value = upper_p_value(observed, gain(permuted, small, large))
    return Gain(observed, p_value, len(permuted))


def tested_gains(
    y: Array, small: Array, large: Array, units: np.ndarray, labels_from: np.ndarray
) -> dict[str, Gain]:
    """Test each of ``GAINS`` of the labels ``large`` (N, L) over ``small`` (N, M), beside
    a constant; y, units (N,), labels_from (B, N).
    """
    one = np.ones(len(y))
    less, more = (predictor(np.column_stack([one, x]), units) for x in (small, large))
    return {name: tested_gain(name, y, less, more, labels_from) for name in GAINS}
