"""Tables and figures of the China study from the estimates of a finished run, without
another run: ``EVENFIELD_RESULTS`` names its results folder. ``python3 run mutate`` makes
one; after a whole run tests/workflow/test_study.py compares the same files.
"""

import hashlib
import json
import os
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from evenfield.report.plan import plan_study
from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.write import write_table_files
from evenfield.shared.topics import exhibit_words, read_topics, renamed, settings
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


def built(plan, topic, name, maker):
    """What the maker of a topic returns for one exhibit."""
    facts = Facts(settings(plan.config, topic, TOPICS[topic].render), RESULTS)
    facts.topic = topic
    return maker[name](facts)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_it_was(plan, tmp_path, name):
    module = import_module(f"evenfield.topics.{TABLES[name]}.table")
    table = built(plan, TABLES[name], name, module.TABLES)
    words = partial(renamed, plan.config["study"])
    title = exhibit_words(plan.config)[name]["title"]
    path = tmp_path / f"{name}.md"
    write_table_files(replace(table, title=title).worded(words), [str(path)])
    golden = (GOLDEN / path.name).read_text()
    assert path.read_text() == golden


@pytest.mark.parametrize("name", TABLES)
def test_the_paper_prints_columns_that_the_table_has(plan, name):
    module = import_module(f"evenfield.topics.{TABLES[name]}.table")
    table = built(plan, TABLES[name], name, module.TABLES)
    columns = {column.names[0] for column in table.columns}
    assert table.short is None or set(table.short.columns) <= columns


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_what_it_was(plan, tmp_path, name):
    module = import_module(f"evenfield.topics.{FIGURES[name]}.figure")
    figure = built(plan, FIGURES[name], name, module.FIGURES)
    files = [f"{name}.{ending}" for ending in ("svg", "csv", "alt.txt")]
    paths = [str(tmp_path / file) for file in files]
    save_figure(figure, paths, partial(renamed, plan.config["study"]))
    hashes = {}
    for file in files:
        content = (tmp_path / file).read_bytes()
        hashes[file] = hashlib.sha256(content).hexdigest()[:16]
    assert hashes == {file: HASHES[file] for file in files}
