"""Each family of weights in closed form, and one line for every way in which it cannot be built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evenfield.study.errors import ConfigError, WeightsError
from evenfield.study.weights.build import build_geography, build_weights, edge_list
from evenfield.study.weights.families import Geography, raw_weights
from tolerances import MACHINE

UNITS = ["A", "B", "C", "D"]
LON = [0.0, 1.0, 2.0, 4.0]
DEGREE = 6371.0 * np.pi / 180


def geography(**changes: Any) -> Geography:
    """Four units on the equator, linked in a row."""
    units = pd.DataFrame({"unit": UNITS, "lat": 0.0, "lon": LON})
    adjacency = pd.DataFrame({"unit_i": ["A", "B", "C"], "unit_j": ["B", "C", "D"]})
    panel = pd.DataFrame(
        {"unit": UNITS * 2, "year": [2000] * 4 + [2001] * 4, "log_income": [1.0, 2.0, 4.0, 8.0, 1.0, 2.0, 4.0, 6.0]}
    )
    joins, merged = changes.pop("joins", []), changes.pop("merged", {})
    return replace(build_geography(units, adjacency, panel, joins, merged), **changes)


def raw(kind: str, geo: Geography | None = None, **spec: Any) -> np.ndarray:
    return raw_weights("w", {"kind": kind, **spec}, geo or geography())


def refused(geo: Geography, **spec: Any) -> str:
    with pytest.raises(WeightsError) as caught:
        build_weights("w", spec, geo)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_contiguity_is_symmetric_and_one_for_neighbours() -> None:
    assert raw("contiguity").tolist() == [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]


def test_rows_of_built_weights_sum_to_one() -> None:
    weights = build_weights("w", {"kind": "contiguity"}, geography())
    assert weights.matrix.tolist() == [[0, 1, 0, 0], [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [0, 0, 1, 0]]
    assert weights.spec["links"] == 3 and weights.spec["symmetric"]
    assert weights.spec["mean_neighbours"] == 1.5
    assert weights.spec["effective_neighbours"] == 1.33333


def test_island_is_refused_and_joined_by_hand() -> None:
    island = geography(links=pd.DataFrame({"unit_i": ["A", "B"], "unit_j": ["B", "C"]}))
    assert refused(island, kind="contiguity") == (
        "weights: 1 units have no neighbour in weights w (D); expected at least one neighbour for every unit; "
        "join them under weights.join (contiguity) or widen the weights in config.yaml"
    )
    units = pd.DataFrame({"unit": UNITS})
    empty = pd.DataFrame({"unit_i": ["A", "B"], "unit_j": ["B", "C"]})
    joined = build_geography(units, empty, geography().panel, [["D", "A"]], {})
    assert build_weights("w", {"kind": "contiguity"}, joined).matrix[3].tolist() == [1, 0, 0, 0]


def test_join_of_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"weights.join names Z; expected units of units.csv"):
        geography(joins=[["A", "Z"]])


def test_join_inside_a_merged_unit_makes_no_unit_its_own_neighbour() -> None:
    geo = geography(joins=[["E", "D"], ["E", "A"]], merged={"D": ["D", "E"]})
    matrix = raw("contiguity", geo)
    assert np.diag(matrix).tolist() == [0, 0, 0, 0]
    assert matrix[0, 3] == matrix[3, 0] == 1


def test_nearest_takes_the_earlier_unit_of_a_tie_and_need_not_be_mutual() -> None:
    matrix = raw("nearest", neighbours=1)
    assert matrix.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    weights = build_weights("w", {"kind": "nearest", "neighbours": 1}, geography())
    assert not weights.spec["symmetric"]
    assert weights.spec["links"] == 4
    assert raw("nearest", neighbours=3).sum() == 12


def test_nearest_needs_fewer_neighbours_than_units() -> None:
    assert "weights w ask for 4 neighbours among 4 units" in refused(geography(), kind="nearest", neighbours=4)


def test_distance_decay_in_closed_form() -> None:
    squared = raw("inverse_distance", power=2)
    assert squared[0].tolist() == pytest.approx([0, DEGREE**-2, (2 * DEGREE) ** -2, (4 * DEGREE) ** -2], rel=1e-9)
    decay = raw("exponential", range_km=500)
    assert decay[3].tolist() == pytest.approx([*np.exp(-np.array([4, 3, 2]) * DEGREE / 500), 0], rel=1e-9)


def test_band_counts_units_within_the_range() -> None:
    assert raw("band", range_km=2.1 * DEGREE).tolist() == [[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]]
    assert "1 units have no neighbour in weights w (D)" in refused(geography(), kind="band", range_km=1.5 * DEGREE)


def test_coordinates_are_needed_and_distinct() -> None:
    blank = geography(lat=np.array([0.0, np.nan, 0.0, np.nan]))
    assert "weights w need coordinates and 2 units have none (B, D)" in refused(blank, kind="inverse_distance", power=1)
    same = geography(lon=np.array([0.0, 1.0, 0.0, 1.0]))
    assert "2 pairs of units share their coordinates (A and C)" in refused(same, kind="inverse_distance", power=1)
    none = build_geography(pd.DataFrame({"unit": UNITS}), geography().links, geography().panel, [], {})
    assert "4 units have none" in refused(none, kind="nearest", neighbours=1)
    assert build_weights("w", {"kind": "contiguity"}, none).units == tuple(UNITS)


def test_economic_is_inverse_income_distance_times_geography() -> None:
    near = raw("economic", base_years=[2000, 2001], times="contiguity")
    assert near.tolist() == [[0, 1, 0, 0], [1, 0, 0.5, 0], [0, 0.5, 0, 1 / 3], [0, 0, 1 / 3, 0]]
    first = raw("economic", base_years=[2000, 2000], times="contiguity")
    assert first[2, 3] == 0.25
    far = raw("economic", base_years=[2000, 2001], times="inverse_distance")
    assert far[0, 3] == pytest.approx(1 / 6 / (4 * DEGREE), rel=1e-9)


def test_economic_needs_distinct_incomes_in_its_base_years() -> None:
    spec = {"kind": "economic", "times": "contiguity"}
    assert "weights w need income in 1990 to 1991" in refused(geography(), **spec, base_years=[1990, 1991])
    panel = geography().panel.replace(4.0, 2.0)
    message = refused(geography(panel=panel), **spec, base_years=[2000, 2001])
    assert "weights w meet two units of equal income in 2000 to 2001" in message


def own(folder: Path, rows: str, header: str = "unit_i,unit_j,weight") -> dict[str, Any]:
    (folder / "own.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    return {"kind": "file", "path": str(folder / "own.csv")}


RING = "A,B,1\nB,C,2\nC,D,1\nD,A,3\nB,A,2\n"


def test_own_weights_are_taken_as_written_then_standardised(tmp_path: Path) -> None:
    weights = build_weights("w", own(tmp_path, RING), geography())
    assert weights.matrix.tolist() == [[0, 1, 0, 0], [0.5, 0, 0.5, 0], [0, 0, 0, 1], [1, 0, 0, 0]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("A,B,1\nB,A,1\nC,A,1\n", "1 units of the panel are not in weights w (own.csv) (D); expected the same units"),
        (RING + "E,A,1\n", "1 units of weights w (own.csv) are not in the panel (E)"),
        (
            "A,B,-1\n" + RING[6:],
            "own.csv has 1 bad weights and 0 duplicated links; expected finite weights of at least 0",
        ),
        ("A,B,x\n" + RING[6:], "own.csv has 1 bad weights and 0 duplicated links"),
        ("A,B,\n" + RING[6:], "own.csv has 1 bad weights and 0 duplicated links"),
        ("A,B,inf\n" + RING[6:], "own.csv has 1 bad weights and 0 duplicated links"),
        (RING + "A,B,1\n", "own.csv has 0 bad weights and 1 duplicated links"),
        (RING + ",A,1\n", "1 units of weights w (own.csv) are not in the panel ()"),
        (RING + "C,C,1\n", "own.csv makes 1 unit its own neighbour (C); expected a zero diagonal"),
        ("A,B,1\nB,A,1\nC,D,1\nD,A,0\n", "1 units have no neighbour in weights w (D)"),
    ],
)
def test_own_weights_with_a_fault_are_one_line(tmp_path: Path, rows: str, message: str) -> None:
    spec = own(tmp_path, rows)
    found = refused(geography(), **spec).replace(str(tmp_path) + "/", "")
    assert message in found


def test_own_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    assert "cannot be read; expected a UTF-8 CSV with unit_i, unit_j, weight" in refused(
        geography(), kind="file", path=str(tmp_path / "none.csv")
    )
    (tmp_path / "own.csv").write_bytes("unit_i,unit_j,weight\nA,é,1\n".encode("latin-1"))
    assert "cannot be read" in refused(geography(), kind="file", path=str(tmp_path / "own.csv"))
    spec = own(tmp_path, RING, "from,to,weight")
    assert "has columns from, to, weight; expected unit_i, unit_j, weight" in refused(geography(), **spec)


def test_unit_called_na_is_a_unit(tmp_path: Path) -> None:
    units = ("A", "B", "C", "NA")
    weights = build_weights("w", own(tmp_path, RING.replace("D", "NA")), geography(units=units))
    assert weights.matrix[3].tolist() == [1, 0, 0, 0]


def test_own_weights_of_the_parts_add_up_under_a_merged_scheme(tmp_path: Path) -> None:
    spec = own(tmp_path, "A,B,1\nB,C,1\nB,E,3\nC,A,1\nD,A,2\nD,E,5\nE,C,6\n")
    matrix = raw_weights("w", spec, geography(merged={"D": ["D", "E"]}))
    assert matrix[3].tolist() == [2, 0, 6, 0]
    assert matrix[1].tolist() == [0, 0, 1, 3]


def test_renamed_units_change_names_only_and_permuted_units_permute() -> None:
    weights = build_weights("w", {"kind": "inverse_distance", "power": 1}, geography())
    order = [2, 0, 3, 1]
    names = [f"X{UNITS[i]}" for i in order]
    panel = geography().panel
    units = pd.DataFrame({"unit": names, "lat": 0.0, "lon": [LON[i] for i in order]})
    links = geography().links.map(lambda unit: f"X{unit}")
    other = build_geography(units, links, panel.assign(unit="X" + panel["unit"]), [], {})
    for spec in (
        {"kind": "inverse_distance", "power": 1},
        {"kind": "contiguity"},
        {"kind": "economic", "base_years": [2000, 2001], "times": "contiguity"},
    ):
        weights, permuted = build_weights("w", spec, geography()), build_weights("w", spec, other)
        back = permuted.aligned([f"X{unit}" for unit in UNITS])
        np.testing.assert_allclose(back, weights.matrix, rtol=MACHINE)
        assert permuted.spec["rho_low"] == pytest.approx(weights.spec["rho_low"], rel=1e-9)


def test_edges_are_the_positive_entries_sorted_by_unit() -> None:
    edges = edge_list(build_weights("w", {"kind": "contiguity"}, geography(units=("D", "C", "B", "A"))))
    assert list(zip(edges["unit_i"], edges["unit_j"], edges["weight"], strict=True)) == [
        ("A", "B", 1.0),
        ("B", "A", 0.5),
        ("B", "C", 0.5),
        ("C", "B", 0.5),
        ("C", "D", 0.5),
        ("D", "C", 1.0),
    ]
