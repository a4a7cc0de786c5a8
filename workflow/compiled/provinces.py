"""The panel of provinces from raw files: which figure of which file each column holds,
and the five columns that are computed.
"""

import datetime
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from compiled.raw_files import RawFolder
from compiled.readers import (
    csv_bytes,
    numbers,
    read_r_table,
    read_sheet,
    read_text_table,
)

COLUMNS = Path(__file__).with_name("provinces.yaml")
YEARS = range(1978, 2025)
YEAR_NAME = re.compile(r"(?:19|20)\d\d年?")
# Names in Latin letters that are not those of units.csv, without blanks and capitals.
OTHER_NAMES = {
    "neimenggu": "CN-NM",
    "xizang": "CN-XZ",
    "yunan": "CN-YN",
    "guangxi,": "CN-GX",
}
SICHUAN, CHONGQING = "CN-SC", "CN-CQ"


def written(value: float) -> str:
    """Return a figure as the tables print it: six digits below 100, else two decimals."""
    if np.isnan(value):
        return ""
    if abs(value) < 100:
        return f"{value:.6g}"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def table_text(table: pd.DataFrame) -> bytes:
    """Return a table as the studies keep it: CSV, UTF-8, LF, figures as `written`."""
    text = table.copy()
    for name in text.select_dtypes("float"):
        text[name] = text[name].map(written)
    return csv_bytes(text)


