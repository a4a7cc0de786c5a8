"""What log t does with gaps that stay, two clubs, and fast convergence (research-design.md 4.5)."""

import numpy as np
import pytest
from scipy.stats import kstest

from evenfield.numerics.clubs import find_clubs
from evenfield.numerics.hp_filter import hp_trend
from evenfield.numerics.logt import fit_logt, regression_periods, transition_variance
from evenfield.numerics.markov import classes_of, homogeneity_test, quantile_cutoffs, spatial_markov_test

N, T, SAMPLES = 31, 43, 150
PERIODS = regression_periods(T, 14)


def noise(rng, sd=0.02, rho=0.8):
    out = np.empty((N, T))
    out[:, 0] = rng.normal(0, sd / np.sqrt(1 - rho**2), N)
    for t in range(1, T):
        out[:, t] = rho * out[:, t - 1] + rng.normal(0, sd, N)
    return out


def rejected(samples, levels):
    t = [fit_logt(transition_variance(np.exp(x) if levels else x), PERIODS).t[0] for x in map(hp_trend, samples)]
    return float(np.mean(np.array(t) < -1.65))


@pytest.mark.slow
@pytest.mark.montecarlo
def test_fast_convergence_is_not_rejected_and_two_clubs_are_found():
    def closing(seed):
        rng = np.random.default_rng(seed)
        return 6 + rng.normal(0, 0.45, (N, 1)) * np.exp(-0.05 * np.arange(T)) + 0.08 * np.arange(T) + noise(rng, 0.005)

    assert rejected([closing(seed) for seed in range(SAMPLES)], levels=True) <= 0.05

    def one(seed):
        rng, club = np.random.default_rng(seed), np.arange(N) < 12
        gap = rng.normal(0, 0.3, (N, 1)) * np.exp(-0.06 * np.arange(T))
        y = 6 + np.where(club, 0.9, 0.0)[:, None] + gap + 0.08 * np.arange(T) + noise(rng, 0.003)
        return find_clubs(np.exp(hp_trend(y)), PERIODS), club

    pure = []
    for seed in range(60):
        found, club = one(seed)
        pure.append(len(found.clubs) >= 2 and all(len(set(club[list(c.members)])) == 1 for c in found.clubs))
    assert np.mean(pure) >= 0.85


CHAINS, DRAWS = 300, 99


def one(seed):
    rng, n, T = np.random.default_rng(seed), 25, 30
    steady, y = rng.normal(0, 0.35, n), np.empty((n, T))
    y[:, 0] = steady + rng.normal(0, 0.45, n)
    for t in range(1, T):
        y[:, t] = steady + 0.98 * (y[:, t - 1] - steady) + rng.normal(0, 0.03, n)
    values, grid = np.exp(y) / np.exp(y).mean(axis=0), np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    W = (((grid == 1) & (np.arange(n)[:, None] // 5 == np.arange(n) // 5)) | (grid == 5)).astype(float)
    W /= W.sum(axis=1, keepdims=True)
    classes = classes_of(values, quantile_cutoffs(values, 3))
    return spatial_markov_test(values, classes, W, k=3, m=3, rng=rng, draws=DRAWS)


@pytest.mark.slow
@pytest.mark.montecarlo
def test_permutation_p_is_uniform_and_chi_squared_is_not():
    tests = [one(seed) for seed in range(CHAINS)]
    p = np.array([test.lr_p for test in tests])
    # p takes the values 1/100, ..., 1: shifted back by half a step it is uniform on (0, 1).
    assert kstest(p - 0.5 / (1 + DRAWS), "uniform").pvalue > 0.01 and 0.02 <= (p <= 0.05).mean() <= 0.09
    assert np.mean([homogeneity_test(test.counts).lr_p <= 0.05 for test in tests]) > 0.3
