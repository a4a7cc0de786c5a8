"""A run that is stopped in the middle goes on where it was and ends with the same
bytes.
"""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import gate
import program_copies

ROOT = Path(__file__).parents[2]
FAMILIES = ("beta", "sigma")
TARGETS = [f"results/estimates/{family}/estimates.csv" for family in FAMILIES]
PATIENCE_S = 120
KINDS = ["engine", "job", "group", signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def start(folder, targets=TARGETS):
    command = [
        sys.executable,
        str(ROOT / "run"),
        "--directory",
        str(folder),
        "--cores",
        "2",
        *targets,
    ]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        start_new_session=True,
        **pipes,
    )


def finish(folder, targets=TARGETS):
    program_copies.run_well("--directory", folder, "--cores", 2, *targets)


def copied(folder):
    ignored = shutil.ignore_patterns("results", ".snakemake")
    return Path(
        shutil.copytree(
            ROOT / "examples" / "mexico-states", folder / "study", ignore=ignored
        )
    )


def contents(study):
    results = study / "results"
    retained = [
        path
        for path in results.rglob("*.*")
        if path.relative_to(results).parts[0] not in {"logs", "benchmarks"}
    ]
    return {str(path.relative_to(results)): path.read_bytes() for path in retained}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    study = copied(tmp_path_factory.mktemp("undisturbed"))
    finish(study)
    return contents(study)


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(undisturbed, tmp_path):
    study = copied(tmp_path)
    process = start(study)
    estimates = study / "results" / "estimates"
    until = time.monotonic() + PATIENCE_S
    while not estimates.is_dir() and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "Traceback" in errors) == (-signal.SIGKILL, False), (
        errors
    )
    missing = [target for target in TARGETS if not (study / target).exists()]
    assert missing, "the run was over before it was stopped: this tested nothing"
    finish(study)
    assert contents(study) == undisturbed


def kill(engine, kind):
    """Kill an engine, one of its jobs, or all of them; or send a signal."""
    below = psutil.Process(engine.pid).children(recursive=True)
    below = [process for process in below if process.status() != psutil.STATUS_ZOMBIE]
    jobs = [
        process
        for process in below
        if any("/.snakemake/scripts/" in word for word in process.cmdline())
    ]
    if kind == "job" and jobs:
        jobs[0].kill()
    elif kind == "group":
        for process in [*below, psutil.Process(engine.pid)]:
            process.kill()
    else:
        engine.send_signal(kind if isinstance(kind, signal.Signals) else signal.SIGKILL)


@pytest.mark.long
def test_ten_random_kills_of_the_china_study_end_with_the_same_bytes(tmp_path):
    """Kills of every kind, five of them after half of the jobs."""
    for name in ("undisturbed", "killed"):
        gate.copy_study(ROOT, tmp_path / name)
    engine = start(tmp_path / "undisturbed", [])
    labels, errors = engine.communicate()
    assert engine.returncode == 0, errors
    total = labels.count("[")
    draw = random.Random(20190622)
    positions = sorted(
        [
            *draw.sample(range(1, total // 2), 5),
            *draw.sample(range(total // 2, total - 4), 5),
        ]
    )
    kinds = [*KINDS, *draw.sample(KINDS, 4)]
    for position, kind in zip(positions, draw.sample(kinds, len(kinds)), strict=True):
        engine = start(tmp_path / "killed", [])
        for line in engine.stdout:
            number, of = (int(part) for part in line[1:].split("]")[0].split("/"))
            if total - of + number >= position:
                time.sleep(draw.uniform(0, 2))
                kill(engine, kind)
                break
        engine.communicate()
        assert engine.returncode, f"the run was over before {kind}: this tested nothing"
    finish(tmp_path / "killed", [])
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")
