"""Tables and figures of the China study from the estimates of a finished run, without
another run: ``EVENFIELD_RESULTS`` names its results folder. ``python3 run mutate`` makes
one; the gate compares the same files after a whole run (tests/workflow/test_study.py).
"""

import hashlib
import json
import os
from importlib import import_module
from pathlib import Path

import pytest

from evenfield.report.plan import plan_study
from evenfield.report.render import render
from evenfield.shared.study_results import StudyResults
from evenfield.shared.topics import exhibit_words, read_topics, settings
from evenfield.study.config_files import read_config

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "exhibits"
HASHES = json.loads((GOLDEN / "figures.json").read_text())
RESULTS = os.environ.get("EVENFIELD_RESULTS", "")
TOPICS = read_topics()
TABLES = {
    name: topic
    for topic, entry in TOPICS.items()
    for name in entry.exhibits
    if (GOLDEN / f"{name}.md").is_file()
}
FIGURES = {
    name: topic
    for topic, entry in TOPICS.items()
    for name in entry.exhibits
    if f"{name}.csv" in HASHES
}
pytestmark = pytest.mark.skipif(
    not RESULTS, reason="EVENFIELD_RESULTS names no results folder of a finished run"
)


@pytest.fixture(scope="module")
def plan():
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return plan_study(read_config(Path("config.yaml")))


def results_of(plan, topic):
    results = StudyResults(settings(plan.config, topic, TOPICS[topic].render), RESULTS)
    results.topic = topic
    return results


def rendered(plan, topic, name, files):
    """Write the files of one exhibit as the pipeline does."""
    title = exhibit_words(plan.config)[name]["title"]
    study = plan.config["study"]
    results = results_of(plan, topic)
    render(name, results, title, files, study=study, may_be_empty=False)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_it_was(plan, tmp_path, name):
    path = tmp_path / f"{name}.md"
    rendered(plan, TABLES[name], name, [str(path)])
    golden = (GOLDEN / path.name).read_text()
    assert path.read_text() == golden


@pytest.mark.parametrize("name", TABLES)
def test_the_paper_prints_columns_that_the_table_has(plan, name):
    module = import_module(f"evenfield.topics.{TABLES[name]}.table")
    table = module.TABLES[name](results_of(plan, TABLES[name]))
    columns = {column.names[0] for column in table.columns}
    assert table.short is None or set(table.short.columns) <= columns


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_what_it_was(plan, tmp_path, name):
    files = [f"{name}.{ending}" for ending in ("svg", "csv", "alt.txt")]
    rendered(plan, FIGURES[name], name, [str(tmp_path / file) for file in files])
    hashes = {}
    for file in files:
        content = (tmp_path / file).read_bytes()
        hashes[file] = hashlib.sha256(content).hexdigest()[:16]
    assert hashes == {file: HASHES[file] for file in files}
