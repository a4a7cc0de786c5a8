"""How close is close enough, and why. Import: ``from tolerances import close``."""

import numpy as np

# Two evaluations of the same formula in another order of operations: a few units in the
# last place of numbers that were added and subtracted some dozen times.
MACHINE = 1e-10

# A closed form (OLS, a covariance, a moment) against another program that may use
# another factorisation: conditioning costs some digits more than reordering does.
CLOSED_FORM = 1e-8

# An optimum that another program found by iterating: its stopping rule, not ours, sets
# the distance.
ITERATIVE = 1e-6


def close(actual, expected, rtol=None, atol=0.0):
    """Assert that numbers agree as closed forms do, or as the given tolerances say."""
    if rtol is None:
        rtol = 0.0 if atol else CLOSED_FORM
    np.testing.assert_allclose(actual, expected, rtol, atol)
