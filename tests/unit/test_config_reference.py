"""docs/config.md is what the schema says."""

from __future__ import annotations

import config_reference


def test_config_reference_is_generated_from_the_schema() -> None:
    assert config_reference.TARGET.read_text(encoding="utf-8") == config_reference.reference()
