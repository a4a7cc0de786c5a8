"""Ingest a whole study: every table checked in an order that names the real fault first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.errors import IngestError, first_examples
from evenfield.study.files import content_hash
from evenfield.study.ingest.dictionary import read_package, read_resources
from evenfield.study.ingest.outlines import check_outlines, read_outlines
from evenfield.study.ingest.provenance import check_coverage, drop_doubtful, simulated_variables, whole_origin
from evenfield.study.ingest.tables import check_foreign_keys, check_hashes, read_checked
from evenfield.study.tables import DATED_SUFFIX, NO_TAXONOMY, OPTIONAL_TABLES, TAXONOMY_COLUMNS, UNDATED_SUFFIX


def read_study(config: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Read every table of a study and check it against the dictionary and the config."""
    tables = read_structure(config)
    package = Path(config["data"]["package"])
    check_hashes(package.parent, read_resources(package))
    return _arranged(tables, config)


def read_structure(config: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Read every table and check all but the checksums, so that a structural fault is named first."""
    package = Path(config["data"]["package"])
    resources = read_resources(package)
    described = {name: resource for name, resource in resources.items() if resource.fields}
    tables = {name: read_checked(package.parent, resource) for name, resource in described.items()}
    tables |= whole_origin(read_package(package), tables)
    check_foreign_keys(tables, described)
    check_years(tables["panel"], config["panel"]["years"], config["panel"]["step"])
    check_units(tables)
    check_outlines(read_outlines(package), list(tables["units"]["unit"]))
    check_coverage(tables["panel"], tables["panel_provenance"])
    collect_taxonomies(tables, config["taxonomy"]["all"])
    return tables


def _arranged(tables: Mapping[str, pd.DataFrame], config: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    out = {name: frame for name, frame in tables.items() if "/" not in name}
    for name, columns in OPTIONAL_TABLES.items():
        out.setdefault(name, pd.DataFrame(columns=list(columns)))
        absent = [column for column in columns if column not in out[name]]
        out[name] = out[name].assign(**dict.fromkeys(absent, np.nan))
    spans, switched_on = out["panel_provenance"], config["data"]["grade_c"]
    out["panel"] = drop_doubtful(out["panel"], spans, switched_on)
    merged = out["panel_merged"]
    of_merged = spans[spans["variable"].isin(merged.columns)]
    out["panel_merged"] = drop_doubtful(merged, of_merged, [name for name in switched_on if name in merged])
    out["taxonomies"] = collect_taxonomies(tables, config["taxonomy"]["all"])
    return out


def check_years(panel: pd.DataFrame, years: list[int], step: int) -> None:
    """Check that every unit has every year of the study at the declared step."""
    wanted = set(range(years[0], years[1] + 1, step))
    inside = panel[panel["year"].between(years[0], years[1])]
    stray = sorted(set(inside["year"].astype(int)) - wanted)
    if stray:
        raise IngestError(
            f"panel.csv has {len(stray)} year off the declared step of {step} "
            f"({first_examples([str(y) for y in stray])})",
            f"years from {years[0]} every {step}",
            "correct the years or panel.step in config.yaml",
        )
    have = set(zip(inside["unit"], inside["year"].astype(int), strict=True))
    gaps = [
        f"{unit} {year}" for unit in sorted(set(panel["unit"])) for year in sorted(wanted) if (unit, year) not in have
    ]
    if gaps:
        raise IngestError(
            f"panel.csv lacks {len(gaps)} rows ({first_examples(gaps)})",
            f"every unit in every year from {years[0]} to {years[1]} at step {step}",
            "add the rows or correct panel.years and panel.step in config.yaml",
        )


def check_units(tables: Mapping[str, pd.DataFrame]) -> None:
    """Check that panel and units name the same units, and that no other table names an unknown one."""
    panel, units = set(tables["panel"]["unit"]), set(tables["units"]["unit"])
    for name, table in tables.items():
        unknown = sorted(set(table["unit"]) - units - {""}) if "unit" in table and "/" not in name else []
        if unknown:
            raise IngestError(
                f"{name}.csv names {len(unknown)} unknown unit ({first_examples(unknown)})",
                "a unit of units.csv",
                "correct the id or add it there",
            )
    if units - panel:
        raise IngestError(
            f"units.csv has {len(units - panel)} unit without data ({first_examples(sorted(units - panel))})",
            "rows in panel.csv for each unit",
            "add the rows or remove the unit",
        )


def collect_taxonomies(tables: Mapping[str, pd.DataFrame], names: list[str]) -> pd.DataFrame:
    """Stack the taxonomies that the config names."""
    units = sorted(tables["units"]["unit"])
    frames = [_taxonomy(tables, name, units).assign(taxonomy=name) for name in names]
    return pd.concat(frames, ignore_index=True)[["taxonomy", *TAXONOMY_COLUMNS]]


def _taxonomy(tables: Mapping[str, pd.DataFrame], name: str, units: list[str]) -> pd.DataFrame:
    if name == NO_TAXONOMY:
        empty = {"unit": units, "cluster": 0, "sez": 0, "sez_from_year": np.nan, "sez_from_year_dated": np.nan}
        return pd.DataFrame({**empty, "source": "", "confidence": "", "note": ""})
    file = f"taxonomies/{name.removesuffix(DATED_SUFFIX).removesuffix(UNDATED_SUFFIX)}"
    if file not in tables:
        raise IngestError(
            f"no taxonomy '{name}'",
            f"a table {file}.csv in datapackage.json",
            "add it or correct taxonomy.all in config.yaml",
        )
    frame = tables[file].reindex(columns=list(TAXONOMY_COLUMNS))
    unknown, missing = sorted(set(frame["unit"]) - set(units)), sorted(set(units) - set(frame["unit"]))
    if unknown or missing:
        raise IngestError(
            f"{file}.csv names {len(unknown)} unknown and lacks {len(missing)} units "
            f"({first_examples(unknown or missing)})",
            "each unit of units.csv once",
            "correct the taxonomy",
        )
    if name.endswith(UNDATED_SUFFIX):
        return frame.assign(sez_from_year=np.nan, sez_from_year_dated=np.nan)
    return _dated(frame) if name.endswith(DATED_SUFFIX) else frame


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    dated = frame["sez_from_year_dated"]
    timed = frame["sez_from_year"].notna()
    sez = frame["sez"].where(~timed | dated.notna(), 0)
    return frame.assign(sez=sez, sez_from_year=dated.where(timed, np.nan))


def describe_study(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Summarise what was read, by hashes of content that do not depend on the order of rows."""
    hashes = {name: content_hash(frame) for name, frame in sorted(tables.items())}
    together = pd.DataFrame(sorted(hashes.items()), columns=["table", "hash"])
    return {
        "data_hash": content_hash(together),
        "tables": {name: {"hash": hashes[name], "rows": len(frame)} for name, frame in sorted(tables.items())},
        "simulated": simulated_variables(tables["panel_provenance"]),
    }
