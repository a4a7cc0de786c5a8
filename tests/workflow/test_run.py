"""The script `run`: arguments, environment, progress, failures and a toy study from end to end."""

import ast
import importlib.util
import os
import signal
import subprocess
import sys
import time
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
TOY = Path(__file__).parent / "toy"


@pytest.fixture(scope="module")
def run():
    loader = SourceFileLoader("evenfield_run", str(REPO / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def toy(tmp_path):
    """Return a copy of the toy study and a function that calls `run` on it."""

    def call(*arguments, study=TOY.name, **options):
        command = [sys.executable, str(REPO / "run"), *venv, "--snakefile", str(TOY / "Snakefile")]
        command += ["--directory", study, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, **options)

    venv = ["--venv", sys.prefix]
    copy = tmp_path / TOY.name
    (copy / "data").mkdir(parents=True)
    for name in ("config.yaml", "data/values.csv"):
        (copy / name).write_bytes((TOY / name).read_bytes())
    return copy, call


# --------------------------------------------------------------------------------------- one file, one screen


def test_help_fits_one_screen():
    done = subprocess.run([sys.executable, REPO / "run", "--help"], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 110


def test_an_old_python_can_read_the_file_and_say_so():
    ast.parse((REPO / "run").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_run_is_executable_and_needs_the_standard_library_only():
    assert os.access(REPO / "run", os.X_OK)
    tree = ast.parse((REPO / "run").read_text(encoding="utf-8"))
    imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imports |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imports} <= sys.stdlib_module_names


# -------------------------------------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--configfile F TARGET", "--configfile F --nolock TARGET"),
        ("--configfile a.yaml b.yaml TARGET", "--configfile a.yaml b.yaml --nolock TARGET"),
        ("--configfile F -- TARGET", "--configfile F -- TARGET"),
        ("--configfile F --cores 2 TARGET", "--configfile F --cores 2 TARGET"),
        ("--configfile F", "--configfile F"),
        ("--config a=1 b=2 TARGET x", "--config a=1 b=2 --nolock TARGET x"),
        ("-q rules TARGET", "-q rules --nolock TARGET"),
        ("-q TARGET", "-q --nolock TARGET"),
        ("--rerun-triggers mtime code TARGET", "--rerun-triggers mtime code --nolock TARGET"),
        ("--forcerun a b", "--forcerun a b"),
        ("TARGET -n", "TARGET -n"),
    ],
)
def test_targets_are_kept_from_options_that_swallow_them(run, words, expected):
    assert run.end_value_lists(words.split()) == expected.split()


def test_the_engines_parser_agrees(run):
    from snakemake.cli import get_argument_parser

    known = {name for action in get_argument_parser()._actions for name in action.option_strings}
    names = {name for names in run.SWALLOWING for name in names} | run.READING | run.WRITING
    assert names <= known
    words = run.end_value_lists(["--configfile", "F", "results/a.csv", "--config", "a=1", "results/b.csv"])
    parsed, _ = get_argument_parser().parse_known_args(words)
    assert (parsed.configfile, parsed.config) == ([Path("F")], ["a=1"])


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("--directory D", "D"), ("--directory=D", "D"), ("-d D", "D"), ("-dD", "D"),
        ("TARGET --cores 2", None), ("-- --directory D", None), ("--dag", None), ("-d A -d B", "B"),
    ],
)  # fmt: skip
def test_option_values(run, words, value):
    assert run.option_value(words.split(), "--directory", "-d") == value


def test_what_is_given_is_not_added(run):
    given = ["--cores", "1", "--directory", "D", "--snakefile", "S"]
    command = run.engine_command(Path("V"), given)
    assert command[:5] == ["V/bin/python", "-P", "-m", "snakemake", "--nolock"]
    assert [command.count(name) for name in ("--cores", "--directory", "--snakefile", "--profile")] == [1, 1, 1, 1]
    assert "--cores" not in run.engine_command(Path("V"), ["--profile", "slurm"])
    assert run.engine_command(Path("V"), [])[5:] == [
        *("--snakefile", str(REPO / "Snakefile"), "--directory", str(REPO)),
        *("--profile", str(REPO / "workflow" / "profiles" / "default"), "--cores", "all"),
    ]


def test_reading_modes(run):
    assert run.has_flag(["TARGET", "-n"], run.READING)
    assert run.has_flag(["--dag=dot"], run.READING)
    assert not run.has_flag(["--", "-n"], run.READING)


# ------------------------------------------------------------------------------------------------ environment


