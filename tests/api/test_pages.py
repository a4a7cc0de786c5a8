"""Every example of docs/library prints what the page says, and every line of its habits
runs.
"""

import contextlib
import io
import json
import re
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import evenfield
from doc_pages import notebooks, pictures
from evenfield.answers.study import COLUMNS
from evenfield.api.explain import guide
from evenfield.report.numbers import Number
from evenfield.shared.estimates import ESTIMATE_COLUMNS
from spatial_cases import make_case

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "library").glob("*.md"))
NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")
# A picture again: few pixels that are clearly of another colour, of 255.
CLEARLY = 64
FEW = 0.001
LARGEST = 40_000  # bytes
MAKE = "run .venv/bin/python docs/_pictures.py"
HABIT = re.compile(r"\| `([^`]+)` \|$", re.MULTILINE)


def run(text, name="page"):
    """Run the blocks of a page one after the other, and what it lists as habits."""
    names = {}
    yield from pictures.run(text, name, names)
    for line in HABIT.findall(text) if "| habit |" in text else []:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(line.replace(r"\|", "|"), line, "exec"), names)
    plt.close("all")


def differing_pixels(figure, path, again):
    """Share of the pixels that are clearly of another colour than in a picture."""
    pictures.saved(figure, again)
    ours, theirs = (
        np.asarray(Image.open(one).convert("RGB"), int) for one in (again, path)
    )
    assert ours.shape == theirs.shape, f"{path.name}: {MAKE}"
    return (np.abs(ours - theirs).max(axis=2) > CLEARLY).mean()


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
    # So does from-a-number.md.
    [p for p in PAGES if p.stem not in ("arrays", "study", "from-a-number")],
    ids=lambda page: page.stem,
)
def test_examples_print_and_draw_what_the_page_says(page, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    blocks = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for block in run(page.read_text(), page.name):
            blocks += 1
            assert_alike(block.printed, block.labels)
            if block.picture:
                assert_alike(pictures.in_page(block.described), block.alt)
                path = page.parent / block.picture
                assert path.stat().st_size < LARGEST
                share = differing_pixels(block.figure, path, tmp_path / "again.png")
                assert share < FEW, f"{path.name}: {MAKE}"
    assert blocks


def assert_alike(printed, said):
    words, numbers = parts(printed)
    words_said, numbers_said = parts(said)
    assert words == words_said and numbers == pytest.approx(
        numbers_said, rel=2e-3, abs=1e-6
    ), printed


def test_every_page_of_an_estimator_shows_its_picture_and_the_gallery_all_of_them():
    gallery = (ROOT / "docs" / "pictures.md").read_text()
    for page in PAGES:
        shown = re.findall(r"\]\((pictures/[\w-]+\.png)\)", page.read_text())
        assert shown or page.stem not in guide()["estimator"], page.stem
        assert [path for path in shown if f"](library/{path})" not in gallery] == []


@pytest.mark.parametrize("name", notebooks.PAGES)
def test_a_notebook_is_its_page_and_runs_from_its_own_folder(name, monkeypatch):
    page = ROOT / "docs" / "library" / f"{name}.md"
    path = page.with_suffix(".ipynb")
    text = path.read_text("utf-8")
    assert text == notebooks.notebook(page.read_text("utf-8")), (
        f"{path.name}: run .venv/bin/python docs/_notebooks.py"
    )
    nbformat.validate(nbformat.reads(text, as_version=4))
    code = [
        "".join(cell["source"])
        for cell in json.loads(text)["cells"]
        if cell["cell_type"] == "code"
    ]
    # What a page opens of a run, tests/opened runs.
    last = 1 if name == "from-a-number" else len(code)
    monkeypatch.chdir(path.parent)
    names = {}
    for cell in code[:last]:
        exec(compile(cell, path.name, "exec"), names)
    assert Path.cwd() == ROOT
    plt.close("all")


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
    (block,) = run((ROOT / "docs" / "library" / "arrays.md").read_text())
    assert "indirect" in block.printed
    assert "capital" in block.printed


def test_every_public_function_has_its_page_or_line():
    text = "".join(page.read_text() for page in PAGES)
    assert [
        name
        for name in [*dir(evenfield), *evenfield.kernels.__all__]
        if name[0] != "_" and not re.search(rf"\b{name}\b", text)
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
