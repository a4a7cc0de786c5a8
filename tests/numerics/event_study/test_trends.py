"""How far effects bear that trends differ, against HonestDiD, moderndid and diff-diff."""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics.event_study.group_time import group_time_means
from evenfield.numerics.event_study.inference import Clustered
from evenfield.numerics.event_study.panel import NEVER, EventPanel
from evenfield.numerics.event_study.trends import MOST, TrendBounds, trend_bounds
from numerics.event_study.panels import golden, random_panel
from numerics.event_study.test_group_time import counties
from numerics.refusals import refused
from tolerances import close

TRENDS = golden()["trends"]
MEDICAID = TRENDS["medicaid"]
LEADS = 5


def bounds_of(estimates, covariance, weights):
    """Bounds of a weighted mean of effects after five leads with one base."""
    rows = np.zeros((1 + LEADS, len(estimates)))
    rows[0, LEADS:] = weights
    rows[1:, :LEADS] = np.diff(np.eye(LEADS), axis=0, append=0.0)
    scores = rows @ np.linalg.cholesky(covariance)
    many = np.full(len(rows), 1e9)
    dates = np.arange(len(weights)) + 1
    fit = Clustered(rows @ estimates, scores, many)
    return TrendBounds({"unit": fit}, float(dates @ np.array(weights)))


def medicaid(weights):
    return bounds_of(
        np.array(MEDICAID["estimate"]), np.array(MEDICAID["covariance"]), weights
    )


@pytest.mark.parametrize("controls", ["never_treated", "not_yet_treated"])
def test_leads_with_one_base_are_those_of_diff_diff(controls):
    horizons, estimates, errors = zip(*TRENDS["universal"][controls], strict=True)
    means = group_time_means(
        counties(),
        [(e, e) for e in horizons],
        never_only=controls == "never_treated",
        one_base=True,
    )
    close(means.estimate, estimates, 1e-10)
    close(np.sqrt((means.by_unit**2).sum(axis=1)), errors, 1e-10)


def test_ends_without_error_are_those_of_diff_diff():
    for magnitude, low, high in MEDICAID["diff_diff_ends"]:
        close(medicaid([0.5, 0.5]).ends(magnitude), [low, high], 1e-9)


@pytest.mark.parametrize(
    ("published", "weights"), [("r_honest_did", [1, 0]), ("moderndid_mean", [0.5, 0.5])]
)
def test_intervals_hold_those_of_a_hybrid_test_and_are_a_little_wider(
    published, weights
):
    for magnitude, low, high in MEDICAID[published]:
        own_low, own_high = medicaid(weights).interval(magnitude, 0.95)
        assert own_low < low and high < own_high
        assert own_high - own_low < 1.15 * (high - low)


def test_without_a_difference_in_trends_the_interval_is_that_of_the_mean():
    bounds = medicaid([1, 0])
    half = 1.959964 * np.sqrt(np.array(MEDICAID["covariance"])[LEADS, LEADS])
    close(bounds.interval(0.0, 0.95), bounds.estimate + np.array([-half, half]), 1e-6)


