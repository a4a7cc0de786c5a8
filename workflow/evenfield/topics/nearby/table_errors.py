"""T47c: agreement of lists, and what two searches missed; T47d: growth nearby if another list
is the right one.
"""

from collections.abc import Iterator

import pandas as pd

from evenfield.shared.spec import read
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Column,
    Row,
    Short,
    Table,
    count,
    ends,
    fixed,
    left,
    number,
    only,
    pick,
    records,
    text,
    whole,
)
from evenfield.topics.nearby.estimate_beside_spec import ListErrors
from evenfield.topics.nearby.estimate_case import term_of
from evenfield.topics.nearby.estimate_errors import (
    BOUND,
    CAPTURE,
    FOUND,
    IF_RIGHT,
    KAPPA,
    TOO_LITTLE,
)
from evenfield.topics.nearby.estimate_spec import NearbySpec, Section
from evenfield.topics.nearby.table_words import BASE, FAMILY, short_word

MEASURED = ("estimate", "conf_low", "conf_high")
BOUNDS = "Bounds of true growth"
ALONE, LESS = "near", "less"  # columns of the list by itself, and less the other one


def t47c(results: StudyResults) -> Table:
    """Return a row for each two lists, and for each search and either."""
    asked, spec = _asked(results)
    estimates = only(results.estimates(), spec_id=spec.id)
    counts = results.series("agreement")
    first = next(iter(spec.named.values()))
    names = [first, *asked.lists]
    rows: list[Row] = [
        _pair(results, estimates, counts, names[i], names[j])
        for i in range(len(names))
        for j in range(i + 1, len(names))
    ]
    for searches in asked.searches:
        rows += _searches(results, estimates, counts, searches)
    units = results.words["units_name"]
    sentences = [
        f"All {units}, in the sample or not. Of A on B: the share of A's {units} that B"
        " names, too. Kappa: agreement beyond chance, 0 where lists are independent of"
        " each other and 1 where they are the same (Cohen 1960)."
    ]
    if asked.searches:
        sentences.append(
            f"Recall: the share of all {units} that should be found which a search did"
            " find, by capture and recapture (Chapman 1951). It assumes that the two"
            " searches are independent of each other. If both tend to find the same"
            f" {units}, because they are larger or better documented, recall is lower"
            " than printed: 1 less recall is the least share that is missing."
        )
    note = results.note(
        "",
        *sentences,
        f"{results.level} intervals: of kappa by Fleiss, Cohen and Everitt (1969), of"
        " recall by the hypergeometric law.",
        basis=False,
    )
    columns = (
        left("A", "label", width_cm=3.4),
        left("B", "other", width_cm=3.4),
        count("On A", "on_first"),
        count("On B", "on_second"),
        count("Both", "both"),
        number("Of A on B", "first_on_second", 2),
        number("Of B on A", "second_on_first", 2),
        number("Kappa or recall", "estimate", 2),
        ends(f"{results.level} interval", "conf_low", "conf_high", 2, "reason"),
    )
    return Table.of(columns, rows, note)


def t47d(results: StudyResults) -> Table:
    """Return a row for each list in hand and each one that may be right, and the bounds
    of the list of the specification.
    """
    asked, spec = _asked(results)
    estimates = only(results.estimates(), spec_id=spec.id)
    factors = results.series("factors")
    first, *others = spec.named
    rows: list[Row] = []
    for name in [spec.named[first], *asked.lists]:
        own = first if name == spec.named[first] else name
        rows += _if_right(results, estimates, factors, [own, *others], name)
    rows += [_bound(estimates, [first, *others], name) for name in asked.bounds]
    units = results.words["units_name"]
    sentences = [
        f"If {units} near one on the right list grow by one percentage point a year"
        " more than others, the estimate near the given list is k, what one point prints. An"
        f" own point adds b: the estimate if {units} on the right list grow one point more"
        f" themselves. True growth: (estimate - b x {asked.own:g}) / k, with its interval,"
        " since the expected estimate is k times growth near the right list plus b times"
        " growth on it.",
        "Where k is below 0.1 there is no estimate, and the cell is blank.",
    ]
    if asked.at_random:
        sentences.append(
            f"At random: the mean over right lists that are drawn, {100 * asked.missing:g}%"
            f" of whose {units} the given list lacks, and {100 * asked.wrong:g}% of its"
            " names are wrong; in brackets the range of 95% of the draws."
        )
    if asked.bounds:
        in_words = "; ".join(
            f"{name}: {', '.join(short_word(results, one) for one in chosen)}"
            for name, chosen in asked.bounds.items()
        )
        sentences.append(
            "Bounds: the lowest and the highest end of the intervals if the given list,"
            f" errors at random or one of these is right. {in_words}."
        )
    note = results.note(
        "",
        *sentences,
        f"{results.level} intervals: {spec.deciding}. On the list: {units} of the regression that"
        f" the right list names. Within {spec.reach}, {spec.span[0]}\u2013{spec.span[1]}.",
        basis=False,
    )
    columns = [left("If this list is right", "label", width_cm=3.4)]
    in_hand = rows[0]["group"]
    columns += _columns(results, ALONE, "near")
    if others:
        against = short_word(results, spec.named[others[0]])
        columns += _columns(results, LESS, f"less {against}")
    columns += [count("N", "units"), count("On the list", "on_truth")]
    short = Short(lambda row: row["group"] in (in_hand, BOUNDS))
    return Table.of(columns, rows, note, short)


TABLES_OF_ERRORS = {"T47c": t47c, "T47d": t47d}


