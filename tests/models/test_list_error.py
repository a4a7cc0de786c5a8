"""Agreement of two lists and what two searches missed, against published numbers and sums
over all outcomes; what a point prints, against least squares on columns made by hand.
"""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng
from scipy.stats import hypergeom

from evenfield.models.list_error import (
    ListRegression,
    Pair,
    random_shrinkage,
    random_truths,
)
from evenfield.models.nearby import Nearby
from tolerances import CLOSED_FORM, close


def pair(both, first, second, units):
    """Two lists by their sizes."""
    return Pair(
        names=("a", "b"),
        both=both,
        first_only=first - both,
        second_only=second - both,
        neither=units - first - second + both,
    )


def test_kappa_is_what_stata_printed():
    # kapci and kap of Stata on the same table, as a user of Statalist printed them in
    # December 2009: the first has the error of the interval, the second that of the test.
    table = Pair(
        names=("a", "b"), both=158, first_only=261, second_only=118, neither=1395
    )
    kappa = table.kappa(0.95)
    close(kappa.estimate, 0.3411969207847029, CLOSED_FORM)
    close(kappa.std_error, 0.0262913719660408, CLOSED_FORM)
    close([kappa.conf_low, kappa.conf_high], [0.289666778627, 0.392727062942], 1e-9)
    close(kappa.statistic, 15.48310993440647, CLOSED_FORM)
    close(table.agreement, 0.8038302277432712, CLOSED_FORM)
    close(table.by_chance, 0.7022330671398995, CLOSED_FORM)


@pytest.mark.parametrize(
    ("first", "second", "both", "number", "error"),
    [
        (948, 421, 167, 2383, None),  # Krebs (1989), Box 2.1
        (109, 177, 57, 337, None),  # Ricker (1975)
        (421, 332, 88, 1578, (1826 - 1330) / 2 / 1.96),  # Pine et al. (2013), Box 11.2
        (500, 149, 7, 9393, 3022),  # Seber (2002), Tables 3.7 and 3.8
        (1000, 243, 21, 11101, 2184),
    ],
)
def test_the_number_that_exists_is_that_of_textbooks(
    first, second, both, number, error
):
    lists = pair(both, first, second, 50_000)
    assert abs(lists.chapman - number) <= 1
    if error is not None:
        assert abs(lists.chapman_error - error) <= 1
    close(lists.petersen, first * second / both)


def test_recall_is_what_each_search_found_of_what_exists():
    searched = {row.term: row.test for row in pair(64, 92, 105, 296).searched(0.95)}
    exist = searched["exist: a, b"]
    close(exist.estimate, 93 * 106 / 65 - 1)
    assert 133 <= exist.conf_low < exist.estimate < exist.conf_high <= 296
    for what, found in (("a", 92), ("b", 105), ("either", 133)):
        recall = searched[f"recall of {what}: a, b"]
        close(recall.estimate, found / exist.estimate)
        ends = [found / exist.conf_high, found / exist.conf_low]
        close([recall.conf_low, recall.conf_high], ends)
    assert searched["recall of either: a, b"].conf_high <= 1


@pytest.mark.parametrize("existing", [40, 70, 150])
@pytest.mark.parametrize(("first", "second"), [(20, 12), (30, 30), (38, 25)])
def test_the_interval_holds_at_least_as_often_as_it_says(existing, first, second):
    fewest = max(0, first + second - existing)
    overlaps = np.arange(fewest, min(first, second) + 1)
    chances = hypergeom(existing, first, second).pmf(overlaps)
    for level in (0.5, 0.95):
        ends = [pair(both, first, second, 200).possible(level) for both in overlaps]
        held = [
            chance
            for chance, end in zip(chances, ends, strict=True)
            if end is not None and end[0] <= existing <= end[1]
        ]
        assert sum(held) >= level - 1e-12


def test_searches_that_name_each_other_or_nobody_in_common():
    inside = pair(10, 10, 30, 100)
    assert inside.chapman == 30 and inside.chapman_error == 0
    low, high = inside.possible(0.95)
    assert low == 30 and high > 30
    apart = pair(0, 5, 6, 100)
    assert np.isnan(apart.petersen)
    assert apart.possible(0.95)[1] == 100  # all units, for nothing speaks against it
    # So few in common that they avoid each other: no number of units explains it.
    avoiding = pair(0, 40, 50, 100)
    assert avoiding.possible(0.95) is None
    exist, *recalls = (row.test for row in avoiding.searched(0.95))
    assert "fewer on both lists" in exist.reason and np.isnan(exist.conf_low)
    assert all(recall.reason for recall in recalls)


N = 120
NAMES = ("seen", "zone", "size")


