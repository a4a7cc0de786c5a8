"""The command line of every command: its usage, a line for each option, an example, and
the nearest name of what is misspelt.
"""

import argparse
import re
from typing import NoReturn

from evenfield.study.errors import nearest

UNKNOWN = re.compile(r"unrecognized arguments: (?P<word>\S+)")
NO_CHOICE = re.compile(r"invalid choice: '(?P<word>[^']*)' \(choose from (?P<all>.*)\)")


class CommandLine(argparse.ArgumentParser):
    """The parser of a command of `run`; ``examples`` are what follows `python3 run`."""

    def __init__(self, command: str, description: str | None, *examples: str) -> None:
        lines = [f"  python3 run {example}" for example in examples]
        super().__init__(
            prog=f"run {command}",
            description=description,
            epilog="\n".join(["examples:", *lines]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        """End with the usage and one line, which names what is meant if that is near."""
        meant = ""
        if unknown := UNKNOWN.search(message):
            word = unknown["word"].partition("=")[0]
            meant = nearest(word, self._option_string_actions, "")
        elif wrong := NO_CHOICE.search(message):
            choices = [choice.strip("' ") for choice in wrong["all"].split(",")]
            meant = nearest(wrong["word"], choices, "")
        super().error(f"{message}; {meant}" if meant else message)
