"""Logarithms and exponentials of the C library keep index, name and missing values."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evenfield.study.elementary import exp, log


def test_every_number_is_that_of_the_c_library() -> None:
    values = pd.Series([0.1, 7.3, 123456.789, np.nan], index=list("abcd"), name="income")
    assert log(values).tolist()[:3] == [math.log(v) for v in values[:3]]
    assert exp(log(values))["b"] == pytest.approx(7.3, rel=1e-15)
    assert np.isnan(log(values)["d"])
    pd.testing.assert_index_equal(log(values).index, values.index)
    assert log(values).name == "income"


def test_a_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="math domain"):
        log(pd.Series([1.0, 0.0]))
