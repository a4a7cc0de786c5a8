"""What is made again follows the content of code and data, not where a clone stands or
when it was made.
"""

import os
from pathlib import Path

import pytest

import program_copies
from study_copies import copy_code, copy_example

REPO = Path(__file__).resolve().parents[2]
TARGET = "results/ingest/panel.csv"


def engine(clone, study, *words):
    """Run the target of a study with the code of a clone; return all it says."""
    words = ["--directory", study, TARGET, *words]
    done = program_copies.run(*words, workflow=clone / "workflow")
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study whose first step this repository has made."""
    folder = copy_example(tmp_path_factory.mktemp("study"), "sigma", tables=["T9"])
    engine(REPO, folder)
    return folder


@pytest.fixture
def clone(tmp_path):
    """The same code in another folder, with newer files."""
    copy_code(tmp_path)
    for path in tmp_path.rglob("*"):
        os.utime(path)
    return tmp_path


def test_the_same_code_in_another_clone_makes_nothing_again(study, clone):
    assert "Nothing to be done" in engine(clone, study, "-n")


@pytest.mark.parametrize(
    "changed", ["scripts/ingest.py", "evenfield/study/ingest/study_tables.py"]
)
def test_changed_code_makes_its_step_again(study, clone, changed):
    path = clone / "workflow" / changed
    path.write_text(f"{path.read_text(encoding='utf-8')}# more\n")
    assert "rule ingest" in engine(clone, study, "-n")


def test_a_large_file_that_nothing_describes_is_not_read(study):
    beside = study / "data" / "everything.csv"
    with beside.open("wb") as file:
        file.truncate(2**40)  # holes only, a terabyte when it is read
    assert "Nothing to be done" in engine(REPO, study, "-n")
    beside.unlink()
