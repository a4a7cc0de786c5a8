"""How far it is from the data to a published number: the files and functions of the
library that run on the way, counted on a small study.
"""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from china_study import estimated, write_panels, write_weights
from evenfield.report.render import render
from evenfield.shared.study_results import StudyResults
from evenfield.shared.topics import exhibit_words, read_topics, settings
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.study import Study

ROOT = Path(__file__).parents[2]
LIBRARY = str(ROOT / "workflow" / "evenfield")
STUDY = ROOT / "examples" / "simulated-districts"
# A topic, the table that prints its number, and the most files and functions; where
# they are and what they do for the number stands in docs/decisions/0030-distance.md.
MOST = {
    "beta": ("T6", 65, 298),
    "group_contrasts": ("T4", 69, 409),
    "event_study": ("T41", 84, 438),
}


class Ran:
    """The code of the library that has run."""

    def __init__(self):
        self.code = set()

    def note(self, frame, event, _):
        code = frame.f_code
        ours = event == "call" and code.co_filename.startswith(LIBRARY)
        # Comprehensions and lambdas are part of the function around them.
        if ours and not code.co_name.startswith("<"):
            self.code.add(code)

    def __enter__(self):
        sys.setprofile(self.note)
        return self.code

    def __exit__(self, *_):
        sys.setprofile(None)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A study with panel and weights, its results folder, and what made the panel."""
    root = tmp_path_factory.mktemp("study") / "results"
    config = checked_config(read_config(STUDY / "config.yaml"))
    config["data"]["package"] = str(STUDY / "data" / "datapackage.json")
    with Ran() as code:
        panels = write_panels(config, root)
    for scheme, panel in panels.items():
        write_weights(config, root, scheme, panel)
    made(config, root, "sigma")  # T6 reads it
    return config, root, code


def made(config, root, topic):
    """Estimate a topic and write its rows."""
    used = settings(config, topic, read_topics()[topic].estimate)
    estimated(topic, Study(used, root)).write(root / "estimates" / topic)


def printed(config, root, topic, table):
    """Write a table as a page and as a file of figures."""
    results = StudyResults(settings(config, topic, read_topics()[topic].render), root)
    results.topic = topic
    title = exhibit_words(config)[table]["title"]
    files = [str(root / "tables" / f"{table}.{ending}") for ending in ("html", "csv")]
    study = config["study"]
    render(table, results, title, files, study=study, may_be_empty=False)


@pytest.mark.parametrize("topic", MOST)
def test_the_way_from_the_data_to_a_number_grows_no_longer(built, topic):
    config, root, code_of_panel = built
    table, files, functions = MOST[topic]
    for step in ("estimate", "table"):  # what an import runs is no part of the way
        import_module(f"evenfield.topics.{topic}.{step}")
    with Ran() as code:
        made(config, root, topic)
        printed(config, root, topic, table)
    code |= code_of_panel
    files_run = len({part.co_filename for part in code})
    assert files_run <= files and len(code) <= functions, (
        f"{table} of {topic} takes {files_run} files and {len(code)} functions, {files}"
        f" and {functions} are allowed: take fewer, or raise MOST here and give the"
        " reason in the commit"
    )
