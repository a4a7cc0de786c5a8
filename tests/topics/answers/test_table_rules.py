"""Answers with half and twice the effect of interest: those that have one."""

from types import SimpleNamespace

from evenfield.topics.answers import table_rules
from evenfield.topics.answers.table_rules import t37

SIZES = {"half": "YES", "double": "NO"}


def question(name, interest, sizes):
    return {
        "statement": name,
        "interest": interest,
        "unit": "pp/yr",
        "answer": "YES",
        "at_interest": sizes,
        "estimate_id": name,
    }


def test_a_question_needs_an_effect_of_interest_and_answers_with_others(monkeypatch):
    asked = [
        question("whole", 0.5, SIZES),
        question("zero", 0.0, SIZES),
        question("no interest", None, SIZES),
        question("no answers", 0.5, {}),
        question("neither", None, {}),
    ]
    content = {"hypotheses": asked, "claims": []}
    monkeypatch.setattr(table_rules, "answers_of", lambda _: content)
    table = t37(SimpleNamespace(text=lambda *_, **__: ()))
    assert table.frame["statement"].tolist() == ["whole", "zero"]
    assert table.frame["half"].tolist() == ["yes", "yes"]
