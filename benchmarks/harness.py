"""Time implementations of one workload against each other: numbers first, then interleaved rounds, then memory.

    python benchmarks/harness.py spatial_panel                   every size, ours and the peers that are installed
    python benchmarks/harness.py spatial_panel --size SAR-300    one size
    python benchmarks/harness.py spatial_panel --smoke           the sizes named SMOKE, no peers, for CI
    python benchmarks/harness.py --table                         results/*.jsonl as one markdown table

README.md says what a workload file holds. Nothing here is imported by the library.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

# One thread everywhere; set before a workload file imports numpy.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
PACKAGES = ("numpy", "scipy", "pandas", "spreg", "libpysal", "pyfixest", "wildboottest", "convergence-clubs", "giddy")
OURS = "ours"
NOT_RATIOS = ("within_seconds", "peak_bytes", "exponent_below")


def load(workload: str) -> ModuleType:
    sys.path.insert(0, str(HERE))
    spec = importlib.util.spec_from_file_location(workload, HERE / f"{workload}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"benchmarks/{workload}.py is not a workload")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def chosen(module: ModuleType, size: str, peers: bool) -> dict[str, Any]:
    """Return implementations in running order, leaving out peers that are not installed or cannot run this size."""
    skipped = set(getattr(module, "SKIP", {}).get(size, ()))
    out = {}
    for name, function in module.IMPLEMENTATIONS.items():
        is_peer = name in module.PEERS
        needs = getattr(module, "NEEDS", {}).get(name)
        missing = needs is not None and importlib.util.find_spec(needs) is None
        if name not in skipped and not (is_peer and (not peers or missing)):
            out[name] = function
    return out


def timed(functions: dict[str, Any], data: Any, rounds: int) -> dict[str, list[float]]:
    """Run A B C A B C ... so that a slow minute of the machine hits all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function(data)
            seconds[name].append(time.perf_counter() - start)
    return seconds


def run(workload: str, size: str, rounds: int, peers: bool) -> dict[str, Any]:
    module = load(workload)
    data, functions = module.setup(size), chosen(module, size, peers)
    module.check(data, {name: function(data) for name, function in functions.items()})
    seconds = timed(functions, data, rounds)
    scale = getattr(module, "scale", lambda _size, _name: 1.0)
    seconds = {name: [scale(size, name) * value for value in values] for name, values in seconds.items()}
    pairs = {name: getattr(module, "PAIRS", {}).get(name, OURS) for name in functions if name in module.PEERS}
    ratios = {peer: statistics.median(b / a for a, b in zip(seconds[mine], seconds[peer], strict=True))
              for peer, mine in pairs.items()}  # fmt: skip
    names = [name for name in functions if name not in module.PEERS]
    spread = {name: dict(zip(("median", "min", "max"), (statistics.median(s), min(s), max(s)), strict=True))
              for name, s in seconds.items()}  # fmt: skip
    return {
        "workload": workload, "id": module.ID, "size": size, "parameters": module.SIZES[size], "rounds": rounds,
        "seconds": spread,
        "ratio": ratios, "goals": getattr(module, "GOALS", {}).get(size, {}),
        "peak_bytes": {name: peak_memory(workload, size, name) for name in names},
        "machine": machine(),
    }  # fmt: skip


def peak_memory(workload: str, size: str, name: str) -> dict[str, int] | None:
    """Measure one implementation alone in a fresh process: peak of the process, and above what setup left."""
    done = subprocess.run([sys.executable, __file__, workload, "--size", size, "--memory", name], capture_output=True,
                          text=True, check=False)  # fmt: skip
    return json.loads(done.stdout) if done.returncode == 0 else None


def measure_memory(workload: str, size: str, name: str) -> dict[str, int]:
    module = load(workload)
    data = module.setup(size)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts again from here
    before = status("VmRSS")
    module.IMPLEMENTATIONS[name](data)
    return {"process": status("VmHWM"), "above_setup": status("VmHWM") - before}


def status(key: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if key in line)
    return int(line.split()[1]) * 1024


def machine() -> dict[str, Any]:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True,
                            check=False).stdout.strip()  # fmt: skip
    return {"python": platform.python_version(), "system": platform.platform(), "cpus": os.cpu_count(),
            "load": round(os.getloadavg()[0], 2), "commit": commit, "versions": versions, "blas": blas()}  # fmt: skip


def blas() -> list[str]:
    try:
        import numpy  # noqa: F401
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    keys = ("internal_api", "version", "architecture", "num_threads")
    return sorted({" ".join(str(item.get(key)) for key in keys) for item in threadpool_info()})


