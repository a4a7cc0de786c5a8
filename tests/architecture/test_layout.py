"""The layout: who may import whom, every topic complete and alike, no cycle, no print,
no clock.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from evenfield.shared.topics import read_topics

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "workflow" / "evenfield"
FILES = sorted(LIBRARY.rglob("*.py"))
TOPICS = read_topics()
TYPESETTING = {"jinja2", "markupsafe", "markdown_it", "typst"}
# Folders that a folder may import beside itself, and libraries beside numpy and the
# standard library.
FOLDERS = {
    "numerics": (set(), {"scipy"}),
    # Of study only its errors: see `test_models_know_no_study`.
    "models": ({"numerics", "study"}, {"scipy", "statsmodels", "linearmodels"}),
    "api": (
        {"study", "numerics", "models"},
        {"pandas", "scipy", "formulaic", "docx"},
    ),
    "study": (
        {"numerics"},
        {
            *("pandas", "scipy", "yaml", "jsonschema", "pydantic", "anyascii"),
            "shapely",  # rings that files part at the antimeridian
        },
    ),
    "shared": (
        {"study", "numerics", "models"},
        {"pandas", "scipy", "pydantic", "yaml", "docx"},
    ),
    "answers": ({"study", "numerics", "shared"}, {"pandas", "statsmodels", "pydantic"}),
    "report": (
        {"study", "shared", "answers", "topics"},
        {"pandas", "pydantic", "yaml", "shapely", *TYPESETTING},
    ),
    "opened": ({"study", "shared", "report"}, {"pandas"}),
    "newstudy": (
        {"study", "numerics", "shared"},
        {"pandas", "yaml", "shapely", "openpyxl"},
    ),
}
DRAWING = {"matplotlib", "seaborn"}
ESTIMATORS = {"statsmodels", "linearmodels"}
# The same by name of the file in a topic: estimate.py and estimate_*.py and so on.
KINDS = {
    "estimate": (
        {"study", "numerics", "models", "shared"},
        {"pandas", "scipy", "pydantic", *ESTIMATORS},
    ),
    # Which function of the library gives a row; it names it and imports none.
    "call": ({"study", "numerics", "shared"}, {"pandas"}),
    "table": ({"study", "shared"}, {"pandas"}),
    "figure": ({"study", "shared"}, {"pandas", *DRAWING}),
    "text": ({"study", "shared"}, {"pandas"}),
}
CLOCKS = {
    ("time", "time"),
    ("datetime", "now"),
    ("datetime", "today"),
    ("date", "today"),
}


def shown(path: Path) -> str:
    return str(path.relative_to(LIBRARY))


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text())


def run_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those under ``if TYPE_CHECKING``, which only a type checker reads, and
    expressions.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.expr):  # which imports nothing
            continue
        yield node
        yield from run_nodes(node)


def imported(path: Path) -> set[str]:
    result = set()
    for node in run_nodes(parsed(path)):
        if isinstance(node, ast.Import):
            result |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: absolute imports only"
            result.add(node.module or "")
    return result


def rule_of(path: Path) -> tuple[set[str], set[str]]:
    """Folders and libraries that a file may import."""
    folder, *_ = path.relative_to(LIBRARY).parts
    if folder == "topics":
        return KINDS[path.stem.split("_")[0]]
    folders, libraries = FOLDERS[folder]
    draws = path.stem.split("_")[0] == "figure" or "figures" in path.parts
    return folders | {folder}, libraries | (DRAWING if draws else set())


@pytest.mark.parametrize(
    "path",
    [p for p in FILES if p.parent != LIBRARY and p.name != "__init__.py"],
    ids=shown,
)
def test_a_file_imports_what_its_folder_and_name_allow(path: Path) -> None:
    folders, libraries = rule_of(path)
    names = imported(path)
    parts = path.relative_to(LIBRARY).parts
    own = f"evenfield.{parts[0]}.{parts[1]}." if parts[0] == "topics" else ""
    inside = {
        n.split(".")[1]
        for n in names
        if n.startswith("evenfield.") and not (own and n.startswith(own))
    }
    assert inside <= folders, f"{path} imports {sorted(inside - folders)}"
    outside = {name.split(".")[0] for name in names} - {
        "evenfield",
        "__future__",
        "numpy",
        *sys.stdlib_module_names,
    }
    assert outside <= libraries, f"{path} imports {sorted(outside - libraries)}"


SECTIONS = sorted(path.parent for path in LIBRARY.glob("topics/*/section.md"))


@pytest.mark.parametrize("topic", SECTIONS, ids=lambda path: path.name)
def test_numbers_of_a_section_are_data_or_code_says_why(topic: Path) -> None:
    code = topic / "text.py"
    said = TOPICS[topic.name].numbers is not None
    # Data are read by `check` and by a person; code is for what they cannot say.
    reason = ": code, because" if said else "Code, because"
    text = (
        code.read_text().partition('"""')[2].partition('"""')[0]
        if code.is_file()
        else ""
    )
    assert (reason in text) if text else said


MODULES = {
    ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts): path
    for folder in ("evenfield", "engine")
    for path in sorted((LIBRARY.parent / folder).rglob("*.py"))
}


@cache
def modules_named(path: Path) -> tuple[str, ...]:
    """Modules that a file names in any import: late ones and those that only a type
    checker reads, too.
    """
    names = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [name if name in MODULES else str(node.module) for name in inner]
    return tuple(names)


# Estimators that have their home in models/, and the topic of each: no library function
# and no file of that topic may call a kernel that the model calls.
HOMES = {
    "anderson_hsiao": "dynamic_panel",
    "beta": "beta",
    "border": "group_contrasts",
    "clubs": "clubs",
    "dynamic_panel": "dynamic_panel",
    "equivalence": "exposure",
    "event_study": "event_study",
    "inequality": "inequality",
    "joint": "zone_dose",
    "kernels": "distribution",
    "labels": "group_contrasts",
    "markov": "distribution",
    "moran": "moran",
    "nearby": "nearby",
    "paths": "gradient",
    "placement": "event_study",
    "pooled": "group_contrasts",
    "policies": "event_study",
    "rings": "event_study",
    "sigma": "sigma",
    "spatial_regimes": "exposure",
    "specification_curve": "specification_curve",
    "speed_paths": "rolling",
    "synthetic_control": "synthetic_control",
}
# What is no kernel of an estimator: types, errors, random streams, least squares and the
# registry of inferences.
COMMON = {
    f"evenfield.numerics.{module}"
    for module in (
        "arrays errors inference.design inference.methods ols random spatial".split()
    )
}
# Names of numerics that both the library and a topic import: each is a step that is
# taken twice, or a record that both hand over. A new home lowers the number.
# The rule for few clusters is the last one: ``few_units`` of ``ols`` offers it.
# Common factors and probabilities of models are one call each, with no steps to share.
# The record of a method of inference is read by both: it is its only home.
ON_BOTH_SIDES = 20


@cache
def names_of_numerics(path: Path) -> frozenset[str]:
    """Names of numerics that a file imports, by their full name."""
    nodes = list(ast.walk(parsed(path)))
    modules = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                modules[alias.asname or alias.name] = full
    names = set(modules.values()) - set(MODULES)
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            names |= {f"{module}.{node.attr}"} if module in MODULES else set()
    return frozenset(n for n in names if n.startswith("evenfield.numerics."))


def test_models_know_no_study() -> None:
    for path in sorted((LIBRARY / "models").glob("*.py")):
        of_study = {n for n in modules_named(path) if n.startswith("evenfield.study")}
        assert of_study <= {"evenfield.study.errors"}, f"{path} imports {of_study}"


@pytest.mark.parametrize("name", HOMES)
def test_an_estimator_has_one_home(name: str) -> None:
    called = names_of_numerics(LIBRARY / "models" / f"{name}.py")
    kernels = {full for full in called if full.rpartition(".")[0] not in COMMON}
    topic = LIBRARY / "topics" / HOMES[name]
    files = [*(LIBRARY / "api").glob("*.py"), *topic.glob("*.py")]
    for path in files:
        twice = sorted(kernels & names_of_numerics(path))
        assert not twice, f"{shown(path)} imports {twice}: models/{name}.py calls them"
    assert kernels


def test_the_library_and_topics_conduct_no_more_kernels_twice() -> None:
    sides = [
        set().union(*map(names_of_numerics, (LIBRARY / side).rglob("*.py")))
        for side in ("api", "topics")
    ]
    both = set.intersection(*sides)
    assert len(both) == ON_BOTH_SIDES, (
        f"{len(both)} names of numerics are imported by api and by topics,"
        f" {ON_BOTH_SIDES} were: lower the number, or call the model"
    )


def test_no_import_cycles() -> None:
    graph = {name: set(modules_named(path)) for name, path in MODULES.items()}
    done = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"cycle: {' -> '.join((*trail, name))}"
        if name not in done and name in graph:
            for child in graph[name]:
                visit(child, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_nothing_imports_newstudy_but_its_two_commands() -> None:
    guests = {
        path.relative_to(LIBRARY.parent).as_posix()
        for path in sorted(LIBRARY.parent.rglob("*.py"))
        if LIBRARY / "newstudy" not in path.parents
        and any(name.startswith("evenfield.newstudy") for name in modules_named(path))
    }
    assert guests == {"commands/add.py", "commands/new.py"}, (
        f"{sorted(guests)} import newstudy: it guesses once, when a study is made; what a"
        " run needs of it goes down to study, or every job loads and rests on guesses"
    )


def test_panel_and_weights_import_nothing_of_what_reads_tables() -> None:
    upward = {
        (shown(path), name)
        for folder in ("panel", "weights")
        for path in sorted((LIBRARY / "study" / folder).glob("*.py"))
        for name in modules_named(path)
        if name.startswith("evenfield.study.ingest")
    }
    assert not upward, f"panel and weights stand below study/ingest: {sorted(upward)}"


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_library_neither_prints_nor_reads_clock_environment_or_global_seed(
    path: Path,
) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            assert getattr(node.func, "id", "") not in {
                "print",
                "input",
                "breakpoint",
            }, f"{path}:{node.lineno}"
        if isinstance(node, ast.Attribute):
            owner = getattr(node.value, "id", getattr(node.value, "attr", ""))
            assert (owner, node.attr) not in CLOCKS, (
                f"{path}:{node.lineno} reads a clock"
            )
            if path.name != "preloaded.py":  # which hands a job its environment
                assert (owner, node.attr) not in {
                    ("os", "environ"),
                    ("os", "getenv"),
                }, f"{path}:{node.lineno}"
            allowed = {"Generator", "SeedSequence", "default_rng", "PCG64", "Philox"}
            assert (
                owner != "random"
                or node.attr in allowed
                or "np" not in ast.unparse(node)
            ), f"{path}:{node.lineno}"


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_complete_and_its_word_is_the_same_everywhere(topic: str) -> None:
    folder = LIBRARY / "topics" / topic
    label = TOPICS[topic]
    kinds = {path.stem.split("_")[0] for path in folder.glob("*.py")} - {""}
    assert kinds <= {*KINDS, ""}, f"files of {topic}: {sorted(kinds)}"
    assert label.title
    assert (folder / "method.md").is_file() or label.estimate is None
    if label.estimate is not None:
        module = import_module(f"evenfield.topics.{topic}.estimate")
        assert {"Section", "estimate"} <= set(dir(module))
        assert list((ROOT / "tests" / "topics" / topic).glob("test_*.py")), (
            f"no tests of {topic}"
        )
        assert (folder / "call.py").is_file() or label.no_calls, (
            f"{topic}: a call.py, or no_calls in topic.yaml that say what to do instead"
        )
        assert label.exhibits or label.no_exhibits, (
            f"{topic} shows nothing and does not say why"
        )
    estimates = {}
    for kind, name in (("table", "TABLES"), ("figure", "FIGURES")):
        if (folder / f"{kind}.py").is_file():
            estimates |= getattr(
                import_module(f"evenfield.topics.{topic}.{kind}"), name
            )
    assert sorted(estimates) == sorted(label.exhibits)


def test_every_topic_folder_is_a_topic() -> None:
    folders = {
        path.name
        for path in (LIBRARY / "topics").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert folders == set(TOPICS)


# Words of topics that are ordinary words elsewhere.
ORDINARY = set(
    "answers design distribution exposure groups map statements taxonomies".split()
)
OUTSIDE = [
    path
    for folder in (
        *("shared", "study", "answers", "report", "opened", "newstudy"),
        *("../commands", "../engine"),
    )
    for path in sorted((LIBRARY / folder).rglob("*.py"))
]


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path.name)
def test_nothing_outside_its_folder_names_a_topic(path):
    constants = [
        node for node in ast.walk(parsed(path)) if isinstance(node, ast.Constant)
    ]
    words = set()
    for text in (str(constant.value) for constant in constants):
        words |= set() if " " in text else set(re.split("[/.]", text))
    assert not words & (set(TOPICS) - ORDINARY)


def test_few_rules_each_with_log_environment_and_a_thin_script() -> None:
    text = "".join(
        path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk")
    )
    rules = re.findall(
        r"^ *rule(?: \w+)?:\n.*?(?=^ *rule(?: \w+)?:|\Z)", text, flags=re.M | re.S
    )
    assert 8 <= len(rules) <= 20
    assert len(list((ROOT / "workflow" / "rules").rglob("*.smk"))) <= 6
    for rule in rules:
        for part in ("log:", "conda:", "code=", "script:"):
            assert part in rule, f"no {part} in {rule[:60]}"
    scripts = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
    assert len(scripts) <= 15
    for path in scripts:
        assert len(path.read_text().splitlines()) <= 80, (
            f"{path.name} is no thin script"
        )
        assert "__future__" not in imported(path), (
            "the engine puts code before a script"
        )


# What only estimates and drawings need, and what takes seconds to load.
HEAVY = {*ESTIMATORS, *DRAWING, "docx", "scipy.stats", "scipy.signal"}


def loaded_by(code: str) -> set[str]:
    """Modules that a Python of its own has loaded after some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT / "examples" / "china-cities",
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_the_library_stays_light() -> None:
    assert not HEAVY & loaded_by(
        "import evenfield.shared.topics, evenfield.study.config"
    )


