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

from evenfield.shared.outputs import record_outputs
from evenfield.shared.preloaded import hand_over
from evenfield.study.errors import EvenfieldError, one_line
from evenfield.study.files import write_text

PREFIX = "evenfield: "
FOLDERS = {str(Path(__file__).parents[3]): "evenfield", sys.prefix: "environment"}
REFUSED = {
    getattr(errno, name)
    for name in (
        "ENOSPC EDQUOT EFBIG EACCES EPERM EROFS EMFILE ENFILE ENOMEM EIO".split()
    )
}
RIGHTS = "give yourself the right (chmod -R u+w results .snakemake)"
ACTIONS = {
    errno.EACCES: RIGHTS,
    errno.EPERM: RIGHTS,
    errno.EROFS: "copy the study to where you may write",
    errno.ENOMEM: "use fewer --cores",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "raise the limit of open files (ulimit -n)",
    errno.EIO: "look after the disk",
}


def enter(job: Any, main: Callable[..., None]) -> None:
    """Run ``main`` with the job's named inputs, outputs and parameters; ``code`` and
    ``tracked`` only rerun it.

    Seconds, processor seconds and memory of the job stand in ``results/benchmarks/``;
    no result reads them.
    """
    log = Path(job.log[0])
    hand_over(lambda number: note_end(job.rule, log, number))
    with contextlib.chdir(sys.prefix):  # it reads settings from the current folder
        import_module("matplotlib")
    gc.set_threshold(
        50_000
        # jobs are short: to look for circular garbage more often costs more than it frees
    )
    started = time.perf_counter()
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("", encoding="utf-8")
    named = {
        **dict(job.input.items()),
        **dict(job.output.items()),
        **dict(job.params.items()),
    }
    try:
        main(
            **{
                name: value
                for name, value in named.items()
                if name not in ("code", "data_hash", "tracked")
            }
        )
        record_outputs(job.output)
        used = resource.getrusage(resource.RUSAGE_SELF)
        record = f"{time.perf_counter() - started:.2f}\t{used.ru_utime + used.ru_stime:.2f}\t{used.ru_maxrss / 1024:.0f}"
        write_text(
            f"s\tcpu_s\tmax_rss_mb\n{record}\n",
            log.parents[1] / "benchmarks" / f"{log.stem}.tsv",
        )
    except EvenfieldError as error:
        log.write_text(f"{error}\n", encoding="utf-8")
        sys.exit(f"{PREFIX}{error}")
    except Exception as error:
        if refused := refusal(error):
            with contextlib.suppress(OSError):
                log.write_text(f"{refused}\n", encoding="utf-8")
            sys.exit(f"{PREFIX}{refused}")
        log.write_text(without_places(traceback.format_exc()), encoding="utf-8")
        line = f"{type(error).__name__} {one_line(str(error))[:200]}".strip()
        sys.exit(
            f"{PREFIX}{job.rule}: {line}; this is a fault of evenfield; please report"
            f" {log}"
        )


def note_end(rule: str, log: Path, number: int) -> None:
    """Leave the line of a job that was ended by a signal."""
    known = {int(item): item.name for item in signal.Signals}
    remedies: dict[int, str] = {
        signal.SIGKILL: "memory for it; use fewer --cores, then run the same command",
        signal.SIGTERM: "time for it; run the same command",
    }
    expected = remedies.get(number, "a job that ends by itself; report it")
    name = known.get(number, f"signal {number}")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(
        f"{rule}: the job was ended by {name}; expected {expected}\n", encoding="utf-8"
    )


def refusal(error: BaseException) -> str:
    """Say in one line what the machine refused to any program: room, a permission,
    memory; else nothing.
    """
    if (
        not isinstance(error, MemoryError)
        and getattr(error, "errno", None) not in REFUSED
    ):
        return ""
    file_name = getattr(error, "filename", None)
    reason = f"{getattr(error, 'strerror', '') or 'out of memory'}{f' ({file_name})' if file_name else ''}"
    number = getattr(error, "errno", None) or errno.ENOMEM
    action = ACTIONS.get(number, "make room")
    return (
        f"the machine refused: {reason}; expected room, memory and permission to write;"
        f" {action}, then run the same command"
    )


def without_places(text: str) -> str:
    """Name files in a log from the study, the repository or the environment on, and no
    user or host.
    """
    for folder, word in sorted(
        {f"{Path.cwd()}/": "", **FOLDERS}.items(), key=lambda item: -len(item[0])
    ):
        text = text.replace(folder, word)
    return re.sub(r"(?m)^  (?:Host|User): .*\n", "", text)
