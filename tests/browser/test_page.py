"""The results page in a real browser, offline: the one in results/ if it is there, and always a made-up one."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evenfield.report.page import write_page
from report.made_up import write_study

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-quic"]  # fmt: skip
REAL = Path(__file__).parents[2] / "results" / "report" / "index.html"
WIDTHS = (390, 1280)

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["made up", "results"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "results":
        if not REAL.exists():
            pytest.skip("no results yet")
        return REAL
    folder = tmp_path_factory.mktemp("page")
    write_page(folder / "index.html", **write_study(folder / "results", policy=True))
    return folder / "index.html"


@pytest.fixture(scope="module")
def opened(browser: Any, path: Path) -> Iterator[tuple[Any, list[str], list[str]]]:
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page, errors, requests = context.new_page(), [], []
    page.on("console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda asked: requests.append(asked.url))
    page.goto(path.as_uri())
    page.wait_for_load_state("load")
    yield page, errors, requests
    context.close()


Opened = tuple[Any, list[str], list[str]]


def test_nothing_is_asked_from_outside_and_nothing_goes_wrong(opened: Opened) -> None:
    page, errors, requests = opened
    page.wait_for_timeout(100)
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert errors == []


def test_every_exhibit_is_there_and_every_picture_is_drawn(opened: Opened, path: Path) -> None:
    page, _, _ = opened
    ids = page.eval_on_selector_all("#exhibits-table tbody a", "links => links.map(link => link.textContent)")
    assert ids
    if path == REAL:
        folder = REAL.parents[1]
        written = {file.stem for kind in ("tables", "figures") for file in (folder / kind).glob("*.csv")}
        assert set(ids) == written
    for name in ids:
        assert page.locator(f"#{name}").count() == 1
        downloads = page.locator(f'a[download="{name}.csv"]')
        assert downloads.count() == 1
        assert downloads.get_attribute("href").startswith("data:text/csv")
    drawn = page.eval_on_selector_all(
        "figure img", "images => images.map(image => image.complete && image.naturalWidth > 0)"
    )
    assert drawn and all(drawn)
    alts = page.eval_on_selector_all("figure img", "images => images.map(image => image.alt.trim().length)")
    assert min(alts) > 10


def test_every_anchor_resolves(opened: Opened) -> None:
    page, _, _ = opened
    lost = page.eval_on_selector_all(
        'a[href^="#"]', "links => links.map(a => a.hash.slice(1)).filter(id => !document.getElementById(id))"
    )
    assert lost == []


def values(page: Any, table: str, column: int) -> list[list[str]]:
    """Sort values by group of rows, blanks left out."""
    found: list[list[str]] = page.evaluate(
        """([table, column]) => Array.from(document.getElementById(table).tBodies, body =>
            Array.from(body.rows).filter(row => !row.classList.contains("group"))
                .map(row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim())
                .filter(value => value !== ""))""",
        [table, column],
    )
    return found


def is_sorted(column: list[str], *, descending: bool) -> bool:
    try:
        keys: list[Any] = [float(value) for value in column]
    except ValueError:
        return True  # text is sorted by the browser's own collation
    return keys == sorted(keys, reverse=descending)


def test_clicking_twice_reverses_the_order_within_groups(opened: Opened) -> None:
    page, _, _ = opened
    names = page.eval_on_selector_all(
        "table.result", "tables => tables.filter(t => t.querySelector('thead button')).map(t => t.id)"
    )
    assert names
    for name in names:
        head = page.locator(f"#{name} thead th").nth(1)
        for state in ("ascending", "descending"):
            head.locator("button").evaluate("button => button.click()")
            assert head.get_attribute("aria-sort") == state
            assert all(is_sorted(group, descending=state == "descending") for group in values(page, name, 1))
        assert page.locator(f"#{name} th[aria-sort]").count() == 1


def test_sorting_works_from_the_keyboard_and_is_announced(opened: Opened) -> None:
    page, _, _ = opened
    button = page.locator("#T6 thead button").first
    button.focus()
    page.keyboard.press("Enter")
    first = values(page, "T6", 0)
    page.keyboard.press("Enter")
    second = values(page, "T6", 0)
    assert [len(group) for group in first] == [len(group) for group in second]
    assert page.locator("#T6 thead th").first.get_attribute("aria-sort") == "descending"
    assert "descending" in page.locator(".live[aria-live]").text_content()
    groups = page.eval_on_selector_all("#T6 tbody", "bodies => bodies.map(b => b.rows[0].className)")
    assert all(name == "group" for name in groups if "group" in groups)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_page_fits_its_window_in_both_colour_schemes(browser: Any, path: Path, width: int, scheme: str) -> None:
    context = browser.new_context(offline=True, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(path.as_uri())
    page.eval_on_selector_all("details", "boxes => boxes.forEach(box => { box.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    escaping = page.evaluate(
        """width => Array.from(document.querySelectorAll("main *")).filter(element => {
            const box = element.getBoundingClientRect();
            return box.width > 0 && box.right > width + 1 && !element.closest(".scroll, pre, .live, .skip");
        }).map(element => element.tagName + "." + element.className)""",
        width,
    )
    assert escaping == []
    light = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] > 128")
    assert light == (scheme == "light")
    context.close()


def test_scrolling_boxes_can_be_reached_from_the_keyboard(opened: Opened) -> None:
    page, _, _ = opened
    without = page.eval_on_selector_all(
        ".scroll",
        "boxes => boxes.filter(b => b.tabIndex !== 0 || !(b.ariaLabel || b.getAttribute('aria-labelledby'))).length",
    )
    assert without == 0


def choose(page: Any, name: str, value: str) -> None:
    page.locator(f"#spread-{name}").select_option(value)


def tiles(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all("#spread-map button", "all => all.map(b => b.lastChild.textContent)")
    return found


def test_view_of_effects_answers_choices_and_names_what_cannot_be_estimated(opened: Opened) -> None:
    page, errors, _ = opened
    box = page.locator("#spread")
    if not box.count():
        pytest.skip("this study has no spatial panels")
    assert box.is_visible()
    data = json.loads(page.locator("#spread-data").text_content())
    assert page.locator("#spread-effects tbody th").all_text_contents() == ["direct", "indirect", "total"]
    assert len(tiles(page)) == len(data["units"])
    start = {name: page.locator(f"#spread-{name}").input_value() for name in ("weights", "model", "regressor", "way")}
    seen = set()
    for key, view in data["views"].items():
        spec, term, model, weights = key.split("|")
        for name, value in (("regressor", f"{spec}|{term}"), ("model", model), ("weights", weights)):
            choose(page, name, value)
        rows = page.locator("#spread-effects tbody tr").count()
        assert rows == (3 if view else 0)
        assert ("edge of its range" in page.locator("#spread-note").text_content()) == (not view)
        seen.add(bool(view))
    assert True in seen and errors == []
    for name, value in start.items():
        choose(page, name, value)


def test_a_unit_shows_its_pairs_from_the_keyboard(opened: Opened) -> None:
    page, _, _ = opened
    if not page.locator("#spread").count():
        pytest.skip("this study has no spatial panels")
    sums = tiles(page)
    tile = page.locator("#spread-map button").nth(1)
    tile.focus()
    page.keyboard.press("Enter")
    assert tile.get_attribute("aria-pressed") == "true"
    sent = tiles(page)
    assert sent != sums and "the regressor here" in page.locator("#spread-said").text_content()
    choose(page, "way", "received")
    assert tiles(page) != sent and "effect here" in page.locator("#spread-said").text_content()
    labels = page.eval_on_selector_all("#spread-map button", "all => all.map(b => b.getAttribute('aria-label'))")
    assert all(":" in label for label in labels)
    tile.focus()
    page.keyboard.press("Enter")
    choose(page, "way", "sent")
    assert tiles(page) == sums and page.locator("#spread-map [aria-pressed=true]").count() == 0


def test_without_javascript_answers_stand_and_what_needs_it_is_hidden(browser: Any, path: Path) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("#exhibit-T0 tbody tr").first.is_visible()
    for name in ("#spread", "noscript") if page.locator("#spread").count() else ():
        assert page.locator(name).first.is_visible() == (name == "noscript")
    context.close()
