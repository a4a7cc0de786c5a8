"""Sentences on exploratory statements: counts, signs, shares, and silence where the family is not run."""

from __future__ import annotations

from typing import Any

from evenfield.report.sentences.base import Facts
from evenfield.report.sentences.exploratory import SHARES, exploratory_sentences
from evenfield.report.words import forbidden_words

CONFIG: dict[str, Any] = {
    "study": {"unit_name": "state", "units_name": "states"}, "panel": {"unit_scheme": "all"},
    "periods": {"P1": {"start": 1980, "end": 1990, "label": "1980-90", "role": "main"}},
    "estimates": {"statements": [
        {"id": "up", "claim": "L01", "predicted": "+"}, {"id": "down", "claim": "L02", "predicted": "-"},
        {"id": "share", "claim": "L03", "predicted": "+"}, {"id": "none", "claim": "L04"}]},
}  # fmt: skip


def row(**fields: str) -> dict[str, str]:
    base = {"family": "statements", "role": "exploratory", "unit_scheme": "all", "period": "P1", "term": "x",
            "estimate": "1.0", "p_value": "0.01", "mde": "", "sesoi": "", "unit_of_measure": "points",
            "output_basis": ""}  # fmt: skip
    return {**base, **fields}


ROWS = [
    row(hypothesis="L01", spec_id="up"),
    row(hypothesis="L01", spec_id="up", p_value="0.4", mde="2", sesoi="1"),
    row(hypothesis="L02", spec_id="down"),
    row(hypothesis="L03", spec_id="share", term="cluster", p_value="", estimate="9.81", unit_of_measure=SHARES,
        output_basis="proxy"),
]  # fmt: skip


def test_counts_signs_and_shares_are_said() -> None:
    sentences = exploratory_sentences(Facts(config=CONFIG, estimates=ROWS, panel={"units": ["a", "b"]}))
    text = " ".join(sentence.plain for sentence in sentences)
    assert "Three claims are described by 4 rows" in text
    assert "One more cannot be carried by these data: L04." in text
    assert "Of 3 tested rows with a predicted sign, 1 has it with p below .05 and 1 has the opposite sign" in text
    assert "9.81 points in 1980\u201390 (PROXY)" in text
    assert not forbidden_words(text)


def test_nothing_is_said_where_the_family_is_not_run() -> None:
    assert exploratory_sentences(Facts(config=CONFIG)) == []
