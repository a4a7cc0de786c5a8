"""What the site needs beside docs/: the README as its first page, the topics' method
pages, links between them, and the order in which a reader wants them.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

from evenfield import __version__

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "data/README.md": "data-sources.md",
    "benchmarks/README.md": "benchmarking.md",
}
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s:#]+)(#[^)\s]*)?\)")
# Chapters in the order of a reader; a star stands for all other pages of a folder.
CHAPTERS = {
    "Start": ["index.md", "gallery.md"],
    "Your own study": [
        "new-study.md",
        "config.md",
        "prose.md",
        "authors.md",
        "size.md",
        "security.md",
    ],
    "Library": [
        "library/README.md",
        "library/tutorial.md",
        "library/habits.md",
        "library/stable.md",
        "library/*",
    ],
    "Topics": ["exhibits.md", "topics/*"],
    "Methods": ["methods/answers.md", "methods/inference.md", "methods/*"],
    "Data": ["data.md", "data-sources.md"],
    "For contributors": [
        "contributing.md",
        "benchmarks.md",
        {"How benchmarks are run": "benchmarking.md"},
        "scheduler-rounds.md",
        "decisions/README.md",
        "decisions/*",
    ],
}


def _methods() -> dict[Path, str]:
    """Return the place of each topic's method page on the site."""
    return {
        path: f"topics/{path.parent.name}.md"
        for path in ROOT.glob("workflow/evenfield/topics/*/method.md")
    }


def on_config(config: Any) -> Any:
    """Set the order of the pages, and the version below each."""
    pages = {
        path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")
    }
    pages |= set(_methods().values())
    config.nav = [
        {chapter: _listed(entries, pages)} for chapter, entries in CHAPTERS.items()
    ]
    config.copyright = f"evenfield {__version__}"
    return config


def _listed(entries: list[Any], pages: set[str]) -> list[Any]:
    """Put the pages of a folder where its star stands, but for those named."""
    listed: list[Any] = []
    for entry in entries:
        if not (isinstance(entry, str) and entry.endswith("/*")):
            listed.append(entry)
            continue
        of_folder = {page for page in pages if page.startswith(entry.rstrip("*"))}
        listed += sorted(page for page in of_folder if page not in entries)
    return listed


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that stand elsewhere in the repository."""
    elsewhere = {ROOT / name: place for name, place in PAGES.items()} | _methods()
    for path, place in elsewhere.items():
        files.append(File.generated(config, place, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, files: Any, **_: Any) -> str:
    """Turn links between files of the repository into links of the site; one to a file
    without a page becomes text.
    """
    source = Path(page.file.abs_src_path)
    known = {
        Path(file.abs_src_path): file.src_uri for file in files if file.abs_src_path
    }

    def placed(link: re.Match[str]) -> str:
        path = (source.parent / link[2]).resolve()
        if not path.exists():
            return link[0]  # the strict build names it
        uri = known.get(path, known.get(path / "method.md"))
        if uri is None:
            return link[1]
        folder = posixpath.dirname(page.file.src_uri) or "."
        return f"[{link[1]}]({posixpath.relpath(uri, folder)}{link[3] or ''})"

    return LINK.sub(placed, markdown)
