"""Studies beside a study: one is run as a job of the other, which then takes what it
shows. What was changed there by hand is made again, as in the study's own results.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from engine import hooks, preloaded
from engine.job import ended_by
from engine.outputs import keep_copy
from evenfield.shared.second_studies import second_exhibit
from evenfield.study.errors import SecondStudyError
from evenfield.study.files import copy_file, hash_file, read_json, write_text

PROGRAM = Path(__file__).with_name("main.py")
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


class RunError(SecondStudyError):
    """The line, or lines, with which the run of a study beside ended."""

    def __str__(self) -> str:
        return self.found


def run_study(folder: str, cores: int) -> None:
    """Run the study in a folder below this one."""
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[1])}
    for offer in preloaded.OFFERS:  # its jobs ask whom the jobs of this run ask
        environment[preloaded.SERVER_VARIABLE] = offer
    # What it prints goes to the log of this run.
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            str(PROGRAM),
            "--directory",
            folder,
            "--cores",
            f"{cores}",
        ],
        env=environment,
        preexec_fn=end_with_parent,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    sys.stderr.write(done.stderr)
    if done.returncode < 0:
        raise RunError(f"{folder}: the run {ended_by(-done.returncode)}", "", "")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise RunError(f"{folder}: {lines[-1]}", "", "")


def end_with_parent() -> None:
    """Let a run end when the job that started it ends, however that is."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGTERM)


def take(folder: str, manifest: str, files: Iterable[str]) -> None:
    """Copy the manifest of a study that has run, and tables and figures of it under
    their names here.
    """
    results = Path(folder, "results")
    for path in files:
        name, dot, ending = Path(path).name.partition(".")
        exhibit, study = second_exhibit(name)
        kind = Path(path).parent.name  # tables or figures
        source = results / kind / f"{exhibit}{dot}{ending}"
        if not source.is_file():
            raise SecondStudyError(
                f"{kind}: {folder} makes no {exhibit}",
                "a table or figure of that study",
                f"correct the name in {kind}, or add it to those of that study",
            )
        if ending == "html":
            text = source.read_text(encoding="utf-8")
            write_text(named_here(text, exhibit, study), path)
        else:
            copy_file(source, path)
    copy_file(results / "manifest.json", manifest)


def named_here(table: str, exhibit: str, study: str) -> str:
    """Return a table of a study beside with the ids that this study uses for the table
    and for the estimates in its cells.
    """
    table = table.replace(f'<table id="{exhibit}"', f'<table id="{exhibit}-{study}"', 1)
    return table.replace(' data-estimate="', f' data-estimate="{study}.')


def mark_second_changed(folders: Mapping[str, str]) -> None:
    """Mark the record of a study beside whose results are not those that were taken."""
    for study, folder in folders.items():
        record = Path("results/beside", f"{study}.json")
        if record.is_file() and not taken(Path(folder, "results"), record):
            # A study that cannot be written is not run either.
            with contextlib.suppress(OSError):
                # It is whole itself, so a run that fails there gives it back.
                keep_copy(record)
                hooks.mark_half(record)


def taken(results: Path, record: Path) -> bool:
    """Whether the results of a study are whole and those that its record names."""
    manifest = results / "manifest.json"
    if not manifest.is_file() or hash_file(manifest) != hash_file(record):
        return False
    hashes = read_json(record)["results"]
    return all(
        (results / name).is_file() and hash_file(results / name) == digest
        for name, digest in hashes.items()
    )
