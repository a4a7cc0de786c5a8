"""Parts of a policy, errors of neighbours, and rings without one unit, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics.event_study.estimates import (
    neighbour_errors,
    policy_effects,
    ring_effects,
    ring_range,
)
from evenfield.numerics.event_study.panel import NEVER
from evenfield.numerics.event_study.parts import part_effects
from evenfield.numerics.event_study.rings import RingDesign, neighbourhood
from evenfield.numerics.inference.conley import spatial_kernel
from numerics.event_study.panels import controlled_panel, random_panel
from numerics.refusals import refused
from tolerances import close

UNITS = {"unit": np.arange(60), "pair": np.arange(60) // 2}


def waves(panel):
    early = np.broadcast_to(panel.first[:, None] <= 4, panel.Y.shape)
    return {"early": early, "late": ~early}


def test_parts_are_means_of_their_cells_and_weigh_up_to_the_whole():
    panel = controlled_panel(3, 3)
    parts = part_effects(panel, (0, 3), waves(panel), UNITS).parts
    whole = policy_effects(panel, [(0, 3)], UNITS)
    close(parts.estimate @ parts.cells / parts.cells.sum(), whole.estimate[0], 1e-10)
    assert parts.cells.sum() == whole.cells[0] and parts.names == ["early", "late"]


def test_a_difference_has_the_error_of_one_sum_of_scores():
    panel = controlled_panel(3, 3)
    found = part_effects(panel, (0, 3), waves(panel), UNITS)
    apart = found.differences
    assert apart.names == ["late less early"]
    close(apart.estimate, [np.diff(found.parts.estimate)[0]])
    for name, fit in found.parts.fits.items():
        scores = fit.scores[1] - fit.scores[0]
        close(apart.fits[name].std_error, [np.sqrt(scores @ scores)], 1e-12)
        assert apart.fits[name].df == fit.df.min()
    # One difference: the joint test is the t test of the clustering that rejects less.
    p_values = [tests.p_value[0] for tests in apart.tests(0.95).values()]
    assert found.joint_test().p_value == pytest.approx(max(p_values))


def test_planted_differences_between_parts_are_found_and_others_are_not():
    panel = random_panel(9, units=200)
    late = (panel.first > 4)[:, None] & panel.treated
    moved = replace(panel, Y=panel.Y + 3.0 * late)
    for own, different in ((panel, False), (moved, True)):
        by_unit = {"unit": np.arange(200)}
        found = part_effects(own, (0, 3), waves(own), by_unit)
        assert (found.joint_test().p_value < 0.01) == different
    refused(
        "no unit-year of none can be imputed",
        part_effects,
        panel,
        (0, 3),
        {**waves(panel), "none": np.zeros(panel.Y.shape, dtype=bool)},
        {"unit": np.arange(200)},
    )


def test_errors_of_neighbours_are_a_double_sum_over_pairs():
    panel = random_panel(2)
    lat, lon = default_rng(2).random((2, 60)) * 5
    kernel = spatial_kernel(np.arange(60), lat, lon, 200.0)
    scores = policy_effects(panel, [(0, 0), (0, 3)], UNITS).fits["unit"].scores
    W = kernel.weights.toarray()
    want = [
        np.sqrt(sum(W[i, j] * s[i] * s[j] for i in range(60) for j in range(60)))
        for s in scores
    ]
    close(neighbour_errors(scores, kernel.weights), want, 1e-10)
    alone = spatial_kernel(np.arange(60), lat, lon, 1e-6)
    errors = policy_effects(panel, [(0, 0), (0, 3)], UNITS).fits["unit"].std_error
    close(neighbour_errors(scores, alone.weights), errors, 1e-12)


def test_a_ring_without_one_unit_is_estimated_anew():
    panel = controlled_panel(3)
    panel = replace(panel, first=np.where(np.arange(60) < 12, panel.first, NEVER))
    x, y = default_rng(3).random((2, 60)) * 100
    distance = np.hypot(x - x[:, None], y - y[:, None])
    design = RingDesign(panel, neighbourhood(distance, (10.0, 20.0)))
    of_ring = design.targets(3).any(axis=(0, 2))
    found = []
    for unit in range(60):
        leaving = np.zeros(60, dtype=bool)
        leaving[unit] = of_ring[unit]
        if panel.treated[unit].any():
            leaving = (distance[unit] <= 20.0) & of_ring & (np.arange(60) != unit)
        if leaving.any():
            Y = np.where(leaving[:, None], np.nan, panel.Y)
            rest = RingDesign(replace(panel, Y=Y), design.near)
            found.append(ring_effects(rest, 3, UNITS).estimate)
    low, high = ring_range(design, 3)
    close(low, np.nanmin(found, axis=0), 1e-12)
    close(high, np.nanmax(found, axis=0), 1e-12)
    assert (low < ring_effects(design, 3, UNITS).estimate).all()
