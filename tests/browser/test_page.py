"""The two pages in a real browser, offline: those in results/ if they are there, and
always made-up ones.
"""

import re
import shutil
from pathlib import Path

import pytest

from evenfield.report.page import write_pages
from report.made_up import write_study

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
ROOT = Path(__file__).parents[2]
REAL = ROOT / "results" / "report"
EXAMPLES = sorted((ROOT / "examples").glob("*/results/report/index.html"))
OPEN = (
    "every => document.querySelectorAll('details').forEach((box, i) => { box.open = i %"
    " every == 0; })"
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path"),
]


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["made up", "results"])
def folder(request, tmp_path_factory):
    if request.param == "results":
        if not (REAL / "index.html").exists():
            pytest.skip("no results yet")
        return REAL
    results = tmp_path_factory.mktemp("page") / "results"
    given = write_study(results, policy=True)
    write_pages(
        results / "report" / "index.html", results / "report" / "tables.html", **given
    )
    return results / "report"


@pytest.fixture
def shown(browser, folder):
    """Return a function that opens one of the pages, and refuses requests from outside
    and errors in the end.
    """
    contexts = []
    wrong = []

    def show(name="index.html", *, scheme="light", width=1280, **more):
        sizes = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme}
        contexts.append(browser.new_context(offline=True, **sizes, **more))
        page = contexts[-1].new_page()
        page.on(
            "console",
            lambda m: wrong.append(m.text) if m.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        allowed = ("data:",) if name.startswith("index") else ("data:", "file:")
        own = (folder / name.partition("#")[0]).as_uri()
        page.on(
            "request",
            lambda r: (
                None if r.url.startswith((own, *allowed)) else wrong.append(r.url)
            ),
        )
        page.goto(
            (folder / name.partition("#")[0]).as_uri()
            + "".join(name.partition("#")[1:])
        )
        return page

    yield show
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="module")
def axe():
    """Return a function that names what axe finds on a page."""
    script = pytest.importorskip("axe_playwright_python").__path__[0] + "/axe.min.js"
    code = Path(script).read_text()

    def violations(page):
        page.evaluate(code)
        result = page.evaluate("axe.run()")["violations"]
        return [(item["id"], item["nodes"][0]["html"][:200]) for item in result]

    return violations


def test_sizes_and_words_stay_within_their_bounds(shown, folder):
    assert (folder / "index.html").stat().st_size <= 1_500_000
    assert (folder / "tables.html").stat().st_size <= 3_000_000
    page = shown()
    page.evaluate(OPEN, 1)
    # The table of all units is for looking up, not for reading.
    # So is that of who is on which list.
    page.evaluate(
        "document.querySelectorAll('.units-table, details.names').forEach(x => x.remove())"
    )
    words = [
        word
        for word in page.locator("body").inner_text().split()
        if re.search(r"\w", word)
    ]
    # All statements opened, each answer that is none with its bound, what a study beside
    # shows, sources by their names, and two cards that say per what a log point is.
    assert len(words) <= 6000
    for text in ("HOLDS", "NO ANSWER", "SUGGESTIVE", "NOT EMPIRICAL"):
        assert text not in " ".join(words)


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("index.html", "light"), ("index.html", "dark"), ("tables.html", "dark")],
)
def test_axe_finds_nothing(shown, axe, name, scheme):
    page = shown(name, scheme=scheme, bypass_csp=True)
    page.evaluate(
        OPEN, 20 if name == "tables.html" else 1
    )  # one code writes all tables
    assert axe(page) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parts[-4])
