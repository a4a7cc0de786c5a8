"""The faults that mutate plants, how it chooses among them, and what it counts as died."""

import ast
from functools import cache

import pytest

import mutate
from mutate_faults import faults_of
from yaml_text import from_yaml

CODE = '''"""A module."""

LIMIT: int = 3


def share(rows: list[float], low: int = 0) -> float:
    """Return a share."""
    if not rows:
        raise ValueError(f"{len(rows)} rows; expected {1 + 2}")
    total = np.abs(np.mean(rows, axis=0)) - 1
    return quotient(total, rows.conf_low) if total > 2 and low else rows[1:]
'''


@pytest.fixture(scope="module", autouse=True)
def _faults_of_the_library_found_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mutate, "faults_of", cache(mutate.faults_of))
        yield


@pytest.fixture
def faults(tmp_path):
    path = tmp_path / "share.py"
    path.write_text(CODE)
    return faults_of(path, "numerics/share.py")


@pytest.mark.parametrize(
    "change",
    [
        "not rows -> (rows)",
        "total > 2 -> (total >= 2)",
        "total > 2 and low -> (total > 2 or low)",
        "np.abs(np.mean(rows, axis=0)) - 1 -> (np.abs(np.mean(rows, axis=0)))",
        "np.abs(np.mean(rows, axis=0)) -> (np.mean(rows, axis=0))",
        "np.mean(rows, axis=0) -> np.median(rows, axis=0)",
        "np.mean(rows, axis=0) -> np.mean(rows, axis=1)",
        "rows.conf_low -> rows.conf_high",
        "quotient(total, rows.conf_low) -> quotient(rows.conf_low, total)",
        "1: -> 2:",
    ],
)
def test_a_fault_of_each_kind_is_there(faults, change):
    assert change in {fault.change for fault in faults}


def test_docstrings_messages_and_annotations_have_no_faults(faults):
    assert not [fault for fault in faults if fault.line in (1, 7, 9)]


def test_every_fault_is_another_program_that_compiles(faults):
    programs = {ast.dump(ast.parse(fault.planted(CODE.encode()))) for fault in faults}
    assert len(programs) == len(faults)
    assert ast.dump(ast.parse(CODE)) not in programs


def test_a_fault_is_not_planted_in_a_file_that_has_changed(faults):
    with pytest.raises(SystemExit, match="has changed since"):
        faults[0].planted(f"import numpy\n{CODE}".encode())


def test_the_choice_is_the_same_each_time_and_another_for_another_seed():
    first = mutate.chosen_faults(["answers"], 12, seed=1)
    assert first == mutate.chosen_faults(["answers"], 12, seed=1)
    assert first != mutate.chosen_faults(["answers"], 12, seed=2)
    assert len(first) == 12


def test_every_area_has_its_share():
    chosen = mutate.chosen_faults(list(mutate.AREAS), 100, seed=1)
    areas = [mutate.area_of(fault) for fault in chosen]
    assert set(areas) == set(mutate.AREAS)
    assert min(areas.count(area) for area in mutate.AREAS) == mutate.FEWEST
    assert areas.count("topics") > areas.count("numerics") > areas.count("study")


def test_every_fault_with_a_reason_is_in_the_code():
    """A reason whose code has changed is deleted or written again."""
    known = {
        mutate.key_of(fault)
        for fault in mutate.chosen_faults(list(mutate.AREAS), 10**9, seed=1)
    }
    assert set(mutate.reasons()) <= known


@pytest.mark.parametrize(
    ("result", "reason", "code"),
    from_yaml("""
    - [survived, '', 1]
    - [untested, '', 1]
    - [survived, the same, 0]
    """),
)
def test_a_survivor_needs_a_reason(faults, result, reason, code):
    died = [mutate.Outcome(fault, "killed", 1) for fault in [faults[0]] * 39]
    lived = mutate.Outcome(faults[1], result, 1, reason)
    assert mutate.report([*died, lived]) == code


def test_what_is_recorded_counts_by_area_what_died_and_what_changes_nothing(
    monkeypatch, tmp_path
):
    died = mutate.Result("api", died=True, explained=False)
    lived = mutate.Result("api", died=False, explained=False)
    explained = mutate.Result("report", died=False, explained=True)
    monkeypatch.setattr(mutate, "RECORD", tmp_path / "faults.csv")
    mutate.write_record([died, died, lived, explained])
    header, *rows = (tmp_path / "faults.csv").read_text().splitlines()
    assert header == "area,planted,died,change_nothing"
    assert {"api,3,2,0", "report,1,0,1", "models,0,0,0", "all,4,2,1"} < set(rows)


@pytest.fixture(scope="module")
def tester(tmp_path_factory):
    """One for all runs, as in use: it loads the libraries once."""
    folder = tmp_path_factory.mktemp("copy")
    path = folder / mutate.LIBRARY / "numerics" / "share.py"
    path.parent.mkdir(parents=True)
    path.write_text(CODE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mutate, "copy_repository", lambda folder: None)
        tester = mutate.Tester(folder, folder)
    yield tester
    tester.stop()


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (f"assert open(FILE).read() == {CODE!r}", "killed"),
        ("assert open(FILE).read()", "survived"),
        ("while True: pass", "timeout"),
    ],
)
def test_tests_see_the_fault_and_it_is_taken_out_again(tester, faults, body, result):
    path = tester.copy / mutate.LIBRARY / "numerics" / "share.py"
    file = tester.copy / "test_share.py"
    file.write_text(f"FILE = {str(path)!r}\n\ndef test_it():\n    {body}\n")
    assert tester.result_of(faults[0], [str(file)], seconds=2) == result
    assert path.read_text() == CODE
