"""Jobs as copies of one process: what a job prints and how it ends is as if a Python
had started for it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import psutil
import pytest

from engine import preloaded
from engine.preloaded import SERVER_VARIABLE
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
START = "import os, sys; from engine.preloaded import hand_over; hand_over(); "
ENDINGS = from_yaml("""
    whole: print('done', os.getcwd(), sys.argv[1:], os.environ['GIVEN'])
    one line: 'sys.exit(''evenfield: found, expected, remedy'')'
    code: sys.exit(3)
    code below zero: sys.exit(-1)
    code of two bytes: sys.exit(770)
    no code: sys.exit(2.5)
    at once: os._exit(5)
    fault: 1 / 0
    memory: os.kill(os.getpid(), 9)
    """)


FEW = """
import sys
sys.path.insert(0, {folder!r})
from engine import preloaded
preloaded.LIBRARIES = {libraries}
preloaded.PATIENCE = {patience}
preloaded.own_modules = lambda: ["evenfield.study.files"]
preloaded.main()
"""


@contextmanager
def copies():
    """Copies are offered until the block ends, as they are until a run ends."""
    servers = []
    with patch.object(
        preloaded.atexit, "register", lambda _, server: servers.append(server)
    ):
        preloaded.offer_copies()
    try:
        yield
    finally:
        for server in servers:
            preloaded.withdraw(server)


@pytest.fixture
def few(monkeypatch, tmp_path):
    """Let the process load little, so that it starts soon."""

    def loading(libraries=("json",), patience=preloaded.PATIENCE):
        program = FEW.format(
            folder=str(tmp_path), libraries=libraries, patience=patience
        )
        monkeypatch.setattr(preloaded, "PROGRAM", program)

    loading()
    return loading


@pytest.fixture
def ask(tmp_path, few):
    """Start a script as the engine does; its file `pid` tells which process did the
    work.
    """

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


def test_a_process_that_loads_is_offered_once_and_ends_where_no_job_asks_it(
    few, monkeypatch
):
    monkeypatch.delenv(preloaded.SERVER_VARIABLE, raising=False)
    with patch.object(preloaded.atexit, "register"):
        preloaded.start_loading()
        (_, server) = preloaded.LOADING[0]
        assert preloaded.SERVER_VARIABLE not in os.environ
        preloaded.end_loading()
        assert server.poll() is not None
        preloaded.start_loading()
        (offer, server) = preloaded.LOADING[0]
        preloaded.offer_copies()
        assert os.environ[preloaded.SERVER_VARIABLE] == offer
        assert not preloaded.LOADING
        preloaded.withdraw(server)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_copy_says_and_ends_as_a_process_of_its_own(ask, ending):
    start, pid = ask
    before = psutil.Process().children(recursive=True)
    alone = start(ENDINGS[ending])
    own = alone.communicate()
    assert int(pid.read_text()) == alone.pid
    with copies():
        job = start(ENDINGS[ending])
        wording = job.communicate()
    assert int(pid.read_text()) != job.pid
    assert job.returncode == alone.returncode
    assert wording[0] == own[0]
    assert wording[1].splitlines()[-1:] == own[1].splitlines()[-1:]
    assert psutil.Process().children(recursive=True) == before


@pytest.fixture
def server(ask):
    """The process that holds the libraries; other tests may have left children."""
    others = psutil.Process().children()
    with copies():
        (started,) = set(psutil.Process().children()).difference(others)
        yield started


def killed(process):
    """Kill a process and leave its end to who started it."""
    process.kill()
    while process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def until(true, job):
    """Wait for a fact while a job lives."""
    while not true():
        assert job.poll() is None
        time.sleep(0.01)


def waiting_connections():
    """Connections to the server that it has not taken yet."""
    name = f"@{os.environ[SERVER_VARIABLE].partition(':')[0]}"
    sockets = Path("/proc/net/unix").read_text().splitlines()
    return sum(line.endswith(name) for line in sockets) - 1


def test_a_job_whose_server_dies_before_it_is_taken_works_by_itself(ask, server):
    start, pid = ask
    server.suspend()
    job = start("print('done'); sys.exit(3)")
    until(waiting_connections, job)
    server.kill()
    assert job.communicate() == ("done\n", "")
    assert job.returncode == 3
    assert int(pid.read_text()) == job.pid


@pytest.mark.parametrize("taken", ["nothing", "the word", "all"])
def test_a_job_that_is_left_before_it_started_works_by_itself(
    ask, monkeypatch, tmp_path, taken
):
    start, pid = ask
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(b"\0evenfield-" + os.urandom(8).hex().encode())
        listener.listen()
        monkeypatch.setenv(SERVER_VARIABLE, preloaded.offer(listener, "ab"))
        job = start("print('done')")
        connection = listener.accept()[0]
        if taken != "nothing":
            _, streams, _, _ = socket.recv_fds(connection, 2, 3)
            list(map(os.close, streams))
        if taken == "all":
            connection.makefile().readline()
        connection.close()
        assert job.communicate() == ("done\n", "")
    assert int(pid.read_text()) == job.pid


def test_a_copy_that_runs_outlives_its_server(ask, server, tmp_path):
    start, pid = ask
    job = start(
        "import time\nwhile not os.path.exists('go'): time.sleep(0.01)\nsys.exit(3)"
    )
    until(lambda: pid.exists() and pid.read_text(), job)
    killed(server)
    (tmp_path / "go").touch()
    assert job.wait() == 3
    assert int(pid.read_text()) != job.pid


def test_a_job_whose_copy_dies_without_a_server_fails_in_one_line(ask, server):
    start, pid = ask
    job = start("import time; time.sleep(60)")
    until(lambda: pid.exists() and pid.read_text(), job)
    killed(server)
    os.kill(int(pid.read_text()), signal.SIGKILL)
    said = job.communicate()
    assert said == ("", preloaded.LEFT + "\n")
    assert job.returncode == 1


def test_a_copy_ends_with_who_asked(ask):
    start, pid = ask
    with copies():
        job = start("import time; time.sleep(60)")
        while not (pid.exists() and pid.read_text()):
            assert job.poll() is None
            time.sleep(0.01)
        copy = psutil.Process(int(pid.read_text()))
        job.kill()
        job.wait()
        psutil.wait_procs([copy], timeout=10)
        assert not copy.is_running() or copy.status() == psutil.STATUS_ZOMBIE


def test_a_run_that_a_copy_starts_asks_the_same_process(ask):
    start, _ = ask
    with copies():
        own = os.environ[SERVER_VARIABLE]
        job = start("from engine import preloaded; print(*preloaded.OFFERS)")
        assert job.communicate()[0] == f"{own}\n"
        with copies():
            assert os.environ[SERVER_VARIABLE] == own
        assert os.environ[SERVER_VARIABLE] == own


def test_who_asks_after_the_run_does_its_work_itself(ask, monkeypatch):
    start, pid = ask
    with copies():
        own = os.environ[SERVER_VARIABLE]
    monkeypatch.setenv(SERVER_VARIABLE, own)
    late = start("print('done')")
    assert late.communicate() == ("done\n", "")
    assert int(pid.read_text()) == late.pid


def connected():
    """A connection to the process that holds the libraries, and the word for it."""
    name, word, _ = os.environ[SERVER_VARIABLE].split(":", 2)
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(b"\0" + name.encode())
    connection.settimeout(30)
    return connection, word


def request(tmp_path, library=preloaded.LIBRARY):
    """The request to run a script that leaves a marker: whether a module is loaded."""
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; marker = open({str(tmp_path / 'marker')!r}, 'w')\n"
        "marker.write(str('evenfield.study.files' in sys.modules))\n"
    )
    parts = [[str(script)], sys.path, str(tmp_path), dict(os.environ), library]
    return json.dumps(parts).encode() + b"\n"


@pytest.mark.parametrize("known", [True, False])
def test_only_who_knows_the_word_is_obeyed(ask, tmp_path, known):
    with copies():
        connection, word = connected()
        message = word if known else "0" * len(word)
        socket.send_fds(connection, [message.encode()], [0, 1, 2])
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request(tmp_path))
            connection.recv(1)
    assert (tmp_path / "marker").exists() == known


@pytest.mark.parametrize("wording", ["nothing", "the word"])
def test_a_silent_connection_is_left_after_a_while(few, wording):
    few(patience=0.2)
    started = time.monotonic()
    with copies():
        connection, word = connected()
        if wording == "the word":
            socket.send_fds(connection, [word.encode()], [0, 1, 2])
    assert time.monotonic() - started < 10
    connection.close()


def test_a_copy_does_not_hand_the_word_on(ask):
    start, _ = ask
    with copies():
        job = start(f"print({SERVER_VARIABLE!r} in os.environ)")
        assert job.communicate()[0] == "False\n"
    assert SERVER_VARIABLE not in os.environ


@pytest.mark.parametrize("library", [preloaded.LIBRARY, "/of/another/workflow"])
def test_a_copy_keeps_our_modules_where_the_library_is_the_same(ask, tmp_path, library):
    with copies():
        connection, word = connected()
        socket.send_fds(connection, [word.encode()], [0, 1, 2])
        connection.sendall(request(tmp_path, library))
        assert connection.recv(1) == preloaded.STARTED
        assert connection.recv(2) == b"\0\0"
    kept = (tmp_path / "marker").read_text()
    assert kept == str(library == preloaded.LIBRARY)


def test_a_library_is_the_same_by_whatever_way_it_is_found():
    roundabout = ROOT / "workflow" / "rules" / ".." / "scripts"
    program = "import entry; from engine.preloaded import LIBRARY; print(LIBRARY)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(roundabout)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == preloaded.LIBRARY


def test_a_run_that_is_over_loads_no_more_libraries(few, tmp_path):
    waits = "import pathlib, time\nwhile not pathlib.Path({!r}).exists():\n    time.sleep(0.01)"
    over = tmp_path / "over"
    (tmp_path / "first_library.py").write_text(waits.format(str(over)))
    marker = tmp_path / "marker"
    (tmp_path / "second_library.py").write_text(f"open({str(marker)!r}, 'w')")
    few(("first_library", "second_library"))
    with copies():
        # Its pipe closes before the first library is loaded.
        threading.Timer(0.5, over.touch).start()
    assert not marker.exists()
