"""A topic is a folder and a section: nothing else has to know that it exists."""

import shutil
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import yaml

import program_copies
from evenfield.shared.estimates import read_estimates
from study_copies import copy_code, copy_example

pytestmark = pytest.mark.gate
REPO = Path(__file__).resolve().parents[2]
EXAMPLE = REPO / "examples" / "us-states"
FILES = {
    "topic.yaml": """\
title: Range of incomes
estimate:
  reads: [panel]
exhibits:
  T90:
    title: How many times the income of the poorest {{unit}} the richest has
""",
    "method.md": "# Range of incomes\n\nThe richest unit over the poorest.\n",
    "__init__.py": "",
    "estimate.py": '''\
"""The largest income over the smallest, by year."""

from pydantic import Field

from evenfield.shared.estimates import Estimate
from evenfield.shared.rows import Results
from evenfield.shared.spec import Id, Spec
from evenfield.study.study import Study


class RangeSpec(Spec):
    """The range of one year."""

    id: Id
    year: int = Field(description="Year of the incomes.")


Section = list[RangeSpec]


def estimate(study: Study) -> Results:
    """Return one row for each specification."""
    results = Results()
    panel = study.table("panel")
    for spec in study.config["estimates"]["income_range"]:
        income = panel.loc[panel["year"].eq(spec["year"]), "income"]
        row = Estimate(
            family="income_range",
            estimator="range",
            spec_id=spec["id"],
            outcome="income",
            term="ratio",
            estimate=income.max() / income.min(),
        )
        results.estimates.append(row)
    results.series["series"] = panel[["unit", "year"]]
    return results
''',
    "table.py": '''\
"""T90: the range of incomes."""

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.table import Column, Table


def t90(results: StudyResults) -> Table:
    """Return one line for each specification."""
    frame = results.estimates()[["spec_id", "estimate"]].round(2)
    columns = (
        Column(names=("spec_id",), header="Specification"),
        Column(names=("estimate",), header="Richest over poorest"),
    )
    return Table(id="T90", title="", note=("All units.",), columns=columns, frame=frame)


TABLES = {"T90": t90}
''',
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study that asks for a topic of its own, run by a copy of the code with its
    folder; nothing else of the copy is edited.
    """
    copy = tmp_path_factory.mktemp("copy")
    workflow = copy_code(copy)
    (copy / "docs").mkdir()
    topic = workflow / "evenfield" / "topics" / "income_range"
    topic.mkdir()
    for name, text in FILES.items():
        (topic / name).write_text(text, encoding="utf-8")
    program_copies.run_well("schema", workflow=workflow)
    section = {"income_range": [{"id": "last_year", "year": 2009}]}
    folder = copy_example(copy / "study", estimates=section, tables=["T90"])
    targets = ["results/estimates.csv", "results/tables/T90.md"]
    words = ("--directory", folder, *targets)
    program_copies.run_well(*words, workflow=workflow)
    return folder


def show(code, study, name):
    options = (name, "--directory", study)
    return program_copies.run("show", *options, workflow=code / "workflow")


def test_its_row_names_its_folder(study):
    (row,) = read_estimates(study / "results" / "estimates.csv").itertuples()
    assert (row.topic, row.spec_id) == ("income_range", "last_year")
    assert row.estimate > 1


def test_its_table_is_made(study):
    table = (study / "results" / "tables" / "T90.md").read_text(encoding="utf-8")
    assert "How many times the income of the poorest state the richest has" in table
    assert "| 1.8 |" in table


def test_show_renders_it_again_from_the_results(study):
    paths = show(study.parent, study, "T90").stdout.split()
    assert "results/show/tables/T90.docx" in paths
    for path in paths:
        first = study / path.replace("show/", "")
        assert (study / path).read_bytes() == first.read_bytes()


@pytest.mark.parametrize(
    ("name", "message"),
    [("T9", "show: T9 is no table or figure of the study; expected one of T90; ")],
)
def test_show_names_what_can_be_shown(study, name, message):
    done = show(study.parent, study, name)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_show_needs_the_results_of_a_run(study, tmp_path):
    shutil.copytree(study, tmp_path / "study", ignore=shutil.ignore_patterns("results"))
    done = show(study.parent, tmp_path / "study", "T90")
    assert "expected the results of a run; run the study once" in done.stderr


def test_a_folder_that_the_schema_does_not_know_yet_is_told_of(tmp_path, monkeypatch):
    from evenfield.study import config as checked
    from evenfield.study.errors import ConfigError

    config = yaml.safe_load((EXAMPLE / "config.yaml").read_text(encoding="utf-8"))
    config["estimates"] = {"income_range": [{"id": "last_year"}]}
    with pytest.raises(ConfigError, match="remove it or see"):
        checked.shaped_config(config)
    (tmp_path / "income_range").mkdir()
    (tmp_path / "income_range" / "topic.yaml").write_text(FILES["topic.yaml"])
    monkeypatch.setattr(checked, "TOPICS", tmp_path)
    with pytest.raises(ConfigError, match="is new: python3 run schema adds its keys"):
        checked.shaped_config(config)


@pytest.mark.parametrize(
    ("series", "says"),
    [((), r"no series.*say series: \[\]"), (("a", "b"), r"\[a, b\]")],
)
def test_series_other_than_those_of_topic_yaml_are_refused(series, says):
    from evenfield.study.errors import EstimateError

    path = REPO / "workflow" / "scripts" / "estimate.py"
    spec = spec_from_file_location("estimate_script", path)
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    files = [f"results/{name}" for name in ("estimates.csv", "series.csv", "fit.json")]
    script.check_series("income_range", ["series"], files)
    with pytest.raises(EstimateError, match=says):
        script.check_series("income_range", series, files)


@pytest.mark.parametrize("text", ["\nexhibit: {}\n", "\norder: first\n"])
def test_a_key_that_topic_yaml_does_not_have_is_refused(text):
    from pydantic import ValidationError

    from evenfield.shared.topic_file import TopicFile

    with pytest.raises(ValidationError):
        TopicFile.model_validate(yaml.safe_load(FILES["topic.yaml"] + text))
