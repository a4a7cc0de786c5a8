"""Synthetic control: least squares on the simplex to the last digit, and inference by
ranks and by moved residuals.

Weights are the solution of a small quadratic programme. It is solved exactly by an active
set, because placebo tests compare solutions and an iteration that stops early moves ranks.
"""

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError

# A donor enters when its gradient is below the multiplier by more than this share of
# the largest gradient.
OPTIMAL = 1e-11
MOST_STEPS = 1000
TIE = 1e-9


def penalised(y: Array, D: Array, ridge: float) -> tuple[Array, Array]:
    """Return A and b with |Aw - b|^2 = (|y - Dw|^2 + penalty |w|^2) / scale; y (T,), D
    (T, J) -> (T + J, J), (T + J,).

    The penalty is ``ridge`` times the mean squared distance of a donor's path to y, so
    that units of measure drop out; dividing by that distance gives a solver numbers
    near one.
    """
    with np.errstate(over="ignore"):  # what comes of it is refused
        squares = ((D - y[:, None]) ** 2).sum(axis=0)
    distance = float(squares.mean())
    if np.isinf(distance):
        raise NumericsError("paths too large to be squared")
    if not distance > 0:
        raise NumericsError("every donor has the treated path itself")
    J = D.shape[1]
    root = np.sqrt(distance)
    A = np.vstack([D / root, np.sqrt(ridge) * np.eye(J)])
    b = np.zeros(len(y) + J)
    b[: len(y)] = y / root
    return A, b


def simplex_least_squares(A: Array, b: np.ndarray, start: Array | None = None) -> Array:
    """Minimise |Aw - b| over weights that are not negative and add up to one; A (M, J)
    -> (J,).

    Any start will do, by default the column nearest to b.

    Notes
    -----
    Lawson and Hanson (1974) with the sum as a constraint: on the set of positive
    weights the conditions of the optimum are solved exactly, a weight that would turn
    negative leaves the set, the one with the steepest descent enters. A must have full
    column rank: the optimum is then unique and does not depend on start, order or
    processor.
    """
    if start is None or not start.max() > 0:
        squares = ((A - b[:, None]) ** 2).sum(axis=0)
        start = np.eye(A.shape[1])[squares.argmin()]
    w = np.maximum(start, 0.0) / np.maximum(start, 0.0).sum()
    inside = w > 0
    for _ in range(MOST_STEPS):
        best = _on_support(A, b, inside)
        below = inside & (best <= 0)
        if below.any():
            # Go towards the optimum until the first weight is zero, and drop it.
            share = (w[below] / (w[below] - best[below])).min()
            w = w + share * (best - w)
            inside &= ~(below & (w <= w[inside].max() * 1e-15))
            w = np.where(inside, w, 0.0)
            continue
        w = best
        gradient = A.T @ (A @ w - b)
        outside = np.flatnonzero(~inside)
        if not len(outside):
            return w
        first = outside[int(np.argmin(gradient[outside]))]
        # Inside, all gradients equal the multiplier of the sum; no donor may be below.
        multiplier = gradient[inside].mean()
        if gradient[first] >= multiplier - OPTIMAL * np.abs(gradient).max():
            return w
        inside[first] = True
    raise NumericsError(
        f"the weights of a synthetic control did not settle in {MOST_STEPS} steps"
    )


def _on_support(A: Array, b: np.ndarray, inside: np.ndarray) -> Array:
    """Return the best weights that add up to one on a set of columns: least squares on
    differences to one of them.
    """
    chosen = np.flatnonzero(inside)
    w = np.zeros(A.shape[1])
    last = chosen[-1]
    others = chosen[:-1]
    differences = A[:, others] - A[:, [last]]
    w[others] = np.linalg.lstsq(differences, b - A[:, last], rcond=None)[0]
    w[last] = 1 - w[others].sum()
    return w


def rank_p(statistic: float, placebos: Array) -> float:
    """Return the share of all units, the treated one included, whose statistic is at
    least as large.
    """
    larger = (placebos >= statistic * (1 - TIE)).sum()
    return float((1 + larger) / (1 + len(placebos)))


def rank_interval(
    estimate: float, placebos: Array, level: float
) -> tuple[float, float]:
    """Return the constant effects that the rank test of the absolute mean gap does not
    reject; placebos (J,) of donors.

    Notes
    -----
    Firpo and Possebom (2018). The test rejects beyond the m-th largest absolute
    placebo, m = floor(alpha (J + 1)). Infinite when m is 0.
    """
    m = int(np.floor((1 - level) * (1 + len(placebos)) + TIE))
    half = float(np.sort(np.abs(placebos))[-m]) if m else np.inf
    return estimate - half, estimate + half


def conformal_p(residuals: Array, after: Array) -> float:
    """Return the p-value of moved residuals: every cyclic shift of them over time;
    residuals, after (T,).

    Notes
    -----
    Chernozhukov, Wuthrich and Zhu (2021), moving blocks: the statistic is the mean
    absolute residual after the date.
    """
    shifted = [np.roll(residuals, shift) for shift in range(len(residuals))]
    statistics = np.abs(np.array(shifted)[:, after]).mean(axis=1)
    return float((statistics >= statistics[0] * (1 - TIE)).mean())
