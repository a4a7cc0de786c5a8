"""The gate passes a study that is reproducible and names the file of one that is not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gate
import gate_conditions
from yaml_text import from_yaml

REPO = Path(__file__).resolve().parents[2]
TOY = Path(__file__).parent / "toy"


def pass_gate(study):
    command = [sys.executable, REPO / "run", "gate", "--directory", study]
    command += ["--snakefile", TOY / "Snakefile", "--same-python", "--cores", "1"]
    environment = {**os.environ, "EVENFIELD_VENV": sys.prefix}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def study(tmp_path):
    copy = tmp_path / "toy"
    (copy / "data").mkdir(parents=True)
    for name in ("config.yaml", "data/values.csv"):
        (copy / name).write_bytes((TOY / name).read_bytes())
    return copy


def test_a_reproducible_study_passes(study):
    done = pass_gate(study)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 files, all the same" in done.stdout
    assert "shuffled rows (12 rows of 1 data files)" in done.stdout
    assert "not exercised: another Python (left out)" in done.stdout
    assert not (study / "results").exists()


def test_what_differed_is_recorded_and_what_could_not_differ_is_not(
    monkeypatch, tmp_path
):
    report = gate_conditions.Report()
    report.met("BLAS kernel", "Zen v Nehalem")
    report.missed("another Python", "left out")
    monkeypatch.setattr(gate, "RECORD", tmp_path / "bytes.csv")
    gate.write_record(report)
    recorded = (tmp_path / "bytes.csv").read_text()
    assert recorded == "differed,between\nBLAS kernel,Zen v Nehalem\n"


def test_a_clock_in_a_table_fails(study):
    (study / "config.yaml").write_text('clock: true\nstop: ""\n')
    done = pass_gate(study)
    assert done.returncode == 1
    assert "results/tables/total.csv: line 6 differs: 'clock," in done.stdout
    assert done.stderr.startswith("gate: run 2: 1 of 1 files differ from the plain run")
    assert done.stderr.count("\n") == 1


def test_a_run_that_stops_is_one_line(study, tmp_path, monkeypatch, capsys):
    (tmp_path / "run").write_text("import sys; sys.exit('toy: 1 bad row (log: here)')")
    monkeypatch.setattr(gate, "REPO", tmp_path)
    assert gate.main(["--directory", str(study), "--same-python"]) == 1
    assert (
        capsys.readouterr().err
        == "gate: run 1 of 2 failed: toy: 1 bad row (log: here)\n"
    )
    assert gate.main(["--directory", str(study / "data")]) == 1
    assert "no config.yaml in " in capsys.readouterr().err


def test_logs_and_benchmarks_are_not_compared(tmp_path):
    for number, name in enumerate(("one", "two")):
        for path in (
            "logs/run.log",
            "benchmarks/a.tsv",
            "tables/a.csv",
            f"tables/only-{name}.csv",
        ):
            file = tmp_path / name / "results" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("same" if path == "tables/a.csv" else str(number))
    result = gate.differences(tmp_path / "one", tmp_path / "two")
    one = "only the plain run wrote it"
    two = "the plain run did not write it"
    assert result == [
        f"results/tables/only-one.csv: {one}",
        f"results/tables/only-two.csv: {two}",
    ]


def test_avx512_that_stays_on_is_an_error_and_else_turned_off_or_reported(monkeypatch):
    monkeypatch.delenv("NPY_DISABLE_CPU_FEATURES", raising=False)
    report = gate_conditions.Report()
    variables = gate_conditions.without_avx512(Path(sys.executable), report)
    assert bool(variables) == bool(report.done) != bool(report.left)
    features = from_yaml("""
        {'on': [X86_V3, X86_V4], dispatch: [X86_V3, X86_V4, AVX512_ICL]}
        """)
    monkeypatch.setattr(gate_conditions, "cpu_features", lambda *_: features)
    with pytest.raises(gate_conditions.GateError, match="NumPy still uses X86_V4"):
        gate_conditions.without_avx512(Path(sys.executable), gate_conditions.Report())


def test_the_blas_kernel_tells_its_name_and_counts_under_it(monkeypatch):
    assert gate_conditions.kernel_of(sys.executable, {})
    given = {None: "SkylakeX", "Prescott": "Katmai", "Zen": "Haswell"}
    monkeypatch.setattr(gate_conditions.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(
        gate_conditions.Path,
        "read_text",
        lambda *_, **__: "sse2 sse4_2 avx avx2 avx512f",
    )

    def kernel_of(_, variables):
        asked = variables.get("OPENBLAS_CORETYPE")
        return given.get(asked, asked)

    monkeypatch.setattr(gate_conditions, "kernel_of", kernel_of)
    assert gate_conditions.other_kernels("python") == [
        "Prescott",
        "Nehalem",
        "Sandybridge",
        "Haswell",
    ]
