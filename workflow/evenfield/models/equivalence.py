"""Whether a coefficient is shown to be smaller than of interest, and how small an effect or
a bound a design could show, on simulated samples.
"""

from typing import Any, NamedTuple

import numpy as np

from evenfield.models.rows import NAN
from evenfield.numerics.equivalence import two_one_sided
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Design, Tested
from evenfield.numerics.inference.methods import components_of, infer
from evenfield.numerics.label_permutation import null_spread
from evenfield.numerics.power import minimum_detectable_effect
from evenfield.numerics.scpc import scpc_power_point
from evenfield.numerics.scpc_evidence import scpc_equivalence, simulated_reach


def equivalence(
    design: Design, c: np.ndarray, method: str, bound: float, level: float
) -> Tested:
    """Test by two one-sided tests whether c'beta lies between -bound and +bound; c (K,).
    The interval has the level 2 level - 1.

    Raises
    ------
    NumericsError
        If the method has neither Student's t nor the law of SCPC.
    """
    space = components_of(method, design, level)
    if space is not None:
        found: Any = scpc_equivalence(design.fit, c, space, bound, level)
        words = f"SCPC avc {space.average_correlation:.2f}"
        estimate, error, df = found.estimate, found.std_error, NAN
        law = "two one-sided SCPC tests"
    else:
        test = infer(method, design, c, level)
        estimate, error, df = test.estimate, test.std_error, test.df
        if not (np.isfinite(error) and df > 0):
            raise NumericsError(
                f"no equivalence test by {method}: it has no Student's t"
            )
        found = two_one_sided(estimate, error, df, bound, level)
        words, law = test.se_type, "two one-sided t tests"
    return Tested(
        estimate=estimate,
        std_error=error,
        df=df,
        p_value=found.p_value,
        conf_low=found.conf_low,
        conf_high=found.conf_high,
        se_type=words,
        p_type=law,
        law=law,
    )


def detectable(
    design: Design, c: np.ndarray, method: str, power: float, level: float
) -> float:
    """Return the smallest c'beta that a test finds with a power where errors are
    independent, in standard deviations of the error; c (K,).

    Raises
    ------
    NumericsError
        If the method is neither classical nor SCPC.
    """
    X = design.fit.X
    if method == "classical":
        return minimum_detectable_effect(X, c, power, level, design.df)
    space = components_of(method, design, level)
    if space is None:
        raise NumericsError(f"no effect that {method} would find without its errors")
    return scpc_power_point(X, c, space, power)


class SimulatedPower(NamedTuple):
    """What a test sees with a given power, in the unit of the coefficient."""

    effect: float  # smallest that the two-sided test finds
    bound: float  # narrowest that two one-sided tests pass where the effect is zero
    spread: float  # standard deviation of the errors


def simulated_power(
    design: Design,
    c: np.ndarray,
    null: np.ndarray,
    method: str,
    rng: np.random.Generator,
    draws: int,
    *,
    correlated: bool,
    power: float,
    level: float,
) -> SimulatedPower:
    """Return what the SCPC test of c'beta sees on simulated samples: errors with the
    spread that regressors ``null`` (N, K0) leave of the outcome, independent or as
    ``correlated`` as the bound of the method allows; c (K,).

    Raises
    ------
    NumericsError
        If the method is not SCPC.
    """
    space = components_of(method, design, level)
    if space is None:
        raise NumericsError(f"no simulated power by {method}: it is that of SCPC")
    errors = rng.standard_normal((draws, len(design.fit.y)))
    if correlated:
        # exp(-c d) with the first decay: as correlated as the bound allows.
        covariance = np.exp(-space.decays[0] * space.distance)
        errors = errors @ np.linalg.cholesky(covariance).T
    reach = simulated_reach(design.fit.X, c, space, errors, power, level)
    # The design sees multiples of the standard deviation of the errors.
    spread = null_spread(design.fit.y, null)
    return SimulatedPower(reach.detectable * spread, reach.equivalence * spread, spread)
