"""What several folders of tests share: the China study as shipped, and a study of three units that a test may break."""

import shutil
from pathlib import Path

import pytest

from evenfield.study.config import PARTS, checked_config, read_config
from evenfield.study.files import read_json
from evenfield.study.ingest.study_tables import read_study
from evenfield.study.tables import resource_named
from toy_study import ToyStudy

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def china_config():
    config = checked_config(read_config(ROOT / "config.yaml"))
    return {**config, "data": {**config["data"], "package": str(ROOT / "data" / "datapackage.json")}}


@pytest.fixture(scope="session")
def china_tables(china_config):
    return read_study(china_config)


@pytest.fixture(scope="session")
def china_fields():
    package = read_json(ROOT / "data" / "datapackage.json")
    return {field.name: field for field in resource_named(package, "panel").fields}


@pytest.fixture
def china_copy(tmp_path):
    shutil.copytree(ROOT / "data", tmp_path / "data")
    for name in ("config.yaml", *PARTS.values()):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.fixture
def toy(tmp_path):
    return ToyStudy(tmp_path)