def test_environment_is_closed(run, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("SNAKEMAKE_PROFILE", "mine")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "8")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    environment = run.environment(Path("/v"))
    assert not {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "SNAKEMAKE_PROFILE"} & environment.keys()
    assert environment["OPENBLAS_NUM_THREADS"] == environment["OMP_NUM_THREADS"] == "1"
    assert environment["PYTHONNOUSERSITE"] == "1"
    assert environment["MPLBACKEND"] == "Agg"
    assert environment["PYTHONHASHSEED"] == "7"
    assert environment["PATH"].startswith("/v/bin:")


def test_a_changed_lock_is_installed_again(run, tmp_path, monkeypatch):
    calls = []

    def install(venv, name):
        calls.append(name)
        (venv / "bin").mkdir(parents=True, exist_ok=True)
        (venv / "bin" / "python").touch()
        (venv / f"{name}.sha256").write_text(run.lock_hash(name))

    monkeypatch.setattr(run, "REPO", tmp_path)
    monkeypatch.setattr(run, "install", install)
    lock, venv = tmp_path / "requirements.lock", tmp_path / ".venv"
    lock.write_text("a==1\n")
    (tmp_path / "requirements-test.lock").write_text("b==1\n")
    run.ensure_environment(venv, "runtime")
    run.ensure_environment(venv, "runtime")
    assert calls == ["runtime"]
    run.ensure_environment(venv, "runtime", "test")
    assert calls == ["runtime", "test"]
    lock.write_text("a==2\n")
    run.ensure_environment(venv, "runtime", "test")
    assert calls == ["runtime", "test", "runtime"]
    (venv / "bin" / "python").unlink()
    assert not run.is_installed(venv, "runtime")


def test_an_interrupted_install_leaves_no_stamp(run, tmp_path, monkeypatch):
    def fail(command):
        raise run.RunError("install: no network")

    monkeypatch.setattr(run, "run_quietly", fail)
    (tmp_path / "test.sha256").write_text(run.lock_hash("test"))
    with pytest.raises(run.RunError):
        run.install(tmp_path, "test")
    assert not run.is_installed(tmp_path, "test")


def test_a_failed_installer_is_one_line(run):
    code = "import sys; print('WARNING: x'); print('ERROR: no index'); print('more'); sys.exit(1)"
    with pytest.raises(run.RunError, match=r"^install: .*failed: ERROR: no index; expected .*; run .*$"):
        run.run_quietly([sys.executable, "-c", code])


def test_installed_packages_are_compiled():
    import pandas
    import statsmodels

    for package in (pandas, statsmodels):
        folder = Path(package.__file__).parent
        sources = {path.stem for path in folder.glob("*.py")}
        compiled = {path.name.split(".")[0] for path in (folder / "__pycache__").glob("*.pyc")}
        assert sources <= compiled


def test_the_library_is_on_the_path():
    code = "import sys; print('\\n'.join(sys.path))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert str(REPO / "workflow") in done.stdout.splitlines()


# -------------------------------------------------------------------------------------- progress and failures

OUTPUT = """\
Job stats:
job      count
-----  -------
beta         1
all          1
total        2

[Tue Nov 24 16:11:58 2026]
localrule beta:
    output: out/a.txt
    jobid: 2
    resources: tmpdir=/tmp
[Tue Nov 24 16:11:59 2026]
Finished jobid: 2 (Rule: beta)
1 of 2 steps (50%) done
localrule all:
    input: out/a.txt
    jobid: 0
Finished jobid: 0 (Rule: all)
2 of 2 steps (100%) done
"""


def test_progress_has_a_line_for_each_job(run, capsys):
    progress = run.Progress(terminal=False)
    for line in OUTPUT.splitlines():
        progress.read(line)
    assert capsys.readouterr().out == "[1/1] beta  0.0 s\n"


def test_progress_on_a_terminal_is_one_line(run, capsys):
    progress = run.Progress(terminal=True)
    for line in OUTPUT.splitlines()[:11]:
        progress.read(line)
    progress.refresh()
    progress.close()
    shown = capsys.readouterr().out
    assert shown.startswith("\r[0/1] 0.0 s  beta")
    assert "\n" not in shown


HEADER = "Building DAG of jobs...\n"
FAILED_JOB = "RuleException:\nCalledProcessError in file 'S', line 7:\nCommand 'x' returned non-zero exit status 1.\n"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("a\nevenfield: ingest: one\nevenfield: two\n" + FAILED_JOB, "ingest: one"),
        ('WorkflowError in file "S", line 2:\n    evenfield: config: bad\n', "config: bad"),
        (f"{HEADER}Traceback (most recent call last):\n  File x\nValueError: boo\n{FAILED_JOB}", "ValueError: boo"),
        (f"{HEADER}    resources: tmpdir=/tmp\nls: no such file\n{FAILED_JOB}", "ls: no such file"),
        (
            f'{HEADER}MissingInputException in rule all in file "S", line 1:\n'
            "Missing input files for rule all:\n    output: q.txt\n    affected files:\n        nope.csv\n",
            'MissingInputException in rule all in file "S", line 1: Missing input files for rule all: '
            "output: q.txt affected files: nope.csv",
        ),
        ("usage: x\n__main__.py: error: unrecognized arguments: --nosuch", "__main__.py: error: unrecognized"),
        ("", "no message"),
    ],
)
def test_failure_line(run, tmp_path, output, expected):
    line = run.failure_line(output, tmp_path)
    assert line.removeprefix("evenfield: the engine stopped: ").startswith(expected)
    assert line.startswith("evenfield: the engine stopped: ") == ("evenfield: " not in output)


