"""`run rebuild` on copies of a study: what it refuses, what it compares, what it writes."""

import csv
import hashlib
import json

import pytest

import program_copies
from study_copies import copy_example


@pytest.fixture(scope="module")
def cities(tmp_path_factory):
    """A copy of the study of cities without topics, which a test may not change."""
    return copy_example(tmp_path_factory.mktemp("cities"), "sigma", name="china-cities")


def test_a_folder_without_the_files_is_refused_line_by_line(cities, tmp_path):
    done = program_copies.run("rebuild", tmp_path, "--directory", cities)
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and "Traceback" not in done.stderr
    files = list(csv.DictReader((cities / "data" / "raw_files.csv").open()))
    assert lines[-1].startswith(f"raw_files.csv: {len(files) - 10} more faults")
    first = next(line for line in lines if files[0]["file"] in line)
    assert files[0]["sha256"] in first and files[0]["commit"] in first
    assert not (cities / "results" / "rebuilt").exists()


def test_a_table_by_hand_that_is_gone_or_broken_is_refused(tmp_path):
    study = copy_example(tmp_path / "cities", "sigma", name="china-cities")
    (study / "data" / "units.csv").unlink()
    policies = study / "data" / "policies.csv"
    policies.write_text(policies.read_text().replace(",2015,", ",soon,", 1))
    done = program_copies.run("rebuild", tmp_path, "--directory", study)
    assert done.returncode == 1 and "fault of evenfield" not in done.stderr
    assert "units.csv" in done.stderr and "soon" in done.stderr


def test_another_study_has_no_such_tables(tmp_path):
    study = copy_example(tmp_path / "states", "sigma")
    done = program_copies.run("rebuild", tmp_path, "--directory", study)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "raw_files.csv" in done.stderr


def rebuild_lists(monkeypatch, folder, *, write, more=()):
    """Make two tables in this process, one as it is in data/, one as it is not, and those
    of more names, which data/ has not.
    """
    import rebuild

    content = b"raw\n"
    (folder / "raw").mkdir()
    (folder / "raw" / "file.csv").write_bytes(content)
    (folder / "data").mkdir()
    (folder / "data" / "same.csv").write_text("unit\nA\n", encoding="utf-8")
    (folder / "data" / "other.csv").write_text("unit,x\nA,1\n", encoding="utf-8")
    digest = hashlib.sha256(content).hexdigest()
    (folder / "data" / "raw_files.csv").write_text(
        "file,source,repository,commit,path,bytes,sha256,retrieved\n"
        f"file.csv,B,https://x.org/y,c0,file.csv,4,{digest},2026-12-02\n",
        encoding="utf-8",
    )
    package = {
        "name": "made",
        "resources": [{"path": f"{n}.csv"} for n in ("same", "other", "sources")],
    }
    (folder / "data" / "datapackage.json").write_text(json.dumps(package))
    made = {"same.csv": lambda: b"unit\nA\n", "other.csv": lambda: b"unit,x\nA,2\n"}
    made |= {name: lambda: b"unit\nA\n" for name in more}
    monkeypatch.setattr(rebuild, "makers", lambda package, raw: made)
    monkeypatch.setattr(
        rebuild, "notes", lambda package: {"sources.csv": {"not": "By hand."}}
    )
    monkeypatch.chdir(folder)
    config = {"data": {"package": "data/datapackage.json"}}
    rebuild.rebuild(config, folder / "raw", write=write)


def test_differences_are_listed_and_data_stays(monkeypatch, tmp_path, capsys):
    with pytest.raises(
        SystemExit, match="1 table made in results/rebuilt not as in data/"
    ):
        rebuild_lists(monkeypatch, tmp_path, write=False)
    assert capsys.readouterr().out.splitlines() == [
        f"1 raw file in {tmp_path / 'raw'}, each with its hash",
        "same.csv: the same bytes",
        "other.csv: 1 cell differs",
        "  A,1 x: 2; in data/ 1",
        "sources.csv: not made from raw files. By hand.",
    ]
    assert (tmp_path / "data" / "other.csv").read_text() == "unit,x\nA,1\n"
    assert (tmp_path / "results/rebuilt/other.csv").read_text() == "unit,x\nA,2\n"


def test_write_puts_what_differs_into_data(monkeypatch, tmp_path, capsys):
    rebuild_lists(monkeypatch, tmp_path, write=True)
    assert (tmp_path / "data" / "other.csv").read_text() == "unit,x\nA,2\n"
    assert "written: data/other.csv" in capsys.readouterr().out


def test_a_table_that_data_lacks_is_said_and_written(monkeypatch, tmp_path, capsys):
    rebuild_lists(monkeypatch, tmp_path, write=True, more=["gone.csv"])
    assert "gone.csv: data/ has no such table" in capsys.readouterr().out
    assert (tmp_path / "data" / "gone.csv").read_text() == "unit\nA\n"


def test_write_goes_through_no_link(monkeypatch, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("mine", encoding="utf-8")
    study = tmp_path / "study"
    (study / "results" / "rebuilt").mkdir(parents=True)
    (study / "results" / "rebuilt" / "other.csv").symlink_to(outside)
    with pytest.raises(Exception, match="is a link"):
        rebuild_lists(monkeypatch, study, write=True)
    assert outside.read_text() == "mine"
