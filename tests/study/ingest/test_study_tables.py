"""The study as a whole: years, units, taxonomies, absent tables, and a hash that the order of rows does not move."""

from __future__ import annotations

import pandas as pd
import pytest

from evenfield.study.errors import IngestError
from evenfield.study.ingest.dictionary import public_dictionary, read_package, read_resources, refresh_hashes
from evenfield.study.ingest.outlines import read_outlines
from evenfield.study.ingest.study_tables import check_years, collect_taxonomies, describe_study
from evenfield.study.tables import OPTIONAL_TABLES, TAXONOMY_COLUMNS
from toy_study import TEXT, ToyStudy


def refused(toy: ToyStudy) -> str:
    with pytest.raises(IngestError) as caught:
        toy.read()
    return str(caught.value)


def test_years_off_the_declared_step_are_refused() -> None:
    panel = pd.DataFrame({"unit": "A", "year": [1940, 1950, 1955, 1960]})
    with pytest.raises(IngestError, match=r"has 1 year off the declared step of 10 \(1955\)"):
        check_years(panel, [1940, 1960], 10)
    check_years(panel[panel["year"] != 1955], [1940, 1960], 10)


def test_missing_rows_are_counted_and_named(toy: ToyStudy) -> None:
    toy.replace("panel", "B,2001,22,4,2.5\nB,2002,23,4,2.5\n", "")
    assert "panel.csv lacks 2 rows (B 2001, B 2002); expected every unit in every year from 2000 to 2003" in refused(
        toy
    )


def test_years_outside_the_study_are_left_alone(toy: ToyStudy) -> None:
    toy.config["panel"]["years"] = [2000, 2002]
    assert toy.read()["panel"]["year"].max() == 2003


def test_unknown_unit_in_the_panel(toy: ToyStudy) -> None:
    toy.replace("panel", "C,2000", "D,2000")
    assert "panel.csv names 1 unknown unit (D); expected a unit of units.csv" in refused(toy)


def test_unit_without_data(toy: ToyStudy) -> None:
    toy.replace("units", "C,Cland,丙市,0,\n", "C,Cland,丙市,0,\nD,Dland,丁市,0,\n")
    assert "units.csv has 1 unit without data (D); expected rows in panel.csv for each unit" in refused(toy)


def test_unknown_unit_in_a_table_that_declares_no_foreign_key(toy: ToyStudy) -> None:
    toy.path("zones").write_text("unit,type,year_in_force\nZ,sez,2000\n", encoding="utf-8")
    package = toy.package
    fields = [{"name": "unit"}, {"name": "type"}, {"name": "year_in_force", "type": "integer"}]
    package["resources"].append({"name": "zones", "path": "zones.csv", "schema": {"fields": fields}})
    toy.save(package)
    assert "zones.csv names 1 unknown unit (Z); expected a unit of units.csv" in refused(toy)


def test_unknown_taxonomy(toy: ToyStudy) -> None:
    toy.config["taxonomy"]["all"] = ["own", "theirs"]
    assert "no taxonomy 'theirs'; expected a table taxonomies/theirs.csv in datapackage.json" in refused(toy)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("C,1,1", "D,1,1", "1 unknown and lacks 1 units (D)"),
        ("C,1,1,,,BOOK,A,\n", "", "0 unknown and lacks 1 units (C)"),
    ],
)
def test_taxonomy_names_each_unit_once(toy: ToyStudy, old: str, new: str, found: str) -> None:
    toy.replace("taxonomies/own", old, new)
    assert f"taxonomies/own.csv names {found}" in refused(toy)


def test_taxonomy_none_is_no_cluster_and_no_zone_anywhere(toy: ToyStudy) -> None:
    toy.config["taxonomy"]["all"] = ["none"]
    taxonomies = toy.read()["taxonomies"]
    assert list(taxonomies.columns) == ["taxonomy", *TAXONOMY_COLUMNS]
    assert taxonomies["unit"].tolist() == ["A", "B", "C"]
    assert taxonomies[["cluster", "sez"]].eq(0).all(axis=None)


def test_taxonomy_of_three_columns_is_enough(toy: ToyStudy) -> None:
    toy.path("taxonomies/own").write_text("unit,cluster,sez\nA,1,0\nB,0,1\nC,0,0\n", encoding="utf-8")
    package = toy.package
    schema = toy.resource(package, "taxonomies/own")["schema"]
    schema["fields"] = schema["fields"][:3]
    toy.save(package)
    refresh_hashes(toy.package_path)
    taxonomies = toy.read()["taxonomies"]
    assert taxonomies["sez"].tolist() == [0, 1, 0]
    assert taxonomies["sez_from_year"].isna().all()


