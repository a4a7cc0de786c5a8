"""Jobs as copies of one process: what a job prints and how it ends is as if a Python
had started for it.
"""

import os
import subprocess
import sys
import time

import psutil
import pytest

from evenfield.shared import preloaded

START = (
    "import os, sys; from evenfield.shared.preloaded import hand_over; hand_over(); "
)
ENDINGS = {
    "whole": "print('done', os.getcwd(), sys.argv[1:], os.environ['GIVEN'])",
    "one line": "sys.exit('evenfield: found, expected, remedy')",
    "code": "sys.exit(3)",
    "fault": "1 / 0",
    "memory": "os.kill(os.getpid(), 9)",
}


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Start a script as the engine does; its file `pid` tells which process did the
    work.
    """
    monkeypatch.setattr(preloaded, "LIBRARIES", ("json",))

    def start(text):
        script = tmp_path / "job.py"
        script.write_text(f"{START}open('pid', 'w').write(str(os.getpid()))\n{text}\n")
        environment = {**os.environ, "GIVEN": "ä = 1\n2"}
        streams = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(
            [sys.executable, script, "a b"],
            cwd=tmp_path,
            env=environment,
            text=True,
            **streams,
        )

    return start, tmp_path / "pid"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_copy_says_and_ends_as_a_process_of_its_own(ask, ending):
    start, pid = ask
    alone = start(ENDINGS[ending])
    own = alone.communicate()
    assert int(pid.read_text()) == alone.pid
    with preloaded.preloaded():
        job = start(ENDINGS[ending])
        said = job.communicate()
    assert int(pid.read_text()) != job.pid
    assert job.returncode == (1 if ending == "memory" else alone.returncode)
    assert said[0] == own[0] and said[1].splitlines()[-1:] == own[1].splitlines()[-1:]
    assert not psutil.Process().children(recursive=True)


def test_a_copy_ends_with_who_asked(ask):
    start, pid = ask
    with preloaded.preloaded():
        job = start("import time; time.sleep(60)")
        while not (pid.exists() and pid.read_text()):
            time.sleep(0.01)
        copy = psutil.Process(int(pid.read_text()))
        job.kill()
        job.wait()
        psutil.wait_procs([copy], timeout=10)
        assert not copy.is_running() or copy.status() == psutil.STATUS_ZOMBIE
