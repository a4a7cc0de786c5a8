"""Canonical files, two-step rounding and the logarithm of the C library: what is
written, and what no order moves.
"""

import hashlib
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from pandas.testing import assert_frame_equal

from evenfield.study.elementary import exp, log
from evenfield.study.files import beside, part_of, read_json, write_json, write_text
from evenfield.study.rounding import round_results, round_significant
from evenfield.study.table_files import (
    content_hash,
    read_table,
    write_results,
    write_table,
)
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

FRAME = pd.DataFrame(
    {
        "unit": ["01", "NA", "CN-AH"],
        "value": [0.1, 1 / 3, np.nan],
        "note": ["", 'a, "b"\nc', "長"],
    }
)


def test_hand_over_keeps_every_bit_every_id_and_named_text(tmp_path):
    write_table(FRAME, tmp_path / "deep" / "t.csv")
    assert_frame_equal(
        read_table(tmp_path / "deep" / "t.csv"), FRAME, check_dtype=False
    )
    rng = default_rng(1)
    values = rng.standard_normal(20000) * 10.0 ** rng.integers(-12, 12, 20000)
    write_table(pd.DataFrame({"x": values}), tmp_path / "t.csv")
    assert (read_table(tmp_path / "t.csv")["x"].to_numpy() == values).all()
    write_table(pd.DataFrame({"code": ["01", ""]}), tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv", text=("code",))["code"].tolist() == ["01", ""]
    assert read_table(tmp_path / "t.csv")["code"].iloc[0] == 1
    # A county that has no name is called by its code, which begins with a zero.
    write_table(pd.DataFrame({"name": ["01003", "01005"]}), tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv")["name"].tolist() == ["01003", "01005"]


def test_published_files_are_utf8_sorted_and_end_with_a_line_feed(tmp_path):
    write_results(pd.DataFrame({"name": ["é"], "x": [2 / 3]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == "name,x\né,0.666667\n".encode()
    write_text("a\nb\n", tmp_path / "deep" / "x.txt")
    assert (tmp_path / "deep" / "x.txt").read_bytes() == b"a\nb\n"
    write_json({"b": 1, "a": "長"}, tmp_path / "x.json")
    assert (tmp_path / "x.json").read_bytes() == '{\n "a": "長",\n "b": 1\n}\n'.encode()
    assert read_json(tmp_path / "x.json") == {"a": "長", "b": 1}
    fails(
        ValueError, "Out of range", write_json, {"a": float("nan")}, tmp_path / "y.json"
    )
    assert not (tmp_path / "y.json").exists()


@given(st.permutations(range(5)), st.permutations(["a", "b", "c"]))
def test_hash_ignores_the_order_of_rows_and_columns(rows, columns):
    frame = pd.DataFrame(
        {
            "a": list("vwxyz"),
            "b": [0.1, 0.2, np.nan, 1e-17, -3.0],
            "c": [1, 1, 2, 3, 5],
        }
    )
    assert content_hash(frame.iloc[rows][columns]) == content_hash(frame)


def test_what_is_hashed_is_the_table_as_pandas_writes_it():
    frame = pd.DataFrame(
        {
            "float": [0.1, np.nan, np.inf, -0.0, 1e300],
            "whole": [1, -2, 3, 0, 10**15],
            "truth": [True, False, True, True, False],
            "text": ["", 'a, "b"', "c\nd", None, "長"],
            "mixed": [1, 2.5, None, np.float64(0.1), "x"],
        }
    )
    for part in (frame, frame[["text"]], frame[["float"]], frame.iloc[:0]):
        body = part[sorted(part)].to_csv(
            index=False, header=False, float_format="%.17g", lineterminator="\n"
        )
        lines = [",".join(sorted(part)), *sorted(body.splitlines())]
        expected = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        assert content_hash(part) == expected


@pytest.mark.parametrize(
    "other",
    [
        FRAME.assign(value=[0.1, np.nextafter(1 / 3, 1), np.nan]),
        FRAME.rename(columns={"note": "notes"}),
        FRAME.iloc[:2],
        pd.concat([FRAME, FRAME.iloc[:1]]),
        FRAME.assign(value=FRAME["value"].to_numpy()[[1, 0, 2]]),
    ],
)
def test_hash_sees_a_bit_a_name_a_row_and_an_exchange(other):
    assert content_hash(other) != content_hash(FRAME)


def test_every_number_is_that_of_the_c_library_and_a_zero_is_refused():
    values = pd.Series(
        [0.1, 7.3, 123456.789, np.nan], index=list("abcd"), name="income"
    )
    assert log(values).tolist()[:3] == [math.log(v) for v in values[:3]]
    close(exp(log(values))["b"], 7.3, rtol=1e-15)
    assert np.isnan(log(values)["d"])
    pd.testing.assert_index_equal(log(values).index, values.index)
    assert log(values).name == "income"
    # A table at once, which takes no longer than its numbers one after another.
    wide = values.to_frame().assign(other=2.0)
    pd.testing.assert_frame_equal(log(wide), wide.apply(log))
    fails(ValueError, "math domain", log, pd.Series([1.0, 0.0]))


@pytest.mark.parametrize(
    "value", [0.1234565, 1.000005, 98765.45, 2.5000005e-7, 0.5, 1234565.0]
)
@pytest.mark.parametrize(
    "bits",
    from_yaml("""
    - -3
    - -2
    - -1
    - 0
    - 1
    - 2
    - 3
    """),
)
def test_value_between_two_printable_numbers_ignores_the_last_bits(value, bits):
    near = value
    for _ in range(abs(bits)):
        near = np.nextafter(near, np.inf * np.sign(bits))
    assert round_results(np.array([near]))[0] == round_results(np.array([value]))[0]


def test_six_digits_remain_and_one_rounding_alone_would_flip():
    low = np.nextafter(0.1234565, 0)
    high = np.nextafter(0.1234565, 1)
    once = [round_significant(np.array([x]), 6)[0] for x in (low, high)]
    twice = [round_results(np.array([x]))[0] for x in (low, high)]
    assert once[0] != once[1]
    assert twice[0] == twice[1]
    assert round_results(np.array([123456.789, -0.000123456789, 7.0])).tolist() == [
        123457.0,
        -0.000123457,
        7.0,
    ]


def test_dust_is_zero_never_minus_zero_and_ignores_missing_and_infinite():
    rounded = round_results(np.array([1.0, 9e-13, -9e-13, 2e-12]))
    assert rounded.tolist() == [1.0, 0.0, 0.0, 2e-12]
    assert not np.signbit(rounded).any()
    assert round_results(np.array([9e-13])).tolist() == [9e-13]
    assert round_results(np.array([9e-13]), 1.0).tolist() == [0.0]
    rounded = round_results(np.array([np.nan, np.inf, -np.inf, 0.3]))
    assert np.isnan(rounded[0])
    assert rounded[1:].tolist() == [np.inf, -np.inf, 0.3]
    assert round_results(np.array([np.nan])).shape == (1,)
    assert round_results(np.array([])).shape == (0,)


@given(st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=1, max_size=8))
def test_rounding_twice_is_rounding_once(values):
    once = round_results(np.array(values))
    assert round_results(once).tolist() == once.tolist()


def test_the_hash_of_a_table_is_that_of_its_sorted_csv():
    frame = pd.DataFrame(
        {
            "name": ["a,b", 'q"t', "two\nlines", "", None],
            "number": [0.1 + 0.2, np.nan, np.inf, -0.0, 1e-300],
            "count": [3, 1, 2, 5, 4],
            "whole": pd.array([1, None, 3, 4, 5], dtype="Int64"),
        }
    )
    columns = sorted(frame)
    body = frame[columns].to_csv(
        index=False, header=False, float_format="%.17g", lineterminator="\n"
    )
    text = "\n".join([",".join(columns), *sorted(body.splitlines())])
    assert content_hash(frame) == hashlib.sha256(text.encode()).hexdigest()


def test_what_stands_where_a_part_is_written_is_not_followed(tmp_path, monkeypatch):
    other = tmp_path / "elsewhere"
    for folder in (tmp_path / "study", other):
        folder.mkdir()
    monkeypatch.chdir(tmp_path / "study")
    own = other / "own.txt"
    own.write_text("mine")
    part_of(other / "new.txt").symlink_to(own)
    with beside(other / "new.txt") as part:
        part.write_text("new")
    assert own.read_text() == "mine"
    assert (other / "new.txt").read_text() == "new"
    assert not (other / "new.txt").is_symlink()
