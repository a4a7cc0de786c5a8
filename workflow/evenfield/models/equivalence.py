"""Whether a coefficient is shown to be smaller than of interest."""

from typing import Any

import numpy as np

from evenfield.models.rows import NAN
from evenfield.numerics.equivalence import two_one_sided
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import Design, Tested, infer
from evenfield.numerics.scpc import LARGER_CORRELATION
from evenfield.numerics.scpc_evidence import scpc_equivalence

BOUNDS = {"SCPC": None, "SCPC_06": LARGER_CORRELATION}  # of the average correlation


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
    if method in BOUNDS:
        space = design.components(BOUNDS[method], level)
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
