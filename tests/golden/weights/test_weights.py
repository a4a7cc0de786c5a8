"""Weights of the shipped study: the printed properties of the design."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path

from evenfield.study.errors import WeightsError
from evenfield.study.files import read_json
from evenfield.study.panel.build import build_panel
from evenfield.study.weights.build import build_geography, build_weights
from refusals import fails

EXPECTED = read_json(Path(__file__).parent / "expected.json")
DECIMALS = {
    "mean_neighbours": 1,
    "effective_neighbours": 1,
    "rho_low": 2,
    "rho_high": 2,
}


@pytest.fixture(scope="module")
def geography(china_tables, china_fields, china_config):
    estimates = build_panel(china_tables, china_fields, china_config, "31")
    join = china_config["weights"]["join"]
    return build_geography(
        estimates.units,
        estimates.adjacency,
        estimates.panel,
        join,
        estimates.description["merged"],
    )


@pytest.mark.parametrize("name", sorted(EXPECTED["weights"]))
def test_printed_table_of_weights(geography, china_config, name):
    spec = build_weights(
        name, china_config["weights"]["families"][name], geography
    ).spec
    assert (
        {key: round(spec[key], digits) for key, digits in DECIMALS.items()}
    ) == EXPECTED["weights"][name]


def test_printed_properties_of_contiguity_and_a_band_that_fails(geography):
    expected = EXPECTED["contiguity"]
    weights = build_weights("contiguity", {"kind": "contiguity"}, geography)
    names = ("links", "min_neighbours", "max_neighbours", "components")
    assert {key: weights.spec[key] for key in names} == {
        key: expected[key] for key in names
    }
    assert round(weights.spec["mean_neighbours"], 2) == expected["mean_degree"]
    assert (
        int(shortest_path(weights.matrix, unweighted=True).max())
        == expected["diameter"]
    )
    alone = [
        u
        for u, row in zip(weights.units, weights.matrix.toarray(), strict=True)
        if np.count_nonzero(row) == 1
    ]
    assert alone == ["CN-HI"]
    named = ", ".join(EXPECTED["band_800_km_without_neighbours"])
    fails(
        WeightsError,
        rf"2 units have no neighbour in weights near \({named}\)",
        build_weights,
        "near",
        {"kind": "band", "range_km": 800},
        geography,
    )
