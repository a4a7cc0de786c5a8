"""Event studies and rings: rows of the widest clustering, parts of a policy, errors of
neighbours and rings without one unit, by hand; what is not defined and what is refused.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from numpy.random import default_rng

import evenfield as ef
from evenfield.models.event_study import EventStudy, part_effects
from evenfield.models.policies import (
    Effects,
    Groups,
    PolicyPanel,
    policy_effects,
    policy_panel,
)
from evenfield.models.rings import rings
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.inference import (
    Clustered,
    joint_half,
    joint_test,
)
from evenfield.numerics.event_study.leads import cr1_factor_of_leads
from evenfield.numerics.event_study.panel import NEVER
from evenfield.numerics.event_study.permutation import permuted_cohorts
from evenfield.numerics.inference.conley import spatial_kernel
from evenfield.study.errors import EstimateError
from numerics.event_study.panels import controlled_panel, random_panel
from tolerances import MACHINE, close

PAIRS = {"unit": np.arange(60), "pair": np.arange(60) // 2}


def by_clusters(panel, clusterings):
    return PolicyPanel(
        panel.Y, panel.first, panel.groups, panel.controls, clusterings=clusterings
    )


PANEL = by_clusters(controlled_panel(3, 3), PAIRS)
STUDY = EventStudy(panel=PANEL, lead_count=3, last_horizon=3, spans=[(0, 3), (1, 1)])


def test_a_span_of_one_horizon_stands_with_the_spans():
    assert STUDY.effects.names == ["0", "2", "3", "0 to 3", "1"]
    assert STUDY.averages.names == STUDY.group_time.names == ["0 to 3", "1"]
    close(STUDY.averages.estimate, STUDY.effects.estimate[3:], MACHINE)


def test_rows_are_students_t_of_the_clustering_with_the_widest_interval():
    chosen = set()
    for effects in (STUDY.leads, STUDY.effects, STUDY.group_time):
        for k, (name, test, *_) in enumerate(effects.rows(0.9, power=0.8)):
            by = test.law.split("by ")[1]
            chosen.add(by)
            halves = {}
            for clusters, fit in effects.fits.items():
                law = scipy.stats.t(fit.df[k])
                halves[clusters] = law.ppf(0.95) * np.linalg.norm(fit.scores[k])
            assert by == max(halves, key=halves.get) and name == effects.names[k]
            close(test.conf_high - test.estimate, halves[by])
            law = scipy.stats.t(test.df)
            close(test.p_value, 2 * law.sf(abs(test.statistic)))
            z = scipy.stats.norm.ppf(0.8)
            close(test.mde, (law.ppf(0.95) + z) * test.std_error)
    assert chosen == {"unit", "pair"}


def test_bands_are_the_widest_of_each_effect_and_of_all_at_once():
    effects = STUDY.effects
    bands = effects.bands(default_rng(1), 99, 0.9)
    rows = effects.rows(0.9)
    close(bands.conf_low, [row.test.conf_low for row in rows], MACHINE)
    close(bands.conf_high, [row.test.conf_high for row in rows], MACHINE)
    rng = default_rng(1)
    joint = [joint_half(fit, rng, 99, 0.9) for fit in effects.fits.values()]
    close(bands.joint_high - effects.estimate, np.maximum(*joint))
    close(effects.estimate - bands.joint_low, np.maximum(*joint))


def test_a_clustering_without_an_interval_does_not_stand_in_for_one_that_has_one():
    two = PANEL.ever & (np.cumsum(PANEL.ever) <= 2)
    together = np.where(two, 0, np.arange(60))
    few = replace(PANEL, first=np.where(two, PANEL.first, NEVER))
    few = by_clusters(few, {"unit": np.arange(60), "zone": together})
    effects = policy_effects(few, [(0, 3)])
    assert np.isnan(effects.fits["zone"].std_error).all()
    (row,) = effects.rows(0.9)
    assert row.test.law == "t(1), by unit" and row.test.std_error > 0


def test_of_two_clusterings_the_one_that_rejects_less_counts():
    strict = Clustered(np.array([1.0, 1.0]), np.eye(2, 30), np.full(2, 29.0))
    loose = Clustered(strict.estimate, 0.1 * strict.scores, strict.df)
    none = np.zeros(2, dtype=int)
    for fits in ({"a": strict, "b": loose}, {"b": loose, "a": strict}):
        both = Effects(
            names=["-2", "-1"],
            estimate=strict.estimate,
            fits=fits,
            cells=none,
            units=none,
            lost=none,
        )
        joint = joint_test(strict)
        assert (both.joint().statistic, both.joint().p_value) == (joint[0], joint[-1])
        assert [row.test.se_type[-1] for row in both.rows(0.95)] == ["a", "a"]


def regressed_leads(panel, leads, cluster):
    """Leads and their CR1 errors by a regression on cells before the policy in which
    effects of unit, of group and date, and slopes of controls by date are written out.
    """
    unit, date = np.nonzero(panel.untreated)
    rows = pd.DataFrame({"unit": unit, "date": date, "y": panel.Y[unit, date]})
    rows = rows.assign(group=panel.groups[unit], pair=unit // 2)
    terms = [f"lead{name[1:]}" for name in leads.names]
    for name, term in zip(leads.names, terms, strict=True):
        rows[term] = (panel.horizon[unit, date] == int(name)).astype(float)
    slopes = []
    for k in range(panel.columns.shape[1]):
        for t in range(1, panel.Y.shape[1]):  # unit effects hold the sum over dates
            slopes.append(f"x{k}_{t}")
            rows[slopes[-1]] = panel.controls[unit, k] * (date == t)
    return ef.ols(
        f"y ~ {' + '.join([*terms, *slopes])} | unit + group^date",
        rows,
        unit="unit",
        time="date",
        cluster=cluster,
        inference="CR1",
    ), terms


@pytest.mark.parametrize(
    ("groups", "cluster"), [(1, "unit"), (1, "pair"), (3, "unit"), (3, "group")]
)
@pytest.mark.parametrize("columns", [0, 2])
def test_leads_and_their_errors_are_those_of_a_regression(columns, groups, cluster):
    panel = controlled_panel(4, groups, columns) if columns else random_panel(4, groups)
    clusters = {
        "unit": np.arange(60),
        "pair": np.arange(60) // 2,
        "group": panel.groups,
    }
    panel = by_clusters(panel, {cluster: clusters[cluster]})
    leads = EventStudy(panel=panel, lead_count=3, last_horizon=0, spans=[]).leads
    fit, terms = regressed_leads(panel, leads, cluster)
    close(leads.estimate, fit.params[terms], 1e-9)
    # N - K of CR1: the regression counts the constant that unit effects span, too.
    N, G = (
        panel.untreated.sum(),
        len(set(clusters[cluster][panel.untreated.any(axis=1)])),
    )
    rest = (N - 1) * G / (G - 1) / cr1_factor_of_leads(panel, 3, clusters[cluster])
    ours = np.sqrt(rest / (rest - 1)) * leads.fits[cluster].std_error
    close(ours, fit.std_errors[terms], 1e-9)


def test_a_pseudo_policy_is_that_of_the_dates_before():
    pseudo = STUDY.pseudo
    last_three = PANEL.untreated & (PANEL.horizon >= -3)
    assert pseudo.names == ["3 dates early"]
    assert pseudo.cells + pseudo.lost == [last_three.sum()]
    early = replace(PANEL, first=PANEL.first - 3 * PANEL.ever)
    ended = replace(early, Y=np.where(PANEL.untreated, PANEL.Y, np.nan))
    close(pseudo.estimate, policy_effects(ended, [(0, 2)]).estimate, MACHINE)


def waves(panel):
    early = np.broadcast_to(panel.first[:, None] <= 4, panel.Y.shape)
    return {"early": early, "late": ~early}


def test_parts_are_means_of_their_cells_and_weigh_up_to_the_whole():
    parts = part_effects(PANEL, (0, 3), waves(PANEL)).effects
    whole = policy_effects(PANEL, [(0, 3)])
    close(parts.estimate @ parts.cells / parts.cells.sum(), whole.estimate[0], 1e-10)
    assert parts.cells.sum() == whole.cells[0] and parts.names == ["early", "late"]


def test_a_difference_has_the_error_of_one_sum_of_scores():
    parts, apart, _ = part_effects(PANEL, (0, 3), waves(PANEL))
    assert apart.names == ["late less early"]
    close(apart.estimate, [np.diff(parts.estimate)[0]])
    for name, fit in parts.fits.items():
        scores = fit.scores[1] - fit.scores[0]
        close(apart.fits[name].std_error, [np.sqrt(scores @ scores)], 1e-12)
        assert apart.fits[name].df == fit.df.min()
    # One difference: the joint test is the t test of the clustering that rejects less.
    p_values = [fit.p_value[0] for fit in apart.fits.values()]
    assert apart.joint().p_value == pytest.approx(max(p_values))


def test_planted_differences_between_parts_are_found_and_others_are_not():
    by_unit = {"unit": np.arange(200)}
    panel = by_clusters(random_panel(9, units=200), by_unit)
    late = (panel.first > 4)[:, None] & panel.treated
    moved = replace(panel, Y=panel.Y + 3.0 * late)
    for own, different in ((panel, False), (moved, True)):
        differences = part_effects(own, (0, 3), waves(own)).differences
        assert (differences.joint().p_value < 0.01) == different
    nobody = {**waves(panel), "none": np.zeros(panel.Y.shape, dtype=bool)}
    reason = "no unit-year of none can be imputed"
    assert part_effects(panel, (0, 3), nobody).reason == reason


def test_errors_of_neighbours_are_a_double_sum_over_pairs():
    panel = by_clusters(random_panel(2), PAIRS)
    lat, lon = default_rng(2).random((2, 60)) * 5
    effects = policy_effects(panel, [(0, 0), (0, 3)])
    W = spatial_kernel(np.arange(60), lat, lon, 200.0).weights.toarray()
    by_unit = effects.fits["unit"]
    for k, row in enumerate(effects.conley(lat, lon, 200.0, 0.9)):
        s = by_unit.scores[k]
        pairs = [W[i, j] * s[i] * s[j] for i in range(60) for j in range(60)]
        close(row.test.std_error, np.sqrt(sum(pairs)), 1e-10)
        half = scipy.stats.t.ppf(0.95, by_unit.df[k]) * row.test.std_error
        close(row.test.conf_high - row.test.estimate, half)
    alone = effects.conley(lat, lon, 1e-6, 0.9)
    close([row.test.std_error for row in alone], by_unit.std_error, 1e-12)


def rare_policy():
    panel = by_clusters(controlled_panel(3), PAIRS)
    few = np.where(np.arange(60) < 12, panel.first, NEVER)
    x, y = default_rng(3).random((2, 60)) * 100
    return replace(panel, first=few), np.hypot(x - x[:, None], y - y[:, None])


def test_a_ring_without_one_unit_is_estimated_anew():
    panel, distance = rare_policy()
    options = {"radii": (10.0, 20.0), "span": (0, 3), "fewest": 1}
    result = rings(panel, distance, **options)
    of_ring = result.design.targets(3).any(axis=(0, 2))
    found = []
    for unit in range(60):
        leaving = np.zeros(60, dtype=bool)
        leaving[unit] = of_ring[unit]
        if panel.treated[unit].any():
            leaving = (distance[unit] <= 20.0) & of_ring & (np.arange(60) != unit)
        if leaving.any():
            rest = panel.without(leaving, undated=np.zeros(60, dtype=bool))
            found.append(rings(rest, distance, **options).near.estimate)
    low, high = result.left_out()
    close(low, np.nanmin(found, axis=0), 1e-12)
    close(high, np.nanmax(found, axis=0), 1e-12)
    assert (low < result.near.estimate).all()


def test_rings_need_units_far_away_and_free_the_own_effect_of_those_nearby():
    panel, distance = rare_policy()
    found = rings(panel, distance, (10.0, 20.0), (0, 3), fewest=1)
    far = found.design.far_units
    own = policy_effects(panel, [(0, 3)], found.design.far)
    assert (
        found.own.estimate == own.estimate != policy_effects(panel, [(0, 3)]).estimate
    )
    assert rings(panel, distance, (10.0, 20.0), (0, 3), fewest=far).reason == ""
    few = rings(panel, distance, (10.0, 20.0), (0, 3), fewest=far + 1)
    reason = f"{far} units without the policy beyond 20, fewer than {far + 1}"
    assert few.reason == few.near.reason == reason


def test_units_near_a_policy_are_compared_with_those_that_came_near_at_the_same_date():
    panel, distance = rare_policy()
    design, last, _, near, _ = rings(panel, distance, (10.0, 20.0), (0, 3), fewest=1)
    fit = Imputation.of(panel, design.far)
    means = fit.averages(design.targets(last))
    scores = fit.clean_scores(means.weights)
    scores += fit.treated_scores(means.weights, PAIRS["pair"], design.entered)
    errors = [np.linalg.norm(np.bincount(PAIRS["pair"], row)) for row in scores]
    close(near.fits["pair"].std_error, errors)


def test_p_values_are_those_of_the_panel_with_the_dates_of_each_draw():
    panel, distance = rare_policy()
    options = {"radii": (10.0, 20.0), "span": (0, 3), "fewest": 0}
    near = rings(panel, distance, **options)
    cases = (
        (STUDY, STUDY.effects, lambda own: policy_effects(own, STUDY.wanted)),
        (near, near.near, lambda own: rings(own, distance, **options).near),
    )
    for result, effects, estimated in cases:
        own = STUDY.panel if result is STUDY else panel
        permuted_dates = permuted_cohorts(own, default_rng(1), 19)
        drawn = [
            estimated(replace(own, first=first)).estimate for first in permuted_dates
        ]
        drawn, low = np.array(drawn), effects.estimate
        as_low = (drawn <= low + 1e-9).sum(axis=0)
        as_high = (drawn >= low - 1e-9).sum(axis=0)
        rows = result.permuted(default_rng(1), 19)
        assert [row.term for row in rows] == effects.names
        p_values = [row.test.p_value for row in rows]
        close(p_values, np.minimum(2 * (1 + np.minimum(as_low, as_high)) / 20, 1))
        assert {row.test.law for row in rows} == {"19 permutations"}


def test_what_is_not_defined_says_why():
    # After date 4 nobody is without the policy.
    late = np.array([2, 2, 2, 4, 4, 4])
    Y = default_rng(1).normal(size=(6, 6))
    panel = PolicyPanel(Y, late, np.zeros(6, dtype=int), None, {"unit": np.arange(6)})
    effects = EventStudy(panel=panel, lead_count=1, last_horizon=2, spans=[(0, 0)])
    *_, lost, _ = effects.effects.rows(0.95)
    assert lost.test.reason == "nothing to predict from"
    assert effects.permuted(default_rng(1), 9)[1].test.reason == lost.test.reason
    assert "no two dates before" in effects.trends((0, 0)).breakdown(0.95).reason
    assert effects.trends((0, 0)).left(0.95) == {}
    none = replace(effects, lead_count=0)
    assert none.leads.reason == none.leads.joint().reason != ""
    assert none.pseudo.rows(0.95) == []
    alone = np.where(np.arange(6) == 0, 3, NEVER)
    (one,) = policy_effects(replace(panel, first=alone), [(0, 1)]).rows(0.95)
    assert one.test.reason == "fewer than two clusters have the policy"
    assert np.isfinite(one.test.estimate)
    apart = np.arange(6.0), np.zeros(6)
    (near,) = policy_effects(replace(panel, first=alone), [(0, 1)]).conley(
        *apart, 50.0, 0.95
    )
    assert near.test.reason == "fewer than two units have the policy"
    at_start = EventStudy(
        panel=replace(panel, first=np.zeros(6, dtype=int)),
        lead_count=1,
        last_horizon=1,
        spans=[(0, 1)],
    )
    assert "determine the policy" in at_start.two_way.reason


UNITS = np.array([f"u{i}" for i in range(24)])
FIRST = np.where(np.arange(24) % 3 == 0, 3.0, np.nan)
X = default_rng(4).normal(size=24)


def read(first=FIRST, groups=2, cluster=None, **controls):
    codes = np.arange(24) % groups
    return policy_panel(
        default_rng(1).normal(size=(24, 6)),
        first,
        UNITS,
        effects=Groups("region" if groups > 1 else "", codes),
        cluster=cluster,
        controls=controls,
    )


def test_a_policy_between_two_dates_is_in_force_at_the_later_one():
    assert set(read(FIRST - 0.5).first) == {3, NEVER}
    assert set(read(FIRST - 0.5).pseudo(2).first) == {1, NEVER}


def test_a_unit_without_an_outcome_needs_no_control():
    Y = default_rng(1).normal(size=(24, 6))
    blank = np.where(X[2] == X, np.nan, X)
    Y[2] = np.nan
    regions = Groups("region", np.arange(24) % 2)
    panel = policy_panel(Y, FIRST, UNITS, effects=regions, controls={"x": blank})
    assert np.isfinite(policy_effects(panel, [(0, 2)]).estimate).all()


def test_errors_are_clustered_by_a_column_or_by_ten_groups_of_the_effects():
    assert list(read(groups=9).clusterings) == ["unit"]
    assert list(read(groups=10).clusterings) == ["unit", "region"]
    own = Groups("county", np.arange(24) // 2)
    assert list(read(groups=10, cluster=own).clusterings) == ["unit", "county"]


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("no unit has an outcome under the policy", {"first": FIRST + 50}),
        ("no unit has an outcome before its policy", {"first": FIRST - 5}),
        ("all 24 units get the policy at one date", {"first": np.full(24, 3.0)}),
        (
            "x of 1 unit is blank or infinite (u2)",
            {"x": np.where(X[2] == X, np.inf, X)},
        ),
        ("x does not differ among units of one region", {"x": np.arange(24) % 2}),
        ("x does not differ among units;", {"groups": 1, "x": np.ones(24)}),
        ("z does not differ among units of one region, given x", {"x": X, "z": 2 * X}),
    ],
)
def test_what_shows_no_effect_is_refused(words, change):
    with pytest.raises(EstimateError) as error:
        read(**change)
    assert words in str(error.value)
