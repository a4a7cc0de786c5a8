"""Chains with fixed classes, their homogeneity, and clubs against groups, on a DataFrame."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, chi2_contingency
from scipy.stats.contingency import association

import evenfield as ef
from evenfield.models.clubs import Rules, cluster
from made_panel import DATA, KEYS, N, refused
from tolerances import close

CUTOFFS = [8.8, 9.3]
WIDE = DATA.pivot(index="unit", columns="year", values="rich").to_numpy()
CLASSES = np.digitize(WIDE, CUTOFFS)


def counts_of(*parts):
    """Counts of classes that follow each other."""
    return pd.crosstab(*(pd.Series(part.ravel()) for part in parts)).to_numpy()


def likelihood_ratio(tables):
    """Ratio and degrees of freedom of one chain for all tables, row by row of origins."""
    total, df = 0.0, 0
    for origin in range(3):
        rows = np.array([table[origin] for table in tables])
        rows = rows[rows.sum(axis=1) > 0][:, rows.sum(axis=0) > 0]
        if min(rows.shape) > 1:
            found = chi2_contingency(rows, correction=False, lambda_="log-likelihood")
            total, df = total + found.statistic, df + found.dof
    return total, df


def table_of(early, late):
    table = np.zeros((3, 3))
    np.add.at(table, (early.ravel(), late.ravel()), 1)
    return table


def test_fixed_classes_are_those_between_cut_offs():
    fit = ef.markov("rich", DATA, cutoffs=CUTOFFS, **KEYS)
    counts = table_of(CLASSES[:, :-1], CLASSES[:, 1:])
    assert (fit.tables["counts"].to_numpy() == counts).all()
    P = counts / counts.sum(axis=1, keepdims=True)
    roots = np.sort(np.abs(np.linalg.eigvals(P)))
    close(fit.tables["mobility"].loc["second root", "index"], roots[-2], rtol=1e-8)
    half = fit.notes["half-life"]
    close(fit.tables["mobility"].loc["half-life", "index"], half)
    for wrong in ([9.3, 8.8], 9.3, None, "9.3"):
        refused("rising numbers", ef.markov, "rich", DATA, cutoffs=wrong, **KEYS)
    refused("cutoffs='8'", ef.markov, "rich", DATA, cutoffs=["8", "9"], **KEYS)


def test_a_class_where_no_transition_starts_is_named():
    said = "classes where no transition starts"
    empty = ef.markov("rich", DATA, cutoffs=[*CUTOFFS, 500.0], **KEYS)
    assert empty.notes[said] == "4"
    assert said in empty.summary()
    assert said not in ef.markov("rich", DATA, cutoffs=CUTOFFS, **KEYS).summary()


def test_homogeneity_is_the_likelihood_ratio_of_tables():
    call = {"cutoffs": CUTOFFS, "spans": [(1990, 1997), (1998, 2005)], **KEYS}
    table = ef.markov("rich", DATA, **call).tables["homogeneity"]
    spans = [CLASSES[:, :8], CLASSES[:, 8:]]
    over_time = [table_of(part[:, :-1], part[:, 1:]) for part in spans]
    before, middle, late = CLASSES[:, :-2], CLASSES[:, 1:-1], CLASSES[:, 2:]
    memory = [
        table_of(middle[before == group], late[before == group]) for group in range(3)
    ]
    for name, tables in {"over time": over_time, "first order": memory}.items():
        statistic, df = likelihood_ratio(tables)
        close(table.loc[name, "statistic"], statistic, rtol=1e-8)
        assert table.loc[name, "df"] == df
        close(table.loc[name, "p_value"], chi2.sf(statistic, df), rtol=1e-8)
    words = "two dates of the data, in order"
    refused(words, ef.markov, "rich", DATA, **{**call, "spans": [(2005, 1998)]})
    call |= {"spans": [(1990, 1997)]}
    refused("1 spans", ef.markov, "rich", DATA, **call)
    refused(
        "a span of 1990", ef.markov, "rich", DATA, **{**call, "spans": (1990, 1997)}
    )


def test_numbers_of_clubs_in_text_are_refused():
    for name in ("sort_share", "sieve_step", "sieve_cap"):
        words = f"{name}='x'; expected a number"
        refused(words, ef.clubs, "np.exp(rich)", DATA, **{name: "x"}, **KEYS)


def of_two_paths():
    """Incomes on two paths, to each of which half of the units close in."""
    fast = (DATA["unit"] > "u05").to_numpy()
    t = (DATA["year"] - 1989).to_numpy()
    apart = DATA["unit"].map(lambda unit: int(unit[1:]) % 6 - 2.5).to_numpy()
    return DATA.assign(
        income=1000 * np.where(fast, 1.12, 1.01) ** t * (1 + 0.1 * apart / t),
        group=DATA["unit"].map(lambda unit: "ab"[int(unit[1:]) >= 5]),
    )


def test_clubs_are_held_against_groups():
    call = {"groups": "group", "draws": 4999, "smoothing": None, **KEYS}
    fit = ef.clubs("income", of_two_paths(), **call)
    assert "exact p" not in fit.notes
    clubs = fit.tables["members"]["club"].to_numpy()
    groups = (np.arange(N) >= 5).astype(int)
    table = pd.crosstab(clubs, groups).to_numpy()
    assert min(table.shape) > 1
    found = fit.tables["association"]
    close(found["Cramer's V"].iloc[0], association(table, method="cramer"), rtol=1e-8)
    # Every choice of the units of the second group is as likely: tables no likelier.
    close(found.loc["permutation", "p_value"], found.loc["exact", "p_value"], atol=0.02)
    close(found.loc["exact", "p_value"], exact_p(table), rtol=1e-8)


def test_units_are_sorted_by_the_mean_of_the_last_dates():
    call = {"smoothing": None, **KEYS}
    income = DATA.assign(income=np.exp(DATA["rich"]))
    paths = np.log(income.pivot(index="unit", columns="year", values="income"))
    rules = Rules(filter="none", sort_share=1 / 3, sieve_step=0.01, sieve_cap=3.0)
    found = ef.clubs(
        "income", income, sort_share=1 / 3, sieve_step=0.01, sieve_cap=3.0, **call
    )
    model = cluster(paths.to_numpy(), rules)
    assert found.tables["members"]["club"].tolist() == model.labels.tolist()


def exact_p(table):
    """P-value over all tables of two columns with the margins of one."""
    from math import comb

    rows, inside = table.sum(axis=1), table[:, 1].sum()
    chances = {}
    for filling in product(*(range(row + 1) for row in rows)):
        if sum(filling) == inside:
            ways = [
                comb(int(row), count) for row, count in zip(rows, filling, strict=True)
            ]
            chances[filling] = np.prod(ways) / comb(int(rows.sum()), int(inside))
    seen = chances[tuple(table[:, 1].tolist())]
    return sum(chance for chance in chances.values() if chance <= seen * (1 + 1e-9))


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("k=4 beside cutoffs", {"k": 4}),
        ("classes='yearly' beside cutoffs", {"classes": "yearly"}),
        (r"cutoffs=\[nan\]", {"cutoffs": [np.nan]}),
        (r"cutoffs=\[8.8, inf\]", {"cutoffs": [8.8, np.inf]}),
        ("neighbour_classes without w", {"neighbour_classes": 3}),
        ("neighbour_classes=0", {"neighbour_classes": 0}),
        ("step=1.5", {"step": 1.5}),
    ],
)
def test_what_a_chain_does_not_use_is_refused(words, options):
    call = {"cutoffs": CUTOFFS, **options, **KEYS}
    refused(words, ef.markov, "rich", DATA, **call)


def test_spans_with_a_transition_in_common_are_refused():
    words = "a span from 1996 beside one that ends in 1998"
    spans = [(1996, 2005), (1990, 1998)]
    refused(words, ef.markov, "rich", DATA, k=2, spans=spans, **KEYS)
    meeting = ef.markov("rich", DATA, k=2, spans=[(1990, 1998), (1998, 2005)], **KEYS)
    assert "over time" in meeting.tables["homogeneity"].index


def test_an_exact_p_of_too_many_tables_is_said_to_be_none(monkeypatch):
    monkeypatch.setattr("evenfield.numerics.association.MOST_TABLES", 1)
    call = {"groups": "group", "draws": 9, "smoothing": None, **KEYS}
    fit = ef.clubs("income", of_two_paths(), **call)
    assert fit.tables["association"]["p_value"].isna().tolist() == [True, False]
    assert fit.notes["exact p"] == "more than 1 tables, no exact p"


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("sieve_cap=nan", {"sieve_cap": np.nan}),
        ("discard='a'", {"discard": "a"}),
        ("smoothing=True", {"smoothing": True}),
    ],
)
def test_numbers_of_clubs_are_finite(words, options):
    refused(words, ef.clubs, "np.exp(rich)", DATA, **options, **KEYS)


def test_units_that_form_no_club_are_said_to_form_none():
    # Paths that leave each other at ever higher rates: no two neighbours converge.
    t = (DATA["year"] - 1989).to_numpy()
    rank = DATA["unit"].map(lambda unit: int(unit[1:])).to_numpy()
    apart = DATA.assign(income=np.exp(0.002 * rank * t**2))
    words = f"no club: no two neighbours of the {N} units"
    refused(words, ef.clubs, "income", apart, smoothing=None, **KEYS)
    same = DATA.assign(income=2.0)
    refused(words, ef.clubs, "income", same, smoothing=None, **KEYS)


def test_the_share_that_stays_is_said_in_percent():
    fit = ef.markov("rich", DATA, cutoffs=CUTOFFS, **KEYS)
    tables = counts_of(CLASSES[:, :-1], CLASSES[:, 1:])
    stays = np.mean(tables.diagonal() / tables.sum(axis=1))
    said = str(fit.interpret())
    assert said.startswith(f"On average {100 * stays:.3g}% of the units of a class")
    half = fit.notes["half-life"]
    assert said.endswith(f"the way to the long run is {half:.3g} years.")
