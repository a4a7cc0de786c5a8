"""Sparse weights stay sparse: nothing of N x N arises in weights, exposures, Moran and
the fit of a spatial lag.
"""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from evenfield.models.moran import association, local_association
from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import (
    admissible_range,
    connected_sets,
    dense,
    lagged,
    multiplier,
    sparse,
)
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays
from evenfield.study.weights.build import build_geography, build_weights, edge_list
from evenfield.study.weights.exposures import DOSE_COLUMNS, exposure_frame
from spatial_cases import circle
from tolerances import close
from yaml_text import from_yaml

ROWS = 40
COLUMNS = 50
N = ROWS * COLUMNS
KINDS = from_yaml("""
    [{kind: contiguity}, {kind: nearest, neighbours: 5}, {kind: band, range_km: 60}]
    """)


def peak(work):
    """Return a result and the most memory that making it took, in bytes."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def geography():
    row, column = (position.ravel() for position in np.mgrid[:ROWS, :COLUMNS])
    ids = np.array([f"U{i:04d}" for i in range(N)])
    i, j = np.nonzero(
        (np.abs(row[:, None] - row) + np.abs(column[:, None] - column) == 1)
        & (np.arange(N) > 0)
    )
    units = pd.DataFrame({"unit": ids, "lat": 40 + 0.4 * row, "lon": 10 + 0.5 * column})
    links = pd.DataFrame({"unit_i": ids[i], "unit_j": ids[j]})
    panel = pd.DataFrame(
        {"unit": ids, "year": 2000, "log_income": np.arange(N, dtype=float)}
    )
    return build_geography(units, links, panel, [], {})


def test_no_dense_matrix_arises_where_weights_are_sparse(geography):
    dense_bytes = 8 * N**2
    rng = default_rng(3)
    estimates, most = peak(
        lambda: {spec["kind"]: build_weights("w", spec, geography) for spec in KINDS}
    )
    assert most < dense_bytes / 2
    assert len(edge_list(estimates["nearest"])) == 5 * N
    cells = pd.DataFrame(
        {
            "taxonomy": "t",
            "period": "A",
            "unit": geography.units,
            "cluster": rng.random(N) < 0.3,
        }
    )
    doses = pd.DataFrame(
        {"unit": geography.units, "period": "A", **dict.fromkeys(DOSE_COLUMNS, 0.0)}
    )
    frame, most = peak(lambda: exposure_frame(estimates, cells.assign(sez=0), doses))
    W = estimates["contiguity"].matrix
    y = rng.standard_normal((N, 4))
    assert most < dense_bytes / 2
    own = frame[frame["weights"].eq("contiguity")]
    close(own["exposure_cluster"], W @ own["own_cluster"].to_numpy(), atol=1e-12)
    for test in (association, local_association):
        assert (
            peak(lambda test=test: test(y, W, generator_for(1, "m"), 19))[1]
            < dense_bytes / 2
        )
    assert (
        peak(lambda: morans_i_test(y[:, 0], W, generator_for(1, "m"), 19))[1]
        < dense_bytes / 2
    )
    panel = panel_from_arrays(y.T, y.T[:, :, None] ** 2, list(geography.units), ["x"])
    fit, most = peak(
        lambda: fit_spatial_panel(panel, network(geography.units, W), PanelModel("SAR"))
    )
    assert most < dense_bytes / 2
    assert abs(fit.rho) < 0.2
    assert fit.std_errors().min() > 0


def test_sparse_and_dense_weights_give_the_same_numbers(geography):
    few = replace_units(geography, 300)
    W = build_weights("w", KINDS[1], few).matrix
    e = default_rng(1).standard_normal((300, 3))
    assert multiplier(W) is not W
    assert sparse(dense(W)).nnz == W.nnz == 1500
    many = np.stack([e, 2 * e])
    close(lagged(sparse(W), many), lagged(dense(W), many), atol=1e-14)
    pairs = [
        association(e, weights, generator_for(1, "m"), 99) for weights in (W, dense(W))
    ]
    for one, other in zip(*pairs, strict=True):
        close(one.statistic, other.statistic)
        assert (one.p_value == other.p_value).all()


def replace_units(geography, n):
    """Keep the first units."""
    parts = (part[:n] for part in (geography.units, geography.lat, geography.lon))
    return type(geography)(*parts, geography.links[:0], geography.panel, {})


def test_the_range_of_many_units_equals_that_of_all_eigenvalues(monkeypatch, geography):
    few = replace_units(geography, 300)
    W = build_weights("w", KINDS[1], few).matrix
    exact = admissible_range(W)
    monkeypatch.setattr("evenfield.numerics.spatial.LARGEST_FOR_EIGENVALUES", 1)
    close(admissible_range(W), exact, rtol=1e-7)
    close(admissible_range(sparse(circle(600))), (-1.0, 1.0), rtol=1e-5)


def test_a_set_of_a_thousand_places_needs_no_recursion():
    line = sparse(np.eye(1500, k=1))
    assert len(connected_sets(line, 1200)) == 301
