"""The interactive view and the sentences of the spatial panels: published numbers only, safe inside a page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evenfield.report.context import Inputs, read_facts
from evenfield.report.page import render_page
from evenfield.report.rows import read_rows
from evenfield.report.sentences.spatial_panel import spatial_panel_sentences
from evenfield.report.spread import spread_view
from evenfield.report.words import forbidden_words
from unit.report.made_up import EFFECTS, write_study


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return write_study(tmp_path_factory.mktemp("spread") / "results", policy=True)


def test_view_holds_the_published_numbers_in_one_order_of_units(inputs: Inputs) -> None:
    view = spread_view(inputs.spread, read_facts(inputs, {}), read_rows(inputs.units))
    assert view is not None
    data = json.loads(view["data"])
    assert [unit["id"] for unit in data["units"]] == ["AA", "BB", "CC", "DD"]
    shown = data["views"]["sp|zones|sdm|contiguity"]
    assert {name: effect[0] for name, effect in shown["effects"].items()} == EFFECTS
    assert shown["effects"]["direct"] == [0.5, -0.5, 1.5, 0.4]
    assert shown["sent"] == [-0.25, -0.26, -0.27, -0.28]
    assert shown["links"][1] == [-0.2, 0.5, -0.22, -0.23]
    assert view["weight"] == "contiguity" and view["model"] == "sdm"
    assert view["weights"]["dense"] == "dense (3.0 effective neighbours)"


def test_a_model_at_the_end_of_its_range_is_there_without_numbers(inputs: Inputs) -> None:
    view = spread_view(inputs.spread, read_facts(inputs, {}), read_rows(inputs.units))
    assert view is not None
    assert json.loads(view["data"])["views"]["sp|zones|sdm|dense"] == {}


def test_markup_in_names_cannot_leave_the_data_block(inputs: Inputs) -> None:
    view = spread_view(inputs.spread, read_facts(inputs, {}), read_rows(inputs.units))
    assert view is not None
    assert "<" not in view["data"] and json.loads(view["data"])["units"][1]["name"] == "Beta <b>"
    page = render_page(inputs)
    assert "Read &lt;this&gt; first." in page


def test_a_study_without_the_family_has_neither_view_nor_sentences(tmp_path: Path) -> None:
    plain = write_study(tmp_path / "results", policy=False)
    assert spread_view(plain.spread, read_facts(plain, {}), read_rows(plain.units)) is None
    assert spatial_panel_sentences(read_facts(plain, {})) == []
    assert 'id="spread"' not in render_page(plain)


def test_sentences_quote_range_price_of_correlation_and_rho(inputs: Inputs) -> None:
    texts = [sentence.plain for sentence in spatial_panel_sentences(read_facts(inputs, {}))]
    assert len(texts) == 4
    assert "goes with \u22120.250 to \u22120.250 log points of a state's log income" in texts[0]
    assert "no interval leaves out zero" in texts[0] and "with 80% power is 1.400" in texts[0]
    assert "correlation 0.80 with the year before" in texts[1]
    assert "takes years as independent would be 0.400 to 0.600" in texts[1]
    assert "rho 0.60" in texts[2] and "it is 0.30, with two 0.20" in texts[2] and "no evidence" in texts[2]
    assert "dense" in texts[3]
    assert not [word for text in texts for word in forbidden_words(text)]


def test_the_main_row_missing_leaves_out_its_sentences(inputs: Inputs) -> None:
    facts = read_facts(inputs, {})
    rows = [row for row in facts.estimates if row["family"] != "spatial_panel"]
    assert spatial_panel_sentences(replace(facts, estimates=rows)) == []
