"""The programs behind `python3 run` as copies of one process that has the libraries
loaded: the same work, streams and exit code without seconds of imports a call.

What a program does before it has its libraries (the script `run`, modules found in the
current folder) and how signals end it is tested with processes of their own.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from pathlib import Path

WORKFLOW = Path(__file__).parents[1] / "workflow"
STREAMS = ("stdin", "stdout", "stderr")
# As the script `run` gives them to what it starts.
FIXED = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}


def run(*words, workflow=WORKFLOW, cwd=None, **variables):
    """Do what `python3 run` does with these words; return streams and exit code as
    `subprocess.run` does. ``workflow`` may be that of a copy of the repository;
    ``variables`` are added to the environment.
    """
    words = [str(word) for word in words]
    program = workflow / "commands" / f"{words[0] if words else ''}.py"
    if program.is_file():
        words = words[1:]
    else:
        program = workflow / "engine" / "main.py"
    # Jobs are processes: they find the library of a copy by this path.
    paths = {} if workflow == WORKFLOW else {"PYTHONPATH": str(workflow)}
    request = {
        "words": [str(program), *words],
        "folder": str(cwd or Path.cwd()),
        "environment": {**os.environ, **FIXED, **paths, **variables},
    }
    return ended(request, "", _ask)


def ended(request, given, end_of):
    """Return streams and exit code of a request, with this text as its input, where
    ``end_of`` gives the code of a request with its streams.
    """
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in STREAMS]
        streams[0].write_text(given, "utf-8")
        code = end_of(request | {"streams": [str(path) for path in streams]})
        out, err = (path.read_text("utf-8") for path in streams[1:])
    return subprocess.CompletedProcess(request["words"], code, out, err)


def _ask(request):
    """Let the process that has the libraries make a copy."""
    copied = _process_to_copy()
    copied.stdin.write(f"{json.dumps(request)}\n")
    copied.stdin.flush()
    return int(copied.stdout.readline())


def run_well(*words, **options):
    """Run what must end well; return what it prints."""
    done = run(*words, **options)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@cache
def _process_to_copy():
    """Start the process that is copied; it ends with this one."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(
        [sys.executable, "-P", __file__], cwd=WORKFLOW, env=os.environ | FIXED, **pipes
    )
    atexit.register(process.communicate)
    return process


def serve():
    """Answer each line of the standard input with the exit code of a copy."""
    from engine import preloaded

    # The engine first: it imports Snakemake in a way of its own.
    for name in ["engine.main", *preloaded.LIBRARIES, *preloaded.own_modules()]:
        import_module(name)
    gc.freeze()
    for line in sys.stdin:
        sys.stdout.write(f"{code_of_copy(json.loads(line))}\n")
        sys.stdout.flush()


def code_of_copy(request, forget=lambda: None):
    """Do a request in a copy of this process, which may forget some of it before; return
    how that ended.
    """
    copy = os.fork()
    if copy == 0:
        forget()
        work(**request)  # never returns
    return os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])


def check_by_copies(program):
    """Let a run check its study by a copy, too, in place of a process of its own."""
    start = subprocess.run

    def started(command, *given, **options):
        if command[1:] != [str(program), "--stdin"]:
            return start(command, *given, **options)
        request = {
            "words": command[1:],
            "folder": str(Path.cwd()),
            "environment": options["env"],
        }
        # What the run does when it ends is not for its check to do.
        copied = partial(code_of_copy, forget=atexit._clear)
        return ended(request, options["input"], copied)

    subprocess.run = started


def work(words, folder, environment, streams):
    """Run a program (words: its path, then arguments; streams: paths of files for
    STREAMS) as if Python had been started with it; end this process with its code.
    """
    code = 1
    try:
        for number, (name, path) in enumerate(zip(STREAMS, streams, strict=True)):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
            mode = "r" if name == "stdin" else "w"
            # Line by line: what waits in a buffer at a fork would be written twice.
            setattr(sys, name, os.fdopen(number, mode, buffering=1, closefd=False))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        for place in map(Path, environment.get("PYTHONPATH", "").split(":")):
            if (place / "sitecustomize.py").is_file():  # as Python does at its start
                runpy.run_path(str(place / "sitecustomize.py"))
        sys.argv = words
        workflow = Path(words[0]).parents[1]
        use_library(workflow)
        check_by_copies(workflow / "commands" / "check.py")
        runpy.run_path(words[0], run_name="__main__")
        code = 0
    except SystemExit as stop:
        code = stop.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        if isinstance(code, str):
            sys.stderr.write(f"{code}\n")
        atexit._run_exitfuncs()  # os._exit skips them
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def use_library(workflow):
    """Let a program below ``workflow`` import the modules that stand there; where that
    is a copy of the repository, those loaded from this one are forgotten first.
    """
    sys.path[:0] = [str(Path(sys.argv[0]).parent), str(workflow)]
    if workflow == WORKFLOW:
        return
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(f"{WORKFLOW}/"):
            del sys.modules[name]


if __name__ == "__main__":
    serve()