def test_dated_taxonomy_keeps_only_years_with_a_named_source(toy: ToyStudy) -> None:
    toy.replace("taxonomies/own", "A,1,0,,,", "A,1,1,2001,,").replace("taxonomies/own", "2002,2002", "2001,2002")
    tables = toy.read() | {"taxonomies/own": pd.read_csv(toy.path("taxonomies/own"))}
    dated = collect_taxonomies(tables, ["own+dated"]).set_index("unit")
    assert dated["sez"].to_dict() == {"A": 0, "B": 1, "C": 1}
    assert dated.loc["B", "sez_from_year"] == 2002
    assert pd.isna(dated.loc["C", "sez_from_year"])
    assert dated["taxonomy"].eq("own+dated").all()


def test_absent_tables_are_there_without_rows(toy: ToyStudy) -> None:
    tables = toy.read()
    for name, columns in OPTIONAL_TABLES.items():
        if name != "adjacency":
            assert list(tables[name].columns) == list(columns)
            assert tables[name].empty


def test_shuffled_rows_keep_tables_and_data_hash(toy: ToyStudy) -> None:
    before, files = toy.read(), {name: toy.path(name).read_bytes() for name in TEXT}
    toy.shuffle()
    after = toy.read()
    assert any(toy.path(name).read_bytes() != content for name, content in files.items())
    assert describe_study(after) == describe_study(before)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(after[name], frame)


def test_changed_figure_changes_its_table_and_the_data_hash_only(toy: ToyStudy) -> None:
    before = describe_study(toy.read())
    toy.replace("panel", "A,2001,12,", "A,2001,12.5,")
    after = describe_study(toy.read())
    assert after["data_hash"] != before["data_hash"]
    changed = {name for name in before["tables"] if before["tables"][name] != after["tables"][name]}
    assert changed == {"panel"}


@pytest.mark.parametrize(
    ("content", "found"),
    [("{", "is not a data package"), ("[]", "is not a data package"), ('{"resources": 3}', "is not a data package")],
)
def test_broken_dictionary_is_one_line(toy: ToyStudy, content: str, found: str) -> None:
    toy.package_path.write_text(content, encoding="utf-8")
    assert found in refused(toy)


def test_missing_dictionary_is_one_line(toy: ToyStudy) -> None:
    toy.package_path.unlink()
    assert "expected the dictionary named by data.package" in refused(toy)


def test_dictionary_must_describe_the_required_tables_inside_its_folder(toy: ToyStudy) -> None:
    package = toy.package
    package["resources"] = [item for item in package["resources"] if item["path"] != "sources.csv"]
    toy.save(package)
    assert "datapackage.json does not describe sources" in refused(toy)
    package["resources"].append({"name": "sources", "path": "../sources.csv"})
    toy.save(package)
    assert "'../sources.csv' leaves the data folder" in refused(toy)
    package["resources"][-1] = {"name": "sources"}
    toy.save(package)
    assert "resource 'sources' lacks 'path'" in refused(toy)


def test_refreshed_hashes_name_what_changed_and_a_second_time_change_nothing(toy: ToyStudy) -> None:
    toy.replace("panel", "A,2001,12,", "A,2001,12.5,", refresh=False)
    assert refresh_hashes(toy.package_path) == ["panel.csv"]
    before = toy.package_path.read_bytes()
    assert refresh_hashes(toy.package_path) == []
    assert toy.package_path.read_bytes() == before


def test_dictionary_whose_hashes_are_right_keeps_its_layout(toy: ToyStudy) -> None:
    toy.save(toy.package)
    before = toy.package_path.read_bytes()
    assert refresh_hashes(toy.package_path) == []
    assert toy.package_path.read_bytes() == before


def test_public_dictionary_has_no_hash_and_no_size(toy: ToyStudy) -> None:
    items = public_dictionary(toy.package_path)["resources"]
    assert len(items) == len(read_resources(toy.package_path))
    assert not [item for item in items if {"hash", "bytes"} & set(item)]
    assert all("hash" in item for item in read_package(toy.package_path)["resources"])


def test_outlines_of_unknown_units_and_files_that_hold_none(toy: ToyStudy) -> None:
    assert read_outlines(toy.package_path)["features"] == []
    package = toy.package
    package["resources"].append({"name": "map", "path": "map.geojson"})
    toy.save(package)
    assert "map.geojson holds no outlines" in refused(toy)
    (toy.folder / "data" / "map.geojson").write_text('{"features": [{"properties": {"unit": "Z"}}]}', encoding="utf-8")
    assert "the outlines name 1 unknown unit (Z)" in refused(toy)
