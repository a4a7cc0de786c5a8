"""Wheel and sdist hold what the code needs and work outside the repository."""

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import evenfield

ROOT = Path(__file__).parents[2]
TRIAL = """
import numpy as np
import evenfield
from evenfield import *
assert all(getattr(evenfield, name) is not None for name in evenfield.__all__)
units, years = np.repeat(list("abcdef"), 5), np.tile(range(2000, 2005), 6)
x, error = np.random.default_rng(1).normal(size=(2, 30))
panel = kernels.panel_from_rows(units, years, 2 * x + error, x[:, None], ["x"])
net = kernels.network(list("abcdef"), np.roll(np.eye(6), 1, axis=0))
fit = kernels.fit_spatial_panel(panel, net, kernels.PanelModel("SLX"))
effects = kernels.delta_impacts(fit)
print(evenfield.__version__, evenfield.__file__, len(effects.regressors))
"""
EXAMPLES = """
import pathlib, re, sys
sys.modules["snakemake"] = None
import evenfield
assert "site-packages" in evenfield.__file__
for page in sorted(pathlib.Path("docs/library").glob("*.md")):
    names = {}
    for code in re.findall(r"```python\\n(.*?)```", page.read_text(), re.DOTALL):
        exec(code, names) if page.stem != "arrays" else None
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("packages")
    source = folder / "source"
    shutil.copytree(
        ROOT / "workflow",
        source / "workflow",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder]
    subprocess.run([*build, source], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def site(packages, tmp_path_factory):
    """A fresh environment with the wheel and the libraries of the lock, but not the
    repository.
    """
    folder = tmp_path_factory.mktemp("wheel")
    venv.create(folder / "venv", with_pip=False)
    position = next((folder / "venv").glob("lib/python3.*/site-packages"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", position, *packages.glob("*.whl")], check=True)
    (position / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return position


def run_examples(python, folder):
    """Run the examples of the pages in a folder that holds their data only."""
    for name in (
        "docs/library",
        "examples/china-cities/data",
        "examples/us-states/data",
        "examples/simulated-districts/data",
        "data",
        "tests/golden/arellano_bond",
        "tests/golden/prop99",
    ):
        shutil.copytree(ROOT / name, folder / name)
    done = subprocess.run(
        [python, "-I", "-c", EXAMPLES],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr


def test_the_package_index_would_take_both(packages):
    files = sorted(packages.glob("evenfield-*"))
    assert [path.suffix for path in files] == [".whl", ".gz"]
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_works_in_a_fresh_environment(site, tmp_path):
    python = site.parents[2] / "bin" / "python"
    done = subprocess.run(
        [python, "-I", "-c", TRIAL],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    version, position, regressors = done.stdout.split()
    assert (version, Path(position).parent, regressors) == (
        evenfield.__version__,
        site / "evenfield",
        "1",
    )
    assert (
        next(site.glob("evenfield-*.dist-info")).name
        == f"evenfield-{evenfield.__version__}.dist-info"
    )


@pytest.mark.gate
def test_the_examples_of_the_pages_run_from_the_wheel_without_snakemake(site, tmp_path):
    run_examples(site.parents[2] / "bin" / "python", tmp_path)


@pytest.mark.long
def test_the_examples_run_with_what_the_wheel_asks_of_a_package_index(
    packages, tmp_path
):
    pins = re.findall(
        r"^[\w.-]+==[\w.]+", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    (tmp_path / "pins.txt").write_text("\n".join(pins))
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    (wheel,) = packages.glob("*.whl")
    pip = [python, "-I", "-m", "pip", "install", "-q", "-c", tmp_path / "pins.txt"]
    # Pages show their pictures.
    subprocess.run([*pip, f"{wheel}[pictures]"], check=True)
    run_examples(python, tmp_path)


def test_every_data_file_is_in_the_wheel(site):
    library = ROOT / "workflow" / "evenfield"
    files = {
        path.relative_to(library)
        for path in library.rglob("*.*")
        if path.suffix != ".pyc" and library / "newstudy" not in path.parents
    }
    # What makes a study belongs to two commands, and the wheel has no commands.
    assert not (site / "evenfield" / "newstudy").exists()
    assert Path("py.typed") in files
    assert (
        sorted(str(path) for path in files if not (site / "evenfield" / path).is_file())
        == []
    )