def _asked(results: StudyResults) -> tuple[ListErrors, NearbySpec]:
    """Return what is asked of errors in lists, and of which specification."""
    section: Section = read(Section, results.config, FAMILY)
    assert section.list_errors is not None
    return section.list_errors, section.spec(section.list_errors.of)


def _pair(
    results: StudyResults, estimates: pd.DataFrame, counts: pd.DataFrame, a: str, b: str
) -> Row:
    """Return who is on two lists, and kappa."""
    kappa = pick(estimates, estimator=KAPPA, treatment_def=f"{a}+{b}")
    return {
        "group": "Two lists",
        "label": short_word(results, a),
        "other": short_word(results, b),
        **_on_both(counts, a, b),
        **{name: kappa.get(name) for name in MEASURED},
    }


def _on_both(counts: pd.DataFrame, a: str, b: str) -> Row:
    """Return how many units are on two lists, and the share of each on the other."""
    line = pick(counts, first=a, second=b)
    both = line["both"]
    on_first, on_second = both + line["first_only"], both + line["second_only"]
    return {
        "on_first": on_first,
        "on_second": on_second,
        "both": both,
        "first_on_second": both / on_first,
        "second_on_first": both / on_second,
    }


def _searches(
    results: StudyResults,
    estimates: pd.DataFrame,
    counts: pd.DataFrame,
    searches: tuple[str, str],
) -> Iterator[Row]:
    """Yield the recall of each of two searches and of either."""
    of_pair = only(estimates, estimator=CAPTURE, treatment_def="+".join(searches))
    words = [short_word(results, name) for name in searches]
    exist = pick(of_pair, term=FOUND[0])
    between = ""
    if not text(exist["warning"]):
        between = f" ({whole(exist['conf_low'])} to {whole(exist['conf_high'])})"
    units = results.words["units_name"]
    group = (
        f"Recall if {words[0]} and {words[1]} are independent:"
        f" {whole(exist['estimate'])}{between} {units} should be found"
    )
    on_both = _on_both(counts, *searches)
    found = (on_both["on_first"], on_both["on_second"])
    either = sum(found) - on_both["both"]
    for term, label, listed in zip(
        FOUND[1:], (*words, "either"), (*found, either), strict=True
    ):
        recall = pick(of_pair, term=term)
        yield {
            "group": group,
            "label": label,
            "other": "",
            "on_first": listed,
            "reason": text(recall.get("warning")),
            **{name: recall.get(name) for name in MEASURED},
        }


def _if_right(
    results: StudyResults,
    estimates: pd.DataFrame,
    factors: pd.DataFrame,
    terms: list[str],
    name: str,
) -> Iterator[Row]:
    """Yield the rows of a list in hand, by the list that is right."""
    for alone in records(only(factors, list=name, contrast="")):
        truth = text(alone["truth"])
        row: Row = {
            "group": f"Given list: {short_word(results, name)}",
            "label": _truth_words(results, alone),
            "units": alone["units"],
            "on_truth": alone["on_truth"],
        }
        for side, contrast in zip((ALONE, LESS), _contrasts(terms), strict=False):
            line = pick(factors, list=name, contrast=contrast, truth=truth)
            row |= {f"{key}_{side}": line.get(key) for key in ("factor", "bias")}
            found = pick(
                estimates,
                estimator=f"{BASE}_{IF_RIGHT}",
                term=term_of(terms[0], near=True),
                contrast=contrast,
                treatment_def=f"{'+'.join(terms)} if {truth}",
            )
            row |= _measured(found, side)
        yield row


def _bound(estimates: pd.DataFrame, terms: list[str], name: str) -> Row:
    """Return a bound of the list of the specification."""
    row: Row = {"group": BOUNDS, "label": name}
    for side, contrast in zip((ALONE, LESS), _contrasts(terms), strict=False):
        found = pick(
            estimates,
            estimator=f"{BASE}_{BOUND}",
            contrast=contrast,
            treatment_def=f"{'+'.join(terms)} if {name}",
        )
        row |= _measured(found, side) | {f"estimate_{side}": None}
    return row


def _contrasts(terms: list[str]) -> list[str]:
    """Return the contrasts of a list by itself, and of it less the other one."""
    near = [term_of(name, near=True) for name in terms]
    return ["", *([" - ".join(near)] if near[1:] else [])]


def _measured(row: Row, side: str) -> Row:
    reason = text(row.get("warning"))
    # The column of k says so.
    reason = "" if TOO_LITTLE in reason else reason
    return {f"{key}_{side}": row.get(key) for key in MEASURED} | {
        f"reason_{side}": reason
    }


def _truth_words(results: StudyResults, line: Row) -> str:
    """Return a list that may be right as the table names it."""
    truth = text(line["truth"])
    if truth in results.config.estimates[FAMILY]["lists"]:
        return short_word(results, truth)
    low, high = fixed(line["factor_low"], 2), fixed(line["factor_high"], 2)
    return f"at random: {truth} [{low}, {high}]"


def _columns(results: StudyResults, side: str, header: str) -> list[Column]:
    """Return what a point prints, its bias, and growth near the right list."""
    return [
        number(f"One point prints, {header}", f"factor_{side}", 2),
        number("Own point adds", f"bias_{side}", 2),
        number(f"True growth, {header}", f"estimate_{side}", 2),
        ends(
            f"{results.level} interval",
            f"conf_low_{side}",
            f"conf_high_{side}",
            2,
            f"reason_{side}",
        ),
    ]
