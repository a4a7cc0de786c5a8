"""Tables of clusters and zone lists that follow from counts read by hand, the census of
2010 and the table of zones.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from compiled.raw_files import RawFolder
from compiled.readers import csv_bytes, read_text_table

COUNTED, TOP_100 = "clusters_783", "cass_top100_2008"
# Measures computed from the count of 783, with what their rows say.
QUOTIENT, PER_MILLION = "cluster_lq_783", "clusters_per_million"
NOTES = {
    QUOTIENT: "share of the 783 clusters over share of the population of the 2010 census",
    PER_MILLION: "783 clusters per million people of the 2010 census",
}
ZONE_AREA = "zone area of the paper"
EARLY = 1988  # rule F counts special and development zones of this year and before
PAPERS_CLUSTERS = ("CN-FJ", "CN-GD", "CN-JS", "CN-SH", "CN-ZJ")  # paragraph 11


class ClusterLists:
    """Computed rows of clusters.csv, and the taxonomies that a rule gives."""

    def __init__(self, raw: RawFolder, data: Path) -> None:
        self.raw = raw
        self.units = pd.read_csv(data / "units.csv", dtype=str)
        self.clusters = pd.read_csv(data / "clusters.csv", dtype=str).fillna("")
        self.zones = pd.read_csv(data / "zones.csv", dtype=str).fillna("")
        seed = pd.read_csv(data / "taxonomies" / "seed2011.csv", dtype=str).fillna("")
        self.seed = seed.set_index("unit")

    def counts(self, measure: str) -> pd.Series:
        """Return a measure that was read by hand, by unit."""
        rows = self.clusters[self.clusters.measure == measure]
        return rows.set_index("unit").value.astype(float)

    def people(self) -> pd.Series:
        """Return million people of the census of 2010 by unit, three decimals."""
        read = read_text_table(self.raw.path("leiii/census_city.csv"))
        of_province = read.groupby("province").popu_2010.sum()
        return (
            (of_province.reindex(self.units.name_zh) / 1e6)
            .round(3)
            .set_axis(self.units.unit)
        )

    def table(self) -> bytes:
        """Return clusters.csv with its computed rows computed anew."""
        counts, people = self.counts(COUNTED), self.people()
        share = counts / counts.sum()
        computed = {
            QUOTIENT: (share / (people / people.sum())).round(3),
            PER_MILLION: (counts / people).round(3),
        }
        read = self.clusters[~self.clusters.measure.isin(list(NOTES))]
        rows = [
            {
                "unit": unit,
                "measure": measure,
                "year": "",
                "value": f"{value:.3f}",
                "source": "S34 S61",
                "note": NOTES[measure],
            }
            for measure, values in computed.items()
            for unit, value in values.items()
        ]
        together = pd.concat([read, pd.DataFrame(rows)])
        return csv_bytes(together.sort_values(["unit", "measure", "year"]))

    def rule(self, name: str) -> bytes:
        """Return the taxonomy of a rule: clusters by the rule, zones of the paper or, in
        F, those of 1988 and before.
        """
        counts = self.counts(COUNTED)
        quotients = self.counts(QUOTIENT)
        top = self.counts(TOP_100).reindex(counts.index)
        is_cluster = {
            "a": (quotients >= 1) & (counts >= 20),
            "c": top >= 7,
            "d": quotients >= 1,
            "e": counts >= np.quantile(counts, 0.75),
            "f": (quotients >= 1) & (counts >= 20),
        }[name]
        rows = []
        for unit in sorted(self.units.unit):
            if name == "c":
                own, note = "S35", of_top_100(top[unit])
            else:
                own = "S34 S61"
                note = (
                    f"{counts[unit]:.0f} clusters, location quotient"
                    f" {quotients[unit]:.3f}"
                )
            zones = self.early_zones(unit) if name == "f" else self.paper_zones(unit)
            first = own if name == "f" else f"PAPER {own}"
            rows.append(
                {
                    "unit": unit,
                    "cluster": int(is_cluster[unit]),
                    **zones["years"],
                    "source": " ".join(
                        dict.fromkeys(f"{first} {zones['source']}".split())
                    ),
                    "confidence": "B" if name == "c" else "C",
                    "note": "; ".join(part for part in (note, zones["note"]) if part),
                }
            )
        return csv_bytes(pd.DataFrame(rows))

    def catalogue(self) -> bytes:
        """Return the taxonomy in which every unit with a national zone is a zone unit,
        from its first one on; clusters are those of the paper.
        """
        national = self.zones[self.zones.type.isin(["sez", "etdz", "hidz"])]
        years = pd.to_numeric(national.year_in_force)
        rows = []
        for unit in sorted(self.units.unit):
            own = years[national.unit == unit]
            first = national.loc[own.index[own == own.min()]]
            year = f"{own.min():.0f}"
            sources = " ".join(["PAPER", *first.source])
            rows.append(
                {
                    "unit": unit,
                    "cluster": int(unit in PAPERS_CLUSTERS),
                    "sez": 1,
                    "sez_from_year": year,
                    "sez_from_year_dated": year,
                    "source": " ".join(dict.fromkeys(sources.split())),
                    "confidence": max(first.year_quality),
                    "note": f"first: {'; '.join(first['name'])}",
                }
            )
        return csv_bytes(pd.DataFrame(rows))

    def paper_zones(self, unit: str) -> dict[str, Any]:
        """Return what the paper's list says of the zones of a unit."""
        row = self.seed.loc[unit]
        note = row.note.rpartition(f"{ZONE_AREA}: ")
        return {
            "years": dict(row[["sez", "sez_from_year", "sez_from_year_dated"]]),
            "source": row.source if row.sez == "1" else "",
            "note": f"{ZONE_AREA}: {note[2]}" if row.sez == "1" else "",
        }

    def early_zones(self, unit: str) -> dict[str, Any]:
        """Return what special and development zones of 1988 and before a unit has."""
        zones = self.zones[
            (self.zones.unit == unit) & self.zones.type.isin(["sez", "etdz"])
        ]
        years = pd.to_numeric(zones.year_in_force)
        early = zones[years <= EARLY]
        first = f"{years.min():.0f}" if len(early) else ""
        kinds = early.sort_values(["type"], ascending=False, kind="stable")
        return {
            "years": {
                "sez": str(int(len(early) > 0)),
                "sez_from_year": first,
                "sez_from_year_dated": first,
            },
            "source": " ".join(kinds.source),
            "note": f"special or development zone in {first}" if first else "",
        }


def of_top_100(count: float) -> str:
    """Say how many of the top 100 clusters of 2008 a unit has."""
    if np.isnan(count):
        return "not among the six provinces counted by name"
    return f"{count:.0f} of the top 100 clusters of 2008"
