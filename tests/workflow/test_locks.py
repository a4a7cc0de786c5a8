"""One lock for every Python, environment.yml made from it, and an environment that
equals it.
"""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement

import lock as lock_command

REPO = Path(__file__).resolve().parents[2]
PIN = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+))?"
)
LOCKS = ("requirements.lock", "requirements-test.lock")


def read_lock(name):
    """Return the entries of a lock: (name, version, marker, hashes)."""
    text = (REPO / name).read_text().replace("\\\n", " ")
    entries = []
    for line in filter(None, map(str.strip, text.splitlines())):
        pin = PIN.fullmatch(line.split("--hash")[0].strip())
        assert pin, line
        entries.append(
            (
                pin["name"],
                pin["version"],
                pin["marker"],
                re.findall(r"--hash=sha256:([0-9a-f]{64})", line),
            )
        )
    return entries


@pytest.mark.parametrize("name", LOCKS)
def test_everything_is_hashed_and_no_address_stands_in_a_lock(name):
    assert [entry[0] for entry in read_lock(name) if not entry[3]] == []
    assert not re.search(
        r"https?:|file:|@ |--(extra-)?index-url|--find-links", (REPO / name).read_text()
    )


def test_one_lock_holds_on_every_python_and_the_test_lock_changes_nothing():
    entries = read_lock("requirements.lock")
    assert [
        name
        for name, _, marker, _ in entries
        if marker and "python" in marker.split("platform_python")[0]
    ] == []
    assert len({name for name, *_ in entries}) == len(entries)
    run = {name: version for name, version, *_ in read_lock("requirements.lock")}
    both = {
        name: version
        for name, version, *_ in read_lock("requirements-test.lock")
        if name in run
    }
    assert both == {name: run[name] for name in both}


@pytest.mark.parametrize("name", LOCKS)
def test_installed_versions_are_those_of_the_lock(name):
    wanted = {
        name: version
        for name, version, marker, _ in read_lock(name)
        if not marker or Marker(marker).evaluate()
    }
    assert {name: importlib.metadata.version(name) for name in wanted} == wanted


def test_the_package_asks_for_what_is_locked():
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["workflow"]]
    listed = [
        line
        for line in (REPO / "requirements.in").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert sorted(asked) == sorted(listed)


def licences(name):
    """Return what a package states of its licence: metadata, else the head of its file."""
    package = importlib.metadata.distribution(name)
    stated = [
        package.metadata.get("License-Expression") or "",
        (package.metadata.get("License") or "").split("\n")[0],
        *(package.metadata.get_all("Classifier") or []),
    ]
    stated = [text for text in stated if "::" not in text or "License ::" in text]
    files = [file for file in package.files if file.name.startswith("LICEN")]
    return " ".join(stated).strip() or files[0].read_text()[:300]


def test_no_runtime_package_is_under_the_gpl():
    gpl = {
        name
        for name, _, marker, _ in read_lock("requirements.lock")
        if not marker or Marker(marker).evaluate()
        if re.search("GPL|General Public", licences(name))
    }
    # docutils is in the public domain but for an Emacs mode, which no wheel has.
    assert gpl == {"docutils"}


def test_environment_yml_is_made_from_the_lock_and_pip_can_read_it_anywhere():
    text = (REPO / "environment.yml").read_text()
    assert text == lock_command.environment_text(
        (REPO / "requirements.lock").read_text()
    )
    python, pip, packages = yaml.safe_load(text)["dependencies"]
    assert (python, pip) == ("python >=3.11,<3.14", "pip")
    pins = [
        Requirement(line) for line in packages["pip"]
    ]  # no option and no path: the engine copies the file
    locked = [
        f"{name}=={version}" for name, version, *_ in read_lock("requirements.lock")
    ]
    assert [f"{pin.name}{pin.specifier}" for pin in pins] == locked


def test_ci_tests_the_pythons_that_are_declared_with_locked_tools_by_commit():
    """Versions in ci.yml are those of pyproject.toml, of `run` and of the lock."""
    text = (REPO / ".github" / "workflows" / "ci.yml").read_text()
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    declared = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    check = yaml.safe_load(text)["jobs"]["check"]
    assert check["strategy"]["matrix"]["python"] == declared
    assert all(version in (REPO / "run").read_text() for version in declared)
    locked = {
        name: version for name, version, *_ in read_lock("requirements-test.lock")
    }
    pins = re.findall(r'"(mkdocs[\w-]*)==([^"]+)"', text)
    assert pins
    assert all(locked[name] == version for name, version in pins)
    actions = re.findall(r"uses: (\S+)", text)
    assert actions
    assert all(re.search(r"@[0-9a-f]{40}$", action) for action in actions)
