"""A run that another run started ends with it, and says in one line why it failed."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from engine import second_studies
from engine.second_studies import run_study
from evenfield.study.errors import EvenfieldError

STARTER = """
import subprocess, sys
from engine.second_studies import end_with_parent
child = subprocess.Popen(["sleep", "60"], preexec_fn=end_with_parent)
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says so to a child")
def test_a_run_ends_with_the_job_that_started_it():
    workflow = Path(__file__).parents[2] / "workflow"
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER], stdout=subprocess.PIPE, cwd=workflow
    )
    child = psutil.Process(int(starter.stdout.readline()))
    starter.kill()
    starter.wait()
    child.wait(timeout=10)


def test_a_study_that_is_refused_says_so_with_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "config.yaml").write_text("study: {}")
    with pytest.raises(EvenfieldError) as refused:
        run_study("below", 1)
    assert str(refused.value).startswith("below: config: ")
    assert str(refused.value).count("\n") == 0


def test_a_run_that_a_signal_ended_names_it(tmp_path, monkeypatch):
    program = tmp_path / "main.py"
    program.write_text(
        "import os, sys\nsys.stderr.write('left out: one period')\n"
        "sys.stderr.flush()\nos.kill(os.getpid(), 9)\n"
    )
    monkeypatch.setattr(second_studies, "PROGRAM", program)
    with pytest.raises(EvenfieldError) as refused:
        run_study("below", 1)
    message = "below: the run was ended by SIGKILL; expected memory for it; use fewer"
    assert str(refused.value).startswith(message)
