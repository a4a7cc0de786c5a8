"""Sections whose specifications share keys."""

import pytest

from evenfield.shared.spec import with_shared
from yaml_text import from_yaml


@pytest.mark.parametrize("unset", [None, ""])
def test_a_specification_without_its_own_years_has_those_of_its_section(unset):
    section = {"years": [1990, 2000], "specs": [{"id": "a", "years": unset}]}
    shared = with_shared(section, "years", "weights")
    assert shared["specs"] == [{"id": "a", "years": [1990, 2000]}]


def test_a_specification_keeps_its_own_years():
    section = from_yaml("""
        {years: [1990, 2000], specs: [{id: a, years: [1995, 1999]}]}
        """)
    assert with_shared(section, "years")["specs"] == section["specs"]
