"""Raw files: one that is missing, altered or listed badly is refused in one line that says
where to get it; the list of each study belongs to its sources.
"""

import csv
import hashlib
from pathlib import Path

import pytest

from compiled.raw_files import RawFileError, RawFolder, check, listed
from evenfield.study.errors import EvenfieldError

ROOT = Path(__file__).parents[2]
STUDIES = [ROOT / "data", ROOT / "examples" / "china-cities" / "data"]
CONTENT = b"unit,2000\nA,1\n"
HEAD = "file,source,repository,commit,path,bytes,sha256,retrieved"
ROW = f"a/gdp.csv,BOOK,https://x.org/y,c0ffee,raw data/gdp.csv,14,{hashlib.sha256(CONTENT).hexdigest()},2026-12-02"


@pytest.fixture
def folder(tmp_path):
    """A folder with one raw file and, beside it, the list that names it."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "gdp.csv").write_bytes(CONTENT)
    (tmp_path / "raw_files.csv").write_text(f"{HEAD}\n{ROW}\n", encoding="utf-8")
    return tmp_path


def test_a_file_with_its_hash_is_taken(folder):
    files = listed(folder)
    assert check(folder, files["a/gdp.csv"]).read_bytes() == CONTENT
    RawFolder(folder, files).refuse_others()


@pytest.mark.parametrize(
    ("altered", "found"),
    [
        (None, "no file a/gdp.csv"),
        (b"unit,2000\nA,2\n", "a/gdp.csv has 14 bytes with SHA-256"),
        (b"version https://git-lfs", "a/gdp.csv has 23 bytes"),
    ],
)
def test_another_file_is_refused_with_the_place_of_the_right_one(
    folder, altered, found
):
    path = folder / "a" / "gdp.csv"
    path.unlink()
    if altered is not None:
        path.write_bytes(altered)
    with pytest.raises(RawFileError) as refused:
        RawFolder(folder, listed(folder)).refuse_others()
    line = str(refused.value)
    assert found in line and "\n" not in line
    assert hashlib.sha256(CONTENT).hexdigest() in line
    assert "get raw data/gdp.csv at commit c0ffee of https://x.org/y" in line


def test_every_missing_file_has_its_line(folder):
    other = ROW.replace("a/gdp.csv", "b/people.csv")
    (folder / "raw_files.csv").write_text(f"{HEAD}\n{ROW}\n{other}\n", encoding="utf-8")
    (folder / "a" / "gdp.csv").unlink()
    with pytest.raises(EvenfieldError) as refused:
        RawFolder(folder, listed(folder)).refuse_others()
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "has the columns none"),
        ("file,sha256\na,b\n", "has the columns file, sha256"),
        (f"{HEAD}\n{ROW.replace(',14,', ',many,')}\n", "line 2: a/gdp.csv"),
        (f"{HEAD}\n{ROW[:30]}\n", "line 2: a/gdp.csv"),
        (
            f"{HEAD}\n{ROW}\n{ROW.replace('a/gdp.csv,', '../secret,')}\n",
            "line 3: ../se",
        ),
        (f"{HEAD}\n{ROW.replace('a/gdp.csv,', '/etc/passwd,')}\n", "line 2: /etc"),
    ],
)
def test_a_list_that_is_none_is_refused(folder, text, found):
    (folder / "raw_files.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RawFileError, match=r"raw_files\.csv") as refused:
        listed(folder)
    assert found in str(refused.value)


def test_a_study_without_a_list_is_told_which_have_one(tmp_path):
    with pytest.raises(RawFileError, match=r"no file .*raw_files\.csv.*--directory"):
        listed(tmp_path)


@pytest.mark.parametrize("data", STUDIES, ids=lambda data: data.parent.name)
def test_every_source_has_the_day_on_which_it_was_read(data):
    with (data / "sources.csv").open(encoding="utf-8") as table:
        days = {row["source"]: row["retrieved"] for row in csv.DictReader(table)}
    assert set(days.values()) <= {
        f"2026-{day}" for day in ("11-24", "11-28", "11-29", "12-01")
    }
    assert {file.source for file in listed(data).values()} <= set(days)
    assert all(file.commit and file.retrieved for file in listed(data).values())
