"""Two-step rounding: what a machine's last bit may not move, what counts as dust, and against what it is measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenfield.study.rounding import round_frame, round_results, round_significant


@pytest.mark.parametrize("value", [0.1234565, 1.000005, 98765.45, 2.5000005e-7, 0.5, 1234565.0])
@pytest.mark.parametrize("bits", [-3, -2, -1, 0, 1, 2, 3])
def test_value_between_two_printable_numbers_ignores_the_last_bits(value: float, bits: int) -> None:
    near = value
    for _ in range(abs(bits)):
        near = np.nextafter(near, np.inf * np.sign(bits))
    assert round_results(np.array([near]))[0] == round_results(np.array([value]))[0]


def test_one_rounding_alone_would_flip() -> None:
    low, high = np.nextafter(0.1234565, 0), np.nextafter(0.1234565, 1)
    once = [round_significant(np.array([x]), 6)[0] for x in (low, high)]
    twice = [round_results(np.array([x]))[0] for x in (low, high)]
    assert once[0] != once[1]
    assert twice[0] == twice[1]


def test_six_digits_remain() -> None:
    assert round_results(np.array([123456.789, -0.000123456789, 7.0])).tolist() == [123457.0, -0.000123457, 7.0]


def test_dust_is_zero_and_never_minus_zero() -> None:
    rounded = round_results(np.array([1.0, 9e-13, -9e-13, 2e-12]))
    assert rounded.tolist() == [1.0, 0.0, 0.0, 2e-12]
    assert not np.signbit(rounded).any()


def test_dust_is_measured_against_the_column() -> None:
    assert round_results(np.array([9e-13])).tolist() == [9e-13]
    assert round_results(np.array([9e-13]), 1.0).tolist() == [0.0]


def test_missing_and_infinite_stay_and_do_not_make_others_dust() -> None:
    rounded = round_results(np.array([np.nan, np.inf, -np.inf, 0.3]))
    assert np.isnan(rounded[0])
    assert rounded[1:].tolist() == [np.inf, -np.inf, 0.3]
    assert round_results(np.array([np.nan])).shape == (1,)
    assert round_results(np.array([])).shape == (0,)


def test_row_scale_keeps_small_rows_and_clears_dust_inside_a_row() -> None:
    frame = pd.DataFrame({"estimate": [3e14, 1e-5], "std_error": [10.0, 3e-18], "other": [1.0, 9e-13]})
    rounded = round_frame(frame, by_row=("estimate", "std_error", "absent"))
    assert rounded["estimate"].tolist() == [3e14, 1e-5]
    assert rounded["std_error"].tolist() == [0.0, 0.0]
    assert rounded["other"].tolist() == [1.0, 0.0]


def test_infinite_bound_does_not_make_its_row_dust() -> None:
    frame = pd.DataFrame({"estimate": [0.25], "conf_high": [np.inf]})
    assert round_frame(frame, by_row=("estimate", "conf_high"))["estimate"].tolist() == [0.25]


def test_only_floats_change_and_the_frame_given_stays() -> None:
    frame = pd.DataFrame({"n": [1234567], "x": [0.12345678], "name": ["a"]})
    rounded = round_frame(frame)
    assert rounded.loc[0].to_list() == [1234567, 0.123457, "a"]
    assert frame.loc[0, "x"] == 0.12345678


@given(st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=1, max_size=8))
def test_rounding_twice_is_rounding_once(values: list[float]) -> None:
    once = round_results(np.array(values))
    assert round_results(once).tolist() == once.tolist()


def test_shares_have_an_absolute_scale_of_one() -> None:
    frame = pd.DataFrame({"conf_high": [3.6e-15, 3.6e-15], "unit_of_measure": ["share", "log points"]})
    assert round_frame(frame, by_row=("conf_high",))["conf_high"].tolist() == [0.0, 3.6e-15]


def test_numbers_in_a_column_of_objects_are_rounded_too() -> None:
    assert round_frame(pd.DataFrame({"x": [1 / 3, 0.5]}, dtype=object))["x"].tolist() == [0.333333, 0.5]
