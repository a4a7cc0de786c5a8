"""Units on lists and units near them: against statsmodels, a jackknife and slow loops."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.models.nearby import Nearby
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.nearby import _demeaned
from tolerances import CLOSED_FORM, close

N = 90
UNITS = np.array([f"u{i:02d}" for i in range(N)])
NAMES = ("first", "second")
OWN = np.array([0.7, -0.4])
NEAR = np.array([0.9, 0.2])


def _case(seed=5, *, share=False, parents=True, noise=1.0):
    """Units on a square in nine parents, of which the last holds one unit alone."""
    rng = default_rng(seed)
    place = rng.uniform(size=(N, 2))
    distance = np.hypot(*(place[:, None] - place[None]).T)
    group = np.minimum(rng.integers(0, 8, N), 7)
    group[-1] = 8
    lists = np.column_stack([rng.random(N) < 0.15, rng.random(N) < 0.2]).astype(float)
    lists[-1] = 0
    case = Nearby(
        growth=np.zeros(N),
        held=rng.normal(size=(N, 1)),
        lists=lists,
        distance=distance,
        radius=0.12,
        sample=rng.random(N) < 0.9,
        parents=group if parents else np.zeros(N, dtype=int),
        share=share,
    )
    of_parent = rng.normal(size=9)[case.parents]
    free = ~lists.any(axis=1)
    growth = of_parent - 0.5 * case.held[:, 0] + lists @ OWN
    growth += free * (case.exposure(lists) @ NEAR) + noise * rng.normal(size=N)
    return replace(case, growth=growth, sample=case.sample | (np.arange(N) == N - 1))


def _model(case, near):
    return case.near_model(NAMES) if near else case.own_model(NAMES)


def _by_hand(case, near):
    """Outcome, regressors and parents of one regression, unit by unit."""
    y, X, groups = [], [], []
    for i in range(N):
        if not case.sample[i] or (near and case.lists[i].any()):
            continue
        others = [j for j in range(N) if case.reach.toarray()[i, j] > 0]
        on = [[case.lists[j, k] for j in others] for k in range(2)]
        if near and case.share:
            seen = [float(np.mean(of_list)) if others else 0.0 for of_list in on]
        elif near:
            seen = [float(any(of_list)) for of_list in on]
        else:
            seen = list(case.lists[i])
        y.append(case.growth[i])
        X.append([*seen, *case.held[i]])
        groups.append(case.parents[i])
    dummies = np.equal.outer(groups, np.unique(groups)).astype(float)
    return np.array(y), np.hstack([X, dummies]), np.array(groups)


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("parents", [False, True])
@pytest.mark.parametrize("near", [False, True])
def test_coefficients_and_errors_equal_least_squares_with_dummies(near, parents, share):
    case = _case(share=share, parents=parents)
    model = _model(case, near)
    y, X, groups = _by_hand(case, near)
    fit = sm.OLS(y, X).fit()
    dropped = int((np.bincount(groups)[groups] == 1).sum())
    assert model.alone == dropped == int(parents)
    design = model.design(UNITS, _case().parents)
    for c in ([1.0, 0.0], [0.0, 1.0], [1.0, -1.0]):
        wide = np.append(c, np.zeros(X.shape[1] - 2))
        weights = model.weights(np.array(c))
        hc3 = infer("HC3", design, weights)
        close(hc3.estimate, wide @ fit.params, atol=CLOSED_FORM)
        # The unit alone has leverage one and a residual of zero, which statsmodels
        # divides by each other.
        h = np.einsum("ij,ji->i", X, np.linalg.pinv(X))
        keep = h < 1 - 1e-9
        a = (X @ np.linalg.pinv(X.T @ X) @ wide)[keep]
        error = np.sqrt(((a * fit.resid[keep] / (1 - h[keep])) ** 2).sum())
        close(hc3.std_error, error, atol=CLOSED_FORM)
        assert hc3.df == fit.df_resid
        cr1 = infer("CR1", design, weights)
        assert np.isfinite(cr1.std_error)


@pytest.mark.parametrize("near", [False, True])
def test_parents_of_two_units_are_compared_by_their_differences(near):
    # Units 2p and 2p + 1 have parent p; the last two are alone in theirs.
    case = _case(seed=2)
    parents = np.append(np.arange(N - 2) // 2, [N, N + 1])
    on_list = np.zeros((N, 2))
    on_list[: N // 3 : 3, 0] = on_list[1 : N // 3 : 5, 1] = 1
    case = replace(case, parents=parents, lists=on_list, sample=np.ones(N, dtype=bool))
    model = _model(case, near)
    regressors = case.exposure(on_list) if near else on_list
    wide = np.column_stack([case.growth, regressors, case.held])
    free = ~on_list.any(axis=1) if near else np.ones(N, dtype=bool)
    first, second = np.arange(0, N - 2, 2), np.arange(1, N - 2, 2)
    both = free[first] & free[second]
    apart = (wide[first] - wide[second])[both]
    slopes = np.linalg.lstsq(apart[:, 1:], apart[:, 0], rcond=None)[0]
    close(model.design(UNITS).fit.beta[:3], slopes)
    assert len(model.rows) == 2 * both.sum()
    assert model.alone == free.sum() - 2 * both.sum()


def test_few_clusters_have_effective_degrees_of_freedom_and_webbs_weights():
    model = _case().near_model(NAMES)
    c = model.weights(np.array([1.0, 0.0]))
    for clusters, weights in ((np.arange(N) % 12, "webb"), (None, "rademacher")):
        design = model.design(UNITS, clusters)
        test = infer("CR3", design, c)
        labels = np.arange(N) if clusters is None else clusters
        own = labels[model.rows]
        assert len(design.clusters.names) == len(set(own.tolist()))
        assert design.wild_weights == weights and test.p_type == "t(G* - 1)"
        codes = np.unique(own, return_inverse=True)[1]
        close(test.df, effective_clusters(model.X, codes, c) - 1)


def test_cr1_equals_statsmodels_and_cr3_a_refit_without_each_parent():
    case = _case()
    model = case.near_model(NAMES)
    clusters = case.parents[model.rows]
    design = model.design(UNITS, case.parents)
    fit = sm.OLS(model.y, model.X).fit()
    by_parent = fit.get_robustcov_results("cluster", groups=clusters)
    c = model.weights(np.array([1.0, -1.0]))
    # Its factor counts the dummies, as that of the registry does.
    close(
        infer("CR1", design, c).std_error,
        float(by_parent.t_test(c).sd.item()),
        atol=CLOSED_FORM,
    )
    changes = []
    for parent in np.unique(clusters):
        rest = clusters != parent
        without = np.linalg.lstsq(model.X[rest], model.y[rest], rcond=None)[0]
        changes.append(c @ (without - fit.params))
    G = len(changes)
    error = np.sqrt((G - 1) / G * np.square(changes).sum())
    close(infer("CR3", design, c).std_error, error, atol=CLOSED_FORM)


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("parents", [False, True])
@pytest.mark.parametrize("share", [False, True])
def test_draws_equal_a_loop_of_refits(near, parents, share):
    case = _case(seed=11, share=share, parents=parents)
    model = _model(case, near)
    permuted_labels = case.permuted_labels(60, default_rng(1))
    fits = model.fits(permuted_labels.source)
    for b, source in enumerate(permuted_labels.source):
        one = replace(case, lists=case.lists[source])
        again = _model(one, near)
        try:
            design = again.design(UNITS)
            expected = infer("HC3", design, again.weights(np.array([1.0, -1.0])))
        except NumericsError:
            assert np.isnan(fits.covariance[b]).all()
            continue
        if (design.fit.leverage > 1 - 1e-9).any():
            assert np.isnan(fits.covariance[b]).all()
            continue
        close(
            fits.statistics(np.array([1.0, -1.0]))[b],
            expected.statistic,
            atol=CLOSED_FORM,
        )


def test_lists_move_within_parents_and_leave_other_units_alone():
    case = _case()
    permuted_labels = case.permuted_labels(50, default_rng(2))
    assert (case.parents[permuted_labels.source] == case.parents).all()
    outside = ~case.sample
    assert (permuted_labels.source[:, outside] == np.flatnonzero(outside)).all()
    assert (permuted_labels.source != np.arange(N)).any()


@pytest.mark.parametrize("parents", [[0, 1, 1, 3, 3, 3], [2, 2, 2, 2, 4, 7]])
def test_values_lose_the_mean_of_their_parent_however_few_it_has(parents):
    values = default_rng(1).normal(size=(2, 6, 3))
    same = np.equal.outer(parents, parents)
    means = same / same.sum(axis=1)
    close(_demeaned(values, np.array(parents)), values - means @ values)


def test_planted_numbers_come_back_without_noise():
    case = _case(noise=0.0)
    for near, planted in ((False, OWN), (True, NEAR)):
        model = _model(_on_own(case) if not near else case, near)
        close(model.design(UNITS).fit.beta[:2], planted, atol=CLOSED_FORM)


def _on_own(case):
    """The case without what comes from neighbours."""
    free = ~case.lists.any(axis=1)
    spill = free * (case.exposure(case.lists) @ NEAR)
    return replace(case, growth=case.growth - spill)


def test_a_permutation_p_is_the_share_of_draws_at_least_as_extreme():
    case = _case()
    model = case.near_model(NAMES)
    permuted_labels = case.permuted_labels(199, default_rng(3))
    design = model.design(UNITS, permuted_labels=permuted_labels)
    c = model.weights(np.array([1.0, -1.0]))
    tested = infer("randomisation_stratified", design, c)
    drawn = model.fits(permuted_labels.source).statistics(np.array([1.0, -1.0]))
    drawn = drawn[np.isfinite(drawn)]
    expected = infer("HC3", model.design(UNITS), c).statistic
    close(tested.statistic, expected, atol=CLOSED_FORM)
    close(
        tested.p_value,
        (1 + (np.abs(drawn) >= abs(expected)).sum()) / (1 + len(drawn)),
        atol=CLOSED_FORM,
    )


def test_order_of_units_moves_nothing():
    case = _case()
    order = default_rng(0).permutation(N)
    moved = Nearby(
        growth=case.growth[order],
        held=case.held[order],
        lists=case.lists[order],
        distance=case.distance[order][:, order],
        radius=0.12,
        sample=case.sample[order],
        parents=case.parents[order],
    )
    for near in (False, True):
        one = _model(case, near).design(UNITS).fit.beta[:3]
        close(_model(moved, near).design(UNITS).fit.beta[:3], one, atol=CLOSED_FORM)


def test_what_cannot_be_estimated_has_a_reason():
    case = _case()
    nobody = case.lists * [0.0, 1.0]
    with pytest.raises(NumericsError, match="the regressor first is zero everywhere"):
        replace(case, lists=nobody).near_model(NAMES).design(UNITS)
    same = case.lists[:, [0, 0]]
    with pytest.raises(NumericsError, match="are collinear: first, second"):
        replace(case, lists=same).near_model(NAMES).design(UNITS)
    with pytest.raises(NumericsError, match="no two units on no list of one parent"):
        replace(case, lists=np.ones_like(case.lists)).near_model(NAMES)
    with pytest.raises(NumericsError, match="no two units of one parent"):
        replace(case, parents=np.arange(N)).own_model(NAMES)
    with pytest.raises(NumericsError, match="a radius is positive"):
        replace(case, radius=0.0).exposure(case.lists)
    one = replace(case, sample=case.parents == 0)
    model = one.own_model(NAMES)
    design = model.design(UNITS, one.parents)
    c = model.weights(np.array([1.0, 0.0]))
    assert "two clusters" in infer("CR3", design, c).reason
    two = np.zeros((N, 1))
    two[:2] = 1.0
    six = np.arange(N) < 6
    few = replace(case, lists=two, sample=six, parents=np.zeros(N, dtype=int))
    of_few = few.own_model(NAMES[:1])
    permuted_labels = few.permuted_labels(300, default_rng(0))
    c = of_few.weights(np.ones(1))
    reason = infer(
        "randomisation", of_few.design(UNITS, permuted_labels=permuted_labels), c
    ).reason
    assert reason.startswith("only 15 different patterns of lists")
    assert infer("randomisation", of_few.design(UNITS), c).reason == "no draws of lists"
    for method in ("randomisation_stratified", "randomisation_connected"):
        reason = infer(
            method, of_few.design(UNITS, permuted_labels=permuted_labels), c
        ).reason
        assert reason.endswith("permutation of these lists: take a free one")
