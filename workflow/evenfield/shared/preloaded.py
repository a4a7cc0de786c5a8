"""A process that has the libraries loaded: each local job is a copy of it, which saves
a second of imports a job.

The engine starts a new Python for each job. That Python asks here for a copy, gives it
its streams, folder and environment, waits and ends with its exit code. Where there is
nobody to ask (another machine, plain Snakemake, macOS) it does its work itself, to the
same bytes.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

ASK = "EVENFIELD_PRELOADED"
LIBRARIES = (
    "statsmodels.api linearmodels.panel pysyncon seaborn docx pydantic jinja2"
    " markdown_it snakemake.logging snakemake.iocontainers"
    " matplotlib.backends.backend_pdf matplotlib.backends.backend_svg"
).split()


@contextmanager
def preloaded() -> Iterator[None]:
    """Offer copies for as long as the block lasts or this process lives; nothing is
    loaded before someone asks.
    """
    listener = socket.socket(socket.AF_UNIX)
    with suppress(
        OSError
        # only Linux has names that are no files; elsewhere a loaded BLAS must not be copied
        # anyway
    ):
        listener.bind(b"\0evenfield-" + os.urandom(16).hex().encode())
    if not listener.getsockname():
        yield
        return
    listener.listen(256)
    alive, held = (
        os.pipe()
    )  # the end that is held closes with this process, however it ends
    if (server := os.fork()) == 0:
        os.close(held)
        end_with(serve, listener, alive)
    os.environ[ASK] = f"{sys.prefix}:{listener.getsockname()[1:].decode()}"
    listener.close()
    try:
        yield
    finally:
        os.close(held)
        os.waitpid(server, 0)


def serve(listener: socket.socket, alive: int) -> None:
    """Make a copy for each job that asks."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.chdir(sys.prefix)  # libraries read settings from the current folder
    while listener.fileno() in select.select([listener.fileno(), alive], [], [])[0]:
        connection = listener.accept()[0]
        for library in LIBRARIES:
            import_module(library)
        gc.freeze()
        if same_user(connection) and os.fork() == 0:
            listener.close()
            end_with(work, connection)
        connection.close()
    with suppress(ChildProcessError):
        while os.wait():  # so that the time of the jobs counts as time of the run
            pass


def end_with(work: Callable[..., None], *given: Any) -> NoReturn:
    """Let this copy do its work and nothing of what it was copied from."""
    try:
        work(*given)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def work(connection: socket.socket) -> None:
    """Run the script of one job as if Python had been started with it."""
    for number, stream in enumerate(socket.recv_fds(connection, 1, 3)[1]):
        os.dup2(stream, number)
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2)
    )
    sys.argv, sys.path, folder, environment = json.loads(
        connection.makefile().readline()
    )
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for name in [name for name in sys.modules if name.partition(".")[0] == "evenfield"]:
        del sys.modules[name]  # the script says where its library is
    threading.Thread(
        target=lambda: connection.recv(1) or os._exit(1), daemon=True
    ).start()  # ends with who asked
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code: object = 1
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as stop:
        code = stop.code or 0
    except BaseException:
        traceback.print_exc()
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    sys.stdout.flush()
    connection.sendall(bytes([code if isinstance(code, int) else 1]))


def hand_over() -> None:
    """Let a copy do this process's work and end with its exit code; return where nobody
    can be asked.
    """
    prefix, _, name = os.environ.pop(ASK, "").partition(":")
    connection = socket.socket(socket.AF_UNIX)
    if (
        prefix != sys.prefix
        or connection.connect_ex(b"\0" + name.encode())
        or not same_user(connection)
    ):
        return
    socket.send_fds(connection, [b"."], [0, 1, 2])
    connection.sendall(
        json.dumps([sys.argv, sys.path, str(Path.cwd()), dict(os.environ)]).encode()
        + b"\n"
    )
    os._exit((connection.recv(1) or b"\1")[0])


def same_user(connection: socket.socket) -> bool:
    """Whether the other end belongs to this user: names of this kind are open to all
    users of a machine.
    """
    _, user, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    )
    return bool(user == os.getuid())
