"""The only functions that touch what Snakemake does not promise.

`hooks.yaml` beside this file lists what they rely on, why, and what happens without it.
"""

import os
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from evenfield.study.files import NOTES, write_json

# Snakemake's marks of files that are half written, and its locks of a run.
INCOMPLETE = NOTES / "incomplete"
LOCKS = NOTES / "locks"
# Part of the command line of each job: the copy of its script lies there.
COPIED_SCRIPT = f"/{NOTES}/scripts/"


def install() -> None:
    """Set what holds for a whole run that `run` starts."""
    from snakemake import PIP_DEPLOYMENTS_PATH

    # No plugins from a folder of the study, which may be a stranger's.
    sys.path.remove(PIP_DEPLOYMENTS_PATH)


def accept_clocks_ahead() -> None:
    """Let inputs come from a machine whose clock is ahead."""
    from snakemake.dag import DAG

    DAG.check_output_mtime = accept_any_time


async def accept_any_time(*_: object) -> None:
    """Take what a job wrote although its inputs are dated later."""


def hash_inputs_once() -> None:
    """Take the hash of a file from the last time while its size and time are the same."""
    from snakemake.io import _IOFile

    read = _IOFile.checksum
    known: dict[tuple[object, ...], str | None] = {}

    async def checksum(file: Any, *options: Any, **named: Any) -> str | None:
        path = Path(file)
        if not path.is_file():
            return cast("str | None", await read(file, *options, **named))
        state = path.stat()
        content = (path, state.st_ino, state.st_size, state.st_mtime_ns)
        key = (*content, *options, *sorted(named.items()))
        if key not in known:
            known[key] = await read(file, *options, **named)
        return known[key]

    _IOFile.checksum = checksum


def start_jobs_at_any_rate(workflow: Any) -> None:
    """Take away the limit on starts of jobs, which looks at every waiting job and its
    inputs again a second after each look.
    """
    workflow.scheduler.job_rate_limiter = None


def is_module(workflow: Any) -> bool:
    """Whether another workflow uses this one with a config of its own."""
    return bool(workflow.modifier.skip_configfile)


def is_local(workflow: Any) -> bool:
    """Whether jobs run on this machine, as processes of this user."""
    return bool(workflow.local_exec)


def records(workflow: Any) -> dict[str, object]:
    """Return the outputs that jobs are about to replace, each with Snakemake's record
    of how it was made; files whose job did not end have none.
    """
    outputs = list[Any]()
    for job in workflow.dag.needrun_jobs():
        outputs += filter(os.path.isfile, job.output)
    half_written = half_files(workflow.persistence, map(str, outputs))
    whole = [file for file in outputs if str(file) not in half_written]
    return {str(file): workflow.persistence.metadata(file) for file in whole}


def half_files(persistence: Any, paths: Iterable[str]) -> set[str]:
    """Return the files whose job did not end."""
    return set(persistence._filter_incomplete_keys(paths))


def restore_record(persistence: Any, path: str, record: object) -> None:
    """Say how a file was made; without a record it is to be made again."""
    if record is None:
        persistence._mark_incomplete(path, None)
    else:
        persistence._write_record(path, record)
        persistence._unmark_incomplete(path)


def mark_half(path: Path) -> None:
    """Mark a file as half written, before Snakemake has opened its records."""
    name = urlsafe_b64encode(str(path).encode()).decode()
    write_json({"external_jobid": None}, INCOMPLETE / name)
