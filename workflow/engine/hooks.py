"""Every place where evenfield relies on something that Snakemake does not promise.

`HOOKS` lists them with the reason and with what happens without each; the functions
below are the only ones that touch Snakemake's insides. `tests/engine/test_hooks.py`
fails under the name of the hook whose place a new Snakemake has changed.
"""

import os
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenfield.study.files import write_json

NOTES = Path(".snakemake")
# Marks of files that are half written, and locks of a run, by Snakemake.
INCOMPLETE = NOTES / "incomplete"
LOCKS = NOTES / "locks"
# What the command line of a job holds: the copy of its script.
COPIED_SCRIPT = f"/{NOTES}/scripts/"


@dataclass(frozen=True, kw_only=True)
class Hook:
    """One dependence on Snakemake's insides."""

    name: str
    why: str
    without: str  # what happens where the hook does not hold
    # What the source of a function, class or module of Snakemake must hold.
    places: Mapping[str, tuple[str, ...]]


HOOKS = (
    Hook(
        name="no plugins from the study",
        why="Snakemake imports plugins from a folder below the current one.",
        without="A stranger's study can run code; `run` refuses the folder, too.",
        places={"snakemake": ("sys.path.append(PIP_DEPLOYMENTS_PATH)",)},
    ),
    Hook(
        name="logger plugin",
        why="Progress is one line a job, and an error is one line.",
        without="`run` prints what Snakemake prints.",
        places={
            "snakemake_interface_common.plugin_registry.PluginRegistryBase": (
                "def register_plugin(self, name: str, plugin",
                "name.removeprefix(self.module_prefix)",
            ),
            "snakemake_interface_logger_plugins.base.LogHandlerBase": (
                "__post_init__",
                "common_settings",
            ),
        },
    ),
    Hook(
        name="events of the log",
        why="Progress is counted from them, and errors are told by them.",
        without="Lines of progress or of errors are missing; results are the same.",
        places={
            "snakemake_interface_logger_plugins.common.LogEvent": tuple(
                "RUN_INFO WORKFLOW_STARTED RESOURCES_INFO JOB_INFO JOB_FINISHED JOB_ERROR"
                " GROUP_ERROR ERROR".split()
            ),
            "snakemake.workflow": ("event=LogEvent.RUN_INFO, stats=stats_dict",),
            "snakemake.jobs": (
                "jobid=self.dag.jobid(self)",
                "rule_name=self.rule.name",
                "wildcards=",
                "job_error_info=job_error_info",
            ),
            "snakemake.scheduling.job_scheduler": ("job_id=job.jobid",),
            "snakemake.exceptions": (
                "exception=ex.__class__.__name__",
                "class LockException(",
                '"Write-protected output files"',
            ),
        },
    ),
    Hook(
        name="stop at a signal",
        why="Snakemake waits for its jobs at SIGTERM and does not say why it ends.",
        without="A run that is told to end goes on until its jobs are done.",
        places={
            "snakemake.scheduling.job_scheduler.JobScheduler": (
                "signal.signal(signal.SIGTERM, self.exit_gracefully)",
                "def exit_gracefully(self, *args)",
            )
        },
    ),
    Hook(
        name="outputs older than inputs",
        why="Inputs may come from a machine whose clock is ahead.",
        without="A job fails whose input is dated in the future.",
        places={"snakemake.dag.DAG": ("await self.check_output_mtime(",)},
    ),
    Hook(
        name="parameters without pandas",
        why="Snakemake imports pandas to see whether a parameter is a table; none is.",
        without="A run with nothing to do takes half a second longer.",
        places={
            "snakemake.persistence.PersistenceBase": (
                "def _serialize_param_builtin(self, value",
                "self._serialize_param(value) for value in",
            )
        },
    ),
    Hook(
        name="no limit on job starts",
        why="With its limit Snakemake looks for jobs ever more often.",
        without="The same results, later: docs/scheduler-rounds.md.",
        places={
            "snakemake.scheduling.job_scheduler.JobScheduler": (
                "if self.job_rate_limiter is None:",
            ),
            "snakemake.workflow.Workflow": ("scheduler", "def local_exec(self)"),
        },
    ),
    Hook(
        name="earlier results",
        why="Snakemake deletes outputs before their job runs; if it fails, they return.",
        without="A job that fails leaves no earlier result, and the next run makes it.",
        places={
            "snakemake.dag.DAG": ("def needrun_jobs(self",),
            "snakemake.persistence.PersistenceBase": (
                "def metadata(self, target",
                "def _filter_incomplete_keys(self, keys",
                "def _mark_incomplete(self, key: str, external_jobid",
                "def _unmark_incomplete(self, key",
                "def _write_record(self, key: str, record",
            ),
        },
    ),
    Hook(
        name="marks of half files",
        why="An output that was changed by hand is marked, so that it is made again.",
        without="An output that was changed by hand stays as it is.",
        places={
            "snakemake.persistence.file": (
                'os.path.join(self.path, "incomplete")',
                "urlsafe_b64encode(id.encode()).decode()",
                '{"external_jobid": external_jobid}',
            )
        },
    ),
    Hook(
        name="locks",
        why="Snakemake's lock outlives a run that was killed and names no owner.",
        without="After a killed run, `snakemake --unlock` is needed.",
        places={
            "snakemake.persistence.file": ('os.path.join(self.path, "locks")',),
            "snakemake.script": ('".snakemake/scripts"',),
        },
    ),
    Hook(
        name="folder of temporary files",
        why="Copies of scripts must not stay on the machine after a killed run.",
        without="A killed run leaves files in the user's cache.",
        places={
            "snakemake.cli": (
                '"--runtime-source-cache-path"',
                '"--workflow-profile"',
                "def get_argument_parser(",
                "def main(argv=None)",
            )
        },
    ),
    Hook(
        name="module or workflow",
        why="Checks and marks are for the process that a user started, not for jobs.",
        without="Each job on a cluster checks the study again.",
        places={
            "snakemake.workflow.Workflow": (
                "def is_main_process(self)",
                "def current_basedir(self)",
                "def source_path(self",
            )
        },
    ),
)


