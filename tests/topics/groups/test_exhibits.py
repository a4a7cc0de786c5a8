"""Groups: years from memory are marked, tiles that collide and a design without support refused."""

import pandas as pd
import pytest

from evenfield.shared.facts import Facts
from evenfield.study.errors import ArtifactError
from evenfield.topics.groups.figure import f1, f2
from evenfield.topics.groups.table import t1
from made_study import MadeStudy

UNITS = ["X-A", "X-B", "X-C", "X-D"]
CONFIG = {
    "taxonomy": {"primary": "t"},
    "periods": {"P1": {"start": 2000, "end": 2002, "role": "main"}},
    "panel": {"unit_scheme": "s", "unit_schemes": {"s": {}}, "income": {"column": "income"}, "years": [2000, 2002]},
    "controls": {"coast": {"kind": "unit"}},
    "study": {"unit_name": "region", "units_name": "regions"},
    "estimates": {"design": {}},
}


class MadeFacts(MadeStudy, Facts):
    def series(self, name="series", topic="", text=()):
        return self.tables[topic]


def make_facts(tmp_path):
    cells = pd.DataFrame({"taxonomy": "t", "unit": UNITS, "period": "P1", "cluster": [0, 1, 1, 0], "sez": [0, 0, 1, 1]})
    firsts = pd.DataFrame({"unit": ["X-C", "X-D"], "zone_type": "sez", "first_year": [1980, 1981]})
    zones = [("X-C", "sez", 2000, 1), ("X-C", "sez", 2001, 3), ("X-D", "hidz", 2001, 2)]
    made = {
        "cells": cells.assign(cell=["neither", "cluster only", "both", "SEZ only"]),
        "units": pd.DataFrame(
            {"unit": UNITS, "name": list("DCBA"), "tile_row": [2, 2, 3, 3], "tile_col": [1, 2, 1, 2]}
        ),
        "taxonomies": pd.DataFrame({"taxonomy": "t", "unit": UNITS, "source": "list", "confidence": "B"}).assign(
            sez=[0, 0, 1, 1], sez_from_year=[None, None, 1980.0, 1988.0]
        ),
        "first_years": firsts.assign(first_year_dated=[1980, 1984]),
        "doses": pd.DataFrame(zones, columns=["unit", "zone_type", "year", "zones"]).assign(zones_dated=[1, 2, 2]),
        "cases": pd.DataFrame({"unit": ["X-B", "X-B"], "place": ["P", "Q"], "industry": "tiles"}),
        "design": pd.DataFrame({"block": "support", "year": [2000, 2001], "term": "not_yet_treated", "value": [3, 2]}),
    }
    described = {"units": UNITS, "years": [2000, 2001, 2002], "data_hash": "0" * 20}
    facts = MadeFacts(CONFIG, made, **described)
    facts.root = tmp_path
    (tmp_path / "ingest").mkdir(exist_ok=True)
    (tmp_path / "ingest" / "description.json").write_text('{"data_hash": "00000000000000000000"}', encoding="utf-8")
    return facts


def test_taxonomy_is_sorted_by_cell_and_marks_years_from_memory(tmp_path):
    made = t1(make_facts(tmp_path))
    assert made.frame["cell"].tolist() == ["both", "cluster only", "SEZ only", "neither"]
    assert made.frame["zones_sez"].tolist() == [3, 0, 0, 0] and made.frame["science_park"].tolist() == [0, 0, 1, 0]
    shown = next(column for column in made.columns if column.header == "First SEZ").show
    assert [shown(1980, 1980), shown(1981, 1984), shown(1981, float("nan"))] == ["1980", "1981* (1984)", "1981*"]


def test_tiles_that_collide_and_a_design_without_support_are_refused(tmp_path):
    facts = make_facts(tmp_path)
    units, design = facts.tables["units"], facts.tables["design"]
    facts.tables |= {"units": units.assign(tile_row=1), "design": design.assign(block="other")}
    with pytest.raises(ArtifactError, match="2 on a tile already taken"):
        f1(facts)
    with pytest.raises(ArtifactError, match="no support of comparisons"):
        f2(facts)
