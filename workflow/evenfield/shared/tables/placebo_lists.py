"""A table of every method of inference for some contrasts: interval and p, how often the
method rejects on placebo lists, and its p corrected by them.
"""

from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from evenfield.shared.contrasts.placebo_lists import ALL_LISTS, DRAWN_LISTS, LISTS
from evenfield.shared.estimates import NAN
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.columns import ends, estimate, left, probability
from evenfield.shared.tables.notes import NOT_CAUSAL
from evenfield.shared.tables.numbers import fixed, whole
from evenfield.shared.tables.rows import Row, only, pick, records, with_asked
from evenfield.shared.tables.table import Column, Short, Table, nothing_to_show
from evenfield.shared.tables.warnings import reason
from evenfield.study.files import Record

CONTRAST = "spec_id term contrast treatment_def w_id".split()
ALL_WAYS = "randomisation_exact"
METHOD_NAMES = {
    "SCPC": "SCPC, up to .03",
    "SCPC_06": "SCPC, up to .06",
    "HC1": "Robust (HC1)",
    "CR2": "Robust (CR2)",
    "CR3": "Jackknife (CR3)",
    "wild33": "Wild bootstrap 33",
    "conley_400": "Conley, 400 km",
    "conley_800": "Conley, 800 km",
    "conley_1200": "Conley, 1,200 km",
    "randomisation": "Labels anywhere",
    "randomisation_stratified": "Labels within strata",
    ALL_WAYS: "Within strata, every way",
    "randomisation_connected": "Labels kept together",
}
ORDER = {name: place for place, name in enumerate(METHOD_NAMES)}
NOTE = """
Interval ({results.level}) and p of one estimate by every method; SCPC: average correlation of
shocks. Last rows: labels reassigned to other {units} at random, within strata such as coast
and inland, or as a contiguous set; these have no interval.

Size: share of placebo lists for which the p of a method is at most {size}; where lists are
drawn, with its Monte Carlo standard error in parentheses. A method that holds its level has
{size}. A placebo list is a contiguous set of as many {units}, each such set with the same
odds; outcome and covariates stay as they are ({which}). Lists that share
{units} with the real one share part of its difference, so that sizes are upper bounds where
there is one.

Corrected p: share of placebo lists with |t| at least that of the data, which are counted
in; t by the same method. It asks how unusual the real list is among lists on this map, and
is as good as the method's ranking.
"""
PAPER_NOTE = """
{results.level} interval and p of one estimate by every method; SCPC: average correlation of
shocks; last rows: labels reassigned to other {units} at random. Size: share of {lists} placebo
lists, contiguous sets of as many {units}, for which p is at most {size}; where they
are drawn, Monte Carlo standard error in parentheses. Corrected p: rank of the |t| of the data among these lists.
"""


def placebo_table(
    results: StudyResults,
    specs: Sequence[Record],
    periods: Sequence[str],
    heading: Callable[[Row], str],
) -> Table:
    """Return the table of all contrasts of some specifications with placebo lists in
    some periods; ``heading`` names a contrast. The paper prints the first one, and its
    intervals in the first period.
    """
    rows = results.estimates(sample_id="all", unit_scheme=results.main)
    rows = with_asked(rows, "contrast", "inference", "lists")
    lists = only(rows, asked_lists=LISTS)
    if lists.empty:
        raise nothing_to_show("placebo lists")
    ids = [str(spec["id"]) for spec in specs]
    contrasts = records(lists[CONTRAST].drop_duplicates())
    contrasts.sort(key=lambda row: (ids.index(row["spec_id"]), row["contrast"]))
    lines: list[Row] = []
    for contrast in contrasts:
        lines += _lines(only(rows, **contrast), periods, heading(contrast))
    columns = [left("Method", "label")]
    for period in periods:
        columns += _columns(period, results.when(pick(lists, period=period)))
    defined = lists[lists["estimate"].notna()]
    words = {
        "units": results.words["units_name"],
        "size": f"{1 - results.config.inference.level:.0%}",
    }
    note = results.note(NOTE, NOT_CAUSAL, which=_which(defined), **words)
    printed_lists = _between(only(defined, **contrasts[0])["n_obs"])
    intervals = [f"{period}_conf_low" for period in periods[1:]]
    printed = [column.names[0] for column in columns[1:]]
    short = Short(
        rows=lambda row: row["group"] == lines[0]["group"],
        columns=tuple(column for column in printed if column not in intervals),
        note=results.note(PAPER_NOTE, lists=printed_lists, **words),
    )
    return Table.of(columns, lines, note, short)


def _columns(period: str, head: str) -> Iterator[Column]:
    ends_of_interval = (f"{period}_conf_low", f"{period}_conf_high")
    why = f"{period}_reason"
    yield ends(head, *ends_of_interval, 2)
    yield probability(f"p, {head}", f"{period}_p_value", why)
    yield estimate(
        "Size, %", f"{period}_size", f"{period}_size_error", 1, f"{period}_size_reason"
    )
    yield probability("Corrected p", f"{period}_corrected_p")


def _which(lists: pd.DataFrame) -> str:
    """Say how many lists were tried, and whether they are all there are."""
    every = only(lists, p_type=ALL_LISTS)
    drawn = only(lists, p_type=DRAWN_LISTS)
    all_there_are = f"all {_between(every['n_obs'])} lists"
    draws = f"{_between(drawn['n_obs'])} draws"
    different = f"{draws}, {_between(drawn['estimate'])} of them different"
    if drawn.empty:
        return all_there_are
    if every.empty:
        return f"{different}, of each estimate"
    return f"{all_there_are} where there are some thousands, else {different}"


def _between(values: pd.Series) -> str:
    if values.empty:
        return "no"
    low = whole(values.min())
    high = whole(values.max())
    return low if low == high else f"{low} to {high}"


def _lines(rows: pd.DataFrame, periods: Sequence[str], heading: str) -> Iterator[Row]:
    """Yield a line for each method of a contrast."""
    deciding = pick(rows, asked_lists=LISTS)["asked_contrast"]
    rows = only(rows, asked_contrast=deciding)
    coefficients = only(rows, effect_type="coef")
    printed = set(coefficients["asked_inference"])
    tried = only(rows, effect_type="stat_size")["asked_lists"].unique()
    main = only(coefficients, estimator=deciding)
    values = [fixed(pick(main, period=period).get("estimate")) for period in periods]
    # Every relabelling is not tried on lists: its sample is.
    methods = [*tried, *({ALL_WAYS} & printed)]
    methods.sort(key=lambda name: (ORDER.get(name, len(ORDER)), name))
    for method in methods:
        line: Row = {name: rows[name].iloc[0] for name in CONTRAST}
        line["group"] = f"{heading}: {', '.join(filter(None, values))}"
        line["label"] = METHOD_NAMES.get(method, method.replace("_", " "))
        for period in periods:
            own = pick(coefficients, period=period, asked_inference=method)
            tested = pick(rows, period=period, asked_lists=method)
            line |= {
                f"{period}_conf_low": own.get("conf_low"),
                f"{period}_conf_high": own.get("conf_high"),
                f"{period}_p_value": own.get("p_value"),
                f"{period}_size": 100 * tested.get("estimate", NAN),
                f"{period}_size_error": 100 * tested.get("std_error", NAN),
                f"{period}_corrected_p": tested.get("p_value"),
                f"{period}_reason": reason(own.get("warning", "")),
                f"{period}_size_reason": reason(tested.get("warning", "")),
            }
        yield line
