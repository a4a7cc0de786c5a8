"""Weights of libpysal, for programs that take those."""

from libpysal.weights import W


def pysal_weights(neighbours, units):
    """Row-standardised weights in the order of some units."""
    w = W(neighbours)
    w.transform = "r"
    return W(w.neighbors, w.weights, id_order=units)
