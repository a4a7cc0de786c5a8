"""Canonical files: what is written is read back, and a hash of content that no order moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenfield.study.files import (
    content_hash,
    read_json,
    read_table,
    write_json,
    write_results,
    write_table,
    write_text,
)

FRAME = pd.DataFrame({"unit": ["01", "NA", "CN-AH"], "value": [0.1, 1 / 3, np.nan], "note": ["", 'a, "b"\nc', "長"]})


def test_hand_over_keeps_every_bit_and_every_id(tmp_path: Path) -> None:
    write_table(FRAME, tmp_path / "deep" / "t.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "deep" / "t.csv"), FRAME, check_dtype=False)


def test_hand_over_keeps_any_number_to_the_last_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = rng.standard_normal(20000) * 10.0 ** rng.integers(-12, 12, 20000)
    write_table(pd.DataFrame({"x": values}), tmp_path / "t.csv")
    assert (read_table(tmp_path / "t.csv")["x"].to_numpy() == values).all()


def test_text_columns_named_by_the_caller_stay_text(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"code": ["01", ""]}), tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv", text=("code",))["code"].tolist() == ["01", ""]
    assert read_table(tmp_path / "t.csv")["code"].iloc[0] == 1


def test_published_file_is_utf8_with_line_feeds_and_six_digits(tmp_path: Path) -> None:
    write_results(pd.DataFrame({"name": ["é"], "x": [2 / 3]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == "name,x\né,0.666667\n".encode()


@given(st.permutations(range(5)), st.permutations(["a", "b", "c"]))
def test_hash_ignores_the_order_of_rows_and_columns(rows: list[int], columns: list[str]) -> None:
    frame = pd.DataFrame({"a": list("vwxyz"), "b": [0.1, 0.2, np.nan, 1e-17, -3.0], "c": [1, 1, 2, 3, 5]})
    assert content_hash(frame.iloc[rows][columns]) == content_hash(frame)


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
def test_hash_sees_a_bit_a_name_a_row_and_an_exchange(other: pd.DataFrame) -> None:
    assert content_hash(other) != content_hash(FRAME)


def test_hash_of_whole_numbers_is_the_same_read_as_float() -> None:
    assert content_hash(pd.DataFrame({"a": [1, 2]})) == content_hash(pd.DataFrame({"a": [1.0, 2.0]}))


def test_json_is_sorted_ends_with_a_line_feed_and_refuses_nan(tmp_path: Path) -> None:
    write_json({"b": 1, "a": "長"}, tmp_path / "x.json")
    assert (tmp_path / "x.json").read_bytes() == '{\n "a": "長",\n "b": 1\n}\n'.encode()
    assert read_json(tmp_path / "x.json") == {"a": "長", "b": 1}
    with pytest.raises(ValueError, match="Out of range"):
        write_json({"a": float("nan")}, tmp_path / "y.json")
    assert not (tmp_path / "y.json").exists()


def test_text_keeps_line_feeds(tmp_path: Path) -> None:
    write_text("a\nb\n", tmp_path / "deep" / "x.txt")
    assert (tmp_path / "deep" / "x.txt").read_bytes() == b"a\nb\n"
