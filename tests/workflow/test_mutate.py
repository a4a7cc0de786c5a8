"""The faults that mutate plants, how it chooses among them, and what it counts as died."""

import ast
import shutil
import subprocess
from functools import cache

import pytest

import mutate
import mutate_changes
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


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "rules.py"
    path.write_text(RULES)
    return faults_of(path, "models/rules.py")


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


RULES = '''"""Rules."""

FEWEST = 5
LISTS = 5_000
NOMINAL = 0.05
STARTS = (-0.3, 0.0, 0.3)
CELLS_AT_ONCE = 20_000


def rule(rows, draws, rng, step):
    if rows.surplus() <= 0 or len(rows) < FEWEST:
        return None
    known = rows.notna() & (rows > 0.0)
    places = rng.random() + np.arange(draws)
    dealt = rng.permuted(rows, axis=1) if len(rows) >= 4 else None
    size = (rows.p < NOMINAL).sum() / draws
    at_once = max(1, CELLS_AT_ONCE // 9)
    pairs = zip(size, rows, strict=True)
    return speed(rows[known.all(axis=1)], step), dealt, pairs, at_once
'''


@pytest.mark.parametrize(
    "change",
    [
        # a bound, a threshold, a count, half a level
        "rows.surplus() <= 0 -> rows.surplus() <= 1",
        "rows > 0.0 -> (rows > 1.0)",
        "len(rows) >= 4 -> (len(rows) >= 3)",
        "5 -> 4",
        "5_000 -> 2000",
        "0.05 -> 0.025",
        # one start in place of three
        "(-0.3, 0.0, 0.3) -> (-0.3,)",
        "(-0.3, 0.0, 0.3) -> (0.3,)",
        # a blank that passes, a condition that is not looked at, a check that is not made
        "rows.notna() & (rows > 0.0) -> (rows > 0.0)",
        "known.all(axis=1) -> known.any(axis=1)",
        "rows.surplus() <= 0 or len(rows) < FEWEST -> (rows.surplus() <= 0)",
        "rows.surplus() <= 0 or len(rows) < FEWEST -> (False)",
        # draws that are not drawn, and one branch of two
        "rng.random() -> (0 * rng.random())",
        "rng.permuted(rows, axis=1) -> (rows)",
        "rng.permuted(rows, axis=1) if len(rows) >= 4 else None -> (None)",
        # another divisor, and dates that are one year apart
        "(rows.p < NOMINAL).sum() / draws -> ((rows.p < NOMINAL).sum() / (draws + 1))",
        "speed(rows[known.all(axis=1)], step) -> speed(rows[known.all(axis=1)], 1)",
    ],
)
def test_a_fault_of_each_kind_that_a_rule_can_have_is_there(rules, change):
    assert change in {fault.change for fault in rules}


def test_what_is_done_at_once_and_lists_of_one_length_change_no_number(rules):
    lines = RULES.lower().split("\n")
    at_once = [number for number, line in enumerate(lines, 1) if "once = " in line]
    assert len(at_once) == 2
    assert not [fault for fault in rules if fault.line in at_once]
    assert not [fault for fault in rules if "strict=False" in fault.change]


def test_every_fault_of_a_rule_is_another_program_that_compiles(rules):
    programs = {ast.dump(ast.parse(fault.planted(RULES.encode()))) for fault in rules}
    assert len(programs) == len(rules)
    assert ast.dump(ast.parse(RULES)) not in programs


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
    first = mutate.chosen_faults(["answers"], 12, 1, {})
    assert first == mutate.chosen_faults(["answers"], 12, 1, {})
    assert first != mutate.chosen_faults(["answers"], 12, 2, {})
    assert len(first) == 12


@pytest.mark.gate
def test_every_area_has_its_share():
    chosen = mutate.chosen_faults(mutate.AREAS, 100, 1, {})
    areas = [mutate.area_of(fault) for fault in chosen]
    assert set(areas) == set(mutate.AREAS)
    assert min(areas.count(area) for area in mutate.AREAS) == mutate.FEWEST
    assert areas.count("topics") > areas.count("numerics") > areas.count("study")


NEWEST = {
    "api/dates.py": frozenset(range(90, 260)),
    "models/nearby.py": frozenset(range(40, 125)),
}


