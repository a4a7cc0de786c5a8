"""The oldest and the newest Snakemake that the requirement allows run a study to the same
bytes.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
REQUIREMENTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
(SNAKEMAKE,) = (
    requirement
    for requirement in REQUIREMENTS["project"]["optional-dependencies"]["workflow"]
    if re.match(r"snakemake[<>=]", requirement)
)
OLDEST = re.search(r">=([\d.]+)", SNAKEMAKE)[1]
# The manifest has the hash of the page of tables, which names the release.
UNCOMPARED = ("logs", "benchmarks", "manifest.json")


def python_with(snakemake, folder):
    """Return a Python with this release of Snakemake, and all else of this one."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", snakemake], check=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    here = sysconfig.get_paths()["purelib"]
    behind = f"import site; site.addsitedir({here!r})\n"
    (site / "behind.pth").write_text(behind, "utf-8")
    return python


def results_of(python, folder):
    """Run the Mexican study; return the bytes of its results by name."""
    shutil.copytree(
        ROOT / "examples" / "mexico-states",
        folder,
        ignore=shutil.ignore_patterns("results", ".snakemake"),
    )
    program = ROOT / "workflow" / "engine" / "main.py"
    command = [python, "-P", program, "--directory", folder, "--cores", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    results = folder / "results"
    ask = "import snakemake; print(snakemake.__version__)"
    release = subprocess.check_output([python, "-c", ask]).strip()
    return {
        path.relative_to(results): path.read_bytes().replace(release, b"RELEASE")
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.relative_to(results).parts[0] not in UNCOMPARED
    }


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """The results with the release of the lock file."""
    return results_of(sys.executable, tmp_path_factory.mktemp("usual") / "study")


@pytest.mark.parametrize("release", [f"snakemake=={OLDEST}.*", SNAKEMAKE])
def test_a_release_at_an_end_of_the_range_makes_the_same_bytes(
    release, usual, tmp_path
):
    python = python_with(release, tmp_path / "environment")
    assert results_of(python, tmp_path / "study") == usual
    tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*tests, "tests/engine/test_hooks.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