def install(stop: Callable[..., None]) -> None:
    """Set the hooks that hold for a whole run; ``stop`` answers signals."""
    from snakemake import PIP_DEPLOYMENTS_PATH
    from snakemake.dag import DAG
    from snakemake.persistence import PersistenceBase
    from snakemake.scheduling.job_scheduler import JobScheduler
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    from engine import progress

    sys.path.remove(PIP_DEPLOYMENTS_PATH)
    LoggerPluginRegistry().register_plugin(
        "snakemake_logger_plugin_evenfield", progress
    )
    JobScheduler.exit_gracefully = lambda _, *given: stop(*given)
    DAG.check_output_mtime = accept_any_time
    PersistenceBase._serialize_param = PersistenceBase._serialize_param_builtin


async def accept_any_time(*_: object) -> None:
    """Take what a job wrote although its inputs are dated later."""


def start_jobs_at_once(workflow: Any) -> None:
    """Take the limit on job starts away where jobs run on this machine."""
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


def records(workflow: Any) -> dict[str, Any]:
    """Return the outputs that jobs are about to replace, each with Snakemake's record
    of how it was made; files whose job did not end have none.
    """
    files = list[Any]()
    for job in workflow.dag.needrun_jobs():
        files += filter(os.path.isfile, job.output)
    half = half_files(workflow.persistence, map(str, files))
    whole = [file for file in files if str(file) not in half]
    return {str(file): workflow.persistence.metadata(file) for file in whole}


def half_files(persistence: Any, paths: Iterable[str]) -> set[str]:
    """Return the files whose job did not end."""
    return set(persistence._filter_incomplete_keys(paths))


def restore_record(persistence: Any, path: str, record: Any) -> None:
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
