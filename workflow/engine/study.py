"""What the Snakefile asks for: a study that was checked before Snakemake touches any
result, and what goes with a run.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import hooks
from engine.outputs import keep_earlier, mark_changed

if TYPE_CHECKING:
    from evenfield.report.plan import Plan

CHECK = Path(__file__).parents[1] / "commands" / "check.py"
STAMP = Path(".snakemake/evenfield_checked")
CONFIG = Path("config.yaml")


def checked_plan(workflow: Any, config: Mapping[str, Any]) -> "Plan":
    """Return the plan of a study; one that cannot run ends the process with one line
    for each fault.
    """
    os.environ["PYTHONSAFEPATH"] = "1"  # no job imports from a folder of the study
    try:
        from evenfield.report.plan import plan_study
        from evenfield.study.errors import EvenfieldError
    except ModuleNotFoundError as missing:
        sys.exit(
            f"evenfield: {missing.name} is not installed; expected the locked"
            " environment; run `python3 run`"
        )
    try:
        written = as_written(config)
        plan = plan_study(written)
        if workflow.is_main_process:
            refuse_faults(plan, written)
        plan.faults.refuse()
    except EvenfieldError as error:
        sys.exit(f"evenfield: {error}")
    except Exception as error:
        message = " ".join(str(error).split())[:200]
        sys.exit(
            f"evenfield: run: {type(error).__name__} {message}; this is a fault of"
            " evenfield; please report it with the study"
        )
    if workflow.is_main_process:
        sys.stderr.writelines(f"{sentence}\n" for sentence in plan.left_out)
        mark_changed()
    return plan


def as_written(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config as its files say, read once more by our stricter reader.

    Snakemake gives what `config.yaml` and the command line say. The parts that stand in
    files of their own join it here. The config of a module stands for itself.
    """
    from evenfield.study.config import merged, read_config, read_mapping

    if CONFIG.is_file() and read_mapping(CONFIG).keys() <= config.keys():
        return merged(read_config(CONFIG), config)
    return dict(config)


def refuse_faults(plan: "Plan", written: Mapping[str, Any]) -> None:
    """Check tables and texts, too, in a process of their own, unless they are what they
    were when they last passed.
    """
    from evenfield.report.plan import unchecked

    state = unchecked(plan, STAMP)
    if not state:
        return
    done = subprocess.run(
        [sys.executable, str(CHECK), "--stdin"],
        input=json.dumps(written, default=str),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONSAFEPATH": ""},
    )
    if done.returncode:
        sys.exit(f"evenfield: {done.stderr.strip()}")
    with suppress(OSError):  # a run says what cannot be written
        STAMP.parent.mkdir(exist_ok=True)
        STAMP.write_text(state, "ascii")


def before_jobs(workflow: Any) -> None:
    """Prepare what jobs write, as the last step before they start."""
    if workflow.is_main_process:
        keep_earlier(workflow)
    hooks.start_jobs_at_once(workflow)
