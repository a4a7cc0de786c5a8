"""What a study says is printed as it is: no word of config, texts, tables or references
becomes Typst, HTML, Markdown or TeX code.
"""

from html import unescape
from pathlib import Path

import pytest
import typst
from jinja2 import Environment, FileSystemLoader
from markdown_it import MarkdownIt

from evenfield.report.bibliography import read_references
from evenfield.report.exhibits import TEMPLATES
from evenfield.report.numbering import Label, Numbering
from evenfield.report.page import method_html
from evenfield.report.paper import _placed, method_typst
from evenfield.report.prose import Prose, read_texts
from evenfield.shared.tables.markdown import escape_markdown
from evenfield.shared.tables.typst import typst_text
from evenfield.study.errors import Faults, ReportError

HOSTILE = '#panic("run") <script>x</script> ![a](http://a/b) $x$ \\write18{x} "q'
NUMBERING = Numbering(paper={"T6": Label(kind="Table", number="1")}, appendix={})
CONTEXT = {"numbering": NUMBERING, "everything": []}


def compiles(source):
    """Whether Typst takes a source without running `panic`."""
    try:
        typst.compile(source.encode())
    except RuntimeError:
        return False
    return True


@pytest.fixture
def prose(tmp_path, monkeypatch):
    """A function from a text, references and the names it may use to a Prose."""
    monkeypatch.chdir(tmp_path)
    Path("text").mkdir()

    def prose_of(text, bib="", **names):
        Path("text/paper.md").write_text(text)
        Path("text/references.bib").write_text(bib)
        references = read_references("text/references.bib")
        return Prose({"paper": Path("text/paper.md")}, names, references, ["T6"])

    return prose_of


def test_the_label_of_see_is_text_in_the_paper(tmp_path):
    see = _placed("paper", tmp_path, CONTEXT, {})["see"]
    assert compiles(f"#metadata(1) <T6>\n{see('T6', HOSTILE)}")
    assert typst_text(HOSTILE) in see("T6", HOSTILE)


def test_the_label_of_see_is_text_on_the_page():
    loader = FileSystemLoader(TEMPLATES)
    parts = Environment(loader=loader, autoescape=True).get_template("parts.html.j2")
    link = str(parts.module.see("T6", HOSTILE))
    assert "<script>" not in link
    assert HOSTILE in unescape(link)


@pytest.mark.parametrize("written", ["# {{ name }}", "{{ name }}", "- **{{ name }}**"])
def test_a_name_that_a_text_prints_is_text(prose, written):
    text = prose(f"{written}\n", name=HOSTILE)
    assert compiles(text.typst("paper", {}))
    page = text.html("paper", {})
    assert "<script" not in page
    assert "<img" not in page


def test_a_name_with_a_mark_of_evenfield_is_refused(prose):
    name = "\ue001see\ue003T6\ue003#panic()\ue002"
    with pytest.raises(ReportError, match="hidden character"):
        prose("{{ name }}\n", name=name).typst("paper", {})


@pytest.mark.parametrize(
    "letter", ["\ue001", "\uf8ff", "\U000f0000", "\x07", "\x1b", "\u202e", "\u2066"]
)
def test_a_text_with_a_hidden_letter_is_refused_with_its_line(prose, letter):
    prose(f"# One\n\ntwo {letter} three\n")
    faults = Faults()
    read_texts(["text/paper.md"], faults, {})
    assert len(faults) == 1
    expected = f"text/paper.md line 3: hidden character U+{ord(letter):04X}; "
    assert expected in str(faults[0])


@pytest.mark.parametrize("letter", ["\t", "汉", "é", "\u200f", "\u200d", "😀", "−"])
def test_a_letter_that_a_reader_sees_is_taken(prose, letter):
    prose(f"# One\n\ntwo {letter} three\n")
    faults = Faults()
    read_texts(["text/paper.md"], faults, {})
    assert faults == []


BIB = """@misc{A,
  author = {<script>x</script>, A.}, title = {<b>T</b>}, year = {<i>1</i>},
  url = {javascript:x()},
}
"""


@pytest.mark.parametrize("citation", ["@A", "[@A]"])
def test_an_entry_of_the_references_is_text_on_the_page(prose, citation):
    text = prose(f"See {citation}.\n", BIB)
    page = text.html("paper", {}) + text.references_html("paper")
    for tag in ("<script", "<b>", "<i>", 'href="javascript'):
        assert tag not in page


def test_an_address_of_the_references_is_a_link(prose):
    bib = BIB.replace("javascript:x()", "https://example.org/a?b=1&c=2")
    page = prose("See @A.\n", bib).references_html("paper")
    assert '<a href="https://example.org/a?b=1&amp;c=2">' in page


def test_the_studys_name_for_zones_is_text_in_the_methods():
    def words(text):
        return text.replace("SEZ", HOSTILE).replace("zones", HOSTILE)

    assert HOSTILE in words("SEZ")
    for topic in ("exposure", "zone_dose", "group_contrasts"):
        source = method_typst(topic, words)
        assert compiles(f"#let equations(text) = raw(text)\n{source}"), topic


def test_the_studys_name_for_zones_is_text_on_the_page():
    def words(text):
        return text.replace("SEZ", escape_markdown(HOSTILE))

    page = method_html("zone_dose", ["zone_dose"], words=words)
    assert "<script" not in page
    assert "<img" not in page


def test_markdown_of_a_table_is_text():
    html = MarkdownIt("commonmark", {"html": True}).render(escape_markdown(HOSTILE))
    assert "<script" not in html
    assert "<img" not in html
