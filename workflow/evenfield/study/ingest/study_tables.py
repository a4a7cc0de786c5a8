"""Ingest a whole study: every table checked in an order that names the real fault
first.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.errors import (
    ConfigError,
    Faults,
    IngestError,
    counted,
    first_examples,
)
from evenfield.study.files import Record
from evenfield.study.ingest.dictionary import read_package, read_resources
from evenfield.study.ingest.outlines import check_outlines, read_outlines
from evenfield.study.ingest.provenance import (
    check_coverage,
    drop_doubtful,
    simulated_variables,
    whole_origin,
)
from evenfield.study.ingest.tables import (
    check_hashes,
    foreign_key_faults,
    read_checked,
    time_limit,
)
from evenfield.study.spans import ALL_UNITS
from evenfield.study.table_files import content_hash
from evenfield.study.tables import (
    DATED_SUFFIX,
    NO_TAXONOMY,
    OPTIONAL_TABLES,
    TAXONOMY_COLUMNS,
    UNDATED_SUFFIX,
)

LONGEST = 60.0  # seconds for one table


def read_study(config: Record) -> dict[str, pd.DataFrame]:
    """Read every table of a study and check it against the dictionary and the config."""
    tables = read_structure(config)
    package = Path(config["data"]["package"])
    # Checksums last, so that a broken row is named and not merely a changed file.
    check_hashes(package.parent, read_resources(package))
    return left_out(_arranged(tables, config), config["panel"]["leave_out"])


def left_out(
    tables: Mapping[str, pd.DataFrame], units: list[str]
) -> dict[str, pd.DataFrame]:
    """Drop units that the study is made without from every table."""
    known = tables["units"]
    unknown = sorted(set(units) - set(known["unit"]))
    if unknown:
        same_name = known[known["name"].isin(unknown)]
        ids = [
            f"{unit} for {name}"
            for unit, name in same_name[["unit", "name"]].to_numpy()
        ]
        raise ConfigError(
            f"panel.leave_out names {first_examples(unknown)}",
            "ids of units.csv",
            f"write {first_examples(ids)}" if ids else "correct the id",
        )
    out = dict(tables)
    for name, frame in tables.items() if units else ():
        # A link goes as soon as one of its ends is left out.
        named = (
            frame[frame.columns.intersection(["unit", "unit_i", "unit_j"])]
            .isin(units)
            .any(axis=1)
        )
        out[name] = frame[~named].reset_index(drop=True)
    return out


def read_structure(config: Record) -> dict[str, pd.DataFrame]:
    """Read every table and check all but the checksums, so that a structural fault is
    named first.
    """
    package = Path(config["data"]["package"])
    faults = Faults()
    tables = read_tables(package, faults)
    years = config["panel"]["years"]
    step = config["panel"]["step"]
    # What a check needs, and the check: a table that is broken already is told once.
    checks: list[tuple[str, Callable[[], object]]] = [
        ("panel", lambda: check_years(tables["panel"], years, step)),
        ("panel units", lambda: check_units(tables)),
        ("panel units", lambda: check_columns(tables)),
        ("units", lambda: check_places(tables["units"])),
        (
            "units",
            lambda: check_outlines(
                read_outlines(package), list(tables["units"]["unit"])
            ),
        ),
        ("panel panel_provenance", lambda: check_coverage(tables)),
        ("panel", lambda: check_dates(tables)),
        ("policies", lambda: check_policies(tables["policies"])),
    ]
    broken = set(read_resources(package)) - set(tables)
    named = [
        name for name in config["taxonomy"]["all"] if _taxonomy_file(name) not in broken
    ]
    checks += [("units", partial(collect_taxonomies, tables, [name])) for name in named]
    for needed, check in checks:
        if set(needed.split()) <= set(tables):
            with faults.caught():
                check()
    faults.refuse()
    return tables


def read_tables(
    package: str | Path, faults: Faults | None = None
) -> dict[str, pd.DataFrame]:
    """Read every table by itself; what is wrong is added to ``faults`` or refused."""
    fault = Faults()
    tables = dict[str, pd.DataFrame]()
    resources = {
        name: resource
        for name, resource in read_resources(package).items()
        if resource.fields
    }
    for name, resource in resources.items():
        with fault.caught(), time_limit(resource.path, LONGEST):
            tables[name] = read_checked(Path(package).parent, resource)
    fault += foreign_key_faults(tables, resources)
    if set(resources) <= set(tables):
        tables |= whole_origin(read_package(package), tables)
    if faults is None:
        fault.refuse()
    else:
        faults += fault
    return tables


def _arranged(
    tables: Mapping[str, pd.DataFrame], config: Record
) -> dict[str, pd.DataFrame]:
    out = {name: frame for name, frame in tables.items() if "/" not in name}
    for name, columns in OPTIONAL_TABLES.items():
        out.setdefault(name, pd.DataFrame(columns=list(columns)))
        absent = [column for column in columns if column not in out[name]]
        out[name] = out[name].assign(**dict.fromkeys(absent, np.nan))
    spans = out["panel_provenance"]
    switched_on = config["data"]["grade_c"]
    out["panel"] = drop_doubtful(out["panel"], spans, switched_on)
    merged = out["panel_merged"]
    # Spans of columns that this table lacks would be refused as unknown.
    of_merged = spans[spans["variable"].isin(merged.columns)]
    out["panel_merged"] = drop_doubtful(
        merged, of_merged, [name for name in switched_on if name in merged]
    )
    out["taxonomies"] = collect_taxonomies(tables, config["taxonomy"]["all"])
    return out


def check_years(panel: pd.DataFrame, years: list[int], step: int) -> None:
    """Check that every unit has every year of the study at the declared step."""
    wanted = set(range(years[0], years[1] + 1, step))
    inside = panel[panel["year"].between(years[0], years[1])]
    stray = sorted(set(inside["year"].astype(int).unique().tolist()) - wanted)
    if stray:
        raise IngestError(
            f"panel.csv has {counted(len(stray), 'year')} off the declared step of {step} "
            f"({first_examples([str(y) for y in stray])})",
            f"years from {years[0]} every {step}",
            "correct the years or panel.step in config.yaml",
        )
    pairs = inside[["unit", "year"]].drop_duplicates()
    if len(pairs) == len(wanted) * panel["unit"].nunique():
        return
    years_inside = inside["year"].astype(int).tolist()
    have = set(zip(inside["unit"].tolist(), years_inside, strict=True))
    gaps = [
        f"{unit} {year}"
        for unit in sorted(panel["unit"].unique())
        for year in sorted(wanted)
        if (unit, year) not in have
    ]
    if gaps:
        raise IngestError(
            f"panel.csv lacks {counted(len(gaps), 'row')} ({first_examples(gaps)})",
            f"every unit in every year from {years[0]} to {years[1]} at step {step}",
            "add the rows or correct panel.years and panel.step in config.yaml",
        )


def check_units(tables: Mapping[str, pd.DataFrame]) -> None:
    """Check that panel and units name the same units, and that no other table names an
    unknown one.
    """
    panel = set(tables["panel"]["unit"].unique())
    units = set(tables["units"]["unit"])
    for name, table in tables.items():
        if "/" in name:
            continue
        named = table[table.columns.intersection(["unit", "unit_i", "unit_j"])]
        unknown = sorted({*named.to_numpy().ravel()} - units - {""})
        if unknown:
            raise IngestError(
                f"{name}.csv names {counted(len(unknown), 'unknown unit')}"
                f" ({first_examples(unknown)})",
                "a unit of units.csv",
                "correct the id or add it there",
            )
    blank = tables["units"].reindex(columns=["lat", "lon"]).isna().any(axis=1)
    if 0 < blank.sum() < len(blank):
        lost = sorted(tables["units"].loc[blank, "unit"])
        fault = (
            f"units.csv has {counted(len(lost), 'unit')} without lat or lon"
            f" ({first_examples(lost)})"
        )
        raise IngestError(
            fault,
            "coordinates of every unit or of none",
            "fill them or drop both columns",
        )
    if units - panel:
        raise IngestError(
            f"units.csv has {counted(len(units - panel), 'unit')} without data"
            f" ({first_examples(sorted(units - panel))})",
            "rows in panel.csv for each unit",
            "add the rows or remove the unit",
        )


def check_columns(tables: Mapping[str, pd.DataFrame]) -> None:
    """Check that a column stands in one of panel and units, so that its name means one
    thing.
    """
    both = tables["panel"].columns.intersection(tables["units"].columns)
    both = both.drop("unit", errors="ignore")
    if len(both):
        raise IngestError(
            f"panel.csv and units.csv both have {counted(len(both), 'column')}"
            f" ({first_examples(list(both))})",
            "figures by year in panel.csv, and what describes units in units.csv",
            "remove it from one of them, there and in datapackage.json",
        )


def check_places(units: pd.DataFrame) -> None:
    """Check that ids can stand in a list of ids, and that coordinates are degrees."""
    ids = units["unit"].astype(str)
    # Provenance lists ids with blanks between them, and means every unit by ``all``.
    wrong = sorted(ids[ids.str.contains(r"\s") | ids.eq("") | ids.eq(ALL_UNITS)])
    if wrong:
        raise IngestError(
            f"units.csv has {counted(len(wrong), 'id')} that cannot be used"
            f" ({first_examples([repr(name) for name in wrong])})",
            f"ids without blanks and line breaks, other than '{ALL_UNITS}'",
            "rename the unit in every table",
        )
    for name, most in (("lat", 90), ("lon", 180)):
        if name in units and len(off := units[units[name].abs() > most]):
            fault = (
                f"units.csv has {len(off)} {name} beyond {most} degrees"
                f" ({first_examples(list(off['unit']))})"
            )
            raise IngestError(
                fault, f"degrees from -{most} to {most}", "correct the cell"
            )


def check_dates(tables: Mapping[str, pd.DataFrame]) -> None:
    """Check that zones and policies end after they begin, and that programmes begin
    within the years of the data.
    """
    zones = tables.get("zones", pd.DataFrame())
    programmes = tables.get("programmes", pd.DataFrame())
    policies = tables.get("policies", pd.DataFrame())
    faults = Faults()
    if "last_year" in policies and len(
        off := policies[policies["last_year"] < policies["first_year"]]
    ):
        named = [f"{row.unit} {row.last_year:.0f}" for row in off.itertuples()]
        fault = (
            f"policies.csv has {len(off)} last_year before first_year"
            f" ({first_examples(named)})"
        )
        faults.append(IngestError(fault, "an end after the start", "correct the years"))
    if "exit_year" in zones and len(
        off := zones[zones["exit_year"] <= zones["year_in_force"]]
    ):
        named = [f"{row.unit} {row.exit_year:.0f}" for row in off.itertuples()]
        fault = (
            f"zones.csv has {len(off)} exit_year not after year_in_force"
            f" ({first_examples(named)})"
        )
        faults.append(
            IngestError(fault, "an exit after the start", "correct the years")
        )
    first = tables["panel"]["year"].min()
    last = tables["panel"]["year"].max()
    if len(programmes) and len(
        off := programmes[~programmes["first_year"].between(first, last)]
    ):
        named = [f"{row.programme} {row.first_year:.0f}" for row in off.itertuples()]
        fault = (
            f"programmes.csv has {len(off)} first_year outside the panel"
            f" ({first_examples(named)})"
        )
        faults.append(
            IngestError(
                fault,
                f"years from {first:.0f} to {last:.0f}",
                "correct or remove the rows",
            )
        )
    faults.refuse()


def check_policies(policies: pd.DataFrame) -> None:
    """Check that each policy has a first year and a kind in one spelling, and that none
    stands twice.
    """
    kinds = policies["kind"].astype(str)
    spellings = kinds.drop_duplicates()
    alike = spellings[spellings.str.casefold().duplicated(keep=False)]
    first_year = "the first year of each policy"
    kind = "a kind in each row, such as policy"
    line_end = kinds.str.contains(r"[\r\n]")
    found = [
        # A unit without one would silently become a control.
        (policies["first_year"].isna(), "without first_year", first_year),
        (kinds.eq(""), "without kind", kind),
        (line_end, "with a line end in kind", "kinds of one line"),
        (policies.duplicated(), "that stands there already", "each policy once"),
    ]
    faults = Faults()
    for wrong, word, expected in found:
        if wrong.any():
            rows = counted(int(wrong.sum()), "row")
            units = first_examples(list(policies.loc[wrong, "unit"]))
            fault = f"policies.csv has {rows} {word} ({units})"
            faults.append(
                IngestError(fault, expected, "correct the cell or remove the row")
            )
    if len(alike):
        named = first_examples(sorted(alike))
        fault = f"policies.csv has kinds that differ in capitals alone ({named})"
        faults.append(IngestError(fault, "one spelling", "correct the cells"))
    faults.refuse()


def collect_taxonomies(
    tables: Mapping[str, pd.DataFrame], names: list[str]
) -> pd.DataFrame:
    """Stack the taxonomies that the config names."""
    units = sorted(tables["units"]["unit"])
    frames = [_taxonomy(tables, name, units).assign(taxonomy=name) for name in names]
    return pd.concat(frames, ignore_index=True)[["taxonomy", *TAXONOMY_COLUMNS]]


def _taxonomy_file(name: str) -> str:
    return f"taxonomies/{name.removesuffix(DATED_SUFFIX).removesuffix(UNDATED_SUFFIX)}"


def _taxonomy(
    tables: Mapping[str, pd.DataFrame], name: str, units: list[str]
) -> pd.DataFrame:
    if name == NO_TAXONOMY:
        empty = {
            "unit": units,
            "cluster": 0,
            "sez": 0,
            "sez_from_year": np.nan,
            "sez_from_year_dated": np.nan,
        }
        return pd.DataFrame(
            {
                **empty,
                "source": "",
                "confidence": "",
                "note": "",
            }
        )
    file = _taxonomy_file(name)
    if file not in tables:
        raise IngestError(
            f"no taxonomy '{name}'",
            f"a table {file}.csv in datapackage.json",
            "add it or correct taxonomy.all in config.yaml",
        )
    frame = tables[file].reindex(columns=list(TAXONOMY_COLUMNS))
    unknown = sorted(set(frame["unit"].unique()) - set(units))
    missing = sorted(set(units) - set(frame["unit"].unique()))
    if unknown or missing:
        raise IngestError(
            f"{file}.csv names {len(unknown)} unknown and lacks {len(missing)} units "
            f"({first_examples(unknown or missing)})",
            "each unit of units.csv once",
            "correct the taxonomy",
        )
    off = frame[~frame[["cluster", "sez"]].isin([0, 1]).all(axis=1)]
    if len(off):
        having = counted(len(off), "unit that is", "units that are")
        named = first_examples(list(off["unit"]))
        fault = f"{file}.csv has {having} neither in nor out ({named})"
        raise IngestError(fault, "0 or 1 for cluster and sez", "correct the cell")
    dated = frame[["sez_from_year", "sez_from_year_dated"]].notna().any(axis=1)
    idle = frame[dated & frame["sez"].eq(0)]
    if len(idle):
        fault = (
            f"{file}.csv dates {counted(len(idle), 'zone')} of a unit that has none"
            f" ({first_examples(list(idle['unit']))})"
        )
        raise IngestError(fault, "a date only where sez is 1", "correct the cell")
    if name.endswith(UNDATED_SUFFIX):
        return frame.assign(sez_from_year=np.nan, sez_from_year_dated=np.nan)
    return _dated(frame) if name.endswith(DATED_SUFFIX) else frame


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    dated = frame["sez_from_year_dated"]
    timed = frame["sez_from_year"].notna()
    # A zone whose year is from memory only leaves; one without a year stays.
    sez = frame["sez"].where(~timed | dated.notna(), 0)
    return frame.assign(sez=sez, sez_from_year=dated.where(timed, np.nan))


def describe_study(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Summarise what was read, by hashes of content that do not depend on the order of
    rows.
    """
    # A table that is not there is no part of the data.
    hashes = {
        name: content_hash(frame)
        for name, frame in sorted(tables.items())
        if len(frame)
    }
    together = pd.DataFrame(sorted(hashes.items()), columns=["table", "hash"])
    return {
        "data_hash": content_hash(together),
        "tables": {
            name: {"hash": hashes[name], "rows": len(frame)}
            for name, frame in sorted(tables.items())
            if name in hashes
        },
        "simulated": simulated_variables(tables["panel_provenance"]),
    }
