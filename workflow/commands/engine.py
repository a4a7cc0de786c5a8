"""Run the study: complete Snakemake's command line, free a lock whose owner is gone,
and let the engine work.
"""

import contextlib
import difflib
import fcntl
import logging
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import IO

import psutil

from evenfield.shared.job import refusal
from evenfield.shared.outputs import keep_last, keep_started
from evenfield.shared.preloaded import preloaded
from evenfield.shared.topics import read_topics
from evenfield.study.errors import first_examples

REPO = Path(__file__).resolve().parents[2]
with contextlib.chdir(REPO):  # the engine imports from a folder below the current one
    from snakemake import PIP_DEPLOYMENTS_PATH
    from snakemake.cli import get_argument_parser
    from snakemake.cli import main as snakemake
    from snakemake.dag import DAG
    from snakemake.persistence import PersistenceBase
    from snakemake.scheduling.job_scheduler import JobScheduler

    from snakemake_logger_plugin_evenfield import LogHandler
sys.path.remove(PIP_DEPLOYMENTS_PATH)
COMMANDS = "new add check list data diff schema test gate clean package validate install lock".split()
CONTINUE = "; run the same command to continue"
# Folders of the engine in which links are its own.
TEMPORARY = Path(".snakemake/tmp")
DEPLOYED = ("conda", "conda-archive", "shadow", "singularity", "storage")


def complete(words: Sequence[str]) -> tuple[Path, list[str], bool]:
    """Return the study's folder, the engine's whole command line, and whether jobs run
    on this machine.
    """
    parser = get_argument_parser()
    parser.prog, parser.usage = "run", "python3 run [TARGET ...] [OPTION ...]"
    given = parser.parse_args(list(words))
    study = Path(given.directory or REPO).absolute()
    if not given.configfile and not (study / "config.yaml").is_file():
        sys.exit(
            f"run: no config.yaml in {study}; expected a study; give its folder with"
            " --directory"
        )
    triggers = []
    if given.snakefile is None:
        refuse_mistyped(sorted(given.targets))
        # Code is tracked by its content (`params.code`), not by the age of a clone.
        triggers = ["--rerun-triggers", "input", "mtime", "params", "software-env"]
    line = ["--logger", "evenfield", "--directory", str(study)]
    # Without it the engine takes its options, which are Python, from the current folder.
    line += ["--workflow-profile", "none", *triggers]
    line += ["--snakefile", str(given.snakefile or REPO / "Snakefile")]
    if not given.profile:
        line += ["--cores", "all"] * (given.cores is None and given.jobs is None)
        line += ["--latency-wait", "5", "--rerun-incomplete"]
    return study, [*line, *words], not (given.profile or given.executor)


def refuse_mistyped(targets: Sequence[str]) -> None:
    """Stop at a bare word that is no rule: it was meant as a command."""
    sources = [REPO / "Snakefile", *(REPO / "workflow" / "rules").rglob("*.smk")]
    rules = set(
        re.findall(
            r"^\s*(?:rule|checkpoint) (\w+)",
            "\n".join(map(Path.read_text, sources)),
            re.MULTILINE,
        )
    )
    rules |= {
        f"{step}_{topic}" for step in ("estimate", "exhibit") for topic in read_topics()
    }
    for word in targets:
        if re.fullmatch(r"\w+", word) and word not in rules:
            nearest = difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0)[0]
            sys.exit(
                f"run: {word} is neither a command nor a rule; expected one, or a file;"
                f" did you mean {nearest}?"
            )


def refuse_planted(study: Path) -> None:
    """Stop where results or the engine's notes hold what no run of ours wrote: programs,
    or links through which a run would write elsewhere.
    """
    programs = study / PIP_DEPLOYMENTS_PATH
    if programs.exists():
        sys.exit(
            f"run: {programs} holds programs; expected a study, which holds none;"
            " remove the folder"
        )
    links = sorted(str(link.relative_to(study)) for link in links_below(study))
    if links:
        sys.exit(
            f"run: {len(links)} of the files that a run replaces"
            f" {'is a link' if len(links) == 1 else 'are links'}: {first_examples(links)};"
            " expected files; remove what no run has written"
        )


def links_below(study: Path) -> Iterator[Path]:
    """Yield the links among results and notes; the two folders may be links themselves,
    for example to a larger disk.
    """
    for top in ("results", ".snakemake"):
        for folder, folders, files in os.walk(study / top):
            for name in (*folders, *files):
                path = Path(folder, name)
                if path.is_symlink():
                    yield path
            folders[:] = [name for name in folders if name not in DEPLOYED]


