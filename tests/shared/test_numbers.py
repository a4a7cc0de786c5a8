from __future__ import annotations

import pytest

from evenfield.shared.tables.numbers import (
    by_unit,
    fixed,
    interval,
    is_missing,
    p_value,
    significant,
    whole,
    with_error,
    year,
    years,
    years_interval,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (fixed(-1.234, 2), "\u22121.23"),
        (fixed(-0.001, 2), "0.00"),
        (fixed(1234.5, 1), "1,234.5"),
        (fixed(NAN), ""),
        (significant(0.012345, 3), "0.0123"),
        (significant(12345.0, 3), "12,300"),
        (significant(-0.9996, 3), "\u22121.00"),
        (significant(0.0), "0"),
        (whole(2543.0), "2,543"),
        (year(1984.0), "1984"),
        (year(NAN), ""),
        (years(40.2), "40"),
        (years(2e8), "> 1,000"),
        (years_interval(198.0, NAN), "[198, unbounded]"),
        (by_unit(1.234, "pp/yr"), "1.23"),
        (by_unit(1.234, "furlongs"), "1.23"),
        (interval(-1.0, 2.0, 1), "[\u22121.0, 2.0]"),
        (interval(20.0, NAN, 0), "[20, unbounded]"),
        (interval(NAN, NAN), ""),
        (with_error(-0.5, 0.25, 2), "\u22120.50 (0.25)"),
        (with_error(0.5, NAN, 1), "0.5"),
    ],
)
def test_numbers_are_written_one_way(shown: str, wanted: str) -> None:
    assert shown == wanted


@pytest.mark.parametrize(("p", "wanted"), [(0.012, ".012"), (0.0004, "< .001"), (0.9996, "> .999"), (NAN, "")])
def test_p_values_have_no_leading_zero_and_no_false_zero(p: float, wanted: str) -> None:
    assert p_value(p) == wanted


def test_missing_is_none_nan_na_and_empty_text_but_not_zero() -> None:
    import pandas as pd

    assert all(is_missing(value) for value in (None, NAN, pd.NA, pd.NaT, ""))
    assert not any(is_missing(value) for value in (0, 0.0, "0", False))
