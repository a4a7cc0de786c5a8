"""Snakemake's logger plugin `evenfield`: one line for each job that is done, one line
for an error, all else in results/logs/run.log.

Snakemake calls `emit` for each message; a message about an event has a `take_...`
method here. `close` comes last and says how the run ended.
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

from engine.at_work import first_word, how_far
from engine.job import refusal, without_places
from evenfield.shared.topics import exhibit_files, exhibit_owners
from evenfield.study.errors import PlaceError, nearest, one_line
from evenfield.study.files import new_file, own_place, write_text

LOG = Path("results/logs/run.log")
# What the last lines of a run name.
RESULTS = {
    "page": "results/report/index.html",
    "paper": "results/report/paper.pdf",
    "tables": "results/tables",
    "estimates": "results/estimates.csv",
    "manifest": "results/manifest.json",
}
PREFIX = "evenfield: "
# Files that every study has, beside its tables and figures.
FILES = (
    "results/estimates.csv",
    "results/answers.csv",
    "results/numbers.json",
    "results/numbers.tex",
    "results/manifest.json",
    "results/citation.txt",
    "results/report/index.html",
    "results/report/tables.html",
    "results/report/paper.pdf",
    "results/report/appendix.pdf",
    "results/report/latex/paper.tex",
)
# Seconds from which a running job shows how long it takes, and how far it is.
LONG = 3.0
QUIET = 30.0  # seconds without a line after which one that is no terminal's says so
FULL = 10**6  # bytes: with fewer left, a job that says nothing could not write


class LogHandler(LogHandlerBase):
    """Shows a run; a question to Snakemake (a dry run, a list) is answered in its
    own words.
    """

    ended_by: ClassVar[int] = 0  # a signal, set by the program that started Snakemake
    unheard: ClassVar[bool] = False  # whether standard output was closed or is full
    # Snakemake asks for these.
    writes_to_stream = True
    writes_to_file = False
    has_filter = False
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Start with nothing known; Snakemake changes into the study's folder later."""
        self.home = Path.cwd()
        self.started = time.monotonic()
        # What Snakemake says before the first job; the answer where nothing is run.
        self.early: list[str] = []
        self.log: TextIO | None = None
        self.executes = False
        self.error = ""  # Snakemake's
        self.job_error = ""  # the first failing job's, which explains it
        self.refused = ""  # what keeps even the log from being written
        # label, start and log by job
        self.running: dict[int, tuple[str, float, str]] = {}
        self.said = self.started  # when the last line was printed
        self.done = 0
        self.total = 0
        self.streams = [sys.stdout, sys.stderr]
        self.over = threading.Event()
        logger.addFilter(self.before_jobs)
        self.first_word = first_word("run")

    def before_jobs(self, record: LogRecord) -> bool:
        """Open the log in Snakemake's own thread, for messages come to `emit` while
        jobs start already.
        """
        event = getattr(record, "event", None)
        starts = event in (LogEvent.RESOURCES_INFO, LogEvent.RUN_INFO)
        if starts and not self.common_settings.dryrun and self.log is None:
            self.acquire()
            self.open_log()
            self.release()
        return True

    def emit(self, record: LogRecord) -> None:
        """Take in one message of Snakemake."""
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
        """Send all output of Snakemake and jobs to the log from now on: the study is
        locked and jobs follow.
        """
        self.first_word.cancel()
        try:
            own_place(LOG).parent.mkdir(parents=True, exist_ok=True)
            self.log = new_file(LOG)
        except (OSError, PlaceError) as error:
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
        threading.Thread(target=self.refresh, daemon=True).start()

    def take_workflow_started(self, _: object) -> None:
        """Jobs may follow."""
        self.executes = not self.common_settings.dryrun

    def take_run_info(self, record: Any) -> None:
        """Count the jobs; the target `all` does nothing and does not count."""
        self.total = record.stats["total"] - record.stats.get("all", 0)

    def take_job_info(self, record: Any) -> None:
        """Note that a job starts."""
        topic = (record.wildcards or {}).get("topic", "")
        label = f"{record.rule_name} {topic}".rstrip()
        log = next(iter(record.log or ()), "")
        self.running[record.jobid] = (label, time.monotonic(), log)
        if self.log is not None and self.streams[0].isatty():
            self.draw()

    def take_job_finished(self, record: Any) -> None:
        """Print a line for a job that is done, unless a terminal shows the one that
        changes.
        """
        label, started, _ = self.running.pop(record.job_id, ("all", 0.0, ""))
        if label != "all":
            self.done += 1
            if not self.streams[0].isatty():
                elapsed = seconds(time.monotonic() - started)
                self.say(f"{self.counter()} {label}  {elapsed}")

    def take_job_error(self, record: Any) -> None:
        """Keep the first failing job's own line, which it wrote into its log."""
        self.job_error = self.job_error or own_line(record.rule_name, record.log)

    def take_group_error(self, record: Any) -> None:
        """Keep the line of the first failing job of a group."""
        for info in record.job_error_info:
            self.job_error = self.job_error or own_line(info["rule_name"], info["log"])

    def take_error(self, record: Any) -> None:
        """Keep Snakemake's own error."""
        if record.exception == "LockException":
            self.error = (
                f"run: another run is working in {Path.cwd()}; expected one at a time;"
                " wait for it or stop it"
            )
        else:
            self.error = self.error or engine_line(record.getMessage())

    def say(self, text: str, end: str = "\n") -> None:
        """Print a line at once; stop like at an interrupt when that fails."""
        self.said = time.monotonic()
        try:
            print(
                text,
                file=self.streams[0],
                end=end,
                flush=True,
            )
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.streams[0].fileno())
            LogHandler.unheard = True
            if not self.over.is_set():
                os.kill(os.getpid(), signal.SIGINT)

    def counter(self) -> str:
        """Return `[ 3/24]`."""
        return f"[{self.done:>{len(str(self.total))}}/{self.total}]"

    def refresh(self) -> None:
        """Until the run is over rewrite the one line of a terminal; elsewhere print it
        where nothing was said for long.
        """
        is_terminal = self.streams[0].isatty()
        while not self.over.wait(0.2):
            if is_terminal:
                self.draw()
            elif self.running and time.monotonic() - self.said > QUIET:
                self.say(self.line())

    def draw(self) -> None:
        """Write the one line of a terminal anew."""
        text = self.line()[: shutil.get_terminal_size().columns - 1]
        self.say(f"\r{text}\x1b[K", end="")

    def line(self) -> str:
        """Say how long the run takes, how many jobs are left, which run now and how far
        they are.
        """
        clock = time.monotonic()
        elapsed = seconds(clock - self.started)
        labels = ", ".join(
            self.job(label, clock - start, log)
            for label, start, log in sorted(self.running.values())
            if label != "all"
        )
        now = f"  now: {labels}" if labels else ""
        return f"{self.counter()} {elapsed}, {self.total - self.done} left{now}"

    def job(self, label: str, elapsed: float, log: str) -> str:
        """Name a job; one that runs long with its time and how far it is."""
        if elapsed < LONG:
            return label
        facts = [seconds(elapsed), how_far(log) if log else ""]
        return f"{label} ({', '.join(filter(None, facts))})"

    def shown(self, path: str | Path) -> str:
        """Return a path of the study as the user would type it."""
        full = Path(path).absolute()
        inside = full.is_relative_to(self.home)
        return str(full.relative_to(self.home) if inside else full)

    def close(self) -> None:
        """Say how it ended: the error, the answer, or where the results are."""
        if self.over.is_set():
            return
        self.over.set()
        self.first_word.cancel()
        if self.log is not None:
            self.close_log(self.log)
        err = self.streams[1]
        error = one_line(self.refused or self.job_error or self.error)
        if self.ended_by:
            pass  # who started the run says so
        elif error:
            if self.log and not self.refused:
                error += f" (log: {self.shown(LOG)})"
            print(error.removeprefix(PREFIX), file=err, flush=True)
        elif not self.executes:
            end = "\n" if self.early else ""
            print(
                *self.early,
                sep="\n",
                end=end,
                file=err,
                flush=True,
            )
        else:
            self.say_results()
        super().close()

    def close_log(self, log: TextIO) -> None:
        """Give the streams back and take machine and user out of the log."""
        self.say("\r\x1b[K" if self.streams[0].isatty() else "", end="")
        for number, stream in enumerate(self.streams, start=1):
            os.dup2(stream.fileno(), number)
        with suppress(OSError):
            log.close()
            text = LOG.read_text(encoding="utf-8", errors="replace")
            write_text(without_places(text), LOG)

    def say_results(self) -> None:
        """Say how many jobs ran, and where the results are."""
        jobs = f"{self.total} job" if self.total == 1 else f"{self.total} jobs"
        what = jobs if self.log else "everything was up to date"
        self.say(f"done in {seconds(time.monotonic() - self.started)}: {what}")
        for label, path in RESULTS.items():
            if Path(path).exists():
                slash = "/" if Path(path).is_dir() else ""
                self.say(f"  {label:<10} {self.shown(path)}{slash}")


