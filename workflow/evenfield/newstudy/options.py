"""The options of the two commands, as options.yaml describes them."""

import argparse
from pathlib import Path

import yaml


def add_options(parser: argparse.ArgumentParser, command: str) -> None:
    """Give a parser the options of ``new`` or ``add``."""
    text = Path(__file__).with_name("options.yaml").read_text(encoding="utf-8")
    for name, entry in yaml.safe_load(text)[command].items():
        if entry.get("type") == "path":
            entry["type"] = Path
        parser.add_argument(name, **entry)
