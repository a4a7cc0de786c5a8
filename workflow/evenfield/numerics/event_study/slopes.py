"""Slopes by date of predetermined columns, once effects of units, groups and dates are
taken out of their normal equations.

Columns have one value a unit and a slope at each date. Slopes stand column by column: all
dates of the first one, then those of the second.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array

# Columns have a spread of one. Roots of their products that are smaller, next to the
# largest, are zero but for rounding; cells that such a direction moves by more are not
# determined.
NO_ROOT = 1e-12
NOT_DETERMINED = 1e-4


class Slopes(NamedTuple):
    """Slopes of K columns at T dates, and directions in which nothing determines them."""

    values: Array  # (..., K T)
    # (F, ..., K T) of length one or zero; slopes that are the same at all dates belong
    # to unit effects and are not among them
    free: Array


def solved_slopes(products: Array, right: Array, columns: int) -> Slopes:
    """Solve the normal equations of slopes by date, of K ``columns``; products (...,
    K T, K T) and right sides (..., K T).

    Notes
    -----
    Where a date has no units of a group that differ in a column, its slope is free: the
    shortest solution is taken, and cells that the free part moves are not predicted.
    """
    size = products.shape[-1]
    nothing = np.zeros((0, *right.shape))
    if not size:
        return Slopes(right, nothing)
    # A column that has the same slope at all dates is a unit effect: slopes sum to zero.
    dates = size // columns
    scale = np.maximum(np.trace(products, axis1=-2, axis2=-1) / size, 1.0)
    same = np.kron(np.eye(columns), np.ones((dates, dates)) / dates)
    equations = products + scale[..., None, None] * same
    roots = np.linalg.eigvalsh(equations)
    if (roots[..., 0] > NO_ROOT * roots[..., -1]).all():
        return Slopes(np.linalg.solve(equations, right[..., None])[..., 0], nothing)
    roots, vectors = np.linalg.eigh(equations)
    determined = roots > NO_ROOT * roots[..., -1:]
    inverse = np.where(determined, 1.0 / np.where(determined, roots, 1.0), 0.0)
    along = np.einsum("...ij,...i->...j", vectors, right)
    values = np.einsum("...ij,...j->...i", vectors, inverse * along)
    # Roots rise, so that the free directions stand first.
    most = int((~determined).sum(axis=-1).max())
    free = np.where(determined[..., None, :], 0.0, vectors)[..., :most]
    return Slopes(values, np.moveaxis(free, -1, 0))
