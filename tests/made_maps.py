"""Maps on a grid of five by five units, with its weights here and for esda."""

import libpysal
import numpy as np
from numpy.random import default_rng
from scipy.spatial.distance import cdist

N = 25
POSITION = np.argwhere(np.ones((5, 5)))
GRID = (cdist(POSITION, POSITION, "cityblock") == 1).astype(float)
GRID /= GRID.sum(axis=1, keepdims=True)


def made_maps():
    """Return a map whose neighbours are alike, one close to it and one of noise."""
    rng = default_rng(1)
    first = np.linalg.solve(np.eye(N) - 0.7 * GRID, rng.standard_normal(N))
    second = 0.9 * first + 0.3 * rng.standard_normal(N)
    return np.column_stack([first, second, rng.standard_normal(N)])


def esda_grid():
    """Return the weights as esda takes them."""
    w = libpysal.weights.full2W(GRID)
    w.transform = "r"
    return w
