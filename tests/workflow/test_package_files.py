"""A replication archive holds what its author described, and nothing that lies beside it,
behind a link or in a hidden file.
"""

import json
import os
import re
import stat

import pytest

import package_files
from evenfield.study.errors import ReportError
from package import with_blanks
from package_files import files_to_take
from yaml_text import from_yaml

CONFIG = from_yaml("""
    data: {package: data/datapackage.json}
    weights: {families: {trade: {path: weights/trade.csv}}}
    """)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study with one described table, own weights, a text and one result; the current
    folder.
    """
    folder = tmp_path / "study"
    for name, text in {
        "config.yaml": "study: {}",
        "numbers.yaml": "{}",
        "data/datapackage.json": json.dumps({"resources": [{"path": "panel.csv"}]}),
        "data/panel.csv": "unit,year",
        "data/README.md": "rights",
        "weights/trade.csv": "i,j",
        "text/page.md": "# Page",
        "text/page.must.yaml": "[]",
        "results/manifest.json": "{}",
        "results/tables/T6.csv": "a",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(folder)
    return folder


def take():
    return files_to_take(CONFIG, ["tables/T6.csv", "manifest.json"])


def of_the_study():
    return sorted(set(take().files()) - set(take().code))


def test_an_archive_takes_config_described_data_texts_and_named_results(study):
    assert of_the_study() == [
        "published/manifest.json",
        "published/tables/T6.csv",
        "study/config.yaml",
        "study/data/README.md",
        "study/data/datapackage.json",
        "study/data/panel.csv",
        "study/numbers.yaml",
        "study/text/page.md",
        "study/text/page.must.yaml",
        "study/weights/trade.csv",
    ]


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        "notes.txt",
        "data/interviews.csv",
        "data/.panel.csv.swp",
        "text/draft.docx",
        "text/draft.yaml",
        "letters/referee.pdf",
        "results/logs/run.log",
    ],
)
def test_a_file_that_nothing_describes_is_not_taken(study, name):
    (study / name).parent.mkdir(exist_ok=True)
    (study / name).write_text("private")
    assert [taken for taken in take().files() if taken.endswith(name)] == []


def test_what_is_not_taken_is_listed(study):
    (study / ".env").write_text("TOKEN=1")
    (study / "data" / "interviews.csv").write_text("private")
    *lines, last = take().lines()
    assert last == "not taken  .env, data/interviews.csv"
    assert lines[1].startswith("data     study/data/README.md, ")


@pytest.mark.parametrize(
    "name",
    [
        "config.yaml",
        "data/panel.csv",
        "data/README.md",
        "text/page.md",
        "text/page.must.yaml",
        "weights/trade.csv",
        "results/tables/T6.csv",
    ],
)
@pytest.mark.parametrize("whole_folder", [False, True])
def test_a_link_that_leaves_the_study_is_refused(study, name, whole_folder):
    path = study / name
    if whole_folder and path.parent in (study, study / "results"):
        pytest.skip("the study itself is no link")
    outside = study.with_name("outside")
    if whole_folder:
        path.parent.rename(outside)
        path.parent.symlink_to(outside)
    else:
        outside.write_text("private")
        path.unlink()
        path.symlink_to(outside)
    with pytest.raises(ReportError, match=re.escape("leads out of ")):
        take()


def test_a_link_within_the_study_and_a_hard_link_are_taken(study):
    (study / "data" / "panel.csv").rename(study / "data" / "panel_2020.csv")
    (study / "data" / "panel.csv").symlink_to("panel_2020.csv")
    os.link(study / "numbers.yaml", study / "claims.yaml")
    assert {"study/data/panel.csv", "study/claims.yaml"} <= set(of_the_study())


def test_results_on_another_disk_are_taken(study):
    disk = study.with_name("disk")
    (study / "results").rename(disk)
    (study / "results").symlink_to(disk)
    assert "published/tables/T6.csv" in of_the_study()


@pytest.mark.parametrize("name", ["../../outside", "/etc/hostname"])
def test_a_manifest_names_no_file_outside_the_results(study, name):
    study.with_name("outside").write_text("private")
    with pytest.raises(ReportError, match="leads out of "):
        files_to_take(CONFIG, [name])


def test_no_program_named_in_the_settings_of_git_is_run(study):
    marker = study.with_name("marker")
    program = study.with_name("program")
    program.write_text(f"#!/bin/sh\nmkdir {marker}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (study / ".git").mkdir()
    settings = f"[core]\nrepositoryformatversion = 0\nfsmonitor = {program}\n"
    (study / ".git" / "config").write_text(settings)
    for name in ("objects", "refs"):
        (study / ".git" / name).mkdir()
    (study / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    take()
    assert not marker.exists()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with one file of code, without git."""
    folder = tmp_path / "repository"
    (folder / "workflow" / "evenfield").mkdir(parents=True)
    (folder / "workflow" / "evenfield" / "a.py").touch()
    (folder / "README.md").touch()
    monkeypatch.setattr(package_files, "REPOSITORY", folder)
    return folder


@pytest.mark.parametrize(
    "name", [".env", "notes.md", "workflow/.secret.py", "workflow/a.pem", "theses/a.md"]
)
def test_of_the_repository_only_code_is_taken(study, repository, name):
    (repository / name).parent.mkdir(exist_ok=True)
    (repository / name).write_text("private")
    assert sorted(take().code) == ["README-evenfield.md", "workflow/evenfield/a.py"]


def test_code_behind_a_link_out_of_the_repository_is_not_taken(study, repository):
    (repository / "workflow" / "b.py").symlink_to(study / "config.yaml")
    assert "workflow/b.py" not in take().code


def test_a_source_that_is_only_a_file_is_left_to_the_authors():
    office = "Statistical office, 2021. Regional accounts."
    given = {"sources": [{"title": "gdp.xlsx"}, {"title": office}]}
    first, second = with_blanks(given, "Title")["sources"]
    assert first["title"].startswith("gdp.xlsx: TODO: say whose figures")
    assert second["title"] == office
