"""An edit reruns what depends on it and nothing else; a finished study is left alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SNAKEMAKE = Path(sys.executable).with_name("snakemake")
REPORT = {"write_page", "write_paper", "write_manifest", "all"}
READERS_OF_ALL = {
    "judge_claims", "tabulate_verdicts", "tabulate_untestable", "tabulate_ladder", "tabulate_multiplicity",
    "tabulate_power", "tabulate_influence", "tabulate_placebos", "draw_power", "draw_influence", "draw_dashboard",
    "tabulate_benchmarks", "draw_benchmarks",
}  # fmt: skip


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with a finished study, whose files a test may edit."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("Snakefile", "config.yaml", "environment.yml"):
        shutil.copy(ROOT / name, folder)
    for name in ("workflow", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    done = snakemake(folder, "--cores", "2")
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def snakemake(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [str(SNAKEMAKE), "--snakefile", str(folder / "Snakefile"), "--directory", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **single})


def planned(folder: Path) -> set[str]:
    done = snakemake(folder, "--dry-run", "--quiet", "progress")
    assert done.returncode == 0, done.stdout + done.stderr
    return set(re.findall(r"^(?:local)?rule (\w+):", done.stdout + done.stderr, flags=re.MULTILINE))


def edited(path: Path, old: str, new: str) -> str:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text


def test_a_finished_study_has_nothing_to_do(checkout: Path) -> None:
    assert "Nothing to be done" in (done := snakemake(checkout, "--dry-run")).stdout + done.stderr


def test_an_edited_specification_reruns_its_family_and_what_reads_it(checkout: Path) -> None:
    config = checkout / "config.yaml"
    text = edited(
        config,
        "{id: absolute_mean3, controls: [], end_points: mean3}",
        "{id: absolute_mean3, controls: [coast], end_points: mean3}",
    )
    try:
        family = {"estimate_beta", "collect_estimates", "tabulate_beta", "draw_beta"}
        assert planned(checkout) == family | READERS_OF_ALL | REPORT
    finally:
        config.write_text(text, encoding="utf-8")


def test_an_edited_library_file_reruns_its_floor(checkout: Path) -> None:
    library = checkout / "workflow" / "evenfield" / "estimates" / "spillover" / "exposure.py"
    text = library.read_text(encoding="utf-8")
    library.write_text(text + "\n# edited\n", encoding="utf-8")
    try:
        rules = planned(checkout)
        assert "estimate_exposure" in rules
        assert not {"ingest_study", "build_panel", "build_weights", "estimate_beta", "estimate_sigma"} & rules
    finally:
        library.write_text(text, encoding="utf-8")


def test_an_edited_table_reruns_from_the_ground(checkout: Path) -> None:
    table = checkout / "data" / "cases.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text + "\n", encoding="utf-8")
    try:
        assert {"ingest_study", "build_panel", "estimate_beta"} <= planned(checkout)
    finally:
        table.write_text(text, encoding="utf-8")
