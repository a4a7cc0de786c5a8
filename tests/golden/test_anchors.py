"""Every published number of `python3 run validate`, and what the command says."""

import re
import sys
from functools import cache

import pytest

import validate
from golden import anchors, evidence


@cache
def computed(compute):
    """The numbers of one study, which every test here looks at."""
    return list(compute())


@pytest.mark.parametrize(
    "compute",
    [study[1] for study in anchors.STUDIES],
    ids=lambda compute: compute.__name__,
)
def test_published_numbers(compute):
    result = computed(compute)
    assert result
    assert [anchor for anchor in result if not anchor.passes] == []


def test_the_command_prints_one_row_each_and_passes(monkeypatch, capsys):
    once = [
        (title, lambda compute=compute: computed(compute), source)
        for title, compute, source in anchors.STUDIES
    ]
    monkeypatch.setattr(anchors, "STUDIES", once)
    monkeypatch.setattr(sys, "argv", ["validate"])
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(validate.TESTS)])
    assert validate.main() == 0
    assert str(validate.TESTS) in sys.path  # where the command finds the numbers
    printed = capsys.readouterr()
    assert printed.out.endswith(" s: all pass\n")
    rows = [line for line in printed.out.splitlines() if line.endswith("  pass")]
    assert len(rows) == sum(len(compute()) for _, compute, _ in once) >= 100
    assert printed.err.count("\n") == len(once)


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


NUMBER = re.compile(r"(?<= )-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?= )")


def parts(text):
    """Words and numbers apart: the last digit may differ between processors."""
    return NUMBER.sub("#", text), [float(number) for number in NUMBER.findall(text)]


def test_the_page_is_that_of_the_numbers():
    rows = [
        (title, source, anchor)
        for title, compute, source in anchors.STUDIES
        for anchor in computed(compute)
    ]
    made = evidence.page(rows, evidence.recorded_rates())
    words, numbers = parts(evidence.PAGE.read_text())
    words_made, numbers_made = parts(made)
    assert words == words_made, "run python3 run validate --page"
    assert numbers == pytest.approx(numbers_made, rel=1e-4, abs=1e-7)


def test_the_command_writes_the_page_with_shares_drawn_anew(monkeypatch, tmp_path):
    anchor = anchors.Anchor("slope", 0.25, 0.24, 5e-2)
    one = (("Made up", lambda: iter([anchor]), "nowhere"),)
    cells = ["x", "y", "9", evidence.HOLDS, "0.9", "1"]
    share = dict(zip(evidence.COLUMNS, cells, strict=True))
    monkeypatch.setattr(anchors, "STUDIES", one)
    monkeypatch.setattr(evidence, "computed_rates", lambda: [share])
    monkeypatch.setattr(evidence, "RATES_FILE", tmp_path / "rates.csv")
    monkeypatch.setattr(evidence, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(sys, "argv", ["validate", "--page"])
    assert validate.main() == 0
    assert evidence.recorded_rates() == [share]
    text = (tmp_path / "page.md").read_text()
    assert "| Made up | nowhere | 1 | 0.2 |" in text
    assert "| x | y | 9 | 0.9 to 1 |  |" in text
