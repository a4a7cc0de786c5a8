from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from evenfield.report.context import WRITERS
from evenfield.report.exhibits import TEMPLATES, read_toml
from evenfield.report.rows import Row
from evenfield.report.sentences.base import Facts
from evenfield.report.sentences.headlines import headlines
from evenfield.report.words import (
    excludes_zero,
    forbidden_words,
    inference_words,
    interval_text,
    seen_text,
    underpowered,
    value_text,
)
from evenfield.shared.estimates import estimates_frame
from unit.report.made_up import SLX, convergence_estimates, policy_config, policy_estimates


def rows(estimates: list[Any]) -> list[Row]:
    frame = estimates_frame(estimates)
    text = frame.astype(object).where(frame.notna(), "")
    return [{str(name): str(value) for name, value in row.items()} for row in text.to_dict("records")]


@pytest.mark.parametrize("word", ["causes", "Caused", "proves", "proof", "no effect", "No impact", "significantly",
                                  "led to", "due to", "drives", "because of", "confirmed"])  # fmt: skip
def test_forbidden_words_are_found(word: str) -> None:
    assert forbidden_words(f"This {word} growth.") != []


def test_plain_words_pass() -> None:
    assert forbidden_words("Without a causal reading; not distinguishable from zero; because incomes move.") == []


@pytest.mark.parametrize(("low", "high", "expected"), [("0.1", "2", True), ("-2", "-0.1", True), ("-1", "1", False)])
def test_interval_decides_before_the_p_value(low: str, high: str, expected: bool) -> None:
    assert excludes_zero({"conf_low": low, "conf_high": high, "p_value": "0.5"}) is expected


def test_p_value_decides_without_an_interval() -> None:
    assert excludes_zero({"p_value": "0.049"}) and not excludes_zero({"p_value": "0.05"}) and not excludes_zero({})


def test_an_estimate_that_cannot_be_told_from_zero_names_what_could_be_seen() -> None:
    row = {"conf_low": "-1", "conf_high": "1", "mde": "3.25", "unit_of_measure": "pp/yr"}
    assert seen_text(row) == ("not distinguishable from zero; the smallest effect this design could see is "
                              "3.25 percentage points a year")  # fmt: skip


def test_underpowered_needs_both_numbers() -> None:
    assert underpowered({"mde": "2", "sesoi": "1"})
    assert not underpowered({"mde": "1", "sesoi": "1"})
    assert not underpowered({"mde": "2", "sesoi": ""})


def test_values_and_intervals_in_words() -> None:
    row = {"estimate": "-1.5", "conf_low": "-2", "conf_high": "", "conf_level": "0.9", "unit_of_measure": "% per year"}
    assert value_text(row) == "\u22121.50% a year (90% interval \u22122.00 to unbounded)"
    assert value_text({"estimate": ""}) == "not defined"
    assert interval_text({"conf_low": "1", "conf_high": "2", "conf_level": ""}) == ""


def test_inference_in_words() -> None:
    assert inference_words("HC3") == "HC3 standard errors"
    assert "0.06" in inference_words("SCPC avc 0.06")
    assert inference_words("something else") == "something else"


def every_sentence() -> list[str]:
    """All sentences over a grid of signs, widths, power and bases."""
    said: list[str] = []
    for sign, wide, basis, mde in product((-1, 1), (False, True), ("official", "proxy", "spliced"), (0.5, 6.0)):
        slx = [
            type(SLX)(**{**{name: getattr(SLX, name) for name in SLX.__slots__}, "period": period, "spec_id": spec,
                         "estimate": 1.5 * sign, "conf_low": -9.0 if wide else min(0.5 * sign, 2.5 * sign),
                         "conf_high": 9.0 if wide else max(0.5 * sign, 2.5 * sign), "mde": mde, "output_basis": basis})
            for period in ("P1", "P2") for spec in ("first", "second")
        ]  # fmt: skip
        others = [row for row in policy_estimates() if row.family != "exposure"]
        estimates = convergence_estimates(0.02 * sign, wide=wide, basis=basis) + others + slx
        facts = Facts(config=policy_config(), estimates=rows(estimates), ingest={"simulated": ["panel"]},
                      panel={"units": ["AA", "BB"]}, claims=[{"class": "A"}, {"class": "C"}])  # fmt: skip
        written = {name: [s for writer in writers for s in writer(facts)] for name, writers in WRITERS.items()}
        said += [s.plain for sentences in written.values() for s in sentences]
        said += [line["sentence"].plain for line in headlines(facts, written)]
    return said


def test_no_sentence_uses_a_forbidden_word() -> None:
    said = every_sentence()
    assert len(said) > 100
    assert [text for text in said if forbidden_words(text)] == []


def test_no_sentence_has_an_em_dash_or_a_gap() -> None:
    assert [text for text in every_sentence() if "\u2014" in text or "  " in text or "None" in text] == []


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.j2")), ids=lambda path: path.name)
def test_no_template_uses_a_forbidden_word(path: Path) -> None:
    prose = re.sub(r"<[%!].*?[%!]>|\{[%#].*?[%#]\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert forbidden_words(prose) == []
    assert "\u2014" not in prose


@pytest.mark.parametrize("name", ["captions.toml", "studies.toml"])
def test_no_words_of_a_study_use_a_forbidden_word(name: str) -> None:
    text = str(read_toml(TEMPLATES / name))
    assert forbidden_words(text) == []
    assert "\u2014" not in text
