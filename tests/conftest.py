"""What several folders of tests share: the China study as shipped, and a study of three units that a test may break."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evenfield.study.config import checked_config, read_config
from evenfield.study.files import read_json
from evenfield.study.ingest.study_tables import read_study
from evenfield.study.tables import Field, resource_named
from toy_study import ToyStudy

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def china_config() -> dict[str, Any]:
    config = checked_config(read_config(ROOT / "config.yaml"))
    return {**config, "data": {**config["data"], "package": str(ROOT / "data" / "datapackage.json")}}


@pytest.fixture(scope="session")
def china_tables(china_config: dict[str, Any]) -> dict[str, pd.DataFrame]:
    return read_study(china_config)


@pytest.fixture(scope="session")
def china_fields() -> dict[str, Field]:
    package = read_json(ROOT / "data" / "datapackage.json")
    return {field.name: field for field in resource_named(package, "panel").fields}


@pytest.fixture
def china_copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    shutil.copy(ROOT / "config.yaml", tmp_path)
    return tmp_path


@pytest.fixture
def toy(tmp_path: Path) -> ToyStudy:
    return ToyStudy(tmp_path)
