import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from evenfield.report.page import policy_hash, render_page, write_page
from evenfield.report.paper import compile_paper, render_paper, write_paper
from evenfield.study.errors import ReportError
from evenfield.study.files import write_json, write_text
from report.made_up import write_study

VOID = {"meta", "link", "img", "br", "input"}
Given = dict[str, Any]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return write_study(tmp_path_factory.mktemp("policy") / "results", policy=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return write_study(tmp_path_factory.mktemp("plain") / "results", policy=False)


@pytest.fixture(scope="module")
def page(policy: Given) -> str:
    return render_page(**policy)


class Balance(HTMLParser):
    """Checks that every element is closed and collects ids and anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.anchors: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.ids += [named["id"] or ""] if "id" in named else []
        href = named.get("href") or ""
        self.anchors += [href[1:]] if href.startswith("#") else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["policy", "plain"])
def test_page_is_well_formed_with_unique_ids_and_anchors_that_resolve(
    name: str, request: pytest.FixtureRequest
) -> None:
    found = Balance()
    found.feed(render_page(**request.getfixturevalue(name)))
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    assert set(found.anchors) <= set(found.ids)


def test_topics_stand_in_their_order_with_words_and_exhibits(page: str) -> None:
    topics = ("question", "data", "answers", "design", "beta", "sigma", "exposure", "further", "sources", "rerun")
    places = [page.index(f'<section id="{name}"') for name in topics]
    assert places == sorted(places)
    beta = page[places[4] : places[5]]
    assert "implied speed of convergence, in % a year, is 2.00 [1.50, 2.50] in 1980\u201390 (PROXY)" in beta
    assert 'id="exhibit-T6"' in beta and '<figure id="F4"' in beta
    assert 'id="exhibit-T99"' in page[places[7] : places[8]]
    assert "UNDERPOWERED: 2 of 2 comparisons" in page[places[6] : places[7]]


def test_page_escapes_what_the_data_say(page: str) -> None:
    assert "with a cluster only: 1 (Beta &lt;b&gt;)" in page
    assert "A dot in the middle; &#34;quoted&#34;." in page


def test_page_names_nothing_outside_itself(page: str) -> None:
    named = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert [address for address in named if not address.startswith(("#", "data:"))] == []
    assert "default-src 'none'" in page and "unsafe" not in page
    assert " style=" not in page and " onclick=" not in page
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert len(script) == len(style) == 1
    assert f"script-src '{policy_hash(script[0])}'" in page and f"style-src '{policy_hash(style[0])}'" in page


def test_study_without_policy_tables_says_what_it_lacks(plain: Given) -> None:
    page = render_page(**plain)
    absent = re.search(r"Not part of this study: (.*?)\.", page)
    assert absent and "spillovers by group" in absent[1] and "sigma convergence" not in absent[1]
    assert '<section id="exposure"' not in page
    assert "Frattini" not in page[: page.index('<section id="sources"')]


def test_simulated_input_is_marked_on_page_and_paper(policy: Given, page: str, tmp_path: Path) -> None:
    assert page.index("SIMULATED DATA: panel") < page.index('<section id="question"')
    assert '<p class="watermark" role="note">SIMULATED INPUT - NOT EVIDENCE</p>' in page
    assert "background: rotate(-35deg" in render_paper(tmp_path, **policy)
    clean = write_study(tmp_path / "clean", policy=False)
    write_json({"data_hash": "0" * 64, "simulated": [], "tables": {}}, tmp_path / "clean/ingest/description.json")
    assert 'class="watermark"' not in render_page(**clean)
    assert "rotate(-35deg" not in render_paper(tmp_path, **clean)


@pytest.mark.parametrize("name", ["policy", "plain"])
def test_page_and_paper_are_the_same_on_every_run(name: str, request: pytest.FixtureRequest) -> None:
    given = request.getfixturevalue(name)
    contents = []
    for run in ("one", "two"):
        folder = given["root"] / run
        write_page(folder / "index.html", **given)
        write_paper(folder / "paper.typ", folder / "references.bib", folder / "paper.pdf", **given)
        contents.append([(folder / file).read_bytes() for file in ("index.html", "paper.typ", "paper.pdf")])
    assert contents[0] == contents[1]
    source, paper = contents[0][1].decode(), contents[0][2]
    assert paper.startswith(b"%PDF") and b"/CreationDate" not in paper
    assert '"../figures/F4.svg"' in source and '"../tables/T6.typ"' in source
    assert str(given["root"]) not in source


def test_a_broken_source_is_one_line(tmp_path: Path) -> None:
    write_text("#nothing(", tmp_path / "paper.typ")
    with pytest.raises(ReportError, match=r"report: paper\.typ does not compile") as caught:
        compile_paper(tmp_path / "paper.typ", tmp_path / "paper.pdf", tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "paper.pdf").exists()
