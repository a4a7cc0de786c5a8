"""What a number opens: the words behind each kind of name, on the page and in tables."""

import json
import re

import pytest

from evenfield.report import short_evidence
from evenfield.report.assumptions import LIBRARY
from evenfield.report.page import render_pages
from evenfield.report.short_evidence import ShortEvidence, row_facts, row_words
from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.rows import records
from evenfield.study.study_config import Period
from report.made_up import made_config, speed_id, write_study

TEXT = """
{{ n.speed_late }}% a year ({{ n.speed_late.interval }}), twice that {{ n.speed_twice }}.

## With {{ n.people }} people

[There are {{ n.people }}](#references), **{{ n.people }}**.

{{ statements() }}
"""


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evidence")
    text = folder / "page.md"
    text.write_text(TEXT)
    return {**write_study(folder / "results", policy=True), "texts": [str(text)]}


@pytest.fixture(scope="module")
def pages(given):
    return render_pages(given["root"] / "report", **given)


@pytest.fixture
def evidence(given):
    return ShortEvidence(made_config(policy=True), given["root"])


def test_a_number_opens_its_row_with_interval_rows_units_period_and_data(evidence):
    facts = evidence.in_words("speed_late")
    assert facts == evidence.in_words(speed_id("P2"))
    assert facts["Estimate"] == "2.00% a year"
    assert facts["Interval"] == "95%: 1.50 to 2.50"
    assert facts["From"] == "31 states, 1990\u20132000"
    assert facts["Of"] == "growth: speed"
    assert [*facts][-1] == "Computed by"


def test_arithmetic_and_cells_of_tables_open_what_they_are_made_from(evidence):
    arithmetic = {"Arithmetic": "2 * speed_late", "Of": "speed_late = 2.0"}
    assert evidence.in_words("speed_twice") == arithmetic
    cell = {"Cell of": "results/panel/all/panel.csv", "Column": "sum, population"}
    assert evidence.in_words("people") == cell


