"""What the SCPC test can say beyond rejecting: equivalence to zero, and its power by
simulation.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import OlsFit
from evenfield.numerics.scpc import (
    SpatialComponents,
    scpc_inference,
    scpc_quantile,
    scpc_rejection,
    scpc_statistics,
)

HALVINGS = 60


class Equivalence(NamedTuple):
    """Result of two one-sided tests."""

    estimate: float  # as given
    std_error: float
    low: float  # bounds of the effects that do not matter
    high: float
    p_above_low: float  # of effect <= low, of effect >= high, and the larger of the two
    p_below_high: float
    p_value: float
    # interval of level 2 ``level`` - 1 (90 % for 0.95): inside the bounds exactly when
    # p < 1 - level
    conf_low: float
    conf_high: float
    level: float  # one minus the size of the test
    equivalent: bool  # whether the effect is shown to lie between the bounds
    # whether the two-sided interval of ``level`` lies beyond a bound as a whole
    outside: bool


def scpc_equivalence(
    fit: OlsFit,
    c: np.ndarray,
    space: SpatialComponents,
    bound: float,
    level: float = 0.95,
) -> Equivalence:
    """Test with two one-sided SCPC tests whether c'beta lies between -bound and +bound;
    c (K,).

    Notes
    -----
    The t statistic is symmetric under normal errors, so a one-sided p-value is half the
    two-sided one. Schuirmann (1987); Mueller and Watson (2023).
    """
    inference = scpc_inference(fit, c, space)
    if not (bound > 0 and inference.std_error > 0):
        raise NumericsError(
            f"no equivalence test with bound {bound:g}, standard error"
            f" {inference.std_error:g}"
        )
    error = inference.std_error
    above = _one_sided(fit, c, space, (bound + inference.estimate) / error)
    below = _one_sided(fit, c, space, (bound - inference.estimate) / error)
    half = error * scpc_quantile(fit.X, c, space, 2 * (1 - level))
    full = error * scpc_quantile(fit.X, c, space, 1 - level)
    p_value = max(above, below)
    return Equivalence(
        estimate=inference.estimate,
        std_error=error,
        low=-bound,
        high=bound,
        p_above_low=above,
        p_below_high=below,
        p_value=p_value,
        conf_low=inference.estimate - half,
        conf_high=inference.estimate + half,
        level=level,
        equivalent=p_value < 1 - level,
        outside=abs(inference.estimate) - full > bound,
    )


def _one_sided(fit: OlsFit, c: np.ndarray, space: SpatialComponents, t: float) -> float:
    tail = scpc_rejection(fit.X, c, space, abs(t)) / 2
    return tail if t > 0 else 1 - tail


class SimulatedReach(NamedTuple):
    """What the test sees with a given power, in units of the error's standard
    deviation.
    """

    detectable: float  # smallest c'beta that the two-sided test finds
    # smallest bound that two one-sided tests pass when c'beta is zero
    equivalence: float
    draws: int  # simulated samples


def simulated_reach(
    X: np.ndarray,
    c: np.ndarray,
    space: SpatialComponents,
    errors: np.ndarray,
    power: float,
    level: float = 0.95,
) -> SimulatedReach:
    """Simulate the power of the SCPC test and of its equivalence test on given errors.

    Notes
    -----
    c'beta and its standard error move with the true effect by that effect and not at
    all, so one set of samples serves every effect: the two-sided test rejects when
    |effect + b| > cv se, two one-sided tests pass a bound when |b| + cv' se is below
    it.
    """
    b, se = scpc_statistics(X, c, space, errors)
    two = scpc_quantile(X, c, space, 1 - level)
    one = scpc_quantile(X, c, space, 2 * (1 - level))
    passed = np.quantile(np.abs(b) + one * se, power, method="higher")
    return SimulatedReach(
        _smallest_found(b, two * se, power), float(passed), len(errors)
    )


def _smallest_found(b: np.ndarray, threshold: np.ndarray, power: float) -> float:
    low = 0.0
    high = float((np.abs(b) + threshold).max())
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        result = float((np.abs(middle + b) > threshold).mean())
        low, high = (low, middle) if result >= power else (middle, high)
    return high
