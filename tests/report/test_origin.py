"""Where figures are from, in words; the map as a picture; what was not asked and why."""

import re

import pandas as pd
import pytest

from evenfield.report.map import map_view
from evenfield.report.map_picture import NO_MAP, map_picture
from evenfield.report.origin import origin_of_income
from evenfield.shared.left_out import not_asked
from evenfield.shared.study_results import StudyResults
from report.made_up import write_study

LONG = "A very long citation " * 8


@pytest.fixture
def results(tmp_path):
    given = write_study(tmp_path / "results", policy=True)
    return StudyResults(given["config"], given["root"])


def sources(results, **columns):
    frame = pd.DataFrame({"source": ["MADE"], "citation": ["Made up."], **columns})
    read = results.ingested
    results.ingested = lambda name, text=(): frame if name == "sources" else read(name)


def test_figures_are_counted_and_their_source_is_named(results):
    origin = origin_of_income(results)
    assert (origin.figures, origin.dates, origin.gaps) == (12, 3, 0)
    assert origin.source == "Made up"
    assert origin.flags == "estimated"
    assert origin.remarks == ["Made for a test."]


def test_gaps_are_counted_and_a_long_citation_gives_way_to_its_name(results):
    panel = results.table("panel")
    results.table = lambda *_, **__: panel.assign(
        income=panel["income"].where(panel.index > 0)
    )
    sources(results, citation=[LONG])
    origin = origin_of_income(results)
    assert (origin.figures, origin.gaps) == (11, 1)
    assert origin.source == "MADE"


def test_of_a_long_citation_its_first_clause_says_whose_figures_these_are(results):
    sources(results, citation=[f"Office of Towns, yearbook of 2021: {LONG}"])
    origin = origin_of_income(results)
    assert origin.source == "Office of Towns, yearbook of 2021 (MADE)"


@pytest.mark.parametrize(
    ("cited", "clause"),
    [
        ("U.S. Bureau of Towns, incomes: ", "U.S. Bureau of Towns, incomes"),
        ("Towns of the U.K. Office. ", "Towns of the U.K. Office"),
        ("Dept. of Towns (yearbook 2021). ", "Dept. of Towns (yearbook 2021)"),
        ("A. B. Towne 2021. ", "A. B. Towne 2021"),
    ],
)
def test_a_clause_ends_at_no_abbreviation(cited, clause, results):
    sources(results, citation=[f"{cited}{LONG}"])
    assert origin_of_income(results).source == f"{clause} (MADE)"


def test_sources_of_one_office_are_named_together(results):
    office = "Office of Towns, yearbook of"
    spans = results.ingested("panel_provenance", text=("source", "flag", "note"))
    twice = pd.concat([spans.assign(source=name) for name in "AB"])
    cited = [f"{office} 2021", f"{office} 2022"]
    both = pd.DataFrame({"source": ["A", "B"], "citation": cited})
    results.ingested = lambda name, text=(): both if name == "sources" else twice
    assert origin_of_income(results).source == "Office of Towns (A, B)"


def test_the_only_source_of_a_study_is_shortened_and_not_called_data(results):
    sources(results, source=["DATA"], citation=[LONG])
    read = results.ingested
    spans = read("panel_provenance").assign(source="DATA")
    results.ingested = lambda name, text=(): (
        spans if name == "panel_provenance" else read(name)
    )
    source = origin_of_income(results).source
    assert source.startswith("A very long citation A very")
    assert source.endswith(" …") and len(source) <= 90


def test_figures_that_nobody_called_official_are_not_called_so(results):
    read = results.ingested
    spans = read("panel_provenance").assign(flag="not stated")
    results.ingested = lambda name, text=(): (
        spans if name == "panel_provenance" else read(name)
    )
    assert origin_of_income(results).flags == ""


def test_a_source_of_other_columns_is_not_named(results):
    config = results.config.panel.income.model_copy(update={"column": "jobs"})
    results.config.panel.__dict__["income"] = config
    origin = origin_of_income(results)
    assert origin.flags == ""
    assert origin.source == "Made up"  # of the whole study


def test_the_map_is_a_picture_with_a_key_for_each_shade(results):
    view = map_view(results)
    drawn = map_picture(view)
    # Two maps are asked for; four units are too few for fifths of growth.
    assert len(re.findall(r"<path[^>]*fill=\"#", drawn)) == len(view["units"]) == 4
    assert drawn.count("<rect") == len(view["layers"][0].keys)
    assert "Income per head, % of the average of all people, 2000" in drawn
    assert map_picture({}) == NO_MAP


def test_a_short_panel_says_which_topics_it_cannot_carry(results):
    config = {
        "panel": {"years": [2000, 2012], "step": 2},
        "estimates": {"beta": [], "sigma": [], "moran": []},
    }
    said = not_asked(config, {"units": list("abcd")})
    steps = "it needs 15 steps from the first to the last year, not 6"
    assert f"Convergence clubs: not asked, since {steps}." in said
    assert any(text.startswith("Rolling windows") for text in said)
    assert "Distribution dynamics: not asked, since it needs 15 units, not 4." in said
    assert not any(text.startswith("Beta") for text in said)
    long = {**config, "panel": {"years": [2000, 2030], "step": 1}}
    # What it could ask and does not is no gap.
    assert "Convergence clubs" not in " ".join(not_asked(long, {"units": list("abcd")}))
