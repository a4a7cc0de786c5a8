"""What several folders of tests share: the China study as shipped, and a study of three
units that a test may break.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from built_site import built
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.files import read_json
from evenfield.study.ingest.study_tables import read_study
from evenfield.study.tables import resource_named
from toy_study import ToyStudy

ROOT = Path(__file__).parents[1]
LONGEST = (
    "test_study. project_files test_published test_new_study test_examples recovery/"
    " workflow/ browser/".split()
)


# Drawn cases are the same in every run, and no test is of the time that it takes.
settings.register_profile("evenfield", derandomize=True, deadline=None)
settings.load_profile("evenfield")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """The files that take longest come first, so that all workers end together."""
    items.sort(
        key=lambda item: next(
            (i for i, name in enumerate(LONGEST) if name in item.nodeid), 99
        )
    )


@pytest.fixture(autouse=True)
def folder_of_the_repository():
    """A command that an earlier test called may have left it for a study."""
    os.chdir(ROOT)


@pytest.fixture(scope="session")
def china_config():
    config = checked_config(read_config(ROOT / "config.yaml"))
    return {
        **config,
        "data": {**config["data"], "package": str(ROOT / "data" / "datapackage.json")},
    }


@pytest.fixture(scope="session")
def china_tables(china_config):
    return read_study(china_config)


@pytest.fixture(scope="session")
def china_fields():
    package = read_json(ROOT / "data" / "datapackage.json")
    return {field.name: field for field in resource_named(package, "panel").fields}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The docs site of the repository."""
    folder = tmp_path_factory.mktemp("site")
    done = built(ROOT, folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def toy(tmp_path):
    return ToyStudy(tmp_path)
