"""Check config, texts and data and compute nothing: every fault in one line,
by file.
"""

import argparse
import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from study import arguments, in_one_line, written_config

if TYPE_CHECKING:
    from evenfield.report.plan import Plan


def check(options: argparse.Namespace) -> None:
    """Say what is in order, or all that a run would refuse."""
    from evenfield.report.check import check_plan, planned

    written = json.load(sys.stdin) if options.stdin else written_config(options)
    plan = planned(written)
    lines = check_plan(plan)
    if not options.stdin:  # what only the results of a run can tell
        if last_run_is_whole(plan):
            refuse_repeated_checks(plan)
            refuse_numbers(plan)
        refuse_sentences(plan)
    print("\n".join(lines))


def refuse_sentences(plan: "Plan") -> None:
    """Refuse sentences of the study's own texts that say all, never or largest without
    a condition, which a run writes all the same, and numbers in words of another unit
    than the last run has shown.
    """
    from evenfield.report.context import lookups
    from evenfield.report.prose import Prose, read_texts
    from evenfield.study.errors import Faults

    faults = Faults()
    texts, references = read_texts(plan.texts, faults, plan.config["study"])
    prose = Prose(texts, lookups(plan.config, "results"), references)
    faults += prose.sentence_faults()
    faults.refuse()


def last_run_is_whole(plan: "Plan") -> bool:
    """Say whether the study and those beside it have estimates of this version."""
    from evenfield.shared.estimates import ESTIMATE_COLUMNS
    from evenfield.shared.second_studies import second_results

    folders = [Path("results"), *second_results(plan.config).values()]
    files = [folder / "estimates.csv" for folder in folders]
    if not all(file.is_file() for file in files):
        return False
    with files[0].open(encoding="utf-8") as lines:
        return set(ESTIMATE_COLUMNS) <= set(lines.readline().strip().split(","))


def refuse_repeated_checks(plan: "Plan") -> None:
    """Refuse checks of claims that the last run has shown to repeat another row; a run
    refuses them from its own estimates.
    """
    from evenfield.answers.checks import equal_checks
    from evenfield.answers.spec import read_claims
    from evenfield.shared.estimates import read_estimates
    from evenfield.shared.second_studies import with_second_estimates
    from evenfield.study.errors import Faults

    own = read_estimates("results/estimates.csv")
    estimates = with_second_estimates(own, plan.config)
    Faults(equal_checks(estimates, read_claims(plan.config))).refuse()


def refuse_numbers(plan: "Plan") -> None:
    """Refuse numbers whose formula gives none with those of the last run, and sentences
    that its numbers no longer support; a run refuses them from its own.
    """
    from evenfield.report.last_run import broken_sentences
    from evenfield.report.numbers import numbers_of_last_run
    from evenfield.study.errors import Faults

    numbers, faults = numbers_of_last_run(plan.config, "results")
    faults.refuse()
    Faults(broken_sentences(plan.config, plan.texts, numbers)).refuse()


if __name__ == "__main__":
    # A check is short and keeps what it makes: looking for waste would find none.
    gc.disable()
    parser = arguments(
        "check", __doc__, "check", "check --directory examples/us-states"
    )
    parser.add_argument(
        "--stdin",
        action="store_true",
        help="a config as JSON on standard input, as a run gives it",
    )
    in_one_line(check, parser.parse_args())
