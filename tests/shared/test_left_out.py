"""What a study lacks is left out with one sentence; a whole study is left as it is."""

import copy

import pytest

from conftest import ROOT
from evenfield.report.numbers import read_entries
from evenfield.shared.left_out import EVERYTHING, LeftOut, _estimates, left_out_parts
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from yaml_text import from_yaml

CHINA, US = (
    checked_config(read_config(ROOT / name / "config.yaml"))
    for name in (".", "examples/us-states")
)


def left_out_config(config, folder, **panel):
    changed = copy.deepcopy(config)
    changed["panel"] |= panel
    return left_out_parts(changed, folder)


@pytest.mark.parametrize(
    ("config", "folder"), [(CHINA, ROOT), (US, ROOT / "examples/us-states")]
)
def test_a_whole_study_is_left_as_it_is(config, folder):
    assert left_out_parts(config, folder) == {
        **config,
        "aside": [],
        "neutral": False,
        "auto": [],
    }


def test_shorter_years_drop_what_rests_on_them_and_nothing_is_refused():
    left = left_out_config(CHINA, ROOT, years=[1999, 2019])
    assert list(left["periods"]) == ["P3", "P4", "S1", "S2", "S4"]
    assert "economic" not in left["weights"]["families"]
    assert [spec["id"] for spec in left["estimates"]["synthetic_control"]] == [
        "tianjin_official"
    ]
    assert left["estimates"]["dynamic_panel"][0]["periods"] == ["S1", "P3", "P4"]
    assert "H4" not in left["answers"]["hypotheses"]
    assert "H1" in left["answers"]["hypotheses"]
    assert "T24" not in left["tables"]
    assert read_entries(left) == {}
    assert left["neutral"]
    assert len(left["aside"]) < 20
    assert "1978-91" in left["aside"][0]
    without = next(x for x in left["aside"] if x.startswith("Convergence by regime"))
    assert "split of seed contiguity" in without


@pytest.mark.parametrize(
    ("years", "spans", "changes"),
    from_yaml("""
    - [[1999, 2019], [[2000, 2010], [2010, 2019], [2009, 2019], [1999, 2019]], 1]
    - [[1978, 2010], [[2000, 2010]], 0]
    """),
)
def test_spans_of_vintages_go_with_their_years(years, spans, changes):
    vintages = left_out_config(CHINA, ROOT, years=years)["estimates"]["vintages"]
    assert vintages["spans"] == spans
    assert len(vintages["changes"]) == changes


def test_a_claim_is_asked_without_its_later_years_where_these_are_left_out():
    left = left_out_config(CHINA, ROOT, years=[1978, 2010])
    before, after = (
        next(claim for claim in config["answers"]["claims"] if claim["id"] == "L49a")
        for config in (CHINA, left)
    )
    assert set(before) - set(after) == {"later"}


def test_rows_of_a_specification_that_is_left_out_are_missed_and_no_others():
    left_out = LeftOut(1999, 2019, units=set())
    asked = {name: CHINA["estimates"][name] for name in ("synthetic_control", "sigma")}
    _estimates(asked, set(EVERYTHING), left_out)
    family = {"family": "synthetic_control"}
    assert left_out.selects({**family, "spec_id": "hainan"})
    assert not left_out.selects({**family, "spec_id": "tianjin_official"})


def test_without_borders_and_coordinates_income_topics_run_and_automatic_exhibits_follow(
    tmp_path,
):
    us = ROOT / "examples/us-states/data"
    (tmp_path / "data").mkdir()
    for name in ("panel", "units"):
        (tmp_path / f"data/{name}.csv").write_bytes((us / f"{name}.csv").read_bytes())
    (tmp_path / "data/datapackage.json").write_text(
        '{"resources": [{"path": "panel.csv"}, {"path": "units.csv"}]}'
    )
    left = left_out_parts(
        {
            **US,
            "exhibits": "auto",
            "tables": [],
            "figures": [],
        },
        tmp_path,
    )
    assert left["weights"]["families"] == {}
    assert set(US["estimates"]) - set(left["estimates"]) == {"moran"}
    assert left["estimates"]["inequality"][0].get("weights") is None
    assert left["tables"] == "T2 T6 T7 T9 T10 T12".split()
    assert left["figures"] == ["F28", "F40", "F4", "F5", "F27", "F6"]
    assert any("borders in adjacency.csv" in sentence for sentence in left["aside"])
    lacking = "Neighbours are not compared, since the study has no borders."
    assert lacking in left["aside"]


@pytest.mark.parametrize(
    ("key", "left"),
    from_yaml("""
    - [placebos, {id: a, placebos: []}]
    - [spans, null]
    """),
)
def test_a_specification_can_spare_all_its_placebos_but_not_all_its_years(key, left):
    before = [[1978, 1984], [1985, 1991]]
    value = {"id": "a", key: [before] if key == "placebos" else before}
    node = {"$ref": "#/$defs/group_contrasts_ProgrammeSpec"}
    left_out = LeftOut(1992, 2019, units=set())
    assert left_out.without(value, node, []) == left
