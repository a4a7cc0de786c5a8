"""The two pages as text: well formed, nothing from outside, answers, map and method in
their places.
"""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from evenfield.report.claims import chart
from evenfield.report.page import held_together, policy_hash, render_pages
from evenfield.study.files import write_json
from report.made_up import ROW, write_study

VOID = {"meta", "link", "img", "br", "input", "hr"}
Given = dict[str, Any]
Pages = dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {
        name: write_study(folder / name, policy=name == "policy")
        for name in ("policy", "plain")
    }


@pytest.fixture(scope="module")
def pages(given):
    return {
        name: render_pages(label["root"] / "report", **label)
        for name, label in given.items()
    }


class Balance(HTMLParser):
    """Checks that every element is closed and collects ids and anchors."""

    def __init__(self, text):
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.ids += [named["id"] or ""] if "id" in named else []
        self.links += [named["href"] or ""] if "href" in named else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["policy", "plain"])
def test_pages_are_well_formed_and_their_anchors_resolve(name, pages):
    page, tables = (Balance(text) for text in pages[name])
    for fault in (page, tables):
        assert fault.open == []
        assert len(fault.ids) == len(set(fault.ids))
        assert {link[1:] for link in fault.links if link.startswith("#")} <= set(
            fault.ids
        )
    assert {
        link.partition("#")[2] for link in page.links if link.startswith("tables.html#")
    } <= set(tables.ids)


OWN_TEXTS = [
    "{{ map() }}\n\n{{ sections() }}",
    '{{ section("map") }}\n\n{{ sections() }}\n\n{{ units_table() }}',
    '{{ map("income") }}\n\n{{ section("map") }}\n\n{{ sections() }}',
    "## Map\n\n{{ sections() }}\n\n### Year\n\n## Units\n\n{{ units_table() }}",
    "## Convergence\n\n{{ sections() }}\n\n## Convergence\n\n### Convergence",
    "## References\n\n## \u4e2d\u56fd\n\n## \u65e5\u672c\n\n{{ sections() }}",
]


@pytest.mark.parametrize("own", OWN_TEXTS)
def test_no_id_stands_twice_whatever_a_text_places(own, given, tmp_path):
    text = tmp_path / "page.md"
    text.write_text(own, encoding="utf-8")
    study = {**given["policy"], "texts": [str(text)]}
    page, _ = render_pages(study["root"] / "report", **study)
    read = Balance(page)
    assert len(read.ids) == len(set(read.ids))
    assert "" not in read.ids
    assert read.ids.count("map") == 1
    assert page.count('id="map-data"') == 1
    within = {link[1:] for link in read.links if link.startswith("#")}
    assert within <= set(read.ids)


def test_the_page_asks_for_nothing_and_tables_only_for_files_beside_them(given, pages):
    page, tables = pages["policy"]
    assert {
        address
        for address in re.findall(r'src="([^"]*)"', page)
        if not address.startswith("data:")
    } == set()
    for text in (page, tables):
        assert "default-src 'none'" in text
        assert not re.search("unsafe| style=| onclick=", text)
        (script,), (style,) = (
            re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
            for tag in ("script", "style")
        )
        assert f"script-src '{policy_hash(script)}'" in text
        assert f"style-src '{policy_hash(style)}'" in text
    folder = given["policy"]["root"] / "report"
    named = [
        link
        for link in [*re.findall(r'src="([^"]*)"', tables), *Balance(tables).links]
        if link.startswith("../")
    ]
    assert named
    assert all((folder / link).resolve().is_file() for link in named)


def test_answers_stand_in_sentence_case_with_number_reason_and_what_was_visible(pages):
    page, tables = pages["policy"]
    assert all(
        'role="note">SIMULATED INPUT - NOT EVIDENCE</p>' in text
        for text in pages["policy"]
    )
    assert "Alpha &lt;b&gt;grew&lt;/b&gt;." in page
    assert "Holds in part" in page
    assert "HOLDS" not in page
    assert "<b>1.5</b> percentage points a year" in page
    assert "[\u22122.0, 5.0]" in page
    assert "detectable: 6.0</span>" in page
    assert "A census of firms." in page
    assert ">otherwise</td>" in tables
    assert '<details class="exhibit" id="T99">' in tables
    assert '<details class="method" id="method-beta">' in tables
    assert "Holds" not in pages["plain"][0]
    assert 'id="statements"' not in pages["plain"][1]


