"""What jobs wrote stays whole: its hashes tell a later change, and a job that fails
gives back what it replaced.
"""

import atexit
import contextlib
import hashlib
import os
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evenfield.study.files import write_json, write_text

HASHES = Path(".snakemake/evenfield/hashes")
EARLIER = Path(".snakemake/evenfield/earlier")
INCOMPLETE = Path(".snakemake/incomplete")  # the engine's marks
# What `run` keeps of the results that it is about to replace, and where.
COPIED = ("manifest.json", "estimates.csv", "answers.csv", "ingest/*.csv")
LAST = Path(".snakemake/last_results")
STARTED = Path(".snakemake/started_results")


def hash_file(path: str | Path) -> str:
    """Return the SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def record_outputs(paths: Iterable[str]) -> None:
    """Note the hashes of the files that a job has just written."""
    for path in filter(os.path.isfile, paths):
        write_text(hash_file(path), HASHES / path)


def mark_changed() -> None:
    """Mark files that are not as their job wrote them as incomplete, so that the engine
    makes them again.
    """
    for record in sorted(path for path in HASHES.rglob("*") if path.is_file()):
        path = record.relative_to(HASHES)
        if path.is_file() and hash_file(path) != record.read_text(encoding="utf-8"):
            with contextlib.suppress(
                OSError
            ):  # a study that cannot be written is not run either
                write_json(
                    {"external_jobid": None},
                    INCOMPLETE / urlsafe_b64encode(str(path).encode()).decode(),
                )


def keep_earlier(workflow: Any) -> None:
    """Keep what the engine deletes before its jobs start; whatever then is missing at
    the end is put back.

    With a file goes the engine's record of how it was made, so that the next run sees
    the same reasons to make it.
    """
    if not workflow.is_main_process:
        return
    files = [
        file
        for job in workflow.dag.needrun_jobs()
        for file in job.output
        if Path(file).is_file()
    ]
    half = workflow.persistence._filter_incomplete_keys(map(str, files))
    records = {
        str(file): workflow.persistence.metadata(file)
        for file in files
        if str(file) not in half
    }
    for path in records:
        held = EARLIER / path
        held.parent.mkdir(parents=True, exist_ok=True)
        held.unlink(missing_ok=True)
        _link(Path(path), held)
    atexit.register(_put_back, Path.cwd(), workflow.persistence, records)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _put_back(study: Path, persistence: Any, records: dict[str, Any]) -> None:
    """Put back what is missing or half; a file that only a killed run before knew of is
    marked to be made again.
    """
    with contextlib.chdir(study):
        held = {
            str(path.relative_to(EARLIER)): path
            for path in EARLIER.rglob("*")
            if path.is_file()
        }
        half = persistence._filter_incomplete_keys(held)
        for path in sorted(held):
            if path in half or not Path(path).exists():
                if records.get(path) is None:
                    persistence._mark_incomplete(path, None)
                else:
                    persistence._write_record(path, records[path])
                    persistence._unmark_incomplete(path)
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                held[path].replace(path)
        shutil.rmtree(EARLIER, ignore_errors=True)


def keep_started(study: Path) -> None:
    """Copy what tells results apart before a run; an interrupted run goes on from the
    copy that it has.
    """
    if (study / "results" / "manifest.json").is_file() and not (
        study / STARTED
    ).exists():
        paths = [
            path
            for pattern in COPIED
            for path in sorted((study / "results").glob(pattern))
        ]
        part = study / STARTED.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        for path in paths:
            copy = part / path.relative_to(study / "results")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        part.replace(study / STARTED)


def keep_last(study: Path) -> None:
    """After a finished run, keep the results that it replaced; drop the copy if the run
    changed nothing.
    """
    paths = [path for path in sorted((study / STARTED).rglob("*")) if path.is_file()]
    now = {
        path: study / "results" / path.relative_to(study / STARTED) for path in paths
    }
    moved = [
        path
        for path, new in now.items()
        if not new.is_file() or new.read_bytes() != path.read_bytes()
    ]
    if study / STARTED / "manifest.json" in moved:
        shutil.rmtree(study / LAST, ignore_errors=True)
        (study / STARTED).replace(study / LAST)
    elif not moved:
        shutil.rmtree(study / STARTED, ignore_errors=True)
