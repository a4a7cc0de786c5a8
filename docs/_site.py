"""What the site needs beside docs/: the README as its first page, the topics' method
pages, links between them.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "data/README.md": "data-sources.md",
         "benchmarks/README.md": "benchmarking.md"}  # fmt: skip
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s:#]+)(#[^)\s]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that stand elsewhere in the repository."""
    methods = {
        path: f"topics/{path.parent.name}.md"
        for path in ROOT.glob("workflow/evenfield/topics/*/method.md")
    }
    for path, place in (
        {ROOT / name: place for name, place in PAGES.items()} | methods
    ).items():
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
        return f"[{link[1]}]({posixpath.relpath(uri, posixpath.dirname(page.file.src_uri) or '.')}{link[3] or ''})"

    return LINK.sub(placed, markdown)
