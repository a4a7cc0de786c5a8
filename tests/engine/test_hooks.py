"""Snakemake still has what evenfield relies on and Snakemake does not promise."""

import asyncio
import inspect
import pkgutil
from pathlib import Path

import pytest

# Its other modules import each other in a circle.
import snakemake.cli
import yaml

from engine import hooks

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


def test_an_input_is_hashed_once_until_it_changes(tmp_path, monkeypatch):
    read = []

    class File(str):
        async def checksum(self, threshold=None):
            read.append(threshold)
            return Path(self).read_text()

    monkeypatch.setattr(snakemake.io, "_IOFile", File)
    hooks.hash_inputs_once()
    file = File(tmp_path / "input.txt")

    def found():
        return asyncio.run(file.checksum(10))

    Path(file).write_text("one")
    assert (found(), found(), read) == ("one", "one", [10])
    Path(file).write_text("other")
    assert (found(), read) == ("other", [10, 10])
    Path(file).unlink()
    with pytest.raises(FileNotFoundError):
        found()
