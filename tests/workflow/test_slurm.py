"""A cluster of one node runs the American study as Slurm jobs, with the bytes of a run
without it.

As root on Debian, with no Slurm of its own:

    apt-get install slurmctld slurmd slurm-client munge
    .venv/bin/python -m pip install "snakemake-executor-plugin-slurm==2.8.*"
    python3 run test -m long tests/workflow/test_slurm.py
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

import pytest

import gate
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
CONFIG = Path("/etc/slurm/slurm.conf")
MISSING = [
    name
    for name in ("munged", "slurmctld", "slurmd", "squeue")
    if shutil.which(name) is None
]
READY = (
    os.geteuid() == 0
    and not MISSING
    and importlib.util.find_spec("snakemake_executor_plugin_slurm") is not None
)
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


@pytest.fixture
def cluster(tmp_path):
    """Daemons of one node in the foreground; srun finds the settings only where Debian
    has them.
    """
    if CONFIG.exists():
        pytest.skip(f"{CONFIG} is there: this machine has a Slurm of its own")
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
        state = ["sinfo", "-h", "-o", "%t"]
        assert (
            "idle"
            in subprocess.run(
                state,
                capture_output=True,
                text=True,
                check=False,
            ).stdout
        )
        yield
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait(60)
        CONFIG.unlink()


@pytest.mark.long
@pytest.mark.skipif(
    not READY,
    reason="needs root, Debian's slurmctld, slurmd, munge, and Snakemake's plugin",
)
def test_a_cluster_of_one_node_makes_the_same_bytes(cluster, tmp_path):
    how = {"slurm": ["--profile", "workflow/profiles/slurm"], "local": ["--cores", "2"]}
    seconds = {}
    for name, options in how.items():
        shutil.copytree(
            ROOT / "examples" / "us-states",
            tmp_path / name,
            ignore=shutil.ignore_patterns("results", ".*"),
        )
        command = [
            sys.executable,
            str(ROOT / "run"),
            "--directory",
            str(tmp_path / name),
        ]
        start = time.monotonic()
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, check=False, cwd=ROOT
        )
        seconds[name] = time.monotonic() - start
        assert done.returncode == 0, done.stderr[-2000:]
    assert not gate.differences(tmp_path / "slurm", tmp_path / "local")
    log = (tmp_path / "slurm" / "results" / "logs" / "run.log").read_text(
        errors="replace"
    )
    jobs = len(re.findall("has been submitted with SLURM jobid", log))
    assert jobs > 15 and (seconds["slurm"] - seconds["local"]) / jobs < 40, seconds
