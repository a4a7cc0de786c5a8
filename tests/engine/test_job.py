"""The door of every script: the log comes first, a known fault is one line, an unknown
one leaves its trace there.
"""

from types import SimpleNamespace

import pytest

from engine import job as job_module
from engine.job import without_places, work
from evenfield.study.errors import IngestError


def job(folder, **params):
    return SimpleNamespace(
        log=[str(folder / "logs" / "rule.log")],
        input={"table": "in.csv", "code": ["a.py"], "tracked": ["b"]},
        output={"result": "out.csv"},
        params=params,
        rule="build_it",
    )


def log_of(folder):
    return (folder / "logs" / "rule.log").read_text()


def test_main_gets_names_without_what_only_triggers_reruns(tmp_path):
    seen = {}
    work(job(tmp_path, spec=1), lambda **named: seen.update(named))
    assert seen == {"table": "in.csv", "result": "out.csv", "spec": 1}
    assert log_of(tmp_path) == ""


def test_known_fault_is_one_line_on_both_sides(tmp_path):
    def main(**_):
        raise IngestError("panel.csv\nhas 3  faults", "none", "mend them")

    with pytest.raises(SystemExit) as caught:
        work(job(tmp_path), main)
    line = "ingest: panel.csv has 3 faults; expected none; mend them"
    assert caught.value.code == f"evenfield: {line}"
    assert log_of(tmp_path) == f"{line}\n"


def test_unknown_fault_is_one_line_and_its_trace_is_only_in_the_log(tmp_path):
    def main(**_):
        raise ZeroDivisionError("by\nzero " + "x" * 500)

    with pytest.raises(SystemExit) as caught:
        work(job(tmp_path), main)
    line = str(caught.value.code)
    assert line.startswith("evenfield: build_it: ZeroDivisionError by zero xxx")
    assert line.endswith(
        f"this is a fault of evenfield; please report {tmp_path / 'logs' / 'rule.log'}"
    )
    assert "\n" not in line
    assert len(line) < 400 + len(str(tmp_path))
    assert "Traceback" not in line
    assert log_of(tmp_path).startswith("Traceback (most recent call last)")
    assert "ZeroDivisionError: by" in log_of(tmp_path)


def test_the_longest_place_that_fits_is_named(monkeypatch):
    positions = {"/disk/study": "evenfield", "/disk/study/.venv": "environment"}
    monkeypatch.setattr(job_module, "FOLDERS", positions)
    text = 'File "/disk/study/.venv/a.py", File "/disk/study/b.py"'
    assert without_places(text) == 'File "environment/a.py", File "evenfield/b.py"'
