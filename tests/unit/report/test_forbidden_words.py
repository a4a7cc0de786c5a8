"""No sentence, table, caption or verdict that the results hold may say more than the design licenses."""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from pathlib import Path

import pytest

from evenfield.report.exhibits import TEMPLATES, read_toml
from evenfield.report.words import forbidden_words

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "results"
# A table may warn that an interval is no evidence of no effect: that is the sentence the rule asks for.
WARNING = re.compile(r"no evidence of no effect")
STRICT = (r"\bproves?\b", r"\bcauses?\b", r"\bno effects?\b")


def said_wrongly(text: str) -> list[str]:
    return [found.group() for rule in STRICT for found in re.finditer(rule, WARNING.sub("", text), re.IGNORECASE)]


def test_captions_hold_no_forbidden_word() -> None:
    for name, item in read_toml(TEMPLATES / "captions.toml").items():
        assert said_wrongly(" ".join(str(text) for text in item.values())) == [], name


def test_reasons_of_the_rule_hold_no_forbidden_word() -> None:
    folder = ROOT / "workflow" / "evenfield" / "estimates" / "verdicts"
    for path in folder.glob("*.py"):
        for text in re.findall(r'"([^"\n]{12,})"', path.read_text(encoding="utf-8")):
            assert forbidden_words(text) == [], f"{path.name}: {text}"


@pytest.mark.skipif(not (RESULTS / "verdicts.json").exists(), reason="no results yet")
def test_verdict_reasons_hold_no_forbidden_word() -> None:
    content = json.loads((RESULTS / "verdicts.json").read_text(encoding="utf-8"))
    for name, item in content["hypotheses"].items():
        assert forbidden_words(item["reason"]) == [], name
    for name, item in content["claims"].items():
        assert said_wrongly(item["reason"]) == [], name


@pytest.mark.skipif(not (RESULTS / "tables").exists(), reason="no results yet")
def test_tables_and_figures_hold_no_forbidden_word() -> None:
    quoted = claims_quoted()
    for path in sorted([*(RESULTS / "tables").glob("*.html"), *(RESULTS / "figures").glob("*.alt.txt")]):
        text = unescape(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8")))
        for claim in quoted:
            text = text.replace(claim, "")
        assert said_wrongly(text) == [], path.name


def claims_quoted() -> list[str]:
    """The source's own statements, which may claim what they like."""
    with (ROOT / "data" / "claims.csv").open(encoding="utf-8", newline="") as handle:
        return [row["claim"] for row in csv.DictReader(handle)]
