"""The study as a whole: years, units, taxonomies, absent tables, and a hash that the
order of rows does not move.
"""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from evenfield.study.errors import ConfigError, EvenfieldError, IngestError
from evenfield.study.ingest.dictionary import (
    public_dictionary,
    read_package,
    read_resources,
    refresh_hashes,
)
from evenfield.study.ingest.study_tables import (
    check_dates,
    check_units,
    check_years,
    collect_taxonomies,
    describe_study,
)
from refusals import fails
from toy_study import TEXT


def refused(toy):
    with pytest.raises(EvenfieldError) as caught:
        toy.read()
    return str(caught.value)


def test_years_off_the_declared_step_are_refused():
    panel = pd.DataFrame({"unit": "A", "year": [1940, 1950, 1955, 1960]})
    fails(
        IngestError,
        r"has 1 year off the declared step of 10 \(1955\)",
        check_years,
        panel,
        [1940, 1960],
        10,
    )
    check_years(panel[panel["year"] != 1955], [1940, 1960], 10)


@pytest.mark.parametrize(
    ("name", "ends"),
    [("policies", {"unit": ["Z"]}), ("distances", {"unit_i": ["A"], "unit_j": ["Z"]})],
)
def test_a_unit_that_is_none_is_refused_in_any_table(name, ends):
    known = pd.DataFrame({"unit": ["A", "B"]})
    tables = {"panel": known, "units": known, name: pd.DataFrame(ends)}
    fails(IngestError, rf"{name}.csv names 1 unknown unit \(Z\)", check_units, tables)
    check_units({**tables, name: pd.DataFrame(ends).replace("Z", "B")})


def test_a_policy_that_ends_before_it_begins_is_refused():
    policy = pd.DataFrame({"unit": ["A"], "first_year": [2005], "last_year": [2004]})
    tables = {"panel": pd.DataFrame({"year": [2000, 2010]}), "policies": policy}
    words = r"1 last_year before first_year \(A 2004\); expected an end after"
    fails(IngestError, words, check_dates, tables)
    check_dates({**tables, "policies": policy.assign(last_year=2005)})


def test_a_column_stands_in_one_table_only(toy):
    package = toy.package
    toy.resource(package, "units")["schema"]["fields"][3]["name"] = "people"
    toy.save(package)
    toy.replace("units", "coastal", "people")
    words = "panel.csv and units.csv both have 1 column (people); expected figures by"
    assert words in refused(toy)


def replaced(*args):
    return lambda toy: toy.replace(*args)


SPAN = "output,all,2000,2003,A,official,BOOK,"
D = "D,Dland,丁市,0,\n"
CASES = [
    (
        replaced("panel", "C,2000", "D,2000"),
        "panel.csv names 1 unknown unit (D); expected a unit of units.csv",
    ),
    (
        replaced("units", "C,Cland", f"{D}C,Cland"),
        "units.csv has 1 unit without data (D); expected rows in panel.csv",
    ),
    (
        replaced("taxonomies/own", "C,1,1", "D,1,1"),
        "taxonomies/own.csv names 1 unknown and lacks 1 units (D)",
    ),
    (
        replaced("taxonomies/own", "C,1,1,,,BOOK,A,\n", ""),
        "taxonomies/own.csv names 0 unknown and lacks 1 units (C)",
    ),
    (
        replaced("panel_provenance", SPAN, SPAN.replace("2003", "2002")),
        "no or two sources (A 2003, B 2003, C 2003)",
    ),
    (
        replaced(
            "panel_provenance", SPAN, f"{SPAN}\noutput,B,2001,2001,B,official,BOOK,"
        ),
        "no or two sources (B 2001)",
    ),
    (
        replaced("panel_provenance", SPAN, SPAN.replace("all", "A B")),
        "4 figures of output with no or two sources (C 2",
    ),
]


@pytest.mark.parametrize(("break_it", "message"), CASES)
def test_fault_is_one_line(toy, break_it, message):
    break_it(toy)
    assert message in refused(toy)