def test_a_card_says_how_its_statement_was_read_where_that_says_per_what(pages):
    page = pages["policy"][0]
    card = re.search(r'<div class="statement" id="A1">.*?</details>', page, re.S)[0]
    assert "<p>Read as: log points for one more &amp; all.</p>" in card
    other = re.search(r'<div class="statement" id="A2">.*?</details>', page, re.S)[0]
    assert "Read as" not in other


def test_every_statement_stands_in_the_table_that_is_printed(pages):
    ledger = re.search(r'<table class="ledger">(.*?)</table>', pages["policy"][0], re.S)
    (body,) = re.findall(r"<tbody>(.*?)</tbody>", ledger[1], re.S)
    statements = re.findall(r'class="statement"|<li id=', pages["policy"][0])
    assert body.count("<tr>") == len(statements) > 0
    assert "Alpha &lt;b&gt;grew&lt;/b&gt;." in body
    assert "ledger" not in re.sub(r"(?s)<style>.*?</style>", "", pages["plain"][0])


def test_contents_link_to_the_headings_of_the_page(pages):
    seen = set()
    for page, _ in pages.values():
        headings = re.findall(
            r'<h2 id="([^"]+)">', page.partition('id="references"')[0]
        )
        contents = re.search(r'<details class="contents">(.*?)</details>', page, re.S)
        linked = re.findall('href="#([^"]+)"', contents[1]) if contents else []
        assert linked == (headings if len(headings) > 1 else [])
        seen.add(len(headings) > 1)
    assert True in seen


def test_the_map_has_zones_by_year_and_is_left_out_without_places(pages, tmp_path):
    page = pages["policy"][0]
    assert '<input type="range" id="year" min="0" max="2"' in page
    assert "4 zones in 2 of 4 states. Zones in Alpha and Beta &lt;b&gt;." in page
    assert page.count("<circle") > 3
    assert "\\u003cb>" in page
    assert 'class="map' not in pages["plain"][0]
    label = write_study(tmp_path / "results", policy=True)
    square = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]
    outline = {
        "properties": {"unit": "AA"},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    write_json({"features": [outline]}, label["root"] / "ingest" / "outlines.geojson")
    (label["root"] / "panel" / "all" / "doses.csv").write_text(
        "unit,year,zone_type,zones\n"
    )
    drawn = render_pages(tmp_path, **label)[0]
    assert drawn.count("<title>Alpha</title>") == 1
    assert "<title>Delta</title>" not in drawn
    # Who is not on the map brings his path along.
    assert re.findall(r'<tr id="([^"]*)" data-path', drawn) == [
        f"unit={unit}" for unit in ("BB", "DD", "CC")
    ]
    assert "No zone yet" not in drawn


def test_a_page_names_what_is_studied_in_place_of_income(given, tmp_path):
    label = given["plain"]
    study = {**label["config"]["study"], "what": "night <b>lights</b>"}
    label = {**label, "config": {**label["config"], "study": study}}
    drawn = render_pages(tmp_path, **label)[0]
    assert ", by night &lt;b&gt;lights&lt;/b&gt; in " in drawn
    assert "deviation of log night &lt;b&gt;lights&lt;/b&gt; was" in drawn
    assert "<b>lights" not in drawn
    assert "ncomes" not in drawn


def test_a_chart_holds_every_estimate_and_cuts_only_wide_intervals():
    rows = [
        {
            **ROW,
            "what": "primary",
            "name": "",
            "estimate": 0.0,
            "conf_low": -1.0,
            "conf_high": 1.0,
        },
        {
            **ROW,
            "what": "check",
            "name": "wide",
            "estimate": 3.0,
            "conf_low": -1e9,
            "conf_high": None,
        },
    ]
    drawn = chart(rows, [0.0], 0.5)
    positions = [float(value) for value in re.findall(r'cx="([-\d.]+)"', drawn)]
    assert positions == sorted(positions)
    assert 8 <= positions[0] < positions[1] <= 292
    assert all(
        0 <= float(value) <= 300 for value in re.findall(r"[MH]([-\d.]+)", drawn)
    )


def test_no_line_breaks_between_a_number_and_what_touches_it():
    opens = '<button type="button" class="n" popovertarget="why-a">0.2 to 2.5</button>'
    assert held_together(f"it is {opens} more") == f"it is {opens} more"
    text = f"a lead ({opens}), in {opens}%."
    held = [
        f'<span class="held">{part}</span>' for part in (f"({opens}),", f"{opens}%.")
    ]
    assert held_together(text) == f"a lead {held[0]} in {held[1]}"
