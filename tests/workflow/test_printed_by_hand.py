"""Numbers that README, page, paper and tables print, found where they stand and computed
again from the tables of `data/` by dense numpy and pandas, with nothing of the library.

``EVENFIELD_STUDY`` names a finished study; the gate gives its own.
"""

import os
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom, norm, t

ROOT = Path(__file__).parents[2]
FINISHED = os.environ.get("EVENFIELD_STUDY", "")
PROVINCES = "."
CITIES = "examples/china-cities"
FIGURE = r"-?\d[\d,]*(?:\.\d+)?"
DIGITS = "Zero One Two Three Four Five Six Seven Eight Nine".split()
FIVE = ["CN-JS", "CN-SH", "CN-ZJ", "CN-FJ", "CN-GD"]
MUNICIPALITIES = ["CN-BJ", "CN-TJ", "CN-SH", "CN-CQ"]
EARTH_KM = 6371
SEARCHES = ("search by city", "search by product")
pytestmark = [
    pytest.mark.gate,
    pytest.mark.skipif(not FINISHED, reason="EVENFIELD_STUDY names no finished study"),
]


# Where a number is printed ----------------------------------------------------------


def plain(text):
    """Text on one line, with one kind of minus and without markup."""
    for minus in ("−", "$-$"):
        text = text.replace(minus, "-")
    return " ".join(re.sub(r"<[^>]+>|[*\\]", "", text).split())


def on_page(study, name):
    """What the page prints on a button that leads to the evidence of a number."""
    html = (Path(FINISHED) / study / "results/report/index.html").read_text()
    name, _, part = name.partition(".")
    texts = re.findall(rf'popovertarget="why-{name}">([^<]+)<', html)
    between = " to " if part == "interval" else ""
    return next(plain(text) for text in texts if between in text)


def in_paper(study, name):
    """What the macro of a number prints, which the LaTeX of the paper calls."""
    words = "".join(word.capitalize() for word in re.split(r"[_.]", name))
    macro = "evenfield" + re.sub(r"\d", lambda at: DIGITS[int(at[0])], words)
    latex = Path(FINISHED) / study / "results/report/latex"
    assert f"\\{macro}{{}}" in (latex / "paper.tex").read_text()
    numbers = (latex / "numbers.tex").read_text()
    return plain(re.search(rf"newcommand\{{\\{macro}\}}\{{(.*)\}}", numbers)[1])


def in_readme(_study, words):
    """What README prints where `#` stands in its words."""
    readme = plain((ROOT / "README.md").read_text())
    pattern = re.escape(words).replace(r"\#", rf"({FIGURE}(?: to {FIGURE})?)")
    return re.search(pattern, readme)[1]


