"""Many designs at once: every method says of each what it says of that one alone, at a
fraction of the work.
"""

from dataclasses import replace
from time import process_time

import numpy as np
import pytest

from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.design import Design, Locations
from evenfield.numerics.inference.many_designs import (
    Verdicts,
    fit_many,
)
from evenfield.numerics.inference.methods import METHODS, infer, verdicts
from evenfield.numerics.ols import fit_ols
from tolerances import close

LEVEL = 0.8  # a fifth rejects, so that both answers come often
NEEDS_MORE = {"two_way", "driscoll_kraay", "conley", "conley_all_dates"}


def drawn(n, count, seed=5, weights="rademacher"):
    """Return an outcome, designs of two labels each with controls, and what they share;
    the third unit has a control of its own.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permuted(np.tile(np.arange(n) < n // 3, (count, 2, 1)), axis=2) * 1.0
    controls = np.column_stack([np.ones(n), rng.normal(size=n), np.arange(n) == 2])
    X = np.concatenate([labels.mT, np.tile(controls, (count, 1, 1))], axis=2)
    y = rng.normal(size=n) + np.arange(n) % 3
    units = rng.permutation([f"u{i:02d}" for i in range(n)])
    locations = Locations(units, rng.uniform(30, 35, n), rng.uniform(100, 105, n))
    design = Design(
        fit=fit_ols(y, X[0]),
        units=in_order(units),
        locations=locations,
        draws=199,
        wild_weights=weights,
        effective_df=True,
        conley_factor="N/(N-K)",
        intervals=False,
    )
    return y, X, replace(design, common_draws=design.bootstrap_weights)


def one_by_one(name, y, X, c, design):
    tests = []
    for each in X:
        test = infer(name, replace(design, fit=fit_ols(y, each)), c, LEVEL)
        tests.append((test.statistic, test.p_value))
    return Verdicts.of(*np.transpose(tests), LEVEL)


@pytest.mark.parametrize(
    ("n", "weights"), [(16, "rademacher"), (9, "webb"), (7, "rademacher")]
)
@pytest.mark.parametrize("name", [name for name in METHODS if "random" not in name])
def test_each_method_says_of_many_designs_what_it_says_of_each(name, n, weights):
    y, X, design = drawn(n, 60, weights=weights)
    c = np.array([1.0, -1.0, 0.0, 0.0, 0.0])
    X[5, :, 0] = np.arange(n) == 4  # one unit alone determines the difference
    fits, regular = fit_many(y, X, c)
    assert regular.sum() > 30
    alone = one_by_one(name, y, X[regular], c, design)
    at_once = verdicts(name, fits, design, LEVEL)
    close(at_once.statistic, alone.statistic, rtol=1e-9)
    assert at_once.rejected.tolist() == alone.rejected.tolist()
    if name in NEEDS_MORE:
        assert np.isnan(alone.statistic).all()
    elif n > 7:
        assert 0 < alone.rejected.sum() < np.isfinite(alone.statistic).sum()


def test_labels_that_cannot_be_told_apart_are_left_out():
    y, X, _ = drawn(16, 4)
    X[1, :, 1] = X[1, :, 0]
    X[2, :, 0] = 0.0
    fits, regular = fit_many(y, X, np.eye(5)[0])
    assert regular.tolist() == [True, False, False, True]
    close(fits.estimate, [fit_ols(y, X[b]).beta[0] for b in (0, 3)], rtol=1e-10)


def test_many_designs_cost_a_fraction_of_as_many_single_ones():
    y, X, design = drawn(31, 200)
    c = np.eye(5)[0]
    at_once = [name for name, method in METHODS.items() if method.at_once]
    at_once.remove("conley")  # without a cut-off of its own
    start = process_time()
    fits, regular = fit_many(y, X, c)
    for name in at_once:
        verdicts(name, fits, design, 0.95)
    middle = process_time()
    for name in at_once:
        one_by_one(name, y, X[regular], c, design)
    # A fifth is what it takes; a half leaves room for a busy machine.
    assert (process_time() - middle) > 2 * (middle - start)
