"""Which lines of the library have changed since the last release, as git tells it."""

import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

LIBRARY = Path("workflow", "evenfield")
VERSION = (LIBRARY / "__init__.py").as_posix()
ASSIGNED = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
FILE = re.compile(r"^\+\+\+ (.+\.py)$")
LINES = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")

Lines = Mapping[str, frozenset[int]]  # numbers of lines, by file below the library


def last_release(repo: Path) -> str | None:
    """Return the tag of the last release or, without tags, the commit that gave the
    library the version before its own; None where git knows neither.

    Notes
    -----
    The version of a release is set before its faults are planted, so that the last
    commit that set one is not the last release.
    """
    tag = _git(repo, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    if tag:
        return tag.strip()
    now = _version((repo / VERSION).read_text(encoding="utf-8"))
    commits = _git(repo, "log", "--format=%H", "-G^__version__ = ", "--", VERSION)
    for commit in commits.split():
        if _version(_git(repo, "show", f"{commit}:{VERSION}")) not in (now, ""):
            return commit
    return None


def changed_lines(repo: Path) -> Lines | None:
    """Return the lines of the library that are new or other than in the last release,
    by file; None where git does not know that release.
    """
    release = last_release(repo)
    if release is None:
        return None
    compared = ["diff", "--unified=0", "--no-prefix", "--no-ext-diff", "--no-color"]
    compared += ["--find-renames", f"--relative={LIBRARY.as_posix()}", release]
    lines: dict[str, set[int]] = defaultdict(set)
    file = ""
    for line in _git(repo, *compared, "--", LIBRARY.as_posix()).splitlines():
        if named := FILE.match(line):
            file = named[1]
        elif place := LINES.match(line):
            first, count = int(place[1]), int(place[2] or 1)
            lines[file].update(range(first, first + count))
    return {name: frozenset(numbers) for name, numbers in lines.items()}


def _version(code: str) -> str:
    found = ASSIGNED.search(code)
    return found[1] if found else ""


def _git(repo: Path, *words: str) -> str:
    """Return what git prints, "" where it cannot."""
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=repo,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError:  # no git
        return ""
    return "" if done.returncode else done.stdout
