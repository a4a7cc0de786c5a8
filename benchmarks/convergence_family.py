"""P-conv: every convergence family of the study in one process, on the files that a run left in results/.

    python3 run                                              # first: makes results/
    .venv/bin/python benchmarks/convergence_family.py        # seconds by family, peak memory; nothing is written there

Goal: the whole wing in at most 40 s on one core and below 400 MB.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

from evenfield.study.config import checked_config, read_config  # noqa: E402

ROOT = Path(__file__).parents[1]
FAMILIES = ("beta", "sigma", "clock", "dynamic", "regime", "clubs", "distribution", "inequality", "moran", "gradient",
            "preflight", "profile")  # fmt: skip
GOAL_SECONDS, GOAL_BYTES = 40.0, 400e6
OUTPUTS = ("estimates", "series", "fit", "points", "support")


def inputs(config: dict[str, Any], results: Path) -> dict[str, tuple[str, ...]]:
    """Return the path of each named input for every unit scheme."""
    schemes, main = list(config["panel"]["unit_schemes"]), config["weights"]["primary"]
    per_scheme = {
        **{name: f"panel/{{}}/{name}.csv" for name in ("periods", "units", "cells", "doses")},
        "panels": "panel/{}/panel.csv", "panel": "panel/{}/panel.csv",
        "descriptions": "panel/{}/description.json", "description": "panel/{}/description.json",
        "weights": f"weights/{{}}/{main}.csv", "weights_description": f"weights/{{}}/{main}.json",
        "weights_descriptions": f"weights/{{}}/{main}.json", "exposures": "weights/{}/exposures.csv",
    }  # fmt: skip
    found = {name: tuple(str(results / path.format(s)) for s in schemes) for name, path in per_scheme.items()}
    return found | {"clusters": (str(results / "ingest/clusters.csv"),) * len(schemes)}


def arguments(main: Any, family: str, config: dict[str, Any], out: Path) -> dict[str, Any]:
    """Return what a script's ``main`` asks for, by name."""
    schemes = list(config["panel"]["unit_schemes"])
    place, paths = schemes.index(config["panel"]["unit_scheme"]), inputs(config, ROOT / "results")
    params = {"spec": config["estimates"][family], "inference": config["inference"], "sesoi": config["sesoi"],
              "power": config["estimates"].get("design", {}).get("power", 0.8),
              "unit_scheme": config["panel"]["unit_scheme"]}  # fmt: skip
    given: dict[str, Any] = {}
    for name, kind in main.__annotations__.items():
        if name in OUTPUTS:
            given[name] = str(out / f"{family}.{name}.{'json' if name == 'fit' else 'csv'}")
        elif name in params:
            given[name] = params[name]
        elif name in paths:
            given[name] = list(paths[name]) if kind == list[str] else paths[name][place]
    return given


def script(family: str) -> Any:
    """Return the ``main`` of a family's script."""
    path = ROOT / "workflow" / "scripts" / f"estimate_{family}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"no script {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def run() -> None:
    """Run every family once; print wall and processor seconds of each, then the sum and the peak memory."""
    config = checked_config(read_config(ROOT / "config.yaml"))
    total = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for family in (name for name in FAMILIES if name in config["estimates"]):
            wall, cpu = time.perf_counter(), time.process_time()
            main = script(family)
            main(**arguments(main, family, config, Path(folder)))
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            total += cpu
            sys.stdout.write(f"{family:14s} {wall:7.2f} s wall {cpu:7.2f} s processor\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(f"all families   {total:7.2f} s processor (goal {GOAL_SECONDS:g}), "
                     f"peak {peak / 1e6:.0f} MB (goal {GOAL_BYTES / 1e6:g})\n")  # fmt: skip
    if total > GOAL_SECONDS or peak > GOAL_BYTES:
        raise SystemExit(1)


if __name__ == "__main__":
    run()
