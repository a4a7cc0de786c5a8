"""The only functions that touch what Snakemake does not promise.

`hooks.yaml` beside this file lists what they rely on, why, and what happens without it.
"""

import argparse
import os
import sys
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from evenfield.study.files import NOTES, write_json

# Marks of files that are half written, and locks of a run, by Snakemake.
INCOMPLETE = NOTES / "incomplete"
LOCKS = NOTES / "locks"
# What the command line of a job holds: the copy of its script.
COPIED_SCRIPT = f"/{NOTES}/scripts/"


def install(stop: Callable[..., None], progress: ModuleType) -> None:
    """Set the hooks that hold for a whole run; ``stop`` answers signals, the module
    ``progress`` shows the run.
    """
    from snakemake import PIP_DEPLOYMENTS_PATH
    from snakemake.dag import DAG
    from snakemake.persistence import PersistenceBase
    from snakemake.scheduling.job_scheduler import JobScheduler
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    # No plugins from a folder of the study, which may be a stranger's.
    sys.path.remove(PIP_DEPLOYMENTS_PATH)
    LoggerPluginRegistry().register_plugin(
        "snakemake_logger_plugin_evenfield", progress
    )
    # At SIGTERM Snakemake would wait for its jobs.
    JobScheduler.exit_gracefully = lambda _, *given: stop(*given)
    # Inputs may come from a machine whose clock is ahead.
    DAG.check_output_mtime = accept_any_time
    # The other way imports pandas to see whether a parameter is a table; none is.
    PersistenceBase._serialize_param = PersistenceBase._serialize_param_builtin
    hash_files_once()


def parse_with(parser: argparse.ArgumentParser) -> None:
    """Let Snakemake read its command line with a parser that is made already, unless
    profiles are named, whose options its own parser reads.
    """
    from snakemake import cli

    its_own = cli.get_argument_parser
    cli.get_argument_parser = lambda profiles=None: (
        its_own(profiles) if profiles else parser
    )


def read_configs_with(read: Callable[[Path], dict[str, object]]) -> None:
    """Let Snakemake read config files in YAML with a reader of plain data; those in JSON
    are data to Snakemake, too.
    """
    from snakemake.common import configfile

    its_own = configfile._load_configfile

    def load(path: str) -> dict[str, object]:
        is_json = Path(path).suffix == ".json"
        return dict(its_own(path)) if is_json else read(Path(path))

    configfile._load_configfile = load


def without_reports(words: Sequence[str]) -> None:
    """Let Snakemake load what makes its own HTML report only where the words of the
    command line may ask for it.
    """
    from snakemake_interface_common.plugin_registry import PluginRegistryBase
    from snakemake_interface_report_plugins.registry import ReportPluginRegistry

    # Options may be cut short, and a profile may name a report.
    asking = ("-h", "-nh", "--h", "--rep", "--pro", "--wor")
    if not any(word.startswith(asking) for word in words):
        ReportPluginRegistry.collect_plugins = PluginRegistryBase.collect_plugins


def start_scripts_with(program: Path, folder: Path) -> None:
    """Let ``program`` run the scripts of a folder: it is given the script, its rule and
    its log. Those that run in a container or an environment of their own are started by
    Snakemake.
    """
    from snakemake.script import PythonScript

    its_own = PythonScript.execute_script

    def execute(script: Any, fname: str, edit: bool = False) -> None:
        has_own_packages = (
            script.conda_env or script.container_img or script.env_modules
        )
        script_folder = script.path.get_basedir().get_path_or_uri(secret_free=True)
        if has_own_packages or Path(script_folder).resolve() != folder:
            its_own(script, fname, edit)
            return
        script._execute_cmd(
            "{python:q} {program:q} {script_copy:q} {rule_name:q} {log_file:q}",
            python=sys.executable,
            program=program,
            script_copy=fname,
            rule_name=script.rulename,
            log_file=script.log[0],
            is_python_script=True,
        )

    PythonScript.execute_script = execute


def hash_files_once() -> None:
    """Let Snakemake hash a file once for as long as it stays as it is."""
    from snakemake.io import _IOFile

    its_own: Callable[..., Awaitable[str | None]] = _IOFile.checksum
    hashes = dict[object, str | None]()

    async def checksum(file: Any, *given: Any, **named: Any) -> str | None:
        try:
            status = Path(file).stat()
        except OSError:  # none, or in a remote storage
            return await its_own(file, *given, **named)
        # Another file of the name, or another content, changes one of them.
        state = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        key = (str(file), *state, *given, *sorted(named.items()))
        if key not in hashes:
            hashes[key] = await its_own(file, *given, **named)
        return hashes[key]

    _IOFile.checksum = checksum


async def accept_any_time(*_: object) -> None:
    """Take what a job wrote although its inputs are dated later."""


def is_module(workflow: Any) -> bool:
    """Whether another workflow uses this one with a config of its own."""
    return bool(workflow.modifier.skip_configfile)


def start_jobs_at_once(workflow: Any) -> None:
    """Take the limit on job starts away where jobs run on this machine."""
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


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