def test_axe_finds_nothing_on_the_pages_of_examples_that_were_run(browser, axe, path):
    context = browser.new_context(offline=True, bypass_csp=True)
    page = context.new_page()
    page.goto(path.as_uri())
    assert axe(page) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_three_numbers_opened(shown, axe, scheme):
    page = shown(scheme=scheme, bypass_csp=True)
    # By themselves they close one another.
    page.evaluate(
        "[...document.querySelectorAll('.why')].slice(0, 3).forEach(box => {"
        " box.popover = 'manual'; box.showPopover(); })"
    )
    assert page.locator(".why:popover-open").count() == 3
    assert axe(page) == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_number_opens_by_click_and_by_enter_and_closes_by_escape(shown, scripts):
    page = shown(java_script_enabled=scripts)
    numbers = page.locator("main .n:visible")
    box = page.locator(".why:popover-open")
    numbers.nth(0).click()
    assert "Estimate" in box.inner_text()
    page.keyboard.press("Escape")
    assert box.count() == 0
    numbers.nth(1).focus()
    page.keyboard.press("Enter")
    assert "python3 run why" in box.inner_text()
    page.keyboard.press("Escape")
    assert box.count() == 0
    page.keyboard.press("Enter")  # focus is where it was
    assert box.count() == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_what_a_number_opens_lies_inside_the_window(shown, width):
    page = shown(width=width)
    numbers = page.locator("main .n:visible")
    for which in (0, numbers.count() - 1):
        numbers.nth(which).click()
        box = page.locator(".why:popover-open").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 844
        page.keyboard.press("Escape")


def test_a_cell_opens_its_estimate_and_arrows_lead_to_the_next_one(shown):
    page = shown("tables.html#T6")
    numbers = page.locator("#T6 td .n")
    box = page.locator(".why:popover-open")
    numbers.nth(0).click()
    assert "Interval" in box.inner_text()
    # Each line of Python has the id of the estimate in its place.
    assert "{}" not in box.locator("pre").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "Interval" in box.inner_text()
    page.keyboard.press("Escape")
    column = "document.activeElement.closest('td').cellIndex"
    row = "document.activeElement.closest('tr').rowIndex"
    start = numbers.nth(0).evaluate(
        "button => [button.closest('td').cellIndex, button.closest('tr').rowIndex]"
    )
    assert page.evaluate(column) == start[0] + 1
    assert page.evaluate(row) > start[1]
    assert page.locator("#T6 td .n[tabindex='0']").count() == 1


