"""What is printed refers to tables and figures by their number in print or in words: no id
of ours, no path of a file, outside the appendix's index.
"""

import re
from collections.abc import Iterator

import pytest
import yaml

from evenfield.shared.topics import TOPICS, exhibit_owners
from report.test_plain_words import strings
from study_copies import ROOT

# The names that Carree and Klomp give to their statistics.
STATISTICS = re.compile(r"\bT2: Carree and Klomp|\bT3: description|\| T[23] (?=\|)")
OWN_ID = re.compile(rf"\b(?:{'|'.join(sorted(exhibit_owners()))})\b(?!\.(?:csv|svg))")
# A file of the repository or of results; what stands at an address is a source.
OWN_FILE = re.compile(
    r"(?<![\w./-])[\w-]+(?:/[\w.-]+)*\.(?:csv|yaml|yml|json|py|smk|typ)\b"
)
# Where a person follows a number to its file.
MAY_NAME_FILES = ("estimates.csv",)  # of the data statement
STUDIES = [ROOT, *sorted(path.parent for path in ROOT.glob("examples/*/config.yaml"))]


def faults(text: str) -> list[str]:
    text = STATISTICS.sub(
        "", re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    )
    ids = OWN_ID.findall(text)
    files = [name for name in OWN_FILE.findall(text) if name not in MAY_NAME_FILES]
    return [*ids, *files]


def tables() -> Iterator[tuple[str, str]]:
    """Yield what tables print: their notes, headings and words."""
    for path in sorted(TOPICS.glob("*/table*.py")):
        for text in strings(path.read_text("utf-8")):
            if " " in text.strip():
                yield f"{path.parent.name}/{path.name}", text


def captions() -> Iterator[tuple[str, str]]:
    for path in sorted(TOPICS.glob("*/topic.yaml")):
        for name, exhibit in (
            yaml.safe_load(path.read_text()).get("exhibits") or {}
        ).items():
            yield name, f"{exhibit['title']} {exhibit.get('caption', '')}"


def texts() -> Iterator[tuple[str, str]]:
    for study in STUDIES:
        for path in sorted(study.glob("text/*.md")):
            yield f"{study.name}/{path.name}", path.read_text("utf-8")
    for path in sorted((TOPICS.parent / "report/templates/text").glob("*.md")):
        yield path.name, path.read_text("utf-8")
    for kind in ("section", "answer", "finding", "limit", "brief", "headline"):
        for path in sorted(TOPICS.glob(f"*/{kind}.md")):
            yield f"{path.parent.name}/{path.name}", path.read_text("utf-8")


@pytest.mark.parametrize("printed", [tables, captions, texts])
def test_what_is_printed_names_no_id_and_no_file(printed):
    found = {where: faults(text) for where, text in printed()}
    assert {where: fault for where, fault in found.items() if fault} == {}


def test_approved_tables_name_no_id_and_no_file():
    approved = sorted((ROOT / "tests/golden/exhibits").glob("*.md"))
    # The first line of such a file is its name.
    bodies = {
        path.name: path.read_text("utf-8").partition("\n")[2] for path in approved
    }
    found = {name: faults(body) for name, body in bodies.items()}
    assert {where: fault for where, fault in found.items() if fault} == {}
    assert len(approved) > 30
