"""A study holds data, config and texts: nothing that lies in its folder is run as code
or writes outside of it. Every attack here would leave a harmless marker file.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import clean
import program_copies
from study_copies import copy_example, copy_total

REPO = Path(__file__).resolve().parents[2]
TOY = Path(__file__).parent / "toy"
ENVIRONMENT = {**os.environ, "EVENFIELD_VENV": sys.prefix}
PROFILE = "default-resources: [\"mem_mb=__import__('os').mkdir('{marker}') or 100\"]\n"
MODULE = "import os\nos.makedirs('{marker}', exist_ok=True)\n"
SHADOWED = ("json", "gc", "resource", "numpy", "yaml", "pip", "venv")
STARTED_ALWAYS = ("sitecustomize", "usercustomize", "conftest")


def run_inside(study, *words):
    """Call `run` as a user does who has changed into the study's folder, by a process
    of its own: it may take modules and settings from there.
    """
    return subprocess.run(
        [sys.executable, str(REPO / "run"), "--directory", ".", *words],
        cwd=study,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def run_toy(study):
    """Run the toy study by a process that has its modules already."""
    return program_copies.run("--directory", study, "--snakefile", study / "Snakefile")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def toy(tmp_path):
    """The toy study, and the folder that a trap would make."""
    return copy_total(tmp_path / "study"), tmp_path / "marker"


@pytest.mark.parametrize("folder", ["profiles/default", "default"])
def test_a_profile_in_the_current_folder_is_not_read(toy, folder):
    study, marker = toy
    write(study / folder / "config.yaml", PROFILE.format(marker=marker))
    done = run_inside(study, "--snakefile", "Snakefile")
    assert (done.returncode, done.stderr, marker.exists()) == (0, "", False)


def test_an_empty_folder_called_default_stops_nothing(toy):
    study, _ = toy
    (study / "default").mkdir()
    done = run_inside(study, "--snakefile", "Snakefile")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_workflow_profile_that_the_user_names_is_read(toy):
    study, marker = toy
    write(study / "mine" / "config.yaml", PROFILE.format(marker=marker))
    run_inside(study, "--snakefile", "Snakefile", "--workflow-profile", "mine")
    assert marker.is_dir()


@pytest.mark.parametrize("at_home", [True, False])
def test_a_plugin_of_the_engine_in_the_study_is_not_loaded(toy, at_home):
    study, marker = toy
    plugin = ".snakemake/pip-deployments/snakemake_executor_plugin_trap/__init__.py"
    write(study / plugin, MODULE.format(marker=marker))
    if at_home:
        done = run_inside(study, "--snakefile", "Snakefile")
    else:  # a user who stands in one study and runs another
        other = study.with_name("other")
        shutil.copytree(study, other, ignore=shutil.ignore_patterns(".snakemake"))
        words = ("--directory", str(other), "--snakefile", str(other / "Snakefile"))
        done = run_inside(study, *words)
    assert not marker.exists()
    assert (done.returncode, done.stderr.count("\n")) == (int(at_home), int(at_home))


@pytest.fixture(scope="module")
def trapped(tmp_path_factory):
    """A true study with a trap at every place where Python or a library may look, in a
    folder whose name a shell would obey; the result of its first job.
    """
    folder = tmp_path_factory.mktemp("trapped")
    marker = folder / "marker"
    study = folder / f"a $(mkdir {marker.name}) `b` 'c'; é"
    copy_example(study, "sigma", tables=["T9"])
    for position in ("", ".snakemake/scripts"):
        for name in (*SHADOWED, *STARTED_ALWAYS):
            trap = MODULE.format(
                marker=folder / f"marker {position.strip('.')[:2]}{name}"
            )
            write(study / position / f"{name}.py", trap)
    (study / "matplotlibrc").write_bytes(b"backend: module://trap\n\xff\xfe")
    write(study / "pyproject.toml", "[tool.uv]\nindex-url = 'http://127.0.0.1:9/'\n")
    target = "results/ingest/panel.csv"
    return folder, study, target


PYTHON_IN_YAML = """\
__use_yte__: true
?__import__("os").mkdir({marker!r}) or "study":
  id: trap
