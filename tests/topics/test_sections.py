"""A wrong section of any topic is one line; which values a key may take is in the
schema that test_schema.py pins.
"""

from importlib import import_module
from typing import get_origin

import pytest

from evenfield.shared.spec import read
from evenfield.shared.topics import read_topics
from evenfield.study.errors import EvenfieldError
from refusals import fails

TOPICS = [name for name, topic in read_topics().items() if topic.estimate]


@pytest.mark.parametrize("topic", TOPICS)
def test_an_unknown_key_and_a_key_of_another_type_are_named_in_one_line(topic):
    kind = import_module(f"evenfield.topics.{topic}.estimate").Section
    for wrong in ({"id": "a", "nonsense": 1}, {"id": None}):
        section = [wrong] if get_origin(kind) is list else wrong
        fails(
            EvenfieldError,
            rf"\A(config: estimates\.{topic}[^\n]*\n?)+\Z",
            read,
            kind,
            {"panel": {"unit_scheme": "s"}, "estimates": {topic: section}},
            topic,
        )
