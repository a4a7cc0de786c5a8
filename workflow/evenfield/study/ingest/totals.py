"""Rows of a table that are totals of others: by their names, codes and values.

A total among the units counts its parts twice. Names alone are no sign where most units
have such names, as in a study of continents.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evenfield.study.ingest.any_table import numbers_of

NAMES = re.compile(
    r"""
    (the\ )?world(\ total)? | wld | total([ :,(-].*)? | .*\ total | sub-?totals? | grand\ total
    | sum | average | mean | median | all(\ (the\ )?\w+)? | overall | aggregates?
    | nation(al|wide)?(\ (total|average))? | whole\ (country|nation) | country\ total
    | rest\ of\ (the\ )?world | row
    | 全国 | 合计 | 总计 | 全國 | 合計 | insgesamt | gesamt | ensemble | totale
    | oecd([ _-].*)? | oeu? | eu[ _-]?\d{2}([ _-].*)? | ea[ _-]?\d{2}([ _-].*)?
    | eu | euro(pean)?[ _-](area|zone|union).* | emu | efta
    | g-?(7|8|20) | brics?
    | (low|high|(upper|lower)?[ -]?middle|low[ ]?(&|and)[ ]middle)([ ]|-)income.*
    | .*\((excluding|all)\ .*\) | .*\((ida|ibrd)\ .*\)
    | (sub-saharan|northern|southern|eastern|western|central|north|middle)\ africa
    | africa(\ (eastern|western)\ and\ .*)? | sub-saharan\ africa
    | (east|south|central|north|western|eastern|southeast(ern)?)\ asia(\ (&|and)\ .*)?
    | europe | europe\ (&|and)\ .* | asia | oceania | americas?
    | (latin|north|central|south)\ america(\ (&|and)\ (the\ )?caribbean)?
    | middle\ east.* | arab\ world | central\ europe\ and\ the\ baltics
    | (caribbean|pacific\ island|other)?\ ?small\ states
    | fragile\ and\ conflict.* | heavily\ indebted.* | least\ developed.*
    | (early|late|pre|post)-demographic\ dividend | ibrd.* | ida(\ .*)? | not\ classified
    """,
    re.IGNORECASE | re.VERBOSE,
)
# A nation is a total among its own parts: some of them tell.
NATIONS: Mapping[str, tuple[str, ...]] = {
    r"united states( of america)?|usa?|u\.s\.(a\.)?": ("california", "texas"),
    r"germany|deutschland": ("bayern", "hessen", "bavaria", "hesse", "sachsen"),
    r"france": ("bretagne", "corse", "brittany", "corsica", "île-de-france"),
    r"ital(y|ia)": ("lombardia", "lombardy", "sicilia", "sicily", "piemonte"),
    r"spain|españa": ("andalucía", "andalusia", "cataluña", "galicia", "aragón"),
    r"bra[sz]il": ("bahia", "paraná", "são paulo", "sao paulo", "acre"),
    r"m[eé]xico": ("jalisco", "sonora", "oaxaca", "chiapas"),
    r"india": ("kerala", "gujarat", "bihar", "punjab"),
    r"china|中国": ("sichuan", "hunan", "四川", "湖南", "四川省"),
    r"canada": ("ontario", "quebec", "québec", "alberta"),
    r"australia": ("victoria", "queensland", "tasmania"),
    r"japan": ("hokkaido", "osaka", "kyoto"),
    r"russia(n federation)?": ("tatarstan", "dagestan", "kursk oblast"),
}
REGIONS_OF_STATES = re.compile(
    r"new england|mideast|great lakes|plains|southeast|southwest|rocky mountains?|"
    r"far west|northeast|midwest|south|west",
    re.IGNORECASE,
)
CODE = re.compile(r"[A-Z]{2}[A-Z0-9]{0,3}")
SHORTEST_RUN = 3  # rows that a total sums, at least
ROUNDING = 5e-4  # how far a sum may be off, relative to the total


def totals_among(
    frame: pd.DataFrame, names: pd.Series, figures: Sequence[str]
) -> dict[str, str]:
    """Return the units that are totals of others, each with the reason.

    ``frame`` has ``unit``, ``year`` and figures as text in the order of the file;
    ``names`` gives the name of each unit.
    """
    out = _by_names(names)
    if 2 * len(out) > len(names):
        out = {}
    out = _by_codes(list(names.index)) | out
    for column in figures:
        numbers = numbers_of(frame[column])
        if numbers is None or numbers.min() < 0:
            continue
        once = frame.assign(value=numbers).drop_duplicates(["unit", "year"])
        values = once.pivot(index="unit", columns="year", values="value")
        out = {**_by_values(values.loc[list(names.index)], column), **out}
    return out


def _by_names(names: pd.Series) -> dict[str, str]:
    shown = names.str.strip().str.casefold()
    out = {
        str(unit): "by its name"
        for unit, name in names.items()
        if NAMES.fullmatch(name.strip()) or NAMES.fullmatch(str(unit))
    }
    for pattern, parts in NATIONS.items():
        if not shown.isin(parts).any():
            continue
        nation = shown[shown.str.fullmatch(pattern)].index
        out |= dict.fromkeys(nation, "the nation of the others")
        if parts == NATIONS[next(iter(NATIONS))]:
            regions = shown[shown.str.fullmatch(REGIONS_OF_STATES.pattern)].index
            out |= dict.fromkeys(regions, "a region of the others")
    return out


def _by_codes(units: Sequence[str]) -> dict[str, str]:
    """Return codes that are the beginning of others, as of NUTS, or that end in 000."""
    out = dict[str, str]()
    codes = sorted(unit for unit in units if CODE.fullmatch(unit))
    if len(codes) > 0.8 * len(units):
        for code in codes:
            inside = [c for c in codes if c != code and c.startswith(code)]
            if inside:
                out[code] = f"{inside[0]} and others lie in it"
    counties = {unit for unit in units if re.fullmatch(r"\d{4,5}", unit)}
    parts = {unit[:-3] for unit in counties if not unit.endswith("000")}
    for unit in counties:
        if unit.endswith("000") and (unit[:-3] in parts or not unit.strip("0")):
            out[unit] = "its code is that of a larger area"
    return out if 2 * len(out) < len(units) or len(codes) > 0.8 * len(units) else {}


def _by_values(values: pd.DataFrame, column: str) -> dict[str, str]:
    """Return units whose figures are the sum of all others, or of rows that stand
    together before or after them, in every year; values (N, T) in the file's order.
    """
    whole = values.loc[:, values.notna().all()]
    out = dict[str, str]()
    if whole.shape[1] < 2 or len(whole) > 3000:
        return out
    units = list(whole.index)
    for _ in range(3):
        rest = [unit for unit in units if unit not in out]
        if len(rest) <= SHORTEST_RUN:
            break
        table = whole.loc[rest].to_numpy()
        others = table.sum(axis=0) - table
        is_total = np.asarray(_equal(table, others).all(axis=1))
        found = {
            unit: f"its {column} is the sum of all others"
            for unit, whether in zip(rest, is_total, strict=True)
            if whether
        }
        if not found and whole.shape[1] >= 4:
            found = _sums_of_runs(rest, table, column)
        if not found:
            break
        out |= found
    return out


def _sums_of_runs(units: list[str], table: np.ndarray, column: str) -> dict[str, str]:
    out = dict[str, str]()
    before = np.concatenate([np.zeros((1, table.shape[1])), table.cumsum(axis=0)])
    for i, unit in enumerate(units):
        following = before[i + 1 + SHORTEST_RUN :] - before[i + 1]
        preceding = before[i] - before[: max(i + 1 - SHORTEST_RUN, 0)]
        for sums, where in ((following, "below"), (preceding, "above")):
            hit = np.flatnonzero(_equal(sums, table[i]).all(axis=1))
            if len(hit):
                out[unit] = f"its {column} is the sum of rows {where} it"
    return out


def _equal(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray((np.abs(one - other) <= ROUNDING * np.abs(other)) & (other > 0))
