"""The claims as the page shows them: each number with the whole of its unit."""

import re
from pathlib import Path

import pytest

import evenfield.report
from evenfield.answers.rule import GROUPS, WORDS, grouped, tally
from evenfield.report.claims import (
    MEANING,
    PARTS,
    _behind,
    bar_parts,
    in_unit,
    unit_words,
)
from yaml_text import from_yaml

TEMPLATES = Path(evenfield.report.__file__).parent / "templates"


@pytest.mark.parametrize(
    ("unit", "words"),
    from_yaml("""
    - [pp/yr, percentage points a year]
    - [pp/yr per period, percentage points a year per period]
    - [share per period, share per period]
    - [elasticity, elasticity]
    - [log points per decade, log points per decade]
    - [pp/yr per exposure 0 to 1, percentage points a year from no neighbour to all]
    - - pp/yr of speed per exposure 0 to 1
      - percentage points of speed a year from no neighbour to all
    - [pp/yr per s.d., percentage points a year per standard deviation]
    - - pp/yr per s.d. of exposure
      - percentage points a year per standard deviation of exposure
    - [log points x 100 per year of schooling, log points × 100 per year of schooling]
    - [percent per park, '% per park']
    - [tonnes per worker, tonnes per worker]
    """),
)
def test_a_unit_keeps_what_it_is_counted_for(unit, words):
    assert unit_words(unit) == words


@pytest.mark.parametrize(
    ("number", "unit", "printed"),
    from_yaml("""
    - ["−1.37", pp/yr per period, −1.37 percentage points a year per period]
    - ["2.60", ratio, 2.60 times]
    - ["0.21", change of a ratio, 0.21 in the ratio]
    - ["68", percent, 68%]
    - ["5", units, 5 provinces]
    - ["", ratio, ""]
    """),
)
def test_a_number_has_the_words_of_its_unit(number, unit, printed):
    assert in_unit(number, unit, "provinces") == printed


@pytest.mark.parametrize(
    ("figures", "printed"), [("", "2006–2010"), ("2010", "2006–2010 (figures of 2010)")]
)
def test_a_row_on_part_of_its_period_says_so(figures, printed):
    row = {
        "what": "primary",
        "name": "",
        "estimate": 1.15,
        "against": False,
    }
    row |= {"conf_low": None, "conf_high": None, "unit_of_measure": "ratio"}
    row |= {"period": "2006-2010", "figures": figures, "estimate_id": ""}
    assert _behind(row, "provinces", {})["period"] == printed


def test_every_answer_has_a_meaning_and_stands_in_one_part_of_the_bar():
    assert len(GROUPS) == 6
    assert set(MEANING) == set(WORDS)
    assert len(WORDS) == len(set(WORDS)) == 17


def test_every_part_of_the_bar_has_a_colour_of_its_own_on_screen_and_on_paper():
    css = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    colours = re.findall(r"--b(\d): (#\w+);", css)
    themes = [dict(colours[at : at + 6]) for at in range(0, len(colours), 6)]
    assert len(themes) == 3
    for theme in themes:
        assert list(theme) == [str(number) for number in range(1, 7)]
        assert len(set(theme.values())) == 6
    assert all(f".b{number} {{" in css for number in range(1, 7))
    assert GROUPS["too small to matter"] == ("NEGLIGIBLE",)


def test_the_bar_counts_six_words_and_leaves_out_empty_ones():
    groups = [
        {"word": "Holds", "part": 1, "count": 7},
        {"word": "Documented", "part": 1, "count": 3},
        {"word": "No answer", "part": 5, "count": 19},
        {"word": "Out of reach", "part": 6, "count": 39},
    ]
    parts = bar_parts(groups)
    assert [(part["number"], part["name"], part["count"]) for part in parts] == [
        (1, "Holds", 10),
        (5, "No clear answer", 19),
        (6, "Not asked of these data", 39),
    ]
    assert [group["word"] for group in parts[0]["finer"]] == ["Holds", "Documented"]


def test_page_and_texts_group_answers_alike_and_every_answer_once():
    counts = {word: number for number, word in enumerate(WORDS)} | {"NEGLIGIBLE": 0}
    groups = grouped(counts)
    assert sum(groups.values()) == sum(counts.values())
    answers = [{"word": x, "part": PARTS[x], "count": counts[x]} for x in WORDS]
    on_page = {part["name"]: part["count"] for part in bar_parts(answers)}
    assert on_page == {name.capitalize(): groups[name] for name in groups}
    said = [int(number) for number in re.findall(r"\d+", tally(counts))]
    assert said == [count for count in groups.values() if count]
    finer = [int(number) for number in re.findall(r"\d+", tally(counts, finer=True))]
    assert sum(finer) == 2 * sum(counts.values())


def test_a_tally_speaks_of_one_and_of_several_and_of_no_empty_group():
    counts = dict.fromkeys(WORDS, 0)
    assert tally(counts) == ""
    counts |= {"DOCUMENTED": 1, "NO ANSWER": 2, "NOT EMPIRICAL": 1}
    assert tally(counts) == (
        "1 holds, 2 have no clear answer and 1 is not asked of these data"
    )
    assert tally(counts, finer=True).startswith("1 holds (1 documented), 2 have no")
