"""The interactive view of the spatial panels: published numbers only, safe inside a page."""

import json
from pathlib import Path
from typing import Any

import pytest

from evenfield.report.spread import spread_view
from evenfield.shared.words import Findings
from report.made_up import EFFECTS, made_config, write_study


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    given = write_study(tmp_path_factory.mktemp("spread") / "results", policy=True)
    found = spread_view(Findings(given["config"], given["root"]))
    assert found is not None
    return found


def test_view_holds_the_published_numbers_in_one_order_of_units(view: dict[str, Any]) -> None:
    data = json.loads(view["data"])
    assert [unit["id"] for unit in data["units"]] == ["AA", "BB", "CC", "DD"]
    shown = data["views"]["sp|zones|sdm|contiguity"]
    assert {name: effect[0] for name, effect in shown["effects"].items()} == EFFECTS
    assert shown["effects"]["direct"] == [0.5, -0.5, 1.5, 0.4]
    assert shown["sent"] == [-0.25, -0.26, -0.27, -0.28]
    assert shown["links"][1] == [-0.2, 0.5, -0.22, -0.23]
    assert view["weight"] == "contiguity" and view["model"] == "sdm"
    assert view["weights"]["dense"] == "dense (3.0 effective neighbours)"
    assert data["views"]["sp|zones|sdm|dense"] == {}


def test_markup_in_names_cannot_leave_the_data_block(view: dict[str, Any]) -> None:
    assert "<" not in view["data"] and json.loads(view["data"])["units"][1]["name"] == "Beta <b>"


def test_a_study_without_the_topic_has_no_view(tmp_path: Path) -> None:
    assert spread_view(Findings(made_config(policy=False), tmp_path)) is None
