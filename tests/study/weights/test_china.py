"""The shipped study: weights of both unit schemes close over their units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from evenfield.study.errors import WeightsError
from evenfield.study.panel.build import build_panel
from evenfield.study.tables import Field
from evenfield.study.weights.build import build_geography, build_weights
from evenfield.study.weights.families import Geography
from tolerances import MACHINE


@pytest.fixture(scope="module", params=["31", "30"])
def geography(
    request: pytest.FixtureRequest,
    china_tables: dict[str, pd.DataFrame],
    china_fields: dict[str, Field],
    china_config: dict[str, Any],
) -> Geography:
    built = build_panel(china_tables, china_fields, china_config, request.param)
    join = china_config["weights"]["join"]
    return build_geography(built.units, built.adjacency, built.panel, join, built.description["merged"])


def test_every_matrix_closes_over_the_units_of_its_scheme(geography: Geography, china_config: dict[str, Any]) -> None:
    for name, spec in china_config["weights"]["families"].items():
        weights = build_weights(name, spec, geography)
        assert weights.units == geography.units
        np.testing.assert_allclose(weights.matrix.sum(axis=1), 1.0, rtol=MACHINE)
        assert (weights.matrix >= 0).all() and not np.diag(weights.matrix).any(), name
        assert weights.spec["rho_high"] == pytest.approx(1.0, rel=1e-9)
        assert weights.spec["components"] == 1


def test_hainan_is_an_island_without_its_join(geography: Geography) -> None:
    links = geography.links
    alone = Geography(
        geography.units,
        geography.lat,
        geography.lon,
        links[links["unit_i"].ne("CN-HI")],
        geography.panel,
        geography.merged,
    )
    with pytest.raises(WeightsError, match=r"1 units have no neighbour in weights contiguity \(CN-HI\)"):
        build_weights("contiguity", {"kind": "contiguity"}, alone)


def test_province_of_the_panel_that_is_not_in_own_weights_is_named(geography: Geography, tmp_path: Any) -> None:
    edges = geography.links[~geography.links.isin(["CN-XZ"]).any(axis=1)].assign(weight=1.0)
    edges.to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(WeightsError, match=r"1 units of the panel are not in weights own \(.*own.csv\) \(CN-XZ\)"):
        build_weights("own", {"kind": "file", "path": str(tmp_path / "own.csv")}, geography)
