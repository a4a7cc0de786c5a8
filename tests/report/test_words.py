"""Sentences of page and paper: numbers as published, marks and cautions, nothing where there is nothing to say."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from evenfield.report.exhibits import TEMPLATES
from evenfield.shared import words
from evenfield.shared.tables.rows import Row
from evenfield.shared.words import Findings
from report.made_up import made_config, write_study

SPEAKING = sorted(path.parent.name for path in (TEMPLATES.parents[1] / "topics").glob("*/words.py"))
NAN = float("nan")


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    given = write_study(tmp_path_factory.mktemp("words") / "results", policy=True)
    return Findings(given["config"], given["root"])


def row(**fields: Any) -> Row:
    base = {"estimate": 1.5, "conf_low": -0.5, "conf_high": 3.5, "conf_level": 0.95, "p_value": 0.2, "period": "P1"}
    base |= {"mde": NAN, "sesoi": NAN, "unit_of_measure": "pp/yr", "output_basis": "", "se_type": "CR3", "n_units": 9}
    return base | fields


def test_numbers_in_words() -> None:
    assert words.in_unit(2.571, "% per year") == "2.57% a year"
    assert words.in_unit(-1.5, "pp/yr") == "\u22121.50 percentage points a year"
    assert words.in_unit(0.52, "correlation") == "0.52"
    assert words.number(row(conf_high=NAN)) == "1.50 [\u22120.50, unbounded]"
    assert words.number(row(conf_low=NAN, conf_high=NAN)) == "1.50"
    assert [words.p(row(p_value=value)) for value in (0.0001, 0.0123, NAN)] == ["p < .001", "p = .012", "no p-value"]
    assert [words.listing(items) for items in ([], ["a"], ["a", "b", "c"])] == ["", "a", "a, b and c"]
    assert [words.count(number) for number in (0, 3, 24)] == ["no", "three", "24"]


def test_only_an_interval_that_leaves_out_zero_is_said_to(facts: Findings) -> None:
    told = words.by_period(facts, [row(), row(period="P2", conf_low=0.5, output_basis="proxy")], "The gap")
    assert [sentence.text for sentence in told] == [
        "The gap, in percentage points a year, is 1.50 [\u22120.50, 3.50] in 1980\u201390 and 1.50 [0.50, 3.50] in "
        "1990\u20132000 (PROXY); 1 of 2 intervals leave out zero."
    ]
    assert told[0].basis == "9 states, CR3 standard errors, 95% intervals in brackets"
    assert words.crossed([row()]) == "not distinguishable from zero"
    assert words.by_period(facts, [], "The gap") == []


def test_low_power_is_said_beside_the_number(facts: Findings) -> None:
    weak = words.by_period(facts, [row(mde=6.0, sesoi=1.0)], "The gap")[1]
    assert weak.caution and "only 6.00 percentage points a year or more, and 1.00 would matter" in weak.text
    assert "overstated" not in weak.text
    assert "overstated" in words.weakness([row(mde=6.0, sesoi=1.0, conf_low=0.5)])[0].text
    assert words.weakness([row(mde=0.5, sesoi=1.0), row()]) == []


def test_the_range_over_choices_needs_two_of_them() -> None:
    rows = [row(w_id="a", estimate=-1.0), row(w_id="b", estimate=2.0)]
    text = words.over_choices(rows, "The gap", ("w_id",), "weights")[0].text
    assert text.startswith(
        "The gap runs from \u22121.00 to 2.00 percentage points a year over two weights; no interval"
    )
    assert words.over_choices(rows[:1], "The gap", ("w_id",), "weights") == []


@pytest.mark.parametrize("topic", SPEAKING)
def test_a_topic_without_estimates_says_nothing(topic: str, tmp_path: Path) -> None:
    given = write_study(tmp_path / "results", policy=False)
    (given["root"] / "estimates.csv").write_text(
        (given["root"] / "estimates.csv").read_text().partition("\n")[0] + "\n"
    )
    empty = Findings(made_config(policy=True), given["root"])
    empty.topic = topic
    if topic in ("design", "answers"):
        pytest.skip("a design always has cells; a study without claims says so")
    assert import_module(f"evenfield.topics.{topic}.words").sentences(empty) == []


def test_exposure_and_spatial_panels_speak_with_their_cautions(facts: Findings) -> None:
    said = {}
    for topic in ("exposure", "spatial_panel", "design"):
        facts.topic = topic
        said[topic] = " ".join(s.text for s in import_module(f"evenfield.topics.{topic}.words").sentences(facts))
    assert "1.50 [\u22122.50, 5.50] in 1980\u201390 (PROXY)" in said["exposure"] and "UNDERPOWERED" in said["exposure"]
    assert "rho 0.60" in said["spatial_panel"] and "no evidence" in said["spatial_panel"]
    assert "5.00 in 1980\u201390 (PROXY) and 5.00 in 1990\u20132000 upwards" in said["design"]
