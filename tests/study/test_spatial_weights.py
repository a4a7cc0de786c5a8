"""Weights in memory: read-only, aligned by unit id and never by row order, and strict
about who is there.
"""

import numpy as np
import pandas as pd
import pytest

from evenfield.study import spatial_weights as sw
from evenfield.study.errors import WeightsError
from evenfield.study.spatial_weights import SpatialWeights, weights_from_edges
from evenfield.study.study_config import Period
from refusals import fails
from yaml_text import from_yaml

MATRIX = np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
WEIGHTS = SpatialWeights(("A", "B", "C"), MATRIX, {"weights": "near"})


def test_alignment_permutes_rows_and_columns_together():
    for order in (["C", "A", "B"], ("B", "C", "A"), ["A", "B", "C"]):
        aligned = WEIGHTS.aligned(order)
        for i, one in enumerate(order):
            for j, other in enumerate(order):
                assert aligned[i, j] == MATRIX["ABC".index(one), "ABC".index(other)]


@pytest.mark.parametrize(
    ("units", "message"),
    [
        (
            ["A", "B"],
            (
                "weights: 1 units of near are not in the panel (C); expected the same"
                " units in panel and weights"
            ),
        ),
        (
            ["A", "B", "C", "D"],
            (
                "weights: 1 units of the panel are not in near (D); expected the same"
                " units"
            ),
        ),
        (["A", "B", "D"], "weights: 1 units of the panel are not in near (D)"),
        (
            ["A", "B", "C", "A"],
            "weights: 1 unit appears twice (A); expected one row per unit",
        ),
    ],
)
def test_alignment_refuses_other_units(units, message):
    with pytest.raises(WeightsError) as caught:
        WEIGHTS.aligned(units)
    assert str(caught.value).startswith(message)


def test_rows_are_divided_by_their_sums_and_edges_placed_by_unit():
    matrix = sw.row_standardised(
        np.array([[0.0, 2.0, 6.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    )
    assert matrix.toarray().tolist() == [
        [0.0, 0.25, 0.75],
        [0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0],
    ]
    edges = pd.DataFrame(
        from_yaml("{unit_i: [C, A], unit_j: [A, B], weight: [0.5, 2.0]}")
    )
    matrix = weights_from_edges(edges, ["A", "B", "C"], {}).matrix
    assert (matrix[2, 0], matrix[0, 1], matrix.sum()) == (0.5, 2.0, 2.5)
    fails(
        WeightsError,
        r"1 units of an edge list are unknown \(C\)",
        weights_from_edges,
        edges,
        ["A", "B"],
        {},
    )
    sw.check_same_units(["B", "A"], ["A", "B"], "near")
    assert (
        Period(
            name="P",
            start=1999,
            end=2019,
            label="1999-2019",
        ).years
        == 20
    )
