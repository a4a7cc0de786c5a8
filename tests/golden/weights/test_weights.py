"""The weights of the shipped study have the printed properties of the design, digit for digit."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse.csgraph import shortest_path

from evenfield.study.errors import WeightsError
from evenfield.study.files import read_json
from evenfield.study.panel.build import build_panel
from evenfield.study.tables import Field
from evenfield.study.weights.build import build_geography, build_weights
from evenfield.study.weights.families import Geography

EXPECTED = read_json(Path(__file__).parent / "expected.json")
DECIMALS = {"mean_neighbours": 1, "effective_neighbours": 1, "rho_low": 2, "rho_high": 2}


@pytest.fixture(scope="module")
def geography(
    china_tables: dict[str, pd.DataFrame], china_fields: dict[str, Field], china_config: dict[str, Any]
) -> Geography:
    built = build_panel(china_tables, china_fields, china_config, "31")
    return build_geography(built.units, built.adjacency, built.panel, china_config["weights"]["join"], {})


@pytest.mark.parametrize("name", sorted(EXPECTED["weights"]))
def test_printed_table_of_weights(geography: Geography, china_config: dict[str, Any], name: str) -> None:
    spec = build_weights(name, china_config["weights"]["families"][name], geography).spec
    assert ({key: round(spec[key], digits) for key, digits in DECIMALS.items()}) == EXPECTED["weights"][name]


def test_printed_properties_of_contiguity_and_a_band_that_fails(geography):
    expected, weights = EXPECTED["contiguity"], build_weights("contiguity", {"kind": "contiguity"}, geography)
    assert {key: weights.spec[key] for key in ("links", "min_neighbours", "max_neighbours", "components")} == {
        key: expected[key] for key in ("links", "min_neighbours", "max_neighbours", "components")
    }
    assert round(weights.spec["mean_neighbours"], 2) == expected["mean_degree"]
    assert int(shortest_path(weights.matrix, unweighted=True).max()) == expected["diameter"]
    alone = [u for u, row in zip(weights.units, weights.matrix, strict=True) if np.count_nonzero(row) == 1]
    assert alone == ["CN-HI"]
    with pytest.raises(WeightsError) as caught:
        build_weights("near", {"kind": "band", "range_km": 800}, geography)
    named = ", ".join(EXPECTED["band_800_km_without_neighbours"])
    assert str(caught.value) == (
        f"weights: 2 units have no neighbour in weights near ({named}); expected at least one neighbour for every "
        "unit; join them under weights.join (contiguity) or widen the weights in config.yaml"
    )
