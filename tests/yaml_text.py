"""Specifications and cases written as users write them. Import: ``from yaml_text import
from_yaml``.
"""

import yaml


def from_yaml(text):
    """Read YAML of a test, which may be indented as a whole."""
    return yaml.safe_load(text)
