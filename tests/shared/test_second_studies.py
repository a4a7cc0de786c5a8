"""Studies beside a study: what keeps a folder from being one is said in one line."""

import os
from pathlib import Path
from stat import S_IFIFO, S_IFSOCK

import pytest

from evenfield.shared.second_studies import require_folder, told
from evenfield.study.errors import SecondStudyError
from refusals import fails


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """The results of a study beside the one of the current folder."""
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "other" / "results"
    results.mkdir(parents=True)
    (tmp_path / "other" / "config.yaml").write_text("study: {}\n")
    (results / "plain.csv").write_text("a\n")
    return results


def refused(words, folder="other"):
    fails(SecondStudyError, words, require_folder, "second", folder)


def test_a_folder_with_files_of_its_own_is_a_study(beside):
    require_folder("second", "other")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.csv"], "1 of the files that a run replaces is a link: results/a.csv;"),
        (
            ["b.csv", "a.csv"],
            "2 of the files that a run replaces are links: results/a.csv, results/b.csv;",
        ),
    ],
)
def test_links_among_its_results_are_counted_and_named(beside, names, words):
    os.mkfifo(beside / "pipe")  # links are named first
    for name in names:
        (beside / name).symlink_to(beside / "plain.csv")
    refused(rf"second: other: {words}")


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ({"p": S_IFIFO}, "1 of the files that a run replaces is a pipe: results/p;"),
        ({"p": S_IFSOCK}, "1 of the files that a run replaces is a socket: results/p;"),
        (
            {"q": S_IFIFO, "p": S_IFIFO},
            "2 of the files that a run replaces are pipes: results/p, results/q;",
        ),
        (
            {"q": S_IFIFO, "p": S_IFSOCK},
            "2 of the files that a run replaces are pipes or sockets: results/p, results/q;",
        ),
    ],
)
def test_what_is_no_file_is_counted_and_named(beside, kinds, words):
    for name, kind in kinds.items():
        os.mknod(beside / name, kind | 0o600)
    refused(rf"second: other: {words}")


def test_a_device_is_called_one():
    assert told([Path("/dev/null")], Path("/dev")).endswith("is a device: null")


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("../other", "no folder below this study"),
        (".", "no study in"),
        ("none", "no study in none"),
        ("results/other", "lies in results, which is removed"),
        (".hidden", r"lies in \.hidden, which is removed"),
    ],
)
def test_a_folder_that_is_no_study_is_refused(beside, folder, words):
    refused(words, folder)
