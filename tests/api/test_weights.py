"""Weights from files and from libpysal's classes are those of the same dictionary."""

import numpy as np
import pandas as pd
import pytest
from libpysal.graph import Graph
from libpysal.io import open as pysal_open
from libpysal.weights import W

import evenfield as ef
from made_panel import DATA, KEYS, RING
from refusals import fails
from tolerances import close

NET = ef.weights(RING)


def same(net):
    assert net.units == NET.units
    close(net.matrix.toarray(), NET.matrix.toarray())


def test_a_graph_of_libpysal_is_taken():
    same(ef.weights(Graph.from_dicts(RING)))
    same(ef.weights(Graph.from_W(W(RING)).transform("r")))


def test_a_gal_file_of_libpysal_is_taken(tmp_path):
    path = tmp_path / "ring.gal"
    file = pysal_open(str(path), "w")
    file.write(W(RING))
    file.close()
    same(ef.weights(path))
    same(ef.weights(str(path)))


def test_a_gal_file_with_a_header_of_geoda_is_taken(tmp_path):
    path = tmp_path / "ring.GAL"
    body = "".join(f"{i} {len(row)}\n{' '.join(row)}\n" for i, row in RING.items())
    path.write_text(f"0 {len(RING)} ring id\n{body}")
    same(ef.weights(path))


def test_a_gwt_file_is_taken(tmp_path):
    path = tmp_path / "ring.gwt"
    body = "".join(f"{i} {j} 2.5\n" for i, row in RING.items() for j in row)
    path.write_text(f"0 {len(RING)} ring id\n{body}")
    same(ef.weights(path))


def test_csv_files_of_links_and_squares_are_taken(tmp_path):
    links = pd.DataFrame([(i, j) for i, row in RING.items() for j in row])
    links.to_csv(tmp_path / "links.csv", index=False)
    same(ef.weights(tmp_path / "links.csv"))
    square = pd.DataFrame(NET.matrix.toarray(), NET.units, NET.units)
    square.to_csv(tmp_path / "square.csv")
    same(ef.weights(tmp_path / "square.csv"))


@pytest.mark.parametrize(
    "table", ["i,j,w\n01,NA,1\nNA,01,2\n", "id,01,NA\n01,0,1\nNA,1,0\n"]
)
def test_codes_in_a_csv_file_are_text(tmp_path, table):
    (tmp_path / "codes.csv").write_text(table)
    assert list(ef.weights(tmp_path / "codes.csv").units) == ["01", "NA"]


def test_a_path_is_taken_where_weights_are(tmp_path):
    links = pd.DataFrame([(i, j) for i, row in RING.items() for j in row])
    links.to_csv(tmp_path / "links.csv", index=False)
    fit = ef.spatial_panel("y ~ x", DATA, tmp_path / "links.csv", **KEYS)
    want = ef.spatial_panel("y ~ x", DATA, RING, **KEYS)
    close(fit.params, want.params)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("ring.gal", None, "No such file"),
        ("ring.shp", "", "expected a .gal, .gwt or .csv file"),
        ("ring.gal", "2\na 3\nb\n", "cannot be read"),
        ("ring.gal", "2\na many\nb\n", "cannot be read"),
        ("ring.gwt", "2\na b\n", "cannot be read"),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path, name, text, words):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    fails(ef.WeightsError, words, ef.weights, path)


def test_a_unit_without_a_neighbour_in_a_gal_file_is_named(tmp_path):
    path = tmp_path / "ring.gal"
    path.write_text("3\na 1\nb\nb 1\na\nc 0\n\n")
    fails(ef.WeightsError, "first c", ef.weights, path)
    assert np.isfinite(NET.matrix.toarray()).all()


def test_a_link_without_a_neighbour_is_refused():
    links = pd.DataFrame({"unit": ["a", "b", "a"], "neighbour": ["b", "a", None]})
    fails(ef.WeightsError, "a link without a unit or a neighbour", ef.weights, links)


@pytest.mark.parametrize(
    ("w", "words"),
    [
        ({"a": 5, "b": ["a"]}, "neighbours of a that are 5"),
        ({"north": "south", "south": "north"}, "neighbours of north that are 'south'"),
        ({"a": {"b": "x"}, "b": {"a": 1}}, "no numbers"),
        (pd.DataFrame([("a", "b", "x"), ("b", "a", "x")]), "no numbers"),
        (pd.DataFrame([["x", 1], [1, 0]], list("ab"), list("ab")), "no numbers"),
        ({}, "weights of no unit"),
        (pd.DataFrame(), "weights of no unit"),
    ],
)
def test_weights_that_are_no_numbers_or_no_lists_are_refused(w, words):
    fails(ef.WeightsError, words, ef.weights, w)
