"""One lock for every Python, environment.yml made from it, and an environment that equals it."""

import importlib.metadata
import importlib.util
import re
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker

REPO = Path(__file__).resolve().parents[2]
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+))?")


def read_lock(name):
    """Return the entries of a lock: (name, version, marker, hashes)."""
    text = (REPO / name).read_text(encoding="utf-8").replace("\\\n", " ")
    entries = []
    for line in filter(None, map(str.strip, text.splitlines())):
        pin = PIN.match(line.split("--hash")[0].strip())
        assert pin, line
        hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", line)
        entries.append((pin["name"], pin["version"], pin["marker"], hashes))
    return entries


LOCKS = ("requirements.lock", "requirements-test.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_is_hashed(lock):
    assert [name for name, _, _, hashes in read_lock(lock) if not hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_stands_in_a_lock(lock):
    text = (REPO / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|@ |--(extra-)?index-url|--find-links", text)


def test_one_lock_holds_on_every_python():
    entries = read_lock("requirements.lock")
    assert [name for name, _, marker, _ in entries if marker and "python" in marker.split("platform_python")[0]] == []
    assert len({name for name, *_ in entries}) == len(entries)


def test_the_test_lock_changes_nothing_that_runs():
    run = {name: version for name, version, *_ in read_lock("requirements.lock")}
    both = {name: version for name, version, *_ in read_lock("requirements-test.lock") if name in run}
    assert both == {name: run[name] for name in both}


@pytest.mark.parametrize("lock", LOCKS)
def test_installed_versions_are_those_of_the_lock(lock):
    entries = read_lock(lock)
    wanted = {name: version for name, version, marker, _ in entries if not marker or Marker(marker).evaluate()}
    assert {name: importlib.metadata.version(name) for name in wanted} == wanted


def test_environment_yml_is_made_from_the_lock():
    text = (REPO / "environment.yml").read_text(encoding="utf-8")
    loader = SourceFileLoader("evenfield_run", str(REPO / "run"))
    run = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(run)
    assert text == run.environment_text((REPO / "requirements.lock").read_text(encoding="utf-8"))

    environment = yaml.safe_load(text)
    assert environment["dependencies"][:2] == ["python >=3.11,<3.14", "pip"]
    *pins, editable = environment["dependencies"][2]["pip"]
    assert editable == "-e ."
    locked = [f"{name}=={version}" for name, version, *_ in read_lock("requirements.lock")]
    assert [pin.split(" ;")[0] for pin in pins] == locked
