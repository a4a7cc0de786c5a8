"""Tables made anew: what differs is said cell by cell, and what the repository itself
carries gives its tables byte for byte.
"""

import os
from pathlib import Path

import pytest

from compiled.cluster_lists import ClusterLists
from compiled.raw_files import RawFolder, listed
from compiled.tables import RULES, differences, makers, notes, touching
from evenfield.study.files import read_json

ROOT = Path(__file__).parents[2]
DATA = {"provinces": ROOT / "data", "cities": ROOT / "examples/china-cities/data"}
RAW = os.environ.get("EVENFIELD_RAW", "")  # a folder of the raw files of both studies
KEPT = b"unit,year,gdp\nA,2000,1.5\nB,2000,\n"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (KEPT, []),
        (
            KEPT.replace(b"1.5", b"1.6"),
            ["1 cell differs", "  A,2000 gdp: 1.6; in data/ 1.5"],
        ),
        (
            KEPT.replace(b"1.5", b"").replace(b"B,2000,", b"B,2000,7"),
            [
                "2 cells differ",
                "  A,2000 gdp: blank; in data/ 1.5",
                "  B,2000 gdp: 7; in data/ blank",
            ],
        ),
        (
            KEPT + b"C,2000,3\n",
            [
                "0 rows of data/ not made, first []; 1 row made that data/ lacks, first"
                " ['C,2000,3']"
            ],
        ),
        (
            KEPT.replace(b"gdp", b"income"),
            ["columns unit,year,income; in data/ unit,year,gdp"],
        ),
        (
            KEPT.replace(b"1.5", b'"1.5"'),
            ["the same cells in other bytes: quotes or line ends"],
        ),
    ],
)
def test_differences_name_the_first_cells(made, said):
    assert list(differences(made, KEPT)) == said


@pytest.mark.parametrize("study", DATA)
def test_every_table_is_made_or_says_why_not(study):
    package = DATA[study] / "datapackage.json"
    made = set(makers(package, RawFolder(ROOT, {})))
    said = notes(package)
    described = {resource["path"] for resource in read_json(package)["resources"]}
    assert made <= described
    assert {table for table, note in said.items() if "not" in note} == described - made
    assert all(" " in text for note in said.values() for text in note.values())


def test_rules_that_follow_from_tables_give_the_taxonomies():
    lists = ClusterLists(RawFolder(ROOT, {}), DATA["provinces"])
    kept = DATA["provinces"] / "taxonomies"
    for rule in RULES:
        assert lists.rule(rule) == (kept / f"rule_{rule}.csv").read_bytes(), rule
    assert lists.catalogue() == (kept / "catalogue.csv").read_bytes()


def test_outlines_give_the_neighbours_of_provinces():
    made = touching(DATA["provinces"] / "provinces.geojson")
    assert made == (DATA["provinces"] / "adjacency.csv").read_bytes()


@pytest.mark.skipif(not RAW, reason="EVENFIELD_RAW names no folder of raw files")
@pytest.mark.parametrize("study", DATA)
def test_raw_files_give_the_tables_byte_for_byte(study):
    data = DATA[study]
    raw = RawFolder(Path(RAW), listed(data))
    raw.refuse_others()
    for table, make in makers(data / "datapackage.json", raw).items():
        assert list(differences(make(), (data / table).read_bytes())) == [], table
