"""A series divided into segments with their own coefficients, by least squares.

The division says where a series is described best by other coefficients. It is no test:
the number of segments is chosen by criteria, and a persistent series looks broken.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError

LWZ_FACTOR = 0.299
LWZ_POWER = 2.1
EXACT = 1e-24


class BreakFit(NamedTuple):
    """The best division of a series into segments, for one number of breaks."""

    # position of the last observation of every segment but the final one
    last: tuple[int, ...]
    ssr: float  # sum of squared residuals
    lwz: float  # criteria of Liu, Wu and Zidek (1997) and of Schwarz; smaller is better
    bic: float


def dates_in_share(share: float, dates: int) -> int:
    """Return how many of so many dates are a share of them, or the next more."""
    # Rounded first: 0.14 * 50 is 7.000000000000001.
    return int(np.ceil(round(share * dates, 9)))


def least_squares_breaks(
    y: Array, X: Array, most: int, shortest: int
) -> list[BreakFit]:
    """Divide a series into segments with their own coefficients, with the smallest sum
    of squares; y (T,), X (T, K). One fit for each number of breaks from 0 to `most`.

    Notes
    -----
    Dynamic programming of Bai and Perron (2003): the best m breaks up to date j are the
    best m - 1 breaks up to some date i, and one segment from i + 1 to j.
    LWZ = ln(ssr / (T - p)) + (p/T) 0.299 (ln T)^2.1 and BIC = ln(ssr / T) + p ln(T) / T
    with p = (m + 1) K + m.
    """
    y = np.asarray(y, dtype=float)
    X = np.asarray(X, dtype=float)
    if shortest <= X.shape[1] or len(y) < shortest or most < 0:
        raise NumericsError(
            f"{len(y)} observations, segments of {shortest} or more with {X.shape[1]}"
            " coefficients"
        )
    cost = _segment_costs(y, X, shortest)
    best = cost[0].copy()
    predecessors = []
    fits = [_break_fit((), float(best[-1]), y, X.shape[1])]
    for breaks in range(1, min(most, len(y) // shortest - 1) + 1):
        candidates = best[:-1, None] + cost[1:, :]
        predecessors.append(candidates.argmin(axis=0))
        best = candidates.min(axis=0)
        last = _last_dates(predecessors, breaks)
        fits.append(_break_fit(last, float(best[-1]), y, X.shape[1]))
    return fits


def _segment_costs(y: Array, X: Array, shortest: int) -> Array:
    """Return the sum of squared residuals of observations i..j for all i, j; infinite
    for short segments. X has independent columns in each segment.

    Notes
    -----
    All segments of one length grow by an observation together. Givens rotations take
    the new row into the triangle R of [X y] = QR, column by column; what they leave of
    y is orthogonal to X, so that its square is what the segment's sum gains (Golub and
    Van Loan 2013, section 6.5.3).
    """
    dates = len(y)
    columns = X.shape[1]
    data = np.vstack([X.T, y])
    cost = np.full((dates, dates), np.inf)
    triangles = np.zeros((columns, columns + 1, dates))
    ssr = np.zeros(dates)
    for length in told(range(1, dates + 1), "lengths of segments"):
        starts = dates - length + 1
        row = data[:, length - 1 :].copy()
        for k in range(columns):
            _rotate(triangles[k, k:, :starts], row[k:])
        ssr[:starts] += row[-1] ** 2
        if length >= shortest:
            # From each first observation to the last one of the segment.
            np.fill_diagonal(cost[:, length - 1 :], ssr)
    return cost


def _rotate(kept: Array, row: Array) -> None:
    """Rotate rows in place so that the first entry of ``row`` is zero; both (K, B)."""
    radius = np.hypot(kept[0], row[0])
    radius[radius == 0] = 1.0  # nothing to rotate
    cosine = kept[0] / radius
    sine = row[0] / radius
    rotated = cosine * kept + sine * row
    row[:] = cosine * row - sine * kept
    kept[:] = rotated


def _last_dates(predecessors: list[Array], breaks: int) -> tuple[int, ...]:
    """Walk back from the final date to the last date of every earlier segment."""
    end = len(predecessors[0]) - 1
    dates = []
    for step in range(breaks - 1, -1, -1):
        end = int(predecessors[step][end])
        dates.append(end)
    return tuple(dates[::-1])


def _break_fit(last: tuple[int, ...], ssr: float, y: Array, k: int) -> BreakFit:
    t = len(y)
    p = (len(last) + 1) * k + len(last)
    # a perfect fit has no logarithm
    bounded = max(ssr, EXACT * float(y @ y), np.finfo(float).tiny)
    lwz = np.inf
    if t > p:
        penalty = p / t * LWZ_FACTOR * np.log(t) ** LWZ_POWER
        lwz = np.log(bounded / (t - p)) + penalty
    return BreakFit(
        last=last,
        ssr=ssr,
        lwz=float(lwz),
        bic=float(np.log(bounded / t) + p * np.log(t) / t),
    )