def in_table(study, cell):
    """What a table prints in the first of its rows that begins with some words."""
    name, row, column = cell.split(" / ")
    text = (Path(FINISHED) / study / f"results/tables/{name}.md").read_text()
    lines = [
        [plain(one) for one in line.strip(" |").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    found = next(line for line in lines if row in " | ".join(line))
    return found[lines[0].index(column)]


# Provinces --------------------------------------------------------------------------


@cache
def province_table():
    return pd.read_csv(ROOT / "data/panel.csv").pivot(index="unit", columns="year")


@cache
def log_income(people="pop_resident_10k"):
    """Log real output per head by province and year, at prices of 2000.

    y_t = y_{t-1} i_t from 2000 on, before 1999 the proxy, and y_1999 = y_2000 / i_2000.
    """
    table = province_table()
    index = table["gdp_index_prev100"] / 100
    output = table["gdp_real_proxy_100m_cny_2000"].copy()
    output[2000] = table["gdp_100m_cny"][2000]
    output[1999] = output[2000] / index[2000]
    for year in range(2001, 2020):
        output[year] = output[year - 1] * index[year]
    return np.log(output.loc[:, :2019] / table[people].loc[:, :2019])


@cache
def province_units():
    return pd.read_csv(ROOT / "data/units.csv").set_index("unit")


def labels(taxonomy, column="cluster"):
    table = pd.read_csv(ROOT / f"data/taxonomies/{taxonomy}.csv").set_index("unit")
    return table[column].loc[log_income().index].to_numpy(float)


def growth(start, end, people="pop_resident_10k"):
    """Percentage points a year between two years."""
    y = log_income(people)
    return 100 * (y[end] - y[start]).to_numpy() / (end - start)


def least_squares(y, *columns):
    """Coefficients, with the constant first."""
    X = np.column_stack([np.ones(len(y)), *columns])
    return np.linalg.inv(X.T @ X) @ X.T @ y, X


def premium(start, end, people="pop_resident_10k", taxonomy="seed2011", held=()):
    """Growth of provinces with clusters less that of others of the same income."""
    y = growth(start, end, people)
    start_income = log_income(people)[start].to_numpy()
    return least_squares(y, labels(taxonomy), start_income, *held)[0][1]


def coastal():
    return province_units()["coastal"].loc[log_income().index].to_numpy(float)


def sigma(year, without=()):
    return log_income()[year].drop(list(without)).std(ddof=1)


def hc3(X, residuals):
    """(X'X)^-1 X' diag(e_i^2 / (1 - h_i)^2) X (X'X)^-1."""
    bread = np.linalg.inv(X.T @ X)
    leverage = np.einsum("ij,jk,ik->i", X, bread, X)
    scores = X * (residuals / (1 - leverage))[:, None]
    return bread @ scores.T @ scores @ bread


def beta(start, end, without=()):
    """Slope of growth on initial income, its HC3 error and t, and the residuals."""
    y = log_income().drop(list(without))
    growth_a_year = (y[end] - y[start]).to_numpy() / (end - start)
    coefficients, X = least_squares(growth_a_year, y[start].to_numpy())
    residuals = growth_a_year - X @ coefficients
    error = np.sqrt(hc3(X, residuals)[1, 1])
    return coefficients[1], error, t.ppf(0.975, len(X) - 2), residuals


def slope_and_error(start, end):
    return [100 * one for one in beta(start, end)[:2]]


def speed(slope, years):
    """lambda = -100 ln(1 + b T) / T, in percent a year."""
    return -100 * np.log(1 + slope * years) / years


def speed_interval(start, end):
    slope, error, bound, _ = beta(start, end)
    ends = slope + bound * error, slope - bound * error
    return [speed(one, end - start) for one in ends]


def half_life(start, end):
    return 100 * np.log(2) / speed(beta(start, end)[0], end - start)


@cache
def neighbours():
    """Row-standardised weights of provinces that share a border, and of Hainan."""
    units = log_income().index
    pairs = pd.read_csv(ROOT / "data/adjacency.csv").to_numpy().tolist()
    W = pd.DataFrame(0.0, index=units, columns=units)
    for first, second in [*pairs, ["CN-HI", "CN-GD"]]:
        W.loc[first, second] = W.loc[second, first] = 1
    return W.div(W.sum(axis=1), axis=0).to_numpy()


def moran(start, end):
    """I = n / S e'We / e'e with e about its mean; rows of W sum to one, so S is n."""
    e = beta(start, end)[-1]
    return e @ neighbours() @ e / (e @ e)


def exposure_correlation():
    W = neighbours()
    return np.corrcoef(W @ labels("seed2011"), W @ labels("seed2011", "sez"))[0, 1]


@cache
def connected_fives():
    """Every set of five provinces that hang together on the map, grown one by one."""
    near = neighbours() > 0
    sets = {frozenset([one]) for one in range(len(near))}
    for _ in range(4):
        sets = {
            one | {int(other)}
            for one in sets
            for other in np.flatnonzero(near[list(one)].any(axis=0))
            if other not in one
        }
    return sets


def share_of_lists_that_reject():
    """Share in percent of these lists whose premium of 2000-10 has |t| above t(28), by
    HC1: n / (n - k) (X'X)^-1 X' diag(e^2) X (X'X)^-1.
    """
    y = growth(2000, 2010)
    rejected = 0
    for members in connected_fives():
        label = np.isin(np.arange(len(y)), list(members)).astype(float)
        coefficients, X = least_squares(y, label, log_income()[2000].to_numpy())
        scores = X * (y - X @ coefficients)[:, None]
        bread = np.linalg.inv(X.T @ X)
        variance = len(y) / (len(y) - 3) * (bread @ scores.T @ scores @ bread)[1, 1]
        rejected += abs(coefficients[1]) > t.ppf(0.975, len(y) - 3) * np.sqrt(variance)
    return 100 * rejected / len(connected_fives())


def relative_output(units, year):
    """Output per head of some provinces over that of all, in percent."""
    output, people = (
        province_table()[column][year]
        for column in ("gdp_100m_cny", "pop_resident_10k")
    )
    own = output[units].sum() / people[units].sum()
    return 100 * own / (output.sum() / people.sum())


def census_correction(unit):
    """People of 2019 by the census of 2020 over those published before, in percent."""
    table = province_table()
    published = table["pop_published_10k"].loc[unit, 2019]
    return 100 * (table["pop_resident_10k"].loc[unit, 2019] / published - 1)


@cache
def zones():
    """Zones that are counted: one row for each place."""
    table = pd.read_csv(ROOT / "data/zones.csv")
    return table[table["same_as"].isna()]


def zones_in_force(year, types=("sez", "etdz", "hidz")):
    """Zones of some types by unit that are in force in a year."""
    table = zones()
    left = table["exit_year"].fillna(9999) <= year
    inside = table["type"].isin(types) & (table["year_in_force"] <= year) & ~left
    counts = table[inside].groupby("unit").size()
    return counts.reindex(log_income().index, fill_value=0)


def coastal_share(counts):
    return 100 * counts[coastal() == 1].sum() / counts.sum()


def share_of(measure, members):
    """Share in percent of the clusters on a list that lie in some provinces."""
    table = pd.read_csv(ROOT / "data/clusters.csv")
    own = table[table["measure"] == measure].set_index("unit")["value"]
    counts = own.reindex(log_income().index, fill_value=0)
    return 100 * counts[members].sum() / counts.sum()


def foreign_ratio():
    """Stock of foreign firms over output, provinces with zones over others, in the mean
    of 2006-10.
    """
    years = list(range(2006, 2011))
    stock = province_table()["fie_investment_m_usd"][years]
    output = province_table()["gdp_100m_cny"][years]
    with_zone = labels("seed2011", "sez") == 1
    inside = stock[with_zone].sum() / output[with_zone].sum()
    return (inside / (stock[~with_zone].sum() / output[~with_zone].sum())).mean()


def zones_from_memory():
    table = pd.read_csv(ROOT / "data/zones.csv")
    return (table["year_quality"] == "C").sum()


# Cities -----------------------------------------------------------------------------


@cache
def cities():
    """A row a city, with logs of output per head and of people by year."""
    units = pd.read_csv(ROOT / CITIES / "data/units.csv").set_index("unit")
    wide = pd.read_csv(ROOT / CITIES / "data/panel.csv").pivot(
        index="unit", columns="year"
    )
    steps = np.log(wide["gdp_index_prev100"] / 100)
    people = np.log(wide["pop_line_10k"])
    output = np.log(wide["gdp_revised_100m_cny"])
    lights = wide["lights_viirs_like"]
    for year in (2000, 2010, 2019, 2020):
        real = output[2000] + steps.loc[:, 2001:year].sum(axis=1)
        units[f"income_{year}"] = real - people[year]
        units[f"nominal_{year}"] = output[year] - people[year]
        units[f"people_{year}"] = wide["pop_line_10k"][year]
    for year in (2000, 2012):
        units[f"lights_{year}"] = np.log(lights[year].where(lights[year] > 0))
    return units


@cache
def kilometres():
    """Great circles: cos(d / R) = sin p sin q + cos p cos q cos(l - m)."""
    p, m = np.radians(cities()[["lat", "lon"]].to_numpy()).T
    cosine = np.outer(np.sin(p), np.sin(p))
    cosine += np.outer(np.cos(p), np.cos(p)) * np.cos(m[:, None] - m)
    distances = EARTH_KM * np.arccos(np.clip(cosine, -1, 1))
    np.fill_diagonal(distances, np.inf)
    return distances


@cache
def cluster_rows():
    return pd.read_csv(ROOT / CITIES / "data/cluster_list.csv")


def strong(searches=SEARCHES, by=2000, least=1, craft=True):
    """Cities with so many strong clusters from below that searches found by a year."""
    rows = cluster_rows()
    chosen = rows["strength"].eq("strong") & rows["origin"].eq("from below")
    chosen &= rows["programme"].isin(searches)
    if by:
        chosen &= rows["year"] <= by
    if not craft:
        chosen &= rows["craft"] == 0
    names = rows[chosen].groupby("unit")["name"].nunique()
    return on_list(names.index[names >= least])


def titled():
    rows = cluster_rows()
    chosen = rows["programme"].isin(["dated lists", "titles"])
    return on_list(rows.loc[chosen & rows["title_by"].eq("association"), "unit"])


def dated():
    rows = cluster_rows()
    return on_list(rows.loc[rows["programme"] == "dated lists", "unit"])


def named_late():
    """Cities that lists and titles name, after 2010 for the first time."""
    rows = cluster_rows()
    first = rows[rows["programme"].isin(["dated lists", "titles"])]
    first = first.groupby("unit")["year"].min()
    return on_list(first.index[first > 2010])


def early_zones():
    return policy_holders("zone_by_2000")


def policy_holders(kind):
    policies = pd.read_csv(ROOT / CITIES / "data/policies.csv")
    return on_list(policies.loc[policies["kind"] == kind, "unit"])


def on_list(members):
    return cities().index.isin(members)


class Fit(NamedTuple):
    """A regression of growth near lists, and what its rows are."""

    y: np.ndarray
    X: np.ndarray
    provinces: np.ndarray
    rows: np.ndarray  # of the cities that are compared, by number


def near_fit(
    first,
    second=None,
    *,
    km=100,
    years=(2000, 2019),
    outcome="income",
    within=True,
    own=False,
    kept=None,
):
    """Growth on what lies near each of two lists (or on them), initial level, provinces.

    g_i = a_p + b y_i0 + c_1 N_1i + c_2 N_2i, of counted cities; near, of those on neither.
    """
    data = cities()
    lists = [first, early_zones() if second is None else second]
    near = kilometres() <= km
    marks = lists if own else [(near & one).any(axis=1) for one in lists]
    start, end = (data[f"{outcome}_{year}"] for year in years)
    used = data["counted_2000"].eq(1).to_numpy() & (start.notna() & end.notna())
    if not own:
        used &= ~lists[0] & ~lists[1]
    if kept is not None:
        used &= kept
    if within:
        alone = data[used].groupby("province").size() == 1
        used &= ~data["province"].isin(alone.index[alone]).to_numpy()
    rows = np.flatnonzero(used)
    held = data["coastal_province"].to_numpy()[rows, None]
    if within:
        held = pd.get_dummies(data["province"].iloc[rows], drop_first=True)
    X = np.column_stack(
        [
            *(mark[rows] for mark in marks),
            start.iloc[rows],
            np.ones(len(rows)),
            held,
        ]
    ).astype(float)
    g = 100 * (end - start).to_numpy()[rows] / (years[1] - years[0])
    return Fit(g, X, data["province"].to_numpy()[rows], rows)


def combination(fit, *weights):
    return np.array([*weights, *[0] * (fit.X.shape[1] - len(weights))], dtype=float)


def coefficient(fit, *weights):
    return combination(fit, *weights) @ np.linalg.pinv(fit.X) @ fit.y


def jackknife_variance(fit, *weights):
    """(G - 1) / G sum_g (b_(g) - b)^2 with one province left out at a time: CR3."""
    c = combination(fit, *weights)
    whole = coefficient(fit, *weights)
    apart = []
    for province in np.unique(fit.provinces):
        kept = fit.provinces != province
        apart.append(c @ np.linalg.pinv(fit.X[kept]) @ fit.y[kept] - whole)
    return (len(apart) - 1) / len(apart) * np.square(apart).sum()


def effective_provinces(fit, *weights):
    """G* = (sum v_g)^2 / sum v_g^2 with v_g the variance that errors of variance one,
    all but equal inside a province, give to the sum of a_i e_i (Carter, Schnepel and
    Steigerwald 2017).
    """
    a = pd.Series(combination(fit, *weights) @ np.linalg.pinv(fit.X))
    groups = a.groupby(fit.provinces)
    within = 1 - 1e-9
    v = (1 - within) * groups.apply(lambda own: own @ own) + within * groups.sum() ** 2
    return v.sum() ** 2 / (v @ v)


def interval(fit, *weights):
    """Estimate and ends of the 95 % interval by t(G* - 1)."""
    estimate = coefficient(fit, *weights)
    error = np.sqrt(jackknife_variance(fit, *weights))
    half = t.ppf(0.975, effective_provinces(fit, *weights) - 1) * error
    return estimate - half, estimate + half


def detectable(fit, *weights):
    """(t_.975 + t_.80) s.e. with t(G* - 1)."""
    df = effective_provinces(fit, *weights) - 1
    bounds = t.ppf(0.975, df) + t.ppf(0.8, df)
    return bounds * np.sqrt(jackknife_variance(fit, *weights))


def conley_interval(fit, km):
    """b +- t(n - k) s.e., s.e.^2 = n / (n - k) sum_ij (1 - d_ij / km)_+ u_i u_j with u
    the scores a_i e_i.
    """
    X, rows = fit.X, fit.rows
    c = combination(fit, 1) @ np.linalg.pinv(X)
    scores = c * (fit.y - X @ np.linalg.pinv(X) @ fit.y)
    distances = kilometres()[np.ix_(rows, rows)].copy()
    np.fill_diagonal(distances, 0)
    variance = scores @ np.clip(1 - distances / km, 0, None) @ scores
    estimate = coefficient(fit, 1)
    df = len(X) - X.shape[1]
    half = t.ppf(0.975, df) * np.sqrt(len(X) / df * variance)
    return estimate - half, estimate + half


def highest_end():
    """The highest end of intervals near four lists by 2000 at three distances."""
    lists = [
        strong(),
        strong(least=2),
        strong(SEARCHES[:1]),
        strong(SEARCHES[1:]),
    ]
    return max(
        interval(near_fit(one, km=km), 1)[1] for one in lists for km in (75, 100, 150)
    )


def what_prints(right):
    """Coefficient of the primary list where growth is one point near the right list.

    c_1 of a regression of N_right on the same columns, since least squares are linear.
    """
    fit = near_fit(strong())
    exposed = ((kilometres() <= 100) & right).any(axis=1)[fit.rows].astype(float)
    return coefficient(fit._replace(y=exposed), 1)


def highest_if_right():
    """Upper end of the interval over what prints, at most over lists of two searches."""
    upper = interval(near_fit(strong()), 1)[1]
    lists = [
        strong(least=2),
        strong(SEARCHES[:1]),
        strong(SEARCHES[1:]),
        strong(by=None),
    ]
    return upper / min(1.0, *(what_prints(one) for one in lists))


def kappa(first, second):
    """(a - e) / (1 - e) with a the share of agreement and e that of chance."""
    a = (first == second).mean()
    e = first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean())
    return (a - e) / (1 - e)


def kappa_interval(first, second):
    """kappa +- 1.96 s.e. (Fleiss, Cohen and Everitt 1969, equation 13), p_ij the shares
    of units that the first list puts in i and the second in j:

    s.e.^2 = (A + B - C) / ((1 - e)^2 n), A = sum_i p_ii (1 - (p_i. + p_.i)(1 - k))^2,
    B = (1 - k)^2 sum_{i != j} p_ij (p_.i + p_j.)^2, C = (k - e (1 - k))^2.
    """
    p = np.array(
        [[np.mean((first == i) & (second == j)) for j in (1, 0)] for i in (1, 0)]
    )
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    k, e = kappa(first, second), rows @ columns
    A = sum(p[i, i] * (1 - (rows[i] + columns[i]) * (1 - k)) ** 2 for i in (0, 1))
    pairs = ((0, 1), (1, 0))
    B = (1 - k) ** 2 * sum(p[i, j] * (columns[i] + rows[j]) ** 2 for i, j in pairs)
    C = (k - e * (1 - k)) ** 2
    half = norm.ppf(0.975) * np.sqrt((A + B - C) / len(first)) / (1 - e)
    return k - half, k + half


def found_share():
    """Share in percent that either search found of (a + 1)(b + 1) / (both + 1) - 1."""
    first, second = (strong([search], by=None) for search in SEARCHES)
    both = (first & second).sum()
    exist = (first.sum() + 1) * (second.sum() + 1) / (both + 1) - 1
    return 100 * (first | second).sum() / exist


def found_share_ends():
    """The same over the most and the fewest cities by which such an overlap is likely:
    neither tail of the hypergeometric law below .025.
    """
    first, second = (strong([search], by=None) for search in SEARCHES)
    both, either = (first & second).sum(), (first | second).sum()
    likely = [
        exist
        for exist in range(either, len(first) + 1)
        if hypergeom.cdf(both, exist, first.sum(), second.sum()) > 0.025
        and hypergeom.sf(both - 1, exist, first.sum(), second.sum()) > 0.025
    ]
    return 100 * either / likely[-1], 100 * either / likely[0]


def adjacent_pairs():
    """Pairs of adjacent cities of one province, on neither list, with one of them alone
    near a cluster: their number, and growth of the one less that of the other.
    """
    data = cities()
    pairs = pd.read_csv(ROOT / CITIES / "data/adjacency.csv")
    lists = [strong(), early_zones()]
    near = [(kilometres() <= 100) & one for one in lists]
    marks = np.column_stack([one.any(axis=1) for one in near]).astype(float)
    used = data["counted_2000"].eq(1).to_numpy() & ~lists[0] & ~lists[1]
    first, second = (
        data.index.get_indexer(pairs[column]) for column in ("unit_i", "unit_j")
    )
    same = data["province"].to_numpy()[first] == data["province"].to_numpy()[second]
    kept = same & used[first] & used[second]
    first, second = first[kept], second[kept]
    start = data["income_2000"].to_numpy()
    g = 100 * (data["income_2019"].to_numpy() - start) / 19
    X = np.column_stack([marks[first] - marks[second], start[first] - start[second]])
    return int((X[:, 0] != 0).sum()), (np.linalg.pinv(X) @ (g[first] - g[second]))[0]


def lowest_without_a_province():
    """The lowest growth near clusters with each province left out."""
    provinces = cities()["province"]
    return min(
        coefficient(near_fit(strong(), kept=(provinces != one).to_numpy()), 1)
        for one in sorted(set(provinces))
    )


def counted(column):
    return cities().loc[cities()["counted_2000"] == 1, column]


def city_speed(start, end):
    y, y0 = counted(f"income_{end}"), counted(f"income_{start}")
    slope = least_squares(((y - y0) / (end - start)).to_numpy(), y0.to_numpy())[0][1]
    return speed(slope, end - start)


def share_inside_unweighted(year):
    """Share in percent inside provinces of Theil's T with cities of equal weight.

    T = sum_i (x_i / n m) ln(x_i / m); inside: the same with the mean of the province.
    """
    income = np.exp(counted(f"income_{year}"))
    means = income.groupby(counted("province")).transform("mean")
    whole = (income / income.mean() * np.log(income / income.mean())).mean()
    inside = (income / income.mean() * np.log(income / means)).mean()
    return 100 * inside / whole


def near_both():
    """Cities compared that are near a cluster and a zone."""
    fit = near_fit(strong())
    return (fit.X[:, :2].sum(axis=1) == 2).sum()


def villages_premium():
    """Percent by which cities with villages of online trade were richer in 2000, across
    the country, given zones and lists of clusters.
    """
    kinds = ["zone_by_2000", "zone", "cluster_list", "taobao_villages"]
    kept = cities()["counted_2000"].eq(1).to_numpy()
    columns = [policy_holders(kind)[kept] for kind in kinds]
    level = counted("income_2000").to_numpy()
    return 100 * np.expm1(least_squares(level, *columns)[0][4])


# What is printed, where, and what it is ---------------------------------------------

PRINTED = {
    (CITIES, in_readme): {
        "and # faster than near a city with a zone": lambda: coefficient(
            near_fit(strong()), 1, -1
        ),
        "near a city with a zone (#)": lambda: interval(near_fit(strong()), 1, -1),
        "no interval goes above #": highest_end,
        "was at most # points higher": highest_if_right,
    },
    (PROVINCES, in_readme): {
        "grew # percentage points a year faster from 2000 to 2010": lambda: premium(
            2000, 2010
        ),
    },
    (PROVINCES, on_page): {
        "own_late": lambda: premium(2009, 2019),
        "own_late_published": lambda: premium(2009, 2019, "pop_before_census_10k"),
        "own_rule": lambda: premium(2000, 2010, taxonomy="rule_a"),
        "coast_after": lambda: premium(2010, 2019, held=[coastal()]),
        "sigma_1992": lambda: sigma(1992),
        "sigma_1991_no_municipalities": lambda: sigma(1991, MUNICIPALITIES),
        "speed_official.interval": lambda: speed_interval(1999, 2019),
        "half_life": lambda: half_life(1999, 2019),
        "speed_late_no_municipalities": lambda: speed(
            beta(2009, 2019, MUNICIPALITIES)[0], 10
        ),
        "shanghai_1990": lambda: relative_output(["CN-SH"], 1990),
        "south_2019": lambda: relative_output(["CN-FJ", "CN-GD"], 2019),
        "census_guangdong": lambda: census_correction("CN-GD"),
        "coast_clusters": lambda: share_of("clusters_783", coastal() == 1),
        "coast_parks_2000": lambda: coastal_share(zones_in_force(2000)),
        "foreign_ratio": foreign_ratio,
        "jiangsu_zones": lambda: zones_in_force(2019)["CN-JS"],
        "zones_median": lambda: zones_in_force(2019).median(),
        "zones_memory": zones_from_memory,
    },
    (PROVINCES, in_paper): {
        "parks_2019": lambda: zones_in_force(2019, ["hidz"]).sum(),
        "five_share_2013": lambda: share_of("torch_pilot_2013", FIVE),
        "growth_spread_paper": lambda: growth(2000, 2010).std(ddof=1),
        "exposure_correlation": exposure_correlation,
        "lists_number": lambda: len(connected_fives()),
        "size_robust_paper": share_of_lists_that_reject,
        "own_reforms": lambda: premium(1978, 2010),
    },
    (PROVINCES, in_table): {
        "T6 / 1999–2019 / Slope × 100 (s.e.)": lambda: slope_and_error(1999, 2019),
        "T6 / 1992–98† / Moran's I (p)": lambda: moran(1992, 1998),
    },
    (CITIES, in_table): {
        "T47c / found by 2000 | titles / Kappa or recall": lambda: kappa(
            strong(), titled()
        ),
        "T47c / found by 2000 | dated lists / 95% interval": lambda: kappa_interval(
            strong(), dated()
        ),
    },
    (CITIES, on_page): {
        "near_zone.interval": lambda: interval(near_fit(strong()), 0, 1),
        "near_cities_used": lambda: len(near_fit(strong()).rows),
        "near_clusters_cities": lambda: int(near_fit(strong()).X[:, 0].sum()),
        "near_cities_both": near_both,
        "near_clusters_conley.interval": lambda: conley_interval(
            near_fit(strong()), 400
        ),
        "near_clusters_across_dated.interval": lambda: interval(
            near_fit(dated(), within=False), 1
        ),
        "near_clusters_nominal": lambda: coefficient(
            near_fit(strong(), outcome="nominal"), 1
        ),
        "near_clusters_no_craft": lambda: coefficient(near_fit(strong(craft=False)), 1),
        "near_before_title": lambda: coefficient(
            near_fit(named_late(), years=(2000, 2010)), 1
        ),
        "on_zone_2010_19": lambda: coefficient(
            near_fit(strong(), own=True, years=(2010, 2019)), 0, 1
        ),
        "near_without_lowest": lowest_without_a_province,
        "near_neighbours_pairs": lambda: adjacent_pairs()[0],
        "found_share": found_share,
        "found_share.interval": found_share_ends,
        "inside_start_alike": lambda: share_inside_unweighted(2000),
        "place_taobao_everywhere": villages_premium,
    },
    (CITIES, in_paper): {
        "near_clusters_visible": lambda: detectable(near_fit(strong()), 1),
        "near_prints_titles": lambda: what_prints(titled()),
        "near_clusters_lights": lambda: coefficient(
            near_fit(strong(), outcome="lights", years=(2000, 2012)), 1
        ),
        "near_neighbours": lambda: adjacent_pairs()[1],
        "spread_2020": lambda: counted("income_2020").std(ddof=1),
        "speed": lambda: city_speed(2000, 2020),
    },
}
CASES = [
    pytest.param(study, place, name, value, id=f"{study}-{place.__name__}-{name}")
    for (study, place), numbers in PRINTED.items()
    for name, value in numbers.items()
]


def as_figures(text):
    """The figures of a printed text, and one unit of the last digit of each."""
    figures = re.findall(FIGURE, text.replace(",", ""))
    units = [10.0 ** -len(one.partition(".")[2]) for one in figures]
    return np.array(figures, dtype=float), np.array(units)


def agree(printed, units, values):
    """Whether figures are what values round to."""
    values = np.atleast_1d(values)
    apart = np.abs(printed[: len(values)] - values)
    return bool((apart <= units[: len(values)] / 2 + 1e-9).all())


@pytest.mark.parametrize(("study", "place", "name", "value"), CASES)
def test_what_is_printed_is_what_the_tables_give(study, place, name, value):
    text = place(study, name)
    figures, units = as_figures(text)
    values = np.atleast_1d(value())
    assert len(figures) >= len(values), text
    assert agree(figures, units, values), f"{text!r}, and {values} by hand"
    for at in range(len(values)):
        # One more or less in the last digit is another number.
        for step in (-1, 1):
            changed = figures.copy()
            changed[at] += step * units[at]
            assert not agree(changed, units, values), f"{changed} passes for {values}"
