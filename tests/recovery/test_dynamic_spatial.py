"""Planted dynamics are found at the study's size: bias of a tenth of what demeaning leaves, intervals that hold."""

import numpy as np

from evenfield.numerics.spatial_panel.dynamic import fit_dynamic
from evenfield.numerics.spatial_panel.dynamic_effects import dynamic_monte_carlo
from numerics.spatial_panel.test_dynamic import simulated

REPLICATIONS = 200


def test_bias_is_small_and_intervals_hold_at_the_size_of_the_study():
    panel, net = simulated(n=31, t=20, rho=0.3, tau=0.95, eta=-0.25, seed=21)
    found = dynamic_monte_carlo(panel, fit_dynamic(panel, net), np.random.default_rng(6), REPLICATIONS)
    noise = 3 * found.sd[-1] / np.sqrt(REPLICATIONS)
    assert (np.abs(found.bias[-1]) < 0.004 + noise).all() and found.bias[0, 1] < 0
    assert (np.abs(found.coverage - 0.95) < 3 * np.sqrt(0.95 * 0.05 / REPLICATIONS) + 0.01).all()
    assert (np.abs(found.error_ratio - 1) < 0.2).all() and found.estimated[-1] >= 0.95 * REPLICATIONS
