"""The change of a contrast between two spans: against the regression of differences,
seemingly unrelated regressions of another program, and loops over draws.
"""

import numpy as np
import pytest
from linearmodels.system import SUR

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import (
    cluster_products,
    cr3_inference,
    in_order,
)
from evenfield.numerics.label_change import label_change, stacked_change
from evenfield.numerics.label_permutation import (
    LabelRegression,
    free_label_draws,
    label_permutation,
    stratified_label_draws,
)
from evenfield.numerics.ols import fit_ols
from refusals import fails
from tolerances import close

N = 24
C = np.array([1.0, -1.0])


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def spans(rng, *, same=True):
    """Two spans of one set of units, with the same controls or with others."""
    labels = np.zeros((N, 2))
    labels[:6, 0] = labels[4:10, 1] = 1.0
    shared = rng.normal(size=N)
    out = []
    given = rng.normal(size=N)
    for move in (2.0, 0.5):
        if not same:
            given = given + rng.normal(size=N)
        y = labels @ [move, 1.0] + given + shared + rng.normal(size=N)
        out.append(LabelRegression(y, labels, np.column_stack([np.ones(N), given]), C))
    return out


def names():
    return np.array([f"u{i:02d}" for i in range(N)])


def test_with_the_same_regressors_the_change_is_the_contrast_of_differences(rng):
    first, later = spans(rng)
    draws = free_label_draws(N, 499, np.random.default_rng(1))
    found = label_change(first, later, draws)
    plain = label_permutation(
        LabelRegression(later.y - first.y, first.labels, first.controls, C), draws
    )
    close(found.estimate, plain.estimate, rtol=1e-10)
    close(found.statistic, plain.statistic, rtol=1e-8)
    close(found.statistics, plain.statistics, rtol=1e-8)
    assert (found.p_value, found.distinct) == (plain.p_value, plain.distinct)


def test_the_jackknife_of_the_stack_is_that_of_differences(rng):
    first, later = spans(rng)
    fit, c = stacked_change(first, later)
    clusters = in_order(np.concatenate([names(), names()]))
    stacked = cr3_inference(fit, c, cluster_products(fit, c, clusters), N - 1, 0.95)
    differences = fit_ols(later.y - first.y, first.X)
    one = in_order(names())
    plain = cr3_inference(
        differences,
        first.combination,
        cluster_products(differences, first.combination, one),
        N - 1,
        0.95,
    )
    close(stacked.estimate, plain.estimate, rtol=1e-10)
    close(stacked.std_error, plain.std_error, rtol=1e-8)


def test_the_jackknife_of_the_stack_leaves_a_unit_out_of_both_spans(rng):
    first, later = spans(rng, same=False)
    fit, c = stacked_change(first, later)
    clusters = in_order(np.concatenate([names(), names()]))
    found = cr3_inference(fit, c, cluster_products(fit, c, clusters), N - 1, 0.95)

    def without(i, span):
        kept = np.arange(N) != i
        return span.combination @ np.linalg.lstsq(span.X[kept], span.y[kept])[0]

    changes = np.array([without(i, later) - without(i, first) for i in range(N)])
    # (G - 1) / G sum (b_(g) - b)^2, around the estimate of all units.
    variance = (N - 1) / N * ((changes - found.estimate) ** 2).sum()
    close(found.std_error, np.sqrt(variance), rtol=1e-8)


def test_the_standard_error_of_draws_is_that_of_unrelated_regressions(rng):
    first, later = spans(rng, same=False)
    draws = free_label_draws(N, 99, np.random.default_rng(1))
    found = label_change(first, later, draws)
    system = {
        name: {"dependent": span.y, "exog": span.X}
        for name, span in (("first", first), ("later", later))
    }
    # Ordinary least squares, its covariance of both equations with N - K in each.
    other = SUR(system).fit(method="ols", cov_type="unadjusted", debiased=True)
    c = np.concatenate([-first.combination, later.combination])
    std_error = np.sqrt(c @ other.cov.to_numpy() @ c)
    close(found.estimate, c @ other.params.to_numpy(), rtol=1e-8)
    close(found.statistic, found.estimate / std_error, rtol=1e-6)


def test_both_spans_move_together(rng):
    first, later = spans(rng, same=False)
    draws = stratified_label_draws(np.arange(N) % 2, 99, np.random.default_rng(1))
    found = label_change(first, later, draws)
    for b in (0, 57):
        moved = [
            LabelRegression(span.y, span.labels[draws.source[b]], span.controls, C)
            for span in (first, later)
        ]
        close(found.statistics[b], label_change(*moved, draws).statistic, rtol=1e-8)


def test_shuffled_units_give_the_same_change(rng):
    first, later = spans(rng, same=False)
    order = np.random.default_rng(3).permutation(N)
    back = [
        LabelRegression(s.y[order], s.labels[order], s.controls[order], C)
        for s in (first, later)
    ]
    fit, c = stacked_change(first, later)
    other, _ = stacked_change(*back)
    close(c @ fit.beta, c @ other.beta, rtol=1e-10)


def test_labels_that_are_collinear_are_refused(rng):
    first, later = spans(rng)
    flat = LabelRegression(later.y, np.ones((N, 2)), later.controls, C)
    draws = free_label_draws(N, 99, np.random.default_rng(1))
    fails(NumericsError, "collinear", label_change, first, flat, draws)


def test_few_patterns_are_refused(rng):
    first, later = spans(rng)
    draws = free_label_draws(N, 5, np.random.default_rng(1))
    fails(
        NumericsError,
        "only 5 different label patterns",
        label_change,
        first,
        later,
        draws,
    )