def test_a_picture_fits_a_phone_and_becomes_larger_inside_its_box(shown):
    page = shown("tables.html#F4", width=390)
    picture = page.locator("#F4 img")
    box = picture.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.locator("#F4 .larger input").check()
    assert picture.bounding_box()["width"] > 600
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not shown("tables.html#F4").locator("#F4 .larger").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["index.html", "tables.html"])
def test_page_fits_its_window(shown, name, width):
    page = shown(name, width=width)
    page.evaluate(OPEN, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_address_opens_a_unit_and_a_click_writes_it(shown, folder):
    if folder == REAL:
        pytest.skip("the page of China has its own text")
    page = shown("index.html#unit=BB")
    card = page.locator("#unit-card")
    card.wait_for(state="visible")
    assert "Beta <b>" in card.inner_text()
    assert card.locator("svg").get_attribute("aria-label").endswith("in 2000")
    row = page.locator("tr.chosen")
    assert row.get_attribute("id") == "unit=BB"
    page.locator("#map .units path").nth(0).click()
    assert page.evaluate("location.hash") == "#unit=AA"
    assert "Alpha" in card.inner_text()
    page.locator("#units a", has_text="Gamma").click()
    page.wait_for_function("location.hash === '#unit=CC'")
    assert "Gamma" in card.inner_text()
    assert row.count() == 1


def test_an_address_leads_to_a_row_without_javascript(shown, folder):
    if folder == REAL:
        pytest.skip("the page of China has its own text")
    page = shown("index.html#unit=CC", java_script_enabled=False)
    box = page.locator("tr[id='unit=CC']").bounding_box()
    assert 0 <= box["y"] < 844


def test_the_table_of_units_sorts_by_number_and_is_a_file(shown, folder):
    if folder == REAL:
        pytest.skip("the page of China has its own text")
    page = shown()
    button = page.locator("#units thead button").nth(1)
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    first = page.locator("#units tbody tr").nth(0)
    assert first.get_attribute("id") == "unit=DD"  # the richest
    assert "descending" in page.locator(".live[aria-live]").text_content()
    link = page.locator(".units-table .note a")
    assert link.get_attribute("href").startswith("data:text/csv")
    assert link.get_attribute("download") == "made_up-states.csv"


def test_the_slider_moves_the_year_from_the_keyboard(shown):
    page = shown()
    slider = page.locator("#year")
    labels = page.locator("#map-said")
    assert slider.is_visible()
    sizes = "all => all.map(circle => Number(circle.getAttribute('r')))"
    last = labels.inner_text()
    end = page.eval_on_selector_all("#map .zones circle", sizes)
    slider.focus()
    page.keyboard.press("Home")
    first = labels.inner_text()
    start = page.eval_on_selector_all("#map .zones circle", sizes)
    assert first != last
    assert "No zone yet" in first
    assert sum(start) == 0 < sum(end)
    assert first.startswith(slider.get_attribute("aria-valuetext"))
    page.keyboard.press("End")
    assert labels.inner_text() == last


def test_an_anchor_opens_what_it_names_and_its_picture_is_drawn(shown):
    assert (
        shown("tables.html").evaluate("performance.getEntriesByType('resource').length")
        == 0
    )
    page = shown("tables.html#F4")
    picture = page.locator("#F4 img")
    picture.wait_for(state="visible")
    page.wait_for_function("document.querySelector('#F4 img').naturalWidth > 0")
    assert page.locator("details[open]").count() == 1


def test_sorting_works_from_the_keyboard_and_is_announced(shown):
    page = shown("tables.html#T6")
    button = page.locator("#T6 thead button").nth(1)
    button.focus()
    for state in ("ascending", "descending"):
        page.keyboard.press("Enter")
        assert page.locator("#T6 thead th").nth(1).get_attribute("aria-sort") == state
        assert state in page.locator(".live[aria-live]").text_content()


def test_print_shows_the_statements_as_a_table_and_hides_the_slider(shown):
    page = shown()
    assert not page.locator("table.ledger").is_visible()
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("table.ledger").is_visible()
    assert not page.locator("details.claim .inside").first.is_visible()
    assert not page.locator("#year").is_visible()


def test_without_javascript_the_answers_open_and_the_map_shows_its_last_year(shown):
    page = shown(java_script_enabled=False)
    page.locator("details.claim > summary").first.click()
    assert page.locator("details.claim .inside").first.is_visible()
    assert not page.locator("#year").is_visible()
    assert "zones in" in page.locator("#map-said").inner_text()


LISTED = ROOT / "examples/china-cities/results/report/index.html"
MARK = "map => map.querySelector('.units path.chosen').getAttribute('class')"


@pytest.mark.skipif(not LISTED.is_file(), reason="the study of cities was not run")
@pytest.mark.parametrize("path", [REAL / "index.html", LISTED], ids=["beside", "own"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_map_of_lists_answers_to_hover_and_to_arrows(browser, path, width):
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(path.as_uri())
    figure = page.locator("figure.map[id^=F42]")
    about = figure.locator(".about")
    table = page.locator("details.names")
    first = table.locator("tbody tr").nth(0)
    name = first.locator("th").text_content()
    figure.locator("input[type=search]").fill(
        f"{name}, {first.locator('td').nth(0).text_content()}"
    )
    for cell in (1, 3):
        assert first.locator("td").nth(cell).text_content() in about.inner_text()
    found = about.inner_text()
    figure.locator("svg.land").focus()
    page.keyboard.press("ArrowRight")
    assert about.inner_text() != found
    assert figure.evaluate(MARK).split()[0] in {"l0", "l1", "l2", "l3"}
    # Another list: other marks, and its own key.
    classes = "all => all.map(path => path.getAttribute('class')).join()"
    before = figure.locator(".units path").evaluate_all(classes)
    figure.locator("select").select_option(index=5)
    assert figure.locator(".units path").evaluate_all(classes) != before
    assert figure.locator(".keys:visible").count() == 1
    table.locator("summary").press("Enter")
    assert first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
