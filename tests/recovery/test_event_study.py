"""Planted effects of a policy that went to provinces that grew faster: what intervals hold
with effects of year, and with effects of province and year.

``PYTHONPATH=tests python benchmarks/event_study_coverage.py`` runs the long version.
"""

import numpy as np
from numpy.random import default_rng
from scipy.stats import f

from evenfield.models.event_study import EventStudy
from evenfield.models.policies import PolicyPanel, policy_effects
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.inference import clustered, joint_test
from evenfield.numerics.event_study.leads import cr1_factor_of_leads, estimated_leads
from evenfield.numerics.event_study.panel import NEVER, EventPanel
from evenfield.numerics.event_study.rings import RingDesign, neighbourhood
from evenfield.numerics.event_study.trends import trend_bounds

PROVINCES = 12
UNITS = 20  # in each
YEARS = 20
HORIZONS = np.arange(6)
OWN = 0.06 + 0.01 * HORIZONS
NEARBY = (-0.03, -0.01)  # within 75 km, and from 75 to 150 km
RADII = (75.0, 150.0)
SIDE = 1200.0  # km of the square that the provinces divide into strips
MEMORY = 0.5  # of errors from year to year


class Drawn:
    """A panel with planted effects and what was planted."""

    def __init__(self, rng, *, spillovers):
        self.province = np.repeat(np.arange(PROVINCES), UNITS)
        trend = rng.normal(0, 0.01, PROVINCES)
        # The faster a province grows, the more of its units get the policy, and earlier.
        rank = trend.argsort().argsort()[self.province] / (PROVINCES - 1)
        share = 0.08 if spillovers else 0.5
        chosen = rng.random(self.province.size) < share * (0.4 + 1.2 * rank)
        early = np.where(rank > 0.5, 6, 10)
        date = early + rng.integers(0, 6, self.province.size)
        self.first = np.where(chosen, date, NEVER)
        errors = rng.normal(0, 0.03, (self.province.size, YEARS))
        for year in range(1, YEARS):
            errors[:, year] += MEMORY * errors[:, year - 1]
        years = np.arange(YEARS)
        Y = rng.normal(0, 1, (self.province.size, 1)) + errors
        Y += trend[self.province][:, None] * years + rng.normal(0, 0.02, YEARS)
        self.since = years - self.first[:, None]
        # Units differ in what the policy does to them.
        own = np.where(self.since >= 0, OWN[np.clip(self.since, 0, 5)], 0.0)
        Y += own * rng.normal(1, 0.5, (self.province.size, 1))
        self.planted = own
        x = (self.province + rng.random(self.province.size)) * SIDE / PROVINCES
        y = rng.random(self.province.size) * SIDE
        self.distance = np.hypot(x - x[:, None], y - y[:, None])
        if spillovers:
            design = self.rings(self.panel(Y))
            for ring, effect in enumerate(NEARBY):
                Y += effect * (design.panel.untreated & (design.ring == ring))
        self.Y = Y

    def panel(self, Y, *, by_province=True):
        groups = self.province if by_province else np.zeros_like(self.province)
        return EventPanel(Y, self.first, groups)

    def rings(self, panel):
        return RingDesign(panel, neighbourhood(self.distance, RADII))


def held_and_errors(drawn, panel, clean, targets, cohorts, truth):
    """Whether intervals by unit and by province hold the truth, and estimates; (K,)."""
    fit = Imputation.of(panel, clean)
    means = fit.averages(targets)
    codes = np.unique(cohorts, return_inverse=True)[1]
    held = []
    for clusters in (np.arange(len(panel.Y)), drawn.province):
        by_unit = fit.clean_scores(means.weights) + fit.treated_scores(
            means.weights, clusters, codes
        )
        present = (means.weights > 0).any(axis=2)
        result = clustered(means.estimate, by_unit, clusters, present)
        held.append(np.abs(result.estimate - truth(means)) <= result.half(0.95))
    return np.array(held), means.estimate - truth(means)


def own_effects(drawn, *, by_province):
    """Horizons, and all of them, with cells before the policy as controls."""
    panel = drawn.panel(drawn.Y, by_province=by_province)
    each = [panel.treated & (panel.horizon == h) for h in HORIZONS]
    spans = panel.treated & (panel.horizon <= HORIZONS[-1])

    def truth(means):
        return np.einsum("knt,nt->k", means.weights, drawn.planted)

    return held_and_errors(
        drawn, panel, panel.untreated, np.array([*each, spans]), panel.first, truth
    )


