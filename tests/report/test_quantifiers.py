"""Quantifiers in texts: a sentence that says all, never or largest is named unless a
condition or a reason guards it.
"""

from pathlib import Path

import pytest

from evenfield.report.prose import Prose

ROOT = Path(__file__).parents[2]
TEXTS = [
    *ROOT.glob("text/*.md"),
    *ROOT.glob("examples/*/text/*.md"),
    *ROOT.glob("workflow/evenfield/report/templates/text/*.md"),
]
MUST = "{{ must(n.speed.value > 0) }}"


@pytest.fixture
def faults(tmp_path):
    (tmp_path / "text").mkdir()

    def faults_of(text):
        path = tmp_path / "text" / "page.md"
        path.write_text(text, encoding="utf-8")
        return [str(fault) for fault in Prose({"page": path}, {}, {}).sentence_faults()]

    return faults_of


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("In {{ n.year }} all lists agree.", "all"),
        ("It was never seen again.", "never"),
        ("The fall was the largest of its kind.", "largest"),
        ("- Only two rose.", "Only"),
        ("## Nobody gained", "Nobody"),
    ],
)
def test_an_unguarded_quantifier_is_named_with_file_and_line(faults, sentence, word):
    (fault,) = faults(
        f"{MUST}\nIncomes rose. {{{{ n.speed }}}} is said.\n\n{sentence}\n"
    )
    assert fault.startswith(
        f"report: text/page.md line 4: '{word}' has no condition in"
    )
    assert "text/page.must.yaml" in fault
    assert "unchecked:" in fault


def test_a_condition_guards_the_first_sentence_below_it_and_no_other(faults):
    assert faults(f"{MUST}\nAll rose.") == []
    (fault,) = faults(
        f"{MUST}\nAll rose.\nSince {{{{ n.year }}}} none\nfell. It ended."
    )
    assert "line 3: 'none'" in fault
    assert '"Since ... none fell."' in fault
    assert "line 4: 'All'" in faults(f"{MUST}\nIt rose.\n\nAll rose.")[0]


def test_a_condition_with_words_guards_the_sentence_that_holds_them(faults):
    guard = '{{ must(n.speed.value > 0, "all rose") }}'
    assert faults(f"{guard}\nIt began. Then\nall rose.") == []
    assert (
        "guards 'all rose', which" in faults(f"{guard}\nIt began.\n\nThen all rose.")[0]
    )


def test_a_reason_guards_as_a_condition_does_and_must_be_written(faults):
    assert faults('{{ unchecked("a definition") }}\nAll is told.') == []
    assert "gives no reason" in faults('{{ unchecked("") }}\nAll is told.')[0]


def test_a_condition_that_cannot_fail_is_refused(faults):
    assert "cannot fail" in faults("{{ must(1 > 0) }}\nAll rose.")[0]


@pytest.mark.parametrize(
    "sentence",
    [
        "It was not seen at all.",
        "First, it is no more than likely.",
        "The first column has it.",
        "{{ n.all }} of [@AllAndSome2010] rose.",
        "Overall and almost the smaller.",
    ],
)
def test_phrases_that_quantify_nothing_are_free(faults, sentence):
    assert faults(sentence) == []


@pytest.mark.parametrize(
    "path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_each_quantifier_of_our_own_texts_is_guarded(path):
    texts = Prose({path.stem: path}, {}, {})
    assert [str(fault) for fault in texts.sentence_faults()] == []
