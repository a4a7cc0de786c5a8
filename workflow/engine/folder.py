"""The folder of a study before and during a run: nothing planted, no lock left behind,
temporary files of its own.
"""

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil

from engine.hooks import COPIED_SCRIPT, INCOMPLETE, LOCKS
from engine.outputs import files_below
from evenfield.shared.second_studies import NO_LINKS, told
from evenfield.study.files import NOTES, kept_file, own_place, planted

REPO = Path(__file__).resolve().parents[2]
PLUGINS = NOTES / "pip-deployments"
TEMPORARY = NOTES / "tmp"
RECORDS = NOTES / "metadata"
ENGINES = NOTES / "engines"  # held by every run that lives
HELD = (ENGINES, LOCKS, TEMPORARY)


def refuse_planted(study: Path) -> None:
    """Stop where results or Snakemake's notes hold what no run of ours wrote: programs,
    or links through which a run would write elsewhere.
    """
    programs = study / PLUGINS
    if programs.exists():
        sys.exit(
            f"run: {programs} holds programs; expected a study, which holds none;"
            " remove the folder"
        )
    # The results of the study that is run may stand elsewhere, as on a larger disk.
    found = [path for path in planted(study) if path != study / "results"]
    if found:
        expected, action = NO_LINKS
        sys.exit(f"run: {told(found, study)}; expected {expected}; {action}")


@contextlib.contextmanager
def own_temporary_folder(study: Path) -> Iterator[list[str]]:
    """Let temporary files stand in the study, and give the option for copies of
    scripts: what a killed run leaves there, the next one removes.
    """
    own_place(TEMPORARY, study).mkdir(exist_ok=True)
    folder = tempfile.mkdtemp(dir=study / TEMPORARY)
    tempfile.tempdir = folder
    try:
        yield ["--runtime-source-cache-path", str(Path(folder, "sources"))]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hold(study: Path) -> IO[str]:
    """Hold a file for as long as this run lives; remove Snakemake's lock and what a
    killed run left if no other run lives here.

    Snakemake's lock outlives a run that was killed and does not name its owner. The
    file lock does not: the system drops it with its process. Snakemakes started without
    `run` are found by their folder.
    """
    own_place(NOTES, study).mkdir(exist_ok=True)
    file = kept_file(study / ENGINES)
    # Alone: clean up. Others live here: share the file.
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(study / TEMPORARY, ignore_errors=True)
        set_back_clock(study)
        if locked(study) and not others_at_work(study):
            shutil.rmtree(study / LOCKS)
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def locked(study: Path) -> bool:
    """Whether Snakemake holds a lock on the study."""
    return any((study / LOCKS).glob("*.lock"))


def set_back_clock(study: Path) -> None:
    """Date results before now if some are from the future, as after unpacking an archive
    from another time zone; their order stays.
    """
    dates = {path: path.stat().st_mtime_ns for path in files_below(study / "results")}
    ahead = max(dates.values(), default=0) - time.time_ns()
    if ahead > 0:
        with contextlib.suppress(OSError):  # Snakemake then says which it cannot use
            for path, date in dates.items():
                os.utime(path, ns=(date - ahead, date - ahead), follow_symlinks=False)


def lacks_records(study: Path) -> bool:
    """Whether results stand there without Snakemake's records of what they were made
    from, by which it would see that they are old; a run that was stopped in its first
    job has left marks of half files, or logs alone.
    """
    known = [study / folder for folder in (RECORDS, INCOMPLETE)]
    if any(any(folder.glob("*")) for folder in known):
        return False
    results = study / "results"
    others = (results / "README.md", results / "logs", results / "benchmarks")
    return any(
        not any(path.is_relative_to(other) for other in others)
        for path in files_below(results)
    )


def others_at_work(study: Path) -> bool:
    """Whether a `snakemake` works in the study; jobs that outlived theirs are waited
    for.
    """
    jobs = []
    for process in psutil.process_iter(["cwd", "cmdline"]):
        words = process.info["cmdline"] or []
        here = process.info["cwd"] == str(study.resolve())
        if not here or process.pid == os.getpid():
            continue
        if any(COPIED_SCRIPT in word for word in words):
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
        os.environ.setdefault("XDG_CACHE_HOME", str(study / NOTES / "cache"))
