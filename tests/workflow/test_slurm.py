"""A cluster of one node runs studies as Slurm jobs, with the bytes of a run without it:
the American states, and 2,800 units with a job that is killed and taken up again.

As root on Debian, with no Slurm of its own:

    apt-get install slurmctld slurmd slurm-client munge
    .venv/bin/python -m pip install "snakemake-executor-plugin-slurm==2.8.*"
    python3 run test -m long tests/workflow/test_slurm.py

EVENFIELD_SLURM=required, as in .github/workflows/ci.yml, lets nothing of it be skipped.
"""

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import gate
import program_copies
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
CONFIG = Path("/etc/slurm/slurm.conf")
MISSING = [
    name
    for name in ("munged", "slurmctld", "slurmd", "squeue")
    if shutil.which(name) is None
]
PLUGIN = importlib.util.find_spec("snakemake_executor_plugin_slurm")
REQUIRED = os.environ.get("EVENFIELD_SLURM") == "required"
READY = pytest.mark.skipif(
    not REQUIRED and (os.geteuid() != 0 or bool(MISSING) or PLUGIN is None),
    reason="needs root, Debian's slurmctld, slurmd, munge, and Snakemake's plugin",
)
HOW = {"slurm": ["--profile", "workflow/profiles/slurm"], "local": ["--cores", "2"]}
SUBMITTED = "has been submitted with SLURM jobid"
UNITS = 2800
CHUNK = "chunk_specification_curve"
CURVES = from_yaml("""
    draws: 9999
    curves:
    - id: clusters
      hypothesis: H1
      kind: own
      contrast: cluster
      predicted: "+"
      outcomes: [growth_pct_per_year]
      taxonomies: [own, own+undated]
    - id: zones
      hypothesis: H2
      kind: own
      contrast: sez
      predicted: "+"
      outcomes: [growth_pct_per_year]
      taxonomies: [own, own+undated]
    """)
SETTINGS = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthInfo=socket={folder}/munge
StateSaveLocation={folder}
SlurmdSpoolDir={folder}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=6000
PartitionName=all Nodes=ALL Default=YES
"""


def leave_out(reason):
    """Skip a test, or fail it where it is required."""
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def cluster(tmp_path):
    """Daemons of one node in the foreground; srun finds the settings only where Debian
    has them.
    """
    if CONFIG.exists():
        leave_out(f"{CONFIG} is there: this machine has a Slurm of its own")
    folder = tmp_path / "cluster"
    folder.mkdir()
    (folder / "key").write_bytes(os.urandom(64))
    (folder / "key").chmod(0o600)
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text(
        SETTINGS.format(host=socket.gethostname().split(".")[0], folder=folder)
    )
    files = from_yaml("""
        key-file: key
        socket: munge
        pid-file: munged.pid
        log-file: munged.log
        seed-file: seed
        """)
    munge = [
        "munged",
        "-F",
        "--force",
        *(f"--{option}={folder / name}" for option, name in files.items()),
    ]
    daemons = []
    try:
        for command in (munge, ["slurmctld", "-D", "-c"], ["slurmd", "-D"]):
            log = (folder / f"{command[0]}.out").open("w")
            daemons.append(subprocess.Popen(command, stdout=log, stderr=log))
            time.sleep(2)
        state = answer_of("sinfo", "-h", "-o", "%t")
        if "idle" not in state:
            leave_out(f"no node of a cluster comes up on this machine: {state}")
        yield
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait(60)
        CONFIG.unlink()


def answer_of(*command):
    """What a program of the cluster prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout


def start(study, options):
    """Start a run of a study as a user does."""
    command = [sys.executable, str(ROOT / "run"), "--directory", str(study), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    )


def run(study, options):
    """Run a study to its end."""
    running = start(study, options)
    said, _ = running.communicate()
    assert running.returncode == 0, said[-2000:]


def log_of(study):
    return (study / "results" / "logs" / "run.log").read_text(errors="replace")


@pytest.mark.long
@READY
def test_a_cluster_of_one_node_makes_the_same_bytes(cluster, tmp_path):
    for name, options in HOW.items():
        study = tmp_path / name
        without = shutil.ignore_patterns("results", ".*")
        shutil.copytree(ROOT / "examples" / "us-states", study, ignore=without)
        run(study, options)
    assert not gate.differences(tmp_path / "slurm", tmp_path / "local")
    jobs = log_of(tmp_path / "slurm").count(SUBMITTED)
    assert jobs > 15


def make_large(folder):
    """Write a study of 2,800 made-up units on a grid, a fifth of them with clusters and
    a fifth with zones, that asks for two curves of specifications.
    """
    rng = np.random.default_rng(28)
    years = np.arange(2000, 2013, 4)
    units = [f"unit {number:04d}" for number in range(UNITS)]
    gap = rng.normal(0, 0.5, (UNITS, 1)) * np.exp(-0.03 * (years - 2000))
    income = np.exp(9 + gap + rng.normal(0, 0.02, gap.shape))
    row, column = np.divmod(np.arange(UNITS), 53)
    panel = pd.DataFrame({"unit": np.repeat(units, len(years))})
    panel["year"] = np.tile(years, UNITS)
    panel["made-up income"] = income.ravel().round(2)
    panel["latitude"] = np.repeat(30 + row / 10, len(years))
    panel["longitude"] = np.repeat(100 + column / 10, len(years))
    panel.to_csv(folder / "panel.csv", index=False)
    listed = pd.DataFrame({"unit": units})
    listed[rng.random(UNITS) < 0.2].to_csv(folder / "clusters.csv", index=False)
    zones = listed[rng.random(UNITS) < 0.2].assign(type="zone", first_year=2001)
    zones.to_csv(folder / "zones.csv", index=False)
    tables = {name: folder / f"{name}.csv" for name in ("panel", "clusters", "zones")}
    options = [f"--{name}={path}" for name, path in tables.items()]
    program_copies.run_well("new", folder / "study", *options)
    config = folder / "study" / "config.yaml"
    content = yaml.safe_load(config.read_text())
    content["estimates"] = {
        "beta": content["estimates"]["beta"],
        "specification_curve": CURVES,
    }
    config.write_text(yaml.safe_dump(content, sort_keys=False))
    return folder / "study"


@pytest.mark.long
@READY
def test_chunks_of_a_large_study_of_which_one_is_killed_end_with_the_same_bytes(
    cluster, tmp_path
):
    study = make_large(tmp_path)
    for name in HOW:
        shutil.copytree(study, tmp_path / name)
    options = [*HOW["slurm"], "--set-scatter", "specification_curve=4"]
    killed = start(tmp_path / "slurm", options)
    chunk = ""
    while not chunk and killed.poll() is None:
        time.sleep(0.5)
        jobs = answer_of("squeue", "-h", "-t", "running", "-o", "%i %k").splitlines()
        chunk = next((job for job in jobs if CHUNK in job), "")
    answer_of("scancel", chunk.split()[0])
    said, _ = killed.communicate()
    assert killed.returncode and CHUNK in said
    run(tmp_path / "slurm", options)
    submitted = re.findall(rf"rule {CHUNK}:", log_of(tmp_path / "slurm"))
    assert 1 <= len(submitted) <= 4
    run(tmp_path / "local", HOW["local"])
    different = gate.differences(tmp_path / "slurm", tmp_path / "local")
    # A chunk is named by how many there are: two without the option.
    assert not [line for line in different if "/chunk_" not in line]
