"""Nothing stale and nothing lost: earlier results survive a failed run, and what was
changed is made again.
"""

import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import program_copies
from evenfield.shared.tables.latex import escape_latex, table_latex
from evenfield.shared.tables.table import Column, Table
from evenfield.study.files import beside
from evenfield.study.table_files import read_table, write_table
from yaml_text import from_yaml

REPO = Path(__file__).resolve().parents[2]
WORKFLOW = """
from engine import outputs
from engine.study import before_jobs
from evenfield.study.files import hash_file
outputs.mark_changed()
onstart:
    before_jobs(workflow)
rule all:
    input: "results/first.txt", "results/more.txt", "results/second.txt"
rule first:
    input: source="data.txt"
    output: target="results/first.txt", more="results/more.txt"
    log: "results/logs/first.log"
    params: data_hash=hash_file("data.txt")
    script: "copy.py"
rule second:
    input: source="results/first.txt"
    output: target="results/second.txt"
    log: "results/logs/second.log"
    script: "copy.py"
"""
SCRIPT = f"""
import os, sys, time
from pathlib import Path
sys.path.append({str(REPO / "workflow" / "scripts")!r})
from entry import enter
"""
SCRIPT += """
from evenfield.study.errors import IngestError
def main(source, target, more=""):
    text = Path(source).read_text()
    for path in filter(None, (target, more)):
        Path(path).write_text(text + "x" * (10**6 * ("big" in text)))
    if Path(target).stem in text:
        raise IngestError(f"{Path(target).stem} is bad\\x1b[31m", "none", "mend it")
    if "slow" in text and Path(target).stem == "first":
        time.sleep(2)
    if "kill" in text:
        os.kill(os.getpid(), 9)
enter(snakemake, main)
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study of two steps that has run once; copies of it have nothing to do."""
    folder = tmp_path_factory.mktemp("finished") / "two steps é"
    folder.mkdir()
    for name, text in {
        "Snakefile": WORKFLOW,
        "copy.py": SCRIPT,
        "config.yaml": "",
        "data.txt": "good",
    }.items():
        (folder / name).write_text(text)
    assert run(folder).returncode == 0
    return folder


@pytest.fixture
def study(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / finished.name))


def words_for(folder):
    return ["--snakefile", str(folder / "Snakefile"), "--directory", str(folder)]


def run(folder, copied="none"):
    """Run the study; its small jobs are processes of their own, which starts sooner."""
    return program_copies.run(*words_for(folder), EVENFIELD_PRELOADED=copied)


def command(folder):
    """A run as a process of its own, for limits and signals."""
    program = str(REPO / "workflow" / "engine" / "main.py")
    return [sys.executable, program, *words_for(folder)]


def results(folder):
    return {
        path.name: path.read_text()
        for path in sorted((folder / "results").glob("*.txt"))
    }


def built(done):
    assert (done.returncode, done.stderr) == (0, "")
    return [
        line.split()[1] for line in done.stdout.splitlines() if line.startswith("[")
    ]


def test_a_refused_run_leaves_every_earlier_result_and_the_way_back_is_the_same_command(
    study,
):
    before = results(study)
    for stage, retained in (
        ("first", before),
        ("second", {**before, "first.txt": "second", "more.txt": "second"}),
    ):
        (study / "data.txt").write_text(stage)
        for _ in range(2):  # nothing is taken for done in between
            done = run(study)
            label = f"ingest: {stage} is bad\\x1b[31m; expected none; mend it (log: "
            assert done.returncode == 1
            assert done.stderr.startswith(label)
            assert done.stderr.count("\n") == 1
            assert results(study) == retained
    (study / "data.txt").write_text("good")
    assert built(run(study)) == ["first", "second"]
    assert results(study) == before


@pytest.mark.parametrize(
    ("harm", "name"),
    [("delete", "first.txt"), ("truncate", "more.txt"), ("edit", "second.txt")],
)
def test_a_result_that_was_changed_or_deleted_is_made_again(study, name, harm):
    before = results(study)
    path = study / "results" / name
    again = ["first", "second"][name == "second.txt" :]
    if harm == "delete":
        path.unlink()
    else:
        path.write_text("" if harm == "truncate" else "edited")
        os.utime(path, (1e9, 1e9))
    assert built(run(study)) == again
    assert results(study) == before
    assert built(run(study)) == []


def test_a_full_disk_or_a_limit_is_one_line_and_the_next_run_goes_on(study):
    before = results(study)
    (study / "data.txt").write_text("big")
    done = subprocess.run(
        command(study),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (100_000, 100_000)
        ),
    )
    assert (done.returncode, done.stderr.count("\n"), results(study)) == (1, 1, before)
    assert done.stderr.startswith(
        "the machine refused: File too large; expected room, memory and permission"
    )
    assert built(run(study)) == ["first", "second"]


