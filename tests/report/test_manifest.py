import hashlib
import json
import sys

import pytest

import evenfield
from evenfield.report.manifest import build_manifest, file_hash, read_manifest
from evenfield.study.errors import ReportError
from evenfield.study.files import write_text
from refusals import fails
from report.made_up import made_config
from yaml_text import from_yaml

DESCRIPTION = from_yaml("{data_hash: ab, tables: {panel: {hash: cd, rows: 3}}}")


def files(results):
    for name in (
        "tables/T1.csv",
        "tables/T1.html",
        "figures/F1.svg",
        "report/index.html",
        "logs/a.log",
        "benchmarks/a.tsv",
        "estimates.csv",
    ):
        write_text(name, results / name)
    return [str(path) for path in results.rglob("*") if path.is_file()]


def test_manifest_names_results_from_their_folder(tmp_path):
    scripts = {"T1": "scripts/tabulate.py"}
    fault = build_manifest(
        made_config(policy=False), DESCRIPTION, files(tmp_path), tmp_path, scripts
    )
    assert (
        sorted(fault["results"])
        == "estimates.csv figures/F1.svg report/index.html tables/T1.csv tables/T1.html".split()
    )
    assert (
        fault["results"]["tables/T1.csv"]
        == hashlib.sha256(b"tables/T1.csv").hexdigest()
    )
    assert fault["exhibits"]["T1"] == {
        "script": "scripts/tabulate.py",
        "files": ["tables/T1.csv", "tables/T1.html"],
    }
    assert fault["data"] == DESCRIPTION
    assert fault["package"] == {"name": "evenfield", "version": evenfield.__version__}


def test_manifest_says_nothing_about_machine_or_interpreter(tmp_path):
    text = json.dumps(
        build_manifest(
            made_config(policy=False), DESCRIPTION, files(tmp_path), tmp_path, {}
        )
    )
    for hidden in (str(tmp_path), sys.version.split()[0], sys.platform, "python"):
        assert hidden not in text.lower().replace("python-docx", "")


def test_missing_and_foreign_files_are_refused(tmp_path):
    fails(ReportError, "no file", file_hash, tmp_path / "nothing")
    fails(
        ReportError,
        "lies outside results",
        build_manifest,
        made_config(policy=False),
        {},
        ["/elsewhere/x.csv"],
        tmp_path / "results",
        {},
    )


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "{}", '{"results": [], "config_hash": "a"}', "[" * 10**5]
)
def test_a_manifest_that_no_run_wrote_is_one_line(tmp_path, content):
    assert read_manifest(tmp_path) == {}
    (tmp_path / "manifest.json").write_text(content)
    message = "manifest.json is not as a run writes it; expected the manifest of a"
    fails(ReportError, message, read_manifest, tmp_path)
