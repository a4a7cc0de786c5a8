"""Whatever a table or weights hold, they are taken and give finite numbers or blanks,
or are refused in one line.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenfield.study.errors import EvenfieldError, WeightsError
from evenfield.study.ingest.dictionary import refresh_hashes
from evenfield.study.panel.build import build_panel
from evenfield.study.tables import resource_named
from evenfield.study.weights.build import build_geography, build_weights
from toy_study import TEXT, ToyStudy

SEEDED = settings(
    database=None,
    max_examples=50,
    suppress_health_check=list(HealthCheck),
)
ODD = [
    "",
    " ",
    "A",
    "B",
    "Z",
    "2001",
    "0",
    "-1",
    "1e308",
    "1e-320",
    "nan",
    "inf",
    "-0",
    "1,5",
    '"',
    "\n",
    "\x00",
    "中",
]
CELL = (
    st.sampled_from(ODD)
    | st.text(max_size=4)
    | st.floats().map(str)
    | st.integers().map(str)
)
BROKEN_CELL = st.tuples(
    st.sampled_from(sorted(TEXT)), st.integers(0, 30), st.integers(0, 8), CELL
)
ROWS = st.tuples(
    st.sampled_from(sorted(TEXT)),
    st.sampled_from(["drop", "twice", "cut", "turn"]),
    st.integers(0, 30),
)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return ToyStudy(tmp_path_factory.mktemp("toy"))


def with_cell(text, row, column, cell):
    """Write a cell unquoted, as a careless hand would."""
    lines = text.splitlines()
    cells = lines[row % len(lines)].split(",")
    cells[column % len(cells)] = cell
    lines[row % len(lines)] = ",".join(cells)
    return "\n".join(lines) + "\n"


def with_rows(text, what, row):
    header, *rows = text.splitlines()
    row %= len(rows)
    old = rows[row]
    changed = {
        "drop": [],
        "twice": [old, old],
        "cut": [old[: len(old) // 2]],
        "turn": [old[::-1]],
    }
    return "\n".join([header, *rows[:row], *changed[what], *rows[row + 1 :]]) + "\n"


@SEEDED
@given(st.lists(BROKEN_CELL, max_size=3), st.lists(ROWS, max_size=1))
def test_any_table_is_taken_or_refused_in_one_line(toy, cells, rows):
    texts = dict(TEXT)
    for name, row, column, cell in cells:
        texts[name] = with_cell(texts[name], row, column, cell)
    for name, what, row in rows:
        texts[name] = with_rows(texts[name], what, row)
    for name, text in texts.items():
        toy.path(name).write_bytes(text.encode("utf-8", "surrogatepass"))
    refresh_hashes(toy.package_path)
    try:
        tables = toy.read()
        fields = {
            field.name: field for field in resource_named(toy.package, "panel").fields
        }
        built = build_panel(tables, fields, toy.config, "all")
        positions = build_geography(
            built.units, built.adjacency, built.panel, [["A", "C"]], {}
        )
        checked("w", {"kind": "contiguity"}, positions)
        result = [built.panel, built.periods, built.doses]
    except EvenfieldError as error:
        assert all(fault and fault.isprintable() for fault in str(error).split("\n"))
        return
    for frame in result:
        assert not np.isinf(frame.select_dtypes("number").to_numpy(float)).any()


UNITS = [f"u{i}" for i in range(6)]
DEGREES = st.sampled_from(
    [0.0, 1.0, -90.0, 90.0, 180.0, float("nan"), 1e-9]
) | st.floats(-90, 90)
KINDS = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("nearest"), "neighbours": st.integers(1, 8)}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("inverse_distance"), "power": st.floats(1e-3, 400)}
    ),
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["exponential", "band"]),
            "range_km": st.floats(1e-6, 1e9),
        }
    ),
    st.just({"kind": "contiguity"}),
    st.just(
        {"kind": "economic", "base_years": [2000, 2001], "times": "inverse_distance"}
    ),
)
PAIR = st.tuples(st.sampled_from(UNITS), st.sampled_from(UNITS))
EDGE = st.tuples(st.sampled_from([*UNITS, "x", ""]), st.sampled_from(UNITS), CELL)


def checked(name, spec, positions):
    try:
        weights = build_weights(name, spec, positions)
    except WeightsError as error:
        assert str(error).isprintable()
        return
    matrix = weights.matrix.toarray()
    assert np.isfinite(matrix).all()
    assert (matrix >= 0).all()
    assert not np.diag(matrix).any()
    assert np.allclose(matrix.sum(axis=1), 1)


def geography(n, lat=(), lon=(), links=(), income=()):
    units = pd.DataFrame(
        {
            "unit": UNITS[:n],
            "lat": (*lat, *[0.0] * n)[:n],
            "lon": (*lon, *range(n))[:n],
        }
    )
    rows = [
        (u, 2000, v) for u, v in zip(UNITS[:n], (*income, *[1.0] * n), strict=False)
    ]
    panel = pd.DataFrame(rows, columns=["unit", "year", "log_income"])
    inside = [pair for pair in links if set(pair) <= set(UNITS[:n])]
    return build_geography(
        units,
        pd.DataFrame(inside, columns=["unit_i", "unit_j"], dtype=str),
        panel,
        [],
        {},
    )


@SEEDED
@given(
    st.integers(2, 6),
    st.lists(DEGREES),
    st.lists(DEGREES),
    st.lists(PAIR),
    st.lists(DEGREES),
    KINDS,
)
def test_any_places_give_rows_that_add_up_or_one_line(n, lat, lon, links, income, spec):
    checked(
        "w",
        spec,
        geography(n, lat, lon, [pair for pair in links if pair[0] != pair[1]], income),
    )


@SEEDED
@given(
    st.lists(EDGE, max_size=12),
    st.sampled_from(["unit_i,unit_j,weight", "unit_i,unit_j", "a,b,c", ""]),
)
def test_any_file_of_weights_gives_rows_that_add_up_or_one_line(
    tmp_path_factory, edges, header
):
    path = Path(tmp_path_factory.getbasetemp()) / f"own_{os.getpid()}.csv"
    lines = [header, *(",".join(edge) for edge in edges)]
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    checked("own", {"kind": "file", "path": str(path)}, geography(3))
