"""Do the estimators of a dynamic panel find the truth that was put in? Design of the
research design, section 4.4.
"""

from functools import cache

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.models.anderson_hsiao import anderson_hsiao_root
from evenfield.numerics.dynamic_panel import bias_corrected as bc
from evenfield.numerics.dynamic_panel import within as wi
from evenfield.numerics.dynamic_panel.bias_corrected import bias_corrected_root
from evenfield.numerics.dynamic_panel.regime_scores import (
    regime_intervals,
    regime_roots,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.dynamic import fit_dynamic
from numerics.spatial_panel.test_dynamic import simulated

UNITS = 31
SHOCK = 0.03
pytestmark = pytest.mark.gate


def panel(rng, speed, transitions, span=1, sd=lambda *_: SHOCK):
    """Levels that start anywhere (s.d. .45) and head for steady states (s.d. .35)
    unrelated to where they start.
    """
    years = transitions * span
    rho = np.exp(-speed / 100)
    steady = rng.normal(0, 0.35, UNITS)
    y = rng.normal(0, 0.45, UNITS)
    path = [y]
    for year in range(years):
        y = rho * y + (1 - rho) * steady + rng.normal(0, sd(year, years), UNITS)
        path.append(y)
    return np.array(path).T[:, ::span]


def chinese(year, years):
    """Shock s.d. falls from 4.25 to 1.39 points half-way."""
    return 0.0425 if year < years / 2 else 0.0139


def speeds(estimator, draws, seed, span=1, **design):
    rng = default_rng(seed)
    return np.array(
        [
            -100 * np.log(estimator(panel(rng, span=span, **design)).rho) / span
            for _ in range(draws)
        ]
    )


def constant(levels):
    return bias_corrected_root(levels, bc.Variance.CONSTANT)


def least_squares(effects):
    """Least squares without (``transitions``) or with unit effects (``within_units``)."""
    return lambda levels: wi.RootFit(
        wi.moments(effects(levels), wi.whole_sample(UNITS)).slope[0], 0, 0, UNITS, 0
    )


YEARLY = {"speed": 2, "transitions": 42}
FIVE_YEARS = {"speed": 2, "transitions": 8, "span": 5}
CHANGING = {**YEARLY, "sd": chinese}


@pytest.mark.parametrize(
    ("estimator", "draws", "seed", "design", "low", "high"),
    [
        (bias_corrected_root, 200, 1, YEARLY, 1.7, 2.3),
        (constant, 200, 1, YEARLY, 1.7, 2.3),
        (least_squares(wi.within_units), 200, 1, YEARLY, 4, np.inf),
        (wi.half_panel_root, 200, 1, YEARLY, -np.inf, 1),
        (least_squares(wi.transitions), 200, 1, YEARLY, 0.9, 1.9),
        (anderson_hsiao_root, 200, 1, YEARLY, 1.2, 3.0),
        (bias_corrected_root, 200, 2, {**YEARLY, "speed": 5}, 4.7, 5.4),
        (constant, 1000, 3, FIVE_YEARS, 1.85, 2.15),
        (bias_corrected_root, 1000, 3, FIVE_YEARS, 1.85, 2.15),
        (constant, 200, 4, CHANGING, 3, np.inf),
        (bias_corrected_root, 200, 4, CHANGING, 1.5, 2.3),
    ],
)
def test_planted_speeds_are_recovered(estimator, draws, seed, design, low, high):
    result = speeds(estimator, draws, seed, **design)
    assert low < np.nanmedian(result) < high


def test_samples_without_a_root_are_rare_unless_there_is_no_convergence():
    rng = default_rng(5)
    lost = [constant(panel(rng, 2, 42)).no_root for _ in range(160)]
    assert np.mean(lost) < 0.03
    lost = [constant(panel(rng, 0, 42)).no_root for _ in range(300)]
    assert 0.3 < np.mean(lost) < 0.7


@pytest.mark.parametrize(
    ("speed", "sd"), [(0, lambda *_: SHOCK), (2, lambda *_: SHOCK), (2, chinese)]
)
def test_grid_interval_covers(speed, sd):
    assert 0.92 < grid_covers(speed, sd) < 0.98


def grid_covers(speed, sd, draws=400):
    rng = default_rng(6)
    true = np.exp(-speed / 100)
    result = [bc.score_interval(panel(rng, speed, 20, sd=sd)) for _ in range(draws)]
    return np.mean([one.low <= true <= one.high for one in result])


def regime_panel(rng, exposures, theta, transitions):
    """Levels whose root depends on a unit's exposures; means and steady states are
    free.
    """
    rho = exposures @ theta
    steady = rng.normal(0, 0.35, len(rho))
    y = rng.normal(0, 0.45, len(rho))
    path = [y]
    for _ in range(transitions):
        y = rho * y + (1 - rho) * steady + rng.normal(0, SHOCK, len(rho))
        path.append(y)
    return np.array(path).T


def test_planted_gap_of_speeds_is_recovered_and_fixed_effects_miss_it():
    rng = default_rng(4)
    theta = np.array([0.95, -0.06, 0.02])
    c = np.array([0.0, -100.0, 100.0])
    result = []
    bare = []
    seen = 0
    for _ in range(300):
        shares = rng.uniform(0, 1, (UNITS, 2)) * (rng.random((UNITS, 2)) < 0.5)
        roots = regime_roots(
            regime_panel(
                rng, Z := np.column_stack([np.ones(UNITS), shares]), theta, 41
            ),
            Z,
        )
        seen += bool(roots.defined[0])
        result.append(float(roots.theta[0] @ c) if roots.defined[0] else np.nan)
        bare.append(float(roots.fixed_effects[0] @ c))
    assert seen > 145
    assert 7.5 < np.nanmedian(result) < 8.7
    assert np.median(bare) < 7.3


def test_bootstrap_of_units_covers_the_planted_gap():
    rng = default_rng(5)
    theta = np.array([0.93, -0.06, 0.02])
    c = np.array([0.0, -1.0, 1.0])
    inside = []
    for k in range(40):
        Z = np.column_stack(
            [
                np.ones(UNITS),
                (rng.uniform(0, 1, (UNITS, 2)) * (rng.random((UNITS, 2)) < 0.5)),
            ]
        )
        levels = regime_panel(rng, Z, theta, 25)
        try:
            interval = regime_intervals(levels, Z, c, default_rng(k), 99)[0]
        except NumericsError:
            continue
        inside.append(interval.low <= 0.08 <= interval.high)
    assert len(inside) > 30
    assert np.mean(inside) > 0.85


REPLICATIONS = 200


TRUTH = np.array([0.3, 0.95, -0.25])  # rho, tau, eta


@cache
def dynamic_fits():
    rho, tau, eta = TRUTH
    design = {"n": 31, "t": 20, "rho": rho, "tau": tau, "eta": eta}
    return [fit_dynamic(*simulated(**design, seed=k)) for k in range(REPLICATIONS)]


def dynamic_coverage():
    """Shares of 95 % intervals of rho, tau and eta that hold the truth, where a root is
    found.
    """
    rooted = [fit for fit in dynamic_fits() if fit.converged]
    off = np.array([fit.dynamics for fit in rooted]) - TRUTH
    errors = np.array([fit.std_errors[:3] for fit in rooted])
    return (np.abs(off) <= 1.96 * errors).mean(axis=0)


def test_bias_is_small_and_intervals_hold_at_the_size_of_the_study():
    fits = dynamic_fits()
    rooted = [fit for fit in fits if fit.converged]
    assert len(rooted) >= 0.95 * REPLICATIONS
    likelihood = np.array([fit.likelihood[:3] for fit in fits])
    adjusted = np.array([fit.dynamics for fit in rooted])
    errors = np.array([fit.std_errors[:3] for fit in rooted])
    deviation = adjusted.std(axis=0, ddof=1)
    noise = 3 * deviation / np.sqrt(REPLICATIONS)
    assert (np.abs(adjusted.mean(axis=0) - TRUTH) < 0.004 + noise).all()
    assert likelihood.mean(axis=0)[1] < TRUTH[1]
    tolerance = 3 * np.sqrt(0.95 * 0.05 / REPLICATIONS) + 0.01
    assert (np.abs(dynamic_coverage() - 0.95) < tolerance).all()
    assert (np.abs(errors.mean(axis=0) / deviation - 1) < 0.2).all()
