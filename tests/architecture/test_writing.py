"""One file of the library and its commands writes in a study: no other opens a file for
writing, makes, moves or copies one.
"""

import ast
from pathlib import Path

WORKFLOW = Path(__file__).parents[2] / "workflow"
ONE_PLACE = "evenfield/study/files.py"
METHODS = {"write_text", "write_bytes", "touch", "symlink_to", "hardlink_to"}
FUNCTIONS = {
    "shutil": {"copy", "copy2", "copyfile", "copytree", "move"},
    "os": {"open", "link", "symlink", "rename", "replace", "truncate"},
}
# What writes, with the word by which it does, elsewhere than in a study or by the hand of
# the one place.
OTHERS = {
    "commands/gate.py": "a copy of the study in a folder for temporary files",
    "commands/lock.py": "the lock files of the repository",
    "commands/mutate.py": "a copy of the repository",
    "commands/mutate_tests.py": "notes in the repository",
    "commands/mutate_recorder.py": "notes in the repository",
    "commands/schema.py": "the schema, two pages and the names for editors of the repository",
    "commands/validate.py": "a page of the repository",
    "engine/outputs.py": "a link to a result in the place that `own_place` has passed",
    "engine/progress.py": "the null device",
    "engine/study.py": "the null device",
    "evenfield/newstudy/study_files.py": "a folder for temporary files",
}


def writes(tree: ast.AST) -> list[str]:
    """Name the calls by which a module would write a file."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = getattr(function, "attr", getattr(function, "id", ""))
        owner = getattr(getattr(function, "value", None), "id", "")
        modes = [*node.args[:2], *(k.value for k in node.keywords if k.arg == "mode")]
        opens = name == "open" and any(
            isinstance(mode, ast.Constant)
            and isinstance(mode.value, str)
            and set("wax+") & set(mode.value)
            and set(mode.value) <= set("rwaxbt+")
            for mode in modes
        )
        is_method = isinstance(function, ast.Attribute) and name in METHODS
        if opens or is_method or name in FUNCTIONS.get(owner, ()):
            found.append(f"{node.lineno}: {ast.unparse(function)}")
    return found


def test_only_one_place_opens_files_of_a_study_for_writing():
    found = {}
    for path in sorted(WORKFLOW.rglob("*.py")):
        if calls := writes(ast.parse(path.read_text("utf-8"))):
            found[path.relative_to(WORKFLOW).as_posix()] = calls
    others = {file: calls for file, calls in found.items() if file not in OTHERS}
    assert list(others) == [ONE_PLACE], others
    assert set(OTHERS) <= set(found)  # else take it off the list


def test_each_way_to_write_is_seen():
    text = (
        "p.open('w'); open(p, 'ab'); p.write_text(t); shutil.copy(a, b); os.link(a, b)"
    )
    assert len(writes(ast.parse(text))) == 5
    assert not writes(ast.parse("p.open(); open(p, 'rb'); p.open('r'); s.copy()"))
