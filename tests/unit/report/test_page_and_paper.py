from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evenfield.report.context import SECTIONS, Inputs
from evenfield.report.page import policy_hash, render_page, write_page
from evenfield.report.paper import compile_paper, render_paper, write_paper
from evenfield.study.errors import ReportError
from evenfield.study.files import write_json, write_text
from unit.report.made_up import write_study

VOID = {"meta", "link", "img", "br", "input"}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return write_study(tmp_path_factory.mktemp("policy") / "results", policy=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return write_study(tmp_path_factory.mktemp("plain") / "results", policy=False)


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
    found.feed(render_page(request.getfixturevalue(name)))
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    assert set(found.anchors) <= set(found.ids)


def test_page_shows_the_design_before_any_regression(policy: Inputs) -> None:
    page = render_page(policy)
    places = [place for name, _ in SECTIONS if (place := page.find(f'<section id="{name}"')) >= 0]
    assert len(places) >= 10
    assert places == sorted(places)
    assert page.index("Who has what") < page.index("Poorer states grew faster")
    assert "One state has both a cluster and a zone, one only a cluster" in page


def test_page_escapes_what_the_data_say(policy: Inputs) -> None:
    page = render_page(policy)
    assert "Beta &lt;b&gt;" in page and "A claim about &lt;towns&gt;." in page
    assert "A dot in the middle; &#34;quoted&#34;." in page


def test_page_names_nothing_outside_itself(policy: Inputs) -> None:
    page = render_page(policy)
    named = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert [address for address in named if not address.startswith(("#", "data:"))] == []
    assert "default-src 'none'" in page and "unsafe" not in page
    assert " style=" not in page and " onclick=" not in page


def test_policy_admits_exactly_the_inline_script_and_style(policy: Inputs) -> None:
    page = render_page(policy)
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert len(script) == len(style) == 1
    assert f"script-src '{policy_hash(script[0])}'" in page and f"style-src '{policy_hash(style[0])}'" in page


def test_simulated_data_are_said_first(policy: Inputs) -> None:
    page = render_page(policy)
    assert page.index("SIMULATED DATA: panel") < page.index('<section id="question"')


def test_study_without_policy_tables_switches_sections_off(plain: Inputs) -> None:
    page = render_page(plain)
    for what in ("groups of clusters and zones", "zones with dates", "regressions on neighbours&#39; exposure",
                 "ledger of claims"):  # fmt: skip
        told = page.index(f"This study has no {what}; the section is switched off.")
        assert told > page.index('<section id="switched-off"')
    assert "Frattini" not in page[: page.index('<section id="sources"')]
    assert "Poorer states grew faster" in page


def test_underpowered_spillovers_are_called_inconclusive(policy: Inputs) -> None:
    page = render_page(policy)
    assert "stays inconclusive" in page and "the smallest effect this design could see is 6.00" in page


def test_unknown_exhibits_get_a_section_of_their_own(policy: Inputs) -> None:
    page = render_page(policy)
    places = [page.index(mark) for mark in ('<section id="further"', 'id="exhibit-T99"', '<section id="assumptions"')]
    assert places == sorted(places)


def test_page_without_exhibits_and_sources_still_stands(plain: Inputs) -> None:
    page = render_page(replace(plain, exhibits=[], sources=None))
    assert '<section id="further"' not in page and "<figure" not in page


def test_page_and_paper_are_the_same_on_every_run(policy: Inputs, tmp_path: Path) -> None:
    contents = []
    for run in ("one", "two"):
        folder = tmp_path / run
        write_page(policy, folder / "index.html")
        write_paper(policy, folder / "paper.typ", folder / "references.bib", folder / "paper.pdf")
        contents.append((folder / "paper.pdf").read_bytes())
    assert (tmp_path / "one/index.html").read_bytes() == (tmp_path / "two/index.html").read_bytes()
    assert contents[0] == contents[1]
    assert contents[0].startswith(b"%PDF") and b"/CreationDate" not in contents[0]


@pytest.mark.parametrize("name", ["policy", "plain"])
def test_paper_compiles_from_its_own_source(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    inputs = request.getfixturevalue(name)
    report = Path(inputs.estimates).parent / "report"
    write_paper(inputs, report / "paper.typ", report / "references.bib", tmp_path / "first.pdf")
    compile_paper(report / "paper.typ", tmp_path / "again.pdf", report.parent)
    assert (tmp_path / "first.pdf").read_bytes() == (tmp_path / "again.pdf").read_bytes()
    assert '"../figures/F4.svg"' in (report / "paper.typ").read_text(encoding="utf-8")


def test_paper_holds_no_absolute_path(policy: Inputs) -> None:
    folder = Path(policy.estimates).parent / "report"
    assert str(Path(policy.estimates).parent) not in render_paper(policy, folder)


def test_a_broken_source_is_one_line(tmp_path: Path) -> None:
    write_text("#nothing(", tmp_path / "paper.typ")
    with pytest.raises(ReportError, match=r"report: paper\.typ does not compile") as caught:
        compile_paper(tmp_path / "paper.typ", tmp_path / "paper.pdf", tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "paper.pdf").exists()


def test_page_opens_on_the_verdicts_with_the_estimates_behind_them(policy: Inputs) -> None:
    page = render_page(policy)
    assert page.index('<section id="verdicts"') < page.index('<section id="question"')
    row = page[page.index('id="claim-L1"') : page.index('id="claim-L2"')]
    assert 'data-verdict="LEANS SUPPORT"' in row and 'class="verdict leans-for"' in row
    assert (
        "Estimates behind it" in row and "difference, 1980\u201390 PROXY" in row and "no leave-one-out was run" in row
    )
    assert "Estimates behind it" not in page[page.index('id="claim-L2"') :]


def test_simulated_input_is_marked_on_page_and_paper(policy: Inputs, tmp_path: Path) -> None:
    assert '<p class="watermark" role="note">SIMULATED INPUT - NOT EVIDENCE</p>' in render_page(policy)
    assert "background: rotate(-35deg" in render_paper(policy, tmp_path)
    real = tmp_path / "description.json"
    write_json({"data_hash": "0" * 64, "simulated": [], "tables": {}}, real)
    clean = replace(policy, ingest=str(real))
    assert "SIMULATED INPUT" not in render_page(clean) and "rotate(-35deg" not in render_paper(clean, tmp_path)


def test_paper_prints_claims_put_to_the_data_in_compact_form(policy: Inputs, tmp_path: Path) -> None:
    paper = render_paper(policy, tmp_path)
    table = paper[: paper.index('id: "T0"')].rpartition("#datatable(")[2]
    assert "A claim that can be tested" in table and "LEANS SUPPORT" in table
    assert "NOT TESTABLE HERE" not in table
