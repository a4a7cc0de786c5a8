"""T16, T16b: own and neighbours' coefficients, their difference, and how far it moves
over lists and weights.
"""

from collections.abc import Iterator

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    NOT_CAUSAL,
    Row,
    Short,
    Table,
    cited,
    count,
    ends,
    left,
    main_periods,
    nothing_to_show,
    number,
    only,
    pick,
    probability,
    reason,
    records,
    term_name,
    with_asked,
)
from evenfield.shared.tables.placebo_lists import placebo_table

DIFFERENCE = "exposure_cluster - exposure_sez"
NEXT_DOOR = ("exposure_cluster", "exposure_sez", DIFFERENCE)
ORDER = ("own_cluster", "own_sez", "own_cluster - own_sez", *NEXT_DOOR)
# Estimator, the permutations that stand beside it, and how its row is called.
VARIANTS = (
    ("slx_recentred", "stratified", "the same, recentred by stratum"),
    ("slx_expected_control", "stratified", "the same, given expected exposure"),
    ("slx_recentred_connected", "connected", "the same, recentred, connected"),
)
KEYS = "spec_id treatment_def w_id sample_id period term contrast".split()
COLUMNS = """
    estimate_id spec_id sample_id treatment_def w_id period estimator effect_type term contrast
    estimate std_error conf_low conf_high conf_level p_value mde sesoi n_units n_treated
    unit_of_measure output_basis
""".split()
OVER = ("taxonomies", "weights", "taxonomies and weights")
NOTE = """
One regression of growth on own and neighbours' regimes and initial income for each period;
main list, {weights} weights, rows sum to one. Exposure 0 to 1: from no neighbour to all.
Outsiders: units with neither regime.

Interval: conditional SCPC at an average correlation of at most 0.03, {results.level}; the
equivalence row holds the interval of two one-sided tests (90%) and their p. Permutation p:
rows of regimes permuted within strata (coast and inland, where they are known), or the
clusters as one connected block; recentred: regressors less their mean over the same draws
(Borusyak and Hull 2023).

Detectable: effect found with {results.power:.0%} power by the row's own test (equivalence: the
narrowest bounds it could pass); where it exceeds the effect of interest the row is
underpowered, and an interval that includes zero is no evidence of no effect.
"""
PAPER_NOTE = """
Growth on own and neighbours' clusters and zones and on initial income, one regression
for each period. Exposure: from no neighbour (0) to all (1). Intervals and p by conditional
SCPC; permutation p: clusters and zones permuted within strata, such as coast and inland.
Detectable: effect found with {results.power:.0%} power. {not_causal}
"""
RANGE_NOTE = """
Growth next to clusters minus growth next to SEZs, pp a year per exposure 0 to 1, both from
one regression as in the main estimate, which is counted in. Not defined: a list that holds nearly every unit
leaves nothing to compare.

Intervals: number of SCPC intervals that exclude zero, without correction for multiple
testing. Detectable: the smallest of the effects found with the stated power.
"""


def t16(results: StudyResults) -> Table:
    """Return everything of the primary specification, then the difference of the
    others.
    """
    estimates = results.estimates()
    spec = results.primary()
    shown = results.shown("main", "span")
    spec_rows = only(
        estimates,
        spec_id=spec["id"],
        treatment_def=spec["taxonomy"],
        w_id=spec["weights"],
    )
    if not spec_rows["period"].isin(shown).any():
        raise nothing_to_show(f"estimates of specification {spec['id']}")
    rows: list[Row] = []
    for period in shown:
        rows += _full_rows(results, only(spec_rows, period=period), period)
    rows += _other_rows(results, estimates[estimates["spec_id"].ne(spec["id"])])
    columns = (
        left("Coefficient", "label"),
        number("pp/yr", "estimate", 2, "reason"),
        ends(f"SCPC {results.level} interval", "conf_low", "conf_high", 2, "reason"),
        probability("p", "p_value", "reason"),
        probability("Permutation p", "permutation_p"),
        number("Detectable", "mde", 1, "reason"),
        number("Of interest", "sesoi", 2),
        count("N", "n_units"),
    )
    # The paper prints what lies next door, of the primary specification.
    printed = [term_name(name) for name in NEXT_DOOR]
    short = Short(
        lambda row: row["spec_id"] == spec["id"] and row["label"] in printed,
        ("estimate", "conf_low", "p_value", "permutation_p", "mde", "sesoi"),
        results.note(PAPER_NOTE, not_causal=NOT_CAUSAL),
    )
    note = results.note(NOTE, NOT_CAUSAL, weights=spec["weights"].replace("_", " "))
    return Table.of(columns, rows, note, short)