def test_a_job_that_is_ended_by_a_signal_names_it(study):
    before = results(study)
    (study / "data.txt").write_text("kill")
    done = run(study, copied="")
    assert (done.returncode, done.stderr.count("\n"), results(study)) == (1, 1, before)
    assert done.stderr.startswith(
        "first: the job was ended by SIGKILL; expected memory"
    )


@pytest.mark.parametrize("dated", ["data.txt", "results/first.txt"])
def test_files_from_the_future_are_used(study, dated):
    tomorrow = time.time() + 86_400
    (study / "data.txt").write_text("other")
    os.utime(study / dated, (tomorrow, tomorrow))
    assert built(run(study)) == ["first", "second"]
    assert results(study)["second.txt"] == "other"
    assert built(run(study)) == []


def test_results_from_the_future_keep_their_order(study):
    (study / "data.txt").write_text("second")
    assert run(study).returncode == 1  # the first step is new, the second is not
    (study / "data.txt").write_text("good")
    for path in (study / "results").rglob("*"):
        date = path.stat().st_mtime + 86_400
        os.utime(path, (date, date))
    assert built(run(study)) == ["first", "second"]


@pytest.mark.parametrize("way", ["interrupt", "closed output"])
def test_a_run_that_nobody_waits_for_stops_and_leaves_earlier_results(study, way):
    before = results(study)
    (study / "data.txt").write_text("slow")
    (study / "results" / "logs" / "first.log").unlink()
    engine = subprocess.Popen(
        command(study), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not (study / "results" / "logs" / "first.log").exists():
        time.sleep(0.05)
    if way == "interrupt":
        engine.send_signal(signal.SIGINT)
    else:  # noticed when the first job is done
        engine.stdout.close()
        before |= {"first.txt": "slow", "more.txt": "slow"}
    assert engine.wait(timeout=60) == 130
    assert results(study) == before
    labels = {
        "interrupt": "interrupted",
        "closed output": "the output cannot be written any more",
    }[way]
    assert engine.stderr.read() == f"{labels}; run the same command to continue\n"
    assert built(run(study)) == (
        ["first", "second"] if way == "interrupt" else ["second"]
    )


def test_no_home_and_a_closed_stream_do_no_harm_and_logs_name_neither_host_nor_place(
    study,
):
    (study / "data.txt").write_text("other")
    environment = {
        "PATH": os.environ["PATH"],
        "EVENFIELD_VENV": sys.prefix,
        "HOME": "/proc/1/none",
    }
    words = [sys.executable, str(REPO / "run"), *words_for(study)]
    shell = f"exec {' '.join(map(shlex.quote, words))} >&- 2>&- <&-"
    assert (
        subprocess.run(["sh", "-c", shell], env=environment, check=False).returncode
        == 0
    )
    assert results(study)["second.txt"] == "other"
    log = (study / "results" / "logs" / "run.log").read_text()
    assert "rule first:" in log
    assert not re.search(rf"Host:|{re.escape(str(study))}/|{re.escape(str(REPO))}", log)


def test_text_that_a_spreadsheet_takes_for_a_formula_is_defused_and_read_back(tmp_path):
    cells = ["=1+1", "+x", "-x", "@x", "-1", "+1.5e3", "-", "'=a", "", "a", "\tx"]
    write_table(
        pd.DataFrame({"name": cells, "value": [-1.5] * len(cells)}), tmp_path / "t.csv"
    )
    lines = (tmp_path / "t.csv").read_text().splitlines()[1:]
    assert [line.split(",")[0] for line in lines[:8]] == [
        "'=1+1",
        "'+x",
        "'-x",
        "'@x",
        "-1",
        "+1.5e3",
        "-",
        "''=a",
    ]
    assert lines[0].endswith(",-1.5")
    assert list(read_table(tmp_path / "t.csv", text=("name",))["name"]) == cells


def test_latex_rows_that_begin_like_an_option_and_letters_outside_latin():
    frame = pd.DataFrame(from_yaml("{a: ['[1]', '*', 汉], b: [1.0, 2.0, 3.0]}"))
    columns = (Column(names=("a",), header="[a]"), Column(names=("b",), header="b"))
    rows = table_latex(
        Table(
            id="T",
            title="t",
            note=("[n]",),
            columns=columns,
            frame=frame,
        )
    ).splitlines()
    assert [row[:5] for row in rows if "{}" in row[:2]] == ["{}[a]", "{}[1]", "{}* &"]
    assert r"\item {}[n]" in rows
    assert (
        escape_latex("a \u6c49\u5b57")
        == "a \\ifdefined\\Umathcode \u6c49\u5b57\\else U+6C49 U+5B57\\fi{}"
    )
    assert escape_latex("\u1ea1\u00e9").endswith("\\else a\\fi{}\u00e9")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(ZeroDivisionError), beside(tmp_path / "a.txt") as part:
        part.write_text(str(1 / 0))
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"
