"""What the site needs beside docs/: the README, the changelog, the topics' method
pages, links between them, and the order in which a reader wants them.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
# Read and not imported: who builds the site may have mkdocs alone.
VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
PAGES = {
    "README.md": "about.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "data/README.md": "data-sources.md",
    "examples/china-cities/data/README.md": "data-cities.md",
    "benchmarks/README.md": "benchmarking.md",
}
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s:#]+)(#[^)\s]*)?\)")
CODE = re.compile(r"(?<=(?<!</span>)<code>)[^<]+(?=</code>)")
TITLE = re.compile(r"^title: ['\"]?(.*?)['\"]?$", re.MULTILINE)
# lunr 2.3.9 calls a node of its words by letters and numbers run together ("1" and 23, or
# "12" and 3), so that two nodes become one and a search through it ends with an error.
NODE_NAME = ("e=e+s+o.id}return e}", 'e=e+s+o.id+","}return e}')
HOME = "index.md"  # has the whole width, for its three columns
# Pages that the search shows before others.
FIRST = {"topics": 4, "library": 2}
ORDER = re.compile(r"^order: (\d+)$", re.MULTILINE)
# Chapters in the order of a reader; a star stands for all other pages that begin so.
CHAPTERS = {
    "Start": [
        {"Home": HOME},
        {"What it is": "about.md"},
        "gallery.md",
        "pictures.md",
        "findings.md",
        "changelog.md",
        {"Every change": "changes.md"},
    ],
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
        "library/own-table.md",
        "library/convergence-paper.md",
        "library/tutorial.md",
        "library/habits.md",
        "library/conventions.md",
        "library/stata.md",
        "library/r.md",
        "library/ols.md",
        "library/compare.md",
        "library/map.md",
        "library/from-a-number.md",
        "library/contrasts.md",
        "library/ols-by.md",
        "library/leave-one-out.md",
        "library/label-permutation.md",
        "library/specification-curve.md",
        "library/beta-convergence.md",
        "library/beta-windows.md",
        "library/common-support.md",
        "library/sigma.md",
        "library/sigma-path.md",
        "library/dynamic-fixed-effects.md",
        "library/dynamic-gmm.md",
        "library/log-t.md",
        "library/clubs.md",
        "library/markov.md",
        "library/stochastic-kernel.md",
        "library/inequality.md",
        "library/growth-contributions.md",
        "library/moran.md",
        "library/event-study.md",
        "library/rings.md",
        "library/placement.md",
        "library/synthetic-control.md",
        "library/nearby.md",
        "library/list-agreement.md",
        "library/list-shrinkage.md",
        "library/border-difference.md",
        "library/spatial-*",
        "library/impacts.md",
        "library/*",
        "library/stable.md",
    ],
    "Topics": ["topics.md", "exhibits.md", "topics/*"],
    "Methods": [
        "how-we-know.md",
        "methods/answers.md",
        "methods/inference.md",
        "methods/*",
    ],
    "Data": ["data.md", "data-sources.md", "data-cities.md"],
    "For contributors": [
        "contributing.md",
        "benchmarks.md",
        {"How benchmarks are run": "benchmarking.md"},
        "reruns.md",
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
    version = VERSION.search((ROOT / "workflow/evenfield/__init__.py").read_text())
    assert version
    config.copyright = f"evenfield {version[1]}"
    return config


def _order(page: str) -> tuple[int, str]:
    """Sort topics as the page of results has them, all else by name."""
    topic = ROOT / "workflow/evenfield/topics" / Path(page).stem / "topic.yaml"
    order = page.startswith("topics/") and ORDER.search(topic.read_text())
    return int(order[1]) if order else 0, page


def _listed(entries: list[Any], pages: set[str]) -> list[Any]:
    """Put the pages that a star stands for there, but for those named or listed."""
    listed: list[Any] = []
    for entry in entries:
        if not (isinstance(entry, str) and entry.endswith("*")):
            listed.append(entry)
            continue
        matching = {page for page in pages if page.startswith(entry.rstrip("*"))}
        listed += sorted(matching - {*map(str, entries + listed)}, key=_order)
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

    if page.file.src_uri == HOME:
        page.meta["hide"] = ["navigation", "toc"]
    folder, _, name = page.file.src_uri.partition("/")
    if folder in FIRST:
        page.meta["search"] = {"boost": FIRST[folder]}
    if folder == "topics":
        markdown = _with_title(markdown, Path(name).stem)
    return LINK.sub(placed, markdown)


def _with_title(markdown: str, topic: str) -> str:
    """Say beneath the heading what page and paper call a topic, and its word."""
    text = (ROOT / "workflow/evenfield/topics" / topic / "topic.yaml").read_text()
    title = TITLE.search(text)
    heading, _, rest = markdown.partition("\n")
    called = title[1] if title else topic
    return f"{heading}\n\nOn the page: *{called}*; in `estimates`: `{topic}`.\n{rest}"


def on_page_content(html: str, **_: Any) -> str:
    """Let keys and paths break behind a dot or slash."""

    def with_breaks(code: re.Match[str]) -> str:
        return re.sub(r"([./])(?=\w)", r"\1<wbr>", code[0])

    return CODE.sub(with_breaks, html)


def on_post_build(config: Any, **_: Any) -> None:
    """Part letters and numbers in the names of the search's nodes."""
    as_it_is, mended = NODE_NAME
    for path in Path(config.site_dir).glob("assets/javascripts/workers/search.*.js"):
        code = path.read_text("utf-8")
        if code.count(as_it_is) != 1:
            raise PluginError(f"{path.name}: lunr has other nodes; see NODE_NAME")
        path.write_text(code.replace(as_it_is, mended), "utf-8")