def test_dated_taxonomy_keeps_only_years_with_a_named_source(toy):
    toy.replace("taxonomies/own", "A,1,0,,,", "A,1,1,2001,,").replace(
        "taxonomies/own", "2002,2002", "2001,2002"
    )
    tables = toy.read() | {"taxonomies/own": pd.read_csv(toy.path("taxonomies/own"))}
    dated = collect_taxonomies(tables, ["own+dated"]).set_index("unit")
    assert dated["sez"].to_dict() == {"A": 0, "B": 1, "C": 1}
    assert dated.loc["B", "sez_from_year"] == 2002
    assert pd.isna(dated.loc["C", "sez_from_year"])
    assert dated["taxonomy"].eq("own+dated").all()
    undated = collect_taxonomies(tables, ["own+undated"]).set_index("unit")
    assert undated["sez"].eq(1).all()
    assert undated["sez_from_year"].isna().all()


def test_data_hash_ignores_the_order_of_rows_and_sees_a_figure(toy):
    before = toy.read()
    files = {name: toy.path(name).read_bytes() for name in TEXT}
    toy.shuffle()
    after = toy.read()
    assert any(
        toy.path(name).read_bytes() != content for name, content in files.items()
    )
    assert describe_study(after) == describe_study(before)
    for name, frame in before.items():
        assert_frame_equal(after[name], frame)
    before = describe_study(toy.read())
    toy.replace("panel", "A,2001,12,", "A,2001,12.5,")
    after = describe_study(toy.read())
    assert after["data_hash"] != before["data_hash"]
    changed = {
        name
        for name in before["tables"]
        if before["tables"][name] != after["tables"][name]
    }
    assert changed == {"panel"}


def test_refreshed_hashes_name_what_changed_and_are_not_made_public(toy):
    toy.replace("panel", "A,2001,12,", "A,2001,12.5,", refresh=False)
    assert refresh_hashes(toy.package_path) == ["panel.csv"]
    toy.save(toy.package)
    before = toy.package_path.read_bytes()
    assert refresh_hashes(toy.package_path) == []
    assert toy.package_path.read_bytes() == before
    items = public_dictionary(toy.package_path)["resources"]
    assert len(items) == len(read_resources(toy.package_path))
    assert not [item for item in items if {"hash", "bytes"} & set(item)]
    assert all("hash" in item for item in read_package(toy.package_path)["resources"])


def test_blank_cell_needs_no_source(toy):
    toy.replace("panel_provenance", SPAN, "output,all,2001,2003,A,official,BOOK,")
    for i in (1, 2, 3):
        toy.replace("panel", f",2000,{10 * i + 1},", ",2000,,")
    assert toy.read()["panel"]["output"].notna().sum() == 9


def test_grade_c_is_off_and_on_by_name_of_a_column(toy):
    assert toy.read()["panel"]["doubtful"].isna().all()
    toy.config["data"]["grade_c"] = ["doubtful"]
    assert toy.read()["panel"]["doubtful"].notna().all()
    toy.config["data"]["grade_c"] = ["doubful"]
    fails(
        ConfigError,
        r"data.grade_c names doubful; expected columns of panel.csv",
        toy.read,
    )


def test_only_the_doubtful_span_of_a_variable_is_dropped(toy):
    parts = "doubtful,all,2000,2001,A,official,BOOK,\ndoubtful,A B,2002,2003,C"
    toy.replace("panel_provenance", "doubtful,all,2000,2003,C", parts)
    toy.replace(
        "panel_provenance",
        "C,estimated,BOOK,",
        "C,estimated,BOOK,\ndoubtful,C,2002,2003,B,official,BOOK,",
    )
    panel = toy.read()["panel"]
    off = panel[panel["doubtful"].isna()]
    assert list(zip(off["unit"], off["year"], strict=True)) == [
        ("A", 2002),
        ("A", 2003),
        ("B", 2002),
        ("B", 2003),
    ]


def test_a_table_has_a_minute(toy, monkeypatch):
    seconds = []
    monkeypatch.setattr(
        "signal.setitimer", lambda _, duration: seconds.append(duration)
    )
    toy.read()
    assert set(seconds) == {60.0, 0}
