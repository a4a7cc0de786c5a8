"""The shipped study: weights of both unit schemes close over their units."""

from dataclasses import replace

import numpy as np
import pytest

from evenfield.study.errors import WeightsError
from evenfield.study.panel.build import build_panel
from evenfield.study.weights.build import build_geography, build_weights
from tolerances import MACHINE


@pytest.fixture(scope="module", params=["31", "30"])
def geography(request, china_tables, china_fields, china_config):
    built = build_panel(china_tables, china_fields, china_config, request.param)
    join = china_config["weights"]["join"]
    return build_geography(built.units, built.adjacency, built.panel, join, built.description["merged"])


def test_every_matrix_closes_over_the_units_of_its_scheme(geography, china_config):
    for name, spec in china_config["weights"]["families"].items():
        weights = build_weights(name, spec, geography)
        assert weights.units == geography.units
        np.testing.assert_allclose(weights.matrix.sum(axis=1), 1.0, rtol=MACHINE)
        assert (weights.matrix >= 0).all() and not np.diag(weights.matrix).any(), name
        assert weights.spec["rho_high"] == pytest.approx(1.0, rel=1e-9) and weights.spec["components"] == 1


def test_islands_and_missing_provinces_are_named(geography, tmp_path):
    alone = replace(geography, links=geography.links[geography.links["unit_i"].ne("CN-HI")])
    with pytest.raises(WeightsError, match=r"1 units have no neighbour in weights contiguity \(CN-HI\)"):
        build_weights("contiguity", {"kind": "contiguity"}, alone)
    edges = geography.links[~geography.links.isin(["CN-XZ"]).any(axis=1)].assign(weight=1.0)
    edges.to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(WeightsError, match=r"1 units of the panel are not in weights own \(.*own.csv\) \(CN-XZ\)"):
        build_weights("own", {"kind": "file", "path": str(tmp_path / "own.csv")}, geography)