class Provinces:
    """Figures by unit and year, read from raw files at the first need."""

    def __init__(self, raw: RawFolder, data: Path) -> None:
        self.raw = raw
        self.units = pd.read_csv(data / "units.csv", dtype=str)
        self.census = pd.read_csv(data / "census_2020.csv").set_index("unit").population
        latin = self.units.name.str.lower().str.replace(" ", "")
        self.latin = dict(zip(latin, self.units.unit, strict=True)) | OTHER_NAMES
        # Without 省, 市 and 自治区 a name has two letters, two names have three.
        self.chinese = {
            name[: 3 if name[:2] in ("内蒙", "黑龙") else 2]: unit
            for name, unit in zip(self.units.name_zh, self.units.unit, strict=True)
        }
        self._tables = dict[str, pd.DataFrame]()

    def by_latin(self, name: Any) -> str | None:
        """Return the unit of a name in Latin letters."""
        return self.latin.get(re.sub(r"\s", "", str(name)).lower())

    def by_chinese(self, name: Any) -> str | None:
        """Return the unit of a Chinese name, with or without its kind."""
        letters = re.sub(r"\s", "", str(name))
        return self.chinese.get(letters[:3]) or self.chinese.get(letters[:2])

    def figures(
        self, names: Iterable[Any], years: Iterable[Any], values: Any, by: str
    ) -> pd.Series:
        """Return figures by unit and year, the first of each; others are left out."""
        unit_of = getattr(self, f"by_{by}")
        table = pd.DataFrame(
            {
                "unit": [unit_of(name) for name in names],
                "year": [int(str(year)[:4]) for year in years],
                "value": numbers(list(values)),
            }
        ).dropna()
        return table.drop_duplicates(["unit", "year"]).set_index(["unit", "year"]).value

    def wide(self, table: pd.DataFrame, by: str) -> pd.Series:
        """Return the figures of a table with names in its first column, years beside."""
        names = table.columns[0]
        years = [name for name in table if YEAR_NAME.fullmatch(str(name).strip())]
        long = table.melt(names, years, "year")
        return self.figures(long[names], long.year.astype(str), long.value, by)

    def text_table(self, file: str, **options: Any) -> pd.DataFrame:
        """Return a CSV file among the raw files."""
        return read_text_table(self.raw.path(file), **options)

    def bureau(self, table: str, column: str) -> pd.Series:
        """Return a column of a table of the bureau, in which zero means missing."""
        if table not in self._tables:
            self._tables[table] = self.text_table(f"nbs2000_2019/{table}.csv")
        read = self._tables[table]
        values = pd.Series(numbers(read[column])).replace(0, np.nan)
        return self.figures(read["省份"], read["年份"], values, "chinese")

    def compendium(self, file: str) -> pd.Series:
        """Return a table that was copied from the compendium of 1949-2008."""
        read = pd.read_csv(self.raw.path(f"gcam_china/{file}.csv"), comment="#")
        return self.wide(read, "latin")

    def kaggle(self) -> pd.Series:
        """Return output 1992-2020, years in rows."""
        read = self.text_table("kaggle_gdp1992_2020/chinas_gdp_in_province_en.csv")
        turned = read.set_index(read.columns[0]).T.rename(columns=str)
        return self.wide(turned.reset_index(), "latin")

    def later_vintage(self) -> pd.Series:
        """Return output after the fifth census, below three lines of heading."""
        file = self.raw.path("renjiyi2005_2024/nbs_gdp_2006_2024.csv")
        return self.wide(pd.read_csv(file, encoding="gb18030", skiprows=3), "chinese")

    def yearbook(self, column: str) -> pd.Series:
        """Return a column of the compilation of yearbooks of the 1990s."""
        file = "wangmeng1990_2025/raw_data.csv"
        if file not in self._tables:
            self._tables[file] = self.text_table(file)
        read = self._tables[file]
        return self.figures(read["Province"], read["Year"], read[column], "chinese")

    def workbook(self, sheet: str) -> pd.Series:
        """Return the first block of a sheet of the workbook of 1985-2018: below the first
        name that comes twice begins another.
        """
        file = self.raw.path("gpi1985_2018/provincial_gpi_components.xlsx")
        head, *rows = read_sheet(file, sheet)
        block = dict[str, list[Any]]()
        for row in rows:
            unit = self.by_latin(row[0]) if row[0] else None
            if unit in block:
                break
            if unit:
                block[unit] = row
        cells = [
            (unit, str(name)[:4], row[place])
            for unit, row in block.items()
            for place, name in enumerate(head)
            if re.match(r"(?:19|20)\d\d", str(name))
        ]
        units, years, values = zip(*cells, strict=True)
        table = pd.Series(
            numbers(list(values)),
            pd.MultiIndex.from_arrays(
                [units, [int(year) for year in years]], names=["unit", "year"]
            ),
        )
        return table.dropna()

    def trade_copy(self, file: str) -> pd.Series:
        """Return trade or fixed investment of 1998-2017."""
        return self.wide(self.text_table(f"maryshao1998_2017/{file}.csv"), "latin")

    def foreign_investment(self) -> pd.Series:
        """Return foreign direct investment of 1996-2007."""
        read = self.text_table("kearney1996_2007/df_panel_fix.csv")
        return self.figures(read.province, read.year, read.fdi, "latin")

    def science(self, file: str, variable: str) -> pd.Series:
        """Return a variable of the yearbooks on science and technology."""
        read = read_r_table(self.raw.path(f"techme2010_2023/{file}.rda"))
        rows = read[read.variables == variable]
        return self.figures(rows.province, rows.year, rows.value, "chinese")

    def capital(self, column: str) -> pd.Series:
        """Return a column of the package of the capital stock, 1952-2022."""
        if "asset" not in self._tables:
            file = self.raw.path("chncapitalstock/asset.rda")
            self._tables["asset"] = read_r_table(file)
        read = self._tables["asset"]
        return self.figures(read.prv, read.yr.astype(int), read[column], "latin")

    def retail_prices(self) -> pd.Series:
        """Return the retail price index to 2018, zeros missing."""
        file = self.raw.path("chncapitalstock/rpi_1952_2019.xlsx")
        read = self.wide(pd.read_excel(file, header=3), "chinese")
        return read.replace(0, np.nan).dropna()

    def national(self, file: str, column: str) -> pd.Series:
        """Return a national series by year."""
        path = self.raw.path(f"national1978_2014/{file}.csv")
        read = pd.read_csv(path, index_col=0)
        return read[column].set_axis(read.index.str[:4].astype(int))

    @cached_property
    def published_output(self) -> pd.Series:
        """Nominal output in three vintages: to 1991, to 1999, from 2000."""
        return joined(
            within(self.compendium("GDP_raw"), 1978, 1991),
            within(self.kaggle(), 1992, 1999),
            self.bureau("grp_value_added", "地区生产总值(亿元)"),
        )

    @cached_property
    def linked_output(self) -> pd.Series:
        """Nominal output, to 1991 times the ratio of two vintages in 1992."""
        older = self.compendium("GDP_raw")
        ratio = self.kaggle().xs(1992, level="year") / older.xs(1992, level="year")
        early = within(older, 1978, 1991)
        factors = ratio.reindex(early.index.get_level_values("unit")).to_numpy()
        return joined(early * factors, within(self.published_output, 1992, 2019))

    def real_output_proxy(self) -> pd.Series:
        """Output of 1978-1998 in prices of 2000, backwards from the official index of
        2000: nominal output over the national deflator times the province's retail
        prices over the nation's.
        """
        output = self.linked_output.unstack()
        index = self.bureau("grp_index", "地区生产总值指数(上年=100)").unstack() / 100
        retail = (self.retail_prices() / 100).unstack().reindex(output.index)
        nominal = self.national("gdp", "国内生产总值")
        volume = self.national("gdp_index_1978", "国内生产总值指数(1978年=100)") / 100
        level = self.national("price_indices_fixed_base", "商品零售价格指数(1978=100)")
        national_retail = level / level.shift(1)
        deflator = nominal / nominal[1978] / volume
        national_change = deflator / deflator.shift(1)
        real = {1999: output[2000] / index[2000]}
        for year in range(1998, 1977, -1):
            prices = retail[year + 1].copy()
            # ASSUME: prices of Chongqing are those of Sichuan, others the nation's.
            if pd.isna(prices[CHONGQING]):
                prices[CHONGQING] = prices[SICHUAN]
            prices = prices.fillna(national_retail[year + 1])
            change = prices * national_change[year + 1] / national_retail[year + 1]
            growth = output[year] / output[year + 1]
            real[year] = real[year + 1] * growth * change
        return within(long(pd.DataFrame(real)), 1978, 1998)

    def value_added(self, sector: str, column: str) -> pd.Series:
        """Return value added of a sector: of the 1990s where the output of that source is
        within 3 percent of ours, then the bureau's.
        """
        total = self.yearbook("Regional GDP")
        if column:
            early = self.yearbook(column)
        else:
            others = (
                "Secondary industry value added",
                "Tertiary industry value added from Long",
            )
            early = total - self.yearbook(others[0]) - self.yearbook(others[1])
        early = within(early.dropna(), 1990, 1999)
        off = (total / self.linked_output).reindex(early.index) - 1
        early = early[off.abs() <= 0.03]
        if not column:
            early = early[early > 0]
        return joined(early, self.bureau("grp_value_added", f"{sector}增加值(亿元)"))

    @cached_property
    def published_people(self) -> pd.Series:
        """People as published: the compendium's to 1999, then the bureau's."""
        early = within(self.compendium("China_Compendium_of_Statistics"), 1978, 1999)
        return joined(early, self.bureau("population", "年末常住人口(万人)"))

    @cached_property
    def people_before_census(self) -> pd.Series:
        """People, those of 1978-1999 rescaled so that the census of 2000 is no jump."""
        published = self.compendium("China_Compendium_of_Statistics").unstack()
        counted = self.yearbook("Population").xs(1990, level="year")
        first = (counted / published[1990]).reindex(published.index)
        # ASSUME: neither half of old Sichuan is rescaled in 1990: its figure is the sum.
        first[[SICHUAN, CHONGQING]] = 1.0
        census = self.published_people.xs(2000, level="year")
        last = census / (published[1999] * published[1999] / published[1998])
        rescaled = {
            year: published[year] * (first + (last - first) * max(0, year - 1990) / 10)
            for year in range(1978, 2000)
        }
        return joined(
            long(pd.DataFrame(rescaled)), within(self.published_people, 2000, 2019)
        )

    def people(self) -> pd.Series:
        """Return residents: from 2011 on a straight line of logarithms, day by day, from
        the end of 2010 to the census of 1 November 2020.
        """
        start = datetime.date(2010, 12, 31)
        span = (datetime.date(2020, 11, 1) - start).days
        published = self.people_before_census.xs(2010, level="year")
        first = np.log(published.round(2))  # as the table prints it
        rise = np.log(self.census / 1e4) - first
        later = {
            year: np.exp(
                first + rise * (datetime.date(year, 12, 31) - start).days / span
            )
            for year in range(2011, 2020)
        }
        return joined(long(pd.DataFrame(later)), self.people_before_census)

    def urban_share(self) -> pd.Series:
        """Return the share of people in towns, in percent."""
        towns = self.bureau("population", "城镇人口(万人)")
        return towns / self.bureau("population", "年末常住人口(万人)") * 100

    def capital_formation(self) -> pd.Series:
        """Return capital formation; of Sichuan none before 1996, which holds Chongqing."""
        formed = within(self.capital("invest"), 1952, 2017)
        units, years = (formed.index.get_level_values(n) for n in ("unit", "year"))
        return formed[~((units == SICHUAN) & (years < 1996))]

    @cached_property
    def investment_prices(self) -> pd.DataFrame:
        """Prices of investment by unit and year, 2000 = 1."""
        prices = self.capital("InvestPrice").unstack().reindex(self.units.unit)
        prices.loc[CHONGQING] = prices.loc[CHONGQING].fillna(prices.loc[SICHUAN])
        return prices.div(prices[2000], axis=0)

    @cached_property
    def capital_stocks(self) -> tuple[pd.DataFrame, pd.Series]:
        """Capital stocks by unit and year in prices of 2000, and old Sichuan's to 1995.

        Notes
        -----
        K(1952) = I(1952) / 0.1, then K(t) = 0.904 K(t - 1) + I(t): Zhang, Wu and Zhang
        (2004).
        """
        formed = within(self.capital("invest"), 1952, 2017).unstack()
        formed = formed.reindex(self.units.unit)
        real = formed / self.investment_prices
        stocks = pd.DataFrame(
            index=formed.index, columns=range(1952, 2018), dtype=float
        )
        stocks[1952] = real[1952] / 0.1
        parts = formed.loc[[CHONGQING, SICHUAN], 1996]
        share = parts[CHONGQING] / (parts[CHONGQING] + parts[SICHUAN])
        for year in range(1953, 2018):
            stocks[year] = stocks[year - 1] * (1 - 0.096) + real[year].fillna(0)
            if year == 1995:
                # ASSUME: the stock of old Sichuan is split as its investment of 1996.
                old = stocks.T[SICHUAN].copy()
                stocks.loc[CHONGQING, 1995] = share * old[1995]
                stocks.loc[SICHUAN, 1995] = (1 - share) * old[1995]
        stocks.loc[[CHONGQING, SICHUAN], :1994] = np.nan
        return stocks, old

    def capital_stock(self) -> pd.Series:
        """Return the capital stock by unit and year."""
        return long(self.capital_stocks[0])

    def investment_price(self) -> pd.Series:
        """Return prices of investment to 2019: later ones are extrapolated."""
        return within(long(self.investment_prices), 1978, 2019)

    def schooling(self) -> pd.Series:
        """Return mean years of schooling of people of six years and older."""
        years = {"小学": 6, "初中": 9, "高中": 12, "大专及以上": 16}
        counts = {
            level: self.bureau(
                "population_by_education_sample",
                f"6岁及6岁以上{level}人口数(人口抽样调查)(人)",
            )
            for level in ("", *years)
        }
        sums = [weight * counts[level] for level, weight in years.items()]
        return (sums[0] + sums[1] + sums[2] + sums[3]) / counts[""]

    def column(self, pieces: list[dict[str, Any]]) -> pd.Series:
        """Return a column from its pieces in `provinces.yaml`, the first where two meet."""
        series = list[pd.Series]()
        for piece in pieces:
            figures: Callable[..., pd.Series] | pd.Series = getattr(self, piece["from"])
            if callable(figures):
                figures = figures(*piece.get("of", []))
            series.append(within(figures, *piece.get("years", (YEARS[0], YEARS[-1]))))
        return joined(*series)

    def panel(self) -> bytes:
        """Return panel.csv."""
        rows = pd.MultiIndex.from_product(
            [sorted(self.units.unit), YEARS], names=["unit", "year"]
        )
        columns = yaml.safe_load(COLUMNS.read_text("utf-8"))
        table = {
            name: self.column(pieces).reindex(rows) for name, pieces in columns.items()
        }
        return table_text(pd.DataFrame(table, rows).reset_index())

    def merged(self) -> bytes:
        """Return panel_merged.csv: old Sichuan, where it is more than its parts' sum."""
        stocks, old = self.capital_stocks
        formed = self.capital("invest")
        rows = [
            {
                "unit": SICHUAN,
                "year": year,
                "gfcf_100m_cny": formed[CHONGQING, year] + formed[SICHUAN, year]
                if year > 1995
                else np.nan,
                "capital_stock_100m_cny_2000": old[year]
                if year <= 1995
                else stocks[year][CHONGQING] + stocks[year][SICHUAN],
            }
            for year in range(1978, 2018)
        ]
        return table_text(pd.DataFrame(rows).round(2))


def within(figures: pd.Series, first: int, last: int) -> pd.Series:
    """Return the figures of years from the first to the last."""
    years = figures.index.get_level_values("year")
    return figures[(years >= first) & (years <= last)]


def joined(*pieces: pd.Series) -> pd.Series:
    """Return figures of several pieces, of the first where two have one."""
    together = pd.concat(pieces)
    figures: pd.Series = together[~together.index.duplicated()].sort_index()
    return figures


def long(table: pd.DataFrame) -> pd.Series:
    """Return a table with years in its columns by unit and year."""
    stacked = pd.Series(table.stack()).dropna()
    return stacked.rename_axis(["unit", "year"])
