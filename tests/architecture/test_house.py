"""Does the house stand? Imports only go down, third parties stay on their floor, nobody prints or reads a clock."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "workflow" / "evenfield"
FLOORS = ("contracts", "ingest", "panel", "weights", "numerics", "estimates", "artifacts", "report")
MAY_IMPORT = {
    "contracts": {"contracts"},
    "ingest": {"contracts", "ingest"},
    "panel": {"contracts", "panel"},
    "weights": {"contracts", "numerics", "weights"},
    "numerics": {"numerics"},
    "estimates": {"contracts", "numerics", "estimates"},
    "artifacts": {"contracts", "artifacts"},
    "report": {"contracts", "report"},
}
THIRD_PARTY = {
    "contracts": {"numpy", "pandas", "yaml", "jsonschema"},
    "ingest": {"numpy", "pandas"},
    "panel": {"numpy", "pandas"},
    "weights": {"numpy", "pandas", "scipy"},
    "numerics": {"numpy", "scipy"},
    "estimates": {"numpy", "pandas", "statsmodels", "linearmodels"},
    "artifacts": {"numpy", "pandas", "matplotlib", "seaborn"},
    "report": {"pandas", "jinja2", "markupsafe", "typst"},
}
FORBIDDEN_CALLS = {"print", "input", "breakpoint"}
CLOCKS = {("time", "time"), ("datetime", "now"), ("datetime", "today"), ("date", "today")}
FILES = sorted(LIBRARY.rglob("*.py"))


def floor_of(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0]


def imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            found.add(node.module or "")
    return found


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [p for p in FILES if p.parent != LIBRARY], ids=lambda p: str(p.relative_to(LIBRARY)))
def test_imports_only_go_down(path: Path) -> None:
    floor = floor_of(path)
    names = imported(parsed(path))
    own = {name.split(".")[1] for name in names if name.startswith("evenfield.")}
    assert own <= MAY_IMPORT[floor], f"{path} climbs: {sorted(own - MAY_IMPORT[floor])}"
    outside = {name.split(".")[0] for name in names} - {"evenfield", "__future__"}
    third = {name for name in outside if name not in __import__("sys").stdlib_module_names}
    assert third <= THIRD_PARTY[floor], f"{path} imports {sorted(third - THIRD_PARTY[floor])}"


def test_wings_of_estimates_do_not_import_each_other() -> None:
    for path in (LIBRARY / "estimates").rglob("*.py"):
        parts = path.relative_to(LIBRARY / "estimates").parts
        if len(parts) < 2:
            continue
        others = {
            name.split(".")[2]
            for name in imported(parsed(path))
            if name.startswith("evenfield.estimates.") and len(name.split(".")) > 3
        }
        assert others <= {parts[0]}, f"{path} imports another wing"


def test_no_import_cycles() -> None:
    graph = {f"evenfield.{'.'.join(p.relative_to(LIBRARY).with_suffix('').parts)}": imported(parsed(p)) for p in FILES}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"cycle: {' -> '.join((*trail, name))}"
        if name in done or name not in graph:
            return
        for child in graph[name]:
            visit(child, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(LIBRARY)))
def test_library_neither_prints_nor_reads_clock_environment_or_global_seed(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            assert getattr(node.func, "id", "") not in FORBIDDEN_CALLS, f"{path}:{node.lineno}"
        if isinstance(node, ast.Attribute):
            owner = getattr(node.value, "id", getattr(node.value, "attr", ""))
            assert (owner, node.attr) not in CLOCKS, f"{path}:{node.lineno} reads a clock"
            assert (owner, node.attr) not in {("os", "environ"), ("os", "getenv")}, f"{path}:{node.lineno}"
            allowed = {"Generator", "SeedSequence", "default_rng", "PCG64", "Philox"}
            assert owner != "random" or node.attr in allowed or "np" not in ast.unparse(node), f"{path}:{node.lineno}"


SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_script_is_a_thin_door_to_one_floor(path: Path) -> None:
    tree = parsed(path)
    floors = {name.split(".")[1] for name in imported(tree) if name.startswith("evenfield.")} - {"contracts"}
    assert len(floors) <= 1, f"{path.name} opens {sorted(floors)}"
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Div | ast.BitOr)
    ], f"{path.name} computes"
    assert "enter(snakemake, main)" in path.read_text(encoding="utf-8")
    assert "__future__" not in imported(tree), "the engine puts code before a script"


def test_every_rule_has_its_script_of_the_same_name_with_log_and_benchmark() -> None:
    for rules in (ROOT / "workflow" / "rules").rglob("*.smk"):
        text = rules.read_text(encoding="utf-8")
        for block in text.split("\nrule ")[1:]:
            name = block.split(":", 1)[0]
            assert f"../scripts/{name}.py" in block, f"rule {name} has no script of its name"
            assert f"results/logs/{name}" in block and f"results/benchmarks/{name}" in block
            assert "library=library(" in block, f"rule {name} does not track its library files"
            assert "run:" not in block


def test_functions_are_defined_in_common_only() -> None:
    for rules in (ROOT / "workflow" / "rules").rglob("*.smk"):
        text = rules.read_text(encoding="utf-8")
        if rules.name != "common.smk":
            assert "\ndef " not in text, f"{rules.name} defines a function"
            assert "import pandas" not in text


def test_importing_the_library_stays_light() -> None:
    import subprocess
    import sys

    code = "import sys, evenfield.shared.estimates, evenfield.study.panel.build; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"statsmodels", "linearmodels", "seaborn", "matplotlib", "scipy.stats"} & set(loaded)
