"""Every example of docs/library prints what the page says, and every line of its habits
runs.
"""

import contextlib
import io
import re
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import evenfield
from evenfield.answers.study import COLUMNS
from evenfield.report.numbers import Number
from evenfield.shared.estimates import ESTIMATE_COLUMNS
from spatial_cases import make_case

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "library").glob("*.md"))
BLOCK = re.compile(r"```python\n(.*?)```(?:\n+```text\n(.*?)```)?", re.DOTALL)
NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")
HABIT = re.compile(r"\| `([^`]+)` \|$", re.MULTILINE)


def run(text, name="page"):
    """Run the blocks of a page one after the other; yield what each printed and what
    the page says.
    """
    names = {}
    for code, labels in BLOCK.findall(text):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, name, "exec"), names)
        yield printed.getvalue(), labels
    for line in HABIT.findall(text) if "| habit |" in text else []:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(line.replace(r"\|", "|"), line, "exec"), names)
    plt.close("all")


def parts(text):
    """Words and numbers apart: the last digit of a p-value may differ between
    processors.
    """
    return NUMBER.sub("#", text).split(), [
        float(number) for number in NUMBER.findall(text)
    ]


@pytest.mark.parametrize(
    "page",
    # arrays.md reads files of its reader, study.md a study that has been run.
    [p for p in PAGES if p.name not in ("arrays.md", "study.md")],
    ids=lambda page: page.stem,
)
def test_examples_print_what_the_page_says(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = list(run(page.read_text(), page.name))
    assert result
    for printed, labels in result:
        words, numbers = parts(printed)
        words_said, numbers_said = parts(labels)
        assert words == words_said and numbers == pytest.approx(
            numbers_said, rel=2e-3, abs=1e-6
        ), printed


def test_the_example_of_arrays_runs_on_files_of_the_names_that_it_has(
    tmp_path, monkeypatch
):
    case = make_case()
    t, n = make_case().y.shape
    columns = {
        "output": case.y.ravel(),
        "capital": case.X[..., 0].ravel(),
        "labour": case.X[..., 1].ravel(),
    }
    frame = pd.DataFrame(
        {"unit": case.units * t, "year": [i // n for i in range(n * t)], **columns}
    )
    frame.sample(frac=1, random_state=1).to_csv(tmp_path / "my_panel.csv", index=False)
    pd.DataFrame(case.matrix, case.units, case.units).to_csv(
        tmp_path / "my_weights.csv"
    )
    monkeypatch.chdir(tmp_path)
    ((printed, _),) = run((ROOT / "docs" / "library" / "arrays.md").read_text())
    assert "indirect" in printed
    assert "capital" in printed


def test_every_public_function_has_its_page_or_line():
    text = "".join(page.read_text() for page in PAGES)
    assert [
        name for name in evenfield.__all__[1:] if not re.search(rf"\b{name}\b", text)
    ] == []
    for name in set(re.findall(r"\bef\.(\w+)\(", text)):
        assert callable(getattr(evenfield, name)), name


def test_the_page_of_what_is_stable_lists_what_the_files_hold():
    page = (ROOT / "docs" / "library" / "stable.md").read_text()
    columns = page.split("Columns of `results/estimates.csv`:")[1].split(".\n")[0]
    assert names(columns) == [*ESTIMATE_COLUMNS, "topic"]
    rows = dict(re.findall(r"\| `results/([\w.]+)` \| (.*) \|", page))
    assert names(rows["answers.csv"]) == COLUMNS
    number = Number(value=1.0, show="0", source="estimates.csv")
    assert names(rows["numbers.json"]) == sorted(number.plain())


def names(text):
    return re.findall(r"`(\w+)`", text)
