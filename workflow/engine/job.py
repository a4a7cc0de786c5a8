"""How a script of the workflow runs: the log first, then the work, and one place where
an error becomes one line.
"""

import contextlib
import errno
import gc
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.at_work import telling
from engine.outputs import record_outputs
from evenfield.study.errors import EvenfieldError, one_line, shortened
from evenfield.study.files import write_text

PREFIX = "evenfield: "
FOLDERS = {str(Path(__file__).parents[2]): "evenfield", sys.prefix: "environment"}
# Inputs and parameters that only say when a job is to run again.
TRIGGERS = ("code", "data_hash", "tracked")
ROOM = "make room"
RIGHTS = "give yourself the right (chmod -R u+w results .snakemake)"
OPEN_FILES = "raise the limit of open files (ulimit -n)"
# What a machine may refuse to any program, and what a user can do.
ACTIONS = {
    errno.ENOSPC: ROOM,
    errno.EDQUOT: ROOM,
    errno.EFBIG: ROOM,
    errno.EACCES: RIGHTS,
    errno.EPERM: RIGHTS,
    errno.EROFS: "copy the study to where you may write",
    errno.ENOMEM: "use fewer --cores",
    errno.EMFILE: OPEN_FILES,
    errno.ENFILE: OPEN_FILES,
    errno.EIO: "look after the disk",
}
# What is wrong with a path, whoever asks for it.
PATHS = {
    errno.ENAMETOOLONG: "give it a shorter name",
    errno.ELOOP: "remove the link that leads to itself",
    errno.ENOTDIR: "remove the file where a folder belongs",
    errno.EEXIST: "remove what stands there",
    errno.ENOTEMPTY: "remove what stands there",
}
PROCESSOR = (
    "processor time for it; raise the limit (ulimit -t), then run the same command"
)
ENDED: dict[int, str] = {
    signal.SIGKILL: "memory for it; use fewer --cores, then run the same command",
    signal.SIGXCPU: PROCESSOR,
    signal.SIGTERM: "time for it; run the same command",
}


def work(job: Any, main: Callable[..., None]) -> None:
    """Run ``main`` with the job's named inputs, outputs and parameters but those that
    only rerun it.
    """
    log = Path(job.log[0])
    with contextlib.chdir(sys.prefix):  # it reads settings from the current folder
        import_module("matplotlib")
    # Jobs are short: looking for circular garbage more often costs more than it frees.
    gc.set_threshold(50_000)
    started = time.perf_counter()
    write_text("", log)
    named = {
        **dict(job.input.items()),
        **dict(job.output.items()),
        **dict(job.params.items()),
    }
    # Snakemake compares them; the work does not read them.
    for name in TRIGGERS:
        named.pop(name, None)
    try:
        with telling(log):
            main(**named)
        record_outputs(job.output)
        note_use(log, time.perf_counter() - started)
    except EvenfieldError as error:
        write_text(f"{error}\n", log)
        sys.exit(f"{PREFIX}{error}")
    except Exception as error:
        refused = refusal(error)
        if refused:
            with contextlib.suppress(OSError):
                write_text(f"{refused}\n", log)
            sys.exit(f"{PREFIX}{refused}")
        write_text(without_places(traceback.format_exc()), log)
        line = f"{type(error).__name__} {one_line(str(error))[:200]}".strip()
        sys.exit(
            f"{PREFIX}{job.rule}: {line}; this is a fault of evenfield; please report"
            f" {log}"
        )


def note_use(log: Path, elapsed: float) -> None:
    """Write what a job took into ``results/benchmarks/``; no result reads it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    # Linux counts the largest memory in kilobytes.
    record = f"{elapsed:.2f}\t{cpu:.2f}\t{used.ru_maxrss / 1024:.0f}"
    path = log.parents[1] / "benchmarks" / f"{log.stem}.tsv"
    write_text(f"s\tcpu_s\tmax_rss_mb\n{record}\n", path)


def note_end(rule: str, log: Path, number: int) -> None:
    """Leave the line of a job that was ended by a signal."""
    write_text(f"{rule}: the job {ended_by(number)}\n", log)


def ended_by(number: int) -> str:
    """Say which signal ended a process, zero where none is known, and what it would have
    needed.
    """
    if not number:
        return (
            "ended and nobody can say how; expected time for it; run the same command"
        )
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    limit, _ = resource.getrlimit(resource.RLIMIT_CPU)
    if name == "SIGKILL" and limit != resource.RLIM_INFINITY:
        number = signal.SIGXCPU  # after which the system kills
    expected = ENDED.get(number, "a job that ends by itself; report it")
    return f"was ended by {name}; expected {expected}"


def refusal(error: BaseException) -> str:
    """Say in one line what the machine refused to any program: room, a permission,
    memory; else nothing.
    """
    number = getattr(error, "errno", None)
    if isinstance(error, MemoryError):
        number = errno.ENOMEM
    if number == errno.EISDIR:
        name = getattr(error, "filename2", None) or getattr(error, "filename", "")
        return (
            f"{name or 'a result'} is a folder where a file belongs; expected what a run"
            " makes; remove it, then run the same command"
        )
    reason = getattr(error, "strerror", "") or "out of memory"
    file_name = getattr(error, "filename", None)
    if file_name:
        reason += f" ({shortened(str(file_name))})"
    if number in PATHS:
        return (
            f"the machine refused: {reason}; expected a path that it takes;"
            f" {PATHS[number]}, then run the same command"
        )
    if number not in ACTIONS:
        return ""
    return (
        f"the machine refused: {reason}; expected room, memory and permission to write;"
        f" {ACTIONS[number]}, then run the same command"
    )


def without_places(text: str) -> str:
    """Name files in a log from the study, the repository or the environment on, and no
    user or host.
    """
    # The machine of a user is nobody's business: logs are sent with reports.
    words = {f"{Path.cwd()}/": "", **FOLDERS}
    for folder in sorted(words, key=len, reverse=True):  # the longest that fits
        text = text.replace(folder, words[folder])
    return re.sub(r"(?m)^  (?:Host|User): .*\n", "", text)
