"""Panels and weights refuse what would give a wrong number without an error."""

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array

from evenfield.numerics.spatial_panel.log_determinant import (
    ChebyshevLogDeterminant,
    EigenLogDeterminant,
    chebyshev_series,
    eigenvalues,
    log_determinant,
)
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays, panel_from_rows
from numerics.refusals import refused
from spatial_cases import contiguity_line, lattice, ring
from tolerances import CLOSED_FORM, MACHINE, close

UNITS = "a b c a b c".split()
YEARS = [2000, 2000, 2000, 2001, 2001, 2001]
Y = np.arange(6.0)
X = np.array([[1.0], [4.0], [2.0], [8.0], [5.0], [7.0]])


def not_keyed(words, units=UNITS, years=YEARS, y=Y, X=X, names=("x",)):
    refused(words, panel_from_rows, units, years, y, X, names)


def test_panels_and_weights_that_cannot_be_read_are_refused():
    not_keyed(
        "1 value is missing or infinite, first the outcome of a in 2001",
        y=np.where(Y == 3, np.nan, Y),
    )
    not_keyed("first x of c in 2000", X=np.where(X == 2, np.inf, X))
    twice = [*UNITS, "a"], [*YEARS, 2000], np.append(Y, 1.0), np.vstack([X, [[1.0]]])
    not_keyed("1 pair of unit and period given twice, first a in 2000", *twice)
    not_keyed(
        "1 pair of unit and period missing, first c in 2001",
        UNITS[:5],
        YEARS[:5],
        Y[:5],
        X[:5],
    )
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
        ("own neighbour", "abc", good + np.diag([0, 0, 1.0])),
        (
            "1 unit has no neighbour, first c",
            "abc",
            good * np.array([[1.0], [1.0], [0.0]]),
        ),
    ):
        refused(words, network, units, matrix)


def test_rows_arrays_sparse_and_dense_give_the_same():
    one = panel_from_rows(UNITS, YEARS, Y, X, ["x"])
    two = panel_from_arrays(
        Y.reshape(2, 3), X.reshape(2, 3, 1), UNITS[:3], ["x"], [2000, 2001]
    )
    assert (one.units, one.periods, one.names) == (two.units, two.periods, two.names)
    assert_array_equal(one.values, two.values)
    assert one.values[1, 0].tolist() == [1.0, 4.0]
    dense = ring(130)
    one = network(range(130), dense)
    two = network(range(130), csr_array(dense))
    values = default_rng(0).normal(size=(130, 3, 2))
    close(one.lag(values), np.einsum("ij,jtk->itk", dense, values), atol=1e-14)
    assert_array_equal(one.lag(values), two.lag(values))
    assert one.units[3] == "3"
    assert one.row_standardised
    matrix = (contiguity_line(20) > 0) * 1.0
    close(
        network(range(20), matrix).largest_eigenvalue,
        np.linalg.eigvalsh(matrix).max(),
        rtol=1e-8,
    )
    assert (
        network(range(20), matrix).largest_eigenvalue
        >= np.linalg.eigvalsh(matrix).max()
    )


@pytest.mark.parametrize(
    "matrix", [ring(15), contiguity_line(15), ring(15) * np.linspace(1, 3, 15)[:, None]]
)
def test_total_multipliers_equal_a_dense_inverse(matrix):
    net = network(range(15), matrix)
    n = 15
    rho = 0.27

    def totals(rho):
        inverse = np.linalg.inv(np.eye(n) - rho * matrix)
        return np.array([inverse.sum(), (inverse @ matrix).sum()]) / n

    result = net.total_multipliers(rho)
    close(result[:2], totals(rho), MACHINE)
    close(result[2:], (totals(rho + 1e-5) - totals(rho - 1e-5)) / 2e-5)


RHO = np.array([-0.9, -0.3, 0.0, 0.2, 0.6, 0.95])


def nearest(n, k):
    position = default_rng(4).uniform(size=(n, 2))
    distance = np.linalg.norm(position[:, None] - position, axis=2) + np.diag(
        np.full(n, np.inf)
    )
    matrix = np.zeros((n, n))
    np.put_along_axis(matrix, np.argsort(distance, axis=1)[:, :k], 1.0 / k, axis=1)
    return matrix


def dense(matrix, rho):
    size = len(matrix)
    gain = matrix @ np.linalg.inv(np.eye(size) - rho * matrix)
    return (
        np.linalg.slogdet(np.eye(size) - rho * matrix)[1],
        -np.trace(gain),
        -np.trace(gain @ gain),
    )


@pytest.mark.parametrize(
    "matrix",
    [ring(20), contiguity_line(20), nearest(60, 4)],
    ids=["ring", "line", "nearest"],
)
def test_eigenvalues_equal_dense_determinants(matrix):
    result = log_determinant(csr_array(matrix), 1.0)
    expected = np.array([dense(matrix, rho) for rho in RHO]).T
    np.testing.assert_allclose(
        [result.value(RHO), result.slope(RHO), result.curvature(RHO)],
        expected,
        rtol=1e-9,
        atol=MACHINE,
    )


def test_weights_that_are_not_row_standardised():
    assert np.isrealobj(eigenvalues(csr_array(contiguity_line(20))))
    assert np.iscomplexobj(eigenvalues(csr_array(nearest(40, 3))))
    blocks = np.zeros((8, 8))
    blocks[:4, :4], blocks[4:, 4:] = contiguity_line(4), contiguity_line(4)
    roots = eigenvalues(csr_array(blocks))
    close(np.sort(roots), np.sort(np.linalg.eigvals(blocks).real), atol=MACHINE)
    low, high = EigenLogDeterminant(roots).domain
    close(high, 1.0)
    close(low, -1.0)
    matrix = csr_array(lattice(10, 12) * 3.0)
    result = ChebyshevLogDeterminant(chebyshev_series(matrix, 3.0), 3.0)
    exact = EigenLogDeterminant(eigenvalues(matrix))
    close(result.value(RHO / 3), exact.value(RHO / 3), atol=CLOSED_FORM)
    close(result.slope(RHO / 3), exact.slope(RHO / 3), rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize(
    "matrix", [lattice(18, 28), csr_array(nearest(501, 5))], ids=["queen", "nearest"]
)
def test_chebyshev_series_equals_eigenvalues_over_its_whole_range(matrix):
    result = log_determinant(matrix, 1.0)
    exact = EigenLogDeterminant(eigenvalues(matrix))
    assert isinstance(result, ChebyshevLogDeterminant)
    rho = np.append(RHO, [-0.995, 0.995])
    close(result.value(rho), exact.value(rho), atol=1e-8)
    close(result.slope(rho), exact.slope(rho), rtol=1e-7, atol=1e-6)
    close(result.curvature(rho), exact.curvature(rho), rtol=1e-5)
    close(result.domain, (-0.999, 0.999), atol=3e-3)
