"""What data editors check by machine: the README's tables are true, nothing absolute,
empty, duplicated or huge.
"""

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import evenfield
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [
        ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()
    ]


def test_readme_names_only_files_that_exist() -> None:
    for name in re.findall(
        r"`((?:docs|data|workflow|examples|tests)/[\w/.+-]+)`", README
    ):
        assert (ROOT / name).exists(), name


def test_citation_file_has_what_the_format_requires() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


RELEASE = re.compile(r"^## (\S+) – (\S+)$", re.MULTILINE)
SCREEN = 45  # lines of one release in CHANGELOG.md
WIDE = 190  # letters of one line, so that a row of a table is at most two on a screen


def releases(name: str) -> dict[tuple[str, str], str]:
    """Return the text of each release of a page by its version and date."""
    _, *parts = RELEASE.split((ROOT / name).read_text("utf-8"))
    return dict(
        zip(zip(parts[::3], parts[1::3], strict=True), parts[2::3], strict=True)
    )


def test_package_citation_and_changelog_name_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {
        "attr": "evenfield.__version__"
    }
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    newest = (evenfield.__version__, citation["date-released"])
    assert citation["version"] == evenfield.__version__
    assert next(iter(releases("CHANGELOG.md"))) == newest


def test_a_release_of_the_changelog_is_one_screen() -> None:
    for (version, _), text in releases("CHANGELOG.md").items():
        lines = text.strip().splitlines()
        assert len(lines) <= SCREEN, f"{version}: move rows to docs/changes.md"
        assert max(map(len, lines)) <= WIDE, version


def test_every_release_has_its_changes_once() -> None:
    whole = releases("docs/changes.md")
    assert list(whole) == list(releases("CHANGELOG.md"))
    for (version, _), text in whole.items():
        parts = re.findall(r"^### (.+)$", text, re.MULTILINE)
        assert len(parts) == len(set(parts)), (
            f"{version}: a merge doubled a part of docs/changes.md: take main's, then"
            " add your lines"
        )
        rows = [line for line in text.splitlines() if re.match(r"\| [^|]*\w", line)]
        bodies = [row for row in rows if not re.match(r"\| (what|you|0\.1)", row)]
        assert len(bodies) == len(set(bodies)), version


def test_no_row_of_the_changes_stands_outside_of_a_table() -> None:
    """A blank line within a table would print its rows as text."""
    for name in ("CHANGELOG.md", "docs/changes.md"):
        blocks = (ROOT / name).read_text("utf-8").split("\n\n")
        tables = [block for block in blocks if block.lstrip("\n").startswith("|")]
        assert tables
        assert all(re.match(r"\n?\|.*\n\|[-|]+\n\|", table) for table in tables), name


def test_no_two_decisions_have_one_number() -> None:
    numbers = [path.name[:4] for path in ROOT.glob("docs/decisions/[0-9]*.md")]
    assert len(numbers) == len(set(numbers))


def test_no_file_is_huge_empty_or_there_twice() -> None:
    seen = {}
    for path in tracked():
        content = path.read_bytes()
        assert len(content) < 100_000_000, path
        assert content or path.name in ("__init__.py", "py.typed"), f"{path} is empty"
        if path.suffix in {".csv", ".geojson"}:
            twin = seen.setdefault(hashlib.sha256(content).hexdigest(), path)
            assert twin == path, f"{path} is {twin} again"


def test_no_absolute_path_of_a_machine() -> None:
    pattern = re.compile(r"(?<![\w.:/])/(?:work|home|root|Users)/\w")
    for path in tracked():
        if path.suffix in {".py", ".smk", ".yaml", ".md", ".toml", ".csv", ".json", ""}:
            assert not pattern.search(path.read_text()), path


BIN = Path(sys.executable).parent
COMMANDS = from_yaml("""
    ruff: [ruff, check, .]
    format: [ruff, format, --check, .]
    mypy: [mypy, --no-pretty]
    snakefmt: [snakefmt, --check, Snakefile, workflow/rules]
    lint: [snakemake, --lint]
    """)


# Types of the whole library take minutes the first time, and the lint of Snakemake starts
# it several times: the gate checks them.
SLOW = dict.fromkeys(("mypy", "lint"), pytest.mark.gate)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=SLOW.get(name, ())) for name in COMMANDS]
)
def test_tool_finds_nothing(name: str) -> None:
    tool, *options = COMMANDS[name]
    done = subprocess.run(
        [str(BIN / tool), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
