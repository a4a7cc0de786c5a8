"""What the commands share: find the study, word its errors in one line."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import CommandLine
from engine.at_work import first_word
from engine.folder import refuse_planted
from engine.study import one_line
from evenfield.shared.left_out import left_out_parts
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_mapping, study_config
from evenfield.study.merging import merged

REPOSITORY = Path(__file__).resolve().parents[2]


def arguments(
    command: str, description: str | None, *examples: str
) -> argparse.ArgumentParser:
    """Return a parser with the options that every command of a study has."""
    parser = CommandLine(command, description, *examples)
    parser.add_argument(
        "--directory",
        default=str(REPOSITORY),
        metavar="DIR",
        help="the study's folder (default: this repository)",
    )
    parser.add_argument(
        "--configfile",
        nargs="+",
        default=[],
        type=Path,
        metavar="FILE",
        help="files read after the study's config.yaml, over which they win",
    )
    return parser


def written_config(options: argparse.Namespace) -> dict[str, Any]:
    """Return the config of the study in which the command works from now on."""
    over = [read_mapping(path.absolute()) for path in options.configfile]
    if not Path(options.directory).is_dir():
        sys.exit(
            f"no folder {options.directory}; expected a study's folder; correct"
            " --directory"
        )
    # Paths of a config are relative to its study.
    os.chdir(options.directory)
    refuse_planted(Path.cwd())
    return study_config(merged(*over))


def in_one_line(
    work: Callable[[argparse.Namespace], None], options: argparse.Namespace
) -> None:
    """Do the work of a command; what is refused is one line each, and so is a fault of
    ours, with exit code 1.
    """
    word = first_word(Path(sys.argv[0]).stem)
    try:
        with one_line(prefix=""):
            work(options)
    finally:
        word.cancel()


def run_command(
    options: argparse.Namespace, work: Callable[[dict[str, Any]], None]
) -> None:
    """Run ``work`` on the checked config inside the study's folder."""
    in_one_line(
        lambda options: work(left_out_parts(checked_config(written_config(options)))),
        options,
    )
