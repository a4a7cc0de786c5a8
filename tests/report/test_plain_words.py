"""No private words in anything that is printed: texts and approved pages of topics, tables,
strings of the library, documentation and texts of studies.

plain_words.yaml lists the words with what to say, the right uses and what is left to do.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from study_copies import ROOT

LIST = yaml.safe_load((ROOT / "tests" / "plain_words.yaml").read_text("utf-8"))
PRINTED = [
    "workflow/evenfield/**/*.py",
    "workflow/engine/**/*.py",
    "workflow/evenfield/topics/*/*.md",
    "workflow/evenfield/topics/*/topic.yaml",
    "workflow/evenfield/api/guide.toml",
    "workflow/evenfield/study/config.schema.json",
    "workflow/evenfield/report/templates/**/*.j2",
    "workflow/evenfield/report/templates/**/*.md",
    "tests/report/sections/*.md",
    "tests/shared/tables/*.md",
    "tests/golden/exhibits/*",
    # Without docs/decisions and older releases of docs/changes.md, which record and quote
    # what was said at their time.
    "docs/*.md",
    "docs/library/*.md",
    "docs/methods/*.md",
    "docs/paper/*.md",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "text/*.md",
    "*.yaml",
    "examples/**/*.md",
    "examples/*/*.yaml",
]
CHANGES = ROOT / "docs" / "changes.md"
LEFT = 0  # words that are left to do at most, over all files: lower it, never raise it
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def strings(source: str) -> Iterator[str]:
    """Yield the strings of a program that may be printed: no docstrings, no names."""
    tree = ast.parse(source)
    silent = set()
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
            silent.add(node.body[0].value)
        if isinstance(node, ast.JoinedStr):
            silent.update(node.values)
            parts = [getattr(part, "value", "") for part in node.values]
            yield "".join(part if isinstance(part, str) else "{}" for part in parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in silent:
            yield node.value if isinstance(node.value, str) else ""


def printed(path: Path) -> Iterator[str]:
    """Yield what a file prints, on one line each."""
    text = path.read_text("utf-8")
    if path == CHANGES:
        text = text.partition("\n## 1.1.0")[0]
    if path.suffix == ".py":
        # A string without a blank is a name.
        texts = [part for part in strings(text) if " " in part.strip()]
    elif path.suffix == ".yaml":
        texts = [re.sub(r"(?m)(^|\s)#.*$", "", text)]
    else:
        texts = [text]
    for part in texts:
        yield " ".join(re.sub(r"`[^`\n]*`", "", part).split())


def is_right(file: str, word: str) -> bool:
    return any(
        Path(file).match(use["file"]) and re.search(use["word"], word, re.IGNORECASE)
        for use in LIST["right"]
    )


@cache
def found() -> dict[str, list[str]]:
    """Return the private words of each file with what stands around them."""
    files = sorted({path for pattern in PRINTED for path in ROOT.glob(pattern)})
    found = {}
    for path in files:
        if "results" in path.relative_to(ROOT).parts:
            continue
        file = path.relative_to(ROOT).as_posix()
        faults = []
        for text in printed(path):
            for entry in LIST["words"]:
                for word in re.finditer(entry["pattern"], text, re.IGNORECASE):
                    if not is_right(file, word[0]):
                        near = text[max(word.start() - 40, 0) : word.end() + 20]
                        faults.append(f"{word[0]} (say: {entry['say']}) in: {near}")
        found[file] = faults
    return found


def test_what_is_printed_holds_no_private_words():
    wrong = {
        file: faults
        for file, faults in found().items()
        if len(faults) > LIST["to_do"].get(file, 0)
    }
    assert wrong == {}


def test_what_is_left_to_do_is_there():
    """A file that is done leaves the list."""
    done = [file for file in LIST["to_do"] if not found().get(file)]
    assert done == []
    assert sum(LIST["to_do"].values()) <= LEFT


@pytest.mark.parametrize("use", LIST["right"], ids=lambda use: use["word"])
def test_a_right_use_has_its_reason_and_is_there(use):
    assert use["because"]
    files = [file for file in found() if Path(file).match(use["file"])]
    texts = [text for file in files for text in printed(ROOT / file)]
    assert any(re.search(use["word"], text, re.IGNORECASE) for text in texts)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""It holds zero."""\nx = "it holds zero"', ["it holds zero"]),
        ('x = f"it {n} holds" " zero"', ["it {} holds zero"]),
        ('x = {"ladder": 1}', []),
    ],
)
def test_strings_of_programs_are_read_and_docstrings_are_not(
    source, expected, tmp_path
):
    path = tmp_path / "one.py"
    path.write_text(source)
    assert list(printed(path)) == expected
