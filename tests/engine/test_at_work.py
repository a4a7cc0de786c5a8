"""How far a job is, from its loops to the one line of a run."""

import json
import sys
from io import StringIO
from types import SimpleNamespace

import pytest

from engine import at_work, progress
from engine.at_work import counts_of, how_far, telling
from engine.job import work
from evenfield.numerics.at_work import told

LOG = "results/logs/estimate_rolling.log"


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study's folder in which jobs tell at each step."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(at_work, "EVERY", 0.0)
    return tmp_path


def test_a_job_leaves_its_counts_as_fields_and_takes_them_away(study):
    seen = []

    def main():
        for _ in told(["only"], "specifications"):
            for _ in told(range(1990), "windows"):
                seen.append(how_far(LOG))

    job = SimpleNamespace(log=[LOG], input={}, output={}, params={}, rule="rolling")
    work(job, main)
    assert (seen[0], seen[1989]) == ("0 of 1,990 windows", "1,989 of 1,990 windows")
    assert how_far(LOG) == ""
    assert not list(study.rglob("*.json"))


def test_a_job_that_fails_takes_them_away_too(study):
    with pytest.raises(KeyError), telling(study / LOG):
        for _ in told(range(2), "draws"):
            counts = json.loads(counts_of(LOG).read_text("utf-8"))
            assert counts == [["draws", 0, 2]]
            raise KeyError("x")
    assert not counts_of(LOG).exists()


def test_where_counts_cannot_be_written_the_work_goes_on(study):
    at_work.FOLDER.parent.mkdir(parents=True)
    at_work.FOLDER.write_text("no folder")
    with telling(study / LOG):
        assert list(told(range(3), "draws")) == [0, 1, 2]


@pytest.mark.parametrize("text", ["", "[", "[1]", "{}", '[["draws", "a", "b"]]', "3"])
def test_a_file_that_holds_no_counts_says_nothing(study, text):
    counts_of(LOG).parent.mkdir(parents=True)
    counts_of(LOG).write_text(text)
    assert how_far(LOG) == ""


def test_few_files_are_written(study, monkeypatch):
    monkeypatch.setattr(at_work, "EVERY", 1000.0)
    written = []
    monkeypatch.setattr(at_work, "write_text", lambda *given: written.append(given))
    with telling(study / LOG):
        list(told(range(10_000), "draws"))
    assert written == []


def test_the_line_names_a_long_job_with_its_time_and_how_far_it_is(study, monkeypatch):
    monkeypatch.setattr(progress, "how_far", lambda _: "40 of 1,990 windows")
    handler = SimpleNamespace(job=progress.LogHandler.job)
    assert handler.job(None, "estimate rolling", 1.0, LOG) == "estimate rolling"
    assert (
        handler.job(None, "estimate rolling", 65.0, LOG)
        == "estimate rolling (1 min 05 s, 40 of 1,990 windows)"
    )


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_command_says_on_a_terminal_that_it_is_at_work(monkeypatch, is_terminal):
    monkeypatch.setattr(at_work, "SOON", 0.0)
    monkeypatch.setattr(sys, "stderr", StringIO())
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal, raising=False)
    at_work.first_word("check").join()
    said = "check: reading the study\n" if is_terminal else ""
    assert sys.stderr.getvalue() == said


def test_without_a_terminal_a_run_says_now_and_then_what_is_at_work(monkeypatch):
    monkeypatch.setattr(progress, "QUIET", 0.0)
    said = []
    over = iter([False, False, True])
    handler = SimpleNamespace(
        streams=[StringIO()],
        over=SimpleNamespace(wait=lambda _: next(over)),
        running={1: ("estimate rolling", 0.0, LOG)},
        said=0.0,
        line=lambda: "[0/1] 40.0 s, 1 left  now: estimate rolling",
        say=said.append,
    )
    progress.LogHandler.refresh(handler)
    assert said == 2 * [handler.line()]
