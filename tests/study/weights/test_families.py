"""Each family of weights in closed form, and one line for every way in which it cannot
be built.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from evenfield.study.errors import ConfigError, WeightsError
from evenfield.study.weights.build import build_geography, build_weights, edge_list
from evenfield.study.weights.families import raw_weights
from refusals import fails
from tolerances import MACHINE, close
from yaml_text import from_yaml

UNITS = ["A", "B", "C", "D"]
LON = [0.0, 1.0, 2.0, 4.0]
DEGREE = 6371.0 * np.pi / 180


def geography(**changes):
    """Four units on the equator, linked in a row."""
    units = pd.DataFrame({"unit": UNITS, "lat": 0.0, "lon": LON})
    adjacency = pd.DataFrame(from_yaml("{unit_i: [A, B, C], unit_j: [B, C, D]}"))
    income = [1.0, 2.0, 4.0, 8.0, 1.0, 2.0, 4.0, 6.0]
    panel = pd.DataFrame(
        {"unit": UNITS * 2, "year": [2000] * 4 + [2001] * 4, "log_income": income}
    )
    joins = changes.pop("joins", [])
    merged = changes.pop("merged", {})
    return replace(build_geography(units, adjacency, panel, joins, merged), **changes)


def rows(digits):
    """Return a matrix whose rows are written as digits."""
    return np.array([list(map(int, row)) for row in digits.split()])


def raw(kind, geo=None, **spec):
    return raw_weights("w", {"kind": kind, **spec}, geo or geography()).toarray()


def refused(geo, **spec):
    with pytest.raises(WeightsError) as caught:
        build_weights("w", spec, geo)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_contiguity_in_closed_form_and_its_sorted_edges():
    assert_array_equal(raw("contiguity"), rows("0100 1010 0101 0010"))
    weights = build_weights("w", {"kind": "contiguity"}, geography())
    assert_array_equal(2 * weights.matrix.toarray(), rows("0200 1010 0101 0020"))
    assert weights.spec["links"] == 3
    assert weights.spec["symmetric"]
    assert weights.spec["mean_neighbours"] == 1.5
    assert weights.spec["effective_neighbours"] == 1.33333
    edges = edge_list(
        build_weights(
            "w", {"kind": "contiguity"}, geography(units=("D", "C", "B", "A"))
        )
    )
    assert (edges["unit_i"] + edges["unit_j"]).tolist() == "AB BA BC CB CD DC".split()
    assert edges["weight"].tolist() == [1.0, 0.5, 0.5, 0.5, 0.5, 1.0]


def test_islands_are_refused_or_joined_and_joins_checked():
    island = geography(links=pd.DataFrame({"unit_i": ["A", "B"], "unit_j": ["B", "C"]}))
    fault = refused(island, kind="contiguity")
    assert fault.startswith(
        "weights: 1 unit has no neighbour in weights w (D); expected at least one"
        " neighbour"
    )
    assert "join them under weights.join (contiguity) or widen the weights" in fault
    units = pd.DataFrame({"unit": UNITS})
    empty = pd.DataFrame({"unit_i": ["A", "B"], "unit_j": ["B", "C"]})
    joined = build_geography(units, empty, geography().panel, [["D", "A"]], {})
    assert build_weights("w", {"kind": "contiguity"}, joined).matrix.toarray()[
        3
    ].tolist() == [1, 0, 0, 0]
    fails(
        ConfigError,
        r"weights.join names Z; expected units of units.csv",
        geography,
        joins=[["A", "Z"]],
    )
    geo = geography(joins=[["E", "D"], ["E", "A"]], merged={"D": ["D", "E"]})
    matrix = raw("contiguity", geo)
    assert np.diag(matrix).tolist() == [0, 0, 0, 0]
    assert matrix[0, 3] == matrix[3, 0] == 1


def test_nearest_takes_the_earlier_unit_of_a_tie_and_need_not_be_mutual():
    matrix = raw("nearest", neighbours=1)
    assert_array_equal(matrix, rows("0100 1000 0100 0010"))
    weights = build_weights("w", {"kind": "nearest", "neighbours": 1}, geography())
    assert not weights.spec["symmetric"]
    assert weights.spec["links"] == 4
    assert raw("nearest", neighbours=3).sum() == 12
    assert "weights w ask for 4 neighbours among 4 units" in refused(
        geography(), kind="nearest", neighbours=4
    )


def test_distance_decay_and_bands_in_closed_form():
    squared = raw("inverse_distance", power=2)
    close(
        squared[0], [0, DEGREE**-2, (2 * DEGREE) ** -2, (4 * DEGREE) ** -2], rtol=1e-9
    )
    decay = raw("exponential", range_km=500)
    close(decay[3], [*np.exp(-np.array([4, 3, 2]) * DEGREE / 500), 0], rtol=1e-9)
    band = raw("band", range_km=2.1 * DEGREE)
    assert_array_equal(band, rows("0110 1010 1101 0010"))
    assert "1 unit has no neighbour in weights w (D)" in refused(
        geography(), kind="band", range_km=1.5 * DEGREE
    )


def test_coordinates_and_incomes_are_needed_and_distinct():
    blank = geography(lat=np.array([0.0, np.nan, 0.0, np.nan]))
    assert "weights w need coordinates and 2 units have none (B, D)" in refused(
        blank, kind="inverse_distance", power=1
    )
    same = geography(lon=np.array([0.0, 1.0, 0.0, 1.0]))
    assert "2 pairs of units share their coordinates (A and C)" in refused(
        same, kind="inverse_distance", power=1
    )
    none = build_geography(
        pd.DataFrame({"unit": UNITS}), geography().links, geography().panel, [], {}
    )
    assert "4 units have none" in refused(none, kind="nearest", neighbours=1)
    assert build_weights("w", {"kind": "contiguity"}, none).units == tuple(UNITS)
    spec = {"kind": "economic", "times": "contiguity"}
    assert "weights w need income in 1990 to 1991" in refused(
        geography(), **spec, base_years=[1990, 1991]
    )
    panel = geography().panel.replace(4.0, 2.0)
    message = refused(geography(panel=panel), **spec, base_years=[2000, 2001])
    assert "weights w meet two units of equal income in 2000 to 2001" in message


def test_economic_is_inverse_income_distance_times_geography():
    near = raw("economic", base_years=[2000, 2001], times="contiguity")
    close(6 * near, rows("0600 6030 0302 0020"), MACHINE)
    first = raw("economic", base_years=[2000, 2000], times="contiguity")
    assert first[2, 3] == 0.25
    far = raw("economic", base_years=[2000, 2001], times="inverse_distance")
    close(far[0, 3], 1 / 6 / (4 * DEGREE), rtol=1e-9)


def own(folder, rows, header="unit_i,unit_j,weight"):
    (folder / "own.csv").write_text(f"{header}\n{rows}")
    return {"kind": "file", "path": str(folder / "own.csv")}


RING = "A,B,1\nB,C,2\nC,D,1\nD,A,3\nB,A,2\n"
RING_ROWS = rows("0200 1010 0002 2000")  # twice the shares of a row


def test_own_weights_are_taken_as_written_with_a_unit_called_na_and_parts_that_add_up(
    tmp_path,
):
    weights = build_weights("w", own(tmp_path, RING), geography())
    assert_array_equal(2 * weights.matrix.toarray(), RING_ROWS)
    units = ("A", "B", "C", "NA")
    weights = build_weights(
        "w", own(tmp_path, RING.replace("D", "NA")), geography(units=units)
    )
    assert weights.matrix.toarray()[3].tolist() == [1, 0, 0, 0]
    spec = own(tmp_path, "A,B,1\nB,C,1\nB,E,3\nC,A,1\nD,A,2\nD,E,5\nE,C,6\n")
    matrix = raw_weights("w", spec, geography(merged={"D": ["D", "E"]})).toarray()
    assert matrix[3].tolist() == [2, 0, 6, 0]
    assert matrix[1].tolist() == [0, 0, 1, 3]


BAD = "own.csv has 1 bad weights and 0 duplicated links"
REST = RING[6:]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "A,B,1\nB,A,1\nC,A,1\n",
            (
                "1 units of the panel are not in weights w (own.csv) (D); expected the"
                " same units"
            ),
        ),
        (RING + "E,A,1\n", "1 units of weights w (own.csv) are not in the panel (E)"),
        ("A,B,-1\n" + REST, f"{BAD}; expected finite weights of at least 0"),
        *((f"A,B,{bad}\n{REST}", BAD) for bad in ("x", "", "inf")),
        (RING + "A,B,1\n", "own.csv has 0 bad weights and 1 duplicated links"),
        (RING + ",A,1\n", "1 units of weights w (own.csv) are not in the panel ()"),
        (
            RING + "C,C,1\n",
            "own.csv makes 1 unit its own neighbour (C); expected a zero diagonal",
        ),
        ("A,B,1\nB,A,1\nC,D,1\nD,A,0\n", "1 unit has no neighbour in weights w (D)"),
    ],
)
def test_own_weights_with_a_fault_are_one_line(tmp_path, rows, message):
    spec = own(tmp_path, rows)
    fault = refused(geography(), **spec).replace(str(tmp_path) + "/", "")
    assert message in fault


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("w.csv", "unit_i,unit_j,weight\nA,B,2\nB,A,1\nB,C,1\nC,D,4\nD,A,1\n"),
        ("w.csv", "unit_i,unit_j\nA,B\nB,A\nB,C\nC,D\nD,A\n"),
        ("w.csv", "id,D,A,B,C\nD,0,1,0,0\nA,0,0,2,0\nB,0,1,0,1\nC,4,0,0,0\n"),
        ("w.gal", "0 4 map id\nA 1\nB\nB 2\nA C\nC 1\nD\nD 1\nA\n"),
        ("w.GWT", "0 4 map id\nA B 2\nB A 1\nB C 1\nC D 4\nD A 1\n"),
    ],
)
def test_own_weights_are_the_same_in_every_form(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    spec = {"kind": "file", "path": str(tmp_path / name)}
    weights = build_weights("w", spec, geography())
    assert_array_equal(2 * weights.matrix.toarray(), RING_ROWS)
    without = refused(geography(units=("A", "B", "C")), **spec, leave_out=["D"])
    assert (
        "1 unit has no neighbour in weights w (C)" in without
        or "are not in weights w" in without
    )
    (tmp_path / name).write_text(text[: text.rindex("D")])
    assert "weights w" in refused(geography(), **spec)


def test_renamed_units_change_names_only_and_permuted_units_permute():
    order = [2, 0, 3, 1]
    names = [f"X{UNITS[i]}" for i in order]
    panel = geography().panel
    units = pd.DataFrame({"unit": names, "lat": 0.0, "lon": [LON[i] for i in order]})
    links = geography().links.map(lambda unit: f"X{unit}")
    other = build_geography(
        units, links, panel.assign(unit="X" + panel["unit"]), [], {}
    )
    economic = {"kind": "economic", "base_years": [2000, 2001], "times": "contiguity"}
    for spec in (
        {"kind": "inverse_distance", "power": 1},
        {"kind": "contiguity"},
        economic,
    ):
        weights = build_weights("w", spec, geography())
        permuted = build_weights("w", spec, other)
        back = permuted.aligned([f"X{unit}" for unit in UNITS])
        close(back.toarray(), weights.matrix.toarray(), MACHINE)
        close(permuted.spec["rho_low"], weights.spec["rho_low"], rtol=1e-9)
