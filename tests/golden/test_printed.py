"""What commands of Stata and R print, by evenfield to the digits that are recorded, and
the two pages that say so.
"""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import pytest

from golden import printed as cases

ROOT = Path(__file__).parents[2]
ROWS = {
    case.id: [row for row in cases.printed() if row.case == case.id]
    for case in cases.all_cases()
}


@pytest.fixture(scope="module")
def pages():
    """The program that writes the pages."""
    spec = importlib.util.spec_from_file_location(
        "programs_pages", ROOT / "docs" / "_programs.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("case", cases.all_cases(), ids=lambda case: case.id)
def test_printed_numbers_are_ours_in_the_digits_that_are_recorded(case):
    assert ROWS[case.id]
    moved = {
        (row.term, row.quantity): (row.printed, ours)
        for row in ROWS[case.id]
        if not row.agrees(ours := cases.ours(case, row), int(row.digits))
    }
    assert moved == {}


def test_every_number_has_its_case_and_agrees_in_one_digit_at_least():
    assert {row.case for row in cases.printed()} == set(ROWS)
    assert [row for row in cases.printed() if int(row.digits) < 1] == []


def test_a_case_that_agrees_in_fewer_digits_than_are_printed_says_why():
    fewer = {row.case for row in cases.printed() if int(row.digits) < row.told}
    silent = [case.id for case in cases.all_cases() if not case.why]
    assert fewer.intersection(silent) == set()


@pytest.mark.parametrize("program", ["stata", "r"])
def test_the_page_is_that_of_the_numbers(program, pages):
    path = ROOT / "docs" / "library" / f"{program}.md"
    made = pages.page(program, cases.printed())
    assert path.read_text() == made, "run python3 docs/_programs.py"


def test_a_page_says_that_fewer_digits_agree(pages):
    rows = [replace(row, digits="3") for row in ROWS["xtscc"][:1]] + ROWS["xtscc"][1:]
    assert pages.agreement(ROWS["xtscc"]) == "6 numbers: equal in all digits"
    assert pages.agreement(rows) == "6 numbers: 5 equal in all digits, 1 in 3"


def test_pages_link_to_each_other_and_to_pages_that_are_there():
    folder = ROOT / "docs" / "library"
    for program in ("stata", "r"):
        text = (folder / f"{program}.md").read_text()
        for name, anchor in re.findall(r"\]\((\w[\w-]*\.md)?(?:#([\w-]+))?\)", text):
            target = (folder / name).read_text() if name else text
            heads = re.findall(r"^## (.+)$", target, re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in heads}
            assert not anchor or anchor in slugs, anchor


@pytest.mark.parametrize(
    ("text", "ours", "digits"),
    [
        ("0.1235", 0.12346, 4),
        ("0.1235", 0.12344, 3),
        ("-.0712", -0.07125, 3),
        ("-.0712", 0.0712, 0),
        ("1642", 1642.4, 4),
        ("0.0320", 0.03195, 3),
        ("4.52e-05", 4.54e-05, 2),
        ("1.23456789012", 1.23456789, 8),
        ("1.23456789012", 1.2345679, 8),
        ("1.23456789012", 1.234567, 6),
        ("3", float("nan"), 0),
    ],
)
def test_digits_are_those_to_which_ours_rounds(text, ours, digits):
    row = cases.Printed("case", "x", "estimate", text, "")
    assert row.agreed(ours) == digits
