"""What jobs wrote stays whole: its hashes tell a later change, and a job that fails
gives back what it replaced.
"""

import atexit
import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine import hooks
from evenfield.study.errors import PlaceError
from evenfield.study.files import copy_file, hash_file, own_place, write_text

# Below the notes of Snakemake, so that one folder holds all that runs remember.
HASHES = Path(".snakemake/evenfield/hashes")
EARLIER = Path(".snakemake/evenfield/earlier")


def record_outputs(paths: Iterable[str]) -> None:
    """Note the hashes of the files that a job has just written."""
    for path in filter(os.path.isfile, paths):
        write_text(hash_file(path), HASHES / path)


def mark_changed() -> None:
    """Mark files that are not as their job wrote them, so that they are made again."""
    for record in files_below(HASHES):
        path = record.relative_to(HASHES)
        if path.is_file() and hash_file(path) != record.read_text(encoding="utf-8"):
            # A study that cannot be written is not run either.
            with contextlib.suppress(OSError):
                hooks.mark_half(path)


def keep_earlier(workflow: Any) -> None:
    """Keep what Snakemake deletes before its jobs start; whatever then is missing at
    the end is put back.

    With a file goes the record of how it was made, so that the next run sees the same
    reasons to make it.
    """
    records = hooks.records(workflow)
    for path in records:
        keep_copy(path)
    # Also after an interrupt; only SIGKILL leaves it to the next run.
    atexit.register(_put_back, Path.cwd(), workflow.persistence, records)


def keep_copy(path: str | Path) -> None:
    """Keep a file as it is before its job starts."""
    copy = own_place(EARLIER / path)
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.unlink(missing_ok=True)
    try:
        os.link(path, copy)
    except OSError:  # a file system without hard links
        copy_file(Path(path), copy)
        shutil.copystat(path, copy)


def _put_back(study: Path, persistence: object, records: dict[str, object]) -> None:
    """Put back what is missing or half; a file that only a killed run before knew of is
    marked to be made again.
    """
    with contextlib.chdir(study):
        copies = {str(path.relative_to(EARLIER)): path for path in files_below(EARLIER)}
        half = hooks.half_files(persistence, copies)
        for path, copy in copies.items():
            if path not in half and Path(path).exists():
                continue
            with contextlib.suppress(PlaceError):  # a copy that no run has kept
                place = own_place(path)
                hooks.restore_record(persistence, path, records.get(path))
                place.parent.mkdir(parents=True, exist_ok=True)
                copy.replace(place)
        shutil.rmtree(EARLIER, ignore_errors=True)


def files_below(folder: Path) -> list[Path]:
    """Return all files below a folder, in order, without links."""
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    )
