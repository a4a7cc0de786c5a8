"""One whole run of the China study: its exhibits, what an edit reruns, its report.

`python3 run gate` runs these tests on the study that it has made and names it by
``EVENFIELD_STUDY``; `python3 run test -m gate` makes one of its own.
"""

import csv
import hashlib
import json
import math
import os
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import program_copies
from evenfield.answers.rule import grouped, tally
from evenfield.report.context import lookups
from evenfield.report.evidence import Evidence
from evenfield.report.numbers import read_numbers
from evenfield.report.plan import plan_study
from evenfield.report.printable import Lookup, part_of
from evenfield.report.prose import Prose, read_texts
from evenfield.shared.left_out import left_out_parts
from evenfield.shared.tables.numbers import MINUS
from evenfield.study.config import checked_config
from evenfield.study.config_files import PARTS, read_config
from evenfield.study.errors import EvenfieldError, Faults
from evenfield.study.merging import whole_numbers
from figure_faults import drawn_figures, faults, raw_words
from report.latex_sources import FOUND, compiled, typed_numbers, unknown_macros
from report.printed import FOOT, HEAD, lines_of, printed_pages
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "exhibits"
ESTIMATES = ROOT / "tests" / "golden" / "estimates.json"
CITIES = "examples/china-cities"
SIZES = ("robust", "conley", "wild", "jackknife", "spatial", "connected")
pytestmark = pytest.mark.gate
AFTER_ESTIMATES = {
    "collect",
    "answer",
    "name_numbers",
    "exhibit_answers",
    "page",
    "paper",
    "manifest",
    "all",
}


