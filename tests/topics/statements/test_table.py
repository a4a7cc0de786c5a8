"""How intervals of statements are printed."""

import pytest

from evenfield.topics.statements.table import _range
from yaml_text import from_yaml


@pytest.mark.parametrize(
    ("widest", "places"),
    from_yaml("""
    - [100, 0]
    - [99, 1]
    - [10, 1]
    - [9, 2]
    - [1, 2]
    - [0.9, 3]
    """),
)
def test_an_interval_has_fewer_places_the_larger_its_ends(widest, places):
    low, high = _range(-widest, widest / 4).strip("[]").replace(" to ", ",").split(",")
    assert [len(end.partition(".")[2]) for end in (low, high)] == [places, places]
