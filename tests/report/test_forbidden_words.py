"""No sentence, table, caption or answer that the results hold may say more than the design licenses."""

import json
import re
from html import unescape
from pathlib import Path

import pytest

from evenfield.report.exhibits import TEMPLATES
from evenfield.shared.topics import exhibit_words

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
# A provincial panel without a clean control group licenses none of these.
NO = r"\bno (effects?|impacts?|spillovers?)\b"
VERBS = r"\b(cause[sd]?|causing|prove[sdn]?|proof|confirm(s|ed)|demonstrate[sd]?|drive[sn]?|significant(ly)?)\b"
FORBIDDEN = re.compile(rf"{NO}|{VERBS}|\b(led to|due to|because of|thanks to)\b", re.IGNORECASE)
# A table may warn that an interval is no evidence of no effect: that is the sentence the rule asks for.
WARNING = re.compile(r"no evidence of no effect")
STRICT = re.compile(r"\b(proves?|causes?|no effects?)\b", re.IGNORECASE)
needs_results = pytest.mark.skipif(not (RESULTS / "answers.json").exists(), reason="no results yet")


def said_wrongly(text: str, rule: re.Pattern[str] = STRICT) -> list[str]:
    return [found.group() for found in rule.finditer(WARNING.sub("", text))]


def test_captions_hold_no_forbidden_word() -> None:
    for name, item in exhibit_words({"study": {"unit_name": "unit", "units_name": "units"}}).items():
        assert said_wrongly(" ".join(item.values())) == [], name


@pytest.mark.parametrize("name", ["abstract", "page", "paper", "appendix"])
def test_neutral_texts_hold_no_forbidden_word(name: str) -> None:
    assert said_wrongly((TEMPLATES / "text" / f"{name}.md").read_text(encoding="utf-8"), FORBIDDEN) == []


@needs_results
def test_reasons_of_answers_hold_no_forbidden_word() -> None:
    content = json.loads((RESULTS / "answers.json").read_text(encoding="utf-8"))
    for item in [*content["hypotheses"], *content["claims"]]:
        assert said_wrongly(item["because"]) == [], item["id"]


@needs_results
def test_tables_and_figures_hold_no_forbidden_word() -> None:
    content = json.loads((RESULTS / "answers.json").read_text(encoding="utf-8"))
    quoted = [item["claim"] for item in content["claims"]]  # the source may claim what it likes
    for path in sorted([*(RESULTS / "tables").glob("*.html"), *(RESULTS / "figures").glob("*.alt.txt")]):
        text = unescape(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8")))
        for claim in quoted:
            text = text.replace(claim, "")
        assert said_wrongly(text) == [], path.name
