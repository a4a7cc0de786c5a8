"""The documentation builds as a site, and a link or anchor to nothing stops it."""

import re
from html.parser import HTMLParser
from pathlib import Path

from built_site import built

ROOT = Path(__file__).parents[2]


def test_the_site_has_every_page_and_no_dead_link(site):
    methods = [
        path.parent.name for path in ROOT.glob("workflow/evenfield/topics/*/method.md")
    ]
    assert methods
    assert all((site / "topics" / name / "index.html").exists() for name in methods)
    assert 'href="../sigma/"' in (site / "topics" / "beta" / "index.html").read_text()
    index = (site / "index.html").read_text()
    assert 'href="library/"' in index
    # Chapters in a reader's order, a search, and a dark mode.
    chapters = ["Start", "Your own study", "Library", "Topics", "Data", "For contrib"]
    positions = [index.index(f"\n  {chapter}") for chapter in chapters]
    assert positions == sorted(positions)
    assert 'data-md-component="search"' in index
    assert "prefers-color-scheme: dark" in index


class Inline(HTMLParser):
    """Blocks that begin or end within inline code, as none does in a sound page."""

    def __init__(self):
        super().__init__()
        self.open = 0
        self.wrong = []

    def handle_starttag(self, tag, attrs):
        self.open += tag == "code"

    def handle_endtag(self, tag):
        self.open -= tag == "code"
        if self.open and tag in {"p", "li", "td", "th", "h1", "h2", "article"}:
            self.wrong.append(f"</{tag}> in line {self.getpos()[0]}")


def test_inline_code_ends_where_it_ends(site):
    pages = sorted(site.rglob("index.html"))
    assert len(pages) > 60
    wrong = {}
    for path in pages:
        inline = Inline()
        inline.feed(path.read_text())
        if inline.open or inline.wrong:
            wrong[path.parent.name] = inline.wrong[:2]
    assert wrong == {}


def test_keys_may_break_behind_a_dot_or_slash(site):
    page = (site / "new-study" / "index.html").read_text()
    assert re.search(r"<code>\w+[./]<wbr>\w+", page)


def test_dead_links_and_anchors_stop_the_build(tmp_path):
    """By the settings of this repository, for two pages of their own."""
    settings = f"INHERIT: {ROOT / 'mkdocs.yml'}\nhooks: []\nextra_css: []\n"
    (tmp_path / "mkdocs.yml").write_text(settings)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# One\n\n[two](two.md#two)\n")
    (tmp_path / "docs" / "two.md").write_text("# Two\n\n[one](index.md)\n")
    sound = built(tmp_path, tmp_path / "site")
    assert sound.returncode == 0, sound.stderr
    with (tmp_path / "docs" / "two.md").open("a") as page:
        page.write("\n[gone](gone.md) and [nowhere](index.md#nowhere)\n")
    done = built(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    assert "gone.md" in done.stderr
    assert "#nowhere" in done.stderr
