"""evenfield: does growth spread? The front door: check the config, then include the rules."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

HERE = Path(workflow.current_basedir) / "workflow"
sys.path.insert(0, str(HERE))
# No job imports from a folder of the study.
os.environ.update(PYTHONSAFEPATH="1")

try:
    from evenfield.report.plan import plan_study, unchecked
    from evenfield.study.config import study_config
    from evenfield.study.errors import EvenfieldError
except ModuleNotFoundError as missing:
    sys.exit(
        f"evenfield: {missing.name} is not installed; expected the locked environment; run `python3 run`"
    )

try:
    PLAN = plan_study(study_config(config))
    STAMP = Path(".snakemake/evenfield_checked")
    if workflow.is_main_process and (
        state := unchecked(PLAN, STAMP)
    ):  # before the engine takes away any result
        command = [sys.executable, str(HERE / "commands" / "check.py"), "--stdin"]
        checked = subprocess.run(
            command,
            input=json.dumps(config, default=str),
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONSAFEPATH": ""},
        )
        if checked.returncode:
            sys.exit(f"evenfield: {checked.stderr.strip()}")
        with suppress(OSError):  # a run says what cannot be written
            STAMP.parent.mkdir(exist_ok=True)
            STAMP.write_text(state, "ascii")
    PLAN.faults.refuse()
    config = PLAN.config
except EvenfieldError as error:
    sys.exit(f"evenfield: {error}")
except Exception as error:
    told = f"{type(error).__name__} {' '.join(str(error).split())[:200]}"
    sys.exit(
        f"evenfield: run: {told}; this is a fault of evenfield; please report it with the study"
    )
if workflow.is_main_process:
    sys.stderr.write("".join(f"{sentence}\n" for sentence in PLAN.left_out))


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/topics.smk"
include: "workflow/rules/results.smk"


if workflow.is_main_process:
    outputs.mark_changed()


onstart:
    outputs.keep_earlier(workflow)
    if (
        workflow.local_exec
    ):  # without it the engine looks for jobs ever more often: docs/scheduler-rounds.md
        workflow.scheduler.job_rate_limiter = None


rule all:
    """Everything that the config asks for, each file of it: one that was deleted is made again."""
    default_target: True
    input:
        OUTPUTS,
