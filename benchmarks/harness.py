"""Time ours against its peers: numbers first, then interleaved rounds of processor
time, then memory.

    python benchmarks/harness.py                 every family; docs/benchmarks.md is
    written anew python benchmarks/harness.py ols moran       these families; the others
    keep their last results python benchmarks/harness.py --smoke         small sizes,
    ours alone, nothing is written

README.md says what a family file holds. Nothing here is imported by the library.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

# One thread everywhere; set before a family imports numpy. Own files come last on the
# path: one has a peer's name.
for _name in (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
):
    os.environ[_name] = "1"
HERE = Path(__file__).resolve().parent
sys.path = [*sys.path[1:], str(HERE)]
RESULTS = HERE / "results"
PAGE = HERE.parent / "docs" / "benchmarks.md"
FAMILIES = ("ols wild_bootstrap driscoll_kraay conley randomisation spatial_panel impacts moran scpc clubs gmm markov "
            "inequality event_study").split()  # fmt: skip
PACKAGES = ("numpy scipy pandas pyfixest wildboottest numba spreg libpysal esda convergence-clubs giddy pydynpd "
            "inequality did-imputation diff-diff").split()  # fmt: skip
# seconds of a round at least; of a call from which the second one stands for all
SHORTEST = 0.02
LONG = 10.0


def family(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(
        f"benchmark_{name}", HERE / f"{name}.py"
    )
    if spec is None or spec.loader is None:
        raise SystemExit(f"benchmarks/{name}.py is not a family")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seconds(function: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    start = time.process_time()
    for _ in range(times):
        result = function()
    return (time.process_time() - start) / times, result


def memory(function: Callable[[], Any]) -> float:
    """Return the most megabytes of arrays and objects that one call holds beyond what
    was there before.
    """
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def measured(case: dict[str, Any], smoke: bool) -> dict[str, Any]:
    """Run each once, check the numbers, and time them A B C A B C ..., so that a slow
    minute hits all of them.
    """
    first = {}
    results = {}
    functions = {"ours": case["ours"], **({} if smoke else case.get("peers", {}))}
    for name, function in list(functions.items()):
        try:
            first[name], results[name] = seconds(function)
        except ImportError:
            del functions[name]
    case["check"](results)
    once = {name: seconds(function)[0] for name, function in functions.items()}
    times = {
        name: max(1, math.ceil(SHORTEST / max(value, 1e-6)))
        for name, value in once.items()
    }
    slow = sum(times[name] * value for name, value in once.items())
    rounds = 1 if smoke else 15 if slow < 1 else 7 if slow < 10 else 3
    taken: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            each = (
                once[name] if once[name] > LONG else seconds(function, times[name])[0]
            )
            taken[name].append(case.get("scale", {}).get(name, 1) * each)
    return {
        **dict.fromkeys(("within", "units", "grows")), "asked": {},
        **{name: value for name, value in case.items() if name in {"what", "asked", "within", "units", "grows"}},
        "seconds": {name: statistics.median(values) for name, values in taken.items()},
        "ratio": {name: statistics.median(b / a for a, b in zip(taken["ours"], values, strict=True))
                  for name, values in taken.items() if name != "ours"},
        "first": first, "missing": [] if smoke else sorted({*case.get("peers", {})} - {*functions}),
        "megabytes": memory(case["ours"]) if once["ours"] < LONG else None,
    }  # fmt: skip


def machine() -> str:
    versions = []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.processor())  # fmt: skip
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, " \
           f"Python {platform.python_version()}; {', '.join(versions)}"  # fmt: skip


def shown(value: float) -> str:
    return (
        f"{value * 1e3:.3g} ms"
        if value < 1
        else f"{value:.3g} s"
        if value < 1000
        else f"{value:,.0f} s"
    )


def lines(result: dict[str, Any]) -> list[str]:
    """Return a row of the table for each peer, or one for ours alone."""
    ours = result["seconds"]["ours"]
    held = result["megabytes"]
    head = (
        f"| {result['what']} | {shown(ours)} | {'' if held is None else f'{held:.3g}'} "
    )
    out = []
    within = ""
    if result["within"]:
        within = (
            f"{shown(result['within'])}:"
            f" {'met' if ours <= result['within'] else 'missed'}"
        )
    for name, ratio in result["ratio"].items():
        goal = result["asked"].get(name)
        label = [within] if within else []
        label += [f"{goal:g}: {'met' if ratio >= goal else 'missed'}"] if goal else []
        once = f"{shown(result['first']['ours'])}, {shown(result['first'][name])}"
        out.append(
            f"{head}| {name} | {shown(result['seconds'][name])} | {ratio:.3g} |"
            f" {'; '.join(label)} | {once} |"
        )
        head = "| | | "
        within = ""
    out += [
        f"{head}| {name} | not installed | | | |"
        for name in result["missing"]
        if not result["ratio"]
    ]
    return out or [f"{head}| | | | {within} | {shown(result['first']['ours'])} |"]


def exponents(results: list[dict[str, Any]]) -> list[str]:
    """Say how ours grows with the number of units between the two sizes of a group."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        if result["grows"]:
            groups.setdefault(result["grows"], []).append(result)
    out = []
    for name, (small, *_, large) in groups.items():
        times = [result["seconds"]["ours"] for result in (small, large)]
        power = math.log(times[1] / times[0]) / math.log(
            large["units"] / small["units"]
        )
        out.append(
            f"| {name} | {small['units']:,} to {large['units']:,} | {power:.2f} |"
        )
    return out


def page() -> str:
    outcome = [json.loads((RESULTS / f"{name}.json").read_text()) for name in FAMILIES
             if (RESULTS / f"{name}.json").exists()]  # fmt: skip
    out = [(HERE / "page.md").read_text().rstrip(), ""]
    for label in outcome:
        out += [f"## {label['title']}", "", "| what | ours | MB | peer | peer | ratio | asked | first calls |",
                "|---|---|---|---|---|---|---|---|"]  # fmt: skip
        out += [line for result in label["results"] for line in lines(result)] + [""]
        out += [label["text"], ""] if label["text"] else []
    grown = [line for label in outcome for line in exponents(label["results"])]
    out += [
        "## Growth with the number of units",
        "",
        "| what | units | power of N in the time of ours |",
        "|---|---|---|",
    ]
    out += [*grown, "", "## Machine", ""]
    machines: dict[str, list[str]] = {}
    for label in outcome:
        machines.setdefault(label["machine"], []).append(
            f"{label['name']} (load {label['load']:.0f})"
        )
    return "\n".join(
        [*out, *(f"{text}: {', '.join(names)}.\n" for text, names in machines.items())]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("family", nargs="*", help=", ".join(FAMILIES))
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="small sizes, ours alone, nothing is written",
    )
    given = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    for name in given.family or FAMILIES:
        module = family(name)
        results = []
        for case in module.cases(given.smoke):
            results.append(measured(case, given.smoke))
            print("\n".join(lines(results[-1])), flush=True)
        label = {"title": module.TITLE, "text": getattr(module, "TEXT", ""), "machine": machine(), "results": results,
                "name": name, "load": os.getloadavg()[0]}  # fmt: skip
        if not given.smoke:
            (RESULTS / f"{name}.json").write_text(json.dumps(label, indent=1) + "\n")
    if not given.smoke:
        PAGE.write_text(page())


if __name__ == "__main__":
    main()
