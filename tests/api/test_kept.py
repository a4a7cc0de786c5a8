"""What 1.x promised to keep works in this version, or is refused in one line that names the
new one. kept.yaml has the promises as 1.1.0 made them.
"""

import ast
import inspect
import re
from pathlib import Path

import pytest
import yaml

import evenfield as ef
import schema
from evenfield.shared.estimates import ESTIMATE_COLUMNS
from evenfield.shared.topics import read_topics

ROOT = Path(__file__).parents[2]
KEPT = yaml.safe_load((ROOT / "tests" / "api" / "kept.yaml").read_text("utf-8"))
# Names that are gone, with the words of the line that refuses them: `old: new`.
GONE: dict[str, str] = {}


def parameters_of(text):
    """Return the parameters of a written signature: kind and default by name."""
    (function,) = ast.parse(f"def f{text}: pass").body
    given = function.args
    defaults = [None] * (len(given.args) - len(given.defaults)) + given.defaults
    named = zip(given.args, defaults, strict=True)
    by_name = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    found = {one.arg: ("positional", plain(value)) for one, value in named}
    found |= {one.arg: ("by name", plain(value)) for one, value in by_name}
    return found | ({given.kwarg.arg: ("options", "")} if given.kwarg else {})


def plain(node):
    return ast.unparse(node) if node is not None else ""


@pytest.mark.filterwarnings("ignore:evenfield:DeprecationWarning")
@pytest.mark.parametrize("name", KEPT["functions"])
def test_a_function_of_1_1_takes_what_it_took(name):
    if name in GONE:
        with pytest.raises(AttributeError, match=re.escape(GONE[name])):
            getattr(ef, name)
        return
    parameters = inspect.signature(getattr(ef, name)).parameters.values()
    bare = [one.replace(annotation=one.empty) for one in parameters]
    today = parameters_of(str(inspect.Signature(bare)))
    promised = parameters_of(KEPT["functions"][name])
    assert promised.items() <= today.items()
    order = [key for key, (kind, _) in promised.items() if kind == "positional"]
    assert list(today)[: len(order)] == order


@pytest.mark.filterwarnings("ignore:evenfield:DeprecationWarning")
@pytest.mark.parametrize("name", KEPT["others"].split())
def test_a_class_of_1_1_is_there(name):
    assert name in GONE or hasattr(ef, name)


@pytest.mark.parametrize("kind", KEPT["attributes"])
def test_a_fit_has_what_it_had(kind):
    has = {*dir(getattr(ef, kind)), *getattr(ef, kind).__dataclass_fields__}
    assert set(KEPT["attributes"][kind].split()) <= has


def test_every_config_key_of_1_1_is_a_key():
    page = schema.reference(schema.schema())
    today = set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE))
    promised = set(KEPT["keys"].split())
    assert len(promised) > 500
    assert promised - today - set(GONE) == set()


def test_every_exhibit_of_1_1_has_its_id():
    today = {key for topic in read_topics().values() for key in topic.exhibits}
    assert set(KEPT["exhibits"].split()) - today - set(GONE) == set()


def test_every_command_of_1_1_is_one():
    words = (ROOT / "run").read_text("utf-8")
    listed = re.search(r"COMMANDS = \(\n\s+\"([a-z ]+)\"", words)[1].split()
    assert set(KEPT["commands"].split()) - {"install"} <= set(listed)
    assert '"install"' in words


def test_estimates_have_the_columns_that_they_had():
    assert set(KEPT["columns"].split()) <= {*ESTIMATE_COLUMNS, "topic"}


@pytest.mark.parametrize("name", ef.kernels.__all__)
def test_a_function_of_arrays_warns_at_its_old_place_and_is_no_longer_listed(name):
    with pytest.warns(DeprecationWarning, match=rf"evenfield\.kernels\.{name} now"):
        assert getattr(ef, name) is getattr(ef.kernels, name)
    assert name not in dir(ef)


def test_a_name_that_there_never_was_is_refused_with_the_nearest():
    with pytest.raises(AttributeError, match="did you mean 'moran'"):
        ef.moron  # noqa: B018
    with pytest.raises(AttributeError, match=r"dir\(evenfield\)"):
        ef.zzzz  # noqa: B018