def lead_rejected(drawn, *, by_province):
    panel = drawn.panel(drawn.Y, by_province=by_province)
    leads = estimated_leads(panel, 4)
    clusters = np.arange(len(panel.Y))
    factor = cr1_factor_of_leads(panel, len(leads.estimate), clusters)
    by_unit = np.sqrt(factor) * leads.by_unit
    fit = clustered(leads.estimate, by_unit, clusters, leads.present)
    return joint_test(fit).p_value < 0.05


def leads_of_few(rng, policies, units):
    """The joint test of four leads of a few policies without an effect: its p-value, and
    that of F(K, df), which takes correlations for known.
    """
    dates = 16
    chosen = rng.permutation(units) < policies
    first = np.where(chosen, rng.integers(6, 13, units), NEVER)
    Y = rng.normal(0, 1, (units, dates))
    for date in range(1, dates):
        Y[:, date] += MEMORY * Y[:, date - 1]
    by_unit = {"unit": np.arange(units)}
    panel = PolicyPanel(Y, first, np.zeros(units, dtype=int), clusterings=by_unit)
    test = joint_test_of_leads(panel)
    df = test.df + 4 - 1
    return test.p_value, f.sf(test.statistic * df / test.df, 4, df)


def joint_test_of_leads(panel):
    return EventStudy(panel=panel, lead_count=4, last_horizon=0, spans=[]).leads.joint()


def test_leads_of_ten_policies_reject_as_often_as_they_say():
    p_values = [leads_of_few(default_rng([7, draw]), 10, 100) for draw in range(100)]
    corrected, former = np.mean(np.array(p_values) < 0.05, axis=0)
    assert corrected < 0.1 and former > corrected


def given_by_province(rng):
    """Whether errors by unit and by province find an effect of nothing, where half of 20
    provinces get the policy, all their units at one date, and have shocks of their own.
    """
    province = np.repeat(np.arange(20), 15)
    dates = 16
    chosen = rng.permutation(20) < 10
    first = np.where(chosen, rng.integers(6, 12, 20), NEVER)[province]
    Y = rng.normal(0, 1, (len(province), dates))
    Y += 0.3 * rng.normal(0, 1, (20, dates))[province]
    clusterings = {"unit": np.arange(len(province)), "province": province}
    none = np.zeros_like(province)
    panel = PolicyPanel(Y, first, none, clusterings=clusterings)
    fits = policy_effects(panel, [(0, 4)]).fits
    return [fits[name].p_value[0] < 0.05 for name in clusterings]


def test_errors_by_province_hold_where_it_got_the_policy_and_errors_by_unit_do_not():
    found = [given_by_province(default_rng([3, draw])) for draw in range(60)]
    by_unit, by_province = np.mean(found, axis=0)
    assert by_province < 0.15 and by_unit > by_province + 0.05


def bounded_effect(drawn, *, by_province):
    """The mean of all horizons where trends may differ as much as they did before."""
    units = np.arange(len(drawn.Y))
    span = (0, int(HORIZONS[-1]))
    panel = drawn.panel(drawn.Y, by_province=by_province)
    planted = drawn.panel(drawn.planted, by_province=by_province)
    truth = trend_bounds(planted, span, 4, {"unit": units}).estimate
    held = []
    for clusters in (units, drawn.province):
        bounds = trend_bounds(panel, span, 4, {"any": clusters})
        low, high = bounds.interval(1.0, 0.95)
        held.append([low <= truth <= high])
    return np.array(held), np.array([bounds.estimate - truth])


def ring_effects(drawn):
    """Both rings and the own effect, with far cells as controls."""
    design = drawn.rings(drawn.panel(drawn.Y))
    panel = design.panel
    near, errors = held_and_errors(
        drawn,
        panel,
        design.far,
        design.targets(YEARS),
        design.entered,
        lambda _: np.array(NEARBY),
    )
    own = (panel.treated & (panel.horizon <= HORIZONS[-1]))[None]

    def truth(means):
        return np.einsum("knt,nt->k", means.weights, drawn.planted)

    held, error = held_and_errors(drawn, panel, design.far, own, panel.first, truth)
    return np.hstack([held, near]), np.hstack([error, errors])