def own_line(rule: str, logs: list[str]) -> str:
    """Return a failed job's own line: its log holds one, or the traceback of a fault."""
    lines = list[str]()
    for log in filter(os.path.isfile, logs):
        text = Path(log).read_text(encoding="utf-8", errors="replace")
        lines += [line for line in text.splitlines() if line.strip()]
    if not lines and shutil.disk_usage(Path.cwd()).free < FULL:
        return refusal(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    if not lines:
        return (
            f"{rule}: the job was ended before it could say why, most often by SIGKILL"
            " because memory ran out; expected memory for it; use fewer --cores, then run"
            " the same command"
        )
    if not lines[0].startswith("Traceback"):
        return lines[0]
    return f"{rule}: {lines[-1]}; this is a fault of evenfield; please report {logs[0]}"


def engine_line(text: str) -> str:
    """Return an error of Snakemake as one line: ours where it quotes one, a
    traceback's last, else all of it.
    """
    raw = [line for line in text.splitlines() if not line.startswith("  File ")]
    lines = [line.strip() for line in raw if line.strip()]
    for line in lines:
        if line.startswith(PREFIX):
            return line
    # Of a traceback the last line says it; of a message of Snakemake the first few.
    traced = any(line.startswith("Traceback") for line in lines)
    short = lines[-1:] if traced else lines[:8]
    if any("Write-protected output files" in line for line in short):
        names = [line for line in lines if line.startswith("results/")]
        return (
            f"run: results that may not be written: {', '.join(names[:3])}; expected"
            " permission to replace them; chmod -R u+w results, then run the same command"
        )
    missing = re.search(
        r"MissingRuleException: No rule to produce (\S+)", " ".join(short)
    )
    if missing:
        add = (
            "a table or figure that is not among those of config.yaml is added to its"
            " `tables` or `figures`"
        )
        made = [
            *FILES,
            *(path for name in exhibit_owners() for path in exhibit_files(name)),
        ]
        meant = add if missing[1] in made else nearest(missing[1], made, add)
        return (
            f"run: nothing makes {missing[1]}; expected a file that `python3 run list` names"
            f" (with the same --directory); {meant}"
        )
    match = re.search(r"\[Errno (\d+)\] (.*)", " ".join(short))
    refused = refusal(OSError(int(match[1]), match[2])) if match else ""
    if refused:
        return f"run: {refused}"
    return f"the engine stopped: {' '.join(short) or 'no message'}"


def seconds(elapsed: float) -> str:
    """Return `2.1 s` or `3 min 05 s`."""
    if elapsed < 60:
        return f"{elapsed:.1f} s"
    return f"{int(elapsed) // 60} min {int(elapsed) % 60:02d} s"
