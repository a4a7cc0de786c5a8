"""Which unit a row of another file means: matches.yaml."""

from pathlib import Path

import pandas as pd
import pytest

from evenfield.newstudy.unit_names import match_units, with_other_names
from evenfield.study.errors import IngestError
from newstudy.made_tables import expanded, listed

NAMES = ["Austria", "Belgium", "Côte d'Ivoire", "Germany", "Spain", "São Tomé"]
NUMBERS = list("123456")
CODES = "AT BE CI DE ES ST".split()
UNITS = {
    "serial": {"unit": NUMBERS, "name": NAMES},
    "coded": {"unit": CODES, "name": NAMES, "n": NUMBERS},
    "nameless": {"unit": NUMBERS, "name": NUMBERS},
}
CASES = dict(expanded(Path(__file__).with_name("matches.yaml")))


@pytest.mark.parametrize("name", CASES)
def test_a_row_means_the_right_unit_or_is_refused(name):
    case = CASES[name]
    units = case.get("units", "serial")
    known = pd.DataFrame(UNITS[units] if isinstance(units, str) else units)
    file = pd.DataFrame(case["file"])
    options = {key: case[key] for key in ("headers", "once") if key in case}
    options["column"] = case.get("asked", "")
    if "refused" in case:
        with pytest.raises(IngestError) as stop:
            match_units(file, known, "map.geojson", **options)
        assert all(words in str(stop.value) for words in listed(case["refused"]))
        return
    match = match_units(file, known, "map.geojson", **options)
    ids = [unit if isinstance(unit, str) else None for unit in match.ids]
    said = "\n".join(match.messages)
    assert match.column == case.get("column", match.column)
    assert ids == case.get("ids", ids)
    assert match.unknown == tuple(case.get("unknown", match.unknown))
    assert all(words in said for words in listed(case.get("says", [])))
    assert not any(words in said for words in listed(case.get("silent", [])))


@pytest.mark.parametrize("entry", ["Kingdom = Spain", " Spain =Kingdom"])
def test_another_name_of_a_unit_is_taken_without_the_blanks_around_it(entry):
    units = with_other_names(pd.DataFrame(UNITS["coded"]), [entry])
    assert list(units["other name 1"]) == [*NAMES[:4], "Kingdom", NAMES[5]]
