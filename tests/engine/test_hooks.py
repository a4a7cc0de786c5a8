"""Snakemake still has what evenfield relies on and Snakemake does not promise."""

import inspect
import pkgutil
from dataclasses import fields
from pathlib import Path

import pytest
import snakemake.cli  # noqa: F401  (its other modules import each other in a circle)

from engine import hooks

NAMES = [hook.name for hook in hooks.HOOKS]


@pytest.mark.parametrize("name", NAMES)
def test_snakemake_has_the_place_of_the_hook(name):
    hook = hooks.HOOKS[NAMES.index(name)]
    for place, words in hook.places.items():
        source = inspect.getsource(pkgutil.resolve_name(place))
        missing = [word for word in words if word not in source]
        assert not missing, f"{name}: {place} has no {missing[0]}. {hook.without}"


def test_every_hook_says_why_and_what_happens_without_it():
    for hook in hooks.HOOKS:
        assert all(getattr(hook, field.name) for field in fields(hook)), hook.name


@pytest.mark.parametrize("path", sorted(Path(hooks.__file__).parent.glob("*.py")))
def test_what_snakemake_keeps_for_itself_is_touched_in_one_file(path):
    text = path.read_text(encoding="utf-8")
    private = {"persistence._", "PersistenceBase", "JobScheduler", "DAG"}
    assert path.name == "hooks.py" or not {word for word in private if word in text}
