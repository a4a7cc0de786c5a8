"""The documentation builds as a site, and a link or anchor to nothing stops it."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = (
    "docs",
    "workflow/evenfield/topics",
    "data/README.md",
    "examples/china-cities/data/README.md",
    "benchmarks/README.md",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
)


def built(folder, into):
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "-f",
        str(folder / "mkdocs.yml"),
        "-d",
        str(into),
    ]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_site_has_every_page_and_no_dead_link(tmp_path):
    done = built(ROOT, tmp_path)
    assert done.returncode == 0, done.stderr
    methods = [
        path.parent.name for path in ROOT.glob("workflow/evenfield/topics/*/method.md")
    ]
    assert methods
    assert all((tmp_path / "topics" / name / "index.html").exists() for name in methods)
    assert (
        'href="../sigma/"' in (tmp_path / "topics" / "beta" / "index.html").read_text()
    )
    index = (tmp_path / "index.html").read_text()
    assert 'href="library/"' in index
    # Chapters in a reader's order, a search, and a dark mode.
    chapters = ["Start", "Your own study", "Library", "Topics", "Data", "For contrib"]
    positions = [index.index(f"\n  {chapter}") for chapter in chapters]
    assert positions == sorted(positions)
    assert 'data-md-component="search"' in index
    assert "prefers-color-scheme: dark" in index


def test_dead_links_and_anchors_stop_the_build(tmp_path):
    for name in ("mkdocs.yml", *PARTS):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    with (tmp_path / "docs" / "size.md").open("a") as page:
        page.write("\n[gone](gone.md) and [nowhere](data.md#nowhere)\n")
    done = built(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    assert "gone.md" in done.stderr
    assert "#nowhere" in done.stderr
