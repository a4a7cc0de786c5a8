"""Two regimes of pull: whether neighbours pull harder on units that have the first
regime, with a check of the bias by simulation.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.two_regime import TwoRegimeFit, two_regime_durbin
from evenfield.shared.contrasts.contrasts import not_defined
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.estimates import NAN, Estimate, Fields

SAMPLES = 49
NOMINAL = 0.05


def two_regime_row(contrast: GroupContrast, seed: int) -> tuple[Estimate, Fields]:
    """Ask whether neighbours pull harder on units that have the first regime, and check
    the bias by simulation.

    Notes
    -----
    Two-regime spatial Durbin model, Elhorst and Freret (2009); exploratory.
    """
    term = f"rho_{contrast.labels[0].removeprefix('own_')}"
    base = replace(
        contrast.row,
        hypothesis="",
        role="exploratory",
        estimator="sdm_two_regime",
        term=term,
        contrast=f"{term} - rho_other",
        sesoi=NAN,
        unit_of_measure="per W y",
    )
    assert contrast.neighbours is not None
    table = contrast.table
    W = contrast.neighbours.aligned([str(unit) for unit in table.index])
    y = table[contrast.outcome].to_numpy(float)
    inside = table[contrast.labels[0]].to_numpy(bool)
    plain = table[[*contrast.labels, *contrast.controls]].to_numpy(float)
    # y = rho_1 D W y + rho_0 (1 - D) W y + X b + W X g + e, D for the first regime.
    X = np.column_stack([np.ones(len(y)), plain, W @ plain])
    try:
        fit = two_regime_durbin(y, X, W, inside)
    except NumericsError as error:
        return not_defined(base, error), {}
    check = _check(fit, X, W, inside, seed)
    edge = "rho at the edge of its range: no standard error; " if fit.at_bound else ""
    row = replace(
        base,
        estimate=fit.rho_inside - fit.rho_outside,
        std_error=fit.std_error,
        se_type="observed information",
        statistic=fit.likelihood_ratio,
        # One restriction: rho_1 = rho_0.
        df=1.0,
        p_value=fit.p_value,
        p_type="likelihood ratio, chi-squared",
        n_obs=len(y),
        n_units=len(y),
        n_treated=int(inside.sum()),
        warning=(
            f"{edge}at equal pulls the difference is off by {check['bias']:.2g} on"
            f" average and the nominal 5% test rejects in {check['size']:.0%} of"
            f" {SAMPLES} simulated samples"
        ),
    )
    return row, check


def _check(
    fit: TwoRegimeFit, X: np.ndarray, W: csr_array, inside: np.ndarray, seed: int
) -> Fields:
    """Simulate from the fitted coefficients with one common pull."""
    rng = generator_for(seed, "exposure:two_regime")
    # y = (I - rho W)^-1 (X b + e), one rho: the truth has no difference.
    reach = np.linalg.inv(np.eye(len(X)) - fit.rho * W.toarray())
    errors = rng.standard_normal((SAMPLES, len(X))) * np.sqrt(fit.sigma2)
    fits = [two_regime_durbin(reach @ (X @ fit.beta + e), X, W, inside) for e in errors]
    bias = round(float(np.mean([one.rho_inside - one.rho_outside for one in fits])), 4)
    return {
        "bias": bias,
        # The truth has equal pulls: a sound test would reject in one sample of twenty.
        "size": float(np.mean([one.p_value < NOMINAL for one in fits])),
        "samples": SAMPLES,
    }
