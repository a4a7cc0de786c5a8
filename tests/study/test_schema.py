"""The config's schema and the pages made from it are what the Spec classes and
topic.yaml say.
"""

import json

import schema
from evenfield.study.config_schema import SCHEMA


def test_schema_and_pages_are_generated():
    """Run `python3 run schema` after a change of a Spec class, of StudyConfig or of a
    topic.yaml.
    """
    estimates = schema.schema()
    assert json.loads(SCHEMA.read_text()) == estimates
    assert schema.REFERENCE.read_text() == schema.reference(estimates)
    assert schema.EXHIBITS.read_text() == schema.exhibits()


def test_every_key_has_a_meaning():
    rows = [
        line.split(" | ")
        for line in schema.reference(schema.schema()).splitlines()
        if line.startswith("| `")
    ]
    assert not [row[0] for row in rows if not row[-1].strip(" |")]