def engine(checkout, *options):
    """Run a checkout as the script `run` does."""
    options = ("--directory", checkout, *options)
    return program_copies.run(*options, workflow=checkout / "workflow")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the repository with a finished study, whose files a test may edit."""
    folder = tmp_path_factory.mktemp("checkout")
    made = shutil.ignore_patterns("__pycache__", "results", ".snakemake")
    shutil.copytree(ROOT / "workflow", folder / "workflow", ignore=made)
    shutil.copy(ROOT / "Snakefile", folder)
    if finished := os.environ.get("EVENFIELD_STUDY"):
        shutil.copytree(finished, folder, dirs_exist_ok=True)
        return folder
    for name in ("config.yaml", *PARTS.values(), "environment.yml"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, folder)
    for name in ("data", "text", CITIES):
        shutil.copytree(ROOT / name, folder / name, ignore=made)
    done = engine(folder, "--cores", "2")
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def planned(folder, *edits):
    """The rules that would run if each ``old`` in a file were ``new``, and those that
    the edits themselves touch.
    """
    before = {folder / file: (folder / file).read_text() for file, *_ in edits}
    for file, old, new in edits:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1))
    try:
        done = engine(folder, "--dry-run", "--quiet", "progress")
    finally:
        for path, text in before.items():
            path.write_text(text)
    assert done.returncode == 0, done.stdout + done.stderr
    _, *jobs = re.split(
        r"^(?:local)?rule (\w+):$", done.stdout + done.stderr, flags=re.MULTILINE
    )
    label = list(zip(jobs[::2], jobs[1::2], strict=True))
    return {name for name, _ in label}, {
        name for name, reason in label if "Params have changed" in reason
    }


def test_every_exhibit_is_what_it_was(checkout):
    """To accept a change: EVENFIELD_GOLDEN=write python3 run test -m gate
    tests/workflow/test_study.py -k exhibit.
    """
    shown = {
        path.stem: path.read_text()
        for path in (checkout / "results/tables").glob("*.md")
    }
    hashes = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted((checkout / "results/figures").iterdir())
        if path.suffix in {".svg", ".csv", ".txt"}
    }
    if os.environ.get("EVENFIELD_GOLDEN") == "write":
        shutil.rmtree(GOLDEN, ignore_errors=True)
        GOLDEN.mkdir(parents=True)
        for name, text in shown.items():
            (GOLDEN / f"{name}.md").write_text(text)
        (GOLDEN / "figures.json").write_text(json.dumps(hashes, indent=1) + "\n")
    for path in sorted(GOLDEN.glob("*.md")):
        assert shown.pop(path.stem).splitlines() == path.read_text().splitlines(), (
            path.stem
        )
    assert not shown
    assert hashes == json.loads((GOLDEN / "figures.json").read_text())


@pytest.mark.parametrize("study", ["", CITIES])
def test_every_figure_can_be_read(checkout, study, monkeypatch):
    """In print and on a page, with no text cut off or on another, and in words."""
    monkeypatch.chdir(checkout / study)
    plan = plan_study(read_config(Path("config.yaml")))
    raw = raw_words(plan.config)
    figures = drawn_figures(plan, "results")
    wrong = {name: faults(figure, raw) for name, figure in figures}
    assert len(wrong) > 10
    assert {name: found for name, found in wrong.items() if found} == {}


def test_every_estimate_is_what_it_was(checkout):
    """How a change is accepted stands in tests/topics/test_published.py."""
    folder = checkout / "results" / "estimates"
    for topic, hashes in json.loads(ESTIMATES.read_text()).items():
        for name, expected in hashes.items():
            content = (folder / topic / name).read_bytes()
            assert hashlib.sha256(content).hexdigest()[:16] == expected, (topic, name)


def test_a_finished_study_has_nothing_to_do_and_few_jobs(checkout):
    assert (
        "Nothing to be done"
        in (done := engine(checkout, "--dry-run")).stdout + done.stderr
    )
    assert len(list((checkout / "results" / "benchmarks").glob("*.tsv"))) <= 61


SPEC = "{id: absolute_mean3, controls: [], end_points: mean3}"
CHANGED = (
    ("estimates.yaml", SPEC, SPEC.replace("[]", "[coast]")),
    {"estimate_beta", "exhibit_beta", *AFTER_ESTIMATES},
)
RETITLED = (
    ("config.yaml", "title: Clusters", "title: On clusters"),
    {"page", "paper", "manifest", "all"},
)


@pytest.mark.parametrize(("edit", "rules"), [CHANGED, RETITLED])
def test_an_edit_of_the_config_reruns_what_reads_it(checkout, edit, rules):
    assert planned(checkout, edit)[0] == rules


def test_an_edit_of_code_or_of_the_primary_taxonomy_reruns_what_knows_it(checkout):
    library = "workflow/evenfield/"
    result, touched = planned(
        checkout,
        (library + "topics/dynamic_panel/table.py", "\ndef ", "\n\ndef "),
        (library + "topics/sigma/estimate.py", "def estimate(", "\n\ndef estimate("),
        (library + "numerics/clubs.py", "import numpy", "\nimport numpy"),
        ("config.yaml", "primary: seed2011", "primary: rule_a"),
    )
    assert {
        "exhibit_dynamic_panel",
        "estimate_sigma",
        "estimate_clubs",
        "estimate_statements",
    } <= touched
    assert (
        not {
            "ingest",
            "build_panel",
            "build_weights",
            "estimate_beta",
            "estimate_dynamic_panel",
        }
        & result
    )


def test_data_replaced_by_an_older_file_are_not_up_to_date(checkout):
    table = checkout / "data" / "cases.csv"
    text = table.read_text()
    stat = table.stat()
    table.write_text(text + "\n")
    os.utime(table, (stat.st_atime - 1e6, stat.st_mtime - 1e6))
    try:
        done = engine(checkout, "--dry-run")
        assert done.returncode
        assert "changed since its checksum was written (cases.csv)" in done.stderr
    finally:
        table.write_text(text)
        os.utime(table, (stat.st_atime, stat.st_mtime))


def test_the_engines_report_holds_the_exhibits_by_topic(checkout):
    done = engine(checkout, "--report", str(checkout / "report.zip"))
    assert done.returncode == 0, done.stderr[-2000:]
    names = zipfile.ZipFile(checkout / "report.zip").namelist()
    assert {"T6.html", "F4.svg"} <= {Path(name).name for name in names}
    page = zipfile.ZipFile(checkout / "report.zip").read("report/report.html").decode()
    assert "Beta convergence" in page


# What is planted, and the words of the text whose sentence it breaks.
PLANTED = from_yaml("""
    early zones off the coast: [page, {coast_zones_parks: 49.0}]
    zones that stay on the coast: [paper, {coast_parks_2019: 80.0}]
    clusters off the coast: [page, {coast_clusters: 49.0}]
    Zhejiang with few zones: [page, {zhejiang_zones: 12.0}]
    a south that rises on: [page, {south_2019: 170.0}]
    growth as far apart as a fifth of what shows: [paper, {growth_spread_paper: 2.0}]
    a kind of zone more: [paper, {development_2019: 219.0}]
    a province without a zone in 2001: [paper, {zones_least_2001: 0.0}]
    less capital in the provinces with clusters: [paper, {capital: 0.9}]
    a share of growth that stays: [paper, {growth_share_later: 1.0}]
    a list of 2013 of the five: [paper, {five_share_2013: 55.0}]
    a method that does not hold its size: [paper, {size_spatial_paper: 9.0}]
    sigma that does not fall: [paper, {sigma_2019: 0.6}]
    provinces without municipalities converge:
      [page, {sigma_1991_no_municipalities: 0.2}]
    "Tianjin's twin is left": [paper, {tianjin_conformal: 0.01}]
    """)


@pytest.mark.parametrize("name", PLANTED)
def test_a_sentence_that_other_data_break_stops_the_build(checkout, name, monkeypatch):
    monkeypatch.chdir(checkout)
    text, values = PLANTED[name]
    numbers = read_numbers(checkout / "results" / "numbers.json")
    prose_of(checkout, numbers).placed(text)
    planted = {key: replace(numbers[key], value=value) for key, value in values.items()}
    broken = rf"text/{text}\.must\.yaml line \d+: .* no longer"
    with pytest.raises(EvenfieldError, match=broken):
        prose_of(checkout, numbers | planted).placed(text)


def prose_of(folder, numbers):
    """Return the texts of a finished study with other numbers."""
    content = json.loads((folder / "results" / "answers.json").read_text("utf-8"))
    items = [*content["hypotheses"], *content["claims"]]
    kinds = [claim["kind"] for claim in content["claims"]]
    config = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))
    names = {
        **lookups(config, "results"),
        "n": Lookup("number", {name: part_of(name, n) for name, n in numbers.items()}),
        "answers": Lookup("answer", {item["id"]: item["answer"] for item in items}),
        "later": Lookup("later word", {item["id"]: item["later"] for item in items}),
        "counts": Lookup("count", content["counts"]),
        "groups": Lookup("group", grouped(content["counts"])),
        "tally": tally(content["counts"]),
        "kinds": Lookup("kind", {kind: kinds.count(kind) for kind in kinds}),
        "total": len(content["claims"]),
        "questions": content["questions"],
        "units": 31,
        "vintage": "",
    }
    faults = Faults()
    paths, references = read_texts(
        map(str, (folder / "text").iterdir()), faults, config["study"]
    )
    assert not faults
    return Prose(paths, names, references, [*config["tables"], *config["figures"]])


def said_by(page):
    """Return a page of the repository on one line."""
    return " ".join((ROOT / page).read_text().split())


def numbers_of(checkout):
    """Return the named numbers of the study, and of its study beside as cities.NAME."""
    own = read_numbers(checkout / "results" / "numbers.json")
    beside = read_numbers(checkout / CITIES / "results" / "numbers.json")
    return own | {f"cities.{name}": number for name, number in beside.items()}


def test_tables_call_samples_and_kinds_as_the_study_does(checkout):
    study = checkout / CITIES
    names = read_config(study / "config.yaml")["study"]["names"]
    internal = {name.replace("_", " ") for name in names} - {*names.values()}
    tables = [path.read_text() for path in (study / "results/tables").glob("*.md")]
    printed = [words for words in sorted(internal) if f" {words}" in "\n".join(tables)]
    assert not printed


def interval(number):
    return number.interval.replace(MINUS, "-")


def test_the_readme_says_the_numbers_of_the_run(checkout):
    numbers = numbers_of(checkout)
    readme = said_by("README.md")
    near, apart = numbers["near_alone"], numbers["near_difference"]
    highest = numbers["cities.near_clusters_product_150"]
    found = numbers["cities.near_clusters_found"]
    first = numbers["cities.near_clusters_75"]
    second = numbers["cities.near_clusters_product_75"]
    lead = numbers["own_paper"]
    prices = [numbers[f"own_paper_{name}"] for name in ("deflator", "prices")]
    for sentence in (
        f"grew {near.text} percentage points a year faster near a city that had a cluster",
        f"(95 % confidence interval {interval(near)}), and {apart.text} faster than near",
        f"a city with a zone ({interval(apart)})",
        f"no interval goes above {highest.high:.2f}",
        f"within 75 kilometres ({first.text}, {interval(first)}, and {second.text},",
        f"{interval(second)}). With all clusters found, of any date, it is {found.text}",
        f"it is {found.text} ({interval(found)})",
        f"was at most {numbers['cities.near_true'].high:.2f} points higher",
        f"grew {lead.text} percentage points a year faster from 2000 to 2010 than others",
        f"({lead.interval}); with other price data it is {prices[0].text} to {prices[1].text}",
    ):
        assert sentence in readme
    assert -1 < near.low < 0 < near.high < 1
    assert -1 < apart.low < 0 < apart.high < 1
    assert near.high < highest.high < 1
    assert first.low > 0 and second.low > 0 > found.low
    assert lead.low > 0
    assert all(price.low < 0 < price.high for price in prices)


def test_the_findings_say_the_numbers_of_the_run_and_name_their_rows(checkout):
    numbers = numbers_of(checkout)
    text = (ROOT / "docs/findings.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| `([\w.]+)` \| ([^|]+) \|$", text, re.M)
    assert len(rows) > 15
    for printed, name, place in rows:
        number = numbers[name]
        assert printed == f"{number.text} ({interval(number)})".removesuffix(" ()")
        assert number.estimate_id in place
    with (checkout / "results" / "estimates.csv").open() as file:
        estimators = {
            row["estimate_id"]: row["estimator"] for row in csv.DictReader(file)
        }
    methods = re.findall(
        r"^\|.*\| (\d+) \| (\d+) \| (\d+) \| `(\w+)` \| `(\w+)_paper`", text, re.M
    )
    assert len(methods) == int(numbers["methods_uncorrected_number"].text)
    for *shares, estimator, name in methods:
        sizes = [numbers[f"{name}_{span}"] for span in ("paper", "official", "long")]
        assert shares == [size.text for size in sizes]
        assert {estimators[size.estimate_id] for size in sizes} == {estimator}
    size = {name: numbers[f"size_{name}_paper"].text for name in SIZES}
    said = {name: number.text for name, number in numbers.items()}
    old, new = numbers["own_late_published"], numbers["own_late"]
    findings = said_by("docs/findings.md")
    for sentence in (
        f"There are {said['lists_number']} sets of five provinces",
        f"the {said['lists_number']} lists in which each method rejects",
        f"robust errors (HC1) reject in {size['robust']} % of them",
        f"Conley errors with 1,200 km in {size['conley']} %",
        f"the wild bootstrap in {size['wild']} % and the jackknife (CR3) in {size['jackknife']} %",
        f"(SCPC) reject in {size['spatial']} % and a permutation among connected lists in"
        f" {size['connected']} %",
        f"is {old.text} percentage points a year with the population published at the time"
        f" ({interval(old)}), and {new.text} with the census of 2020 ({interval(new)})",
        f"Over {said['vintages_number']} combinations of population, output and prices the"
        f" estimate ranges from {said['vintages_least']} to {said['vintages_most']}",
        f"{said['cities.zones_all']} national zones in {said['cities.cities']} cities",
        f"For {said['cities.zones_all_seen']} of them a document states the year",
        f"{said['cities.zones_dated']} are the first zone of a city after 2000",
        f"the year of {said['cities.zones_seen']} is stated in a document, that of"
        f" {said['cities.zones_placed']} follows from a place in a dated list, and that of"
        f" {said['cities.zones_bounded']} is known within a range",
        f"Of the other zones {said['cities.zones_memory']} have a year from memory",
        f"{said['cities.found_all']} cities have a strong cluster that grew from below;"
        f" {said['cities.found_by_2000']} have one",
        f"Both searches found {said['cities.found_twice']} of the {said['cities.found_all']}",
        f"would have found {said['cities.found_share']} % of the cities",
    ):
        assert sentence in findings
    assert old.low > 0 > new.low


def labels_of(study):
    """Return the texts of all named numbers of a finished study, whose values must be
    cells of its estimates.
    """
    results = study / "results"
    numbers = json.loads((results / "numbers.json").read_text())
    with (results / "estimates.csv").open() as file:
        rows = {row["estimate_id"]: row for row in csv.DictReader(file)}
    entries = whole_numbers(yaml.safe_load((study / "numbers.yaml").read_text()))
    labels = set()
    for name, label in numbers.items():
        labels |= {label["text"], *label["interval"].split(" to ")}
        positions = len(label["show"].partition(".")[2])
        labels |= {f"{label['p']:.3f}"[1:]} if label["p"] is not None else set()
        labels |= (
            {f"{label['smallest_visible']:.{positions}f}"}
            if label["smallest_visible"] is not None
            else set()
        )
        # A number of an answer may rest on a row of the study beside, tried there.
        if label["estimate_id"] and "." not in label["estimate_id"]:
            cells = [
                float(value)
                for value in rows[label["estimate_id"]].values()
                if re.fullmatch(r"-?[\d.]+", value)
            ]
            value = label["value"]
            if entries[name].get("percent"):
                value = math.log1p(value / 100)
            factors = [1, 100]
            doses = [
                kind for kind in ("zones", "parks") if f"{kind}_typical" in numbers
            ]
            for kind in doses:  # a dose ln(1 + zones) that doubles
                typical = numbers[f"{kind}_typical"]["value"]
                factors.append(math.log((1 + 2 * typical) / (1 + typical)))
            assert any(
                value == pytest.approx(factor * cell, rel=1e-5)
                for factor in factors
                for cell in cells
            ), name
    return labels


def test_every_number_in_the_prose_is_a_cell_of_the_results(checkout):
    results = checkout / "results"
    labels = {"95"}  # of "95% interval"
    labels |= labels_of(checkout) | labels_of(checkout / CITIES)
    paper = (results / "report" / "paper.typ").read_text().splitlines()
    page = (results / "report" / "index.html").read_text()
    page = re.sub(
        r"<(script|style|svg|details|figcaption|footer|table)\b.*?</\1>"
        r"|<div popover.*?</div>|<p class=.num.>.*?</p>",
        "",
        page,
        flags=re.DOTALL,
    )
    texts = [
        "\n".join(line for line in paper if not line.startswith(("#", "  ", "//"))),
        re.sub("<[^>]+>", " ", page),
    ]
    for written in texts:
        text = re.sub(r"\b10\.\d{4}/\S+", "", written)  # numbers of documents
        result = re.findall(r"(?<![\w.\u2212-])\u2212?\d*\.\d+|\d+(?=%)", text)
        assert len(result) > 30 and set(result) <= labels, set(result) - labels


@pytest.mark.parametrize("name", ["paper", "appendix"])
def test_nothing_is_printed_smaller_than_seven_points(checkout, name):
    pages = printed_pages(checkout / "results" / "report" / f"{name}.pdf")
    sizes = {run.size for page in pages for run in page}
    assert {8.4, 8.6} <= sizes  # tables and their notes
    assert min(sizes) >= 7.0  # indices of equations


def test_few_pages_of_the_appendix_are_half_empty(checkout):
    """A figure that is larger than the rest of a page stands on the next one, in its
    place, and not pages before or behind it.
    """
    pages = printed_pages(checkout / "results" / "report" / "appendix.pdf")
    lowest = [min(run.baseline for run in page) for page in pages[:-1]]
    half_empty = [n for n, low in enumerate(lowest, 1) if low > (FOOT + HEAD) / 2]
    assert len(half_empty) <= len(pages) / 20, half_empty


def test_the_paper_is_short_and_no_lines_are_lost_between_its_exhibits(checkout):
    """Where a few lines stand alone, an exhibit of that page belongs a paragraph earlier
    or later in text/paper.md.
    """
    pages = printed_pages(checkout / "results" / "report" / "paper.pdf")
    assert 16 <= len(pages) <= 23
    left_alone = [n for n, page in enumerate(pages, 1) if 0 < lines_of(page, 11.0) < 5]
    assert left_alone == []


def test_every_number_and_answer_leads_to_its_evidence(checkout, monkeypatch):
    monkeypatch.chdir(checkout)
    config = left_out_parts(checked_config(read_config(Path("config.yaml"))))
    evidence = Evidence(config)
    numbers = read_numbers("results/numbers.json")
    for name in [*evidence.numbers, *evidence.answers, *evidence.sections]:
        steps = {step.heading: step.lines for step in evidence.way(name)}
        # Files of the study beside are named from its folder.
        folder = f"{CITIES}/" if "Of the study beside" in steps else ""
        if name in numbers:
            *_, location = steps["Number"]
            assert line_at(location).startswith(f"{name}:")
        if name in numbers and numbers[name].estimate_id:
            own_id = numbers[name].estimate_id.rpartition(".")[2]
            assert f"estimate_id {own_id}" in steps["Estimate"][0]
        if "Estimate" not in steps:
            continue
        assert steps["Input columns"]
        assert all(Path(path).is_file() for path in steps["Method"])
        for line in steps["Code"]:
            location, _, function = line.rpartition(": ")
            assert f"def {function}(" in line_at(location)
        if steps["Specification"][0].startswith("id: "):
            *_, location = steps["Specification"]
            assert steps["Specification"][0] in line_at(f"{folder}{location}")


def line_at(location):
    """Return the line of a file that is named as ``FILE, line NUMBER``."""
    file, _, number = location.partition(", line ")
    return Path(file).read_text("utf-8").splitlines()[int(number) - 1]


def test_a_cell_of_a_table_leads_to_the_row_that_it_shows(checkout, monkeypatch):
    monkeypatch.chdir(checkout)
    config = left_out_parts(checked_config(read_config(Path("config.yaml"))))
    steps = {
        step.heading: step.lines
        for step in Evidence(config).way("T6:absolute:2001-08:speed")
    }
    assert "Specification: beta, absolute, primary" in steps["Estimate"]
    assert "Period: 2001\u201308" in steps["Estimate"]


@pytest.mark.parametrize("study", [".", CITIES])
def test_the_paper_in_latex_types_no_number_and_compiles(checkout, tmp_path, study):
    folder = tmp_path / "latex"
    shutil.copytree(checkout / study / "results" / "report" / "latex", folder)
    assert not typed_numbers((folder / "paper.tex").read_text())
    assert not unknown_macros(folder)
    for compiler in FOUND[:1]:
        log = compiled(folder, compiler)
        assert not re.findall(r"undefined|multiply defined|Missing character", log)
