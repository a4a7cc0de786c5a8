"""A run that is stopped in the middle goes on where it was and ends with the same bytes."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAMILIES = ("beta", "sigma", "inequality", "moran")
TARGETS = [f"results/estimates/{family}/estimates.csv" for family in FAMILIES]
PATIENCE_S = 120


def start(folder):
    command = [sys.executable, str(ROOT / "run"), "--directory", str(folder), "--cores", "2", *TARGETS]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(folder):
    engine = start(folder)
    _, errors = engine.communicate(timeout=PATIENCE_S)
    assert engine.returncode == 0, errors


def copied(folder):
    ignored = shutil.ignore_patterns("results", ".snakemake")
    return Path(shutil.copytree(ROOT / "examples" / "mexico-states", folder / "study", ignore=ignored))


def contents(study):
    results = study / "results"
    kept = [path for path in results.rglob("*.*") if path.relative_to(results).parts[0] not in {"logs", "benchmarks"}]
    return {str(path.relative_to(results)): path.read_bytes() for path in kept}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    study = copied(tmp_path_factory.mktemp("undisturbed"))
    finish(study)
    return contents(study)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_stopped_run_goes_on_and_ends_with_the_same_bytes(number, code, undisturbed, tmp_path):
    study = copied(tmp_path)
    process = start(study)
    panel = study / "results" / "panel"
    until = time.monotonic() + PATIENCE_S
    while not panel.is_dir() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1.5)
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "Traceback" in errors) == (code, False), errors
    missing = [target for target in TARGETS if not (study / target).exists()]
    assert missing, "the run was over before it was stopped: this tested nothing"
    finish(study)
    assert contents(study) == undisturbed
