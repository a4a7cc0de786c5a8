"""Snakemake still has what evenfield relies on and Snakemake does not promise."""

import asyncio
import inspect
import pkgutil
from pathlib import Path

import pytest
import snakemake.cli  # noqa: F401  (its other modules import each other in a circle)
import yaml
from snakemake.common import configfile
from snakemake.io import _IOFile
from snakemake_interface_report_plugins.registry import ReportPluginRegistry

from engine import hooks
from evenfield.study.files import beside

FOLDER = Path(hooks.__file__).parent
HOOKS = yaml.safe_load((FOLDER / "hooks.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", HOOKS)
def test_snakemake_has_the_place_of_the_hook(name):
    for name_of_hook, words in HOOKS[name]["places"].items():
        source = inspect.getsource(pkgutil.resolve_name(name_of_hook))
        missing = [word for word in words if word not in source]
        without = HOOKS[name]["without"]
        assert not missing, f"{name}: {name_of_hook} has no {missing[0]}. {without}"


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_says_why_and_what_happens_without_it(name):
    assert set(HOOKS[name]) == {"why", "without", "places"}
    assert all(HOOKS[name].values())


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name
)
def test_what_snakemake_keeps_for_itself_is_touched_in_one_file(path):
    text = path.read_text(encoding="utf-8")
    private = {"persistence._", "PersistenceBase", "JobScheduler", "DAG"}
    assert path.name == "hooks.py" or not {word for word in private if word in text}


@pytest.mark.parametrize(
    "word", ["--report", "--reporter=html", "--help", "-nh", "--workflow-profile"]
)
def test_the_report_of_snakemake_is_there_where_a_word_may_ask_for_it(
    monkeypatch, word
):
    own = ReportPluginRegistry.collect_plugins
    monkeypatch.setattr(ReportPluginRegistry, "collect_plugins", own)
    hooks.without_reports(["-n", word])
    assert ReportPluginRegistry.collect_plugins is own
    hooks.without_reports(["-n", "--cores", "2"])
    assert ReportPluginRegistry.collect_plugins is not own


def test_configs_in_yaml_are_read_as_data_and_those_in_json_by_snakemake(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(configfile, "_load_configfile", configfile._load_configfile)
    hooks.read_configs_with(lambda path: {"read": path.name})
    for name, text in (("a.yaml", "a: 1"), ("a.json", '{"a": 1e-05}')):
        (tmp_path / name).write_text(text)
    assert configfile.load_configfile(tmp_path / "a.yaml") == {"read": "a.yaml"}
    assert configfile.load_configfile(tmp_path / "a.json") == {"a": 1e-05}


def test_a_file_is_hashed_once_until_it_is_written_again(monkeypatch, tmp_path):
    hashed = []

    async def hash_of(file, threshold):
        hashed.append(Path(file).read_text())
        return f"{threshold}:{hashed[-1]}"

    monkeypatch.setattr(_IOFile, "checksum", hash_of)
    hooks.hash_files_once()
    file = _IOFile(str(tmp_path / "input.csv"), rule=None)
    Path(file).write_text("first")
    asked = [asyncio.run(file.checksum(threshold)) for threshold in (1, 1, 2)]
    assert asked == ["1:first", "1:first", "2:first"]
    with beside(file) as part:  # as jobs write
        part.write_text("later")
    assert asyncio.run(file.checksum(1)) == "1:later"
    assert hashed == ["first", "first", "later"]
    other = _IOFile(str(tmp_path / "other.csv"), rule=None)
    Path(other).write_text("later")
    assert asyncio.run(other.checksum(1)) == "1:later"
    assert len(hashed) == 4
