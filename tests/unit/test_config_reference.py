"""docs/config.md is what the schema says."""

from __future__ import annotations

import config_reference
from evenfield.study.config import SCHEMA, read_config


def test_config_reference_is_generated_from_the_schema() -> None:
    assert config_reference.TARGET.read_text(encoding="utf-8") == config_reference.reference()


def test_the_schema_says_each_thing_once() -> None:
    assert read_config(SCHEMA)["type"] == "object"  # this reader refuses a key written twice