def test_a_new_study_of_a_text_loads_no_library_of_workbooks() -> None:
    paths = [str(ROOT / "workflow"), str(ROOT / "workflow" / "commands")]
    loaded = loaded_by(f"import sys; sys.path[:0] = {paths}\nimport new")
    assert not {*HEAVY, "openpyxl", "geopandas"} & loaded


def test_opening_a_study_loads_nothing_that_estimates() -> None:
    loaded = loaded_by("import evenfield as ef\nef.open_study")
    found = sorted({*HEAVY, "formulaic", "pydantic", "jinja2", "yaml"} & loaded)
    assert not found, f"open_study loads {found}: it reads results"


def test_importing_every_estimator_stays_light() -> None:
    modules = [
        f"evenfield.topics.{name}.estimate" for name in TOPICS if TOPICS[name].estimate
    ]
    loaded = loaded_by(f"import {', '.join(modules)}, evenfield.report.check")
    found = sorted(HEAVY & loaded)
    assert not found, f"import {found} in the function that estimates with it"


def test_a_check_loads_nothing_that_estimates() -> None:
    loaded = loaded_by(
        "from evenfield.report.check import check_study\n"
        "from evenfield.study.config_files import study_config\n"
        "check_study(study_config())"
    )
    found = sorted(HEAVY & loaded)
    assert not found, f"a check loads {found}: check_data asks of data, it fits nothing"
