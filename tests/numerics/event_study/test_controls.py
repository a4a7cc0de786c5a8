"""Predetermined numbers of units with slopes by date, and none: against dense least
squares and diff-diff.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics.event_study.effects import CellEquations
from evenfield.numerics.event_study.group_time import group_time_means
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.panel import NEVER, determined_control
from evenfield.numerics.event_study.permutation import permuted_cohorts, span_means
from evenfield.numerics.event_study.rings import RingDesign, neighbourhood
from evenfield.numerics.event_study.two_way import two_way_coefficient
from numerics.event_study.panels import (
    controlled_panel,
    dense_columns,
    dense_fit,
    golden,
)
from tolerances import close

SPANS = [(0, 0), (1, 1), (0, 3)]


@pytest.mark.parametrize("never_only", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_changes_of_cohorts_are_those_of_diff_diff(seed, never_only):
    name = "never_treated" if never_only else "not_yet_treated"
    estimates, errors = zip(*golden()["controls"]["diff_diff"][seed][name], strict=True)
    panel = controlled_panel(seed)
    whole = replace(panel, Y=np.nan_to_num(panel.Y))
    horizons = [(h, h) for h in range(-3, 5)]
    means = group_time_means(whole, horizons, never_only=never_only)
    close(means.estimate, estimates, 1e-10)
    close(np.sqrt((means.by_unit**2).sum(axis=1)), errors, 1e-10)


def in_one_group(X, groups):
    return np.where(groups[:, None] == 0, X, 1.0)


def of_a_few_values(X, groups):
    return np.round(X / 3)


@pytest.mark.parametrize("groups", [1, 3, 12])
@pytest.mark.parametrize(
    ("columns", "change"),
    [(0, None), *product((1, 2), (None, in_one_group, of_a_few_values))],
)
def test_predictions_are_those_of_dense_least_squares(change, groups, columns):
    panel = controlled_panel(4, groups, columns)
    if change:
        panel = replace(panel, controls=change(panel.controls, panel.groups))
    totals = np.where(panel.untreated, panel.Y, 0.0)
    cells = panel.untreated
    want = dense_fit(panel)
    fitted = CellEquations(cells, panel.groups, panel.columns).fitted(totals)
    close(fitted, want, 1e-9, 1e-9)
    close(Imputation.of(panel).gaps, panel.Y - want, atol=1e-8)
    if change is in_one_group and groups == 12:
        # Slopes of late dates are free: more is not predicted than without controls.
        beside = CellEquations(cells, panel.groups).fitted(totals)
        assert np.isnan(fitted).sum() > np.isnan(beside).sum()


def test_groups_of_any_size_are_fitted_side_by_side():
    panel = controlled_panel(4)
    groups = np.repeat(np.arange(7), [1, 2, 3, 5, 12, 1, 36])
    panel = replace(panel, groups=default_rng(1).permutation(groups))
    several = np.where(panel.untreated, [panel.Y, 2 * panel.Y + 1, panel.Y**2], 0.0)
    fitted = panel.before.fitted(several)
    close(fitted[0], dense_fit(panel), 1e-9, 1e-9)
    for totals, one in zip(several, fitted, strict=True):
        alone = CellEquations(panel.untreated, panel.groups, panel.columns).fitted(
            totals
        )
        close(one, alone, 1e-9, 1e-9)


@pytest.mark.parametrize("columns", [0, 2])
def test_the_two_way_coefficient_is_that_of_least_squares_written_out(columns):
    panel = controlled_panel(8, 3, columns)
    unit, date = np.nonzero(panel.observed)
    D = dense_columns(panel, unit, date)
    X = np.column_stack([panel.treated[unit, date], D])
    want = np.linalg.lstsq(X, panel.Y[unit, date], rcond=None)[0][0]
    assert two_way_coefficient(panel) == pytest.approx(want, rel=1e-8)


def means_of(panel, clean, spans, since):
    """Mean gaps over spans of dates since the policy."""
    fit = Imputation.of(panel, clean)
    cells = [panel.treated & (since >= low) & (since <= high) for low, high in spans]
    return fit.averages(np.array(cells)).estimate


@pytest.mark.parametrize("columns", [0, 1, 2])
@pytest.mark.parametrize("groups", [1, 3, 12])
def test_means_under_other_dates_are_those_of_each_draw_fitted_anew(groups, columns):
    panel = controlled_panel(7, groups, columns)
    panel.Y[:20, 3] = np.nan
    first = default_rng(2).choice((0, 2, 4, 11, NEVER), (40, 60))
    first[0] = 4  # no unit ties the dates from then on
    first[1, 1:] = 4  # one unit does, and tells no slopes
    drawn = span_means(panel, first, SPANS)
    for dates, means in zip(first, drawn, strict=True):
        other = replace(panel, first=dates)
        close(means, means_of(other, other.untreated, SPANS, other.horizon), 1e-7)
    assert np.isnan(drawn[:2]).any() and np.isfinite(drawn[2:]).all()


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("columns", [0, 1, 2])
def test_units_that_are_alike_share_their_equations_under_other_dates(columns, several):
    panel = controlled_panel(3, 3, columns)
    whole = replace(panel, Y=np.nan_to_num(panel.Y))
    first = permuted_cohorts(whole, default_rng(3), 60)
    if several:  # numbers of units of a kind in its group
        first[:20, 0] = NEVER
    for dates, means in zip(first, span_means(whole, first, SPANS), strict=True):
        other = replace(whole, first=dates)
        close(means, means_of(other, other.untreated, SPANS, other.horizon), 1e-9)


def test_rings_under_other_dates_are_those_of_the_panel_with_these_dates():
    panel = controlled_panel(3)
    rare = np.where(np.arange(60) < 12, panel.first, NEVER)
    panel = replace(panel, first=rare)
    x, y = default_rng(3).random((2, 60)) * 100
    near = neighbourhood(np.hypot(x - x[:, None], y - y[:, None]), (6.0, 12.0))
    first = permuted_cohorts(panel, default_rng(1), 10)
    drawn = RingDesign(panel, near).permuted_means(first, 3)
    for dates, means in zip(first, drawn, strict=True):
        design = RingDesign(replace(panel, first=dates), near)
        fit = Imputation.of(design.panel, design.far)
        close(means, fit.averages(design.targets(3)).estimate, 1e-8)


def test_the_scale_of_a_control_and_what_its_groups_share_change_nothing():
    panel = controlled_panel(5, 3)
    moved = replace(panel, controls=1e-3 * panel.controls + panel.groups[:, None])
    totals = np.where(panel.untreated, panel.Y, 0.0)
    one, other = (
        CellEquations(panel.untreated, own.groups, own.columns).fitted(totals)
        for own in (panel, moved)
    )
    close(one, other, 1e-9)


def test_a_control_that_groups_or_others_determine_is_found():
    panel = controlled_panel(5, 3, 2)
    x = panel.controls[:, :1]
    group = panel.groups[:, None] + 0.1
    for columns, found in (
        ([x, 2 * x + group], 1),
        ([group, x], 0),
        ([x, np.full_like(x, 7.3)], 1),
        ([x, x**2], None),
    ):
        held = replace(panel, controls=np.hstack(columns))
        assert determined_control(held) == found
