"""How close is close enough, and why. Import: ``from tolerances import CLOSED_FORM``."""

# Two evaluations of the same formula in another order of operations: a few units in the
# last place of numbers that were added and subtracted some dozen times.
MACHINE = 1e-10

# A closed form (OLS, a covariance, a moment) against another program that may use
# another factorisation: conditioning costs some digits more than reordering does.
CLOSED_FORM = 1e-8

# An optimum that another program found by iterating: its stopping rule, not ours, sets
# the distance.
ITERATIVE = 1e-6
