"""The options of the two commands, as options.yaml describes them."""

import argparse
from pathlib import Path
from typing import Any

import yaml

OPTIONS: dict[str, dict[str, dict[str, Any]]] = yaml.load(
    Path(__file__).with_name("options.yaml").read_text(encoding="utf-8"),
    yaml.CSafeLoader,
)

TYPES = {"path": Path, "whole number": int}


def add_options(parser: argparse.ArgumentParser, command: str) -> None:
    """Give a parser the options of ``new`` or ``add``."""
    for name, entry in OPTIONS[command].items():
        named = {"type": TYPES[entry["type"]]} if "type" in entry else {}
        parser.add_argument(name, **(entry | named))
