"""ln|I - rho W| by eigenvalues and by sparse factorisations, against dense determinants."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from evenfield.numerics.spatial_panel import network as nets
from spatial_cases import contiguity_line, lattice, ring
from tolerances import CLOSED_FORM, MACHINE

RHO = np.array([-0.9, -0.3, 0.0, 0.2, 0.6, 0.95])


def nearest(n, k):
    place = np.random.default_rng(4).uniform(size=(n, 2))
    distance = np.linalg.norm(place[:, None] - place, axis=2) + np.diag(np.full(n, np.inf))
    matrix = np.zeros((n, n))
    np.put_along_axis(matrix, np.argsort(distance, axis=1)[:, :k], 1.0 / k, axis=1)
    return matrix


def dense(matrix, rho):
    size = len(matrix)
    gain = matrix @ np.linalg.inv(np.eye(size) - rho * matrix)
    return np.linalg.slogdet(np.eye(size) - rho * matrix)[1], -np.trace(gain), -np.trace(gain @ gain)


@pytest.mark.parametrize("matrix", [ring(20), contiguity_line(20), nearest(60, 4)], ids=["ring", "line", "nearest"])
def test_eigenvalues_equal_dense_determinants(matrix):
    found, expected = nets.log_determinant(csr_array(matrix), 1.0), np.array([dense(matrix, rho) for rho in RHO]).T
    np.testing.assert_allclose([found.value(RHO), found.slope(RHO), found.curvature(RHO)], expected, rtol=1e-9,
                               atol=MACHINE)  # fmt: skip


def test_weights_that_are_not_row_standardised():
    assert np.isrealobj(nets.eigenvalues(csr_array(contiguity_line(20))))
    assert np.iscomplexobj(nets.eigenvalues(csr_array(nearest(40, 3))))
    blocks = np.zeros((8, 8))
    blocks[:4, :4], blocks[4:, 4:] = contiguity_line(4), contiguity_line(4)
    roots = nets.eigenvalues(csr_array(blocks))
    np.testing.assert_allclose(np.sort(roots), np.sort(np.linalg.eigvals(blocks).real), atol=MACHINE)
    low, high = nets.EigenLogDeterminant(roots).domain
    assert high == pytest.approx(1.0) and low == pytest.approx(-1.0)
    matrix = csr_array(lattice(10, 12) * 3.0)
    found, exact = (
        nets.ChebyshevLogDeterminant(nets.chebyshev_series(matrix, 3.0), 3.0),
        nets.EigenLogDeterminant(nets.eigenvalues(matrix)),
    )
    np.testing.assert_allclose(found.value(RHO / 3), exact.value(RHO / 3), atol=CLOSED_FORM)
    np.testing.assert_allclose(found.slope(RHO / 3), exact.slope(RHO / 3), rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("matrix", [lattice(18, 28), csr_array(nearest(501, 5))], ids=["queen", "nearest"])
def test_chebyshev_series_equals_eigenvalues_over_its_whole_range(matrix):
    found, exact = nets.log_determinant(matrix, 1.0), nets.EigenLogDeterminant(nets.eigenvalues(matrix))
    assert isinstance(found, nets.ChebyshevLogDeterminant)
    rho = np.append(RHO, [-0.995, 0.995])
    np.testing.assert_allclose(found.value(rho), exact.value(rho), atol=1e-8)
    np.testing.assert_allclose(found.slope(rho), exact.slope(rho), rtol=1e-7, atol=1e-6)
    np.testing.assert_allclose(found.curvature(rho), exact.curvature(rho), rtol=1e-5)
    assert found.domain == pytest.approx((-0.999, 0.999), abs=3e-3)
