"""The data that ship: an independent reader of the standard agrees; ledger, sources and links are whole."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from frictionless import Package, system

from evenfield.study.ingest.dictionary import read_resources
from evenfield.study.ingest.outlines import read_outlines
from evenfield.study.ingest.study_tables import describe_study, read_study

DATA = Path(__file__).parents[3] / "data"
Tables = dict[str, pd.DataFrame]


def test_frictionless_agrees_that_the_package_is_valid() -> None:
    with system.use_context(trusted=True):
        report = Package(str(DATA / "datapackage.json")).validate()
    assert report.flatten(["rowNumber", "fieldName", "type", "note"]) == []
    assert report.valid


def test_frictionless_and_we_refuse_the_same_cell(china_copy: Path, china_config: dict[str, Any]) -> None:
    panel = china_copy / "data" / "panel.csv"
    text = panel.read_text(encoding="utf-8")
    panel.write_text(text.replace("CN-AH,1978,117.77,", "CN-AH,1978,1177700,", 1), encoding="utf-8", newline="\n")
    report = Package(str(china_copy / "data" / "datapackage.json")).get_resource("panel").validate()
    theirs = {(row[0], row[1]) for row in report.flatten(["rowNumber", "fieldName"]) if row[1]}
    assert theirs == {(2, "gdp_100m_cny")}
    package = str(china_copy / "data" / "datapackage.json")
    config = {**china_config, "data": {**china_config["data"], "package": package}}
    with pytest.raises(Exception, match=r"panel.csv has 1 gdp_100m_cny out of range \(CN-AH 1978\)"):
        read_study(config)


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("claims", 59),
        ("cases", 7),
        ("hypotheses", 17),
        ("reasons", 7),
        ("adjacency", 68),
        ("units", 31),
        ("zones", 515),
    ],
)
def test_tables_are_whole(china_tables: Tables, table: str, rows: int) -> None:
    assert len(china_tables[table]) == rows


def test_every_source_that_is_named_exists(china_tables: Tables) -> None:
    known = set(china_tables["sources"]["source"])
    checked = 0
    for name, table in china_tables.items():
        if "source" in table and name != "sources":
            named = {
                word for cell in table["source"] for word in re.findall(r"\b(?:S\d{2}|[A-Z][A-Z0-9]{3,})\b", str(cell))
            }
            assert named <= known, f"{name}: {sorted(named - known)}"
            checked += len(named)
    assert checked > 60
    assert set(china_tables["panel_provenance"]["source"]) <= known


def test_every_hypothesis_and_reason_of_a_claim_exists(china_tables: Tables) -> None:
    claims = china_tables["claims"]
    for column, table, key in (("hypotheses", "hypotheses", "hypothesis"), ("reason_codes", "reasons", "code")):
        named = {word for cell in claims[column] for word in cell.split()}
        assert named <= set(china_tables[table][key]), column
    back = {word for cell in china_tables["hypotheses"]["claims"] for word in cell.split()}
    assert back <= set(claims["claim_id"])


def test_links_are_written_once_between_known_units_and_only_hainan_has_none(china_tables: Tables) -> None:
    links, units = china_tables["adjacency"], set(china_tables["units"]["unit"])
    assert (links["unit_i"] < links["unit_j"]).all()
    assert units - set(links["unit_i"]) - set(links["unit_j"]) == {"CN-HI"}
    assert set(links.to_numpy().ravel()) < units


def test_every_file_of_the_folder_is_in_the_dictionary_with_its_hash() -> None:
    described = {resource.path: resource.hash for resource in read_resources(DATA / "datapackage.json").values()}
    found = {path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.suffix in {".csv", ".geojson"}}
    assert set(described) == found
    assert all(described.values())


def test_outlines_are_those_of_the_units(china_tables: Tables) -> None:
    features = read_outlines(DATA / "datapackage.json")["features"]
    assert [feature["properties"]["unit"] for feature in features] == list(china_tables["units"]["unit"])


def test_readme_says_how_many_rows_each_table_has(china_tables: Tables) -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for name in ("panel", "panel_provenance", "panel_merged", "units", "sources", "zones", "clusters", "programmes"):
        (said,) = re.findall(rf"^\| `{name}\.csv` \| ([\d ]+) \|", text, flags=re.MULTILINE)
        assert int(said.replace(" ", "")) == len(china_tables[name]), name


def test_nothing_in_the_data_is_simulated(china_tables: Tables) -> None:
    assert describe_study(china_tables)["simulated"] == []


def test_income_until_1998_is_the_only_use_of_grade_c(china_tables: Tables, china_config: dict[str, Any]) -> None:
    assert china_config["data"]["grade_c"] == ["gdp_real_proxy_100m_cny_2000"]
    panel = china_tables["panel"]
    assert panel["fdi_actual_10k_usd"].isna().all()
    assert panel.loc[panel["year"] < 1996, "gfcf_100m_cny"].isna().all()
    assert panel.loc[panel["year"] <= 1998, "gdp_real_proxy_100m_cny_2000"].notna().all()


def test_sectors_add_up_to_output(china_tables: Tables) -> None:
    panel = china_tables["panel"].query("2000 <= year <= 2019")
    sectors = panel[["va_primary_100m_cny", "va_secondary_100m_cny", "va_tertiary_100m_cny"]].sum(axis=1)
    assert (sectors / panel["gdp_100m_cny"] - 1).abs().max() < 0.0005


def test_dictionary_is_written_as_refresh_writes_it() -> None:
    text = (DATA / "datapackage.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
