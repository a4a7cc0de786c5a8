"""The documentation in a real browser: what breaks on a page, and what the search finds."""

import re
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

import evenfield as ef
from evenfield.shared.topics import read_topics

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ROOT = Path(__file__).parents[2]
PHONE = 390
# Paragraphs, items and cells of a page whose own words are in the letters of code.
MONOSPACED = """() => {
  const blocks = document.querySelectorAll('article :is(p, li, td, h1, h2, h3)');
  return [...blocks].filter(block => {
    const own = [...block.childNodes].some(
      node => node.nodeType === 3 && node.textContent.trim().length > 2);
    return own && /mono/i.test(getComputedStyle(block).fontFamily);
  }).map(block => block.textContent.slice(0, 60));
}"""
LINKS = "all => all.map(link => link.href)"
IDS = "all => all.map(one => one.id)"
RESULTS = ".md-search-result__link"
SAID = "document.querySelector('.md-search-result__meta').textContent"
MOST_READ = 8  # pages among the results that a reader looks at

pytestmark = [
    pytest.mark.browser,
    pytest.mark.gate,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path"),
]


class Quiet(SimpleHTTPRequestHandler):
    """A server that writes no log."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site):
    """The address of the site, served on this machine alone."""
    handler = partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def page(address):
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        sizes = {"viewport": {"width": PHONE, "height": 844}, "color_scheme": "dark"}
        page = browser.new_context(**sizes).new_page()
        page.said = []
        page.on(
            "console",
            lambda m: (
                page.said.append(m.text) if m.type in {"error", "warning"} else None
            ),
        )
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith((address, "data:", "blob:"))
                else page.said.append(r.url)
            ),
        )
        yield page
        browser.close()


def faults_of(page, url):
    """What is wrong on one page, in words."""
    page.said.clear()
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.goto(url)
    # The drawer of a phone moves out of sight at once.
    page.add_style_tag(content="* { transition: none !important; }")
    faults = [*page.said]
    for width in (PHONE, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        wide = page.evaluate("document.documentElement.scrollWidth")
        faults += [f"{wide} of {width} px"] if wide > width else []
    return faults + [f"monospaced: {text}" for text in page.evaluate(MONOSPACED)]


def test_every_page_is_sound_and_every_link_leads_somewhere(site, address, page):
    files = sorted(site.rglob("*.html"))
    assert len(files) > 60
    wrong = {}
    links = {}
    ids = {}
    for path in files:
        name = path.relative_to(site).as_posix()
        if name == "404.html":
            continue
        url = address + name.removesuffix("index.html")
        if faults := faults_of(page, url):
            wrong[name] = faults
        ids[path] = set(page.eval_on_selector_all("[id]", IDS))
        links[name] = set(page.eval_on_selector_all("a[href]", LINKS))
    for name, targets in links.items():
        own = [link for link in sorted(targets) if link.startswith(address)]
        for link in own:
            parts = urlparse(link)
            target = site / unquote(parts.path).lstrip("/")
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            known = target in ids and (not anchor or anchor in ids[target])
            if not known and not (target.is_file() and target not in ids):
                wrong.setdefault(name, []).append(f"to nothing: {link}")
    assert wrong == {}


@pytest.fixture(scope="module")
def found(address, page):
    """A function that returns the pages that the search shows first for some words."""
    page.set_viewport_size({"width": 1280, "height": 844})
    page.goto(address)
    box = page.locator("input.md-search__input")
    box.focus()
    page.wait_for_function(f"/type to start/i.test({SAID})")

    def look_for(words, most=MOST_READ):
        box.fill("")
        box.dispatch_event("keyup")  # what the search listens to
        page.wait_for_function(f"/type to start/i.test({SAID})")
        box.fill(words)
        box.dispatch_event("keyup")
        page.wait_for_function(f"/matching/i.test({SAID})")
        links = page.eval_on_selector_all(RESULTS, LINKS)
        pages = dict.fromkeys(urlparse(link).path.strip("/") for link in links)
        return list(pages)[:most]

    return look_for


def test_search_finds_every_public_function_on_a_page_that_explains_it(found):
    names = [name for name in dir(ef) if name[0] != "_"]
    assert len(names) > 30
    # Some are words that stand on most pages, as weights.
    pages_of = {name: found(name, most=None) for name in names}
    missed = {
        name: pages
        for name, pages in pages_of.items()
        if not any(
            page.startswith("library") and page != "library/stable" for page in pages
        )
    }
    assert missed == {}


def test_search_finds_every_topic_by_its_title_and_its_word(found):
    missed = {}
    for name, topic in read_topics().items():
        if not (ROOT / f"workflow/evenfield/topics/{name}/method.md").exists():
            continue
        for words in (topic.title, name):
            # Signs of its own language, and single letters, which it leaves out of pages.
            bare = re.sub(r"['’]s\b|\b\w\b|[-:+^~*]", " ", words)
            pages = found(bare)
            if f"topics/{name}" not in pages:
                missed[words] = pages
    assert missed == {}


def test_a_single_letter_hides_no_page(found):
    # Words that begin so have digits, which the search once mistook for each other.
    assert "library/moran" in found("Moran's I")
    assert all(found(letter, most=None) for letter in "abcdefghijklmnopqrstuvwxyz")


def test_a_word_that_stands_nowhere_is_not_found(found):
    assert found("qzxwvk") == []
