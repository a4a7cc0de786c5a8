"""A process that has the libraries loaded: each local job is a copy of it, which saves
a second of imports a job.

The Snakefile starts it while the study is checked, or before the first job, and it ends
with Snakemake. Snakemake starts a new Python for each job. That Python asks here for a
copy, gives it its streams, folder and environment, waits and ends with its exit code.
Where there is nobody to ask (another machine, macOS) it does its work itself, to the same
bytes.

Names of sockets are seen by every process of the machine that shares its network, one
that is kept from files included. Who asks must therefore belong to this user and know a
random word that only this run's jobs find in their environment.
"""

import atexit
import gc
import hmac
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

# Holds the name of the socket, the word and the environment for which it is; with `none`
# each job is a process of its own.
SERVER_VARIABLE = "EVENFIELD_PRELOADED"
WORD_BYTES = 32  # of the random word, which is written as 64 hexadecimal digits
STARTED = b"s"  # the first answer to who asks
LEFT = (
    "evenfield: the process that did this job ended and nobody can say how; expected"
    " that the processes of a run last as long as it; run the same command"
)
PATIENCE = 10.0  # seconds that a connection may stay silent
# What most jobs import, and what is slow to import.
LIBRARIES = (
    "statsmodels.api linearmodels.panel seaborn docx pydantic jinja2"
    " markdown_it snakemake.logging snakemake.iocontainers"
    " matplotlib.backends.backend_pdf matplotlib.backends.backend_svg"
).split()
# The folder of our own packages; jobs find it by way of `workflow/rules/..`.
LIBRARY = str(Path(__file__).resolve().parents[1])
OWN = ("evenfield", "engine")
PROGRAM = "from engine import preloaded; preloaded.main()"
# A copy has what its process had when it loaded the libraries; `run` sets the same.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}


# In a copy one offer, as `offer` makes it, elsewhere none. A job takes it out of its
# environment; one that runs a study beside passes it on, so that the jobs of that run
# ask the same process.
OFFERS: list[str] = []


# At most one process that loads and of which no job knows yet, with what it will offer.
LOADING: list[tuple[str, subprocess.Popen[bytes]]] = []


def offer_copies() -> None:
    """Let jobs ask a process for copies for as long as this one lives, unless the run that
    started this one has one, or whoever started it wants none.
    """
    if os.environ.get(SERVER_VARIABLE):
        return
    if not LOADING:
        start_loading()
    if LOADING:
        os.environ[SERVER_VARIABLE], _ = LOADING.pop()


def start_loading() -> None:
    """Start the process that makes copies; no job asks it before it is offered."""
    if os.environ.get(SERVER_VARIABLE):
        return
    with socket.socket(socket.AF_UNIX) as listener:
        # Only Linux has names that are no files and descriptors of processes; elsewhere a
        # loaded BLAS must not be copied anyway.
        with suppress(AttributeError, OSError):
            os.close(os.pidfd_open(os.getpid()))
            listener.bind(b"\0evenfield-" + os.urandom(16).hex().encode())
        if not listener.getsockname():
            return
        listener.listen(256)
        word = os.urandom(WORD_BYTES).hex()
        server = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM, str(listener.fileno())],
            cwd=sys.prefix,  # libraries read settings from the current folder
            env={**ONE_THREAD, **os.environ, "PYTHONPATH": LIBRARY},
            pass_fds=[listener.fileno()],
            # Its end for writing closes with this process, however that ends, which tells
            # the server that the run is over.
            stdin=subprocess.PIPE,
            bufsize=0,
        )
        with suppress(OSError):  # it may have ended already
            told(server).write(word.encode())
        LOADING.append((offer(listener, word), server))
    atexit.register(withdraw, server)


def end_loading() -> None:
    """End the process that loads, where the jobs run elsewhere."""
    while LOADING:
        _, server = LOADING.pop()
        withdraw(server)


def withdraw(server: subprocess.Popen[bytes]) -> None:
    """Ask for no more copies; the time of the process now counts as time of the run."""
    os.environ.pop(SERVER_VARIABLE, None)
    told(server).close()
    server.wait()


def told(server: subprocess.Popen[bytes]) -> IO[bytes]:
    """Return where the process reads."""
    assert server.stdin is not None
    return server.stdin


def offer(listener: socket.socket, word: str) -> str:
    """Say where to ask, with which word, and for which environment."""
    # An abstract name of Linux begins with a zero byte, which no variable can hold.
    name = listener.getsockname()[1:].decode()
    return f"{name}:{word}:{sys.prefix}"


def main() -> None:
    """Make a copy for each job that asks and knows the word, which comes first on the
    standard input.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    listener = socket.socket(fileno=int(sys.argv[1]))
    run_ended = os.dup(sys.stdin.fileno())
    word = os.read(run_ended, 2 * WORD_BYTES).decode()
    OFFERS.append(offer(listener, word))
    load(lambda: run_ended in select.select([run_ended], [], [], 0)[0])
    # Pages that the collector does not touch stay shared with the copies.
    gc.freeze()
    copies: dict[int, tuple[int, socket.socket]] = {}
    asking = [listener.fileno(), run_ended]
    while asking or copies:
        ready = select.select([*asking, *copies], [], [])[0]
        for descriptor in copies.keys() & set(ready):
            os.close(descriptor)
            report_end(*copies.pop(descriptor))
        if run_ended in ready:
            asking = []  # the run is over
            listener.close()
        elif listener.fileno() in ready:
            connection = listener.accept()[0]
            if not same_user(connection):
                connection.close()
                continue
            copy = os.fork()
            if copy == 0:
                os.close(run_ended)
                listener.close()
                for _, other in copies.values():
                    other.close()
                end_after(run_job, connection, word)
            copies[os.pidfd_open(copy)] = (copy, connection)


def load(is_over: Callable[[], bool]) -> None:
    """Load the libraries, and our own modules, until nobody needs them any more."""
    for library in [*LIBRARIES, *own_modules()]:
        if is_over():
            return
        import_module(library)


def own_modules() -> list[str]:
    """Name the modules of our own that jobs import; the library's front is for users."""
    package = import_module(OWN[0])
    modules = pkgutil.walk_packages(package.__path__, f"{OWN[0]}.")
    names = [module.name for module in modules]
    return [name for name in names if not name.startswith("evenfield.api")]


