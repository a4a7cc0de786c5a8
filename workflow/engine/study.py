"""What the Snakefile asks for: a study that was checked before Snakemake touches any
result, and what goes with a run.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import hooks
from engine.folder import refuse_planted
from engine.outputs import keep_earlier, mark_changed
from engine.preloaded import end_loading, offer_copies, start_loading
from engine.second_studies import mark_second_changed

if TYPE_CHECKING:
    from evenfield.report.plan import Plan

CHECK = Path(__file__).parents[1] / "commands" / "check.py"


@contextmanager
def one_line(prefix: str = "evenfield: ") -> Iterator[None]:
    """End the process with one line for each fault of what is done inside."""
    try:
        # Also says whether the library has all that it needs.
        from engine.job import refusal
        from evenfield.report import plan  # noqa: F401
        from evenfield.study.errors import EvenfieldError
    except ModuleNotFoundError as missing:
        sys.exit(
            f"{prefix}{missing.name} is not installed; expected the locked environment;"
            " run `python3 run`"
        )
    try:
        yield
        sys.stdout.flush()
    except EvenfieldError as error:
        sys.exit(f"{prefix}{error}")
    except BrokenPipeError:
        # Who reads has seen enough, as `head` has; Python closes stdout once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if refused := refusal(error):
            with suppress(OSError):  # what is printed may be what is full
                sys.stdout.flush()
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(f"{prefix}{refused}")
        message = " ".join(str(error).split())[:200]
        sys.exit(
            f"{prefix}run: {type(error).__name__} {message}; this is a fault of"
            " evenfield; please report it with the study"
        )


def plain_data(name: str, workflow: object = None) -> str:
    """Return the name of a config file; refuse one that holds more than data.

    Snakemake runs Python that stands in a config file with the key `__use_yte__`. The
    config of a module is its workflow's affair.
    """
    path = Path(name)
    if path.is_file() and not (workflow and hooks.is_module(workflow)):
        with one_line():
            from evenfield.study.config_files import read_mapping
            from evenfield.study.errors import ConfigError

            if "__use_yte__" in read_mapping(path):
                fault = (
                    f"{name} has the key __use_yte__, by which Snakemake runs Python"
                )
                raise ConfigError(fault, "data only", "remove it")
    return name


def checked_plan(workflow: Any, config: Mapping[str, object]) -> "Plan":
    """Return the plan of a study that can run."""
    os.environ["PYTHONSAFEPATH"] = "1"  # no job imports from a folder of the study
    # Also where Snakemake was started without `run`; a module's study is its user's.
    if workflow.is_main_process and not hooks.is_module(workflow):
        refuse_planted(Path.cwd())
    with one_line():
        from evenfield.report.plan import plan_study
        from evenfield.study.config_files import read_config
        from evenfield.study.merging import merged

        if not hooks.is_module(workflow) and Path("config.yaml").is_file():
            # The parts that stand in files of their own, which Snakemake does not read.
            config = merged(read_config("config.yaml"), config)
        plan = plan_study(config)
        if workflow.is_main_process:
            refuse_faults(plan, config)
        plan.faults.refuse()
    if workflow.is_main_process:
        sys.stderr.writelines(f"{sentence}\n" for sentence in plan.left_out)
        mark_changed()
        mark_second_changed(plan.config["beside"])
    return plan


def refuse_faults(plan: "Plan", written: Mapping[str, object]) -> None:
    """Check tables and texts, too, in a process of their own, unless they are what they
    were when they last passed.
    """
    from evenfield.report.plan import note_checked, unchecked

    state = unchecked(plan)
    if not state:
        return
    # A study that is new or changed will have jobs, whose libraries load meanwhile.
    start_loading()
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
    note_checked(state)


def before_jobs(workflow: Any) -> None:
    """Prepare what jobs write and load, as the last step before they start."""
    if not workflow.is_main_process:
        return
    keep_earlier(workflow)
    hooks.accept_clocks_ahead()
    hooks.hash_inputs_once()
    # Snakemake would wait for its jobs at SIGTERM.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    if hooks.is_local(workflow):
        hooks.start_jobs_at_any_rate(workflow)
        offer_copies()
    else:
        end_loading()
