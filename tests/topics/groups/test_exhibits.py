"""Tables and figures of the groups: what is marked, counted and refused."""

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.facts import Facts
from evenfield.study.errors import ArtifactError
from evenfield.topics.groups.figure import f1, f2
from evenfield.topics.groups.table import t1, tg
from evenfield.topics.groups.table_sources import t2
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


def make_facts(tmp_path, **tables):
    cells = pd.DataFrame({"taxonomy": "t", "unit": UNITS, "period": "P1", "cluster": [0, 1, 1, 0], "sez": [0, 0, 1, 1]})
    firsts = pd.DataFrame({"unit": ["X-C", "X-D"], "zone_type": "sez", "first_year": [1980, 1981]})
    zones = [("X-C", "sez", 2000, 1), ("X-C", "sez", 2001, 3), ("X-D", "hidz", 2001, 2)]
    spans = {"variable": "income", "first_year": [1990, 2001], "last_year": [2000, 2010], "units": ["all", "X-A X-B"]}
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
        "panel": pd.DataFrame({"unit": ["X-A", "X-B"] * 3, "year": [2000, 2000, 2001, 2001, 2002, 2002]}),
        "panel_provenance": pd.DataFrame({**spans, "grade": "A", "flag": ["proxy", ""], "source": ["old", "new"]}),
        "sources": pd.DataFrame({"source": ["old", "new", "m1", "m2"], "vintage": "2020", "licence": "free"}),
        "design": pd.DataFrame({"block": "support", "year": [2000, 2001], "term": "not_yet_treated", "value": [3, 2]}),
    }
    made["panel"]["income"] = [1.0, 2.0, 3.0, None, 5.0, 6.0]
    described = {"units": UNITS, "years": [2000, 2001, 2002], "data_hash": "0" * 20}
    facts = MadeFacts(CONFIG, made | tables, **described)
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


def test_cells_by_period_name_their_units(tmp_path):
    made = tg(make_facts(tmp_path))
    row = ["2000\u20132002", "B", "C", "A", 1]
    assert made.frame[["period", "both", "cluster only", "SEZ only", "neither"]].to_numpy().tolist() == [row]
    assert "Zone from: B 1980 and A 1988." in made.note
    empty = make_facts(tmp_path, cells=make_facts(tmp_path).tables["cells"].assign(sez=0, cell="neither"))
    assert tg(empty).frame["SEZ only"].tolist() == ["none"]


def test_sources_count_gaps_by_span_and_list_the_rest(tmp_path):
    made = t2(make_facts(tmp_path)).frame
    assert made["years"].tolist()[:2] == ["2000", "2001\u20132002"]
    assert made[["cells", "gaps"]].to_numpy().tolist()[:2] == [[2, 0], [4, 1]]
    assert made["source"].tolist() == ["old", "new", "2 sources (m1 to m2)"]


def test_map_and_rollout_say_what_they_show(tmp_path):
    facts = make_facts(tmp_path)
    drawn, rollout = f1(facts), f2(facts)
    assert drawn.data.set_index("unit")["letters"].to_dict() == {"X-A": "", "X-B": "ab", "X-C": "", "X-D": ""}
    assert "1 both (B)" in drawn.alt
    assert rollout.data[["new_hidz", "new_sez", "not_yet_treated"]].to_numpy().tolist() == [[0, 1, 3], [2, 2, 2]]
    assert (
        "3 special economic zones and 2 high-tech zones (science parks) (1 of 5 by a year from memory)" in rollout.alt
    )
    plt.close("all")


def test_tiles_that_collide_and_a_design_without_support_are_refused(tmp_path):
    facts = make_facts(tmp_path)
    units, design = facts.tables["units"], facts.tables["design"]
    facts.tables |= {"units": units.assign(tile_row=1), "design": design.assign(block="other")}
    with pytest.raises(ArtifactError, match="2 on a tile already taken"):
        f1(facts)
    with pytest.raises(ArtifactError, match="no support of comparisons"):
        f2(facts)