def test_the_fewest_degrees_of_freedom_count():
    fit = Clustered(np.array([1.0, 0.5]), np.eye(2), np.array([30.0, 3.0]))
    low, high = TrendBounds({"unit": fit}, 1.0).interval(0.0, 0.95)
    assert high - low == pytest.approx(2 * 3.182446, rel=1e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_breakdown_is_where_the_interval_reaches_zero(sign):
    estimates = sign * np.array(MEDICAID["estimate"])
    bounds = bounds_of(estimates, np.array(MEDICAID["covariance"]), [1, 0])
    ends = bounds.interval(bounds.breakdown(0.95), 0.95)
    assert min(map(abs, ends)) < 1e-9
    # R prints an interval without zero at 1.5 and one with it at 2.
    assert 1.5 < bounds.breakdown(0.95) < 2


def test_a_breakdown_is_zero_for_an_open_effect_and_ends_somewhere():
    noise = np.eye(7)
    small = np.r_[np.zeros(LEADS), 1.0, 1.0]
    assert bounds_of(small, noise, [1, 0]).breakdown(0.95) == 0
    large = np.r_[np.zeros(LEADS), 1e9, 1.0]
    assert bounds_of(large, noise, [1, 0]).breakdown(0.95) == MOST
    alone = {"unit": Clustered(np.ones(2), np.ones((2, 1)), np.zeros(2))}
    assert np.isnan(TrendBounds(alone, 1.0).breakdown(0.95))


@pytest.mark.parametrize("largest", [0, 2, 4])
def test_the_effect_is_held_where_trends_differ_as_much_as_is_allowed(largest):
    rng = default_rng(largest)
    changes = np.zeros(LEADS)
    changes[largest] = 0.5
    leads = -np.cumsum(changes[::-1])[::-1]
    # Differences go on as fast as the largest change, against an effect of 1.
    drift = np.array([1.5, 2.0])
    truth = np.r_[leads, drift]
    covariance = np.full((7, 7), 0.1) + 0.1 * np.eye(7)
    held = []
    for draw in rng.multivariate_normal(truth, covariance, 1000):
        low, high = bounds_of(draw, covariance, [0.5, 0.5]).interval(1.0, 0.95)
        held.append(low <= 1.0 <= high)
    assert np.mean(held) > 0.94


def test_the_wider_clustering_counts():
    panel = random_panel(2, 3)
    units = np.arange(len(panel.Y))
    both = trend_bounds(panel, (0, 3), 4, {"unit": units, "group": units // 20})
    each = [
        TrendBounds({name: fit}, both.reach).interval(1.0, 0.95)
        for name, fit in both.fits.items()
    ]
    close(both.interval(1.0, 0.95), [min(each)[0], max(end for _, end in each)])


def test_a_difference_reaches_as_far_as_the_cells_of_the_effect():
    panel = random_panel(1)
    bounds = trend_bounds(panel, (1, 3), 3, {"unit": np.arange(len(panel.Y))})
    base = panel.Y[np.arange(len(panel.Y)), np.clip(panel.first - 1, 0, 11)]
    cells = panel.treated & np.isfinite(base)[:, None]
    horizons = panel.horizon[cells & (panel.horizon >= 1) & (panel.horizon <= 3)]
    assert bounds.reach == pytest.approx((horizons + 1).mean())
    mean = group_time_means(panel, [(1, 3)]).estimate[0]
    assert bounds.estimate == pytest.approx(mean)


def test_every_change_between_leads_counts_the_earliest_and_the_one_to_the_base_too():
    panel = random_panel(1)
    bounds = trend_bounds(panel, (0, 3), 4, {"unit": np.arange(len(panel.Y))})
    leads = group_time_means(panel, [(h, h) for h in (-4, -3, -2)], one_base=True)
    minus_4, minus_3, minus_2 = leads.estimate
    changes = [minus_3 - minus_4, minus_2 - minus_3, 0.0 - minus_2]
    close(bounds.fits["unit"].estimate[1:], changes, 1e-12)


def test_a_lead_that_nobody_has_is_left_out_and_none_at_all_is_refused():
    panel = random_panel(1)
    units = {"unit": np.arange(len(panel.Y))}
    # The last cohort is seen 9 dates before its policy.
    assert len(trend_bounds(panel, (0, 3), 12, units).fits["unit"].estimate) == 9
    refused("no two dates before the policy", trend_bounds, panel, (0, 3), 1, units)
    alone = EventPanel(panel.Y[:4], np.full(4, 5), np.zeros(4, dtype=int))
    refused("no two dates", trend_bounds, alone, (0, 1), 3, {"unit": np.arange(4)})
    late = np.array([2, 2, 11, NEVER])
    ended = np.where(np.arange(12) < late[:, None], panel.Y[:4], np.nan)
    nothing = EventPanel(ended, late, np.zeros(4, dtype=int))
    refused(
        "no units without", trend_bounds, nothing, (0, 1), 3, {"unit": np.arange(4)}
    )