def exponents(lines: list[dict[str, Any]]) -> dict[str, float]:
    """Return the power of N in the time of the implementation named SCALING, between sizes of one group."""
    out = {}
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        group = line["parameters"].get("group", "")
        if "units" in line["parameters"] and 300 <= line["parameters"]["units"] <= 2800:
            groups.setdefault(group, []).append(line)
    for group, members in groups.items():
        low, high = (pick(members, key=lambda line: line["parameters"]["units"]) for pick in (min, max))
        n = high["parameters"]["units"] / low["parameters"]["units"]
        name = next((m for m in ("ours stored", OURS) if m in low["seconds"]), OURS)
        if n > 1:
            ratio = high["seconds"][name]["median"] / low["seconds"][name]["median"]
            out[group or low["workload"]] = math.log(ratio) / math.log(n)
    return out


def verdict(line: dict[str, Any]) -> list[str]:
    """Say for each goal whether it is met."""
    words = []
    ours = line["seconds"].get(OURS, {})
    for name, goal in line["goals"].items():
        if name == "within_seconds":
            words.append(f"{ours['median']:.3g} s of {goal:g} s: {'met' if ours['median'] <= goal else 'MISSED'}")
        elif name == "peak_bytes" and line["peak_bytes"].get(OURS):
            used = line["peak_bytes"][OURS]["above_setup"]
            words.append(f"{used / 1e6:.0f} MB of {goal / 1e6:.0f} MB: {'met' if used <= goal else 'MISSED'}")
        elif name in line["ratio"]:
            found = line["ratio"][name]
            words.append(f"{found:.1f}x of {goal:g}x {name}: {'met' if found >= goal else 'MISSED'}")
        elif name not in NOT_RATIOS:
            words.append(f"{goal:g}x {name}: not run here")
    return words


def table() -> str:
    """Arrange all result lines as one markdown table."""
    out = ["| id | workload | size | ours, median s | peers, median s | ratio | memory above setup | goals |",
           "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for path in sorted(path for path in RESULTS.glob("*.jsonl") if not path.stem.endswith("-smoke")):
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if "seconds" not in line or "parameters" not in line:
                continue
            peers = "; ".join(f"{name} {line['seconds'][name]['median']:.4g}" for name in line["ratio"])
            ratios = "; ".join(f"{name} {ratio:.1f}x" for name, ratio in line["ratio"].items())
            memory = line["peak_bytes"].get(OURS) or {"above_setup": math.nan}
            out.append(f"| {line['id']} | {line['workload']} | {line['size']} | {line['seconds'][OURS]['median']:.4g} "
                       f"| {peers} | {ratios} | {memory['above_setup'] / 1e6:.0f} MB "
                       f"| {'; '.join(verdict(line))} |")  # fmt: skip
    return "\n".join(out) + "\n"


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", nargs="?")
    parser.add_argument("--size", action="append", help="a size of the workload; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--smoke", action="store_true", help="sizes named SMOKE, no peers")
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    parser.add_argument("--table", action="store_true")
    return parser.parse_args()


def main() -> None:
    given = parsed()
    if given.table:
        sys.stdout.write(table())
        return
    if given.memory:
        sys.stdout.write(json.dumps(measure_memory(given.workload, given.size[0], given.memory)))
        return
    module = load(given.workload)
    sizes = given.size or list(getattr(module, "SMOKE", module.SIZES) if given.smoke else module.SIZES)
    lines = []
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"{given.workload}{'-smoke' if given.smoke else ''}.jsonl"
    kept = [] if given.size is None or not target.exists() else [
        text for text in target.read_text(encoding="utf-8").splitlines() if json.loads(text).get("size") not in sizes
    ]  # fmt: skip
    for size in sizes:
        lines.append(run(given.workload, size, given.rounds, not given.smoke))
        medians = ", ".join(f"{name} {s['median']:.4g} s" for name, s in lines[-1]["seconds"].items())
        sys.stdout.write(f"{given.workload} {size}: {medians}; {'; '.join(verdict(lines[-1]))}\n")
        sys.stdout.flush()
        target.write_text("\n".join([*kept, *map(json.dumps, lines)]) + "\n", encoding="utf-8")
    for group, power in exponents([*map(json.loads, kept), *lines]).items():
        sys.stdout.write(f"exponent of time in N, {group}: {power:.2f}\n")


if __name__ == "__main__":
    main()