@pytest.mark.gate
def test_half_of_the_faults_are_in_changed_lines_by_how_many_there_are():
    chosen = mutate.chosen_faults(mutate.AREAS, 100, 1, NEWEST)
    changed = [one for one in chosen if one.line in NEWEST.get(one.file, ())]
    assert len(set(chosen)) == len(chosen)
    assert 50 <= len(changed) <= 55
    of_dates = sum(one.file == "api/dates.py" for one in changed)
    assert abs(of_dates - 50 * 170 / (170 + 85)) < 3
    areas = [mutate.area_of(fault) for fault in chosen]
    # None has fewer for it than it had.
    assert min(areas.count(area) for area in mutate.AREAS) == mutate.FEWEST
    before = mutate.chosen_faults(mutate.AREAS, 100, 1, {})
    assert not [one for one in before if one.line in NEWEST.get(one.file, ())][5:]


def test_a_change_elsewhere_leaves_the_order_in_a_file_as_it_is():
    lines = NEWEST["api/dates.py"]
    more = {**NEWEST, "api/curves.py": frozenset(range(30, 200))}
    both = [mutate.chosen_faults(["api"], 30, 1, changed) for changed in (NEWEST, more)]
    first, second = (
        {one for one in chosen if one.file == "api/dates.py" and one.line in lines}
        for chosen in both
    )
    assert len(first) > len(second) > 0
    assert second < first


def test_fewer_changed_lines_than_are_wanted_leave_the_rest_to_others():
    few = {"api/dates.py": frozenset([131])}
    chosen = mutate.chosen_faults(["api/dates.py"], 40, 1, few)
    assert len(chosen) == 40
    every = mutate.chosen_faults(["api/dates.py"], 10**9, 1, few)
    assert {one for one in every if one.line == 131} <= set(chosen)


VERSION = mutate_changes.VERSION


def git(folder, *words):
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True)


def committed(folder, version, **files):
    """Commit a library of a version with some files; in each a line a letter."""
    texts = {VERSION: f'"""Library."""\n\n__version__ = "{version}"\n'}
    for name, letters in files.items():
        texts[f"workflow/evenfield/api/{name}.py"] = "".join(f"{a}\n" for a in letters)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", version)


@pytest.fixture
def history(tmp_path):
    git(tmp_path, "init", "-q")
    committed(tmp_path, "0.9.0", one="abc")
    committed(tmp_path, "1.0.0", one="abcd", two="xyz")
    committed(tmp_path, "1.0.0", one="abcde", two="xyz")
    committed(tmp_path, "1.1.0", one="abcde", two="xyzw")
    committed(tmp_path, "1.1.0", one="abcde", two="Xyzwv", three="k")
    return tmp_path


def test_lines_have_changed_since_another_version_was_set(history):
    assert mutate_changes.changed_lines(history) == {
        "__init__.py": {3},
        "api/one.py": {5},
        "api/two.py": {1, 4, 5},
        "api/three.py": {1},
    }


def test_lines_have_changed_since_the_last_tag_of_a_release(history):
    git(history, "tag", "v1.1.0")
    git(history, "tag", "draft")
    assert mutate_changes.changed_lines(history) == {}
    # What nobody has committed counts, too; a file that has moved is no new one.
    one = history / "workflow/evenfield/api/one.py"
    one.write_text(one.read_text().replace("b", "beta"))
    git(history, "mv", "workflow/evenfield/api/two.py", "workflow/evenfield/two.py")
    assert mutate_changes.changed_lines(history) == {"api/one.py": {2}}


def test_without_a_history_no_line_has_changed(tmp_path, history):
    folder = tmp_path / "archive"
    shutil.copytree(history / "workflow", folder / "workflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
        assert mutate_changes.changed_lines(folder) is None
        patch.setenv("PATH", "")
        assert mutate_changes.changed_lines(history) is None


def test_every_fault_with_a_reason_is_in_the_code():
    """A reason whose code has changed is deleted or written again."""
    files = sorted({file for file, *_ in mutate.reasons()})
    known = {
        mutate.key_of(fault) for fault in mutate.chosen_faults(files, 10**9, 1, {})
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
