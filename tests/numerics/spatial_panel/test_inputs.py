"""Panels and weights refuse what would give a wrong number without an error."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays, panel_from_rows
from numerics.refusals import refused
from spatial_cases import contiguity_line, ring
from tolerances import CLOSED_FORM, MACHINE

UNITS = ["a", "b", "c", "a", "b", "c"]
YEARS = [2000, 2000, 2000, 2001, 2001, 2001]
Y = np.arange(6.0)
X = np.array([[1.0], [4.0], [2.0], [8.0], [5.0], [7.0]])


def not_keyed(words, units=UNITS, years=YEARS, y=Y, X=X, names=("x",)):
    refused(words, panel_from_rows, units, years, y, X, names)


def test_panels_and_weights_that_cannot_be_read_are_refused():
    not_keyed("1 values are missing or infinite, first the outcome of a in 2001", y=np.where(Y == 3, np.nan, Y))
    not_keyed("first x of c in 2000", X=np.where(X == 2, np.inf, X))
    twice = [*UNITS, "a"], [*YEARS, 2000], np.append(Y, 1.0), np.vstack([X, [[1.0]]])
    not_keyed("1 pairs of unit and period appear twice, first a in 2000", *twice)
    not_keyed("1 pairs of unit and period are missing, first c in 2001", UNITS[:5], YEARS[:5], Y[:5], X[:5])
    not_keyed("one entry per row", units=UNITS[:5])
    not_keyed("as many different names", names=("x", "z"))
    not_keyed("no regressor", X=np.empty((6, 0)), names=())
    refused(r"must be \(T, N\)", panel_from_arrays, Y, X, ["a"], ["x"])
    case = Y.reshape(2, 3), X.reshape(2, 3, 1), ["a", "b"], ["x"]
    refused("2 units and 2 periods do not name", panel_from_arrays, *case)
    good = np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
    for words, units, matrix in (
        ("do not name", "ab", good),
        ("named twice", "abb", good),
        ("negative", "abc", -good),
        ("missing", "abc", np.where(good == 0.5, np.nan, good)),
        ("own neighbours", "abc", good + np.diag([0, 0, 1.0])),
        ("1 units have no neighbour, first c", "abc", good * np.array([[1.0], [1.0], [0.0]])),
    ):
        refused(words, network, units, matrix)


def test_rows_arrays_sparse_and_dense_give_the_same():
    one = panel_from_rows(UNITS, YEARS, Y, X, ["x"])
    two = panel_from_arrays(Y.reshape(2, 3), X.reshape(2, 3, 1), UNITS[:3], ["x"], [2000, 2001])
    assert (one.units, one.periods, one.names) == (two.units, two.periods, two.names)
    np.testing.assert_array_equal(one.values, two.values)
    assert one.values[1, 0].tolist() == [1.0, 4.0]
    dense = ring(130)
    one, two = network(range(130), dense), network(range(130), csr_array(dense))
    values = np.random.default_rng(0).normal(size=(130, 3, 2))
    np.testing.assert_allclose(one.lag(values), np.einsum("ij,jtk->itk", dense, values), atol=1e-14)
    np.testing.assert_array_equal(one.lag(values), two.lag(values))
    assert one.units[3] == "3" and one.row_standardised
    matrix = (contiguity_line(20) > 0) * 1.0
    assert network(range(20), matrix).largest_eigenvalue == pytest.approx(np.linalg.eigvalsh(matrix).max(), rel=1e-8)
    assert network(range(20), matrix).largest_eigenvalue >= np.linalg.eigvalsh(matrix).max()


@pytest.mark.parametrize("matrix", [ring(15), contiguity_line(15), ring(15) * np.linspace(1, 3, 15)[:, None]])
def test_total_multipliers_equal_a_dense_inverse(matrix):
    net, n, rho = network(range(15), matrix), 15, 0.27

    def totals(rho):
        inverse = np.linalg.inv(np.eye(n) - rho * matrix)
        return np.array([inverse.sum(), (inverse @ matrix).sum()]) / n

    found = net.total_multipliers(rho)
    np.testing.assert_allclose(found[:2], totals(rho), rtol=MACHINE)
    np.testing.assert_allclose(found[2:], (totals(rho + 1e-5) - totals(rho - 1e-5)) / 2e-5, rtol=CLOSED_FORM)
