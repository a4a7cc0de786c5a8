"""Run the study: complete Snakemake's command line, free a lock whose owner is gone,
and let Snakemake work.
"""

import argparse
import contextlib
import logging
import re
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import psutil

from engine import hooks
from engine.folder import (
    REPO,
    cache_somewhere,
    hold,
    lacks_records,
    own_temporary_folder,
    refuse_planted,
)
from engine.job import refusal
from engine.last_results import keep_last, keep_started
from engine.study import plain_data
from evenfield.shared.topics import read_topics
from evenfield.study.errors import nearest, one_line

# Snakemake looks on the path for what shows a run.
sys.path.append(str(Path(__file__).with_name("plugins")))
with contextlib.chdir(REPO):  # Snakemake imports from a folder below the current one
    from snakemake.cli import get_argument_parser
    from snakemake.cli import main as snakemake
    from snakemake.exceptions import CliException

    from engine import progress
COMMANDS = (
    "new add check list show why data rebuild diff schema test gate mutate clean package validate"
    " install lock"
).split()
CONTINUE = "; run the same command to continue"


def complete(words: Sequence[str]) -> tuple[Path, list[str]]:
    """Return the study's folder and Snakemake's whole command line."""
    parser = get_argument_parser()
    parser.prog = "run"
    parser.usage = "python3 run [TARGET ...] [OPTION ...]"
    name_meant(parser)
    try:
        given = parser.parse_args(list(words))
    except CliException as error:
        sys.exit(f"run: {one_line(str(error))}")
    study = Path(given.directory or REPO).absolute()
    if not given.configfile and not (study / "config.yaml").is_file():
        sys.exit(
            f"run: no config.yaml in {study}; expected a study; give its folder with"
            " --directory"
        )
    for name in ("cores", "jobs"):
        number = getattr(given, name)
        if isinstance(number, int) and number < 1:  # for which Snakemake would wait
            sys.exit(f"run: --{name} {number}; expected one at least; correct it")
    for path in given.configfile or ():  # Snakemake reads them before the Snakefile
        plain_data(str(path))
    triggers = []
    if given.snakefile is None:
        refuse_mistyped(given.targets)
        # Code is tracked by its content (`params.code`), not by the age of a clone.
        triggers = ["--rerun-triggers", "input", "mtime", "params", "software-env"]
    line = ["--logger", "evenfield", "--directory", str(study)]
    # Without it Snakemake takes options, which are Python, from the current folder.
    line += ["--workflow-profile", "none", *triggers]
    line += ["--snakefile", str(given.snakefile or REPO / "Snakefile")]
    if not given.profile:
        # Snakemake would ask for a number of cores.
        if given.cores is None and given.jobs is None:
            line += ["--cores", "all"]
        line += ["--latency-wait", "5", "--rerun-incomplete"]
        # Jobs by priority, without a solver's process at each choice.
        line += ["--scheduler", "greedy"]
    if lacks_records(study):
        sys.stderr.write(
            "results/ came without the records of what it was made from: everything is"
            " made again\n"
        )
        line += ["--forceall"]
    return study, [*line, *words]


def name_meant(parser: argparse.ArgumentParser) -> None:
    """Let the refusal of an option name the nearest one."""
    refuse = parser.error
    known = parser._option_string_actions

    def error(message: str) -> NoReturn:
        unknown = re.search(r"unrecognized arguments: ([^\s=]+)", message)
        meant = nearest(unknown[1], known, "") if unknown else ""
        refuse(f"{message}; {meant}" if meant else message)

    parser.error = error  # type: ignore[method-assign]


def refuse_mistyped(targets: Iterable[str]) -> None:
    """Stop at a bare word that is no rule: it was meant as a command."""
    sources = [REPO / "Snakefile", *(REPO / "workflow" / "rules").glob("*.smk")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    rules = set(re.findall(r"^\s*(?:rule|checkpoint) (\w+)", text, re.MULTILINE))
    for step in ("estimate", "exhibit"):
        rules |= {f"{step}_{topic}" for topic in read_topics()}
    for word in sorted(targets):
        if re.fullmatch(r"\w+", word) and word not in rules:
            meant = nearest(
                word,
                [*COMMANDS, *sorted(rules)],
                "python3 run --help lists the commands",
            )
            sys.exit(
                f"run: {word} is neither a command nor a rule; expected one, or a file;"
                f" {meant}"
            )


def interrupt(number: int, _: object) -> None:
    """Note that the user or the machine ends the run, stop the jobs and let Snakemake
    clean up.
    """
    progress.LogHandler.ended_by = number
    # What Snakemake was about to do is given up, without a trace of where it was.
    logging.getLogger("asyncio").disabled = True
    # A copy of the preloaded process is no child of Snakemake, so all are ended here.
    for job in psutil.Process().children(recursive=True):
        job.terminate()
    raise KeyboardInterrupt


def main(words: Sequence[str]) -> int | str | None:
    """Return the exit code of Snakemake, or the one line that the Snakefile stopped
    with.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, interrupt)
    hooks.install()
    logging.raiseExceptions = False  # Snakemake's own log may not fit on a full disk
    try:
        study, line = complete(words)
        refuse_planted(study)
        cache_somewhere(study)
        with hold(study), own_temporary_folder(study) as sources:
            # A full disk is for the jobs to tell; only `run diff` misses the copy.
            with contextlib.suppress(OSError):
                keep_started(study)
            try:
                snakemake([*sources, *line])
            finally:
                with contextlib.suppress(OSError):
                    keep_last(study)
    except SystemExit as stop:
        if not progress.LogHandler.ended_by:
            message = stop.code
            if isinstance(message, str):
                message = message.removeprefix("evenfield: ")
            return message
    except KeyboardInterrupt:
        pass
    except OSError as error:
        return f"run: {refusal(error) or error}"
    return ended()


def ended() -> int:
    """Say why the run ended early; return the exit code that tells the signal."""
    ended_by = signal.Signals(progress.LogHandler.ended_by or signal.SIGINT)
    reason = "interrupted" if ended_by == signal.SIGINT else f"ended by {ended_by.name}"
    if progress.LogHandler.unheard:
        reason = "the output cannot be written any more"
    sys.stderr.write(f"{reason}{CONTINUE}\n")
    return 128 + ended_by


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
