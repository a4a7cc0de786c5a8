"""Headings of rows: samples and weights that are not the main ones."""

import pytest

from evenfield.shared.tables.headings import sample_heading

DESCRIPTION = {"unit_scheme": "main"}
STUDY = {"units_name": "towns"}


@pytest.mark.parametrize(
    ("weights", "primary", "heading"),
    [
        ("nearest_six", "", "All towns"),
        ("nearest_six", "nearest_six", "All towns"),
        ("nearest_six", "borders", "All towns, nearest six weights"),
    ],
)
def test_weights_are_named_where_they_are_not_the_primary_ones(
    weights, primary, heading
):
    row = {"sample_id": "all", "w_id": weights, "unit_scheme": "main"}
    assert sample_heading(row, DESCRIPTION, STUDY, primary) == heading