def t16b(results: StudyResults) -> Table:
    """Return the ranges of the difference of the two exposures over taxonomies and
    weights.
    """
    spec = results.primary()["id"]
    spec_rows = only(results.series("ranges"), spec_id=spec)
    if spec_rows.empty:
        raise nothing_to_show(f"ranges of specification {spec}")
    rows = []
    for period in results.config.periods:
        ranges = records(spec_rows, period=period)
        for row in sorted(ranges, key=lambda row: OVER.index(row["over"])):
            label = f"other {row['over']}"
            rows.append({"group": results.when(row), "label": label} | row)
    columns = (
        left("Over", "label"),
        count("Estimates", "estimates"),
        count("Not defined", "undefined"),
        number("Median", "median", 2),
        ends("Lowest and highest", "lowest", "highest", 2),
        count("Sign of the main one", "same_sign"),
        count("Intervals", "off_zero"),
        number("Detectable", "smallest_mde", 1),
    )
    return Table.of(columns, rows, results.note(RANGE_NOTE, NOT_CAUSAL, seed=False))


def t16c(results: StudyResults) -> Table:
    """Return every method of inference for the differences that have placebo lists."""
    periods = dict[str, None]()
    for spec in results.specs():
        periods |= dict.fromkeys(spec.get("placebo_lists", []))
    return placebo_table(
        results, results.specs(), list(periods), lambda row: term_name(row["contrast"])
    )


TABLES = {"T16": t16, "T16b": t16b, "T16c": t16c}


def _full_rows(
    results: StudyResults, spec_rows: pd.DataFrame, period: str
) -> Iterator[Row]:
    """Yield own and neighbours' coefficients of a period, the variants of their
    difference, and equivalence to zero.
    """
    everyone = only(spec_rows, sample_id="all")
    plain = _named(only(everyone, estimator="slx"))
    group = results.period(period, pick(plain).get("output_basis", ""))
    for name in ORDER:
        for row in records(plain, name=name):
            permuted = _permuted(everyone, row, "stratified")
            yield _row(row, group, term_name(name), permuted)
    # Long spans are not recentred: they do not decide.
    main = main_periods(results.config.periods)
    for estimator, scheme, label in VARIANTS if period in main else ():
        for row in records(everyone, estimator=estimator, contrast=DIFFERENCE):
            yield _row(row, group, label, _permuted(everyone, row, scheme))
    outsiders = only(spec_rows, sample_id="outsiders", estimator="slx")
    for row in records(outsiders, contrast=DIFFERENCE):
        yield _row(row, group, "the same, outsiders only")
    for row in records(everyone, estimator="equivalence", effect_type="tost"):
        label = f"{term_name(row['term'])}, per s.d.: equivalence to zero"
        yield _row(row, group, label)


def _other_rows(results: StudyResults, others: pd.DataFrame) -> Iterator[Row]:
    """Yield the difference, and science parks next door, in main periods."""
    rows = _named(only(others, estimator="slx", sample_id="all"))
    differences = rows["contrast"].str.startswith("exposure")
    rows = rows[differences | rows["term"].eq("exposure_park")]
    main = main_periods(results.config.periods)
    shown = [period for period in results.shown("main", "span") if period in main]
    for pair in records(rows[["spec_id", "name"]].drop_duplicates()):
        for period in shown:
            for row in records(rows, period=period, **pair):
                yield _row(row, _variant(row), results.when(row))


def _permuted(frame: pd.DataFrame, row: Row, scheme: str) -> Row:
    same = {name: row[name] for name in KEYS}
    method = f"randomisation_{scheme}"
    permuted = with_asked(frame, "contrast", "inference")
    return pick(
        permuted, asked_contrast=row["estimator"], asked_inference=method, **same
    )


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    name = frame["contrast"].where(frame["contrast"].ne(""), frame["term"])
    return frame.assign(name=name)


def _variant(row: Row) -> str:
    spec = row["spec_id"].replace("_", " ").capitalize()
    per_sd = ", per s.d." if "s.d." in row["unit_of_measure"] else ""
    weights = row["w_id"].replace("_", " ")
    name = term_name(row["name"])
    return f"{spec}: {name}{per_sd} ({row['treatment_def']}, {weights} weights)"


def _row(row: Row, group: str, label: str, permuted: Row | None = None) -> Row:
    return {
        "group": group,
        "label": label,
        **{name: row.get(name) for name in COLUMNS},
        **cited("permutation_p", permuted or {}, "p_value"),
        "reason": reason(row["warning"]),
    }
