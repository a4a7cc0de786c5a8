"""Check config, texts and data in seconds and compute nothing: every fault in one line,
by file.
"""

import argparse
import json
import sys

from engine.preloaded import hand_over
from study import arguments, in_one_line, written_config


def check(options: argparse.Namespace) -> None:
    """Say what is in order, or all that a run would refuse."""
    from evenfield.report.check import check_study

    written = json.load(sys.stdin) if options.stdin else written_config(options)
    print("\n".join(check_study(written)))


if __name__ == "__main__":
    hand_over()  # to a process that has the libraries loaded, in a run
    parser = arguments(str(__doc__))
    parser.add_argument(
        "--stdin",
        action="store_true",
        help="a config as JSON on standard input, as a run gives it",
    )
    in_one_line(check, parser.parse_args())
