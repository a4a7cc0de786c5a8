"""YAML that a person reviews has no line that runs off the screen."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 120
FILES = [
    *ROOT.glob("*.yaml"),
    *ROOT.glob("examples/*/*.yaml"),
    *ROOT.glob("text/*.yaml"),
    *ROOT.glob("examples/*/text/*.yaml"),
    *ROOT.glob("workflow/evenfield/topics/*/*.yaml"),
]


@pytest.mark.parametrize(
    "path", sorted(FILES), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_line_is_longer_than_a_screen_is_wide(path):
    lines = path.read_text("utf-8").splitlines()
    assert [n for n, line in enumerate(lines, 1) if len(line) > LONGEST] == []
