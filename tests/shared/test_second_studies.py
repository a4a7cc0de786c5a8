"""Studies beside a study: what keeps a folder from being one is said in one line."""

import os

import pytest

from evenfield.shared.second_studies import require_folder
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
    ("names", "words"),
    [
        (["p"], "1 of the files that a run replaces is a pipe or device: results/p;"),
        (["p", "q"], "2 of the files .* are pipes? or devices: results/p, results/q;"),
    ],
)
def test_what_is_no_file_is_counted_and_named(beside, names, words):
    for name in names:
        os.mkfifo(beside / name)
    refused(rf"second: other: {words}")


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
