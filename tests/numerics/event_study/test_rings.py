"""Rings by the nearest unit under the policy, and permutation of cohorts."""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics.event_study.panel import NEVER, EventPanel
from evenfield.numerics.event_study.permutation import (
    p_of_draws,
    permuted_cohorts,
    span_means,
)
from evenfield.numerics.event_study.rings import RingDesign, neighbourhood
from numerics.event_study.panels import random_panel
from numerics.refusals import refused

SPANS = ((0, 0), (0, 3))


def line_of_units():
    """Five units on a line, 10 apart: the first gets the policy at 2, the fourth at 4."""
    positions = 10.0 * np.arange(5)
    first = np.array([2, NEVER, NEVER, 4, NEVER])
    Y = default_rng(1).normal(size=(5, 6))
    panel = EventPanel(Y, first, np.zeros(5, dtype=int))
    distance = np.abs(positions - positions[:, None])
    return RingDesign(panel, neighbourhood(distance, (10.0, 25.0)))


def test_a_cell_is_in_the_ring_of_the_nearest_unit_under_the_policy():
    design = line_of_units()
    assert design.ring[1].tolist() == [2, 2, 0, 0, 0, 0]  # 10 from the first unit
    assert design.ring[2].tolist() == [2, 2, 1, 1, 0, 0]  # 20, then 10 from the fourth
    assert design.ring[4].tolist() == [2, 2, 2, 2, 0, 0]
    # The first and the fourth unit are 30 apart: none is near the other.
    assert design.entered.tolist() == [NEVER, 2, 2, NEVER, 4]


def test_far_cells_and_targets_leave_out_units_with_the_policy():
    design = line_of_units()
    assert design.far.sum(axis=1).tolist() == [2, 2, 2, 4, 4]
    near = design.targets(1)
    assert near[0].sum(axis=1).tolist() == [0, 2, 0, 0, 2]
    assert near[1].sum(axis=1).tolist() == [0, 0, 2, 0, 0]
    assert design.far_units == 0


def random_rings(seed=3):
    panel = random_panel(seed)
    rng = default_rng(seed)
    x, y = rng.random((2, len(panel.Y))) * 100
    distance = np.hypot(x - x[:, None], y - y[:, None])
    return RingDesign(panel, neighbourhood(distance, (6.0, 12.0))), distance


def test_exposure_is_the_smallest_date_nearby():
    design, distance = random_rings()
    first = design.panel.first
    for radius, dates in zip((6.0, 12.0), design.exposure, strict=True):
        for unit, date in enumerate(dates):
            near = (distance[unit] <= radius) & (np.arange(len(first)) != unit)
            assert date == min(first[near].tolist(), default=NEVER)


def test_p_values_of_permuted_cohorts_are_right_without_an_effect():
    p_values = []
    for seed in range(60):
        panel = random_panel(seed, 3, units=30, dates=10)
        noise = default_rng(seed).normal(size=panel.Y.shape)
        panel = EventPanel(noise, panel.first, panel.groups)
        drawn = span_means(panel, permuted_cohorts(panel, default_rng(seed), 39), SPANS)
        observed = span_means(panel, panel.first[None], SPANS)[0]
        p_values.append(p_of_draws(drawn, observed)[1])
    assert np.mean(np.array(p_values) <= 0.1) == pytest.approx(0.1, abs=0.09)
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.12)


def test_a_draw_that_cannot_be_imputed_counts_as_extreme():
    drawn = np.array([[0.0], [np.nan], [1.0]])
    # 0 and the missing one are as low as 0.5, 1 and the missing one as high.
    assert p_of_draws(drawn, np.array([0.5]))[0] == 1.0
    assert p_of_draws(drawn[[0, 1, 0]], np.array([0.5]))[0] == 1.0
    assert p_of_draws(drawn[[0, 0, 0]], np.array([0.5]))[0] == 0.5


@pytest.mark.parametrize("radii", [(), (0.0, 5.0), (10.0, 5.0), (5.0, 5.0)])
def test_distances_of_rings_rise_from_above_zero(radii):
    refused("must be positive and rise", neighbourhood, np.zeros((2, 2)), radii)
