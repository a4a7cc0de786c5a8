"""Kernels, ergodic densities and modes."""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.stats import gaussian_kde, norm

from evenfield.numerics import kernel_dynamics as kd
from evenfield.numerics.kernel_dynamics import (
    count_modes,
    count_prominent_modes,
    critical_bandwidth,
    ergodic_density,
    plug_in_bandwidth,
    silverman_test,
    stochastic_kernel,
)
from numerics.refusals import refused
from tolerances import close


def autoregression(rho=0.6, n=1500, seed=0):
    rng = default_rng(seed)
    x = rng.normal(0, 1 / np.sqrt(1 - rho**2), n)
    return x, rho * x + rng.normal(0, 1, n)


def test_kernel_density_is_that_of_scipy():
    values = default_rng(1).normal(size=50)
    grid = np.linspace(-3, 3, 20)
    kde = gaussian_kde(values, bw_method=0.4)
    h = 0.4 * values.std(ddof=1)
    close(kd.kernel_density(values, grid, h), kde(grid))


def test_bandwidths_follow_the_spread_and_widen_where_values_are_rare():
    values = default_rng(1).normal(size=200)
    quartiles = np.percentile(values, [75, 25])
    spread_of_values = min(values.std(ddof=1), np.subtract(*quartiles) / 1.34)
    close(plug_in_bandwidth(values), 0.9 * spread_of_values * 200**-0.2)
    wide = kd.adaptive_bandwidths(values, 0.3)
    assert wide[np.argmax(np.abs(values))] > wide[np.argmin(np.abs(values))]


def test_the_kernel_of_an_autoregression_is_its_normal_density():
    x, y = autoregression()
    grid = np.linspace(-5.5, 5.5, 111)
    kernel = stochastic_kernel(x, y, grid)
    step = grid[1] - grid[0]
    close(kernel.density.sum(axis=1) * step, 1)
    for at in (-1.0, 0.0, 1.0):
        row = kernel.density[np.argmin(np.abs(grid - at))]
        # The local mean of 1,500 pairs has a standard deviation of 0.07 over samples:
        # three of them.
        close((row * grid).sum() * step, 0.6 * at, atol=0.2)
        # A shift by that much changes a normal density by up to 0.05, smoothing lowers
        # its peak by 0.03.
        assert np.abs(row - norm.pdf(grid, 0.6 * at, 1)).max() < 0.1
    ergodic = ergodic_density(kernel)
    close(ergodic @ kernel.density * step, ergodic, atol=1e-8)
    close(np.sqrt((ergodic * grid**2).sum() * step), 1.25, rtol=0.12)


def test_modes_are_counted_and_those_behind_a_shallow_dip_are_not_prominent():
    grid = np.linspace(-6, 6, 400)
    one = norm.pdf(grid)
    two = norm.pdf(grid, -2, 0.5) + norm.pdf(grid, 2, 0.5)
    assert list(count_modes(np.array([one, two]))) == [1, 2]
    assert count_modes(np.array([3.0, 1.0, 3.0])) == 2
    for heights, modes in (
        ([0.0, 1.0, 0.96, 0.99, 0.0], 1),
        ([0.0, 1.0, 0.9, 1.0, 0.0], 2),
        ([1.0, 0.2, 0.1, 0.6], 2),
    ):
        assert count_prominent_modes(np.array(heights), 0.05) == modes


def test_silvermans_test_rejects_one_mode_for_two_humps_and_not_for_a_hill():
    rng = default_rng(7)
    humps = np.concatenate([rng.normal(-2, 0.4, 20), rng.normal(2, 0.4, 20)])
    hill = rng.normal(0, 1, 40)
    p = [silverman_test(x, 1, default_rng(1), 99).p_value for x in (humps, hill)]
    assert p[0] < 0.05
    assert p[1] > 0.1
    assert critical_bandwidth(humps, 1) > critical_bandwidth(humps, 2)


def test_constant_and_few_values_are_refused():
    few = np.arange(5.0)
    refused("constant", plug_in_bandwidth, np.ones(20))
    refused("too few", stochastic_kernel, few, few, np.linspace(0, 5, 10))
    refused("too few", silverman_test, few, 1, default_rng(0), 9)
    refused("constant", silverman_test, np.ones(15), 1, default_rng(0), 9)


def panel(step, start, years=60):
    rng = default_rng(0)
    path = [start(rng)]
    for _ in range(years):
        path.append(step(path[-1], rng))
    values = np.array(path).T
    grid = np.linspace(values.min(), values.max(), 60)
    return values[:, :-1].ravel(), values[:, 1:].ravel(), grid


def one_basin(y, rng):
    return 0.6 * y + rng.normal(0, 1, 40)


def two_basins(y, rng):
    turned = np.where(rng.random(40) < 0.05, -1, 1)
    return np.sign(y) * turned + rng.normal(0, 0.2, 40)


@pytest.mark.parametrize(
    ("step", "start", "modes"),
    [
        (one_basin, lambda rng: rng.normal(0, 1.2, 40), 1),
        (two_basins, lambda rng: rng.choice([-1.0, 1.0], 40), 2),
    ],
)
def test_the_ergodic_density_has_a_mode_in_each_basin(step, start, modes):
    x, y, grid = panel(step, start)
    kernel = stochastic_kernel(x, y, grid)
    close(kernel.density.sum(axis=1) * (grid[1] - grid[0]), 1)
    assert count_prominent_modes(ergodic_density(kernel), 0.05) == modes


def test_steps_reflected_at_the_ends_keep_the_uniform_density():
    rng = default_rng(3)
    x = rng.uniform(0, 1, 4000)
    y = np.abs(x + rng.normal(0, 0.1, 4000))
    y = np.where(y > 1, 2 - y, y)
    density = ergodic_density(stochastic_kernel(x, y, np.linspace(0, 1, 60)))
    # Without reflection it would fall towards both ends.
    assert np.abs(density - 1).max() < 0.45
    assert density[:3].mean() > 0.8
