"""Several coefficients of one regression tested against zero at once."""

from itertools import combinations

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Design
from evenfield.numerics.inference.joint import JointTest, hotelling_test
from evenfield.numerics.inference.methods import infer

LEVEL = 0.95  # of intervals, which are not read
# Smallest eigenvalue of the correlations that is told from rounding.
LEAST_OWN = 1e-10


def joint_test(design: Design, coefficients: np.ndarray, kind: str) -> JointTest:
    """Test that some coefficients are zero at once by Hotelling's law, with the fewest
    degrees of freedom among them; coefficients (J, K), a unit vector each.
    """
    each = [infer(kind, design, c, LEVEL) for c in coefficients]
    for test in each:
        if test.reason:
            raise NumericsError(test.reason)
    errors = np.array([test.std_error for test in each])
    if not (errors > 0).all():
        raise NumericsError("a coefficient without an error: the fit is perfect")
    effects = np.array([test.estimate for test in each]) / errors
    R = correlations(design, coefficients, errors, kind)
    if np.isnan(R).any():
        raise NumericsError("a sum of coefficients without an error")
    if np.linalg.eigvalsh(R)[0] < LEAST_OWN:
        raise NumericsError("errors of several coefficients are linearly dependent")
    # Wald statistic g'V^-1 g = t'R^-1 t.
    wald = float(effects @ np.linalg.solve(R, effects))
    return hotelling_test(wald, len(effects), min(test.df for test in each))


def correlations(
    design: Design, coefficients: np.ndarray, errors: np.ndarray, kind: str
) -> np.ndarray:
    """Return the correlations (J, J) of estimates with errors (J,) above zero, NaN where
    their sum has no error; coefficients (J, K).
    """
    # In units of its error each has the variance 1, so that none hides another's digits.
    scaled = coefficients / errors[:, None]
    R = np.eye(len(errors))
    for i, j in combinations(range(len(errors)), 2):
        # var(a + b) = 1 + 1 + 2 cor(a, b)
        together = infer(kind, design, scaled[i] + scaled[j], LEVEL)
        R[i, j] = R[j, i] = together.std_error**2 / 2 - 1
    return R
