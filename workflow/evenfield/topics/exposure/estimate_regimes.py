"""Whether neighbours pull harder on units that have the first regime: two-regime spatial Durbin, exploratory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.two_regime import TwoRegimeFit, two_regime_durbin
from evenfield.shared.contrasts.contrasts import ContrastSettings, not_defined
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.exposure.estimate_contrasts import PeriodSection, difference
from evenfield.topics.exposure.estimate_data import OUTCOME, START

SAMPLES = 49
NOMINAL = 0.05


def two_regime_rows(section: PeriodSection, settings: ContrastSettings) -> tuple[list[Estimate], dict[str, Any]]:
    """Estimate the pull of neighbours inside and outside the first regime, and check its bias by simulation."""
    term = f"rho_{section.spec.regimes[0]}"
    base = replace(difference(section).row, hypothesis="", role="exploratory", estimator="sdm_two_regime", term=term,
                   contrast=f"{term} - rho_other", sesoi=NAN, unit_of_measure="per W y")  # fmt: skip
    table, W = section.table, section.weights.aligned([str(unit) for unit in section.table.index])
    y, inside = table[OUTCOME].to_numpy(float), table[section.spec.own[0]].to_numpy(bool)
    plain = table[[*section.spec.own, START]].to_numpy(float)
    X = np.column_stack([np.ones(len(y)), plain, W @ plain])
    try:
        fit = two_regime_durbin(y, X, W, inside)
    except NumericsError as error:
        return [not_defined(base, f"not defined: {error}")], {}
    check = _check(fit, X, W, inside, settings.seed)
    told = (f"at equal pulls the difference is off by {check['bias']:.2g} on average and the nominal 5% test rejects "
            f"in {check['size']:.0%} of {SAMPLES} simulated samples")  # fmt: skip
    edge = "rho at the edge of its range: no standard error; " if fit.at_bound else ""
    row = replace(
        base, estimate=fit.rho_inside - fit.rho_outside, std_error=fit.std_error, se_type="observed information",
        statistic=fit.likelihood_ratio, df=1.0, p_value=fit.p_value, p_type="likelihood ratio, chi-squared",
        n_obs=len(y), n_units=len(y), n_treated=int(inside.sum()), warning=edge + told,
    )  # fmt: skip
    return [row], check


def _check(fit: TwoRegimeFit, X: np.ndarray, W: np.ndarray, inside: np.ndarray, seed: int) -> dict[str, Any]:
    """Simulate from the fitted coefficients with one common pull."""
    rng = generator_for(seed, "exposure:two_regime")
    reach = np.linalg.inv(np.eye(len(W)) - fit.rho * W)
    errors = rng.standard_normal((SAMPLES, len(W))) * np.sqrt(fit.sigma2)
    fits = [two_regime_durbin(reach @ (X @ fit.beta + e), X, W, inside) for e in errors]
    gaps = np.array([one.rho_inside - one.rho_outside for one in fits])
    return {"bias": round(float(gaps.mean()), 4), "size": float(np.mean([one.p_value < NOMINAL for one in fits])),
            "samples": SAMPLES}  # fmt: skip
