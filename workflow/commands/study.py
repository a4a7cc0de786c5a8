"""What the commands share: find the study, word its errors in one line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from evenfield.report.numbers import read_entries
from evenfield.shared.offers import step_aside
from evenfield.study.config import checked_config, read_config
from evenfield.study.errors import EvenfieldError

REPOSITORY = Path(__file__).resolve().parents[2]


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that every command has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--directory", default=str(REPOSITORY), help="the study's folder (default: this repository)")
    parser.add_argument("--configfile", default="config.yaml", help="the study's config (default: config.yaml)")
    return parser


def run_command(options: argparse.Namespace, work: Callable[[dict[str, object]], None]) -> None:
    """Run ``work`` on the checked config inside the study's folder; an error is one line and exit code 1."""
    try:
        if not Path(options.directory).is_dir():
            sys.exit(f"no folder {options.directory}; expected a study's folder; correct --directory")
        os.chdir(options.directory)
        config = step_aside(checked_config(read_config(options.configfile)))
        read_entries(config)
        work(config)
    except EvenfieldError as error:
        sys.exit(str(error))
