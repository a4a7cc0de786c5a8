"""Snakemake's logger plugin `evenfield`: progress in lines, one line for an error, all
else in results/logs/run.log.
"""

import errno
import os
import re
import shutil
import signal
import sys
import threading
import time
from contextlib import suppress
from logging import LogRecord
from pathlib import Path
from typing import Any, ClassVar, TextIO

from snakemake.logging import logger
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

LOG = Path("results/logs/run.log")
RESULTS = {
    "page": "results/report/index.html",
    "paper": "results/report/paper.pdf",
    "tables": "results/tables",
    "estimates": "results/estimates.csv",
    "manifest": "results/manifest.json",
}
PREFIX = "evenfield: "
FULL = 10**6  # bytes: with fewer left, a job that says nothing could not write


class LogHandler(LogHandlerBase):
    """Shows a run; a question to the engine (a dry run, a list) is answered in the
    engine's own words.
    """

    ended_by: ClassVar[int] = 0  # a signal, set by the program that started the engine
    unheard: ClassVar[bool] = False  # whether standard output was closed or is full
    writes_to_stream = True
    writes_to_file = False
    has_filter = has_formatter = needs_rulegraph = False

    def __post_init__(self) -> None:
        """Start with nothing known; the engine changes into the study's folder later."""
        self.home, self.started = Path.cwd(), time.monotonic()
        self.early: list[
            str
        ] = []  # what the engine said before the first job, or before an answer
        self.log: TextIO | None = None
        self.executes = False
        self.error = self.job_error = (
            ""  # the engine's, and the first failing job's, which explains it
        )
        self.refused = ""  # what keeps even the log from being written
        self.running: dict[int, tuple[str, float]] = {}
        self.done = self.total = 0
        self.streams = [sys.stdout, sys.stderr]
        self.over = threading.Event()
        logger.addFilter(self.before_jobs)

    def before_jobs(self, record: LogRecord) -> bool:
        """Open the log in the engine's own thread, for messages come to `emit` while
        jobs start already.
        """
        event = getattr(record, "event", None)
        dry = self.common_settings.dryrun
        if (
            event in (LogEvent.RESOURCES_INFO, LogEvent.RUN_INFO)
            and not dry
            and self.log is None
        ):
            self.acquire()
            self.open_log()
            self.release()
        return True

    def emit(self, record: LogRecord) -> None:
        """Take in one message of the engine."""
        line = self.format(record)
        if self.log is None:
            self.early.append(line)
        else:
            with suppress(OSError):  # a full disk stops a job, which says so
                self.log.write(f"{line}\n")
                self.log.flush()
        take = getattr(self, f"take_{getattr(record, 'event', None)}", None)
        if take is not None:
            take(record)

    def open_log(self) -> None:
        """Send all output of engine and jobs to the log from now on: the study is
        locked and jobs follow.
        """
        try:
            LOG.parent.mkdir(parents=True, exist_ok=True)
            self.log = LOG.open("w", encoding="utf-8")
        except OSError as error:
            from evenfield.shared.job import refusal

            self.refused = f"run: {refusal(error) or error}"
            self.log = os.fdopen(
                os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"
            )
        self.log.write("".join(f"{line}\n" for line in self.early))
        self.streams = [
            os.fdopen(os.dup(number), "w", encoding="utf-8") for number in (1, 2)
        ]
        for number in (1, 2):
            os.dup2(self.log.fileno(), number)
        if self.streams[0].isatty():
            threading.Thread(target=self.refresh, daemon=True).start()

    # ----------------------------------------------------------------------------------------------
    # the events

    def take_workflow_started(self, _: Any) -> None:
        """Jobs may follow."""
        self.executes = not self.common_settings.dryrun

    def take_run_info(self, record: Any) -> None:
        """Count the jobs; the target `all` does nothing and does not count."""
        self.total = record.stats["total"] - record.stats.get("all", 0)

    def take_job_info(self, record: Any) -> None:
        """Note that a job starts."""
        topic = (record.wildcards or {}).get("topic")
        self.running[record.jobid] = (
            f"{record.rule_name} {topic}" if topic else record.rule_name,
            time.monotonic(),
        )
        if self.streams[0].isatty():
            self.draw()

    def take_job_finished(self, record: Any) -> None:
        """Print a line for a job that is done, unless a terminal shows the one that
        changes.
        """
        label, started = self.running.pop(record.job_id, ("all", 0.0))
        if label != "all":
            self.done += 1
            if not self.streams[0].isatty():
                self.say(
                    f"{self.counter()} {label}  {seconds(time.monotonic() - started)}"
                )

    def take_job_error(self, record: Any) -> None:
        """Keep the first failing job's own line, which it wrote into its log."""
        self.job_error = self.job_error or own_line(record.rule_name, record.log)

    def take_group_error(self, record: Any) -> None:
        """Keep the line of the first failing job of a group."""
        for info in record.job_error_info:
            self.job_error = self.job_error or own_line(info["rule_name"], info["log"])

    def take_error(self, record: Any) -> None:
        """Keep the engine's own error."""
        if record.exception == "LockException":
            self.error = (
                f"run: another run is working in {Path.cwd()}; expected one at a time;"
                " wait for it or stop it"
            )
        else:
            self.error = self.error or engine_line(record.getMessage())

    # -----------------------------------------------------------------------------------------------
    # the screen

    def say(self, text: str, end: str = "\n") -> None:
        """Print a line at once; stop like at an interrupt when that fails."""
        try:
            print(text, file=self.streams[0], end=end, flush=True)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.streams[0].fileno())
            LogHandler.unheard = True
            if not self.over.is_set():
                os.kill(os.getpid(), signal.SIGINT)

    def counter(self) -> str:
        """Return `[ 3/24]`."""
        return f"[{self.done:>{len(str(self.total))}}/{self.total}]"

    def refresh(self) -> None:
        """Rewrite the one line of a terminal until the run is over."""
        while not self.over.wait(0.2):
            self.draw()

    def draw(self) -> None:
        """Write the one line of a terminal anew."""
        labels = ", ".join(
            sorted(label for label, _ in list(self.running.values()) if label != "all")
        )
        text = f"{self.counter()} {seconds(time.monotonic() - self.started)}  {labels}"
        text = text[: shutil.get_terminal_size().columns - 1]
        self.say(f"\r{text}\x1b[K", end="")

    def shown(self, path: str | Path) -> str:
        """Return a path of the study as the user would type it."""
        full = Path(path).absolute()
        return (
            str(full.relative_to(self.home))
            if full.is_relative_to(self.home)
            else str(full)
        )

    def close(self) -> None:
        """Say how it ended: the error, the answer, or where the results are."""
        from evenfield.shared.job import without_places
        from evenfield.study.errors import one_line
        from evenfield.study.files import write_text

        if self.over.is_set():
            return
        self.over.set()
        out, err = self.streams
        if self.log is not None:
            self.say("\r\x1b[K" if out.isatty() else "", end="")
            for number, stream in enumerate(self.streams, start=1):
                os.dup2(stream.fileno(), number)
            with suppress(OSError):
                self.log.close()
                write_text(
                    without_places(LOG.read_text(encoding="utf-8", errors="replace")),
                    LOG,
                )
        error = one_line(self.refused or self.job_error or self.error).removeprefix(
            PREFIX
        )
        if error and not self.ended_by:
            print(
                error
                + (
                    f" (log: {self.shown(LOG)})"
                    if self.log and not self.refused
                    else ""
                ),
                file=err,
                flush=True,
            )
        elif not self.executes:
            print(
                *self.early, sep="\n", end="\n" * bool(self.early), file=err, flush=True
            )
        elif not self.ended_by:
            what = (
                f"{self.total} job{'s' * (self.total != 1)}"
                if self.log
                else "everything was up to date"
            )
            self.say(f"done in {seconds(time.monotonic() - self.started)}: {what}")
            for label, path in RESULTS.items():
                if Path(path).exists():
                    self.say(
                        f"  {label:<10} {self.shown(path)}{'/' * Path(path).is_dir()}"
                    )
        super().close()


