"""All that `run new` prints and writes of a few tables (written.yaml) is what a person has
read and approved (written/).

`PYTHONPATH=workflow:workflow/commands:tests python tests/newstudy/test_written.py` writes
`written/` anew.
"""

import contextlib
import io
import re
import tempfile
from pathlib import Path

import pytest

from newstudy.made_tables import expanded
from newstudy.test_cases import run

HERE = Path(__file__).parent
CASES = dict(expanded(HERE / "written.yaml"))
MOST_LINES = 12  # of a table, which is long and like its beginning
HASH = re.compile(r' *"(hash|bytes)": .*\n')


def written(case):
    """What is printed and written in the current folder, one file below the other."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        run(case)
    parts = ["$ run new", printed.getvalue()]
    files = [path for path in Path("study").rglob("*") if path.is_file()]
    for path in sorted(files):
        lines = HASH.sub("", path.read_text(encoding="utf-8")).splitlines()
        shown = lines if path.suffix != ".csv" else lines[:MOST_LINES]
        parts += [f"$ {path.as_posix()} ({len(lines)} lines)", *shown, ""]
    return "\n".join(parts)


def approved(name):
    return HERE / "written" / f"{name.replace(' ', '_').replace(',', '')}.txt"


@pytest.mark.parametrize("name", CASES)
def test_all_that_is_written_of_a_table_is_as_it_was_approved(
    tmp_path, monkeypatch, name
):
    monkeypatch.chdir(tmp_path)
    assert written(CASES[name]) == approved(name).read_text(encoding="utf-8")


if __name__ == "__main__":
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            approved(name).write_text(written(case), encoding="utf-8")
