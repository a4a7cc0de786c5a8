"""Which sections of the config move a step of a topic."""

import pytest

from evenfield.shared import calls, topics
from evenfield.shared.calls import no_call
from evenfield.shared.estimates import ESTIMATE_COLUMNS, untested
from evenfield.shared.topic_file import NoCall, Step
from evenfield.shared.topics import (
    exhibit_words,
    files_read,
    own_words,
    read_topics,
    renamed,
    settings,
)
from yaml_text import from_yaml

CONFIG = from_yaml("""
    weights: {primary: queen, families: {queen: {}}, join: land}
    estimates: {beta: [1], sigma: [2], moran: [3]}
    """)


def test_a_step_that_reads_all_weights_depends_on_their_families():
    used = settings(CONFIG, "beta", Step(reads=["weights"]))
    assert used["weights"] == {"primary": "queen", "families": {"queen": {}}}


def test_a_file_is_read_with_all_that_it_imports():
    read = files_read("models/sigma.py", "no/file.py")
    assert {"models/sigma.py", "models/rows.py", "numerics/arrays.py"} <= set(read)
    assert "no/file.py" not in read


def test_files_that_import_each_other_are_all_read(monkeypatch):
    imports = {"a": {"b"}, "b": {"c", "d"}, "c": {"b"}, "d": {"e"}, "e": set()}
    monkeypatch.setattr(topics, "library_files", lambda: frozenset(imports))
    monkeypatch.setattr(topics, "_read", lambda path: ("hash", imports[path.name]))
    monkeypatch.setattr(topics, "_REACHED", {})
    for first in ("c", "e", "b", "a"):
        read = set(files_read(first))
        assert read == {"e": {"e"}, "a": set("abcde")}.get(first, set("bcde"))


def test_a_step_that_reads_the_primary_weights_depends_on_their_name():
    used = settings(CONFIG, "beta", Step(reads=["weights/primary"]))
    assert used["weights"] == {"primary": "queen"}


def test_a_step_depends_on_its_own_section_and_those_it_reads():
    used = settings(CONFIG, "beta", Step(reads=["estimates/sigma/estimates.csv"]))
    assert used["estimates"] == {"beta": [1], "sigma": [2]}
    assert "weights" not in used


def test_printed_texts_call_taxonomies_by_the_names_of_the_study():
    study = {"names": {"list": "our list", "list+dated": "our list, dated"}}
    study |= {"zone_name": "SEZ", "zones_name": "SEZs"}
    assert renamed(study, "cells of list, list+dated") == (
        "cells of our list, our list, dated"
    )
    assert renamed(study, "listed in `list`") == "listed in `list`"
    assert renamed({**study, "names": {}}, "cells of list") == "cells of list"


@pytest.mark.parametrize(
    ("text", "said"),
    from_yaml("""
    - [Growth of income per head against its initial level,
       Growth of night lights against its initial level]
    - [Income per head by group, Night lights by group]
    - [How far apart incomes are, Spread of night lights]
    - [an income one standard deviation above it, a figure one standard deviation above it]
    - [An income one standard deviation above it, A figure one standard deviation above it]
    - [Poorer states caught up with richer ones, Lower states caught up with higher ones]
    - [Rich among rich, High among high]
    - ["The spread of incomes: standard deviation of their logarithms",
       "The spread of night lights: standard deviation of its logarithms"]
    - [rows of `income` and log_income in panel.income,
       rows of `income` and log_income in panel.income]
    - ["Rich, Utah and Poor, Ohio", "Rich, Utah and Poor, Ohio"]
    """),
)
def test_texts_name_what_is_studied_in_place_of_income(text, said):
    assert renamed({"what": "night lights"}, text) == said
    assert renamed({"what": ""}, text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("How far apart incomes are", "Spread of household income"),
        ("Incomes of states", "Household income of states"),
        ("income of a state, an income", "household income of a state, a figure"),
    ],
)
def test_a_name_that_holds_the_word_income_is_put_in_once(text, said):
    once = renamed({"what": "household income"}, text)
    assert once == said
    assert renamed({"what": "household income"}, once) == said


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("income", "Output: poorer ones near rich ones, 1 poorest, 5 richest"),
        ("total", "Output: smaller ones near large ones, 1 smallest, 5 largest"),
        ("rate", "Output: lower ones near high ones, 1 lowest, 5 highest"),
    ],
)
def test_a_kind_of_figures_has_its_words_whatever_they_are_called(kind, said):
    text = "Income: poorer ones near rich ones, 1 poorest, 5 richest"
    assert renamed({"what": "output", "kind": kind}, text) == said
    without_name = renamed({"kind": kind}, text)
    assert without_name == (
        text if kind == "income" else said.replace("Output", "Figures")
    )


