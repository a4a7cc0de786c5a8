"""The script `run`: its environment, its arguments, and a toy study that runs, fails,
stops and goes on.
"""

import ast
import hashlib
import importlib.util
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

import program_copies
from engine.progress import engine_line, own_line
from study_copies import copy_total

REPO = Path(__file__).resolve().parents[2]
TOY = Path(__file__).parent / "toy"
STUDY = ("--snakefile", "toy/Snakefile", "--directory", "toy")
ENVIRONMENT = {**os.environ, "EVENFIELD_VENV": sys.prefix}
SLOW = """
from engine.study import before_jobs
onstart:
    before_jobs(workflow)
rule all:
    input: "results/a.txt"
rule slow:
    output: "results/{topic}.txt"
    log: "results/logs/{topic}.log"
    script: "slow.py"
"""
SLOW_SCRIPT = """
import time
from pathlib import Path
Path(snakemake.output[0]).write_text("half")
if not Path("started").exists():
    Path("started").touch()
    for _ in range(600):
        time.sleep(0.05 * (not Path("go").exists()))
Path(snakemake.output[0]).write_text("whole")
"""


@pytest.fixture(scope="module")
def run():
    loader = SourceFileLoader("evenfield_run", str(REPO / "run"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(loader.name, loader)
    )
    loader.exec_module(module)
    return module


@pytest.fixture
def toy(tmp_path):
    """Return a copy of the toy study and a function that runs it from the folder above."""
    copy = copy_total(tmp_path / TOY.name)
    return copy, lambda *words: program_copies.run(*STUDY, *words, cwd=tmp_path)


@pytest.fixture
def slow(toy):
    """The toy study with a job that waits for a file, half a minute at most, and a
    function that starts it.
    """
    copy, call_toy = toy
    (copy / "Snakefile").write_text(SLOW)
    (copy / "slow.py").write_text(SLOW_SCRIPT)

    def start():
        command = [
            sys.executable,
            REPO / "run",
            "--snakefile",
            copy / "Snakefile",
            "--directory",
            copy,
        ]
        process = subprocess.Popen(
            command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        until = time.monotonic() + 30
        while not (copy / "started").exists() and time.monotonic() < until:
            time.sleep(0.05)
        return process

    return copy, call_toy, start


def call(folder, *words):
    command = [sys.executable, str(REPO / "run"), *words]
    return subprocess.run(
        command,
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_fits_one_screen_and_names_every_command(run):
    lines = call(REPO, "--help").stdout.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 110
    for name in (*run.COMMANDS, "test", "install"):
        assert any(line.startswith(f"  {name} ") for line in lines)
    assert all(
        (REPO / "workflow" / "commands" / f"{name}.py").is_file()
        for name in run.COMMANDS
    )


@pytest.mark.parametrize("name", "add list show why diff schema".split())
def test_a_command_starts_by_itself(name):
    """Other tests start these where the library is loaded already."""
    done = call(REPO, name, "--help")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_mistyped_word_is_held_against_every_command(run):
    from engine.main import COMMANDS

    assert sorted(COMMANDS) == sorted([*run.COMMANDS, "test", "install"])


def test_an_old_python_can_read_the_file_which_needs_the_standard_library_only():
    tree = ast.parse((REPO / "run").read_text(), feature_version=(3, 6))
    imports = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    imports |= {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }
    assert {name.split(".")[0] for name in imports} <= sys.stdlib_module_names
    assert os.access(REPO / "run", os.X_OK)


def test_a_changed_lock_is_installed_again_and_a_failed_install_leaves_no_stamp(
    run, tmp_path, monkeypatch
):
    calls = []
    lock = tmp_path / "requirements.lock"
    venv = tmp_path / ".venv"
    monkeypatch.setattr(run, "LOCKS", {"runtime": lock})
    monkeypatch.setattr(run, "VENV", venv)
    monkeypatch.setattr(run, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(run, "quietly", calls.append)
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch(0o755)
    for text, expected in (("a==1\n", 2), ("a==1\n", 2), ("a==2\n", 4)):
        lock.write_text(text)
        run.install("runtime")
        assert len(calls) == expected
    lock.write_text("a==3\n")
    monkeypatch.setattr(run, "quietly", lambda _: sys.exit("no network"))
    for _ in range(2):
        with pytest.raises(SystemExit):
            run.install("runtime")


@pytest.fixture
def locked(run, tmp_path, monkeypatch):
    """The script `run` for an environment whose lock file cannot be written."""
    venv = tmp_path / "venv"
    lock = tmp_path / "requirements.lock"
    lock.write_text("a==1\n")
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch(0o755)
    (tmp_path / "venv.lock").mkdir()
    monkeypatch.setattr(run, "LOCKS", {"runtime": lock})
    monkeypatch.setattr(run, "VENV", venv)
    monkeypatch.setattr(run, "PYTHON", venv / "bin" / "python")
    return run, venv, lock


def test_a_whole_environment_is_only_read(locked):
    run, venv, lock = locked
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    (venv / "runtime.sha256").write_text(f"{digest}\n")
    run.install_all(("runtime",))


def test_an_environment_that_cannot_be_written_is_one_line(locked):
    run, _, _ = locked
    with pytest.raises(
        SystemExit, match=r"^install: .* cannot be written .*EVENFIELD_VENV=.*$"
    ):
        run.install_all(("runtime",))


def test_a_library_path_that_cannot_be_written_is_one_line(locked):
    run, venv, _ = locked
    (venv / "lib" / "python3.11" / "site-packages" / "evenfield.pth").mkdir(
        parents=True
    )
    with pytest.raises(SystemExit, match=r"^install: .* cannot be written "):
        run.name_library()


def test_an_installer_takes_no_module_from_the_current_folder(
    run, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trap.py").write_text(f"open({str(tmp_path / 'marker')!r}, 'w')\n")
    with pytest.raises(SystemExit):
        run.quietly([sys.executable, "-m", "trap"])
    assert not (tmp_path / "marker").exists()


def test_a_failed_installer_is_one_line(run):
    code = (
        "import sys; print('WARNING: x'); print('ERROR: no index'); print('more');"
        " sys.exit(1)"
    )
    with pytest.raises(
        SystemExit, match=r"^install: .*failed: ERROR: no index; expected .*; run .*$"
    ):
        run.quietly([sys.executable, "-c", code])


def test_the_library_is_on_the_path():
    code = "import sys; print('\\n'.join(sys.path))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(REPO / "workflow") in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("word", "nearest"), [("chek", "check"), ("instal", "install"), ("gatte", "gate")]
)
def test_a_mistyped_command_is_told_from_a_target(word, nearest):
    done = program_copies.run(word)
    assert done.returncode == 1
    assert done.stderr.startswith(f"run: {word} is neither a command nor a rule; ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith(f"did you mean '{nearest}'?\n")


def test_a_folder_without_a_study_is_refused(tmp_path):
    for words in (("--directory", "."), ("clean", "--directory", ".")):
        done = program_copies.run(*words, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "no config.yaml in " in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_study_runs_reruns_and_is_cleaned(toy):
    copy, call_toy = toy
    done = call(copy.parent, *STUDY)
    assert (done.returncode, done.stderr) == (0, "")
    first, last, *where = done.stdout.splitlines()
    assert first.startswith("[1/1] total  ")
    assert last.endswith(": 1 job")
    assert where == ["  tables     toy/results/tables/"]
    assert "rule total:" in (copy / "results" / "logs" / "run.log").read_text()
    assert "everything was up to date" in call_toy().stdout
    (copy / "results" / "README.md").write_text("tracked")
    program_copies.run_well("clean", "--directory", ".", cwd=copy)
    assert [path.name for path in (copy / "results").iterdir()] == ["README.md"]
    shutil.rmtree(copy / "results")
    assert sorted(path.name for path in copy.iterdir()) == [
        "Snakefile",
        "config.yaml",
        "data",
        "total.py",
    ]


def test_results_without_records_of_their_inputs_are_made_again(toy):
    copy, call_toy = toy
    table = copy / "results" / "tables" / "total.csv"
    assert call_toy().returncode == 0
    whole = table.read_bytes()
    # As where results are copied without .snakemake: newer than any input, and old.
    shutil.rmtree(copy / ".snakemake")
    table.write_text("unit,total\n")
    done = call_toy()
    assert "everything is made again" in done.stderr
    assert table.read_bytes() == whole
    assert "made again" not in call_toy().stderr


def test_a_failing_job_says_its_own_line_only(toy):
    copy, call_toy = toy
    (copy / "config.yaml").write_text(
        'clock: false\nstop: "1 bad row; expected none; fix it"\n'
    )
    done = call_toy()
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == "toy: 1 bad row; expected none; fix it (log: toy/results/logs/run.log)\n"
    )


def test_an_error_of_the_snakefile_or_of_the_engine_is_one_line(toy):
    copy, call_toy = toy
    missing = call_toy("nowhere.csv")
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    assert missing.stderr.startswith("run: nothing makes nowhere.csv; expected a file")
    assert "`tables` or `figures`" in missing.stderr
    (copy / "Snakefile").write_text(
        "import sys\nsys.exit('evenfield: config: 1 bad key; expected none; remove"
        " it')\n"
    )
    config = call_toy()
    assert (config.returncode, config.stderr) == (
        1,
        "config: 1 bad key; expected none; remove it\n",
    )
    assert not (copy / "results").exists()


def test_a_question_is_answered_in_the_engines_words_and_writes_nothing(toy):
    copy, call_toy = toy
    done = call_toy("-n")
    assert done.returncode == 0
    assert "This was a dry-run" in done.stderr
    assert "total" in call_toy("--list-rules").stdout
    assert not (copy / "results").exists()


def test_a_terminal_shows_one_line_that_changes(toy):
    copy, _ = toy
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        REPO / "run",
        "--snakefile",
        copy / "Snakefile",
        "--directory",
        copy,
    ]
    subprocess.run(
        command,
        env=ENVIRONMENT,
        stdout=theirs,
        stderr=theirs,
        check=True,
    )
    shown = os.read(ours, 10_000).decode()
    assert re.search(r"\r\[0/1\] \d\.\d s, 1 left  now: total\x1b\[K", shown)
    assert shown.split("\x1b[K")[-1].startswith("done in ")


def test_a_second_run_at_once_is_refused_and_leaves_the_first_alone(slow):
    copy, call_toy, start = slow
    first = start()
    second = call_toy()
    assert second.returncode == 1
    assert (
        second.stderr
        == f"run: another run is working in {copy}; expected one at a time; wait for it"
        " or stop it\n"
    )
    cleaned = program_copies.run("clean", "--directory", copy)
    assert cleaned.stderr.startswith("clean: a run is working in ")
    (copy / "go").touch()
    assert first.wait(timeout=60) == 0
    assert (copy / "results" / "a.txt").read_text() == "whole"


@pytest.mark.parametrize(
    ("number", "code", "line"),
    [
        (signal.SIGINT, 130, "interrupted; run the same command to continue\n"),
        (signal.SIGHUP, 129, "ended by SIGHUP; run the same command to continue\n"),
        (signal.SIGTERM, 143, "ended by SIGTERM; run the same command to continue\n"),
    ],
)
def test_a_stopped_run_goes_on_with_the_same_command(slow, number, code, line):
    copy, call_toy, start = slow
    process = start()
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors.decode()) == (code, line)
    (copy / "go").touch()  # for a job that outlived its engine
    done = call_toy()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("[1/1] slow a  ")
    assert (copy / "results" / "a.txt").read_text() == "whole"


def test_an_engine_that_was_killed_leaves_nothing_outside_and_its_run_goes_on(
    slow, tmp_path, monkeypatch
):
    copy, _, start = slow
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.setitem(ENVIRONMENT, "TMPDIR", str(outside))
    monkeypatch.setitem(ENVIRONMENT, "XDG_CACHE_HOME", str(outside))
    process = start()
    process.kill()
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (-signal.SIGKILL, b"")
    (copy / "go").touch()
    done = call(copy.parent, *STUDY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("[1/1] slow a  ")
    assert (copy / "results" / "a.txt").read_text() == "whole"
    left = [
        path
        for path in outside.rglob("*")
        if path.name.startswith(("snakemake", "tmp"))
    ]
    assert [path for path in left if path.is_file()] == []
    assert [path for path in left if path.parent == outside] in (
        [],
        [outside / "snakemake"],
    )
    assert list((copy / ".snakemake" / "tmp").iterdir()) == []


def test_faults_are_one_line_and_ours_ask_for_a_report(tmp_path):
    log = tmp_path / "job.log"
    log.write_text(
        "Traceback (most recent call last):\n  File x\nZeroDivisionError: division by"
        " zero\n"
    )
    assert own_line("beta", [str(log)]).startswith(
        "beta: ZeroDivisionError: division by zero; this is a fault of"
    )
    assert own_line("beta", [str(tmp_path / "none.log")]).startswith(
        "beta: the job was ended before it could say why"
    )
    text = 'WorkflowError in file "S", line 2:\n    evenfield: config: bad'
    assert engine_line(text) == "evenfield: config: bad"
    text = "Traceback (most recent call last):\n  File x\nValueError: boo"
    assert engine_line(text) == "the engine stopped: ValueError: boo"
    assert engine_line("") == "the engine stopped: no message"


def test_results_that_may_not_be_written_are_named_with_what_to_do():
    text = (
        'ProtectedOutputException in rule total in file "S", line 2:\n'
        "Write-protected output files for rule total:\n"
        "    output: results/tables/total.csv\n    affected files:\n"
        "        results/tables/total.csv"
    )
    line = engine_line(text)
    assert line.startswith(
        "run: results that may not be written: results/tables/total.csv;"
    )
    assert "chmod -R u+w results" in line
