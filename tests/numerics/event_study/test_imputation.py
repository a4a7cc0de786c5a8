"""Imputed effects and their errors against dense least squares and did-imputation."""

from time import process_time

import numpy as np
import pytest
import scipy.stats
from numpy.random import default_rng

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.effects import CellEquations
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.inference import (
    Clustered,
    clustered,
    joint_half,
    joint_test,
)
from evenfield.numerics.event_study.leads import estimated_leads
from evenfield.numerics.event_study.panel import NEVER, EventPanel
from evenfield.numerics.event_study.permutation import permuted_cohorts, span_means
from evenfield.numerics.event_study.two_way import two_way_coefficient
from numerics.event_study.panels import controlled_panel, golden, random_panel
from numerics.refusals import refused
from tolerances import close

HORIZONS = np.arange(5)


def averages_of(panel):
    fit = Imputation.of(panel)
    targets = panel.treated & (panel.horizon == HORIZONS[:, None, None])
    return fit, fit.averages(targets)


def errors_of(panel, clusters, *, leave_out):
    fit, means = averages_of(panel)
    cohorts = np.unique(panel.first, return_inverse=True)[1]
    by_unit = fit.clean_scores(means.weights) + fit.treated_scores(
        means.weights, clusters, cohorts, leave_out=leave_out
    )
    present = (means.weights > 0).any(axis=2)
    return clustered(means.estimate, by_unit, clusters, present)


DID_IMPUTATION = golden()["did_imputation"] + golden()["controls"]["did_imputation"]