def set_back_clock(study: Path) -> None:
    """Date results before now if some are from the future, as after unpacking an archive
    from another time zone; their order stays.
    """
    results = [
        Path(folder, name)
        for folder, _, names in os.walk(study / "results")
        for name in names
    ]
    dates = {path: path.stat().st_mtime_ns for path in results}
    ahead = max(dates.values(), default=0) - time.time_ns()
    if ahead > 0:
        with suppress(OSError):  # the engine then says which it cannot use
            for path, date in dates.items():
                os.utime(path, ns=(date - ahead, date - ahead))


async def accept_any_time(*_: object) -> None:
    """Take what a job wrote although its inputs are dated later: they may come from a
    machine whose clock is ahead.
    """


@contextlib.contextmanager
def own_temporary_folder(study: Path) -> Iterator[list[str]]:
    """Let the engine's temporary files stand in the study, and give the option for its
    copies of scripts: what a killed engine leaves there, the next one removes.
    """
    (study / TEMPORARY).mkdir(exist_ok=True)
    folder = tempfile.mkdtemp(dir=study / TEMPORARY)
    tempfile.tempdir = folder
    try:
        yield ["--runtime-source-cache-path", str(Path(folder, "sources"))]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hold(study: Path) -> IO[str]:
    """Hold a file for as long as this engine lives; remove Snakemake's lock and what a
    killed engine left if no other engine lives here.

    Snakemake's lock outlives an engine that was killed and does not name its owner. The
    file lock does not: the system drops it with its process. Engines started without
    `run` are found by their folder.
    """
    folder = study / ".snakemake"
    folder.mkdir(exist_ok=True)
    file = (folder / "engines").open("w", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(study / TEMPORARY, ignore_errors=True)
        set_back_clock(study)
        if any((folder / "locks").glob("*.lock")) and not others_at_work(study):
            shutil.rmtree(folder / "locks")
    except BlockingIOError:
        pass
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def others_at_work(study: Path) -> bool:
    """Whether a `snakemake` works in the study; jobs that outlived their engine are
    waited for.
    """
    jobs = []
    for process in psutil.process_iter(["cwd", "cmdline"]):
        words = process.info["cmdline"] or []
        if (
            process.info["cwd"] == str(study.resolve())
            and process.pid != psutil.Process().pid
        ):
            if any("/.snakemake/scripts/" in word for word in words):
                jobs.append(process)
            elif any(Path(word).name == "snakemake" for word in words):
                return True
    psutil.wait_procs(jobs)
    return False


def cache_somewhere(study: Path) -> None:
    """Let the libraries cache in the study where the user has no home that can be
    written.
    """
    try:
        (Path.home() / ".cache").mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        os.environ.setdefault("XDG_CACHE_HOME", str(study / ".snakemake" / "cache"))


def interrupt(number: int, _: object) -> None:
    """Note that the user or the machine ends the run, stop the jobs and let the engine
    clean up.
    """
    LogHandler.ended_by = number
    for job in psutil.Process().children(recursive=True):
        job.terminate()
    raise KeyboardInterrupt


def main(words: Sequence[str]) -> int | str | None:
    """Return the exit code of the engine, or the one line that the Snakefile stopped
    with.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, interrupt)
    # The engine's own answer to SIGTERM waits for jobs and does not say why it ends.
    JobScheduler.exit_gracefully = lambda _, *given: interrupt(*given)
    DAG.check_output_mtime = accept_any_time
    # No parameter of ours is a table, and the engine imports pandas to see whether one
    # is.
    PersistenceBase._serialize_param = PersistenceBase._serialize_param_builtin
    logging.raiseExceptions = False  # the engine's own log may not fit on a full disk
    try:
        study, line, local = complete(words)
        refuse_planted(study)
        cache_somewhere(study)
        with (
            preloaded() if local else nullcontext(),
            hold(study),  # after the jobs' process, which must not hold it
            own_temporary_folder(study) as sources,
        ):
            # A full disk is for the jobs to tell; only `run diff` misses the copy.
            with suppress(OSError):
                keep_started(study)
            try:
                snakemake([*sources, *line])
            finally:
                with suppress(OSError):
                    keep_last(study)
    except SystemExit as stop:
        if not LogHandler.ended_by:
            return (
                stop.code.removeprefix("evenfield: ")
                if isinstance(stop.code, str)
                else stop.code
            )
    except KeyboardInterrupt:
        pass
    except OSError as error:
        return f"run: {refusal(error) or error}"
    ended_by = signal.Signals(LogHandler.ended_by or signal.SIGINT)
    reason = "interrupted" if ended_by == signal.SIGINT else f"ended by {ended_by.name}"
    if LogHandler.unheard:
        reason = "the output cannot be written any more"
    sys.stderr.write(f"{reason}{CONTINUE}\n")
    return 128 + ended_by


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
