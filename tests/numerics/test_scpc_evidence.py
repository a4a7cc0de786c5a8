"""Equivalence and simulated reach of the SCPC test: against the exact power point, the interval and brute force."""

import numpy as np
import pytest

from china_design import read_design, weights_of
from evenfield.numerics import scpc as sc
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.power import contrast_weights, simulated_power
from evenfield.numerics.scpc_evidence import scpc_equivalence, simulated_reach
from numerics.refusals import refused
from tolerances import CLOSED_FORM

UNITS, A, DISTANCE, C, S = read_design()
W = weights_of(A, DISTANCE)["contiguity"]
X = np.column_stack([np.ones(31), C, S, W @ C, W @ S])
CONTRAST = np.array([0, 0, 0, 1.0, -1.0])
SPACE = sc.spatial_components(DISTANCE, 0.03)
ERRORS = np.random.default_rng(8).standard_normal((3000, 31))


def test_evidence_of_many_outcomes():
    b, se = sc.scpc_statistics(X, CONTRAST, SPACE, ERRORS[:5])
    found = [sc.scpc_inference(fit_ols(y, X), CONTRAST, SPACE) for y in ERRORS[:5]]
    assert b == pytest.approx([one.estimate for one in found], rel=CLOSED_FORM)
    assert se == pytest.approx([one.std_error for one in found], rel=CLOSED_FORM)
    cv = sc.scpc_quantile(X, CONTRAST, SPACE, 0.05)
    assert cv == pytest.approx(sc.scpc_critical_value(X, CONTRAST, SPACE), rel=1e-8)
    assert sc.scpc_rejection(X, CONTRAST, SPACE, cv) == pytest.approx(0.05, abs=1e-8)
    fit = fit_ols(ERRORS[0], X)
    plain = scpc_equivalence(fit, CONTRAST, SPACE, 1.0)
    reach = max(abs(plain.conf_low), abs(plain.conf_high))
    assert scpc_equivalence(fit, CONTRAST, SPACE, reach * 1.001).equivalent
    assert not scpc_equivalence(fit, CONTRAST, SPACE, reach * 0.999).equivalent
    assert scpc_equivalence(fit, CONTRAST, SPACE, reach).p_value == pytest.approx(0.05, abs=1e-6)
    assert plain.p_value == max(plain.p_above_low, plain.p_below_high)
    shifted = scpc_equivalence(fit_ols(ERRORS[0] + 100 * X[:, 3], X), CONTRAST, SPACE, 1.0)
    assert shifted.outside and shifted.p_value > 0.99
    refused("no equivalence test with bound 0", scpc_equivalence, fit, CONTRAST, SPACE, 0.0)
    reach = simulated_reach(X, CONTRAST, SPACE, ERRORS, 0.8)
    assert reach.detectable == pytest.approx(sc.scpc_power_point(X, CONTRAST, SPACE), rel=0.04)
    cv, a, rows = sc.scpc_critical_value(X, CONTRAST, SPACE), contrast_weights(X, CONTRAST), iter(ERRORS[:400])

    def rejects(y: np.ndarray) -> bool:
        b, se = sc.scpc_statistics(X, CONTRAST, SPACE, y[None])
        return bool(abs(b[0]) > cv * se[0])

    power = simulated_power(rejects, a / (a @ a), np.array([reach.detectable]), lambda _: next(rows), 400,
                            np.random.default_rng(0))  # fmt: skip
    assert power.power[0] == pytest.approx(0.8, abs=3 * power.monte_carlo_se[0])
    bound = simulated_reach(X, CONTRAST, SPACE, ERRORS[:60], 0.8).equivalence
    passed = [scpc_equivalence(fit_ols(y, X), CONTRAST, SPACE, bound * 1.0001).equivalent for y in ERRORS[:60]]
    assert np.mean(passed) == pytest.approx(0.8, abs=0.018)