def shares(function, draws, *, spillovers, seed=1, **options):
    """Share of draws whose intervals hold the truth, and the mean error of estimates."""
    result = []
    for draw in range(draws):
        drawn = Drawn(default_rng([seed, draw]), spillovers=spillovers)
        result.append(function(drawn, **options))
    held, errors = zip(*result, strict=True)
    return np.mean(held, axis=0), np.nanmean(errors, axis=0)


def test_selection_deceives_effects_of_year_and_not_those_of_province_and_year():
    by_year, far_off = shares(own_effects, 25, spillovers=False, by_province=False)
    by_both, centred = shares(own_effects, 25, spillovers=False, by_province=True)
    assert (by_year[0] < 0.2).all() and (far_off > 0.02).all()
    assert (by_both >= 0.8).all() and (np.abs(centred) < 0.01).all()


def test_bounds_hold_the_effect_where_trends_went_on_to_differ():
    held, errors = shares(bounded_effect, 25, spillovers=False, by_province=False)
    assert (held > 0.9).all() and (errors > 0.02).all()


def test_leads_say_so():
    drawn = [Drawn(default_rng([1, draw]), spillovers=False) for draw in range(10)]
    by_year = [lead_rejected(one, by_province=False) for one in drawn]
    by_both = [lead_rejected(one, by_province=True) for one in drawn]
    assert np.mean(by_year) > 0.6 and np.mean(by_both) < 0.4


def test_spillovers_of_two_rings_and_the_own_effect_are_found():
    held, errors = shares(ring_effects, 25, spillovers=True)
    assert (held >= 0.8).all() and (np.abs(errors) < 0.012).all()


def test_near_units_as_controls_hide_part_of_the_own_effect():
    # Units nearby lose, so that against them the policy looks better than it is.
    errors = []
    for draw in range(10):
        drawn = Drawn(default_rng([1, draw]), spillovers=True)
        own = own_effects(drawn, by_province=True)[1][-1]
        errors.append(own - ring_effects(drawn)[1][0])
    assert np.mean(errors) > 0.004


def test_a_pseudo_policy_three_years_early_shows_nothing():
    drawn = Drawn(default_rng(5), spillovers=False)
    panel = drawn.panel(drawn.Y).pseudo(3)
    targets = (panel.treated & (panel.horizon < 3))[None]
    held = held_and_errors(
        drawn,
        panel,
        panel.untreated,
        targets,
        panel.first,
        lambda means: np.zeros(len(means.estimate)),
    )[0]
    assert held.all()


def placed_on_income(rng, *, held):
    """Estimate, whether its interval leaves out the effect of nothing, and whether leads
    are told from zero: the richer a unit of a province, the likelier the policy, and the
    slower its outcome grows; with income ``held`` by year or not.
    """
    province = np.repeat(np.arange(PROVINCES), UNITS)
    income = rng.normal(0, 0.5, PROVINCES)[province] + rng.normal(0, 0.5, province.size)
    within = income - np.bincount(province, income)[province] / UNITS
    chosen = rng.random(province.size) < 1 / (1 + np.exp(-within / 0.5))
    first = np.where(chosen, rng.integers(8, 14, province.size), NEVER)
    years = np.arange(YEARS)
    # Poorer units catch up by 1 % a year of what separates them.
    Y = income[:, None] * np.exp(-0.01 * years)
    Y = Y + rng.normal(0, 0.05, (PROVINCES, YEARS))[province]
    Y = Y + rng.normal(0, 0.03, (province.size, YEARS)).cumsum(axis=1)
    # What is measured in the first year has an error of its own.
    measured = Y[:, :1] + rng.normal(0, 0.05, (province.size, 1))
    controls = measured if held else None
    clusterings = {"unit": np.arange(province.size), "province": province}
    panel = PolicyPanel(Y, first, province, controls, clusterings)
    (effect,) = policy_effects(panel, [(0, 5)]).rows(0.95)
    leads = joint_test_of_leads(panel).p_value < 0.05
    return effect.test.estimate, effect.test.p_value < 0.05, leads


def placed_results(draws, *, held):
    """Mean error, share of draws that find an effect of nothing, and leads."""
    results = [
        placed_on_income(default_rng([5, draw]), held=held) for draw in range(draws)
    ]
    return np.mean(np.array(results, dtype=float), axis=0)


def test_policies_placed_on_income_deceive_where_incomes_converge_and_income_is_not_held():
    bias, found, _ = placed_results(25, held=False)
    held_bias, held_found, _ = placed_results(25, held=True)
    assert bias < -0.015 and found > 0.4
    assert abs(held_bias) < 0.008 and held_found < 0.2