def report_end(copy: int, connection: socket.socket) -> None:
    """Say how a copy ended that has not said so itself; its time now counts as time of
    the run.
    """
    _, status = os.waitpid(copy, 0)
    answer = [0, os.WEXITSTATUS(status)]
    if os.WIFSIGNALED(status):
        answer = [os.WTERMSIG(status), 0]
    with suppress(OSError):  # who asked may be gone, too
        connection.sendall(bytes(answer))
    connection.close()


def end_after(task: Callable[..., None], *given: object) -> NoReturn:
    """Let this copy do its task and nothing of what it was copied from."""
    try:
        task(*given)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        # Past all handlers and buffers of the process that was copied.
        os._exit(1)


def streams_of(connection: socket.socket, word: str) -> list[int]:
    """Return the three streams of who asks and knows the word; end this copy otherwise."""
    connection.settimeout(PATIENCE)
    try:
        message, streams, _, _ = socket.recv_fds(connection, 2 * WORD_BYTES, 3)
    except OSError:
        os._exit(1)
    # In constant time, so that the word cannot be guessed letter by letter.
    if len(streams) != 3 or not hmac.compare_digest(message, word.encode()):
        os._exit(1)
    return streams


def request_of(connection: socket.socket) -> list[Any]:
    """Return what the asking process would have run: arguments, path, folder,
    environment and library; end this copy if it stays silent for too long.
    """
    try:
        line = connection.makefile().readline()
    except OSError:
        os._exit(1)
    connection.settimeout(None)
    return list(json.loads(line))


def run_job(connection: socket.socket, word: str) -> None:
    """Run the script of one job as if Python had been started with it."""
    for number, stream in enumerate(streams_of(connection, word)):
        os.dup2(stream, number)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.argv, sys.path, folder, environment, library = request_of(connection)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if library != LIBRARY:  # the workflow of a module has its own
        for name in list(sys.modules):
            if name.partition(".")[0] in OWN:
                del sys.modules[name]
    connection.sendall(STARTED)
    threading.Thread(target=end_with_caller, args=[connection], daemon=True).start()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code: object = 1
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as stop:
        code = 0 if stop.code is None else stop.code
    except BaseException:
        traceback.print_exc()
    if not isinstance(code, int):  # as Python does
        sys.stderr.write(f"{code}\n")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Two bytes answer: the signal that ended the copy (0: none), and its exit code, of
    # which every system keeps the last eight bits.
    connection.sendall(bytes([0, code & 0xFF]))


def end_with_caller(connection: socket.socket) -> None:
    """End this copy when the process that asked for it has ended, however that is."""
    with suppress(OSError):
        connection.recv(1)
    os._exit(1)


def hand_over(note: Callable[[int], None] | None = None) -> None:
    """Let a copy do this process's work and end with its exit code; return where nobody
    can be asked or no copy starts. A signal that ended the copy is noted and ends this
    process, too.
    """
    # As `offer` wrote it; a folder may hold a colon.
    name, _, word_and_prefix = os.environ.get(SERVER_VARIABLE, "").partition(":")
    word, _, prefix = word_and_prefix.partition(":")
    if prefix != sys.prefix:  # no offer, or one of another environment
        return
    # Nothing that a job starts may ask again.
    del os.environ[SERVER_VARIABLE]
    connection = socket.socket(socket.AF_UNIX)
    refused = connection.connect_ex(b"\0" + name.encode())
    if refused or not same_user(connection) or not copy_starts(connection, word):
        return
    try:
        answer = connection.recv(2)
    except OSError:
        answer = b""
    # Without an answer the copy is gone, and so is who would tell how it ended.
    ended_by, code = answer or (0, 1)
    if note is not None and (ended_by or not answer):
        with suppress(OSError):
            note(ended_by)
    if not answer:
        sys.stderr.write(f"{LEFT}\n")
        sys.stderr.flush()
    if ended_by:  # as the copy was, so that whoever waits for this process sees it
        with suppress(OSError):
            signal.signal(ended_by, signal.SIG_DFL)
        os.kill(os.getpid(), ended_by)
    os._exit(code)


def copy_starts(connection: socket.socket, word: str) -> bool:
    """Ask for a copy that does this process's work, and say whether it has begun; else
    nothing of the work is done.
    """
    request = [sys.argv, sys.path, str(Path.cwd()), dict(os.environ), LIBRARY]
    try:
        socket.send_fds(connection, [word.encode()], [0, 1, 2])
        connection.sendall(json.dumps(request).encode() + b"\n")
        return connection.recv(1) == STARTED
    except OSError:  # the server has died
        return False


def same_user(connection: socket.socket) -> bool:
    """Whether the other end belongs to this user: names of this kind are open to all
    users of a machine.
    """
    _, user, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    )
    return bool(user == os.getuid())
