"""docs/paper holds to the rules of the Journal of Open Source Software, and each number
of it stands on the generated page that it names.
"""

import re
from pathlib import Path

import pytest
import yaml

from evenfield.report.bibliography import read_references

ROOT = Path(__file__).parents[2]
_, HEAD, TEXT = (ROOT / "docs/paper/paper.md").read_text("utf-8").split("---\n", 2)
FRONT = yaml.safe_load(HEAD)
MOST_WORDS = 1_000
NUMBER = re.compile(r"(?<![\w.])\d(?:[\d.,]*\d)?(?![\w])")
CITED = re.compile(r"@([A-Za-z]\w*)")
# The pages that a paragraph takes its numbers from stand below it, unseen.
PAGES = re.compile(r"<!-- numbers: (.*?) -->")
PROSE = re.sub(r"(?ms)^```.*?^```\n", "", TEXT)
PROSE = re.sub(r"`[^`\n]*`|" + CITED.pattern, "", PROSE)


def sections():
    """Each paragraph that has a number, with the pages that it names."""
    found = []
    for part in PROSE.split("\n\n"):
        if named := PAGES.search(part):
            found[-1][1].extend(named[1].split(", "))
        elif NUMBER.search(part):
            found.append((part, []))
    return found


def test_it_is_short():
    assert len(PAGES.sub("", TEXT).split()) <= MOST_WORDS


def test_it_says_who_wrote_what_since_when():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert [one["name"] for one in FRONT["authors"]] == [
        " ".join(
            author.get(part, "") for part in ("given-names", "family-names", "name")
        ).strip()
        for author in citation["authors"]
    ]
    assert FRONT["bibliography"] == "paper.bib"
    for heading in ("Summary", "Statement of need", "State of the field", "References"):
        assert f"\n# {heading}\n" in TEXT


def test_every_key_that_is_cited_exists_and_every_entry_is_cited():
    references = read_references(ROOT / "docs/paper/paper.bib")
    assert set(CITED.findall(TEXT)) == set(references)


@pytest.mark.parametrize(("paragraph", "pages"), sections())
def test_every_number_stands_on_the_page_that_is_named(paragraph, pages):
    assert pages, paragraph
    there = set()
    for page in pages:
        there |= set(NUMBER.findall((ROOT / page).read_text("utf-8")))
    assert set(NUMBER.findall(paragraph)) <= there
