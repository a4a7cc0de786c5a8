"""No caption or neutral text may say more than the design licenses."""

import re

import pytest

from evenfield.report.exhibits import TEMPLATES
from evenfield.shared.topics import exhibit_words

# A provincial panel without a clean control group licenses none of these.
NO = r"\bno (effects?|impacts?|spillovers?)\b"
VERBS = r"cause[sd]?|causing|prove[sdn]?|proof|confirm(s|ed)|demonstrate[sd]?"
VERBS += r"|drive[sn]?|significant(ly)?"
FORBIDDEN = re.compile(
    rf"{NO}|\b({VERBS}|led to|due to|because of|thanks to)\b", re.IGNORECASE
)
# A table may warn that an interval is no evidence of no effect: that is the sentence
# the rule asks for.
WARNING = re.compile(r"no evidence of no effect")
STRICT = re.compile(r"\b(proves?|causes?|no effects?)\b", re.IGNORECASE)


def said_wrongly(text, rule=STRICT):
    return [fault.group() for fault in rule.finditer(WARNING.sub("", text))]


def test_captions_hold_no_forbidden_word():
    for name, item in exhibit_words(
        {"study": {"unit_name": "unit", "units_name": "units"}}
    ).items():
        assert said_wrongly(" ".join(item.values())) == [], name


@pytest.mark.parametrize("name", ["abstract", "page", "paper", "appendix"])
def test_neutral_texts_hold_no_forbidden_word(name):
    assert (
        said_wrongly((TEMPLATES / "text" / f"{name}.md").read_text(), FORBIDDEN) == []
    )
