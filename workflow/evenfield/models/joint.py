"""Several coefficients of one regression tested against zero at once."""

from itertools import combinations

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.joint import JointTest, hotelling_test
from evenfield.numerics.inference.methods import Design, infer

LEVEL = 0.95  # of intervals, which are not read


def joint_test(design: Design, coefficients: np.ndarray, kind: str) -> JointTest:
    """Test that some coefficients are zero at once by Hotelling's law, with the fewest
    degrees of freedom among them; coefficients (J, K), a unit vector each.
    """
    each = [infer(kind, design, c, LEVEL) for c in coefficients]
    for test in each:
        if test.reason:
            raise NumericsError(test.reason)
    effects = np.array([test.estimate for test in each])
    V = np.diag([test.std_error**2 for test in each])
    for i, j in combinations(range(len(each)), 2):
        together = infer(kind, design, coefficients[i] + coefficients[j], LEVEL)
        # var(a + b) = var(a) + var(b) + 2 cov(a, b)
        V[i, j] = V[j, i] = (together.std_error**2 - V[i, i] - V[j, j]) / 2
    # Wald statistic g'V^-1 g.
    try:
        wald = float(effects @ np.linalg.solve(V, effects))
    except np.linalg.LinAlgError:
        raise NumericsError("errors of several coefficients hang together") from None
    return hotelling_test(wald, len(effects), min(test.df for test in each))
