"""A copy of what tells the results of two runs apart, for `run diff`."""

import shutil
from pathlib import Path

from engine.outputs import files_below
from evenfield.study.files import copy_file, new_folder

COPIED = ("manifest.json", "estimates.csv", "answers.csv", "ingest/*.csv")
LAST = Path(".snakemake/last_results")
STARTED = Path(".snakemake/started_results")


def keep_started(study: Path) -> None:
    """Copy the results before a run; an interrupted run goes on from the copy that it
    has.
    """
    results = study / "results"
    if not (results / "manifest.json").is_file() or (study / STARTED).exists():
        return
    # Whole or not at all.
    part = new_folder(STARTED.with_suffix(".part"), study)
    for pattern in COPIED:
        for path in results.glob(pattern):
            copy_file(path, part / path.relative_to(results), study)
    part.replace(study / STARTED)


def keep_last(study: Path) -> None:
    """After a finished run, keep the results that it replaced; drop the copy if the run
    changed nothing.
    """
    started = study / STARTED
    changed = [
        path
        for path in files_below(started)
        if not same_bytes(path, study / "results" / path.relative_to(started))
    ]
    # Changes under an old manifest are of a run that was cut off: its copy stays.
    if started / "manifest.json" in changed:
        shutil.rmtree(study / LAST, ignore_errors=True)
        started.replace(study / LAST)
    elif not changed:
        shutil.rmtree(started, ignore_errors=True)


def same_bytes(path: Path, other: Path) -> bool:
    """Whether another file is there and holds the same bytes."""
    return other.is_file() and other.read_bytes() == path.read_bytes()