POOR = "insured share of poor adults"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Income of poorer states", f"{POOR.capitalize()} of lower states"),
        (f"the {POOR}", f"the {POOR}"),
        (
            "rich near Rich Hill of the income belt",
            "high near Rich Hill of the income belt",
        ),
        ("poor", "poor"),
        ("poor near poor", "low near low"),
    ],
)
def test_no_word_of_the_user_is_taken_for_one_of_ours(text, said):
    study = {"what": POOR, "kind": "rate"}
    config = {"labels": {"a": ["Rich Hill of the income belt"]}, "log income": "income"}
    own = own_words([study, config], ["poor", "Utah"])
    assert renamed(study, text, own) == said


def test_titles_put_nouns_of_the_study_in_as_they_are():
    study = {
        "unit_name": "poor district",
        "units_name": "poor districts",
        "what": "jobs",
    }
    words = exhibit_words({"study": study})
    assert words["F28"]["title"] == "The poor districts that rose and fell most"
    assert "lowest, and those" in words["F40"]["title"]
    assert "The poor districts" in words["F40"]["title"]


def test_output_per_worker_still_makes_units_rich():
    text = renamed({"what": "output per worker"}, "income of poorer states")
    assert text == "output per worker of poorer states"


def test_what_a_figure_has_drawn_stands_in_its_caption_without_proxy_output():
    words = exhibit_words({"study": {"unit_name": "state", "units_name": "states"}})
    for topic in read_topics().values():
        for name, exhibit in topic.exhibits.items():
            kept = words[name].get("caption", "")
            assert ("{{drawn}}" in exhibit.caption) == ("{{drawn}}" in kept), name


def test_a_row_that_no_function_gives_says_why_by_what_stands_in_it(monkeypatch):
    row = dict.fromkeys(ESTIMATE_COLUMNS, "") | {"controls_id": "none"}
    row |= {"topic": "moran", "estimator": "geary"}
    assert no_call(row) == ""
    assert "a fact" in no_call(row | {"topic": "statements", "estimator": "fact"})
    assert no_call(row | {"topic": "map"}) == "map names no function of the library"
    # All texts of one mapping, and any of several mappings.
    several = NoCall(
        rows=[{"estimator": "geary", "term": "c"}, {"estimator": "join_count"}],
        why="none gives it",
    )
    changed = read_topics()["moran"].model_copy(update={"no_calls": [several]})
    monkeypatch.setattr(calls, "read_topics", lambda: {"moran": changed})
    assert no_call(row) == ""
    assert no_call(row | untested("few units")) == "it has no interval: few units"
    assert no_call(row | {"term": "c"}) == "none gives it"
    assert no_call(row | {"estimator": "join_count"}) == "none gives it"


def test_rows_without_a_call_are_named_by_columns_and_texts_of_a_topic_with_calls():
    for name, topic in read_topics().items():
        for part in topic.no_calls:
            assert part.rows and part.why
            for texts in part.rows:
                assert texts and set(texts) <= {*ESTIMATE_COLUMNS}, name


def test_what_python_compiles_is_no_file_of_the_library(tmp_path, monkeypatch):
    monkeypatch.setattr(topics, "LIBRARY", tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "module.py").touch()
    # A file that Python is writing, and renames a moment later.
    (tmp_path / "__pycache__" / "module.cpython-311.pyc.14064416491").touch()
    assert topics.library_files.__wrapped__() == {"module.py"}
