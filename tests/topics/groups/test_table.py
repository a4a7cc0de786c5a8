"""T1: what is blank, what rests on memory, where a group comes from."""

import numpy as np
import pytest

from evenfield.topics.groups.table import UNSURE, _first_year, _source, _yes
from yaml_text import from_yaml


@pytest.mark.parametrize(
    ("source", "confidence", "shown"),
    from_yaml("""
    - [A book, sure, A book (sure)]
    - [A book, '', A book]
    - [A book, null, A book]
    - [A book, .nan, A book]
    - ['', '', '']
    """),
)
def test_a_source_has_its_confidence_where_there_is_one(source, confidence, shown):
    assert _source(source, confidence) == shown


@pytest.mark.parametrize(
    ("first", "dated", "shown"),
    [
        (1990.0, 1990.0, "1990"),
        (1990.0, 1992.0, f"1990{UNSURE} (1992)"),
        (1990.0, np.nan, f"1990{UNSURE}"),
        (np.nan, np.nan, ""),
    ],
)
def test_a_first_year_that_rests_on_memory_is_marked(first, dated, shown):
    assert _first_year(first, dated) == shown


def test_only_members_are_marked():
    assert [_yes(value) for value in (1, 0, 1.0, np.nan, "")] == [
        "yes",
        "",
        "yes",
        "",
        "",
    ]