"""


@pytest.mark.parametrize("words", [(), ("--configfile", "over.yaml")])
@pytest.mark.parametrize("key", ["__use_yte__: true\n", "<<: {__use_yte__: true}\n"])
def test_no_config_is_run_as_python(toy, words, key):
    study, marker = toy
    text = PYTHON_IN_YAML.format(marker=str(marker))
    text = text.replace("__use_yte__: true\n", key)
    write(study / ("over.yaml" if words else "config.yaml"), text)
    done = program_copies.run("--directory", ".", *words, cwd=study)
    assert not marker.exists()
    assert done.returncode == 1
    assert "__use_yte__, by which Snakemake runs Python; expected data" in done.stderr


@pytest.mark.parametrize("words", [(), ("--executor", "local")])
def test_no_file_of_the_study_is_taken_for_a_module_or_a_setting(trapped, words):
    folder, study, target = trapped
    (study / target).unlink(missing_ok=True)
    done = run_inside(study, target, *words)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert sorted(path.name for path in folder.iterdir()) == [study.name]


def test_commands_take_no_module_from_the_study(trapped):
    folder, study, _ = trapped
    command = [sys.executable, str(REPO / "run"), "check", "--directory", "."]
    done = subprocess.run(
        command,
        cwd=study,
        env={**ENVIRONMENT, "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == [study.name]


@pytest.mark.parametrize(
    "position",
    ["results/logs/run.log", "results/.part-estimates.csv", ".snakemake/engines"],
)
def test_a_run_does_not_write_through_a_link_among_results(toy, position):
    study, _ = toy
    outside = study.with_name("outside.txt")
    outside.write_text("mine")
    link = study / position
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    done = run_toy(study)
    assert outside.read_text() == "mine"
    assert done.returncode == 1
    assert f"1 of the files that a run replaces is a link: {position};" in done.stderr


@pytest.mark.parametrize("position", ["results", ".snakemake", "results/F9.svg"])
@pytest.mark.parametrize("word", ["check", "results/estimates.csv"])
def test_a_run_does_not_write_through_a_link_of_a_study_beside(
    tmp_path, position, word
):
    study = tmp_path / "study"
    copy_example(study, "sigma", exhibits="listed", beside={"other": "below"})
    copy_example(study / "below", "sigma", exhibits="listed")
    victim = tmp_path / "victim"
    write(victim / "manifest.json", "mine")
    link = study / "below" / position
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(victim)
    done = program_copies.run(word, "--directory", study)
    assert [path.name for path in victim.iterdir()] == ["manifest.json"]
    assert (victim / "manifest.json").read_text() == "mine"
    assert done.returncode == 1
    message = f"below: 1 of the files that a run replaces is a link: {position};"
    assert message in done.stderr


@pytest.mark.parametrize("position", [".snakemake", ".snakemake/engines"])
def test_notes_that_are_a_link_are_refused_and_clean_removes_the_link_alone(
    toy, position
):
    study, marker = toy
    shutil.rmtree(study / ".snakemake")
    marker.mkdir()
    write(marker / "tmp" / "mine.txt", "mine")
    (study / position).parent.mkdir(exist_ok=True)
    target = marker if position == ".snakemake" else marker / "tmp" / "mine.txt"
    (study / position).symlink_to(target)
    done = run_toy(study)
    assert f"is a link: {position};" in done.stderr
    clean.clean(study)
    assert not (study / ".snakemake").exists()
    assert [path.name for path in marker.rglob("*")] == ["tmp", "mine.txt"]
    assert (marker / "tmp" / "mine.txt").read_text() == "mine"


def test_results_may_stand_on_another_disk(toy):
    study, _ = toy
    disk = study.with_name("disk")
    disk.mkdir()
    (study / "results").symlink_to(disk)
    assert run_toy(study).returncode == 0
    assert (disk / "tables").is_dir()