def test_failure_line_of_a_job_on_another_machine_is_in_its_log(run, tmp_path):
    (tmp_path / "beta.log").write_text("evenfield: estimates: singular\n")
    output = "Error in rule beta:\n    log: beta.log (check log file(s) for error details)\n"
    assert run.failure_line(output, tmp_path) == "estimates: singular"


# ------------------------------------------------------------------------------------------------- end to end


def test_a_study_runs_reruns_and_fails_in_one_line(toy):
    copy, call = toy
    done = call()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("[1/1] total  ")
    assert "toy/results/tables/" in done.stdout
    assert (copy / "results" / "tables" / "total.csv").read_text().startswith("unit,total\na,")

    assert "everything was up to date" in call().stdout

    failed = call("--config", "stop=1 bad row; expected none; fix it", "results/tables/total.csv", "--forceall")
    assert failed.returncode == 1
    assert failed.stderr == "toy: 1 bad row; expected none; fix it (log: toy/results/logs/run.log)\n"


def test_a_second_configuration_wins_and_keeps_the_target(toy):
    copy, call = toy
    (copy.parent / "other").write_text("stop: from the other file\n")
    failed = call("--configfile", "other", "results/tables/total.csv")
    assert failed.stderr == "toy: from the other file (log: toy/results/logs/run.log)\n"


def test_a_dry_run_prints_the_engines_words_and_writes_nothing(toy):
    copy, call = toy
    done = call("-n")
    assert done.returncode == 0
    assert "This was a dry-run" in done.stdout + done.stderr
    assert not (copy / "results").exists()


def test_one_run_at_a_time(run, toy):
    copy, call = toy
    with run.hold_lock(copy / ".snakemake" / "evenfield.lock"):
        done = call()
    assert done.returncode == 1
    assert done.stderr.startswith("run: another run is working in ")
    assert done.stderr.count("\n") == 1


def test_an_interrupted_run_says_how_to_continue_and_does(toy):
    copy, _ = toy
    (copy / "Snakefile").write_text(
        "rule all:\n"
        '    output: "results/a.txt"\n'
        '    shell: "test -e started || {{ echo half > {output}; touch started; sleep 60; }}; "\n'
        '           "echo whole > {output}"\n'
    )
    command = [sys.executable, REPO / "run", "--venv", sys.prefix, "--snakefile", copy / "Snakefile"]
    command += ["--directory", copy]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    for _ in range(200):
        if (copy / "started").exists():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == b"interrupted; run the same command to continue\n"
    subprocess.run(command, capture_output=True, check=True)
    assert (copy / "results" / "a.txt").read_text() == "whole\n"


def test_a_folder_without_a_study(toy, tmp_path):
    _, call = toy
    done = call(study=str(tmp_path / "data"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no config.yaml in data; expected a study" in done.stderr


def test_clean_removes_what_runs_made_and_refuses_other_folders(run, tmp_path, capsys):
    for name in ("results", ".snakemake", "data"):
        (tmp_path / name).mkdir()
    assert run.main(["clean", "--directory", str(tmp_path)]) == 1
    assert "expected a study" in capsys.readouterr().err
    assert (tmp_path / "results").exists()
    (tmp_path / "config.yaml").touch()
    assert run.main(["clean", "--directory", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "data"]


def test_commands_drop_the_prefix_of_their_errors(run, tmp_path, monkeypatch, capsys):
    commands = tmp_path / "workflow" / "commands"
    commands.mkdir(parents=True)
    (commands / "check.py").write_text("import sys; sys.exit(f'evenfield: config: {sys.argv[1]}')")
    monkeypatch.setattr(run, "REPO", tmp_path)
    monkeypatch.setattr(run, "ensure_environment", lambda *_: None)
    assert run.run_command(Path(sys.prefix), "check", ["bad"]) == 1
    assert capsys.readouterr().err == "config: bad\n"
    with pytest.raises(run.RunError, match=r"list\.py is missing"):
        run.run_command(Path(sys.prefix), "list", [])
