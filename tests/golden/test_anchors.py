"""Every published number of `python3 run validate`, and what the command says."""

import subprocess
import sys
from pathlib import Path

import pytest

import validate
from golden import anchors

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "compute",
    [study[1] for study in anchors.STUDIES],
    ids=lambda compute: compute.__name__,
)
def test_published_numbers(compute):
    result = list(compute())
    assert result
    assert [anchor for anchor in result if not anchor.passes] == []


def test_the_command_prints_one_row_each_and_passes():
    command = [sys.executable, str(ROOT / "workflow" / "commands" / "validate.py")]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and done.stdout.endswith(" s: all pass\n"), done.stderr
    rows = [line for line in done.stdout.splitlines() if line.endswith("  pass")]
    assert (
        len(rows)
        == sum(len(list(compute())) for _, compute, _ in anchors.STUDIES)
        >= 100
    )
    assert done.stderr.count("\n") == len(anchors.STUDIES)


def test_a_number_that_moved_fails_and_is_named(monkeypatch, capsys):
    moved = [
        anchors.Anchor("slope", 0.25, 0.24, 5e-3),
        anchors.Anchor("speed", float("nan"), 1, 1),
    ]
    monkeypatch.setattr(
        anchors, "STUDIES", (("Made up", lambda: iter(moved), "nowhere"),)
    )
    monkeypatch.setattr(sys, "argv", ["validate"])
    assert validate.main() == 1
    assert "2 numbers of 1 studies" in (labels := capsys.readouterr().out)
    assert "2 FAIL, first slope" in labels
