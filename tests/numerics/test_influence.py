"""Effective clusters and partial leverage against closed forms; which regressors cannot be told apart."""

import numpy as np
import pytest

from china_design import UNITS_COUNT, read_design, weights_of
from evenfield.numerics.influence import dependent_columns, effective_clusters, partial_leverage
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE

UNITS, A, DISTANCE, C, S = read_design()
ONE = np.ones(UNITS_COUNT)
NAMES = np.array(UNITS)
X_OWN = np.column_stack([ONE, C])
SLOPE = np.array([0.0, 1.0])


def test_closed_forms_of_influence_in_any_order():
    expected = (1 / 5 + 1 / 26) ** 2 / (1 / 5**3 + 1 / 26**3)
    assert effective_clusters(X_OWN, NAMES, SLOPE) == pytest.approx(expected, rel=CLOSED_FORM)
    X, clusters = np.column_stack([np.ones(20), np.tile([0.0, 1.0], 10)]), np.repeat(np.arange(10), 2)
    assert effective_clusters(X, clusters, SLOPE) == pytest.approx(10.0, rel=MACHINE)
    assert partial_leverage(X, clusters, SLOPE)[1] == pytest.approx(np.full(10, 0.1), rel=MACHINE)
    sizes = np.array([2, 3, 7, 12])
    X, clusters = np.ones((sizes.sum(), 1)), np.repeat(np.arange(4), sizes)
    expected = (sizes**2.0).sum() ** 2 / (sizes**4.0).sum()
    assert effective_clusters(X, clusters, np.ones(1), within=1.0) == pytest.approx(expected, rel=CLOSED_FORM)
    independent = effective_clusters(X, clusters, np.ones(1), within=0.0)
    assert independent == pytest.approx(sizes.sum() ** 2 / (sizes**2.0).sum(), rel=CLOSED_FORM)
    W = weights_of(A, DISTANCE)["contiguity"]
    X = np.column_stack([ONE, C, S, W @ C, W @ S])
    others = np.delete(X, 3, axis=1)
    residual = X[:, 3] - others @ np.linalg.lstsq(others, X[:, 3], rcond=None)[0]
    clusters = np.array(["east" if unit in {"CN-SH", "CN-JS", "CN-ZJ"} else unit for unit in UNITS])
    names, shares = partial_leverage(X, clusters, np.eye(5)[3])
    expected = [(residual[clusters == name] ** 2).sum() / (residual @ residual) for name in names]
    assert shares == pytest.approx(np.array(expected), rel=CLOSED_FORM)
    assert shares.sum() == pytest.approx(1.0, rel=MACHINE)
    order = np.random.default_rng(2).permutation(UNITS_COUNT)
    renamed, value = np.array([f"zz{i:02d}" for i in range(UNITS_COUNT)]), effective_clusters(X_OWN, NAMES, SLOPE)
    assert effective_clusters(X_OWN[order], NAMES[order], SLOPE) == pytest.approx(value, rel=MACHINE)
    assert effective_clusters(X_OWN, renamed, SLOPE) == pytest.approx(value, rel=MACHINE)
    names, shares = partial_leverage(X_OWN[order], NAMES[order], SLOPE)
    assert list(names) == sorted(UNITS)
    assert shares == pytest.approx(partial_leverage(X_OWN, NAMES, SLOPE)[1], rel=MACHINE)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ((ONE, C, S), []),
        ((ONE, C, ONE), [0, 2]),
        ((ONE, C, S, C + S), [1, 2, 3]),
        ((ONE, C, 0 * C), [2]),
        ((ONE, 1e-9 * C, 1e9 * S), []),
    ],
)
def test_dependent_columns_are_named(columns, expected):
    assert dependent_columns(np.column_stack(columns)) == expected


def test_bad_input_is_one_line():
    refused("30 cluster labels do not fit 31 observations", effective_clusters, X_OWN, NAMES[:-1], SLOPE)
    refused("zero everywhere", effective_clusters, X_OWN, NAMES, np.zeros(2))
    refused("collinear", partial_leverage, np.column_stack([ONE, ONE]), NAMES, SLOPE)
