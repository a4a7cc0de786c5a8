"""The table of growth by groups: a share that is not known says why."""

from types import SimpleNamespace

import numpy as np
import pytest

from evenfield.topics.inequality.table import _growth_rows
from section_cases import frame_of

ROW = {
    "term": "poor",
    "treatment_def": "own: cell",
    "warning": "no interval: few units",
}


@pytest.mark.parametrize(
    ("before", "growth"), [(0.4, 0.5), (np.nan, 0.5), (0.4, np.nan), (np.nan, np.nan)]
)
def test_growth_has_a_reason_where_a_share_is_not_known_and_there_alone(before, growth):
    rows = frame_of(
        [
            {**ROW, "contrast": "share of growth", "estimate": growth},
            {**ROW, "contrast": "share of output at start", "estimate": before},
        ]
    )
    (row,) = _growth_rows(rows, SimpleNamespace(when=lambda _: "2000-10"))
    is_known = bool(np.isfinite([before, growth]).all())
    assert (row["reason"] == "") == is_known
    assert (row["difference"] is not None) == is_known