def test_the_command_names_the_folder_of_another_study(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = given["root"].absolute()
    evidence = ShortEvidence(made_config(policy=True), root)
    assert "folder of this study" in evidence.command_with
    # A job imports the library by way of the rules' folder.
    by_rules = LIBRARY.parent / "rules" / ".." / LIBRARY.name
    monkeypatch.setattr(short_evidence, "LIBRARY", by_rules)
    monkeypatch.chdir(LIBRARY.parents[1])
    assert not ShortEvidence(made_config(policy=True), root).command_with


def test_a_reader_sees_method_digits_and_what_could_be_shown_in_words(given):
    row = records(read_estimates(given["root"] / "estimates.csv"))[0]
    row |= {"estimate": 1.37841, "conf_low": 0.246262, "conf_high": 2.51056}
    row |= {
        "p_value": 0.0251077,
        "se_type": "SCPC avc 0.03",
        "unit_of_measure": "pp/yr",
    }
    row |= {"mde": 1.37666, "sesoi": 0.5, "treatment_def": "rule_a", "n_obs": 62}
    row |= {"warning": "without Z; UNDERPOWERED: mde 1.38 above sesoi 0.5 pp/yr"}
    study = {"units_name": "provinces", "names": {"rule_a": "clusters by number"}}
    words = row_words(row, {}, study)
    assert words["Estimate"] == "1.4 percentage points a year"
    assert words["Interval"] == "95%: 0.2 to 2.5"
    assert words["How sure"] == "p = .025, allows for shocks that neighbours share"
    assert words["Detectable"] == "1.38 or more; 0.5 would matter"
    assert words["From"].startswith("62 rows of 31 provinces")
    assert "list: clusters by number" in words["Of"]
    assert words["Warning"] == "without Z"
    readable = " ".join(text for label, text in words.items() if label != "Computed by")
    assert not re.search("avc|mde|sesoi|_", readable)


def test_a_p_below_what_is_printed_is_below_it_and_no_equal_of_it(given):
    row = records(read_estimates(given["root"] / "estimates.csv"))[0]
    row |= {"p_value": 0.00001, "se_type": "", "p_type": ""}
    assert row_words(row, {}, {"units_name": "states"})["How sure"] == "p < .001"


def test_a_p_of_tests_made_together_and_what_could_be_shown_stand_in_the_words(given):
    row = records(read_estimates(given["root"] / "estimates.csv"))[0]
    row |= {"p_value": 0.0274, "p_adjusted": 0.0851, "se_type": "", "p_type": ""}
    row |= {"mde": 0.768, "sesoi": float("nan")}
    words = row_words(row, {}, {"units_name": "states"})
    assert words["How sure"] == "p = .027, .085 with all that are tested together"
    assert words["Detectable"] == "0.768 or more"


def test_evidence_names_what_is_studied_in_place_of_income(given):
    row = records(read_estimates(given["root"] / "estimates.csv"))[0]
    row |= {"outcome": "log_income"}
    words = row_words(row, {}, {"units_name": "towns", "what": "night lights"})
    assert words["Of"].startswith("log night lights")


def test_an_answer_opens_its_estimate_and_what_has_none_opens_nothing(evidence):
    assert evidence.in_words("A1") == evidence.in_words(speed_id("P1"))
    assert "A2" not in evidence
    assert "no name" not in evidence


def test_the_row_of_an_estimate_says_a_missing_end_and_joined_periods(given):
    row = records(read_estimates(given["root"] / "estimates.csv"))[0]
    row |= {"period": "P1+P2", "conf_low": None, "p_value": 0.0312}
    periods = {name: Period(start=1980, end=1990, label=name) for name in ("P1", "P2")}
    facts = row_facts(row, periods)
    assert facts["Period"] == "P1, P2"
    assert facts["Interval"] == "95%: unbounded to 2.5"
    assert facts["p"] == ".031"


def test_each_number_of_a_text_is_a_button_and_its_evidence_stands_once(pages):
    page, _ = pages
    for name, times in (("speed_late", 2), ("speed_twice", 1), ("people", 2)):
        opens = re.findall(f'class="n" popovertarget="why-{name}"', page)
        assert len(opens) == times
        assert page.count(f'id="why-{name}"') == 1
        assert f"python3 run why {name}</code>" in page
    assert '<h2 id="with-12-people">' in page
    assert '<a href="#references">There are 12</a>' in page


def test_an_answer_and_cells_name_the_estimate_that_they_open(pages):
    page, tables = pages
    assert 'popovertarget="why-A1"' in page
    assert 'popovertarget="why-A2"' not in page
    cells = re.findall(r'data-estimate="(\w+)">([^<]*)', tables)
    # The blank cell and the one without an estimate open nothing.
    assert (speed_id("P1"), "10.0") in cells
    assert {text for _, text in cells} == {"10.0", "9.0"}


def test_tables_hold_each_text_of_their_estimates_once(pages):
    (packed,) = re.findall(r'id="estimates">(.*?)</script>', pages[1])
    store = json.loads(packed)
    assert sorted(store["rows"]) == sorted([speed_id("P1"), speed_id("P2")])
    assert len(store["texts"]) == len(set(store["texts"]))
    *row, code = store["rows"][speed_id("P2")]
    words = {
        label: store["texts"][number]
        for label, number in zip(store["labels"], row, strict=True)
    }
    # Rows of this made-up study name no topic, so that they are read and not fitted.
    assert store["code"][code].splitlines()[1:] == [
        's = ef.open_study(".")  # the folder of the study',
        'print(s.row("{}"))',
    ]
    assert words["Interval"] == "95%: 1.50 to 2.50"


def test_a_popover_has_the_lines_that_fit_or_read_its_number(pages, evidence):
    assert evidence.code("people").endswith('print(s.numbers["people"])')
    assert evidence.code("speed_late").endswith('print(s.row("speed_late"))')
    for row in evidence._rows.values():
        row["topic"] = "beta"
    # The row stands beside the fit, which has its own unit of measure.
    assert evidence.code("speed_late").splitlines()[2:] == [
        'print(s.fit("speed_late"))',
        'print(s.compared("speed_late").to_string())',
    ]
    assert "<pre>import evenfield as ef\ns = ef.open_study" in pages[0]
    for row in evidence._rows.values():
        row["topic"] = "statements"
        row["estimator"] = "fact"  # which the topic says to be no fit
    assert evidence.code("speed_late").endswith('print(s.row("speed_late"))')