def case_of(*, share=False, parents=True, seed=3):
    """Units on a square, of whom one in ten is not compared, and the right list."""
    rng = default_rng(seed)
    place = rng.uniform(size=(N, 2))
    right = rng.random(N) < 0.25
    seen = (right & (rng.random(N) < 0.6)) | (rng.random(N) < 0.03)
    lists = np.column_stack([seen, rng.random(N) < 0.15]).astype(float)
    return right.astype(float), Nearby(
        growth=rng.normal(size=N),
        held=rng.normal(size=(N, 1)),
        lists=lists,
        distance=np.hypot(*(place[:, None] - place[None]).T),
        radius=0.13,
        sample=rng.random(N) < 0.9,
        parents=rng.integers(0, 6, N) if parents else np.zeros(N, dtype=int),
        share=share,
    )


def regressions_of(case):
    units = np.array([f"u{i:03d}" for i in range(N)])
    models = {"own": case.own_model(NAMES), "near": case.near_model(NAMES)}
    return {
        kind: ListRegression(design=model.design(units))
        for kind, model in models.items()
    }


def seen_by(case, on):
    """Exposure of each unit to a list, unit by unit."""
    out = []
    for i in range(N):
        within = (case.distance[i] <= case.radius) & (np.arange(N) != i)
        around = on[within]
        if not len(around):
            out.append(0.0)
        else:
            out.append(around.mean() if case.share else float(around.any()))
    return np.array(out)


@pytest.mark.parametrize("parents", [True, False])
@pytest.mark.parametrize("share", [False, True])
def test_what_a_point_prints_is_least_squares_on_columns_made_by_hand(share, parents):
    right, case = case_of(share=share, parents=parents)
    exposure = np.column_stack([seen_by(case, on) for on in case.lists.T])
    on_none = case.sample & ~case.lists.any(axis=1)
    for kind, regression in regressions_of(case).items():
        rows = on_none if kind == "near" else case.sample
        regressors = (exposure if kind == "near" else case.lists)[rows]
        dummies = np.equal.outer(case.parents[rows], np.unique(case.parents[rows]))
        X = np.column_stack([regressors, case.held[rows], dummies.astype(float)])
        by_outcome = {}
        for name, outcome in (("own", right), ("near", seen_by(case, right))):
            fit = sm.OLS(outcome[rows], X).fit()
            by_outcome[name] = [fit.params[0], fit.params[0] - fit.params[1]]
        other = {"own": "near", "near": "own"}[kind]
        found = regression.shrinkage(right[None])
        close(found.factor[0], by_outcome[kind], 1e-9, 1e-12)
        close(found.bias[0], by_outcome[other], 1e-9, 1e-12)


def test_a_list_that_is_right_prints_a_point_as_one():
    _, case = case_of()
    for kind, regression in regressions_of(case).items():
        found = regression.shrinkage(case.lists[:, 0][None])
        close(found.factor, np.ones((1, 2)))
        if kind == "near":  # nobody on the list is among those on none
            close(found.bias, np.zeros((1, 2)), atol=1e-12)
        assert regression.terms == ["seen", "seen - zone"]


def test_draws_of_the_right_list_lack_and_err_as_often_as_they_should():
    _, case = case_of()
    listed = case.lists[:, 0] > 0
    truths = random_truths(case, 0.4, 0.1, 4000, default_rng(1)) > 0
    compared = case.sample
    assert (truths[:, ~compared] == listed[~compared]).all()
    right = truths[:, listed & compared]
    missing = truths[:, ~listed & compared]
    assert abs(1 - right.mean() - 0.1) < 0.01
    assert abs(missing.sum() / (missing.sum() + right.sum()) - 0.4) < 0.01
    # In each parent as many are missing for each that is right.
    for parent in range(6):
        of_parent = case.parents == parent
        kept, added = (
            truths[:, which & compared & of_parent].sum() for which in (listed, ~listed)
        )
        assert abs(added / (kept + added) - 0.4) < 0.02
    same = random_truths(case, 0.0, 0.0, 5, default_rng(1))
    assert (same == case.lists[:, 0]).all()


def test_a_number_beyond_all_units_has_no_interval():
    """Two searches of 30 of 300 units with one in common: 480 would exist."""
    pair = Pair(
        names=("a", "b"), both=1, first_only=29, second_only=29, neither=300 - 59
    )
    number, *recalls = (row.test for row in pair.searched(0.95))
    assert number.estimate > 300
    assert number.reason and all(one.reason for one in recalls)


def test_more_than_a_parent_has_cannot_be_missing(monkeypatch):
    _, case = case_of(parents=False)
    regressions = [*regressions_of(case).values()]
    _, absent = random_shrinkage(regressions, 0.95, 0.0, 50, default_rng(1))
    listed = case.lists[:, 0] > 0
    close(absent, (~listed & case.sample).sum() / case.sample.sum())
    # In parts that fit in memory the draws are the same.
    whole, _ = random_shrinkage(regressions, 0.4, 0.1, 50, default_rng(1))
    monkeypatch.setattr("evenfield.models.list_error.CELLS_AT_ONCE", 7 * N)
    parts, _ = random_shrinkage(regressions, 0.4, 0.1, 50, default_rng(1))
    for one, other in zip(whole, parts, strict=True):
        close(one.factor, other.factor)
        assert one.factor.shape == (50, 2)