@pytest.mark.parametrize("case", range(len(DID_IMPUTATION)))
def test_estimates_errors_and_leads_are_those_of_did_imputation(case):
    theirs = DID_IMPUTATION[case]
    columns = int(case >= len(golden()["did_imputation"]))
    panel = controlled_panel(theirs["seed"], theirs["groups"], columns)
    close_to = {"rtol": 1e-9, "atol": 1e-8 * columns}  # they iterate with controls
    units = np.arange(len(panel.Y))
    for clusters, name in ((units, "unit"), (units // 2, "pair")):
        fit = errors_of(panel, clusters, leave_out=False)
        close(fit.estimate, theirs["estimate"], **close_to)
        close(fit.std_error, theirs[f"std_error_{name}"], **close_to)
    close(estimated_leads(panel, 3).estimate, theirs["leads"], 1e-9, 1e-12)  # pyfixest


def test_a_lead_that_nobody_has_or_that_unit_effects_determine_is_left_out():
    # The last cohort is seen 9 dates before its policy, and each needs one to compare.
    assert estimated_leads(random_panel(1), 10).horizons.tolist() == list(range(-8, 0))


def test_a_cell_without_anything_to_predict_it_from_is_counted_and_not_used():
    Y = default_rng(1).normal(size=(6, 6))
    first = np.array([2, 2, 2, 4, 4, 4])
    panel = EventPanel(Y, first, np.zeros(6, dtype=int))
    fit, means = averages_of(panel)
    # From date 4 on every unit has the policy.
    assert np.isnan(fit.gaps[:, 4:]).all() and np.isfinite(fit.gaps[:, :4]).all()
    assert means.cells.tolist() == [3, 3, 0, 0, 0]
    assert means.lost.tolist() == [3, 3, 3, 3, 0]
    assert np.isnan(means.estimate[2:]).all()


def test_sets_of_dates_that_no_unit_ties_together_predict_nothing_across():
    Y = default_rng(2).normal(size=(6, 6))
    Y[:3, 3:] = np.nan
    Y[3:, :3] = np.nan
    Y[0, 4] = 1.0  # a cell outside the dates that its unit is tied to
    clean = np.isfinite(Y)
    clean[0, 4] = False
    fitted = CellEquations(clean, np.zeros(6, dtype=int)).fitted(
        np.where(clean, Y, 0.0)
    )
    assert np.isnan(fitted[0, 4]) and np.isfinite(fitted[clean]).all()


def test_a_unit_without_a_clean_cell_is_predicted_by_nothing():
    panel = random_panel(1)
    first = panel.first.copy()
    first[:2] = 0
    fit = averages_of(EventPanel(panel.Y, first, panel.groups))[0]
    assert np.isnan(fit.gaps[:2]).all() and np.isfinite(fit.gaps[2:, 0]).any()


def test_degrees_of_freedom_are_the_clusters_with_the_policy_less_one():
    panel = random_panel(1)
    fit = errors_of(panel, np.arange(len(panel.Y)) // 2, leave_out=True)
    pairs = np.arange(len(panel.Y)) // 2
    at_once = panel.treated & (panel.horizon == 0)
    assert fit.df[0] == len(set(pairs[at_once.any(axis=1)])) - 1


def test_order_of_units_and_names_of_groups_change_nothing():
    panel = random_panel(5, 3)
    order = default_rng(0).permutation(len(panel.Y))
    moved = EventPanel(panel.Y[order], panel.first[order], 2 - panel.groups[order])
    a, b = (
        errors_of(one, np.arange(len(panel.Y)), leave_out=True)
        for one in (panel, moved)
    )
    close(a.estimate, b.estimate, 1e-12)
    close(a.std_error, b.std_error, 1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_errors_without_the_own_cluster_are_those_of_diff_diff(seed):
    panel = random_panel(seed)
    fit = errors_of(panel, np.arange(len(panel.Y)), leave_out=True)
    close(fit.std_error, golden()["left_out"][seed], 1e-9)


def test_errors_are_larger_where_the_own_cluster_is_left_out():
    panel = random_panel(6)
    units = np.arange(len(panel.Y))
    published = errors_of(panel, units, leave_out=False).std_error
    assert (errors_of(panel, units, leave_out=True).std_error > published).all()


def test_a_cohort_of_one_unit_has_an_error_and_a_single_unit_has_none():
    panel = random_panel(7)
    first = panel.first.copy()
    first[first == 4] = NEVER
    first[0] = 4
    units = np.arange(len(first))
    one = EventPanel(panel.Y, first, panel.groups)
    alone = EventPanel(panel.Y, np.where(units == 0, 4, NEVER), panel.groups)
    assert (errors_of(one, units, leave_out=True).std_error > 0).all()
    assert np.isnan(errors_of(alone, units, leave_out=True).std_error).all()


def test_joint_tests_and_bands_follow_their_formulas():
    rng = default_rng(1)
    scores = rng.normal(size=(3, 40))
    fit = Clustered(np.array([0.5, -1.0, 2.0]), scores, np.full(3, 39.0))
    V = scores @ scores.T
    test = joint_test(fit)
    wald = fit.estimate @ np.linalg.inv(V) @ fit.estimate
    # Hotelling: of 39 degrees of freedom 3 - 1 go into the correlation of the effects.
    F = wald / 3 * 37 / 39
    assert test.statistic == pytest.approx(F)
    assert test.p_value == pytest.approx(scipy.stats.f.sf(F, 3, 37))
    # Independent normal effects: the quantile of the largest of three.
    lone = Clustered(fit.estimate, np.eye(3), np.full(3, np.inf))
    half = joint_half(lone, default_rng(2), 100_000, 0.95)
    close(half, scipy.stats.norm.ppf((1 + 0.95 ** (1 / 3)) / 2), 5e-3)
    assert (joint_half(fit, rng, 999, 0.95) > fit.half(0.95)).all()


def test_what_cannot_be_estimated_is_refused_in_a_line():
    Y = default_rng(1).normal(size=(4, 5))
    groups = np.zeros(4, dtype=int)

    lone = Clustered(np.zeros(3), np.ones((3, 2)), np.ones(3))
    refused("3 effects cannot be tested at once with 2 clusters", joint_test, lone)
    few = Clustered(np.zeros(3), default_rng(2).normal(size=(3, 9)), np.full(3, 2.0))
    refused("3 effects cannot be tested at once with 3 clusters", joint_test, few)
    with pytest.raises(NumericsError, match="determine the policy"):
        two_way_coefficient(EventPanel(Y, np.zeros(4, dtype=int), groups))


def test_means_under_other_dates_cost_less_than_as_many_fits():
    panel = random_panel(8, units=300, dates=20)
    panel = EventPanel(np.nan_to_num(panel.Y), panel.first, panel.groups)
    first = permuted_cohorts(panel, default_rng(1), 200)
    start = process_time()
    span_means(panel, first, [(0, 3)])
    middle = process_time()
    for dates in first:
        cells = panel.observed & (np.arange(20) < dates[:, None])
        CellEquations(cells, panel.groups).fitted(np.where(cells, panel.Y, 0.0))
    assert process_time() - middle > middle - start
