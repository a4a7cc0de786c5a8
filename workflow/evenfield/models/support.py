"""Common support: the values of one variable that units share at all levels of another."""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array

ALIKE = 1e-12  # values that differ by less are the same


class Support(NamedTuple):
    """One variable y within the thirds of another x, and the values that all share."""

    thirds: np.ndarray  # (N,) 1 to 3, by rising x
    labels: np.ndarray  # (G,) of the thirds that there are; ties may leave fewer
    units: np.ndarray  # (G,) units in each
    x_low: Array  # (G,) ends of x in each
    x_high: Array
    y_low: Array  # (G,) lowest, mean and highest y in each
    y_mean: Array
    y_high: Array
    low: float  # ends of the y that all thirds share, NaN where they share none
    high: float
    share: float  # of the units inside


def thirds_of(x: Array) -> np.ndarray:
    """Sort units into thirds by a variable; equal values stay together; x (N,) -> (N,)."""
    bounds = np.quantile(x, (1 / 3, 2 / 3))
    smallest = x.min() + ALIKE
    above = x[x > smallest]
    # ASSUME: when a third or more of the units have the lowest value, such as no
    # exposure, thirds are those, and less and more of the others.
    if bounds[0] <= smallest and len(above):
        bounds = np.array([x.min(), np.median(above)])
    # Values tied with a bound stay together in the third below it.
    return np.asarray(1 + (x[:, None] > bounds[None, :] + ALIKE).sum(axis=1))


def shared_by_thirds(y: Array, x: Array) -> Support:
    """Return the values of y that all thirds of x share: from the highest of their lowest
    values to the lowest of their highest ones; y, x (N,).

    Notes
    -----
    Outside of it a comparison along x rests on the form of the regression alone.
    """
    thirds = thirds_of(x)
    labels = np.unique(thirds)
    groups = [(y[thirds == third], x[thirds == third]) for third in labels]
    y_low = np.array([own.min() for own, _ in groups])
    y_high = np.array([own.max() for own, _ in groups])
    low, high = float(y_low.max()), float(y_high.min())
    share = float(((y >= low) & (y <= high)).mean())
    if low > high:
        low, high, share = np.nan, np.nan, 0.0
    return Support(
        thirds=thirds,
        labels=labels,
        units=np.array([len(own) for own, _ in groups]),
        x_low=np.array([by.min() for _, by in groups]),
        x_high=np.array([by.max() for _, by in groups]),
        y_low=y_low,
        y_mean=np.array([own.mean() for own, _ in groups]),
        y_high=y_high,
        low=low,
        high=high,
        share=share,
    )
