"""The config's schema, the pages made from it and the names for editors are what the
Spec classes, topic.yaml and the library say.
"""

import json

import pytest

import schema
import topic_page
from evenfield.shared.topics import read_topics
from evenfield.study.config_schema import SCHEMA


@pytest.fixture(scope="module")
def estimates():
    return schema.schema()


def test_schema_and_pages_are_generated(estimates):
    """Run `python3 run schema` after a change of a Spec class, of StudyConfig or of a
    topic.yaml.
    """
    assert json.loads(SCHEMA.read_text()) == estimates
    assert schema.REFERENCE.read_text() == schema.reference(estimates)
    assert schema.EXHIBITS.read_text() == schema.exhibits()
    assert topic_page.PAGE.read_text() == topic_page.page()
    assert schema.STUB.read_text() == schema.stub()


def test_every_key_has_a_meaning(estimates):
    rows = [
        line.split(" | ")
        for line in schema.reference(estimates).splitlines()
        if line.startswith("| `")
    ]
    assert not [row[0] for row in rows if not row[-1].strip(" |")]


@pytest.mark.parametrize("name", read_topics())
def test_the_page_of_topics_has_the_equation_of_each_that_estimates(name):
    topic = read_topics()[name]
    if topic.estimate is not None:
        assert topic_page.equations_of(topic_page.method_of(name))
