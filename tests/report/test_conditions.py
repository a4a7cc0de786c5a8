"""Conditions that stand beside a text, in `text/page.must.yaml`: each finds its sentence
by words, and is computed as one in the text is.
"""

import re
from pathlib import Path

import pytest
import yaml

from evenfield.report.conditions import read_conditions
from evenfield.report.numbers import Number
from evenfield.report.printable import Lookup, part_of
from evenfield.report.prose import Prose, read_texts
from evenfield.report.stand_ins import unread_texts
from evenfield.study.errors import EvenfieldError, Faults
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
OWN_TEXTS = [*ROOT.glob("text/*.md"), *ROOT.glob("examples/*/text/*.md")]
TEXT = """# Nobody fell behind

Output rose by {{ n.speed }} a year. Since then **all
regions** have grown; only one stopped.

- Of a list, none fell. Output rose.
"""
ALL_GUARDED = """
- words: Nobody fell
  must: n.speed.low.value > 0

- words: all regions** have
  must: >-
    n.speed.value > 0
    and n.speed.low.value > 0
- words: none   fell
  unchecked: the list
"""


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A function from the conditions beside a text to the text, of a speed of 2."""
    monkeypatch.chdir(tmp_path)
    Path("text").mkdir()

    def text_with(conditions, text=TEXT, speed=2.0):
        Path("text/page.md").write_text(text)
        Path("text/page.must.yaml").write_text(conditions)
        number = Number(value=speed, low=speed - 1, high=3.0, show="0", source="x")
        numbers = {"speed": part_of("speed", number)}
        names = {"n": Lookup("number", numbers)}
        return Prose({"page": Path("text/page.md")}, names, {})

    return text_with


def faults_of(prose):
    return [str(fault) for fault in (*prose.faults(), *prose.sentence_faults())]


def test_conditions_beside_a_text_guard_its_sentences_and_print_nothing(page):
    prose = page(ALL_GUARDED)
    assert faults_of(prose) == []
    assert prose.html("page", {}) == page("").html("page", {})


def test_a_number_that_changed_is_refused_with_the_line_and_the_words(page):
    prose = page(ALL_GUARDED, speed=0.5)
    with pytest.raises(EvenfieldError) as refused:
        prose.html("page", {})
    lines = str(refused.value).splitlines()
    assert [line.partition(" no longer holds")[0] for line in lines] == [
        "report: text/page.must.yaml line 2: the sentence with 'Nobody fell'",
        "report: text/page.must.yaml line 5: the sentence with 'all regions** have'",
    ]
    assert "(n.speed.value > 0 and n.speed.low.value > 0)" in lines[1]


def test_words_that_are_gone_and_words_that_stand_twice_are_named(page):
    text = TEXT.replace("none fell", "not one fell")
    (fault,) = faults_of(page(ALL_GUARDED, text=text))
    assert fault.startswith(
        "report: text/page.must.yaml line 9: unchecked guards 'none fell', which"
        " text/page.md does not say"
    )
    twice = f"{ALL_GUARDED}- words: Output rose\n  must: n.speed.value > 0\n"
    (fault,) = faults_of(page(twice))
    assert (
        "line 11: must guards 'Output rose', which text/page.md says 2 times" in fault
    )


def test_a_quantifier_that_no_entry_guards_is_named_in_its_text(page):
    one_less = ALL_GUARDED.partition("- words: none")[0]
    (fault,) = faults_of(page(one_less))
    assert fault.startswith("report: text/page.md line 6: 'none' has no condition")
    assert "text/page.must.yaml" in fault


def test_words_over_the_end_of_a_sentence_guard_both(page):
    text = "All rose. None fell. All rose. It ended."
    guards = [("All rose. None", 1), ("All rose. It", 0)]
    entries = [{"words": words, "unchecked": "a list"} for words, _ in guards]
    assert faults_of(page(yaml.safe_dump(entries), text=text)) == []
    (fault,) = faults_of(page(yaml.safe_dump(entries[:1]), text=text))
    assert "'All' has no condition" in fault


def test_conditions_in_the_text_and_beside_it_hold_together(page):
    text = '{{ must(n.speed.value > 1, "Only one") }}\nOnly one rose.\n\nNone fell.\n'
    beside = "- words: None fell\n  must: n.speed.value > 1.5\n"
    assert faults_of(page(beside, text=text)) == []
    (fault,) = faults_of(page(beside, text=text, speed=1.2))
    assert "text/page.must.yaml line 1: the sentence with 'None fell' no" in fault
    first, second = faults_of(page(beside, text=text, speed=0.5))
    assert "text/page.must.yaml line 1" in first
    assert "text/page.md line 1: the sentence with 'Only one' no" in second


def test_why_finds_a_condition_in_its_file(page):
    uses = [use.where for use in page(ALL_GUARDED).uses("n.speed") if not use.sentence]
    assert uses == [f"text/page.must.yaml, line {line}" for line in (2, 5)]


@pytest.mark.parametrize(
    ("entry", "message"),
    from_yaml(r"""
    - ['must: n.sped.value > 0', "line 1: .*did you mean 'speed'"]
    - ['must: n.speed > 0', 'line 1: speed is compared']
    - ['must: 1 > 0', 'line 1: must.* cannot fail']
    - ['must: n.speed.value >', 'line 1: `n.speed.value >` is no expression']
    - ['must: __import__("os").system("x")', 'line 1: .* not part of the syntax']
    - ['must: "n.speed.value > 0, 1"', 'line 1: .* not part of the syntax']
    - ['must: "{{ must(n.speed.value > 0) }}"', 'line 1: .* not part of the syntax']
    - ['must: unchecked("x")', 'line 1: .* stands for a condition']
    - ['must: true', 'line 1: must: True is no text; .* quotation marks']
    - ['must:', 'line 1: must: None is no text; expected a text; write it']
    - ['unchecked: " "', 'line 1: unchecked.* gives no reason']
    - ["must: n.speed.value > 0\n  unchecked: x", 'line 1: an entry has 2 of must']
    - ["", 'line 1: an entry has 0 of must']
    - ['musst: x', "line 1: key 'musst' is not known; .* did you mean 'must'"]
    """),
)
def test_an_entry_that_says_no_condition_is_refused(page, entry, message):
    faults = faults_of(page(f"- words: Since then\n  {entry}\n", text="Since then."))
    assert len(faults) == 1
    assert re.match(f"report: text/page.must.yaml {message}", faults[0])


@pytest.mark.parametrize(
    ("content", "message"),
    from_yaml(r"""
    - ['words: x', 'text/page.must.yaml holds no list']
    - ['- words: [', 'text/page.must.yaml is not YAML']
    - ["- words: x\n  words: x", "is not YAML .*the key 'words' twice"]
    - ['- words', 'text/page.must.yaml line 1: an entry holds no keys']
    - ['- must: n.speed.value > 0', 'line 1: an entry has no words']
    - ["- words: \"a\\u202eb\"\n  unchecked: x", 'hidden character U\+202E']
    """),
)
def test_a_file_that_holds_no_conditions_is_refused_in_one_line(page, content, message):
    with pytest.raises(EvenfieldError, match=message) as refused:
        page(content).html("page", {})
    assert len(str(refused.value).splitlines()) == 1
    assert str(refused.value).startswith("report: ")


def test_conditions_that_nothing_reads_are_refused():
    texts = ["text/page.must.yaml", "text/paper.md", "text/paper.must.yml"]
    faults = [str(fault) for fault in unread_texts(texts, ["page", "paper"])]
    assert "page.must.yaml has conditions of text/page.md, which is not" in faults[0]
    assert "text/paper.must.yml is not read" in faults[1]


def test_a_text_whose_conditions_cannot_be_read_is_not_read_without_them(page):
    page(ALL_GUARDED)
    Path("text/page.must.yaml").unlink()
    Path("text/page.must.yaml").symlink_to(ROOT / "text" / "page.must.yaml")
    faults = Faults()
    paths, _ = read_texts(["text/page.md", "text/page.must.yaml"], faults, {})
    assert paths == {}
    assert "text/page.must.yaml is a link out of the study's folder" in str(faults[0])


@pytest.mark.parametrize(
    "path", OWN_TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_our_own_texts_read_as_texts(path):
    assert "{{ must(" not in path.read_text()
    assert "{{ unchecked(" not in path.read_text()
    assert read_conditions(path.with_name(f"{path.stem}.must.yaml")).expressions
