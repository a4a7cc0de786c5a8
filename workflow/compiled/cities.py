"""The tables of cities from raw files: seven compilations of output, two of growth, two of
the censuses; the largest set that agrees gives the figure, and how many agree its grade.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from shapely import wkt

from compiled.borders import neighbours
from compiled.raw_files import RawFolder
from compiled.readers import csv_bytes, read_text_table

YEARS = range(2000, 2021)
# Kinds of a prefecture that a name may end with, and names of before.
KINDS = ("地区", "市", "盟")
EARLIER_NAMES = {"襄樊": "襄阳", "思茅": "普洱", "毫州": "亳州"}
# Compilations of one origin count once where agreement is graded.
ONE_ORIGIN = {"GP3": "yearbook", "QU": "yearbook", "JCD": "yearbook"}
# Growth of 2008 in the encyclopedia's list of Jiangsu agrees with GP1 where LI19 does not:
# read by hand on a page of a repository that is too large to fetch for two cells.
AGREED_BY_HAND = {("CNUR-000078", 2008), ("CNUR-000086", 2008)}
# ASSUME: outlines of one source that come as near as this (about 2 km) share a border.
NEAR_DEGREES = 0.02


class Figure(NamedTuple):
    """A figure of one city and year: its value, grade and the compilation chosen."""

    value: float
    grade: str
    source: str


class Span(NamedTuple):
    """What rows of panel_provenance.csv say of a span of years."""

    grade: str
    flag: str
    source: str
    note: str = ""


def agreed(
    figures: Mapping[str, float], order: Sequence[str], within: float, relative: bool
) -> Figure:
    """Return the figure that most compilations agree with: most origins, then most
    compilations, then the first in order; A for two origins, B for one there is, else C.
    """
    known = {name: figures[name] for name in order if not np.isnan(figures[name])}
    best = None
    for place, (name, value) in enumerate(known.items()):
        agree = [
            other
            for other, figure in known.items()
            if abs(figure / value - 1 if relative else figure - value) <= within
        ]
        origins = {ONE_ORIGIN.get(other, other) for other in agree}
        rank = (len(origins), len(agree), -place)
        if best is None or rank > best[0]:
            best = (rank, name)
    assert best is not None
    (origins_agreed, _, _), source = best
    origins_known = {ONE_ORIGIN.get(name, name) for name in known}
    grade = "A" if origins_agreed > 1 else "B" if len(origins_known) == 1 else "C"
    return Figure(value=known[source], grade=grade, source=source)


class Cities:
    """Figures by city and year, read from raw files at the first need."""

    def __init__(self, raw: RawFolder, data: Path) -> None:
        self.raw = raw
        self.data = data
        self.units = pd.read_csv(data / "units.csv", dtype={"gb_code": int})
        names = self.units.name_zh.map(short_name)
        self.named = dict(zip(names, self.units.unit, strict=True))
        self.coded = dict(zip(self.units.gb_code, self.units.unit, strict=True))

    def by_name(self, name: Any) -> str | None:
        """Return the unit of a Chinese name, with or without its kind."""
        short = short_name(str(name).strip())
        return self.named.get(EARLIER_NAMES.get(short, short))

    def figures(self, units: Iterable[Any], years: Any, values: Any) -> pd.Series:
        """Return figures by unit and year, the first of each; others are left out."""
        table = pd.DataFrame(
            {
                "unit": list(units),
                "year": pd.to_numeric(np.asarray(years), errors="coerce"),
                "value": pd.to_numeric(np.asarray(values), errors="coerce"),
            }
        ).dropna()
        table = table.astype({"year": int}).drop_duplicates(["unit", "year"])
        return table.set_index(["unit", "year"]).value

    def workbook(
        self, file: str, city: str, year: str, value: str, sheet: int = 0
    ) -> pd.Series:
        """Return a column of a workbook with one row a city and year."""
        read = pd.read_excel(self.raw.path(file), sheet_name=sheet)
        return self.figures(read[city].map(self.by_name), read[year], read[value])

    def stata(self, file: str) -> pd.DataFrame:
        """Return a table of Stata without its labels."""
        return pd.read_stata(self.raw.path(file), convert_categoricals=False)

    def revised(self, column: str) -> pd.Series:
        """Return output as revised, or its growth index, of 296 cities."""
        return self.workbook("gp/gdp_296_cities.xlsx", "城市", "年份", column)

    @cached_property
    def output(self) -> dict[str, pd.Series]:
        """Output as first published in 100 million yuan, by compilation."""
        sectors = self.workbook(
            "gp/gdp_sectors_342.xlsx", "城市名称", "年度标识", "gdp（亿元人民币）", 1
        )
        finance = self.workbook(
            "gp/finance_300.xlsx", "城市", "年份", "地区生产总值(万元)"
        )
        listed = self.workbook(
            "jcd/cities_1999_2018.xlsx",
            "城市",
            "年份",
            "地区生产总值_当年价格_全市_万元",
        )
        light = read_text_table(self.raw.path("quanturban/yearbook_light.csv"))
        of_2015 = self.figures(
            light.city.map(self.by_name), [2015] * len(light), light.GDP10000
        )
        wiebe = self.stata("wiebe/prefecture.dta")
        chen = self.stata("wiebe/prefecture_panel.dta").astype(float)
        return {
            "GP2": sectors,
            "GP3": finance / 1e4,
            "QU": of_2015 / 1e4,
            "JCD": listed / 1e4,
            "MW": self.figures(
                (wiebe.prefcode * 100).map(self.coded), wiebe.year, wiebe.gdp_old
            ),
            "CK": self.figures(
                chen.prefid.map(self.coded),
                chen.year,
                np.exp(chen.lngdppc + chen.lnpop) / 1e4,
            ),
        }

    @cached_property
    def growth(self) -> dict[str, pd.Series]:
        """Index of real output, previous year = 100, by compilation."""
        read = read_text_table(self.raw.path("wiebe/promotion.csv"), sep="\t")
        growth = pd.to_numeric(read.real, errors="coerce")
        kept = growth.notna()
        codes = pd.to_numeric(read.city[kept], errors="coerce")
        second = self.figures(
            codes.map(self.coded), read.year[kept], 100 + growth[kept]
        )
        return {"GP1": self.revised("GDP指数"), "LI19": second}

    @cached_property
    def counts(self) -> dict[str, pd.Series]:
        """People counted in 10,000, by compilation."""
        malin = read_text_table(self.raw.path("malin/cityinfo.csv"))
        leiii = self.outlines
        return {
            "LEIII": self.counted(
                leiii.city, {y: leiii[f"popu_{y}"] / 1e4 for y in (2010, 2020)}
            ),
            "MALIN": self.counted(
                malin.cityname_chn, {y: malin[f"cpop{y}"] for y in (2000, 2010)}
            ),
        }

    def counted(self, names: pd.Series, people: Mapping[int, pd.Series]) -> pd.Series:
        """Return the counts of several years by unit and year."""
        units = names.map(self.by_name)
        parts = [
            self.figures(units, [year] * len(units), values)
            for year, values in people.items()
        ]
        together: pd.Series = pd.concat(parts)
        return together

    @cached_property
    def outlines(self) -> pd.DataFrame:
        """People of 2010 and 2020 with the outline of each city."""
        return read_text_table(self.raw.path("leiii/census_city.csv"))

    @cached_property
    def people(self) -> pd.DataFrame:
        """People by unit in 2000, 2010 and 2020, with what each figure rests on."""
        counted = chosen(self.counts, 0.01, relative=True).reset_index()
        table = counted.assign(flag="official", note="the count of the year")
        # ASSUME: where no count of 2000 is at hand, people of the yearbook stand in.
        yearbook = self.workbook(
            "gp/density_298.xlsx", "城市", "年份", "常住人口（万人）"
        ).xs(2000, level="year")
        with_count = set(counted.unit[counted.year == 2000])
        missing = [unit for unit in self.units.unit if unit not in with_count]
        stands_in = pd.DataFrame(
            {
                "unit": missing,
                "year": 2000,
                "value": yearbook.reindex(missing).to_numpy(),
                "grade": "C",
                "source": "GP4",
                "flag": "estimated",
                "note": "people of the yearbook, in place of the count",
            }
        )
        return pd.concat([table, stands_in]).set_index(["unit", "year"])

    def line(self) -> pd.DataFrame:
        """Return people of every year: a straight line of logarithms between two counts."""
        at_counts = self.people.value.unstack()
        rows = [self.people]
        for first, last in ((2000, 2010), (2010, 2020)):
            for year in range(first + 1, last):
                share = (year - first) / (last - first)
                logs = (1 - share) * np.log(at_counts[first])
                values = np.exp(logs + share * np.log(at_counts[last]))
                between = pd.DataFrame({"value": values.round(3)})
                between[["grade", "source", "flag", "note"]] = (
                    "B",
                    "LINE",
                    "interpolated",
                    "straight line of logs between two counts",
                )
                rows.append(between.assign(year=year).set_index("year", append=True))
        return pd.concat(rows)

    def lights(self) -> pd.DataFrame:
        """Return the sums of night lights."""
        read = read_text_table(self.raw.path("lights/vl2s.csv"))
        sums = self.figures(read.city.map(self.by_name), read.year, read.viirsl)
        table = pd.DataFrame({"value": sums.round(3)})
        early = table.index.get_level_values("year") <= 2012
        note = (
            "DMSP turned into the scale of VIIRS by a network: growth across 2012 and"
            " 2013 holds a break"
        )
        return table.assign(
            grade="B",
            source="LIGHTS",
            flag=np.where(early, "estimated", "proxy"),
            note=np.where(early, note, ""),
        )

    @cached_property
    def columns(self) -> dict[str, pd.DataFrame]:
        """Every column of the panel: value, grade, source, flag and note of each figure."""
        output = chosen(self.output, 0.01, relative=True).round({"value": 6})
        growth = chosen(self.growth, 0.5, relative=False).round({"value": 6})
        growth.loc[growth.index.isin(AGREED_BY_HAND), "grade"] = "A"
        revised = pd.DataFrame({"value": self.revised("名义GDP").round(6)})
        checks = {name: self.output[name] for name in ("GP2", "GP3", "CK")}
        ratios = pd.concat(checks, axis=1).reindex(revised.index)
        equal = ratios.div(revised.value, axis=0).sub(1).abs() <= 0.01
        revised["grade"] = np.where(equal.any(axis=1), "A", "B")
        counts = chosen(self.counts, 0.01, relative=True)
        columns = {
            "gdp_100m_cny": output.assign(flag="official", note=""),
            "gdp_revised_100m_cny": revised.assign(
                source="GP1", flag="revised", note=""
            ),
            "gdp_index_prev100": growth.assign(flag="official", note=""),
            "pop_census_10k": counts.assign(flag="official", note=""),
            "pop_line_10k": self.line(),
            "lights_viirs_like": self.lights(),
        }
        rows = pd.MultiIndex.from_product(
            [self.units.unit, YEARS], names=["unit", "year"]
        )
        return {
            name: table.dropna(subset="value").reindex(rows)
            for name, table in columns.items()
        }

    def panel(self) -> bytes:
        """Return panel.csv."""
        table = pd.DataFrame({name: read.value for name, read in self.columns.items()})
        return csv_bytes(table.reset_index())

    def provenance(self) -> bytes:
        """Return panel_provenance.csv: units with the same span share a row."""
        rows = list[tuple[Any, ...]]()
        everyone = set(self.units.unit)
        for variable, table in sorted(self.columns.items()):
            spans = dict[tuple[Any, ...], list[str]]()
            for unit, cells in table.dropna(subset="value").groupby(level="unit"):
                of_unit = cells.droplevel("unit")[["grade", "flag", "source", "note"]]
                for span in runs(of_unit):
                    spans.setdefault(span, []).append(str(unit))
            rows += [
                (variable, "all" if set(units) == everyone else " ".join(units), *span)
                for span, units in sorted(spans.items())
            ]
        names = "variable units first_year last_year grade flag source note".split()
        return csv_bytes(pd.DataFrame(rows, columns=names))

    def units_table(self) -> bytes:
        """Return units.csv with the columns that follow from raw files and other tables
        computed anew.
        """
        units = pd.read_csv(self.data / "units.csv", dtype=str).set_index("unit")
        policies = pd.read_csv(self.data / "policies.csv")
        early = policies.kind.isin(["zone_by_2000", "open_coastal"])
        early &= policies.first_year <= 2000
        later = (policies.kind == "zone") & policies.first_year.between(2001, 2019)
        counted = self.counts["MALIN"].xs(2000, level="year")
        flags = read_text_table(self.raw.path("fier/event_flags.csv"))
        broken = flags[(flags.year >= 2000) & (flags.whole_city_break_flag == 1)]
        villages = read_text_table(self.raw.path("taobao/list_2016.csv"))
        by_city = villages["市（州）"].map(self.by_name).value_counts()
        of_2000 = pd.DataFrame(
            {
                name: self.columns[name].value.xs(2000, level="year")
                for name in ("gdp_revised_100m_cny", "pop_line_10k")
            }
        )
        per_head = of_2000.gdp_revised_100m_cny / of_2000.pop_line_10k
        income = pd.Series(np.log(per_head), per_head.index)
        mean = income.groupby(units.province).transform("mean")
        computed = {
            "boundary_break": units.index.isin(broken.prefecture_entity_id),
            "zone_by_2000": units.index.isin(policies.unit[early]),
            "counted_2000": units.index.isin(counted.index),
            "above_province_mean": (income > mean).reindex(units.index),
            "taobao_villages_2016": by_city.reindex(units.index, fill_value=0),
            "zone_2001_19": units.index.isin(policies.unit[later]),
        }
        for name, values in computed.items():
            units[name] = pd.Series(values, units.index).astype(int)
        return csv_bytes(units.reset_index())

    def adjacency(self) -> bytes:
        """Return adjacency.csv."""
        known = self.outlines.assign(unit=self.outlines.city.map(self.by_name)).dropna(
            subset="unit"
        )
        shapes = [wkt.loads(text) for text in known.coord]
        return neighbours(list(known.unit), shapes, NEAR_DEGREES)


def short_name(name: str) -> str:
    """Return a name without the kind of prefecture that it ends with."""
    for kind in KINDS:
        if name.endswith(kind) and len(name) > len(kind) + 1:
            return name.removesuffix(kind)
    return name


def chosen(
    compilations: Mapping[str, pd.Series], within: float, *, relative: bool
) -> pd.DataFrame:
    """Return value, grade and source of every city and year by `agreed`; the order of the
    compilations decides between equals.
    """
    table = pd.concat(compilations, axis=1)
    order = list(compilations)
    figures = [
        agreed(dict(zip(order, row, strict=True)), order, within, relative)
        for row in table.itertuples(index=False)
    ]
    return pd.DataFrame(figures, table.index)


def runs(cells: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    """Yield first year, last year and what they share of every run of a city's years."""
    years = [(year, Span(*row)) for year, *row in cells.itertuples()]
    numbered = enumerate(years)
    for (_, span), run in groupby(
        numbered, lambda item: (item[1][0] - item[0], item[1][1])
    ):
        members = [year for _, (year, _) in run]
        yield (members[0], members[-1], *span)
