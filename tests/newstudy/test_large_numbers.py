"""Numbers beyond all figures and all places, in tables and maps: one line, no warning."""

import json
import warnings
from pathlib import Path

import pytest

import new
from evenfield.newstudy.features import read_features
from evenfield.study.errors import IngestError
from newstudy.made_tables import feature, square
from refusals import fails

NAMES = ["Ash", "Birch", "Cedar", "Elm"]


@pytest.fixture(autouse=True)
def without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def made(file, *words):
    new.main(["study", "--panel", file, *words])


def write_table(figure):
    """Incomes of four units in three years, one of them another figure."""
    rows = [
        f"{name},{year},{i}0{year}"
        for i, name in enumerate(NAMES, 1)
        for year in (2001, 2002, 2003)
    ]
    rows[4] = f"Birch,2002,{figure}"
    Path("t.csv").write_text("\n".join(["region,year,income", *rows, ""]))


@pytest.mark.parametrize("figure", ["1e308", "1e400", "-1e150"])
def test_a_figure_beyond_all_others_is_named(tmp_path, monkeypatch, figure):
    monkeypatch.chdir(tmp_path)
    write_table(figure)
    with pytest.raises(SystemExit, match=rf"no number \('{figure}', Birch 2002\)"):
        made("t.csv")


@pytest.mark.parametrize("place", ["1e400", "1e300", "NaN", "-1e400", '"west"'])
def test_outlines_beyond_the_world_are_refused_by_their_unit(
    tmp_path, monkeypatch, place
):
    monkeypatch.chdir(tmp_path)
    write_table("302")
    features = [
        feature({"region": name, "at": [3 * i, 7]}) for i, name in enumerate(NAMES)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    Path("m.geojson").write_text(text.replace("[6, 7]", f"[{place}, 7]"))
    with pytest.raises(SystemExit, match=r"m\.geojson has .*Cedar"):
        made("t.csv", "--polygons", "m.geojson")


@pytest.mark.parametrize("grid", [[1e308, 1e308], [float("inf"), 1], [1e12, 1]])
def test_topojson_beyond_the_world_is_refused(tmp_path, grid):
    ring = square(1, 2)["coordinates"][0]
    topology = {
        "type": "Topology",
        "transform": {"scale": grid, "translate": [0, 0]},
        "arcs": [ring],
        "objects": {"a": {"geometries": [{"type": "Polygon", "arcs": [[0]]}]}},
    }
    path = tmp_path / "t.json"
    path.write_text(json.dumps(topology))
    fails(IngestError, "t.json is TopoJSON that cannot be read", read_features, path)
    topology["transform"]["scale"] = [1, 1]
    ring[0][0] = 10**400
    path.write_text(json.dumps(topology))
    fails(IngestError, "t.json is TopoJSON that cannot be read", read_features, path)