def own_line(rule: str, logs: list[str]) -> str:
    """Return a failed job's own line: its log holds one, or the traceback of a fault."""
    from evenfield.shared.job import refusal

    texts = [
        Path(log).read_text(encoding="utf-8", errors="replace")
        for log in logs
        if Path(log).is_file()
    ]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    if not lines and shutil.disk_usage(Path.cwd()).free < FULL:
        return refusal(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    if not lines:
        return (
            f"{rule}: the job was ended before it could say why, most often by SIGKILL"
            " for want of memory; expected memory for it; use fewer --cores, then run the"
            " same command"
        )
    if not lines[0].startswith("Traceback"):
        return lines[0]
    return f"{rule}: {lines[-1]}; this is a fault of evenfield; please report {logs[0]}"


def engine_line(text: str) -> str:
    """Return an error of the engine as one line: ours where it quotes one, a
    traceback's last, else all of it.
    """
    from evenfield.shared.job import refusal

    lines = [
        line.strip()
        for line in text.splitlines()
        if line.strip() and not line.startswith("  File ")
    ]
    ours = [line for line in lines if line.startswith(PREFIX)]
    short = (
        lines[-1:] if any(line.startswith("Traceback") for line in lines) else lines[:8]
    )
    if any("Write-protected output files" in line for line in short):
        names = [line for line in lines if line.startswith("results/")]
        ours.append(
            f"run: results that may not be written: {', '.join(names[:3])}; expected"
            " permission to replace them; chmod -R u+w results, then run the same command"
        )
    if match := re.search(r"\[Errno (\d+)\] (.*)", " ".join(short)):
        refused = refusal(OSError(int(match[1]), match[2]))
        ours += [f"run: {refused}"] * bool(refused)
    return ours[0] if ours else f"the engine stopped: {' '.join(short) or 'no message'}"


def seconds(elapsed: float) -> str:
    """Return `2.1 s` or `3 min 05 s`."""
    return (
        f"{elapsed:.1f} s"
        if elapsed < 60
        else f"{int(elapsed) // 60} min {int(elapsed) % 60:02d} s"
    )
