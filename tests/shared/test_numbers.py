import pandas as pd
import pytest

from evenfield.shared.tables import numbers
from evenfield.shared.tables.numbers import fixed, interval, is_missing, p_value, significant, with_error, years

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
        (numbers.whole(2543.0), "2,543"),
        (numbers.year(1984.0), "1984"),
        (numbers.year(NAN), ""),
        (years(40.2), "40"),
        (years(2e8), "> 1,000"),
        (numbers.years_interval(198.0, NAN), "[198, unbounded]"),
        (numbers.by_unit(1.234, "pp/yr"), "1.23"),
        (numbers.by_unit(1.234, "furlongs"), "1.23"),
        (interval(-1.0, 2.0, 1), "[\u22121.0, 2.0]"),
        (interval(20.0, NAN, 0), "[20, unbounded]"),
        (interval(NAN, NAN), ""),
        (with_error(-0.5, 0.25, 2), "\u22120.50 (0.25)"),
        (with_error(0.5, NAN, 1), "0.5"),
    ],
)
def test_numbers_are_written_one_way(shown, wanted):
    assert shown == wanted


def test_p_values_have_no_leading_zero_and_missing_is_not_zero():
    wanted = {0.012: ".012", 0.0004: "< .001", 0.9996: "> .999", NAN: ""}
    assert {p: p_value(p) for p in wanted} == wanted
    assert all(is_missing(value) for value in (None, NAN, pd.NA, pd.NaT, ""))
    assert not any(is_missing(value) for value in (0, 0.0, "0", False))
